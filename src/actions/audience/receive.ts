import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";

import type { Context, Keys } from "../../context.ts";
import { guessMapping, readHeaders, unmapped } from "../../domain/audience/columns.ts";
import { csvScan, delimiterOf, jsonKeys, rowReader } from "../../domain/audience/records.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import * as audiences from "../../store/audience/audience.ts";
import * as uploads from "../../store/audience/upload.ts";
import type { Upload } from "../../store/audience/upload.ts";
import * as timeline from "../../store/timeline.ts";
import { sealShape } from "./shape.ts";
import type { Shape } from "./shape.ts";

export interface Arrival {
  readonly incidentId: string;
  readonly audienceId: string;
  /** Media type of the body. */
  readonly contentType: string;
  readonly stream: Readable;
}

/**
 * Take a file in as it arrives: it is sealed piece by piece, never whole in memory and never on
 * disk. Answers its columns and the mapping they suggest; nobody is imported until a person
 * confirms. Refuses what is not UTF-8 text of CSV or JSON Lines, above 2 GiB, or whose first
 * line cannot be column names, and then keeps nothing.
 */
export async function receive(ctx: Context, actor: Actor, arrival: Arrival) {
  const uploadId = randomUUID();
  try {
    return await take(ctx, actor, { ...arrival, uploadId });
  } catch (error) {
    await uploads.drop(ctx.sql, uploadId);
    // Whoever is still sending hears the answer only once the rest is read.
    arrival.stream.resume();
    throw error;
  }
}

async function take(ctx: Context, actor: Actor, arrival: Arrival & { readonly uploadId: string }) {
  const { incidentId, audienceId, uploadId } = arrival;
  const format = FORMATS.get(arrival.contentType);
  if (format === undefined)
    refuse("unsupported-media-type", "Send text/csv or application/x-ndjson.");
  const audience = await audiences.find(ctx.sql, incidentId, audienceId);
  if (audience.state === "frozen") frozen();

  const keys = await ctx.vault.keys(incidentId);
  const { shape, bytes } = await store(ctx, keys, { arrival, actor, uploadId, format });
  await finish(ctx, actor, { uploadId, incidentId, audienceId, bytes });
  const { headers: columns } = shape;
  const mapping = guessMapping(columns);
  return { uploadId, format, bytes, columns, mapping, unmapped: unmapped(columns, mapping) };
}

interface Storing {
  readonly arrival: Arrival;
  readonly actor: Actor;
  readonly uploadId: string;
  readonly format: Upload["format"];
}

async function store(ctx: Context, keys: Keys, { arrival, actor, uploadId, format }: Storing) {
  let shape: Shape | undefined;
  let bytes = 0;
  let position = 0;
  let line = 1;
  for await (const piece of piecesOf(arrival.stream)) {
    bytes += piece.length;
    if (bytes > FILE_BYTES_MAX) refuse("body-too-large", "A file may have at most 2 GiB.");
    line = expectText(piece, line);
    if (shape === undefined) {
      shape = shapeOf(format, piece.toString());
      await uploads.add(ctx.sql, {
        id: uploadId,
        audienceId: arrival.audienceId,
        incidentId: arrival.incidentId,
        format,
        shape: sealShape(keys, uploadId, shape),
        uploadedBy: actor.staffId,
        uploadedAt: ctx.now(),
      });
    }
    const sealed = keys.sealBytes("upload_chunk", `${uploadId}/${position}`, piece);
    if (!(await uploads.addChunk(ctx.sql, uploadId, position, sealed))) givenUp();
    position += 1;
  }
  return shape === undefined ? unreadable("file-empty", "The file is empty.", 1) : { shape, bytes };
}

function finish(
  ctx: Context,
  actor: Actor,
  done: { uploadId: string; incidentId: string; audienceId: string; bytes: number },
): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    // Frozen while this was on its way: nobody could ever import it.
    const audience = await audiences.lock(tx, done.incidentId, done.audienceId);
    if (audience.state === "frozen") frozen();
    if (!(await uploads.received(tx, done.uploadId, done.bytes))) givenUp();
    await timeline.append(
      tx,
      {
        incidentId: done.incidentId,
        actor: actor.staffId,
        action: "upload.receive",
        subject: `upload:${done.uploadId}`,
        after: { audienceId: done.audienceId, bytes: done.bytes },
        requestId: actor.requestId,
      },
      ctx.now(),
    );
  });
}

/** The stream in pieces of about 256 KiB that end between characters; a byte order mark is left out. */
async function* piecesOf(stream: Readable): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  let first = true;
  // Not destroyed on refusal: with the stream would go the socket, and with it our answer.
  for await (const given of stream.iterator({ destroyOnReturn: false })) {
    held.push(given);
    size += given.length;
    if (size < PIECE_BYTES) continue;
    const whole = tidyFirst(Buffer.concat(held), first);
    first = false;
    const cut = whole.length - brokenTail(whole);
    yield whole.subarray(0, cut);
    held = cut < whole.length ? [whole.subarray(cut)] : [];
    size = whole.length - cut;
  }
  if (size > 0) yield tidyFirst(Buffer.concat(held), first);
}

/** Look at the first bytes: say what a file is if it is not text, and drop UTF-8's mark. */
function tidyFirst(piece: Buffer, first: boolean): Buffer {
  if (!first) return piece;
  const kind = MAGIC.find(({ bytes }) => piece.subarray(0, bytes.length).equals(bytes));
  if (kind) unreadable("not-text", `This is ${kind.name}, not text. Export it as CSV in UTF-8.`, 1);
  return piece.subarray(0, 3).equals(BYTE_ORDER_MARK) ? piece.subarray(3) : piece;
}

/** How many bytes at the end begin a character that the next piece completes. */
function brokenTail(piece: Buffer): number {
  for (let back = 1; back <= 3 && back <= piece.length; back += 1) {
    const byte = piece[piece.length - back] ?? 0;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
  }
  return 0;
}

/** Refuse NULs and invalid UTF-8 by line. Returns the line at which the next piece starts. */
function expectText(piece: Buffer, line: number): number {
  const nul = piece.indexOf(0);
  if (nul !== -1)
    unreadable(
      "nul-byte",
      "The file holds NUL bytes, as UTF-16 does. Save it as UTF-8.",
      line + breaksIn(piece.subarray(0, nul)),
    );
  if (!isUtf8(piece))
    unreadable("not-utf8", "The file is not UTF-8. Save it as UTF-8.", line + firstBadLine(piece));
  return line + breaksIn(piece);
}

function firstBadLine(piece: Buffer): number {
  for (let at = 0, passed = 0; ; passed += 1) {
    const next = piece.indexOf(NEWLINE, at);
    if (next === -1 || !isUtf8(piece.subarray(at, next))) return passed;
    at = next + 1;
  }
}

function breaksIn(piece: Buffer): number {
  let breaks = 0;
  for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, at + 1)) breaks += 1;
  return breaks;
}

/** The layout that the start of the file shows. */
function shapeOf(format: Upload["format"], start: string): Shape {
  if (format === "jsonl") {
    const lines = start.split("\n").slice(0, JSON_LINES_LOOKED_AT);
    const keys = new Set(lines.flatMap((each) => jsonKeys(each.trim()) ?? []));
    if (keys.size === 0) unreadable("not-json", "No line of the file is a JSON object.", 1);
    return { headers: readHeaders([...keys]), delimiter: "", ignored: [] };
  }
  const delimiter = delimiterOf(start.slice(0, start.indexOf("\n") >>> 0));
  const reader = rowReader(csvScan(delimiter));
  const [row] = [...reader.push(start.slice(0, HEADER_LENGTH_MAX)), ...reader.end()];
  if (!row || "fault" in row)
    return unreadable("header-not-usable", "The first line is not a line of column names.", 1);
  return { headers: readHeaders(row.cells), delimiter, ignored: [] };
}

function frozen(): never {
  return refuse("audience-frozen", "A frozen audience takes nobody new.");
}

function givenUp(): never {
  return refuse("wrong-state", "Somebody gave this upload up while it arrived.");
}

function unreadable(code: string, message: string, line: number): never {
  return refuse("file-unreadable", message, [{ field: "file", code, message, line }]);
}

const FORMATS: ReadonlyMap<string, Upload["format"]> = new Map([
  ["text/csv", "csv"],
  ["application/x-ndjson", "jsonl"],
  ["application/jsonl", "jsonl"],
]);
const FILE_BYTES_MAX = 2 ** 31;
const PIECE_BYTES = 262_144;
/** A header that does not fit here has no usable columns. */
const HEADER_LENGTH_MAX = 65_536;
const JSON_LINES_LOOKED_AT = 100;
const NEWLINE = 0x0a;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const MAGIC = [
  { name: "a zip archive or an Excel workbook", bytes: Buffer.from("PK\u0003\u0004") },
  { name: "a gzip archive", bytes: Buffer.from([0x1f, 0x8b]) },
  { name: "an old Excel workbook", bytes: Buffer.from([0xd0, 0xcf, 0x11, 0xe0]) },
  { name: "a PDF", bytes: Buffer.from("%PDF") },
  { name: "UTF-16", bytes: Buffer.from([0xff, 0xfe]) },
  { name: "UTF-16", bytes: Buffer.from([0xfe, 0xff]) },
] as const;

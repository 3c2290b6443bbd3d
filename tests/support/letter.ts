import { Readable } from "node:stream";

import { definePDFJSModule, getDocumentProxy } from "unpdf";

import { approve } from "../../src/actions/approval.ts";
import { submit } from "../../src/actions/approval/submit.ts";
import { downloadFile } from "../../src/actions/delivery/letter-file.ts";
import { makeBatch } from "../../src/actions/delivery/letter-make.ts";
import type { Making } from "../../src/actions/delivery/letter-make.ts";
import { openBatch } from "../../src/actions/delivery/letter.ts";
import { readBack } from "../../src/actions/delivery/letter-receipt.ts";
import { draft } from "../../src/actions/notice/draft.ts";
import type { NewNotice } from "../../src/actions/notice/draft.ts";
import { start } from "../../src/actions/wave/start.ts";
import type { Person } from "../../src/domain/audience/person.ts";
import { batchOf } from "../../src/views/letter.ts";
import { givenFrozenAudience } from "./audience.ts";
import { givenIncident, givenScope } from "./incident.ts";
import type { World } from "./world.ts";

/** Where a batch is. */
export interface BatchPath {
  readonly incidentId: string;
  readonly waveId: string;
  readonly batchId: string;
}

/** An invented person who can only be reached by letter. */
export function aReader(over: Partial<Person> = {}): Partial<Person> {
  const postal = {
    lines: ["12 Elm Street"],
    postcode: "62701",
    city: "Springfield",
    country: "DE",
  };
  return { agreed: "no", postal, ...over };
}

/** A wave of an approved notice to people of whom some wait for a letter. */
export async function givenLetterWave(
  w: World,
  people: readonly Partial<Person>[],
  notice: Partial<NewNotice> = {},
) {
  const incidentId = (await givenIncident(w)).id;
  if (notice.shipped) await givenScope(w, incidentId, { translations: TRANSLATIONS });
  const { id: audienceId, recipientIds } = await givenFrozenAudience(w, incidentId, people);
  const drafted = await draft(w.ctx, w.staff.drafter, incidentId, { kind: "initial", ...notice });
  const { id, version } = drafted.notice;
  const submission = await submit(w.ctx, w.staff.drafter, incidentId, {
    noticeId: id,
    version,
    audienceId,
    plan: { mode: "first-reachable", channels: ["email", "letter"], consent: "agreed" },
    canary: 0,
  });
  const path = { incidentId, submissionId: submission.id };
  await approve(w.ctx, w.staff.approver, path, { binding: submission.binding });
  const wave = await start(w.ctx, w.staff.responder, path);
  return { incidentId, waveId: wave.id, recipientIds, noticeId: id };
}

/** Open a batch as counsel. */
export async function givenBatch(
  w: World,
  { incidentId, waveId }: Omit<BatchPath, "batchId">,
): Promise<BatchPath> {
  const { id: batchId } = await openBatch(w.ctx, w.staff.counsel, { incidentId, waveId });
  return { incidentId, waveId, batchId };
}

/** Make a batch as a worker does; every person has the same code. */
export function making(over: Partial<Making> = {}): Making {
  return { own: async () => ({ of: () => ({ own: { personal_code: CODE } }) }), ...over };
}

/** A batch opened and made. */
export async function givenMade(w: World, wave: Omit<BatchPath, "batchId">) {
  const path = await givenBatch(w, wave);
  await makeBatch(w.ctx, path, making());
  return { path, batch: await batchOf(w.sql, path) };
}

/** Every file of a batch as counsel downloads it, by name. */
export async function downloads(w: World, path: BatchPath): Promise<Map<string, Buffer>> {
  const { files } = await batchOf(w.sql, path);
  const all = new Map<string, Buffer>();
  for (const { id, name } of files) {
    const { content, filename } = await downloadFile(w.ctx, w.staff.counsel, {
      ...path,
      fileId: id,
    });
    if (filename !== name) throw new Error("A file has two names.");
    const pieces: Buffer[] = [];
    for await (const piece of content) pieces.push(piece);
    all.set(name, Buffer.concat(pieces));
  }
  return all;
}

/** The rows of a CSV file of ours whose cells need no quotes, by column. */
export function rowsOf(file: Buffer | undefined): Record<string, string>[] {
  const [head = "", ...lines] = (file ?? Buffer.alloc(0))
    .toString()
    .replace(/^\uFEFF/, "")
    .trimEnd()
    .split("\r\n");
  const names = head.split(",");
  return lines.map((line) =>
    Object.fromEntries(line.split(",").map((cell, i) => [names[i] ?? "", cell])),
  );
}

/** What a mail house sends back. */
export function sendBack(w: World, path: BatchPath, text: string | Buffer, type = "text/csv") {
  const stream = Readable.from([Buffer.from(text)], { objectMode: false });
  return readBack(w.ctx, w.staff.counsel, { ...path, contentType: type, stream });
}

/** A piece of text of a PDF page at its place, in points from the page's upper left corner. */
export interface Piece {
  readonly text: string;
  readonly x: number;
  /** The baseline. */
  readonly y: number;
  readonly width: number;
  readonly size: number;
}

/** The pages of a PDF as an independent reader sees them. */
export async function pagesOf(pdf: Buffer): Promise<{ text: string; pieces: Piece[] }[]> {
  await definePDFJSModule(() => import("unpdf/pdfjs"));
  const doc = await getDocumentProxy(new Uint8Array(pdf));
  const pages = [];
  for (let number = 1; number <= doc.numPages; number += 1) {
    const page = await doc.getPage(number);
    const [, , , height = 0] = page.view;
    const { items } = await page.getTextContent();
    const pieces = items.flatMap((item): Piece[] => {
      if (!("str" in item) || item.str.trim() === "") return [];
      const [size = 0, , , , x = 0, y = 0] = item.transform;
      return [{ text: item.str, x, y: height - y, width: item.width, size }];
    });
    const text = items.map((item) => ("str" in item ? item.str : "")).join("");
    pages.push({ text, pieces });
  }
  return pages;
}

/** What happened, in the other languages. */
const TRANSLATIONS = {
  zh: { whatHappened: "一台存有客户名单的笔记本电脑从一辆停放的汽车中被盗。" },
  ru: { whatHappened: "Из припаркованной машины украли ноутбук со списком клиентов." },
};
/** The code that everybody in these tests has. */
export const CODE = "ABCD-EFGH-JKMN";

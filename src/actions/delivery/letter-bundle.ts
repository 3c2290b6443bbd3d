import { randomUUID } from "node:crypto";

import type { Context, Keys, PressFile } from "../../context.ts";
import { fileName } from "../../domain/delivery/letter-paper.ts";
import type { Paper } from "../../domain/delivery/letter-paper.ts";
import type { SetLetter } from "../../domain/delivery/letter.ts";
import { pageLanguageOf } from "../../domain/language.ts";
import { refuse } from "../../domain/refusal.ts";
import * as files from "../../store/delivery/letter-file.ts";
import type { NewFile } from "../../store/delivery/letter-file.ts";
import type { Run } from "../../store/delivery/letter-run.ts";

/** The files of a batch as they are written, sealed piece by piece; never whole in memory. */
export interface Bundle {
  /** Put a letter into the PDF of its language and paper. Answers the name of that file. */
  addLetter(language: string, paper: Paper, letter: SetLetter): Promise<string>;
  /** Put a line into one of the lists. */
  addLine(kind: "addresses" | "held", line: string): Promise<void>;
  /** Keep what is long enough to be a piece. */
  flush(): Promise<void>;
  /** Nothing comes after this: end the files and keep the rest. */
  finish(): Promise<void>;
}

export interface BundleOptions {
  readonly run: Run;
  readonly keys: Keys;
  readonly organisation: string;
  readonly madeAt: Date;
  /** The first lines of the lists. */
  readonly heads: Readonly<Record<"addresses" | "held", string>>;
}

interface Open {
  readonly file: NewFile;
  readonly press?: PressFile;
  pending: Buffer[];
  size: number;
  pieces: number;
  bytes: number;
  letters: number;
  pages: number;
}

/** Open a bundle. Everything refuses `still-running` where another run makes the batch now. */
export function createBundle(ctx: Context, options: BundleOptions): Bundle {
  const { run, keys, organisation, madeAt, heads } = options;
  const shelf = createShelf(ctx, run, keys);
  const open = new Map<string, Open>();
  const parts = new Map<string, number>();

  async function pdf(language: string, paper: Paper): Promise<Open> {
    const key = keyOf(language, paper);
    const known = open.get(key);
    if (known) return known;
    const part = (parts.get(key) ?? 0) + 1;
    parts.set(key, part);
    const words = ctx.templates.words("letter", pageLanguageOf(language), { organisation });
    const title = words["title"] ?? organisation;
    const press = ctx.press.open({ paper, language, title, author: organisation, madeAt });
    const made = await shelf.begin({ kind: "letters", language, paper, part }, press);
    open.set(key, made);
    return made;
  }

  async function list(kind: "addresses" | "held"): Promise<Open> {
    const known = open.get(kind);
    if (known) return known;
    const made = await shelf.begin({ kind, language: null, paper: null, part: 1 });
    // The mark tells spreadsheets that this is UTF-8.
    push(made, Buffer.from(`\uFEFF${heads[kind]}`));
    open.set(kind, made);
    return made;
  }

  return {
    async addLetter(language, paper, letter) {
      const each = await pdf(language, paper);
      each.press?.add(letter);
      each.letters += 1;
      each.pages += letter.pages.length;
      if (each.letters >= LETTERS_A_FILE) {
        open.delete(keyOf(language, paper));
        await shelf.close(each);
      }
      return fileName(each.file);
    },
    async addLine(kind, line) {
      const each = await list(kind);
      push(each, Buffer.from(line));
      each.letters += 1;
    },
    async flush() {
      for (const each of open.values()) await shelf.keep(each, false);
    },
    async finish() {
      for (const each of open.values()) await shelf.close(each);
      open.clear();
    },
  };
}

/** Where files are begun, kept piece by piece and closed. */
function createShelf(ctx: Context, run: Run, keys: Keys) {
  /** Seal what has come together and keep it, where it is enough or the file ends. */
  async function keep(each: Open, last: boolean): Promise<void> {
    const fresh = each.press?.take();
    if (fresh) push(each, fresh);
    if (each.size === 0 || (each.size < PIECE_BYTES && !last)) return;
    const { id: fileId } = each.file;
    const { pieces: position, size } = each;
    const bytes = Buffer.concat(each.pending);
    const sealed = keys.sealBytes("letter_chunk", `${fileId}/${position}`, bytes);
    each.pending = [];
    each.size = 0;
    each.pieces += 1;
    each.bytes += size;
    if (!(await files.addChunk(ctx.sql, run, { fileId, position, sealed }))) overtaken();
  }

  return {
    keep,
    async begin(given: Omit<NewFile, "id">, press?: PressFile): Promise<Open> {
      const file = { ...given, id: randomUUID() };
      if (!(await files.add(ctx.sql, run, file))) overtaken();
      const counts = { size: 0, pieces: 0, bytes: 0, letters: 0, pages: 0 };
      return { file, ...(press && { press }), pending: [], ...counts };
    },
    async close(each: Open): Promise<void> {
      each.press?.end();
      await keep(each, true);
      const { letters, pages, bytes, pieces } = each;
      await files.finish(ctx.sql, each.file.id, { letters, pages, bytes, pieces });
    },
  };
}

/** Say that this run no longer makes the batch. */
export function overtaken(): never {
  return refuse("still-running", "Another worker makes this batch, or it was cancelled.");
}

function keyOf(language: string, paper: Paper): string {
  return `${language} ${paper}`;
}

function push(each: Open, bytes: Buffer): void {
  each.pending.push(bytes);
  each.size += bytes.length;
}

const PIECE_BYTES = 262_144;
/** Keeps memory flat, and a file of a size that printers and readers take. */
const LETTERS_A_FILE = 1_000;

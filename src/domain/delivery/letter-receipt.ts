import { z } from "zod";

import { csvScan, delimiterOf, rowReader } from "../audience/records.ts";
import { unguarded } from "../audience/cells.ts";
import { Day } from "../instant.ts";
import { refuse } from "../refusal.ts";

/** What a mail house says of a letter. */
export const LetterStatus = z.enum(["mailed", "returned", "failed"]);
export type LetterStatus = z.output<typeof LetterStatus>;

/** What can be wrong with one line of a mail house's file, and what to do about it. */
export const RECEIPT_FAULTS = {
  "line-unreadable": "The line cannot be read. Check its quotes and its number of cells.",
  "number-invalid": "Write the letter number: 10 letters and digits, as on the letter.",
  "number-unknown": "There is no letter with this number. Check for a typing error.",
  "other-batch": "This letter belongs to another batch. Upload its receipts there.",
  "not-made": "This letter was never made, so it cannot have been mailed.",
  "status-unknown": "Write mailed, returned or failed.",
  "day-invalid": "Write a real day as YYYY-MM-DD.",
  "day-too-early": "This day is before the letter was made.",
  "day-in-future": "This day has not come yet.",
  "code-invalid": "Write a code of at most 32 letters, digits, dots, dashes or underscores.",
  duplicate: "This letter is in the file before, with the same status or one that came later.",
  contradicts: "This letter was reported failed before; a letter has one end.",
} as const satisfies Record<string, string>;
export type ReceiptFault = keyof typeof RECEIPT_FAULTS;

/** One line of the file, or what is wrong with it. */
export type ReceiptLine =
  | {
      readonly line: number;
      readonly number: string;
      readonly status: LetterStatus;
      readonly day: string;
      readonly code: string | null;
    }
  | { readonly line: number; readonly field: string; readonly fault: ReceiptFault };

/** The days that can be right: from when the batch was made to tomorrow, in any zone. */
export interface Days {
  readonly first: string;
  readonly last: string;
}

/**
 * Read a mail house's file: CSV whose first line names the columns `letter number`, `status`,
 * `date` and perhaps `code`; others are not read. Refuses `file-unreadable` where one is missing.
 */
export function readReceipts(text: string, days: Days): ReceiptLine[] {
  const delimiter = delimiterOf(text.slice(0, text.indexOf("\n") >>> 0));
  const reader = rowReader(csvScan(delimiter));
  const [header, ...rows] = [...reader.push(text), ...reader.end()];
  const columns = columnsOf(header && "cells" in header ? header.cells : []);
  const seen = new Map<string, LetterStatus>();
  return rows.map((row): ReceiptLine => {
    const { line } = row;
    if ("fault" in row || row.cells.length < Math.max(...columns.values()) + 1)
      return { line, field: "", fault: "line-unreadable" };
    const cell = (name: string) => unguarded(row.cells[columns.get(name) ?? -1] ?? "").trim();
    const read = readLine(line, cell, days);
    if ("fault" in read) return read;
    const before = seen.get(read.number);
    if (before !== undefined && RANK[before] >= RANK[read.status])
      return { line, field: "letter number", fault: "duplicate" };
    seen.set(read.number, read.status);
    return read;
  });
}

/** What a line means for a letter in this state: news, nothing new, or a fault. */
export function judge(state: string, status: LetterStatus): "news" | "known" | ReceiptFault {
  if (state === "planned" || state === "dropped") return "not-made";
  if (state === status || (state === "returned" && status === "mailed")) return "known";
  return state === "failed" || state === "returned" ? "contradicts" : "news";
}

function readLine(line: number, cell: (name: string) => string, days: Days): ReceiptLine {
  const number = cell("letter number").toUpperCase();
  if (!/^[0-9A-HJKMNP-TV-Z]{10}$/.test(number))
    return { line, field: "letter number", fault: "number-invalid" };
  const status = LetterStatus.safeParse(cell("status").toLowerCase());
  if (!status.success) return { line, field: "status", fault: "status-unknown" };
  const day = Day.safeParse(cell("date"));
  if (!day.success) return { line, field: "date", fault: "day-invalid" };
  if (day.data < days.first) return { line, field: "date", fault: "day-too-early" };
  if (day.data > days.last) return { line, field: "date", fault: "day-in-future" };
  const code = cell("code");
  if (!/^[A-Za-z0-9._-]{0,32}$/.test(code)) return { line, field: "code", fault: "code-invalid" };
  return { line, number, status: status.data, day: day.data, code: code || null };
}

function columnsOf(cells: readonly string[]): ReadonlyMap<string, number> {
  const names = cells.map((cell) =>
    cell
      .replace(/^\uFEFF/, "")
      .trim()
      .toLowerCase(),
  );
  const missing = NEEDED.filter((name) => !names.includes(name));
  const message = `The first line must name the columns ${NEEDED.join(", ")}, each once.`;
  if (missing.length > 0 || new Set(names).size < names.length)
    refuse("file-unreadable", message, [
      { field: "file", code: "header-not-usable", message, line: 1 },
    ]);
  return new Map(names.map((name, index) => [name, index]));
}

const NEEDED = ["letter number", "status", "date"];
/** A letter is mailed first; a file may tell of that and of its end. */
const RANK: Readonly<Record<LetterStatus, number>> = { mailed: 1, returned: 2, failed: 2 };

import type { Readable } from "node:stream";

import type { Context } from "../../context.ts";
import { RECEIPT_FAULTS, judge, readReceipts } from "../../domain/delivery/letter-receipt.ts";
import type { Days, ReceiptFault, ReceiptLine } from "../../domain/delivery/letter-receipt.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import type { Sql } from "../../store/db.ts";
import * as receipts from "../../store/delivery/letter-receipt.ts";
import type { Telling } from "../../store/delivery/letter-receipt.ts";
import * as letters from "../../store/delivery/letter.ts";
import type { Batch, BatchPath } from "../../store/delivery/letter.ts";
import { csvText } from "../interchange/text.ts";
import { by, note } from "./letter.ts";

export interface ReceiptFile extends BatchPath {
  /** Media type of the body. */
  readonly contentType: string;
  readonly stream: Readable;
}

/**
 * Read a mail house's file back: each good line moves its letter and delivery forward, each bad
 * one is named with its line, and all good lines of a file are written down together or not at
 * all. The same file again changes nothing. Refuses what is not CSV in UTF-8 of at most 8 MiB,
 * and a batch that nobody downloaded.
 */
export async function readBack(ctx: Context, actor: Actor, file: ReceiptFile) {
  const text = await csvText(file, FILE_MIB_MAX);
  return ctx.sql.begin(async (tx) => {
    const batch = await letters.lock(tx, file);
    if (batch.state !== "downloaded") refuse("wrong-state", "This batch is not downloaded.");
    const lines = readReceipts(text, daysOf(batch, ctx.now()));
    const { tellings, known, faults } = await judged(tx, batch, lines);
    await receipts.tell(tx, batch.id, tellings);
    const sums = {
      lines: lines.length,
      applied: tellings.length,
      known,
      refused: faults.length,
    };
    if (tellings.length > 0)
      await note(ctx, tx, batch, by(actor, "letters.receipts", { ...sums, ...countsOf(tellings) }));
    return {
      ...sums,
      errors: faults.slice(0, FAULTS_SHOWN).map(({ line, field, fault }) => ({
        line,
        field,
        code: fault,
        advice: RECEIPT_FAULTS[fault],
      })),
    };
  });
}

type Bad = Extract<ReceiptLine, { fault: ReceiptFault }>;

/** Each line against the letter it names, in the order of the file. */
async function judged(tx: Sql, { id }: Batch, lines: readonly ReceiptLine[]) {
  const numbers = lines.flatMap((line) => ("number" in line ? [line.number] : []));
  const told = await receipts.byNumber(tx, id, [...new Set(numbers)]);
  const byNumber = new Map(told.map((letter) => [letter.number, letter]));
  const states = new Map<string, string>();
  const tellings = new Map<string, Telling>();
  const faults: Bad[] = [];
  let known = 0;
  for (const line of lines) {
    if ("fault" in line) {
      faults.push(line);
      continue;
    }
    const letter = byNumber.get(line.number);
    const found = !letter
      ? "number-unknown"
      : letter.batchId !== id
        ? "other-batch"
        : judge(states.get(line.number) ?? letter.state, line.status);
    if (found === "known") known += 1;
    else if (found === "news") {
      states.set(line.number, line.status);
      tellings.set(line.number, line);
    } else faults.push({ line: line.line, field: "letter number", fault: found });
  }
  return { tellings: [...tellings.values()], known, faults };
}

function countsOf(tellings: readonly Telling[]) {
  const of = (status: string) => tellings.filter((each) => each.status === status).length;
  return { mailed: of("mailed"), returned: of("returned"), failed: of("failed") };
}

/** A day of slack on both sides: the mail house may be in another zone. */
function daysOf({ requestedAt }: Batch, now: Date): Days {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  return { first: day(requestedAt.getTime() - A_DAY_MS), last: day(now.getTime() + A_DAY_MS) };
}

/** Twenty thousand letters make about 1 MiB. */
const FILE_MIB_MAX = 8;
const FAULTS_SHOWN = 1_000;
const A_DAY_MS = 24 * 3_600_000;

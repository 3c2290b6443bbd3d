import { z } from "zod";

import type { Answer } from "./answer.ts";
import { ALL } from "./answer.ts";
import type { Question } from "./questions.ts";
import { CELL_MIN, TOTAL_MIN } from "./survey.ts";

/** What was answered, as counts. Each cell is a set of people of its own; totals are their sums. */
export const Tally = z.object({
  /** Cell → how many people, and question → option → how many of them. */
  cells: z.record(
    z.string(),
    z.object({ n: z.int(), counts: z.record(z.string(), z.record(z.string(), z.int())) }),
  ),
});
export type Tally = z.output<typeof Tally>;

export const EMPTY: Tally = { cells: {} };

/** A set of waiting answers that becomes readable as one: the cell it counts for, and its groups. */
export interface Batch {
  readonly cell: string;
  readonly groups: readonly string[];
}

/**
 * Which waiting answers become readable now. While a survey is open: those of each group of which
 * at least `batchMin` wait; the others go on waiting, and are in no total. At its end: each group
 * of at least ten, the smaller ones together as *other*, and where these are still too few, with
 * the next smallest beside them.
 *
 * So every number ever shown is a sum over batches of at least ten people, and whatever is
 * subtracted from whatever, today's results from last week's or cells from a total, is one too.
 * The one exception is a survey that ends with five to nine answers in all: it shows a total.
 * What is in no batch at the end is too little to be read by anybody, and is thrown away.
 */
export function batchesOf(
  waiting: ReadonlyMap<string, number>,
  { closing, first, batchMin }: { closing: boolean; first: boolean; batchMin: number },
): Batch[] {
  const bySize = [...waiting].filter(([, n]) => n > 0).toSorted(([, a], [, b]) => a - b);
  const least = closing ? CELL_MIN : batchMin;
  const alone = bySize.filter(([, n]) => n >= least);
  const batches = (of: typeof bySize) => of.map(([group]) => ({ cell: group, groups: [group] }));
  if (!closing) return batches(alone);

  const merged = bySize.filter(([, n]) => n < least);
  const sum = () => merged.reduce((total, [, n]) => total + n, 0);
  if (sum() > 0 && sum() < CELL_MIN) merged.push(...alone.splice(0, 1));
  const groups = merged.map(([group]) => group);
  if (sum() >= CELL_MIN) return [...batches(alone), { cell: OTHER, groups }];
  return first && sum() >= TOTAL_MIN ? [{ cell: ALL, groups }] : batches(alone);
}

/** Whether it is worth while to look: everything is written anew each time, so ever more must wait. */
export function isDue(waiting: number, released: number, batchMin: number): boolean {
  return waiting >= Math.max(batchMin, Math.ceil(released / REWRITES));
}

/** Count answers into a cell. A question left out counts as *skipped*. */
export function counted(
  tally: Tally,
  cell: string,
  answers: readonly Answer[],
  questions: readonly Question[],
): Tally {
  const { n, counts: before } = tally.cells[cell] ?? { n: 0, counts: {} };
  const counts: Record<string, Record<string, number>> = {};
  for (const { id, kind } of questions) {
    if (kind === "text") continue;
    const options: Record<string, number> = { ...before[id] };
    for (const { choices } of answers)
      for (const option of choices[id] ?? [SKIPPED]) options[option] = (options[option] ?? 0) + 1;
    counts[id] = options;
  }
  return { cells: { ...tally.cells, [cell]: { n: n + answers.length, counts } } };
}

/** How many answers a tally holds. */
export function released({ cells }: Tally): number {
  return Object.values(cells).reduce((total, { n }) => total + n, 0);
}

/** A text without what could name its author: addresses and long numbers. Names it cannot see. */
export function scrubbed(text: string): string {
  return text.replaceAll(ADDRESS, REMOVED).replaceAll(LONG_NUMBER, REMOVED);
}

/** The cell of all groups that were too small to stand alone. */
export const OTHER = "other";
export const SKIPPED = "skipped";
const REMOVED = "[removed]";
const ADDRESS = /[^\s@<>()[\],;:"]+[@＠][^\s@<>()[\],;:"]+/gu;
/** Seven digits or more, whatever separates them. */
const LONG_NUMBER = /\+?\p{Nd}(?:[\s().\-/]{0,3}\p{Nd}){6,}/gu;
/** The n-th release is about this many n-ths larger than the one before. */
const REWRITES = 20;

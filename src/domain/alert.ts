import { z } from "zod";

/** What owners are told of a clock that runs out, from the earliest word to the last. */
export const AlertKind = z.enum(["due-in-48h", "due-in-24h", "due-in-4h", "overdue"]);
export type AlertKind = z.output<typeof AlertKind>;

/** The one word that is still useful now; nothing while there is time. What came before it is skipped. */
export function alertKind(dueAt: Date, now: Date): AlertKind | undefined {
  const leftMs = dueAt.getTime() - now.getTime();
  return WORDS.find(([, withinMs]) => leftMs <= withinMs)?.[0];
}

/** The next moment at which `alertKind` answers something else; nothing once it is overdue. */
export function nextAlertAt(dueAt: Date, now: Date): Date | undefined {
  const moments = WORDS.map(([, withinMs]) => dueAt.getTime() - withinMs);
  const next = moments.filter((at) => at > now.getTime()).toSorted((a, b) => a - b)[0];
  return next === undefined ? undefined : new Date(next);
}

const HOUR_MS = 3_600_000;
/** The last word first, each with how long before its end it is given; the last instant is on time. */
const WORDS = [
  ["overdue", -1],
  ["due-in-4h", 4 * HOUR_MS],
  ["due-in-24h", 24 * HOUR_MS],
  ["due-in-48h", 48 * HOUR_MS],
] as const satisfies readonly (readonly [AlertKind, number])[];

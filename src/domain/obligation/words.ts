import { aheadMs } from "../instant/local.ts";
import type { Limit } from "../law/due.ts";
import { dayWords, instantWords } from "./calendar.ts";
import { firstInstant } from "./start.ts";
import type { Begun } from "./start.ts";

/*
 * The arithmetic of a due time in words, so that a person can do the sum again.
 */

interface Reckoning {
  readonly begun: Begun;
  /** Where the limit would end if every day were a working day. */
  readonly plain: Date;
  readonly at: Date;
  readonly zone: string;
}

/** “72 hours after awareness (…) is 26 Oct 2026 09:00; the clocks went back in between.” */
export function limitWords(limit: Limit, { begun, plain, at, zone }: Reckoning): string {
  const { unit, dayOne, afterYearEnd } = limit;
  const from = afterYearEnd ? `the end of the year of ${begun.words}` : begun.words;
  const end = endWords(unit, plain, zone);
  const notes = [
    ...(dayOne ? ["that day counts as the first"] : []),
    ...(unit === "business-days" ? ["weekends and public holidays do not count"] : []),
    ...(unit === "hours" ? clockChange(firstInstant(begun.begins, zone), plain, zone) : []),
    ...(at.getTime() === plain.getTime()
      ? []
      : [`that is no working day, so it moves to ${instantWords(at, zone)}`]),
  ];
  return `${[`${lengthOf(limit)} after ${from} ${end}`, ...notes].join("; ")}.`;
}

/** “1 Feb 2027, in the year after discovery (…).” */
export function yearDayWords(day: string, begun: Begun): string {
  return `By the end of ${dayWords(day)}, in the year after ${begun.words}.`;
}

/** What a clock that has not begun waits for. */
export function waitWords(limits: readonly Limit[], waitsFor: string): string {
  const [limit] = limits;
  const length = limit ? `${lengthOf(limit)} after that. ` : "";
  const what = waitsFor.includes("/") ? `“${waitsFor}” to be met` : waitsFor.replaceAll("-", " ");
  return `${length}The clock has not begun: it waits for ${what}.`;
}

/** What is known of a duty for which the law names no number. */
export function standardWords(
  standard: string | undefined,
  start: Begun | { readonly waitsFor: string },
): string {
  const words = `The law names no number${standard === undefined ? "" : `: ${standard}`}`;
  return "waitsFor" in start
    ? `${words}. ${waitWords([], start.waitsFor)}`
    : [`${words}, from ${start.words}.`, ...assumedWords(start)].join(" ");
}

/** That an event is not dated, and what was taken in its place. */
export function assumedWords({ assumedFor, words }: Begun): string[] {
  if (assumedFor === undefined) return [];
  const event = assumedFor.replaceAll("-", " ");
  return [`When the ${event} was is not yet known: ${words} is taken for it.`];
}

function endWords(unit: Limit["unit"], plain: Date, zone: string): string {
  const instant = instantWords(plain, zone);
  const wholeDay = unit !== "hours" && instant.endsWith(LAST_SECOND);
  return wholeDay ? `ends with ${instant.slice(0, -LAST_SECOND.length)}` : `is ${instant}`;
}

function lengthOf({ amount, unit }: Limit): string {
  return `${amount} ${amount === 1 ? UNITS[unit].slice(0, -1) : UNITS[unit]}`;
}

function clockChange(from: Date, to: Date, zone: string): string[] {
  const [before = 0, after = 0] = [from, to].map((at) => aheadMs(at.getTime(), zone));
  if (before === after) return [];
  return [`the clocks went ${after < before ? "back" : "forward"} in between`];
}

const LAST_SECOND = " 23:59:59";
const UNITS: Readonly<Record<Limit["unit"], string>> = {
  hours: "hours",
  "calendar-days": "days",
  "business-days": "business days",
  months: "months",
};

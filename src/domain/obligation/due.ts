import type { Due, Limit, YearDay } from "../law/due.ts";
import type { DueAt } from "../obligation.ts";
import {
  addDays,
  addMonths,
  addWorkingDays,
  atWall,
  endOfDay,
  endOfYear,
  inYearAfter,
  wallOf,
  workingDayFrom,
} from "./calendar.ts";
import type { Wall, WorkCalendar } from "./calendar.ts";
import { evaluate } from "./condition.ts";
import type { Scene } from "./scene.ts";
import { begin, firstInstant, whenQuestion } from "./start.ts";
import type { Beginning, Beginnings, Begun } from "./start.ts";
import { unique } from "./verdict.ts";
import { assumedWords, limitWords, standardWords, waitWords, yearDayWords } from "./words.ts";

/** Where, from what and under which facts a due time is reckoned. */
export interface Setting {
  readonly known: Beginnings;
  readonly calendar: WorkCalendar;
  readonly scene: Scene;
}

/** A due time, and what it hangs on. */
export interface Reckoned {
  readonly due: DueAt;
  /** Codes of open questions; where there are some, the safe branch was taken. */
  readonly open: readonly string[];
}

/** Where one limit ends. */
interface Ending {
  readonly at: Date;
  readonly begun: Begun;
  readonly words: string;
}

/**
 * When a stage is due: the earliest of its limits. Hours are elapsed time; a limit in days leaves
 * out the starting day and ends with the last second of its last day in the place's zone; months
 * keep the day and the time of day, or end with a shorter month (Regulation (EEC, Euratom) 1182/71
 * art. 3; each limit says where its law reckons otherwise). A limit whose start has not happened is waited for. Where an
 * open question decides between limits, the one that ends first is taken.
 */
export function dueOf(due: Due, setting: Setting, wait?: Limit): Reckoned {
  const { limits, open } = chosenLimits(due, setting);
  const ends = [
    ...limits.map((limit) => ending(limit, setting)),
    ...(due.yearDay ? [yearEnding(due.yearDay, setting)] : []),
  ];
  const reached = ends.flatMap((end) => ("at" in end ? end : []));
  const sorted = reached.toSorted((one, other) => one.at.getTime() - other.at.getTime());
  const waits = ends.flatMap((end) => ("waitsFor" in end ? end.waitsFor : []));
  const asked = [...open, ...ends.flatMap((end) => end.open)];
  const told = wordsAndTimes(due, setting, { sorted, waits });
  return {
    due: {
      ...told.due,
      ...extras(due),
      ...(wait && { notBefore: sideClock(wait, setting) }),
      ...(due.assessment && { assessment: sideClock(due.assessment, setting) }),
    },
    open: unique([...asked, ...told.open]),
  };
}

function wordsAndTimes(
  { from, standard, limits }: Due,
  { known }: Setting,
  { sorted, waits }: { sorted: readonly Ending[]; waits: readonly string[] },
): Reckoned {
  const { zone } = known;
  const [first, ...later] = sorted;
  if (first) {
    const words = [first, ...later].map((end) => end.words);
    const startedAt = firstInstant(first.begun.begins, zone);
    const because = unique([...words, ...assumedWords(first.begun)]).join(" ");
    return { due: { at: first.at, startedAt, zone, because }, open: questionsOf(first.begun) };
  }
  const [waitsFor] = waits;
  if (waitsFor !== undefined)
    return { due: { zone, waitsFor, because: waitWords(limits, waitsFor) }, open: [] };
  const start = begin(from, known);
  const because = standardWords(standard, start);
  if ("waitsFor" in start) return { due: { zone, ...start, because }, open: [] };
  const startedAt = firstInstant(start.begins, zone);
  return { due: { zone, startedAt, because }, open: questionsOf(start) };
}

function extras({ standard, guideline, extension }: Due) {
  return {
    ...(standard !== undefined && { standard }),
    ...(guideline !== undefined && { guideline }),
    ...(extension !== undefined && { extension }),
  };
}

/** A clock beside the one that counts: of an assessment, or of a time that must pass first. */
function sideClock(limit: Limit, setting: Setting) {
  const end = ending(limit, setting);
  return "at" in end
    ? { at: end.at, because: end.words }
    : { because: waitWords([limit], end.waitsFor) };
}

/**
 * The limits, or those that take their place. An alternative that is still open stands beside
 * them, so that the earlier of both counts.
 */
function chosenLimits({ limits, alternatives = [] }: Due, { scene }: Setting) {
  const open: string[] = [];
  const beside: Limit[] = [];
  for (const alternative of alternatives) {
    const { value, open: questions } = evaluate(alternative.when, scene);
    if (value === "yes") return { limits: [...alternative.limits, ...beside], open };
    if (value === "unknown") {
      open.push(...questions);
      beside.push(...alternative.limits);
    }
  }
  return { limits: [...limits, ...beside], open };
}

type End = (Ending | { readonly waitsFor: string }) & { readonly open: readonly string[] };

function ending(limit: Limit, setting: Setting): End {
  const begun = begin(limit.from, setting.known);
  if ("waitsFor" in begun) return { ...begun, open: [] };
  const plain = plainEnd(limit, begun.begins, setting.calendar);
  const rolled = rolledEnd(limit, plain, setting);
  const { zone } = setting.calendar;
  const words = limitWords(limit, { begun, plain, at: rolled.at, zone });
  return { at: rolled.at, begun, words, open: rolled.open };
}

/** Where a limit ends if every day is a working day. */
function plainEnd(limit: Limit, begins: Beginning, calendar: WorkCalendar): Date {
  const { zone } = calendar;
  if (limit.unit === "hours") return afterHours(limit, begins, zone);
  if (limit.unit === "months" && "at" in begins && !limit.afterYearEnd) {
    const { day, time } = wallOf(begins.at, zone);
    const last = addMonths(day, limit.amount);
    // In a shorter month it ends with the month (art. 3(2)(c)), and so never before a start earlier.
    return last.slice(8) === day.slice(8)
      ? atWall({ day: last, time }, zone)
      : endOfDay(last, zone);
  }
  return endOfDay(lastDay(limit, startDay(limit, begins, zone), calendar), zone);
}

function afterHours({ amount, afterYearEnd }: Limit, begins: Beginning, zone: string): Date {
  const from = afterYearEnd
    ? firstInstant({ day: addDays(endOfYear(dayOf(begins, zone)), 1) }, zone)
    : firstInstant(begins, zone);
  return new Date(from.getTime() + amount * HOUR_MS);
}

function startDay({ afterYearEnd }: Limit, begins: Beginning, zone: string): string {
  const day = dayOf(begins, zone);
  return afterYearEnd ? endOfYear(day) : day;
}

function lastDay(limit: Limit, from: string, calendar: WorkCalendar): string {
  const { amount, unit, dayOne } = limit;
  if (unit === "months") return addMonths(from, amount);
  // Where the starting day is the first, the day before it is the one left out.
  const zero = dayOne ? addDays(from, -1) : from;
  return unit === "business-days" ? addWorkingDays(zero, amount, calendar) : addDays(zero, amount);
}

/**
 * Where a limit ends that must end on a working day. Whether it must is settled by
 * `rollForwardUnless`; while that is open, the earlier time stands.
 */
function rolledEnd(limit: Limit, plain: Date, { calendar, scene }: Setting) {
  const { rollForward, rollForwardTo, rollForwardUnless } = limit;
  if (!rollForward && rollForwardTo === undefined) return { at: plain, open: [] };
  const { zone } = calendar;
  const wall = wallOf(plain, zone);
  const day = workingDayFrom(wall.day, calendar);
  if (day === wall.day) return { at: plain, open: [] };
  if (rollForwardUnless) {
    const { value, open } = evaluate(rollForwardUnless, scene);
    if (value !== "no") return { at: plain, open };
  }
  const moved: Wall = { day, time: rollForwardTo ?? wall.time };
  return { at: atWall(moved, zone), open: [] };
}

function yearEnding(yearDay: YearDay, { known }: Setting): End {
  const begun = begin(yearDay.from, known);
  if ("waitsFor" in begun) return { ...begun, open: [] };
  const { zone } = known;
  const day = inYearAfter(dayOf(begun.begins, zone), yearDay.month, yearDay.day);
  return { at: endOfDay(day, zone), begun, words: yearDayWords(day, begun), open: [] };
}

function dayOf(begins: Beginning, zone: string): string {
  return "day" in begins ? begins.day : wallOf(begins.at, zone).day;
}

function questionsOf({ assumedFor }: Begun): readonly string[] {
  return assumedFor === undefined ? [] : [whenQuestion(assumedFor)];
}

const HOUR_MS = 3_600_000;

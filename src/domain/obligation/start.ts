import { NOT_YET_KNOWN } from "../instant.ts";
import type { Moment } from "../instant.ts";
import { AWAITED } from "../law/due.ts";
import type { ClockEvent, DutyRef, Start } from "../law/due.ts";
import type { Answers } from "../obligation.ts";
import { addDays, dayWords, instantWords, startOfDay, wallOf, weekdayOf } from "./calendar.ts";
import type { AssessedFacts, AssessedIncident } from "./scene.ts";

/** When a clock begins: at an instant, or on a day of which no more is known. */
export type Beginning = { readonly at: Date } | { readonly day: string };

/** How a start is known. */
export interface Begun {
  readonly begins: Beginning;
  /** What began it, for people to read: `awareness (2 Mar 2026 14:05 Europe/Berlin)`. */
  readonly words: string;
  /** The event that is not known and was taken to be then: a question, and the safe branch. */
  readonly assumedFor?: ClockEvent;
}

/** What is known of all that can start a clock. */
export interface Beginnings {
  readonly incident: AssessedIncident;
  readonly facts: AssessedFacts;
  readonly answers: Answers;
  /** The rule whose clocks these are: a reference to a duty of its own names no rule. */
  readonly rule: string;
  /** `@FR`, where the obligation is one of several; otherwise nothing. */
  readonly suffix: string;
  /** The zone in which days are counted. */
  readonly zone: string;
}

/** The earliest of the starts that are known, or what the clock waits for. */
export function begin(
  starts: readonly Start[],
  known: Beginnings,
): Begun | { readonly waitsFor: string } {
  const found = starts.flatMap((start) => startAt(start, known) ?? []);
  const [first] = found.toSorted(
    (one, other) => instantOfBeginning(one, known.zone) - instantOfBeginning(other, known.zone),
  );
  if (first) return first;
  const event = starts.find((start) => typeof start === "string" && !AWAITED.has(start));
  if (typeof event === "string") return assumed(event, known);
  const [waited] = starts;
  return { waitsFor: typeof waited === "object" ? referred(waited.met, known) : (waited ?? "") };
}

/** The first instant of what began: of a day, its first. */
export function firstInstant(begins: Beginning, zone: string): Date {
  return "at" in begins ? begins.at : startOfDay(begins.day, zone);
}

/** The code of the question when an event was. */
export function whenQuestion(event: ClockEvent): string {
  return `when-${event}`;
}

/**
 * The earliest that a moment may have been. One that is known to the minute or the hour is an
 * instant; a day is a day; of a week, a month or a year it is the first day.
 */
export function earliestOf({ at, zone, precision }: Moment): Beginning {
  if (precision === "minute" || precision === "hour") return { at };
  const { day } = wallOf(at, zone);
  if (precision === "month") return { day: `${day.slice(0, 7)}-01` };
  if (precision === "year") return { day: `${day.slice(0, 4)}-01-01` };
  return { day: precision === "week" ? mondayOf(day) : day };
}

function startAt(start: Start, known: Beginnings): Begun | undefined {
  if (typeof start === "object") return metAt(start.met, known);
  const begins = eventAt(start, known);
  return begins && begun(start, begins, known.zone);
}

function eventAt(event: ClockEvent, { incident, facts, answers }: Beginnings) {
  if (event === "awareness") return { at: incident.awareAt };
  // What the scope states goes before an answer: it is versioned, and others read it too.
  const { discoveredAt, occurredFrom } = facts;
  if (event === "discovery" && discoveredAt !== NOT_YET_KNOWN) return earliestOf(discoveredAt);
  if (event === "occurrence" && occurredFrom !== NOT_YET_KNOWN) return earliestOf(occurredFrom);
  return answers.events[event];
}

/** An event that nobody dated is taken to be the earliest that is known of discovery and awareness. */
function assumed(event: ClockEvent, known: Beginnings): Begun {
  const discovered = startAt("discovery", known);
  const aware = begun("awareness", { at: known.incident.awareAt }, known.zone);
  const earlier =
    discovered &&
    instantOfBeginning(discovered, known.zone) <= instantOfBeginning(aware, known.zone);
  return { ...(earlier ? discovered : aware), assumedFor: event };
}

/**
 * When a duty was met: one stage of it, or the last one met. What was met in the same place counts
 * before what was met for all, and that before what was met elsewhere; of several, the earliest.
 */
function metAt(ref: DutyRef, known: Beginnings): Begun | undefined {
  const base = referred(ref, { rule: known.rule, suffix: "" });
  const own = ref.rule === undefined || ref.rule === known.rule;
  const times = (counts: (suffix: string) => boolean) =>
    Object.entries(known.answers.met).flatMap(([id, at]) => {
      const path = id.replace(/@.*$/, "");
      const fits = ref.stage === undefined ? path.startsWith(`${base}/`) : path === base;
      return fits && counts(id.slice(path.length)) ? at : [];
    });
  const [here, all, any] = [
    times((suffix) => suffix === known.suffix),
    times((suffix) => suffix === ""),
    // Another authority that was told starts no clock of this one.
    own && known.suffix !== "" ? [] : times(() => true),
  ];
  const found = [here, all, any].find((each) => each.length > 0) ?? [];
  const sorted = found.toSorted((one, other) => one.getTime() - other.getTime());
  const at = sorted.at(ref.stage ? 0 : -1);
  if (!at) return undefined;
  const what = ref.stage ? `${ref.duty} (${ref.stage})` : ref.duty;
  return begun(`“${what}” was met`, { at }, known.zone);
}

/** The obligation that a reference names: `rule/duty`, and its stage and place where it has them. */
export function referred(ref: DutyRef, { rule, suffix }: Pick<Beginnings, "rule" | "suffix">) {
  const path = [ref.rule ?? rule, ref.duty, ...(ref.stage ? [ref.stage] : [])].join("/");
  return ref.rule === undefined || ref.rule === rule ? `${path}${suffix}` : path;
}

function begun(name: string, begins: Beginning, zone: string): Begun {
  const when = "at" in begins ? `${instantWords(begins.at, zone)} ${zone}` : dayWords(begins.day);
  return { begins, words: `${name.replaceAll("-", " ")} (${when})` };
}

function instantOfBeginning({ begins }: Begun, zone: string): number {
  return firstInstant(begins, zone).getTime();
}

function mondayOf(day: string): string {
  return addDays(day, 1 - weekdayOf(day));
}

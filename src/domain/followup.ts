import { DateTime } from "luxon";
import { z } from "zod";

import { Plan } from "./approval.ts";
import { instantOf, localOf } from "./instant/local.ts";
import { Id } from "./id.ts";
import { refuseField } from "./incident.ts";
import { Instant, Zone } from "./instant.ts";
import { refuse } from "./refusal.ts";
import { line } from "./text.ts";

// Above the schemas, which read them while the module loads.
const DATES_MAX = 60;
const COUNT_MAX = 400;
const REAL_DAY = "Write a day that exists, such as 2026-03-31.";
const REAL_ZONE = "Use an IANA time zone name such as Europe/Berlin.";

const Day = z.iso.date(REAL_DAY);
const Time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "Write a time such as 09:00.");

/** Days and times that somebody chose one by one. */
const Dates = z.strictObject({
  kind: z.literal("dates"),
  dates: z
    .array(z.strictObject({ date: Day, time: Time }))
    .min(1)
    .max(DATES_MAX),
});

/** A cadence from a first day on. The 31st of a month that has none is its last day. */
const Cadence = z.strictObject({
  kind: z.literal("cadence"),
  every: z.discriminatedUnion("unit", [
    z.strictObject({ unit: z.literal("day") }),
    /** On the first day's day of the week. */
    z.strictObject({ unit: z.literal("week"), weeks: z.int().min(1).max(52).default(1) }),
    z.strictObject({
      unit: z.literal("month"),
      day: z.union([z.int().min(1).max(31), z.literal("last")]),
    }),
  ]),
  time: Time,
  /** No follow-up is before this day. */
  from: Day,
  /** The incident's closing ends every plan; a plan can end sooner. */
  until: z
    .union([
      z.literal("closed"),
      z.strictObject({ date: Day }),
      z.strictObject({ count: z.int().min(1).max(COUNT_MAX) }),
    ])
    .default("closed"),
});

export const Rule = z.discriminatedUnion("kind", [Dates, Cadence]);
export type Rule = z.output<typeof Rule>;

/** To whom and how the draft is proposed when a follow-up falls due; without it, it is only drafted. */
export const Sending = z.strictObject({
  audienceId: Id,
  /** Channels come from the sensitivity of the incident unless said. */
  plan: Plan.extend({ channels: Plan.shape.channels.optional() }).prefault({}),
  canary: z.int().min(0).max(10_000).optional(),
});
export type Sending = z.output<typeof Sending>;

/** What a person plans. `version` is that of the plan they saw; 0 where there is none. */
export const NewPlan = z.strictObject({
  version: z.int().min(0),
  zone: Zone.refine((name) => /^[A-Za-z]/.test(name), { message: REAL_ZONE }),
  rule: Rule,
  owners: z
    .array(Id)
    .min(1)
    .max(20)
    .refine((all) => new Set(all).size === all.length, { message: "Name each owner once." }),
  sending: Sending.optional(),
});
export type NewPlan = z.output<typeof NewPlan>;

/** What was promised of further news. A changed plan is a new one with the next version. */
export const FollowupPlan = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  version: z.int().positive(),
  zone: z.string(),
  rule: Rule,
  owners: z.array(z.uuid()),
  sending: Sending.nullable(),
  createdBy: z.uuid(),
  createdAt: Instant,
  /** Replaced by then, or its incident closed. */
  endedAt: Instant.nullable(),
});
export type FollowupPlan = z.output<typeof FollowupPlan>;

/** What becomes of a follow-up by what we do; whether it was *kept* is derived from what was sent. */
export const FollowupState = z.enum(["armed", "fired", "offered", "skipped", "cancelled"]);
export type FollowupState = z.output<typeof FollowupState>;

/** One follow-up: news promised for a local time, and what was made of it. */
export const Followup = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  planId: z.uuid(),
  /** Its place in the plan, from 0. */
  occurrence: z.int().min(0),
  localDate: z.string(),
  localTime: z.string(),
  zone: z.string(),
  dueAt: Instant,
  /** Of the time zone data with which `dueAt` was computed, such as `2026a`. */
  tzVersion: z.string(),
  state: FollowupState,
  /** When it was acted on: drafted, or offered to a person. */
  firedAt: Instant.nullable(),
  takenBy: z.uuid().nullable(),
  noticeId: z.uuid().nullable(),
  submissionId: z.uuid().nullable(),
  /** Why its draft awaits a person instead of approval, by the code of the refusal. */
  problem: z.string().nullable(),
  reason: z.string().nullable(),
});
export type Followup = z.output<typeof Followup>;

/** Why a person skips a follow-up; kept in the timeline, so without personal data. */
export const SkipReason = line(500);

/** One time at which a plan wants a follow-up. */
export interface Occurrence {
  readonly occurrence: number;
  readonly date: string;
  readonly time: string;
  readonly dueAt: Date;
}

/**
 * The next occurrences of a plan, `count` at most, after the one of this number (-1: from the
 * first). In a cadence, a time in the gap of the spring change is the first instant after it and
 * one that comes twice in autumn is the earlier; two that become the same instant count once.
 */
export function occurrences(
  { rule, zone }: Pick<FollowupPlan, "rule" | "zone">,
  after: number,
  count: number,
): Occurrence[] {
  const found: Occurrence[] = [];
  let last = 0;
  for (let n = 0; found.length < count; n += 1) {
    const local = rule.kind === "dates" ? sorted(rule)[n] : nth(rule, n);
    if (!local) break;
    const dueAt = instantOf(local, zone).at;
    if (dueAt.getTime() > last && n > after) found.push({ occurrence: n, ...local, dueAt });
    last = Math.max(last, dueAt.getTime());
  }
  return found;
}

/**
 * Refuses a plan that promises what cannot be: a first time that is past, days over five years
 * ahead, a time that clocks skip that day (naming the next that exists), and the same time twice.
 */
export function checkPlan({ rule, zone }: Pick<NewPlan, "rule" | "zone">, now: Date): void {
  const limit = now.getTime() + AHEAD_MAX_MS;
  if (rule.kind === "dates") {
    const seen = new Set<number>();
    for (const [index, local] of rule.dates.entries()) {
      const field = `rule.dates.${index}`;
      const { at, skipped } = instantOf(local, zone);
      if (skipped) refuseField(`${field}.time`, "skipped", skippedSentence(at, zone));
      if (at <= now) refuseField(`${field}.date`, "past", "This is past. Choose a time to come.");
      if (at.getTime() > limit) refuseField(`${field}.date`, "too-late", TOO_LATE);
      if (seen.has(at.getTime()))
        refuseField(`${field}.date`, "duplicate", "This is there twice. Name each time once.");
      seen.add(at.getTime());
    }
    return;
  }
  const [first] = occurrences({ rule, zone }, -1, 1);
  if (!first) return refuseField("rule.until", "empty", "It ends before its first follow-up.");
  if (first.dueAt <= now)
    refuseField("rule.from", "past", "The first follow-up is past. Choose a day to come.");
  if (first.dueAt.getTime() > limit) refuseField("rule.from", "too-late", TOO_LATE);
}

/** Whether it is too late to act by itself: what it would say may be stale, so a person decides. */
export function isLate({ dueAt }: Pick<Followup, "dueAt">, now: Date): boolean {
  return now.getTime() - dueAt.getTime() > LATE_MS;
}

/** Refuses to take or skip what is not waiting for a person. */
export function requireOffered({ state }: Pick<Followup, "state">): void {
  if (state !== "offered")
    refuse("wrong-state", `This follow-up is ${state}; nobody has to decide on it.`);
}

/** Refuses to skip what was skipped or cancelled already. */
export function requireSkippable({ state }: Pick<Followup, "state">): void {
  if (state === "skipped" || state === "cancelled")
    refuse("wrong-state", `This follow-up is ${state}; it cannot be skipped.`);
}

function sorted({ dates }: z.output<typeof Dates>) {
  return dates.toSorted((a, b) => (a.date + a.time < b.date + b.time ? -1 : 1));
}

/** The n-th day of a cadence, from 0; nothing past its end. */
function nth({ every, time, from, until }: z.output<typeof Cadence>, n: number) {
  const first = DateTime.fromISO(from, { zone: "utc" });
  const day =
    every.unit === "day"
      ? first.plus({ days: n })
      : every.unit === "week"
        ? first.plus({ weeks: n * every.weeks })
        : monthly(first, every.day, n);
  const date = day.toFormat("yyyy-MM-dd");
  if (day.year > YEAR_MAX) return undefined;
  if (until !== "closed" && "date" in until && date > until.date) return undefined;
  if (until !== "closed" && "count" in until && n >= until.count) return undefined;
  return { date, time };
}

/** The n-th such day of a month on or after the first day. */
function monthly(first: DateTime, wanted: number | "last", n: number): DateTime {
  const dayIn = (month: DateTime) => {
    const last = month.daysInMonth ?? 28;
    return month.set({ day: wanted === "last" ? last : Math.min(wanted, last) });
  };
  const month = first.startOf("month");
  const offset = dayIn(month) < first ? 1 : 0;
  return dayIn(month.plus({ months: n + offset }));
}

function skippedSentence(next: Date, zone: string): string {
  const { date, time } = localOf(next, zone);
  return `Clocks skip this time that day. The next that exists is ${date} ${time}.`;
}

/** How many follow-ups of a plan exist before they are due. */
export const AHEAD = 3;

/** How late a follow-up may be drafted without a person. */
const LATE_MS = 15 * 60_000;
const AHEAD_MAX_MS = 5 * 366 * 24 * 3_600_000;
const YEAR_MAX = 9_000;
const TOO_LATE = "Days over five years ahead are not accepted. Check the year.";

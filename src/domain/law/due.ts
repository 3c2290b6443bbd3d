import { z } from "zod";

import { text } from "../text.ts";
import { Code, Condition } from "./condition.ts";

/** What starts a clock. `awareness` is the incident's; the others are facts, answers or acts. */
export const ClockEvent = z.enum([
  "awareness",
  "discovery",
  "detection",
  "determination",
  "confirmation",
  "classification",
  "materiality-determination",
  "reasonable-belief",
  "suspicion",
  "occurrence",
  "payment",
  "incident-resolved",
  "corrective-measure-available",
  "no-harm-determination",
  "forensic-investigation-required",
  "forensic-report-completed",
]);
export type ClockEvent = z.output<typeof ClockEvent>;

/**
 * Events that may never come, and before which nobody could act: a clock that starts at one of
 * them waits for it. Any other event that is not yet known is taken to be the awareness.
 */
export const AWAITED: ReadonlySet<ClockEvent> = new Set([
  "payment",
  "incident-resolved",
  "corrective-measure-available",
  "no-harm-determination",
  "forensic-investigation-required",
  "forensic-report-completed",
]);

/**
 * A duty whose being met starts another's clock or orders it: of the same rule (`duty`), or of
 * another (`rule`); of one stage of it, or of its last one met.
 */
export const DutyRef = z.strictObject({
  rule: Code.or(z.string().regex(/^[a-z0-9.-]+$/)).exactOptional(),
  duty: Code,
  stage: z.lazy(() => Stage).exactOptional(),
});
export type DutyRef = z.output<typeof DutyRef>;

export const Stage = z.enum(["early-warning", "initial", "intermediate", "full", "final"]);
export type Stage = z.output<typeof Stage>;

/** The earliest of these starts the clock; the earlier counts (the safe reading). */
export const Start = z.union([ClockEvent, z.strictObject({ met: DutyRef })]);
export type Start = z.output<typeof Start>;

/**
 * How long after its start a clock runs out. Hours are elapsed; days exclude the starting day
 * (`dayOne`: include it) and end with the day; business days skip the place's weekend and
 * holidays; months keep the day of the month, or end with the month where it is shorter.
 */
export const Limit = z.strictObject({
  amount: z.int().min(1).max(10_000),
  unit: z.enum(["hours", "calendar-days", "business-days", "months"]),
  from: z.array(Start).min(1),
  dayOne: z.boolean().exactOptional(),
  /** Count from the end of the calendar year that the start falls in (45 CFR 164.408(c)). */
  afterYearEnd: z.boolean().exactOptional(),
  /** A limit that ends on no working day moves to the next one. */
  rollForward: z.boolean().exactOptional(),
  /** Where a limit that ends on no working day moves to, by the hour: `12:00` (RTS 2025/301 art. 5). */
  rollForwardTo: z
    .string()
    .regex(/^\d{2}:\d{2}$/)
    .exactOptional(),
  rollForwardUnless: Condition.exactOptional(),
});
export type Limit = z.output<typeof Limit>;

/** A day of the year after the one that the start falls in: 1 February (47 CFR 64.2011). */
export const YearDay = z.strictObject({
  month: z.int().min(1).max(12),
  day: z.int().min(1).max(31),
  from: z.array(Start).min(1),
});
export type YearDay = z.output<typeof YearDay>;

/** When a stage is due: the earliest of its limits, and in the law's own words where it has no number. */
export const Due = z.strictObject({
  limits: z.array(Limit),
  yearDay: YearDay.exactOptional(),
  /** "without undue delay": the law's words beside, or instead of, a number. */
  standard: text(300).exactOptional(),
  /** What starts a duty that has words and no number. */
  from: z.array(Start).min(1),
  /** Limits that take the place of the others where their condition is answered yes; the first one. */
  alternatives: z
    .array(z.strictObject({ when: Condition, limits: z.array(Limit).min(1) }))
    .exactOptional(),
  /** What an authority expects though the law says no number. Never a clock, only shown. */
  guideline: text(300).exactOptional(),
  /** More time that may be had, and how. Never added by itself. */
  extension: text(500).exactOptional(),
  /** A limit on the assessment that comes before (Privacy Act 1988 (Cth) s 26WH), shown as its own clock. */
  assessment: Limit.exactOptional(),
});
export type Due = z.output<typeof Due>;

import { z } from "zod";

import { Id } from "../id.ts";
import { refuseField } from "../incident.ts";
import { Instant } from "../instant.ts";
import { Reason } from "../obligation.ts";
import { line } from "../text.ts";

/*
 * What people add to obligations. Reasons, references and names of agencies are kept in the
 * timeline, so they hold no personal data: an officer is named by their office.
 */

/** `rule/duty/stage`, with `@place` where a rule is owed in several. */
export const ObligationId = z
  .string()
  .max(200)
  .regex(
    /^[a-z0-9][a-z0-9.-]*\/[a-z0-9-]+\/[a-z-]+(@[A-Z]{2}(-[A-Z0-9]{1,3})?)?$/,
    "Use the id of an obligation as it is listed.",
  );

/** Several obligations that one thing is about. */
export const ObligationIds = z
  .array(ObligationId)
  .min(1)
  .max(200)
  .refine((all) => new Set(all).size === all.length, { message: "Name each obligation once." });

/** Law enforcement asked us to wait. `since` is when it asked; now unless said. */
export const NewHold = z.strictObject({
  obligations: ObligationIds,
  /** The agency, and its reference; no officer's name. */
  askedBy: line(200),
  since: Instant.optional(),
  until: Instant,
  reason: Reason,
  /** Why an organisation of one does without a second person. */
  waiver: Reason.optional(),
});
export type NewHold = z.output<typeof NewHold>;

/** A person's judgement that a duty is not owed, whatever the rule asks. */
export const NewSetAside = NewHold.pick({ obligations: true, reason: true, waiver: true });
export type NewSetAside = z.output<typeof NewSetAside>;

/** A hold or a duty set aside. It counts from `agreedAt` until `endedAt`. */
export const Relief = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  kind: z.enum(["hold", "not-applicable"]),
  obligations: z.array(z.string()),
  askedBy: z.string().nullable(),
  since: Instant.nullable(),
  until: Instant.nullable(),
  reason: z.string(),
  waiver: z.string().nullable(),
  proposedBy: z.uuid(),
  proposedAt: Instant,
  agreedBy: z.uuid().nullable(),
  agreedAt: Instant.nullable(),
  endedBy: z.uuid().nullable(),
  endedAt: Instant.nullable(),
  endReason: z.string().nullable(),
});
export type Relief = z.output<typeof Relief>;

/** What was filed where: the authority's reference, and when. */
export const NewFilingEvidence = z.strictObject({
  obligations: ObligationIds,
  reference: line(200),
  at: Instant,
  reason: Reason.optional(),
});
export type NewFilingEvidence = z.output<typeof NewFilingEvidence>;

/** A wave that told people. */
export const NewWaveEvidence = z.strictObject({
  obligations: ObligationIds,
  waveId: Id,
  /** Those whom it did not reach are listed, for substitute notice. */
  notReachedListed: z.boolean().default(false),
  reason: Reason.optional(),
});
export type NewWaveEvidence = z.output<typeof NewWaveEvidence>;

/** How a wave stood when it was taken for evidence: people, by what became of them. */
export const WaveCounts = z.object({
  told: z.int(),
  notReached: z.int(),
  excluded: z.int(),
  cancelled: z.int(),
  /** Decided by a person, where nobody could know. */
  decided: z.int(),
});
export type WaveCounts = z.output<typeof WaveCounts>;

export const RecordKind = z.enum(["met", "missed"]);
export type RecordKind = z.output<typeof RecordKind>;

/** What shows that an obligation was met, or why it was missed. */
export const ObligationRecord = z.object({
  obligation: z.string(),
  kind: RecordKind,
  version: z.int(),
  takenBack: z.boolean(),
  at: Instant.nullable(),
  reference: z.string().nullable(),
  waveId: z.uuid().nullable(),
  counts: WaveCounts.nullable(),
  reason: z.string().nullable(),
  recordedBy: z.uuid(),
  recordedAt: Instant,
});
export type ObligationRecord = z.output<typeof ObligationRecord>;

/** A person who read a version of a rule against its source. */
export const RuleReview = z.object({
  ruleId: z.string(),
  version: z.string(),
  reviewedBy: z.uuid(),
  /** Their name on staff. */
  name: z.string(),
  reviewedAt: Instant,
  note: z.string(),
});
export type RuleReview = z.output<typeof RuleReview>;

/** Refuses a hold that is over, begins in the future, or ends before it begins. */
export function checkHold({ since, until }: Pick<NewHold, "since" | "until">, now: Date): void {
  if (until <= now)
    refuseField("until", "past", "A hold ends in the future; one that is over pauses nothing.");
  if (until.getTime() > now.getTime() + HOLD_MAX_MS)
    refuseField("until", "too-late", "Holds of over two years are not accepted. Check the year.");
  if (since && since.getTime() > now.getTime() + SKEW_MS)
    refuseField("since", "future", "Law enforcement cannot have asked in the future.");
}

/** Refuses evidence of what has not happened yet. */
export function checkMetAt(at: Date, now: Date): void {
  if (at.getTime() > now.getTime() + SKEW_MS)
    refuseField("at", "future", "This has not happened yet. Check date and zone.");
}

/** Clocks of those who report and ours may differ by this much. */
const SKEW_MS = 5 * 60_000;
const HOLD_MAX_MS = 2 * 366 * 24 * 3_600_000;

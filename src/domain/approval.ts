import { z } from "zod";

import { ChannelLimit } from "./audience/permitted.ts";
import { PreferredChannel } from "./audience/person.ts";
import { Instant } from "./instant.ts";
import { Hours } from "./instant/hours.ts";
import { Commitment } from "./notice/commitment.ts";
import { refuse } from "./refusal.ts";
import type { Sensitivity } from "./element.ts";
import type { Actor } from "./staff.ts";
import { text } from "./text.ts";
import { canonicalHash } from "./timeline.ts";

/** By which channels people are told, in order, and whose agreement e-mail needs. */
export const Plan = z.strictObject({
  /** One channel after the other until one reaches the person, or every one that does. */
  mode: z.enum(["first-reachable", "all"]).default("first-reachable"),
  channels: z
    .array(PreferredChannel)
    .min(1)
    .max(3)
    .refine((all) => new Set(all).size === all.length, { message: "Name each channel once." }),
  /** E-mail goes to people who agreed to it, to all who did not refuse, or to any. */
  consent: z.enum(["agreed", "not-refused", "any"]).default("agreed"),
  /** What the laws of people's places permit less than that, as it was when this was submitted. */
  limits: z.array(ChannelLimit).exactOptional(),
});
export type Plan = z.output<typeof Plan>;

/** When sending may start. */
export const SendWindow = z
  .strictObject({
    notBefore: Instant.optional(),
    notAfter: Instant.optional(),
  })
  .refine(({ notBefore, notAfter }) => !notBefore || !notAfter || notBefore < notAfter, {
    path: ["notAfter"],
    message: "Sending cannot end before it begins.",
  });
export type SendWindow = z.output<typeof SendWindow>;

/**
 * Hours of the day in which people are written to, by the clocks where they are; a channel that is
 * not named has none, and sends at any hour.
 */
export const LocalHours = z.strictObject({ email: Hours.optional(), sms: Hours.optional() });
export type LocalHours = z.output<typeof LocalHours>;

/** What a courtesy keeps to where nobody chose: no phone rings at night for it. */
export const COURTESY_HOURS: LocalHours = { sms: { from: "08:00", to: "21:00" } };

/** A version proposed for sending: what the approvers see and sign. */
export const Submission = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  noticeId: z.uuid(),
  noticeVersionId: z.uuid(),
  audienceId: z.uuid(),
  plan: Plan,
  sendWindow: SendWindow.nullable(),
  localHours: LocalHours.nullable(),
  /** When everybody must have been told; it overrides the hours of the day. */
  deadline: Instant.nullable(),
  /** Before all other waves. */
  urgent: z.boolean(),
  /** How many are sent first and watched before the others. */
  canary: z.int().min(0),
  facts: z.record(z.string(), z.string()),
  binding: z.instanceof(Buffer),
  approvalsNeeded: z.int().min(0).max(2),
  submittedBy: z.uuid(),
  submittedAt: Instant,
  closedAt: Instant.nullable(),
});
export type Submission = z.output<typeof Submission>;

/** One person's consent to exactly what a submission binds. */
export const Approval = z.object({
  staffId: z.uuid(),
  binding: z.instanceof(Buffer),
  /** Why an organisation of one did without a second person; null where two took part. */
  waiver: z.string().nullable(),
  at: Instant,
  /** False once its giver has left or lost the role: it counts no longer. */
  standing: z.boolean(),
});
export type Approval = z.output<typeof Approval>;

/** A promise of an approved version, at its place in the text. */
export const StoredCommitment = Commitment.extend({ position: z.int() });

/** What an approval covers: readers' words, the facts in them, the people, and the way to them. */
export interface Bound {
  readonly contentHash: Buffer;
  readonly facts: Readonly<Record<string, string>>;
  readonly audience: { readonly id: string; readonly count: number; readonly digest: Buffer };
  readonly plan: Plan;
  readonly sendWindow: SendWindow | null;
  readonly localHours: LocalHours | null;
  readonly deadline: Date | null;
  readonly urgent: boolean;
  readonly canary: number;
}

/** SHA-256 of the canonical JSON (RFC 8785) of everything an approval covers. */
export function bindingOf({
  contentHash,
  facts,
  audience,
  plan,
  sendWindow,
  localHours,
  deadline,
  urgent,
  canary,
}: Bound): Buffer {
  const hash = canonicalHash({
    version: contentHash.toString("hex"),
    facts: canonicalHash(facts),
    audience: {
      id: audience.id,
      count: audience.count,
      digest: audience.digest.toString("hex"),
    },
    plan,
    window: sendWindow && z.encode(SendWindow, sendWindow),
    // Absent where they are not used: what was approved before there were any stays approved.
    ...(localHours && { localHours }),
    ...(deadline && { deadline: deadline.toISOString() }),
    ...(urgent && { urgent }),
    canary,
  });
  return Buffer.from(hash, "hex");
}

/** How many people must approve: two for many people or for special-category data. */
export function approvalsNeeded(people: number, sensitivity: Sensitivity): 1 | 2 {
  return people > PEOPLE_FOR_TWO || sensitivity === "special-category" ? 2 : 1;
}

/** Whether these approvals are enough. A waiver stands for everyone an organisation of one lacks. */
export function isEnough(
  approvals: readonly Pick<Approval, "binding" | "waiver" | "standing">[],
  needed: number,
  binding: Buffer,
): boolean {
  const valid = approvals.filter((each) => each.standing && each.binding.equals(binding));
  return valid.length >= needed || valid.some(({ waiver }) => waiver !== null);
}

export interface Involved {
  readonly authors: readonly string[];
  readonly uploaders: readonly string[];
  readonly submittedBy: string;
  /** People with an account that is not disabled. */
  readonly activeStaff: number;
}

/**
 * Whether this person may approve. Four eyes are about people, whatever their roles and
 * tokens: refuses who wrote any version, brought any of the people affected, or submitted.
 * Refuses a role too young to count, and a waiver where there is a second person to ask.
 */
export function requireApprover(
  actor: Actor,
  involved: Involved,
  waiver: string | undefined,
): void {
  if (!actor.settledRoles.some((role) => role === "approver" || role === "counsel"))
    refuse("not-allowed", "Your role as approver or counsel counts 24 hours after it was given.");
  if (waiver !== undefined && involved.activeStaff !== 1)
    refuse(
      "four-eyes",
      "Only an organisation of one may waive the second person. Ask a colleague.",
    );
  const own = [...involved.authors, ...involved.uploaders, involved.submittedBy];
  if (waiver === undefined && own.includes(actor.staffId))
    refuse(
      "four-eyes",
      "You wrote, uploaded or submitted part of this. Another person must approve.",
    );
}

/** An audience that an approval can bind. Refuses one that may still change, or has nobody in it. */
export function requireFrozen<T extends Freezable>(found: T | undefined): T & Frozen {
  if (!found) return refuse("not-found", "There is no such audience.");
  const { count, digest } = found;
  if (found.state !== "frozen" || count === null || digest === null)
    return refuse("wrong-state", "Freeze the audience first, so that nobody can be added to it.");
  if (count === 0) return refuse("audience-empty", "There is nobody in this audience.");
  return { ...found, count, digest };
}

interface Freezable {
  readonly state: string;
  readonly count: number | null;
  readonly digest: Buffer | null;
}

interface Frozen {
  readonly count: number;
  readonly digest: Buffer;
}

/** Refuses to start outside the window that was approved. */
export function requireWindow(window: SendWindow | null, now: Date): void {
  if (window?.notBefore && now < window.notBefore)
    refuse("wrong-state", "The approved time for sending has not begun yet.");
  if (window?.notAfter && now > window.notAfter)
    refuse("wrong-state", "The approved time for sending is over. Submit the notice again.");
}

/** Why an organisation of one does without a second person: a sentence, not a click. */
export const WaiverReason = text(1_000).refine((reason) => reason.length >= 10, {
  message: "Give the reason in at least 10 characters.",
});

const PEOPLE_FOR_TWO = 10_000;

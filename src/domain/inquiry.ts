import { DateTime } from "luxon";
import { z } from "zod";

import { Instant } from "./instant.ts";
import { PageLanguage } from "./language.ts";
import { expectVersion, refuse } from "./refusal.ts";
import type { Actor } from "./staff.ts";
import { line, text } from "./text.ts";

/** What a person wants of us: an answer, redress, or a right under GDPR articles 15 to 17. */
export const InquiryKind = z.enum(["question", "complaint", "access", "erase", "correct"]);
export type InquiryKind = z.output<typeof InquiryKind>;

/** How it reached us. */
const InquiryChannel = z.enum(["web", "phone", "letter"]);

/**
 * *new*: nobody wrote anything yet. *in-review*: an answer waits for a second person. *drafted*: that
 * person sent it back. *closed*: done without an answer of ours, for a stated reason.
 */
export const InquiryState = z.enum(["new", "drafted", "in-review", "answered", "closed"]);
export type InquiryState = z.output<typeof InquiryState>;

/** One inquiry, without what was written. */
export const Inquiry = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  recipientId: z.uuid().nullable(),
  number: z.string(),
  kind: InquiryKind,
  channel: InquiryChannel,
  state: InquiryState,
  version: z.int().positive(),
  language: PageLanguage,
  dueAt: Instant,
  createdAt: Instant,
  enteredBy: z.uuid().nullable(),
  draftedBy: z.uuid().nullable(),
  approvedBy: z.uuid().nullable(),
  answeredAt: Instant.nullable(),
});
export type Inquiry = z.output<typeof Inquiry>;

const TEXT_MAX = 2_000;
const ANSWER_MAX = 5_000;

/** What a person writes. Plain text, shown as such. */
const InquiryText = text(TEXT_MAX);

/** What a person sends through *my notice*. */
export const Asked = z.object({ kind: InquiryKind, text: InquiryText });

/** What staff enter of a telephone call or a letter. */
export const Entered = z.strictObject({
  kind: InquiryKind,
  channel: InquiryChannel.exclude(["web"]),
  text: InquiryText,
  /** Whom it is from, where that is known. */
  recipientId: z.uuid().toLowerCase().optional(),
  language: PageLanguage.default("en"),
  /** Where to answer somebody whom we do not know. */
  contact: line(200).optional(),
});
export type Entered = z.output<typeof Entered>;

/** The sealed part. */
export const InquiryContent = z.object({ text: z.string(), contact: z.string().optional() });
export type InquiryContent = z.output<typeof InquiryContent>;

/** An answer to a version of an inquiry. */
export const Answer = z.strictObject({ version: z.int().positive(), text: text(ANSWER_MAX) });
export type Answer = z.output<typeof Answer>;

/** A decision about a version of an inquiry, and why. */
export const Decision = z.strictObject({ version: z.int().positive(), reason: line(500) });
export type Decision = z.output<typeof Decision>;

/**
 * When an inquiry should be answered. A request under GDPR articles 15 to 17 within one month of
 * its receipt (art. 12(3)); the other two are the promise we make. Days and months are those of
 * the organisation's zone.
 */
export function dueAt(kind: InquiryKind, receivedAt: Date, zone: string): Date {
  return DateTime.fromJSDate(receivedAt, { zone }).plus(CLOCKS[kind]).toJSDate();
}

/** An answer was written, or written again. Refuses another version and an ended inquiry. */
export function drafted(inquiry: Inquiry, version: number, actor: Actor): Inquiry {
  expectOpen(inquiry, version);
  return changed(inquiry, { state: "in-review", draftedBy: actor.staffId });
}

/** A second person approves the answer. Refuses the one who wrote it. */
export function approved(inquiry: Inquiry, version: number, actor: Actor, now: Date): Inquiry {
  expectReview(inquiry, version, actor);
  return changed(inquiry, { state: "answered", approvedBy: actor.staffId, answeredAt: now });
}

/** A second person wants another answer. */
export function sentBack(inquiry: Inquiry, version: number, actor: Actor): Inquiry {
  expectReview(inquiry, version, actor);
  return changed(inquiry, { state: "drafted" });
}

/** Done without an answer: a copy of another, or settled in the call itself. */
export function closed(inquiry: Inquiry, version: number): Inquiry {
  expectOpen(inquiry, version);
  return changed(inquiry, { state: "closed" });
}

function expectReview(inquiry: Inquiry, version: number, actor: Actor): void {
  expectVersion(inquiry.version, version);
  if (inquiry.state !== "in-review") refuse("wrong-state", "No answer waits for approval here.");
  if (inquiry.draftedBy === actor.staffId)
    refuse("four-eyes", "Another person must look at the answer: not the one who wrote it.");
}

function expectOpen(inquiry: Inquiry, version: number): void {
  expectVersion(inquiry.version, version);
  if (inquiry.state === "answered" || inquiry.state === "closed")
    refuse("wrong-state", `This inquiry is ${inquiry.state}.`);
}

function changed(inquiry: Inquiry, by: Partial<Inquiry>): Inquiry {
  return { ...inquiry, ...by, version: inquiry.version + 1 };
}

const CLOCKS: Readonly<Record<InquiryKind, { days: number } | { months: number }>> = {
  question: { days: 3 },
  complaint: { days: 5 },
  access: { months: 1 },
  erase: { months: 1 },
  correct: { months: 1 },
};

import { z } from "zod";

import { PreferredChannel } from "../audience/person.ts";
import { ExposedElement } from "../element.ts";
import { InquiryKind } from "../inquiry.ts";
import { Instant } from "../instant.ts";
import { PageLanguage } from "../language.ts";
import { ContactLine } from "../scope.ts";

/**
 * What workers know of a visit to *my notice*; sealed, the public door cannot read it. A wrong
 * personal code makes the same state with nobody in it, whose one-time code was told to nobody.
 */
export const VisitState = z.object({
  person: z.object({ incidentId: z.uuid(), recipientId: z.uuid() }).nullable(),
  /** Keyed hash, in hex, of the one-time code, while it may be used. */
  code: z.object({ hash: z.string(), expiresAt: Instant }).nullable(),
  failures: z.int(),
  /** The one-time code was right: the person may see and do things. */
  open: z.boolean(),
});
export type VisitState = z.output<typeof VisitState>;

/** What came of a thing the visitor did; the page says it in words. */
export const Done = z.enum(["saved", "stopped", "asked", "too-many"]);
export type Done = z.output<typeof Done>;

/** One kind of a person's data: how sure we are now, and what we last told them. */
const ElementLine = ExposedElement.extend({
  /** Null: no notice that we sent them spoke of it. */
  before: ExposedElement.shape.state.nullable(),
});

/** Everything the pages show to one person. */
const MyNotice = z.object({
  page: z.literal("notice"),
  done: Done.nullable(),
  /** Where we write to, masked. */
  address: z.string(),
  /** Whether a notice was sent, so that there is something to compare with. */
  told: z.boolean(),
  elements: z.array(ElementLine),
  notices: z.array(
    z.object({
      kind: z.string(),
      channel: z.string(),
      state: z.string(),
      at: Instant,
      code: z.string().nullable(),
    }),
  ),
  language: PageLanguage,
  channel: PreferredChannel.nullable(),
  channels: z.array(PreferredChannel),
  stopped: z.boolean(),
  inquiries: z.array(
    z.object({
      number: z.string(),
      kind: InquiryKind,
      state: z.enum(["waiting", "answered", "closed"]),
      createdAt: Instant,
      dueAt: Instant,
      text: z.string(),
      answer: z.string().nullable(),
    }),
  ),
  contactLines: z.array(ContactLine),
});
export type MyNotice = z.output<typeof MyNotice>;

/** What a worker answers a visitor; sealed to the key in the visitor's cookie. */
export const Reply = z.discriminatedUnion("page", [
  z.object({ page: z.literal("code"), triesLeft: z.int().nullable() }),
  z.object({ page: z.literal("over") }),
  MyNotice,
]);
export type Reply = z.output<typeof Reply>;

/**
 * What a typed one-time code does to a visit. It works once, within ten minutes, and five wrong
 * ones end the visit: then not even the right one opens it. `right` says whether it is the one.
 */
export function judgeOneTimeCode(
  state: VisitState,
  right: boolean,
  now: Date,
): { readonly state: VisitState; readonly reply: "open" | "over" | { triesLeft: number } } {
  if (state.open) return { state, reply: "open" };
  if (!state.code || state.code.expiresAt <= now || state.failures >= FAILURES_MAX)
    return { state: { ...state, code: null }, reply: "over" };
  if (right && state.person) return { state: { ...state, code: null, open: true }, reply: "open" };
  const failures = state.failures + 1;
  const triesLeft = FAILURES_MAX - failures;
  const code = triesLeft > 0 ? state.code : null;
  return { state: { ...state, failures, code }, reply: triesLeft > 0 ? { triesLeft } : "over" };
}

export const CODE_MINUTES = 10;
const FAILURES_MAX = 5;

import { z } from "zod";

import { Instant } from "../instant.ts";
import { expectVersion, refuse } from "../refusal.ts";
import { HashedField } from "../scope.ts";
import { line } from "../text.ts";
import { canonicalHash } from "../timeline.ts";
import { VariantCode, Variants, partsOf } from "./split.ts";
import { WORDING } from "./wording.ts";

// Above the schemas, which read them while the module loads.
/** A source may have this many characters; about 30 printed pages. */
export const SOURCE_MAX = 65_536;
const NO_WORDING = "Candor has no wording of its own for this language yet.";

export const NoticeKind = z.enum(["initial", "update", "correction", "closing", "invitation"]);
export type NoticeKind = z.output<typeof NoticeKind>;

export const NoticeState = z.enum(["draft", "in-review", "ready", "withdrawn"]);
export type NoticeState = z.output<typeof NoticeState>;

/** A language tag (BCP 47) that Candor's own sentences exist for: `en`, `en-US`. */
export const Language = z
  .string()
  .max(35)
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
  .refine((tag) => WORDING.has(baseOf(tag)), { message: NO_WORDING });

/** Names a text: its language, or `language@variant` for the people of some places: `en@us-ma`. */
const TextKey = z.string().superRefine((key, { addIssue }) => {
  const { language, variant } = partsOf(key);
  const parts = [Language.safeParse(language), VariantCode.nullable().safeParse(variant)];
  for (const { error } of parts)
    for (const { message } of error?.issues ?? []) addIssue({ code: "custom", message });
});

/** Language, or language and variant, → source: front matter and Markdown. */
export const Sources = z
  .record(TextKey, z.string().max(SOURCE_MAX))
  .refine((sources) => Object.keys(sources).length > 0, { message: "Give at least one language." });
export type Sources = z.output<typeof Sources>;

/** What surrounds the text and is bound by its approval all the same. */
export const Sender = z.strictObject({
  organisation: line(200),
  from: z.email(),
  replyTo: z.email(),
  /** Where a reader types the notice code; a typed domain, never a link. */
  checkAddress: line(300),
  /** The only hosts a link may lead to. */
  linkHosts: z.array(z.string()),
  /** SHA-256 (hex) of the mail layout and its style sheet. */
  layoutVersion: z.string(),
  /** Every reader gets the subject that says nothing of the matter. */
  discreet: z.boolean(),
});
export type Sender = z.output<typeof Sender>;

/** A text for the people affected. Its words are in its versions, which never change. */
export const Notice = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  /** Counts edits and changes of state, for compare-and-set. */
  version: z.int().positive(),
  kind: NoticeKind,
  class: z.enum(["legal", "courtesy"]),
  state: NoticeState,
  /** The number of the current notice version. */
  number: z.int().positive(),
  createdBy: z.uuid(),
  createdAt: Instant,
});
export type Notice = z.output<typeof Notice>;

export const NoticeVersion = z.object({
  id: z.uuid(),
  noticeId: z.uuid(),
  number: z.int().positive(),
  languages: Sources,
  variants: Variants,
  sender: Sender,
  /** The scope facts that the text quotes, by their hashes when it was written. */
  facts: z.partialRecord(HashedField, z.string()),
  /** Language, or language and variant, → public notice code. */
  codes: z.record(z.string(), z.string()),
  contentHash: z.instanceof(Buffer),
  createdBy: z.uuid(),
  createdAt: Instant,
});
export type NoticeVersion = z.output<typeof NoticeVersion>;

/**
 * What readers will see, in one hash: all languages and variants, who gets which, the sender, link
 * hosts, layout and codes.
 */
export function contentHash(
  content: Pick<NoticeVersion, "languages" | "variants" | "sender" | "codes">,
): Buffer {
  const { languages, variants, sender, codes } = content;
  // Absent where there are none: what was approved before there were any stays approved.
  const split = Object.keys(variants).length > 0 && { variants };
  return Buffer.from(canonicalHash({ languages, sender, codes, ...split }), "hex");
}

/** Where a notice goes when its text changes: back to draft, as the next number. */
export function edited(notice: Notice, expectedVersion: number): Notice {
  if (notice.state === "withdrawn")
    refuse("wrong-state", "This notice was withdrawn. Start a new one.");
  expectVersion(notice.version, expectedVersion);
  return { ...notice, state: "draft", version: notice.version + 1, number: notice.number + 1 };
}

/** A notice in another state. Refuses a state that does not follow from the one it is in. */
export function moved(notice: Notice, to: NoticeState): Notice {
  if (!NEXT[notice.state].includes(to))
    refuse("wrong-state", `A notice that is ${notice.state} cannot become ${to}.`);
  return { ...notice, state: to, version: notice.version + 1 };
}

/** Whether people must have it by law. Courtesy mail can be unsubscribed from. */
export function classOf(kind: NoticeKind): Notice["class"] {
  return kind === "invitation" ? "courtesy" : "legal";
}

/** The language without its region: `en` for `en-US`. */
export function baseOf(tag: string): string {
  return tag.split("-")[0] ?? tag;
}

/** The states that may follow each state. An edit leads back to draft from anywhere but the end. */
const NEXT: Readonly<Record<NoticeState, readonly NoticeState[]>> = {
  draft: ["in-review", "withdrawn"],
  "in-review": ["draft", "ready", "withdrawn"],
  ready: ["draft", "withdrawn"],
  withdrawn: [],
};

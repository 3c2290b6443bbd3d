import type { PageLanguage } from "../../language.ts";
import type { Obligation } from "../../obligation.ts";
import type { ScopeFacts } from "../../scope.ts";
import type { Field } from "../fields.ts";
import type { NoticeKind } from "../notice.ts";
import type { Source } from "../source.ts";
import type { Sentence } from "./sentence.ts";

/** What lint needs to know of an obligation to tell the people of one place. */
export type LawDuty = Pick<
  Obligation,
  "to" | "place" | "contents" | "prohibited" | "creditMonitoringMonths"
> & {
  readonly rule: Pick<Obligation["rule"], "citation">;
  readonly duty: Pick<Obligation["duty"], "title" | "headings" | "contentsNote" | "plainLanguage">;
};

/** A text, read. */
export interface Text {
  readonly kind: NoticeKind;
  readonly language: PageLanguage;
  readonly facts: ScopeFacts;
  readonly parsed: Source;
  readonly sentences: readonly Sentence[];
  readonly fields: ReadonlySet<Field>;
}

/** The laws that a problem is of, the first few by name. */
export function lawsOf(duties: readonly LawDuty[]): string {
  const names = [...new Set(duties.map(({ rule }) => rule.citation))].toSorted();
  const more = names.length - LAWS_NAMED;
  return names.slice(0, LAWS_NAMED).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

/** The places of these duties, by code. */
export function placesOf(duties: readonly LawDuty[]): string {
  return [...new Set(duties.map(({ place }) => place))].toSorted().join(", ");
}

/** The five headings of every notice as laws name them, in the order of `Habits.headings`. */
export const HEADINGS: readonly string[] = [
  "what-happened",
  "what-information-was-involved",
  "what-we-are-doing",
  "what-you-can-do",
  "for-more-information",
];
const LAWS_NAMED = 3;

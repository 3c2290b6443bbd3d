import { Element } from "../element.ts";
import { elementMailLabel } from "../element/label.ts";
import { NOT_YET_KNOWN } from "../instant.ts";
import type { Moment } from "../instant.ts";
import type { ContactLine, ScopeFacts, ScopeField } from "../scope.ts";
import type { Sender } from "./notice.ts";
import type { Wording } from "./wording/shape.ts";

/**
 * The fields a notice may use. Each says where its value comes from, so that the facts a
 * text quotes can be bound by its approval; a fact that is not yet known says so in words.
 */
export const FIELDS = {
  name: person("inline", []),
  data_elements: person("block", ["dataElements"]),
  organisation: fixed(({ sender }) => sender.organisation),
  check_address: fixed(({ sender }) => sender.checkAddress),
  notice_code: fixed(({ code }) => code),
  public_address: fixed(publicHost),
  my_address: fixed(({ sender }) => `${publicHost({ sender })}/my`),
  personal_code: own("inline"),
  survey_code: own("inline"),
  survey_link: own("block"),
  what_happened: scope("block", ["whatHappened"], ({ facts }) => paragraphs(facts.whatHappened)),
  how: scope("block", ["how"], ({ facts, wording }) => said(facts.how, wording.how)),
  what_we_do: scope("block", ["whatWeDo"], ({ facts, wording }) =>
    said(facts.whatWeDo, wording.whatWeDo),
  ),
  actions: scope("block", ["actions"], ({ facts, wording }) =>
    facts.actions === NOT_YET_KNOWN
      ? unknown(wording.actions)
      : { known: true, lines: facts.actions.map(oneLine), list: "ordered" },
  ),
  contact_lines: scope("block", ["contactLines"], contactLines),
  when_it_began: scope("inline", ["occurredFrom"], ({ facts, wording }) =>
    happened(facts.occurredFrom, "began", wording),
  ),
  when_it_ended: scope("inline", ["occurredTo"], ({ facts, wording }) =>
    happened(facts.occurredTo, "ended", wording),
  ),
  when_we_found_out: scope("inline", ["discoveredAt"], ({ facts, wording }) =>
    happened(facts.discoveredAt, "found", wording),
  ),
  when_it_was_contained: scope("inline", ["containedAt"], ({ facts, wording }) =>
    happened(facts.containedAt, "contained", wording),
  ),
  where_it_happened: scope("inline", ["place"], ({ facts, wording }) =>
    said(facts.place, wording.place),
  ),
  how_many_people: scope("inline", ["people"], ({ facts, wording }) =>
    said(total(facts.people), wording.people),
  ),
  encryption: scope("inline", ["encryption", "keyState"], ({ facts, wording }) =>
    said(encryption(facts), wording.encryption),
  ),
} as const satisfies Record<string, FieldRow>;

export type Field = keyof typeof FIELDS;

export interface FieldRow {
  /** A block stands on a line of its own; an inline field stands in a sentence. */
  readonly shape: "inline" | "block";
  /** Whether `{{#if …}}` may ask for it: there is something to ask. */
  readonly mayBeAbsent: boolean;
  readonly quotes: readonly ScopeField[];
  /** The value for every reader alike, or "person" where each reader has their own. */
  readonly value: "person" | ((given: Given) => Value);
}

/** Where values come from that are the same for every reader of one language. */
export interface Given {
  readonly facts: ScopeFacts;
  readonly sender: Sender;
  readonly code: string;
  readonly wording: Wording;
}

/** Plain text, never markup: one line for an inline field, any number for a block. */
export interface Value {
  readonly known: boolean;
  readonly lines: readonly string[];
  readonly list: "ordered" | "bullets" | "none";
  /** A time of day: the same line, with the time where a reader lives added in these words. */
  readonly local?: (also: Also) => string;
}

/** Where a reader lives, as an IANA zone; or ready words that stand for any such place. */
export type Also = { readonly zone: string } | { readonly words: string };

/** Whether a name in a template is one of the declared fields. */
export function isField(name: string): name is Field {
  return Object.hasOwn(FIELDS, name);
}

/** What a person's mail calls the data of theirs that was exposed, special categories by class only. */
export function elementLines(
  exposure: readonly string[],
  { facts, wording }: Pick<Given, "facts" | "wording">,
): string[] {
  const states = new Map<string, string>(
    facts.dataElements.map(({ element, state }) => [element, state]),
  );
  const labels = new Map<string, "suspected" | "confirmed">();
  for (const element of Element.options) {
    const state = states.get(element) ?? "confirmed";
    if (!exposure.includes(element) || state === "ruled-out") continue;
    const mailLabel = elementMailLabel(element, wording.language);
    const sure = state === "confirmed" || labels.get(mailLabel) === "confirmed";
    labels.set(mailLabel, sure ? "confirmed" : "suspected");
  }
  return [...labels].map(([label, state]) => wording.element(label, state));
}

function person(shape: FieldRow["shape"], quotes: readonly ScopeField[]): FieldRow {
  return { shape, mayBeAbsent: shape === "inline", quotes, value: "person" };
}

/** One person's own code or link. It may not be asked for: without it, the message is held. */
function own(shape: FieldRow["shape"]): FieldRow {
  return { shape, mayBeAbsent: false, quotes: [], value: "person" };
}

function fixed(value: (given: Given) => string): FieldRow {
  return {
    shape: "inline",
    mayBeAbsent: false,
    quotes: [],
    value: (given) => ({ known: true, lines: [value(given)], list: "none" }),
  };
}

function scope(
  shape: FieldRow["shape"],
  quotes: readonly ScopeField[],
  value: (given: Given) => Value,
): FieldRow {
  return { shape, mayBeAbsent: true, quotes, value };
}

function said<T>(
  fact: T | typeof NOT_YET_KNOWN,
  sentence: { readonly known: (value: T) => string; readonly unknown: string },
): Value {
  return fact === NOT_YET_KNOWN ? unknown(sentence) : paragraphs(sentence.known(known(fact)));
}

/** A moment known to the hour or minute can be told where the reader lives; a day is a day everywhere. */
function happened(
  fact: Moment | typeof NOT_YET_KNOWN,
  what: "began" | "ended" | "found" | "contained",
  wording: Wording,
): Value {
  const sentence = wording[what];
  if (fact === NOT_YET_KNOWN) return unknown(sentence);
  const value = paragraphs(sentence.known(fact));
  if (fact.precision !== "minute" && fact.precision !== "hour") return value;
  const local = (also: Also) =>
    sentence.known(fact, "words" in also ? also.words : wording.elsewhere(fact, also.zone));
  return { ...value, local };
}

function known<T>(fact: T | typeof NOT_YET_KNOWN): T {
  if (fact === NOT_YET_KNOWN) throw new TypeError("This fact is not yet known.");
  return fact;
}

function unknown(sentence: { readonly unknown: string }): Value {
  return { known: false, lines: [sentence.unknown], list: "none" };
}

function paragraphs(text: string): Value {
  return { known: true, lines: text.split(/\n\s*\n/).map(oneLine), list: "none" };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}

function contactLines({ facts, wording }: Given): Value {
  if (facts.contactLines === NOT_YET_KNOWN) return unknown(wording.contact);
  const lines = facts.contactLines.map((line) => {
    if (line.kind === "phone") return wording.phone(line.value, hoursOf(line, wording), line.zone);
    return line.kind === "email" ? wording.email(line.value) : wording.post(line.value);
  });
  return { known: true, lines, list: "bullets" };
}

/** Hours that are given day by day are said in the reader's language; others as they were written. */
function hoursOf({ hours, open }: Extract<ContactLine, { kind: "phone" }>, wording: Wording) {
  return open === undefined ? hours : wording.hours(open);
}

/** The host of the public pages, which the address of the check page begins with. */
function publicHost({ sender }: Pick<Given, "sender">): string {
  return sender.checkAddress.split("/")[0] ?? sender.checkAddress;
}

function total(people: ScopeFacts["people"]): number | typeof NOT_YET_KNOWN {
  if (people === NOT_YET_KNOWN || people.length === 0) return NOT_YET_KNOWN;
  return people.reduce((sum, { count }) => sum + count, 0);
}

function encryption({ encryption: how, keyState }: ScopeFacts) {
  if (how !== "full" || keyState === "safe") return how;
  return keyState === "taken" ? "full-key-taken" : "full-key-unknown";
}

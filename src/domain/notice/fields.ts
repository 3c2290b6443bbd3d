import { DATA_ELEMENTS } from "../element.ts";
import { NOT_YET_KNOWN } from "../instant.ts";
import type { ScopeFacts, ScopeField } from "../scope.ts";
import type { Sender } from "./notice.ts";
import type { Wording } from "./wording.ts";

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
    said(facts.occurredFrom, wording.began),
  ),
  when_it_ended: scope("inline", ["occurredTo"], ({ facts, wording }) =>
    said(facts.occurredTo, wording.ended),
  ),
  when_we_found_out: scope("inline", ["discoveredAt"], ({ facts, wording }) =>
    said(facts.discoveredAt, wording.found),
  ),
  when_it_was_contained: scope("inline", ["containedAt"], ({ facts, wording }) =>
    said(facts.containedAt, wording.contained),
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
}

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
  for (const [element, { mailLabel }] of Object.entries(DATA_ELEMENTS)) {
    const state = states.get(element) ?? "confirmed";
    if (!exposure.includes(element) || state === "ruled-out") continue;
    const sure = state === "confirmed" || labels.get(mailLabel) === "confirmed";
    labels.set(mailLabel, sure ? "confirmed" : "suspected");
  }
  return [...labels].map(([label, state]) => wording.element(label, state));
}

function person(shape: FieldRow["shape"], quotes: readonly ScopeField[]): FieldRow {
  return { shape, mayBeAbsent: shape === "inline", quotes, value: "person" };
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
    if (line.kind === "phone") return wording.phone(line.value, line.hours, line.zone);
    return line.kind === "email" ? wording.email(line.value) : wording.post(line.value);
  });
  return { known: true, lines, list: "bullets" };
}

function total(people: ScopeFacts["people"]): number | typeof NOT_YET_KNOWN {
  if (people === NOT_YET_KNOWN || people.length === 0) return NOT_YET_KNOWN;
  return people.reduce((sum, { count }) => sum + count, 0);
}

function encryption({ encryption: how, keyState }: ScopeFacts) {
  if (how !== "full" || keyState === "safe") return how;
  return keyState === "taken" ? "full-key-taken" : "full-key-unknown";
}

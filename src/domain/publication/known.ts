import { NOT_YET_KNOWN } from "../instant.ts";
import type { PageLanguage } from "../language.ts";
import { WORDING } from "../notice/wording.ts";
import type { Wording } from "../notice/wording/shape.ts";
import type { PublicFacts } from "../publication.ts";
import { phrase, toldFact } from "./phrase.ts";
import type { Phrase } from "./phrase.ts";

/** The facts in words, those that are known apart from those that are not. */
export interface Known {
  readonly known: readonly Phrase[];
  readonly unknown: readonly string[];
  /** What the organisation does about it. */
  readonly doing: readonly Phrase[];
}

/**
 * Say every fact: what is known, and openly what is not yet known. A fact that was told in words
 * and is not translated is said whole in its own language, not with half a sentence of another.
 */
export function whatIsKnown(facts: PublicFacts, page: PageLanguage): Known {
  const wording = wordingIn(page);
  const plain = <T>(fact: T | typeof NOT_YET_KNOWN, sentence: SentenceOf<T>) =>
    said({ value: fact, language: page }, () => sentence, page);
  const worded = (field: "place" | "how" | "whatWeDo") =>
    said(toldFact(facts, field, page), (language) => wordingIn(language)[field], page);
  const sentences = [
    plain(facts.occurredFrom, wording.began),
    plain(facts.occurredTo, wording.ended),
    plain(facts.discoveredAt, wording.found),
    plain(facts.containedAt, wording.contained),
    worded("place"),
    worded("how"),
    plain(total(facts.people), wording.people),
    plain(encryption(facts), wording.encryption),
  ];
  const doing = worded("whatWeDo");
  return {
    known: sentences.flatMap(({ known }) => known),
    unknown: [...sentences, doing].flatMap(({ unknown }) => unknown),
    doing: doing.known,
  };
}

interface SentenceOf<T> {
  readonly known: (value: T) => string;
  readonly unknown: string;
}

interface Said {
  readonly known: readonly Phrase[];
  readonly unknown: readonly string[];
}

interface Fact<T> {
  readonly value: T | typeof NOT_YET_KNOWN;
  readonly language: PageLanguage;
}

function said<T>(
  { value, language }: Fact<T>,
  sentenceIn: (language: PageLanguage) => SentenceOf<T>,
  page: PageLanguage,
): Said {
  if (isUnknown(value)) return { known: [], unknown: [sentenceIn(page).unknown] };
  const paragraphs = sentenceIn(language)
    .known(value)
    .split(/\n\s*\n/);
  const tidy = paragraphs.map((each) => each.replaceAll(/\s+/g, " ").trim());
  return { known: tidy.map((each) => phrase(each, language, page)), unknown: [] };
}

function isUnknown(fact: unknown): fact is typeof NOT_YET_KNOWN {
  return fact === NOT_YET_KNOWN;
}

function wordingIn(language: PageLanguage): Wording {
  const wording = WORDING.get(language);
  if (!wording) throw new TypeError(`There is no wording for ${language}.`);
  return wording;
}

function total(people: PublicFacts["people"]): number | typeof NOT_YET_KNOWN {
  if (people === NOT_YET_KNOWN || people.length === 0) return NOT_YET_KNOWN;
  return people.reduce((sum, { count }) => sum + count, 0);
}

/** One state of both facts; a key matters only where all was encrypted. */
function encryption({ encryption: how, keyState }: PublicFacts) {
  if (how !== "full" || keyState === "safe") return how;
  return keyState === "taken" ? "full-key-taken" : "full-key-unknown";
}

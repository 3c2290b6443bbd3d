import { NOT_YET_KNOWN } from "../instant.ts";
import { PageLanguage } from "../language.ts";
import type { FieldProblem } from "../refusal.ts";
import { WORDED_FIELDS, translated } from "../scope.ts";
import type { HashedField, Revision, ScopeFacts, ScopeField, WordedField } from "../scope.ts";
import { canonical } from "../timeline.ts";

/**
 * The facts as they can be told in a language. Of the translations only those count whose
 * hashes are `bound`: what a text did not bind when it was written never changes its words.
 * A fact without one stays in the language it was written in.
 */
export function factsIn(
  facts: ScopeFacts,
  language: PageLanguage,
  bound: Readonly<Partial<Record<HashedField, string>>>,
): ScopeFacts {
  const words = facts.translations[language];
  if (language === facts.language || words === undefined) return facts;
  const told = WORDED_FIELDS.filter(
    (field) => words[field] !== undefined && bound[translated(field, language)] !== undefined,
  );
  return { ...facts, ...Object.fromEntries(told.map((field) => [field, words[field]])) };
}

/** Of these facts, the translations into a language that there are, by the names of their hashes. */
export function translationsOf(
  facts: ScopeFacts,
  language: PageLanguage,
  fields: readonly ScopeField[],
): HashedField[] {
  if (language === facts.language) return [];
  return worded(fields)
    .filter((field) => facts.translations[language]?.[field] !== undefined)
    .map((field) => translated(field, language));
}

/**
 * Of these facts, those that cannot be told in a language: known, in words of another language,
 * and without a bound translation; and a line whose hours are said in words only.
 */
export function untold(
  facts: ScopeFacts,
  language: PageLanguage,
  fields: readonly ScopeField[],
  bound: readonly string[],
): ScopeField[] {
  if (language === facts.language) return [];
  const words = worded(fields).filter(
    (field) => facts[field] !== NOT_YET_KNOWN && !bound.includes(translated(field, language)),
  );
  return [...words, ...(fields.includes("contactLines") && hasWordedHours(facts) ? HOURS : [])];
}

/** Without the translations of whatever a revision said anew: they translate what stood there before. */
export function withoutStale(
  before: ScopeFacts,
  changed: Revision["facts"],
): ScopeFacts["translations"] {
  const stale = WORDED_FIELDS.filter(
    (field) =>
      changed[field] !== undefined && canonical(changed[field]) !== canonical(before[field]),
  );
  const { language = before.language } = changed;
  const kept = PageLanguage.options
    .filter((each) => each !== language && before.translations[each] !== undefined)
    .map((each) => {
      const words = Object.entries(before.translations[each] ?? {});
      return [each, Object.fromEntries(words.filter(([field]) => !isOneOf(stale, field)))] as const;
    });
  return Object.fromEntries(kept.filter(([, words]) => Object.keys(words).length > 0));
}

/** What is wrong with translations: into the facts' own language, of what nobody knows, or too few steps. */
export function translationProblems(facts: ScopeFacts): FieldProblem[] {
  return PageLanguage.options.flatMap((language) => {
    const words = facts.translations[language];
    const at = `translations.${language}`;
    if (words === undefined) return [];
    if (language === facts.language) return [{ field: at, ...OWN_LANGUAGE }];
    const unknown = WORDED_FIELDS.filter(
      (field) => words[field] !== undefined && facts[field] === NOT_YET_KNOWN,
    );
    const fewer =
      words.actions !== undefined &&
      facts.actions !== NOT_YET_KNOWN &&
      words.actions.length !== facts.actions.length;
    return [
      ...unknown.map((field) => ({ field: `${at}.${field}`, ...NOTHING_THERE })),
      ...(fewer ? [{ field: `${at}.actions`, ...OTHER_LENGTH }] : []),
    ];
  });
}

function worded(fields: readonly ScopeField[]): WordedField[] {
  return WORDED_FIELDS.filter((field) => fields.includes(field));
}

function isOneOf(fields: readonly string[], field: string): boolean {
  return fields.includes(field);
}

function hasWordedHours({ contactLines }: ScopeFacts): boolean {
  return (
    contactLines !== NOT_YET_KNOWN &&
    contactLines.some((line) => line.kind === "phone" && line.open === undefined)
  );
}

const HOURS: readonly ScopeField[] = ["contactLines"];
const OWN_LANGUAGE = {
  code: "own-language",
  message: "The facts are written in this language already.",
};
const NOTHING_THERE = {
  code: "not-yet-known",
  message: "This fact is not yet known, so there is nothing to translate.",
};
const OTHER_LENGTH = {
  code: "other-length",
  message: "Translate every step, in the same order.",
};

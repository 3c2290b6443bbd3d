import { z } from "zod";

import { countryOf, isPartOf } from "../audience/residence.ts";
import { refuse } from "../refusal.ts";
import type { FieldProblem } from "../refusal.ts";
import { Jurisdiction } from "../scope.ts";

/*
 * Where the laws of two places cannot be met by one text, a notice has variants: other texts for
 * the people of some places. A text's key is its language, or `language@variant`: `en`, `en@us-ma`.
 * Who lives in no place of a variant gets the text without one, so that everybody gets exactly one.
 */

/** Names a variant: `us-ma`. Lower case, joined by hyphens. */
export const VariantCode = z
  .string()
  .max(40)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "Write a code such as us-ma.");

/** Whose texts these are. */
const VariantPlaces = z.strictObject({
  places: z.array(Jurisdiction).min(1).max(300),
  /** Also the text of people who may live in one of these places, and of whom nobody knows it. */
  unknown: z.literal(true).exactOptional(),
});

/** Variant → the places whose people get its texts. */
export const Variants = z.record(VariantCode, VariantPlaces);
export type Variants = z.output<typeof Variants>;

/** The language and the variant of a text; no variant for the text of everybody else. */
export function partsOf(key: string): {
  readonly language: string;
  readonly variant: string | null;
} {
  const at = key.indexOf("@");
  if (at < 0) return { language: key, variant: null };
  return { language: key.slice(0, at), variant: key.slice(at + 1) };
}

/** The key of a text. */
export function keyOf(language: string, variant: string | null): string {
  return variant === null ? language : `${language}@${variant}`;
}

/** The languages in which there is a text of a variant, in the order of their tags. */
export function tagsOf(
  languages: Readonly<Record<string, string>>,
  variant: string | null,
): string[] {
  const own = Object.keys(languages)
    .map(partsOf)
    .filter((parts) => parts.variant === variant);
  return own.map(({ language }) => language).toSorted();
}

/** Which variant people get by where they live. */
export interface Split {
  /** A look-up: it is asked once for each message. Null is the text of everybody else. */
  of(place: string | null | undefined): string | null;
  /** Whether people of this place get their text because nobody knows where exactly they live. */
  isGuess(place: string | null | undefined): boolean;
}

/**
 * Divide people by the variants of a notice. A variant for a country is for all of its regions that
 * have none of their own. People who may live in a place with a variant, and of whom only the
 * country or nothing is known, get the variant that is marked for them: the one that leaves most
 * unsaid, because what was left out can be told later and what was forbidden cannot be unsaid.
 */
export function splitBy(variants: Variants): Split {
  const own = new Map<string, string>();
  for (const [code, { places }] of Object.entries(variants))
    for (const place of places) own.set(place, code);
  const named = [...own.keys()];
  const unknown = Object.keys(variants).find((code) => variants[code]?.unknown) ?? null;
  const chosen = new Map<string, string | null>();

  function isGuess(place: string | null | undefined): boolean {
    if (place === null || place === undefined) return named.length > 0;
    return named.some((each) => isPartOf(each, place));
  }
  function choose(place: string): string | null {
    if (isGuess(place) && unknown !== null) return unknown;
    return own.get(place) ?? own.get(countryOf(place)) ?? null;
  }
  return {
    isGuess,
    of(place) {
      if (place === null || place === undefined) return unknown;
      const known = chosen.get(place);
      if (known !== undefined) return known;
      const found = choose(place);
      chosen.set(place, found);
      return found;
    },
  };
}

/**
 * Refuses texts and variants that leave somebody without a text or with two: a text of a variant
 * that is not described, a variant without texts, a place in two, no text for everybody else.
 */
export function requireWhole(
  languages: Readonly<Record<string, string>>,
  variants: Variants,
): void {
  const parts = Object.keys(languages).map((key) => ({ key, ...partsOf(key) }));
  const written = new Set(parts.map(({ variant }) => variant));
  const codes = Object.keys(variants);
  const places = codes.flatMap((code) => variants[code]?.places ?? []);
  const twice = places.filter((place, at) => places.indexOf(place) !== at);
  const problems: FieldProblem[] = [
    ...parts
      .filter(({ variant }) => variant !== null && !codes.includes(variant))
      .map(({ key }) => ({
        field: `languages.${key}`,
        code: "variant-unknown",
        message: "Say in variants which places this text is for.",
      })),
    ...codes
      .filter((code) => !written.has(code))
      .map((code) => ({
        field: `variants.${code}`,
        code: "text-missing",
        message: `Give its text, such as en@${code}.`,
      })),
    ...[...new Set(twice)].map((place) => ({
      field: "variants",
      code: "place-twice",
      message: `${place} stands in two variants. Everybody gets one text.`,
    })),
  ];
  if (!written.has(null))
    problems.push({
      field: "languages",
      code: "required",
      message: "Give a text without a variant: it is for everybody else.",
    });
  if (codes.filter((code) => variants[code]?.unknown).length > 1)
    problems.push({
      field: "variants",
      code: "unknown-twice",
      message: "Only one variant can be for people whose place is not known.",
    });
  if (problems.length > 0)
    refuse("invalid-input", "The texts do not divide the people among them.", problems);
}

/** The public code of the text that somebody got: in their language, or the one nearest to it. */
export function codeFor(
  codes: Readonly<Record<string, string>>,
  variant: string | null,
  language: string,
): string | null {
  const own = Object.keys(codes).filter((key) => partsOf(key).variant === variant);
  const key = [keyOf(language, variant), keyOf("en", variant)].find((each) => own.includes(each));
  return codes[key ?? own[0] ?? ""] ?? null;
}

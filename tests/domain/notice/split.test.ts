import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { contentHash } from "../../../src/domain/notice/notice.ts";
import { codeFor, requireWhole, splitBy } from "../../../src/domain/notice/split.ts";
import type { Variants } from "../../../src/domain/notice/split.ts";
import { compileTexts } from "../../../src/domain/notice/texts.ts";
import { Refusal } from "../../../src/domain/refusal.ts";
import { canonicalHash } from "../../../src/domain/timeline.ts";
import { KNOWN, SENDER, TEMPLATES } from "../../support/compiled.ts";
import { aSource } from "../../support/notice.ts";

const VARIANTS: Variants = {
  "us-ma": { places: ["US-MA"], unknown: true },
  quebec: { places: ["CA-QC"] },
  eu: { places: ["DE", "FR"] },
};

describe("a split", () => {
  test.for([
    ["US-MA", "us-ma", false],
    ["US-CA", null, false],
    ["CA-QC", "quebec", false],
    ["CA-ON", null, false],
    ["DE", "eu", false],
    // A variant for a country is for its regions.
    ["DE-BY", "eu", false],
    ["JP", null, false],
    // Of these nobody knows whether they live in a place with a variant.
    ["US", "us-ma", true],
    ["CA", "us-ma", true],
    [null, "us-ma", true],
    [undefined, "us-ma", true],
  ] as const)("gives people of %s the variant %s", ([place, variant, guess]) => {
    const split = splitBy(VARIANTS);
    expect([split.of(place), split.of(place), split.isGuess(place)]).toEqual([
      variant,
      variant,
      guess,
    ]);
  });

  test("without a variant for people of unknown place gives them the text of everybody else", () => {
    const split = splitBy({ eu: { places: ["DE"] }, "us-ma": { places: ["US-MA"] } });
    expect([split.of(null), split.of("US"), split.of("DE")]).toEqual([null, null, "eu"]);
    expect(splitBy({}).isGuess(null)).toBe(false);
  });

  test("of a country and of one of its parts takes who may live in that part as unknown", () => {
    const both: Variants = {
      us: { places: ["US"] },
      "us-ma": { places: ["US-MA"], unknown: true },
    };
    const split = splitBy(both);
    expect([split.of("US"), split.of("US-CA"), split.of("US-MA")]).toEqual([
      "us-ma",
      "us",
      "us-ma",
    ]);
  });

  test("gives everybody one text of the version, whatever their place", () => {
    const all = texts();
    const places = fc.option(fc.constantFrom("US", "US-MA", "US-CA", "DE", "DE-BY", "JP", "CA-QC"));
    fc.assert(
      fc.property(places, (place) => {
        const { variant } = all.forPlace(place);
        expect([null, ...Object.keys(VARIANTS)]).toContain(variant);
        expect(variant).toBe(splitBy(VARIANTS).of(place));
      }),
    );
  });
});

const BODIES = {
  en: "Everybody else.",
  ru: "Все остальные.",
  "en@us-ma": "Massachusetts.",
  "en@quebec": "Quebec.",
  "en@eu": "Europe.",
};

function texts() {
  const languages = Object.fromEntries(
    Object.entries(BODIES).map(([key, body]) => [key, aSource({ body })]),
  );
  const codes = Object.fromEntries(Object.keys(BODIES).map((key, i) => [key, `7K2M-9QX${i}`]));
  const version = { languages, codes, variants: VARIANTS, sender: SENDER, facts: {} };
  return compileTexts(version, KNOWN, TEMPLATES.mail);
}

test("the texts of a version never mix: a variant's reader of another language stays in it", () => {
  const all = texts();
  expect(all.variants.map(({ variant }) => variant)).toEqual([null, "eu", "quebec", "us-ma"]);
  expect([...all.forPlace("US-MA").languages.keys()]).toEqual(["en"]);
  expect([...all.forPlace("US-CA").languages.keys()]).toEqual(["en", "ru"]);
  expect(all.forPlace("US-MA").languages.get("en")?.given.code).toBe("7K2M-9QX2");
});

test("the code that a person is shown is of their variant, in the nearest language", () => {
  const codes = { en: "1", ru: "2", "en@us-ma": "3", "zh@eu": "4" };
  expect(codeFor(codes, null, "ru")).toBe("2");
  expect(codeFor(codes, null, "zh")).toBe("1");
  expect(codeFor(codes, "us-ma", "ru")).toBe("3");
  expect(codeFor(codes, "eu", "ru")).toBe("4");
  expect(codeFor({}, null, "en")).toBe(null);
});

describe("texts and variants", () => {
  const codesOf = (keys: string[], variants: Variants) => {
    try {
      requireWhole(Object.fromEntries(keys.map((key) => [key, ""])), variants);
      return "whole";
    } catch (error) {
      if (error instanceof Refusal) return error.fields.map(({ code }) => code);
      throw error;
    }
  };
  const ma: Variants = { "us-ma": { places: ["US-MA"] } };

  test.for([
    [["en"], {}, "whole"],
    [["en", "ru", "en@us-ma"], ma, "whole"],
    [["en", "en@us-ma"], {}, ["variant-unknown"]],
    [["en"], ma, ["text-missing"]],
    [["en@us-ma"], ma, ["required"]],
    [["en", "en@a", "en@b"], { a: { places: ["DE"] }, b: { places: ["DE"] } }, ["place-twice"]],
    [
      ["en", "en@a", "en@b"],
      { a: { places: ["DE"], unknown: true }, b: { places: ["FR"], unknown: true } },
      ["unknown-twice"],
    ],
  ] as [string[], Variants, string | string[]][])("%s with %o are %s", ([keys, variants, said]) => {
    expect(codesOf(keys, variants)).toEqual(said);
  });
});

test("the hash of what readers see holds who gets which text, and is as it was without variants", () => {
  const content = { languages: { en: "a" }, sender: SENDER, codes: { en: "7K2M-9QXT" } };
  const hash = (variants: Variants) => contentHash({ ...content, variants }).toString("hex");
  expect(hash({})).toBe(canonicalHash(content));
  expect(new Set([hash({}), hash(VARIANTS), hash({ eu: { places: ["DE"] } })]).size).toBe(3);
  const { unknown: _, ...rest } = VARIANTS["us-ma"] ?? { places: [] };
  expect(hash({ ...VARIANTS, "us-ma": rest })).not.toBe(hash(VARIANTS));
});

import { readFileSync, readdirSync } from "node:fs";

import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

import { PageLanguage } from "../../../src/domain/language.ts";
import { FOLDER } from "../../support/compiled.ts";

/** Names that every language writes alike. */
const ALIKE = new Set(["Atom", "JSON", "JSON Feed", "SMS", "RSS"]);
const SCRIPT = { zh: /\p{Script=Han}/u, ru: /\p{Script=Cyrillic}/u } as const;
const FILES = readdirSync(`${FOLDER}/words`);

/** The words of a sentence, without markup and the values filled into it. */
function bare(sentence: string): string {
  return sentence.replaceAll(/<[^>]*>|\{\{.*?\}\}|&[a-z]+;/g, " ").trim();
}

function marksOf(sentence: string, pattern: RegExp): string[] {
  return (sentence.match(pattern) ?? []).toSorted();
}

describe.each(FILES)("words of %s", (name) => {
  const keys = Object.entries(
    z
      .record(z.string(), z.record(z.string(), z.string()))
      .parse(parse(readFileSync(`${FOLDER}/words/${name}`, "utf8"))),
  );

  test.each(keys)("%s is there in every language", (_key, all) => {
    expect(Object.keys(all).toSorted()).toEqual(PageLanguage.options.toSorted());
    const english = all["en"] ?? "";
    for (const language of ["zh", "ru"] as const) {
      const sentence = all[language] ?? "";
      // What fills it in and what surrounds it are the same; only the order may differ.
      expect(marksOf(sentence, /\{\{.*?\}\}/g)).toEqual(marksOf(english, /\{\{.*?\}\}/g));
      expect(marksOf(sentence, /<[^>]*>/g)).toEqual(marksOf(english, /<[^>]*>/g));
      if (!/\p{Letter}/u.test(bare(english)) || ALIKE.has(bare(sentence))) continue;
      expect(sentence).toMatch(SCRIPT[language]);
      expect(sentence).not.toBe(english);
    }
  });
});

test("there are words to look at", () => {
  expect(FILES).toContain("layout.yaml");
  expect(FILES.every((name) => name.endsWith(".yaml"))).toBe(true);
});

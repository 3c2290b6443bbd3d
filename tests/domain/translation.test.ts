import { randomUUID } from "node:crypto";

import { describe, expect, test } from "vitest";
import { z } from "zod";

import { NOT_YET_KNOWN } from "../../src/domain/instant.ts";
import { FieldHashes, Revision, Scope, fieldHashes, firstFacts } from "../../src/domain/scope.ts";
import type { ScopeFacts } from "../../src/domain/scope.ts";
import { difference } from "../../src/domain/scope/difference.ts";
import { revisedFacts } from "../../src/domain/scope/revise.ts";

const NOW = new Date("2026-03-03T10:00:00Z");
const first: ScopeFacts = {
  ...firstFacts({
    whatHappened: "A laptop was stolen.",
    dataElements: [{ element: "name", state: "suspected" }],
  }),
  how: "From a car.",
  actions: ["Freeze your credit.", "Watch your accounts."],
  translations: {
    zh: { whatHappened: "一台笔记本电脑被盗。", how: "从车里。" },
    ru: { whatHappened: "Украли ноутбук." },
  },
};
const aScope = (facts: ScopeFacts): Scope => ({
  incidentId: randomUUID(),
  version: 1,
  facts,
  fieldHashes: fieldHashes(facts),
  reason: null,
  createdBy: randomUUID(),
  createdAt: NOW,
});
const revise = (facts: Revision["facts"], from = first) =>
  revisedFacts(aScope(from), { baseVersion: 1, facts, reason: "News." }, NOW);
const refusing = (field: string, code: string) =>
  expect.objectContaining({
    code: "invalid-input",
    fields: expect.arrayContaining([expect.objectContaining({ field, code })]),
  });

describe("translations of facts", () => {
  test("stay when something else changes", () => {
    expect(revise({ encryption: "full" }).translations).toEqual(first.translations);
    expect(revise({ whatHappened: first.whatHappened, place: "Berlin" }).translations).toEqual(
      first.translations,
    );
  });

  test("go with the text they translate, which now says something else", () => {
    expect(revise({ whatHappened: "Two laptops were stolen." }).translations).toEqual({
      zh: { how: "从车里。" },
    });
    expect(revise({ how: NOT_YET_KNOWN }).translations.zh).toEqual({
      whatHappened: "一台笔记本电脑被盗。",
    });
  });

  test("stay where the revision brings them again", () => {
    const translations = { ru: { whatHappened: "Украли два ноутбука." } };
    expect(revise({ whatHappened: "Two laptops.", translations }).translations).toEqual(
      translations,
    );
  });

  test.each([
    [{ translations: { en: { how: "x" } } }, "facts.translations.en", "own-language"],
    [{ translations: { ru: { place: "x" } } }, "facts.translations.ru.place", "not-yet-known"],
    [{ translations: { zh: { actions: ["x"] } } }, "facts.translations.zh.actions", "other-length"],
  ] as const)("%j is refused", (given, field, code) => {
    const facts = Revision.shape.facts.parse(given);
    expect(() => revise(facts)).toThrow(refusing(field, code));
  });

  test.each([
    { translations: { de: { how: "x" } } },
    { translations: { ru: { encryption: "x" } } },
    { translations: { ru: { how: "a\u202eb" } } },
    { translations: { ru: { how: "" } } },
    { language: "de" },
  ])("%j cannot be written", (facts) => {
    expect(Revision.shape.facts.safeParse(facts).success).toBe(false);
  });

  test("into the language that the facts are said to be in are dropped", () => {
    const revised = revise({ language: "ru" });
    expect([revised.language, revised.translations]).toEqual(["ru", { zh: first.translations.zh }]);
  });

  test("have hashes of their own, so that one does not touch another", () => {
    const before = fieldHashes(first);
    const ru = { ...first.translations.ru, how: "Из машины." };
    const after = fieldHashes({ ...first, translations: { ...first.translations, ru } });
    const changed = Object.entries(after).filter(
      ([field, hash]) => Reflect.get(before, field) !== hash,
    );
    expect(changed.map(([field]) => field)).toEqual(["translations", "how.ru"]);
    expect(difference(first, { ...first, translations: {} }).map(({ field }) => field)).toEqual([
      "translations",
    ]);
  });
});

describe("a scope from before there were translations", () => {
  const {
    language: _,
    translations: __,
    ...old
  } = z.encode(
    Scope.shape.facts,
    firstFacts({ whatHappened: "A laptop was stolen.", dataElements: first.dataElements }),
  );
  const all = fieldHashes(Scope.shape.facts.parse(old));
  const { language: ___, translations: ____, ...hashes } = all;

  test("is still read, in English and without translations", () => {
    expect(Scope.shape.facts.parse(old)).toMatchObject({ language: "en", translations: {} });
    expect(FieldHashes.parse(hashes)).toEqual(hashes);
    expect(FieldHashes.safeParse({ ...hashes, how: undefined }).success).toBe(false);
    expect(FieldHashes.safeParse({ ...hashes, how: "not a hash" }).success).toBe(false);
  });

  test("keeps the hash of every fact", () => {
    // SHA-256 of the canonical JSON of the text, quotes included.
    expect(hashes.whatHappened).toBe(
      "00abd707df9c0db56a2af2bf53b384559102d9c43bbee26e9f00f95ac3623355",
    );
    expect(Object.keys(hashes)).toHaveLength(16);
  });

  test("is revised like any other, and a revision that changes nothing is refused", () => {
    const scope = { ...aScope(Scope.shape.facts.parse(old)), fieldHashes: hashes };
    const act = (facts: Revision["facts"]) =>
      revisedFacts(scope, { baseVersion: 1, facts, reason: "News." }, NOW);
    expect(act({ place: "Berlin" }).translations).toEqual({});
    expect(() => act({ encryption: NOT_YET_KNOWN })).toThrow(refusing("facts", "unchanged"));
  });
});

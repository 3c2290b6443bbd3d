import { describe, expect, test } from "vitest";

import { placeLines } from "../../../src/cli/variants.ts";
import type { Asked } from "../../../src/domain/notice/lint/conflict.ts";
import { proposeVariants } from "../../../src/domain/notice/proposal.ts";

const SOURCE = `---
title: "T"
---
Hello.

## What happened

{{what_happened}}

## How many

There were {{how_many_people}} of you.

## What you can do

{{actions}}
`;

type Side = "contents" | "prohibited";

function asked(place: string, given: Partial<Pick<Asked, Side>>): Asked {
  return { to: "individuals", place, contents: [], prohibited: [], duty: {}, ...given };
}

const CA = asked("US-CA", { contents: ["what-happened"] });
const MA = asked("US-MA", { prohibited: ["nature-of-breach", "number-of-persons"] });
const RI = asked("US-RI", { contents: ["number-of-persons"] });
const IL = asked("US-IL", { prohibited: ["number-of-persons"] });
const plain = { languages: { en: SOURCE, ru: SOURCE }, variants: {} };

describe("the variants that a notice lacks", () => {
  test("are none where one text can be right for all", () => {
    expect(proposeVariants(plain, [CA, RI])).toEqual({ ...plain, added: [], reasons: [] });
    expect(proposeVariants(plain, [])).toEqual({ ...plain, added: [], reasons: [] });
  });

  test("leave out what their places forbid, in every language, and mark the one that says least", () => {
    const { languages, variants, added } = proposeVariants(plain, [CA, MA, RI, IL]);
    expect(added.toSorted()).toEqual(["us-il", "us-ma"]);
    expect(variants).toEqual({
      "us-il": { places: ["US-IL"] },
      "us-ma": { places: ["US-MA"], unknown: true },
    });
    expect(Object.keys(languages).toSorted()).toEqual(
      ["en", "en@us-il", "en@us-ma", "ru", "ru@us-il", "ru@us-ma"].toSorted(),
    );
    expect(languages["en"]).toBe(SOURCE);
    expect(languages["ru@us-ma"]).not.toMatch(/What happened|what_happened|how_many_people/);
    expect(languages["ru@us-ma"]).toMatch(/^---\ntitle: "T"\n---\nHello\.\n\n## How many/);
    expect(languages["en@us-il"]).toContain("{{what_happened}}");
    expect(languages["en@us-il"]).not.toContain("{{how_many_people}}");
  });

  test("are added to those that a person wrote, which stay as they are", () => {
    const written = {
      languages: { ...plain.languages, "en@us-ma": "Mine." },
      variants: { "us-ma": { places: ["US-MA"] } },
    };
    const { languages, variants, added } = proposeVariants(written, [CA, MA, RI, IL]);
    expect(added).toEqual(["us-il"]);
    expect(languages["en@us-ma"]).toBe("Mine.");
    // Massachusetts forbids more: whether people of unknown place get its text, its writer says.
    expect(variants).toEqual({ "us-ma": { places: ["US-MA"] }, "us-il": { places: ["US-IL"] } });
    const again = proposeVariants({ languages, variants }, [CA, MA, RI, IL]);
    expect(again.added).toEqual([]);
  });
});

test("an approver at a terminal reads who gets which text, and what the laws take", () => {
  const text = { language: "en", code: "7K2M-9QXT", people: 2 };
  const some = { places: [{ place: "DE", people: 2 }], texts: [text], people: 2, placeUnknown: 0 };
  const one = { variants: [{ variant: null, ...some }], limits: [], residents: [] };
  expect(placeLines(one)).toEqual([]);
  const limit = { places: ["US-CA"], email: "agreed", sms: false, because: ["Law"], people: 4 };
  const lines = placeLines({
    variants: [...one.variants, { variant: "us-ma", ...some, placeUnknown: 1 }],
    limits: [{ ...limit, barred: 3 }],
    residents: [{ message: "The scope says 1 person of DE; the audience has 2." }],
  }).join("\n");
  expect(lines).toContain("everybody else: 2 people (2 DE)");
  expect(lines).toContain("1 of them because nobody knows where exactly they live");
  expect(lines).toContain("US-CA: e-mail only to people who agreed to it, no SMS; 3 people go");
  expect(lines).toContain("! The scope says 1 person of DE");
});

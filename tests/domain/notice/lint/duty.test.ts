import { expect, test } from "vitest";

import type { LawDuty } from "../../../../src/domain/notice/lint/duty.ts";
import { HEADINGS, lawsOf, placesOf } from "../../../../src/domain/notice/lint/duty.ts";
import { linted } from "../../../support/compiled.ts";
import { aSource } from "../../../support/notice.ts";

function duty(place: string, citation: string, headings: readonly string[] = []): LawDuty {
  const rule = { citation };
  const base = { to: "individuals", place, contents: [], prohibited: [], rule } as const;
  return { ...base, duty: { headings: [...headings] } };
}

test.each([
  [["B"], "B"],
  [["B", "A", "B"], "A; B"],
  [["C", "A", "B"], "A; B; C"],
  [["D", "A", "C", "B"], "A; B; C; and 1 more"],
  [["E", "D", "C", "B", "A", "E"], "A; B; C; and 2 more"],
])("of the laws %j three are named, in order, each once", (laws, named) => {
  expect(lawsOf(laws.map((law) => duty("DE", law)))).toBe(named);
});

test("places are named in order, each once", () => {
  expect(placesOf([duty("US-MA", "A"), duty("DE", "B"), duty("US-MA", "C")])).toBe("DE, US-MA");
});

test("a heading that is missing names the law that wants it by its own word", () => {
  const obligations = HEADINGS.map((heading) => duty("US-CA", `Law of ${heading}`, [heading]));
  const found = linted(aSource({ body: "x" }), { obligations }).filter(
    ({ code }) => code === "heading-missing",
  );
  expect(found.map(({ fix, law }) => [fix, law])).toEqual([
    ["## What happened", "Law of what-happened"],
    ["## What information was involved", "Law of what-information-was-involved"],
    ["## What we are doing", "Law of what-we-are-doing"],
    ["## What you can do", "Law of what-you-can-do"],
    ["## For more information", "Law of for-more-information"],
  ]);
});

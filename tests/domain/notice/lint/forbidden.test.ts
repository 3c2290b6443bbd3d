import { describe, expect, test } from "vitest";

import type { Content } from "../../../../src/domain/law/content.ts";
import type { LawDuty } from "../../../../src/domain/notice/lint/duty.ts";
import { KNOWN, TRANSLATED, linted } from "../../../support/compiled.ts";
import { lawFound } from "../../../support/lint.ts";
import { aSource } from "../../../support/notice.ts";

type Language = "en" | "zh" | "ru";

function forbidding(...prohibited: Content[]): LawDuty {
  return {
    to: "individuals",
    place: "US-MA",
    contents: [],
    prohibited,
    rule: { citation: "Mass. Gen. Laws ch. 93H" },
    duty: {},
  };
}

function forbidden(
  body: string,
  obligations = [forbidding("nature-of-breach", "number-of-persons")],
  { language = "en", facts = TRANSLATED, kind = "initial" as const }: Options = {},
) {
  return lawFound(aSource({ body }), obligations, { language, facts, kind }).map(
    ({ line, sentence }) => [line, sentence],
  );
}

interface Options {
  readonly language?: Language;
  readonly facts?: typeof KNOWN;
  readonly kind?: "initial" | "update" | "invitation";
}

describe("where the nature of the breach may not be told", () => {
  test("fields that tell it are found, each on its line, in conditions too", () => {
    const body =
      "Hello.\n\n{{what_happened}}\n\n{{how}}\n\nIn {{where_it_happened}}.\n\n{{#if where_it_happened}}{{where_it_happened}}{{else}}x{{/if}}";
    expect(forbidden(body)).toEqual([
      [9, "{{what_happened}}"],
      [11, "{{how}}"],
      [13, "{{where_it_happened}}"],
      [15, "{{where_it_happened}}"],
    ]);
  });

  test("of a condition both sides are read, and not what it asks", () => {
    const body = "{{#if name}}{{how}}{{else}}{{where_it_happened}}{{/if}}\n\n{{#if how}}x{{/if}}";
    expect(forbidden(body)).toEqual([
      [7, "{{how}}"],
      [7, "{{where_it_happened}}"],
    ]);
  });

  test("a field in a subject is found there", () => {
    const source = aSource({ front: { subject: "In {{where_it_happened}}" }, body: "x" });
    const found = lawFound(source, [forbidding("nature-of-breach")]);
    expect(found.find(({ code }) => code === "forbidden-content")).toMatchObject({ line: 3 });
  });

  test("words of the scope in other fields are found too", () => {
    const facts = { ...KNOWN, whatWeDo: "We help. The hackers are gone." };
    expect(forbidden("x\n\n{{what_we_do}}", undefined, { facts })).toEqual([
      [9, "The hackers are gone."],
    ]);
  });

  test.each([
    ["en", "## What happened"],
    ["zh", "## 发生了什么"],
    ["ru", "## Что произошло"],
  ] as const)("its heading is forbidden, and not asked for, in %s", (language, heading) => {
    expect(forbidden(heading, undefined, { language })).toEqual([[7, heading.slice(3)]]);
    const codes = (obligations: LawDuty[]) =>
      linted(aSource({ body: "x" }), { obligations, language, facts: TRANSLATED }).filter(
        ({ code }) => code === "heading-missing",
      );
    expect(codes([forbidding("nature-of-breach")])).toHaveLength(4);
    expect(codes([forbidding("what-happened")])).toHaveLength(4);
    expect(codes([forbidding("number-of-persons")])).toHaveLength(5);
    expect(codes([])).toHaveLength(5);
  });

  test("a heading is forbidden for how it begins, or for what it says", () => {
    expect(forbidden("## What happened to your data")).toEqual([[7, "What happened to your data"]]);
    expect(forbidden("## How we were hacked")).toEqual([[7, "How we were hacked"]]);
    expect(forbidden("## What you can do after what happened")).toEqual([]);
    expect(forbidden("What happened next is told below.")).toEqual([]);
    expect(forbidden("## What happened", [forbidding("number-of-persons")])).toEqual([]);
  });

  test("no heading is asked for that one of the laws forbids", () => {
    const codes = linted(aSource({ body: "x" }), {
      obligations: [forbidding("number-of-persons", "nature-of-breach")],
      facts: TRANSLATED,
    }).filter(({ code }) => code === "heading-missing");
    expect(codes).toHaveLength(4);
  });

  test("a problem says who forbids what, and what to do", () => {
    const [problem] = lawFound(aSource({ body: "{{how}}" }), [forbidding("nature-of-breach")]);
    expect(problem).toEqual({
      line: 7,
      code: "forbidden-content",
      severity: "must-fix",
      message: "US-MA forbids to say this: what happened and what kind of breach.",
      sentence: "{{how}}",
      fix: "Leave it out, or give the people of US-MA a text of their own.",
      law: "Mass. Gen. Laws ch. 93H",
    });
  });

  test("only the places that forbid it are named, each once, and their laws", () => {
    const other = { ...forbidding("nature-of-breach"), place: "DE", rule: { citation: "A" } };
    const silent = { ...forbidding("number-of-persons"), place: "FR", rule: { citation: "B" } };
    const [problem, ...others] = lawFound(aSource({ body: "{{how}}" }), [
      forbidding("nature-of-breach"),
      other,
      other,
      silent,
    ]);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      message: "DE, US-MA forbids to say this: what happened and what kind of breach.",
      law: "A; Mass. Gen. Laws ch. 93H",
    });
  });

  test("where its place alone may not be told, only the field tells it", () => {
    const place = [forbidding("location")];
    expect(forbidden("It was stolen.\n\n{{how}}\n\nIn {{where_it_happened}}.", place)).toEqual([
      [11, "{{where_it_happened}}"],
    ]);
  });

  test("it is forbidden in every kind of notice", () => {
    for (const kind of ["update", "invitation"] as const)
      expect(forbidden("{{how}}", undefined, { kind })).toEqual([[7, "{{how}}"]]);
  });
});

describe("where the number of people may not be told", () => {
  const NUMBER = [forbidding("number-of-persons-in-jurisdiction")];

  test("its field is found, and what happened may be told", () => {
    expect(forbidden("{{how_many_people}}\n\n{{what_happened}}", NUMBER)).toEqual([
      [7, "{{how_many_people}}"],
    ]);
  });
});

test("what no pattern can tell is confirmed by a person", () => {
  const [problem, ...others] = lawFound(aSource(), [forbidding("ransom-demand")]);
  expect(others).toEqual([]);
  expect(problem).toEqual({
    line: 7,
    code: "forbidden-unconfirmed",
    severity: "advice",
    message:
      "Nothing but a person can tell whether the notice says what US-MA forbids. Confirm that it does not: ransom or extortion demand.",
    law: "Mass. Gen. Laws ch. 93H",
  });
});

test("what is forbidden to tell an authority may be told to people", () => {
  const regulator = { ...forbidding("nature-of-breach"), to: "regulator" } as const;
  expect(linted(aSource(), { obligations: [regulator] })).toEqual([]);
});

// A pattern that tries each run anew from each of its places would be at this for minutes.
test.each([
  ["en", `${"1".repeat(4_000)}${" ".repeat(4_000)}of`],
  ["zh", `${"万".repeat(4_000)}元`],
  ["ru", `${"1".repeat(4_000)}${" ".repeat(4_000)}лет`],
  ["ru", `${"1 000 ".repeat(700)}рублей`],
] as const)("a text of numbers without end is read at once: %s", (language, body) => {
  expect(forbidden(body, [forbidding("number-of-persons")], { language })).toEqual([]);
});

test("a number of people is seen however it is spaced", () => {
  const told = (language: Language, body: string) =>
    forbidden(body, [forbidding("number-of-persons")], { language }).length;
  expect(told("en", "It was about 1,200   people.")).toBe(1);
  expect(told("en", "It was about 1,200\nother customers.")).toBe(1);
  expect(told("zh", "约有一千二百   余名客户。")).toBe(1);
  expect(told("ru", "Это около 1 200   тысяч  человек.")).toBe(1);
});

import { describe, expect, test } from "vitest";

import { lint, smsSegments } from "../../../src/domain/notice/lint.ts";
import type { LawDuty } from "../../../src/domain/notice/lint/duty.ts";
import type { NoticeKind } from "../../../src/domain/notice/notice.ts";
import type { ScopeFacts } from "../../../src/domain/scope.ts";
import { KNOWN, TRANSLATED } from "../../support/compiled.ts";
import { aSource } from "../../support/notice.ts";

interface Given {
  readonly kind?: NoticeKind;
  readonly language?: string;
  readonly facts?: ScopeFacts;
  readonly sms?: string;
  readonly subject?: string;
  readonly obligations?: readonly LawDuty[];
}

function found(source: string, given: Given = {}) {
  const own = { kind: "initial", language: "en", facts: KNOWN, sms: "x", subject: "x" } as const;
  return lint({ ...own, source, bound: {}, ...given });
}

function duty(over: LawDuty["duty"], to: LawDuty["to"] = "individuals"): LawDuty {
  const rule = { citation: "A law" };
  return { to, place: "DE", contents: [], prohibited: [], rule, duty: over };
}

const HEADS = [
  "What happened",
  "What information was involved",
  "What we are doing",
  "What you can do",
  "For more information",
];
const WHOLE = HEADS.map((heading) => `## ${heading}`);

describe("headings", () => {
  const missing = (rows: readonly string[], given: Given = {}, front = {}) =>
    found(aSource({ front, body: rows.join("\n\n") }), given).map(({ fix }) => fix);

  test("are five, and each that is missing is named, with what to add", () => {
    expect(missing(WHOLE)).toEqual([]);
    expect(found(aSource({ body: WHOLE.slice(1).join("\n") }))).toEqual([
      {
        language: "en",
        line: 7,
        code: "heading-missing",
        severity: "must-fix",
        message: 'Add the heading "## What happened". Readers and several laws expect it.',
        fix: "## What happened",
      },
    ]);
  });

  test("count in any case, with marks of a question, but not as words or as the title", () => {
    const others = WHOLE.slice(1);
    expect(missing(["# WHAT HAPPENED ？? ", ...others])).toEqual([]);
    expect(missing(["## What? happened", ...others])).toEqual(["## What happened"]);
    expect(missing(["What happened", ...others])).toEqual(["## What happened"]);
    expect(missing(others, {}, { title: "What happened" })).toEqual(["## What happened"]);
    expect(missing(others, { kind: "update" })).toEqual(["## What happened"]);
    expect(missing([], { kind: "invitation" })).toEqual([undefined, undefined]);
  });

  test("are missed in the name of the laws that name them", () => {
    const obligations = [duty({ headings: ["what-happened"] }), duty({})];
    const problems = found(aSource({ body: "x" }), { obligations });
    expect(problems.map(({ law }) => law)).toEqual(["A law", ...Array(4).fill(undefined)]);
    expect(problems.slice(1).filter((problem) => "law" in problem)).toEqual([]);
  });

  test("that a law forbids is not asked for; the others are", () => {
    const silent = { ...duty({}), prohibited: ["what-happened"] } as const;
    expect(missing([], { obligations: [silent] })).toEqual(WHOLE.slice(1));
    expect(missing([], { obligations: [{ ...silent, to: "regulator" }] })).toEqual(WHOLE);
  });
});

describe("the way to the survey", () => {
  const BODY = WHOLE.join("\n\n");

  test("is for an invitation only", () => {
    expect(found(aSource({ body: `${BODY}\n\n{{survey_code}} {{check_address}}` }))).toEqual([
      {
        language: "en",
        line: 7,
        code: "survey-field",
        severity: "must-fix",
        message: "Remove {{survey_code}}: only an invitation leads to the survey.",
      },
    ]);
  });

  test.each([
    ["{{survey_link}}\n\n{{survey_code}}", []],
    ["{{survey_link}} {{personal_code}}", ["survey_code"]],
    ["{{survey_code}}", ["survey_link"]],
    ["x", ["survey_link", "survey_code"]],
  ])("in an invitation is shown twice: %j", (text, fields) => {
    expect(found(aSource({ body: text }), { kind: "invitation" })).toEqual(
      fields.map((field) => ({
        language: "en",
        line: 7,
        code: "survey-way",
        severity: "advice",
        message: `Use {{${field}}}: an invitation shows one address, and the same as a typed code.`,
      })),
    );
  });
});

test("facts that cannot be told in a language are named, each with what to do", () => {
  const body = "{{how}}\n\n{{contact_lines}}\n\n{{survey_link}} {{survey_code}}";
  const given = { kind: "invitation", language: "zh", facts: KNOWN } as const;
  const problem = { language: "zh", line: 7, severity: "must-fix" };
  expect(found(aSource({ body }), given)).toEqual([
    {
      ...problem,
      code: "fact-untranslated",
      message:
        'Translate "how" into Chinese in the scope (translations.zh.how). Then save the text again.',
    },
    {
      ...problem,
      code: "hours-in-words",
      message:
        'Give "open" for each phone line in the scope, so that its hours can be said in Chinese. Then save the text again.',
    },
  ]);
});

describe("what a phone shows", () => {
  const short = (given: Given) =>
    found(aSource({ body: WHOLE.join("\n\n") }), { ...given, facts: TRANSLATED });

  test("of a subject are 80 characters", () => {
    expect(short({ subject: "x".repeat(80) })).toEqual([]);
    expect(short({ subject: "x".repeat(81) })).toEqual([
      {
        language: "en",
        line: 3,
        code: "subject-long",
        severity: "advice",
        message: "Phones show about 80 characters of a subject. Put the news first.",
        sentence: "x".repeat(81),
      },
    ]);
  });

  test("of an SMS is one part, or two in other letters", () => {
    for (const sms of ["x".repeat(160), "я".repeat(134)]) expect(short({ sms })).toEqual([]);
    expect(short({ sms: "я".repeat(135) })).toEqual([
      {
        language: "en",
        line: 5,
        code: "sms-long",
        severity: "must-fix",
        message: "Shorten the SMS: it needs 3 parts, and 2 is the limit.",
        sentence: "я".repeat(135),
      },
    ]);
  });

  test.each([
    ["", 1, 1],
    ["é".repeat(160), 1, 1],
    ["x".repeat(161), 2, 1],
    ["x".repeat(306), 2, 1],
    ["x".repeat(307), 3, 1],
    ["{".repeat(80), 1, 1],
    [`${"|".repeat(80)}x`, 2, 1],
    [`${"x".repeat(70)}я`, 2, 2],
    ["好".repeat(70), 1, 2],
    ["ç", 1, 2],
  ])("%j takes its parts", (sms, segments, limit) => {
    expect(smsSegments(sms)).toEqual({ segments, limit });
  });
});

test("the same is said once of a line, and of each line and each sentence", () => {
  const body = ["Click. Click.", "Press here. Click.", ...WHOLE].join("\n\n");
  expect(found(aSource({ body })).map(({ line, sentence }) => [line, sentence])).toEqual([
    [7, "Click."],
    [9, "Click."],
  ]);
});

test("a text that is a little hard must be mended where one of the laws asks for plain language", () => {
  const easy = "The cat sat on the mat again.";
  const hard = "Several customers received accidental messages yesterday.";
  const rows = Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? easy : hard));
  const severity = (...obligations: LawDuty[]) =>
    found(aSource({ body: [...WHOLE, "", ...rows].join("\n") }), { obligations })
      .filter(({ code }) => code === "hard-to-read")
      .map((problem) => problem.severity);
  expect(severity()).toEqual(["advice"]);
  expect(severity(duty({}), duty({ plainLanguage: false }))).toEqual(["advice"]);
  expect(severity(duty({ plainLanguage: true }, "regulator"))).toEqual(["advice"]);
  expect(severity(duty({}), duty({ plainLanguage: true }))).toEqual(["must-fix"]);
});

import { describe, expect, test } from "vitest";
import { z } from "zod";

import type { LintOverride } from "../../../../src/domain/notice/lint/override.ts";
import {
  Finding,
  JudgedProblem,
  LintOverride as Kept,
  OverrideReason,
  blocking,
  judged,
} from "../../../../src/domain/notice/lint/override.ts";
import type { LintProblem } from "../../../../src/domain/notice/lint/rule.ts";

const PROBLEM: LintProblem = {
  language: "en",
  line: 9,
  code: "hedge",
  severity: "must-fix",
  message: "Say what is known.",
  sentence: "There is no evidence of misuse.",
  fix: "We do not know.",
};

function overriding(finding: string): LintOverride {
  const staffId = "00000000-0000-4000-8000-000000000001";
  const at = new Date("2026-03-05T08:00:00Z");
  const place = { finding, code: "hedge", language: "en", line: 9 };
  return { ...place, reason: "Counsel has checked the logs.", staffId, at };
}

const findingOf = (problem: LintProblem) => judged([problem], [])[0]?.finding ?? "";

describe("a finding", () => {
  test("is named by what it is and where, not by what to do about it", () => {
    const finding = findingOf(PROBLEM);
    expect(finding).toMatch(/^[0-9a-f]{32}$/);
    expect(findingOf({ ...PROBLEM, fix: "Other words.", law: "A law" })).toBe(finding);
    const { sentence: _, ...nameless } = PROBLEM;
    const others = [
      { ...PROBLEM, language: "ru" },
      { ...PROBLEM, line: 10 },
      { ...PROBLEM, code: "jargon" },
      { ...PROBLEM, message: "Say it." },
      { ...PROBLEM, sentence: "There is no evidence." },
      nameless,
    ];
    expect(new Set([finding, ...others.map(findingOf)]).size).toBe(7);
  });

  test("stands with the reason that is kept for exactly it", () => {
    const given = overriding(findingOf(PROBLEM));
    const [own, other] = judged([PROBLEM, { ...PROBLEM, line: 10 }], [given]);
    expect(own).toEqual({
      ...PROBLEM,
      finding: given.finding,
      override: { reason: given.reason, staffId: given.staffId, at: given.at },
    });
    expect(other?.override).toBeNull();
  });

  test("and the decision on it are read as they were written", () => {
    const given = overriding(findingOf(PROBLEM));
    const all = judged([PROBLEM, { ...PROBLEM, line: 10 }], [given]);
    const sent = JSON.parse(JSON.stringify(z.encode(z.array(JudgedProblem), all)));
    expect(z.array(JudgedProblem).parse(sent)).toEqual(all);
    const kept = JSON.parse(JSON.stringify(z.encode(Kept, given)));
    expect(Kept.parse(kept)).toEqual(given);
  });

  test("keeps a text back while it must be fixed and nobody lets it stand", () => {
    const advice: LintProblem = { ...PROBLEM, line: 11, severity: "advice" };
    const other = { ...PROBLEM, line: 10 };
    const all = judged([PROBLEM, other, advice], [overriding(findingOf(PROBLEM))]);
    expect(blocking(all).map(({ line }) => line)).toEqual([10]);
  });
});

const SHORT = "Give the reason in at least 10 characters.";

test.each([
  ["Counsel ok", []],
  ["Counsel o", [SHORT]],
  ["  Counsel o  ", [SHORT]],
  ["x".repeat(1_000), []],
  ["x".repeat(1_001), ["Too big: expected string to have <=1000 characters"]],
])("a reason is a sentence: %j", (reason, messages) => {
  expect(refusalsOf(OverrideReason, reason)).toEqual(messages);
});

const NAME = "0123456789abcdef".repeat(2);

test.each([
  [NAME, true],
  ["a", false],
  [`${NAME}0`, false],
  [`0${NAME}`, false],
  [NAME.toUpperCase(), false],
  [NAME.replace("f", "g"), false],
])("a finding is named by 32 hexadecimal digits: %s", (name, fits) => {
  expect(refusalsOf(Finding, name)).toEqual(fits ? [] : ["Repeat the finding of the problem."]);
});

function refusalsOf(schema: z.ZodType, given: string) {
  return schema.safeParse(given).error?.issues.map(({ message }) => message) ?? [];
}

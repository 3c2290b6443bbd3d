import { describe, expect, test } from "vitest";

import {
  ANSWER_BYTES,
  REMARK_BYTES,
  TEXT_MAX,
  fieldName,
  padded,
  questionsOf,
  readForm,
} from "../../../src/domain/feedback/answer.ts";
import { normalisedPass, passHash, passOf } from "../../../src/domain/feedback/pass.ts";
import { HEARD, QUESTIONS } from "../../../src/domain/feedback/questions.ts";
import type { Question, Words } from "../../../src/domain/feedback/questions.ts";

describe("a pass", () => {
  test("is the first 80 bits of a hash in Crockford's letters", () => {
    expect(passOf(Buffer.alloc(32))).toBe("0000-0000-0000-0000");
    expect(passOf(Buffer.alloc(32, 255))).toBe("ZZZZ-ZZZZ-ZZZZ-ZZZZ");
    // RFC 4648's base 32 of these ten bytes, letter by letter in the other alphabet.
    expect(passOf(Buffer.from("000102030405060708090a0b", "hex"))).toBe("000G-40R4-0M30-E209");
  });

  test.each([
    ["7k2m 9qxt 4hwb 0rzc", "7K2M-9QXT-4HWB-0RZC"],
    ["7K2M9QXT4HWBoRZC", "7K2M-9QXT-4HWB-0RZC"],
    ["７Ｋ２Ｍ–9QXT—4HWB_0RZC", "7K2M-9QXT-4HWB-0RZC"],
    ["IL2M-9QXT-4HWB-0RZC", "112M-9QXT-4HWB-0RZC"],
    ["7K2M-9QXT-4HWB-0RZ", undefined],
    ["7K2M-9QXT-4HWB-0RZCC", undefined],
    ["7K2M-9QXT-4HWB-0RZU", undefined],
    ["", undefined],
    ["x".repeat(10_000), undefined],
  ])("typed as %j is read as %j", (typed, expected) => {
    expect(normalisedPass(typed)).toBe(expected);
  });

  test("is stored as its hash", () => {
    expect(passHash("0000-0000-0000-0000")).toHaveLength(32);
  });
});

describe("a form", () => {
  const read = (
    fields: Record<string, string>,
    breakdown: "none" | "language" | "heard" = "none",
  ) =>
    readForm({
      questionSet: "breach",
      breakdown,
      language: "ru",
      field: (name) => fields[name] ?? "",
    });

  test("is read question by question, and nothing else of it is kept", () => {
    const fields = {
      clear: "4",
      "needed.person": "yes",
      "needed.plain": "yes",
      remark: " Thank you.\r\nBye ",
      surely: "unknown",
    };
    expect(read(fields)).toEqual({
      answer: {
        group: "all",
        choices: { clear: ["4"], needed: ["plain", "person"] },
        texts: { remark: "Thank you.\nBye" },
      },
    });
  });

  test("gives the one class that was announced", () => {
    const group = (...given: Parameters<typeof read>) => {
      const result = read(...given);
      return "answer" in result ? result.answer : result;
    };
    expect(group({ clear: "4" }, "language")).toMatchObject({ group: "ru" });
    expect(group({ clear: "4" }, "heard")).toMatchObject({ group: "unsaid" });
    expect(group({ clear: "4", heard: "letter" }, "heard")).toEqual({
      group: "letter",
      choices: { clear: ["4"] },
      texts: {},
    });
    expect(group({ heard: "letter" }, "heard")).toMatchObject({ problems: [{ code: "empty" }] });
  });

  test.each([
    [{}, "", "empty"],
    [{ remark: "  \n " }, "", "empty"],
    [{ clear: "0" }, "clear", "choice"],
    [{ clear: "__proto__" }, "clear", "choice"],
    [{ checked: "constructor" }, "checked", "choice"],
    [{ "needed.person": "on" }, "needed", "choice"],
    [{ remark: "x".repeat(TEXT_MAX + 1) }, "remark", "too-long"],
    [{ remark: "x".repeat(5_000) }, "remark", "too-long"],
    [{ remark: "a\u0000b" }, "remark", "characters"],
    [{ remark: "a\u202Eb" }, "remark", "characters"],
  ])("%j is not taken", (fields, question, code) => {
    expect(read(fields as Record<string, string>)).toEqual({ problems: [{ question, code }] });
  });

  test.each(["中", '"', "😀", "\n1", "é"])("of the fullest %j kind fits its padding", (letter) => {
    const remark = letter.repeat(TEXT_MAX).slice(0, TEXT_MAX).replace(/\n$/, "1");
    const all = questionsOf("breach", "heard").flatMap((question) =>
      question.kind === "multiple"
        ? question.options.map(({ id }) => [fieldName(question.id, id), "yes"])
        : question.kind === "single"
          ? [[question.id, question.options.at(-1)?.id ?? ""]]
          : [[question.id, question.kind === "text" ? remark : "5"]],
    );
    const result = read(Object.fromEntries(all), "heard");
    if (!("answer" in result)) throw new Error("This is not taken.");
    const bytes = (value: unknown) => Buffer.byteLength(JSON.stringify(value));
    expect(bytes(padded(result.answer, ANSWER_BYTES))).toBe(ANSWER_BYTES);
    expect(bytes(padded(result.answer.texts["remark"], REMARK_BYTES))).toBe(REMARK_BYTES);
    expect(bytes(padded("", ANSWER_BYTES))).toBe(ANSWER_BYTES);
  });
});

test("every question and option is there in each language, in its own letters", () => {
  const words = [...QUESTIONS.breach, HEARD].flatMap((question: Question): Words[] => [
    question.words,
    ...("options" in question ? question.options.map((option) => option.words) : []),
    ...("low" in question ? [question.low, question.high] : []),
  ]);
  expect(words.length).toBeGreaterThan(30);
  for (const each of words) {
    expect(each.zh).toMatch(/\p{Script=Han}/u);
    expect(each.ru).toMatch(/\p{Script=Cyrillic}/u);
    expect(each.en).toMatch(/^[\p{ASCII}]+$/u);
  }
});

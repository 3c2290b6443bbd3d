import { describe, expect, test } from "vitest";

import {
  charactersIn,
  gradeEn,
  gradeRu,
  lix,
  measureOf,
  syllablesEn,
  syllablesRu,
  wordsIn,
} from "../../../../src/domain/notice/lint/readability.ts";
import { KNOWN, TRANSLATED, linted } from "../../../support/compiled.ts";
import { aSource } from "../../../support/notice.ts";

describe("counting", () => {
  test.each([
    ["Don't e-mail us at 10.30.", ["Don't", "e-mail", "us", "at", "10.30"]],
    ["Enter {{notice_code}} here", ["Enter", "x", "here"]],
    ["Имя, адрес", ["Имя", "адрес"]],
    ["—", []],
  ])("words of %s", (text, words) => {
    expect(wordsIn(text)).toEqual(words);
  });

  test.each([
    ["the", 1],
    ["code", 1],
    ["exposed", 2],
    ["wanted", 2],
    ["asked", 1],
    ["information", 4],
    ["people", 2],
    ["yellow", 2],
    ["codes", 1],
    ["secure", 2],
    ["2026", 1],
    ["rhythm", 1],
    ["previous", 3],
    ["security", 4],
  ])("syllables of %s", (word, count) => {
    expect(syllablesEn(word)).toBe(count);
  });

  test.each([
    ["утечка", 3],
    ["в", 1],
    ["ЁЛКА", 2],
    ["сведения", 4],
  ])("syllables of %s", (word, count) => {
    expect(syllablesRu(word)).toBe(count);
  });

  test.each([
    ["您好，世界！", 4],
    ["请输入 {{notice_code}}。", 4],
    ["在 2026 年", 3],
    ["打开 notices.example.org/check 吧", 4],
    ["。", 0],
  ])("characters of %s", (text, count) => {
    expect(charactersIn(text)).toBe(count);
  });
});

describe("a score", () => {
  test("in English is Kincaid's", () => {
    // 6 words, 1 sentence, 6 syllables: 0.39 × 6 + 11.8 × 1 − 15.59.
    expect(gradeEn(["The cat sat on the mat."])).toBeCloseTo(-1.45, 10);
    // 6 words, 2 sentences, 9 syllables: 0.39 × 3 + 11.8 × 1.5 − 15.59.
    expect(gradeEn(["The yellow cat.", "My wanted letter."])).toBeCloseTo(3.28, 10);
  });

  test("in Russian is Begtin's", () => {
    // 3 words, 1 sentence, 6 syllables: 0.318 × 3 + 14.2 × 2 − 30.5.
    expect(gradeRu(["Мама мыла раму."])).toBeCloseTo(-1.146, 10);
  });

  test("in other languages is Björnsson's", () => {
    // 6 words, 2 sentences, 2 of more than six letters: 3 + 100 × 2 / 6.
    expect(lix(["Ihre Angaben wurden.", "Gestern gestohlen so."])).toBeCloseTo(3 + 300 / 6, 10);
  });

  test.each([
    ["en-GB", "Flesch-Kincaid grade"],
    ["ru", "Flesch-Kincaid grade for Russian"],
    ["zh-Hans", "sentence length"],
    ["de", "LIX"],
    ["en@us-ma", "Flesch-Kincaid grade"],
  ])("%s is measured by %s", (language, name) => {
    expect(measureOf(language).name).toBe(name);
  });

  test("every limit says where it is from", () => {
    for (const language of ["en", "ru", "zh", "sv"]) {
      const { sentence, limits } = measureOf(language);
      for (const limit of [sentence, ...(limits ? [limits] : [])]) {
        expect(limit.source.length).toBeGreaterThan(10);
        expect(limit.good).toBeLessThan(limit.most);
      }
    }
  });
});

describe("a sentence", () => {
  const long = (language: string, sentence: string) =>
    linted(`${aSource()}\n\n${sentence}`, { language, facts: TRANSLATED })
      .filter(({ code }) => code === "sentence-long")
      .map(({ line, severity, message, sentence: own, fix }) => ({
        line,
        severity,
        message,
        own,
        fix,
      }));
  const words = (count: number) => Array(count).fill("dog").join(" ");

  test("of 25 words is short enough, of 26 is long, of 41 must be cut", () => {
    expect(long("en", `${words(25)}.`)).toEqual([]);
    const [problem] = long("en", `${words(26)}.`);
    expect(problem).toEqual({
      line: 32,
      severity: "advice",
      message: "This sentence has 26 words; 25 are enough. Make it two.",
      own: `${words(26)}.`,
      fix: undefined,
    });
    expect(long("en", `${words(40)}.`)[0]?.severity).toBe("advice");
    expect(long("en", `${words(41)}.`)[0]?.severity).toBe("must-fix");
  });

  test("is cut at the joint nearest to its middle", () => {
    const [problem] = long("en", `${words(3)}, and ${words(12)}; ${words(14)}, but ${words(2)}.`);
    expect(problem?.fix).toBe(
      `${words(3)}, and ${words(12)}. D${words(14).slice(1)}, but ${words(2)}.`,
    );
  });

  test("of Russian and of Chinese is counted in words and in characters", () => {
    const ru = (count: number) => `${Array(count).fill("кот").join(" ")}.`;
    expect(long("ru", ru(25))).toEqual([]);
    expect(long("ru", ru(26))[0]?.message).toContain("26 words");
    expect(long("ru", `${ru(13).slice(0, -1)}, и ${ru(13)}`)[0]?.fix).toMatch(/кот\. Кот/);
    const zh = (count: number) => `${"字".repeat(count)}。`;
    expect(long("zh", zh(60))).toEqual([]);
    expect(long("zh", zh(61))[0]?.message).toContain("61 characters");
    expect(long("zh", zh(100))[0]?.severity).toBe("advice");
    expect(long("zh", zh(101))[0]?.severity).toBe("must-fix");
    const cut = long("zh", `${"字".repeat(31)}，${"词".repeat(31)}。`)[0]?.fix;
    expect(cut).toBe(`${"字".repeat(31)}。${"词".repeat(31)}。`);
  });

  test("of the scope is judged at its field", () => {
    const facts = { ...KNOWN, how: `${words(26)}.` };
    const source = aSource({ body: "Hello.\n\n{{how}}" });
    const found = linted(source, { facts }).filter(({ code }) => code === "sentence-long");
    expect(found).toMatchObject([{ line: 9, sentence: `${words(26)}.` }]);
  });
});

describe("a whole text", () => {
  const hard = (text: string, plainLanguage?: boolean) => {
    const obligations = [
      {
        ...({ to: "individuals", place: "US", contents: [], prohibited: [] } as const),
        rule: { citation: "45 CFR 164.404" },
        duty: { ...(plainLanguage !== undefined && { plainLanguage }) },
      },
    ];
    return linted(aSource({ body: text }), { kind: "invitation", obligations }).filter(
      ({ code }) => code === "hard-to-read",
    );
  };
  const easy = "The cat sat on the mat again.";
  const medium = "Several customers received accidental messages yesterday.";
  const worst = "Organizational responsibilities necessitate comprehensive documentation.";

  test("too short to be judged is not", () => {
    expect(hard(Array(5).fill(worst).join(" "))).toEqual([]);
  });

  test("easy enough has no problem", () => {
    expect(hard(Array(20).fill(easy).join("\n"))).toEqual([]);
  });

  test("too hard names its hardest sentence, on its line", () => {
    const rows = [...Array(10).fill(medium), worst, ...Array(10).fill(medium)];
    expect(hard(rows.join("\n"))).toMatchObject([
      { line: 17, severity: "must-fix", sentence: worst },
    ]);
  });

  test("a little too hard is advice, unless a law wants plain language", () => {
    const rows = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? easy : medium)).join("\n");
    const [problem] = hard(rows);
    expect(problem).toMatchObject({ severity: "advice", sentence: medium, line: 8 });
    expect(problem?.message).toMatch(/Flesch-Kincaid grade of (?:8\.[1-9]|9\.|1[01]\.)/);
    expect(hard(rows, false)[0]?.severity).toBe("advice");
    expect(hard(rows, true)[0]?.severity).toBe("must-fix");
  });
});

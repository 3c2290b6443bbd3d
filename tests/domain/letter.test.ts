import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { judge, readReceipts } from "../../src/domain/delivery/letter-receipt.ts";
import { LetterHold } from "../../src/domain/delivery/letter-hold.ts";
import { breakLines } from "../../src/domain/delivery/letter-line.ts";
import type { Metrics } from "../../src/domain/delivery/letter-line.ts";
import { addressLines, paperFor, tidy } from "../../src/domain/delivery/letter-paper.ts";
import { mayBecome } from "../../src/domain/delivery.ts";
import { aPerson } from "../support/audience.ts";

/** Every letter is as wide as the type is high, and every character but one is there. */
const METRICS: Metrics = {
  faceOf: (character) =>
    character === "☠" ? undefined : /\p{Script=Han}|[，。（）]/u.test(character) ? "han" : "sans",
  widthOf: ({ text }, size) => Array.from(text).length * size,
};

function lines(text: string, letters: number): string[] {
  const options = { width: letters, size: 1, setting: { metrics: METRICS, order: [] } } as const;
  const broken = breakLines([{ text, bold: false }], options);
  return broken.map((runs) => runs.map((run) => run.text).join(""));
}

describe("lines", () => {
  test.each([
    ["break at spaces", "one two three", 7, ["one two", "three"]],
    ["fill to the brim", "one two three", 13, ["one two three"]],
    ["break where the text does", "one\ntwo\n\nthree", 9, ["one", "two", "", "three"]],
    ["break a word that no line could hold", "incomprehensible", 6, ["incomp", "rehens", "ible"]],
    ["break between Chinese characters", "一二三四五六", 4, ["一二三四", "五六"]],
    ["never begin with closing punctuation", "一二三四，五六", 4, ["一二三", "四，五六"]],
    ["never end with an opening bracket", "一二三（四五）", 4, ["一二三", "（四五）"]],
    ["break between scripts", "一二Ada三", 4, ["一二", "Ada三"]],
    ["compose what comes in parts", "e\u0301", 4, ["é"]],
    ["leave nothing invisible", "a\u200bb\ufeffc\u00ad", 4, ["abc"]],
    ["stay whole at spaces that do not break", "one 9\u202fam on", 7, ["one", "9\u00a0am on"]],
    ["of nothing are one empty line", "", 4, [""]],
  ])("%s", (_, text, letters, expected) => {
    expect(lines(text, letters)).toEqual(expected);
  });

  test("lose no letter, and none is wider than it may be", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[ab一二，（ ]*$/),
        fc.integer({ min: 3, max: 9 }),
        (text, wide) => {
          const all = lines(text, wide);
          expect(all.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
          for (const line of all) expect(Array.from(line).length).toBeLessThanOrEqual(wide);
        },
      ),
    );
  });

  test("with a character that no typeface has are none", () => {
    expect(() => lines("beware ☠", 20)).toThrow(LetterHold);
  });
});

const WORDS = {
  guardian: (name: string) => `parent of ${name}`,
  estate: (name: string) => `family of ${name}`,
};

describe("an address", () => {
  test.each([
    ["DE", ["Ada Example", "12 Elm Street", "12345 Springfield, Region", "GERMANY"]],
    ["US", ["Ada Example", "12 Elm Street", "Springfield, Region 12345", "UNITED STATES"]],
    ["CN", ["Ada Example", "12 Elm Street", "12345 Springfield, Region", "CHINA"]],
  ])("in %s", (country, expected) => {
    const postal = {
      lines: ["12 Elm Street"],
      city: "Springfield",
      region: "Region",
      postcode: "12345",
      country,
    };
    expect(addressLines(aPerson({ name: "Ada Example", postal }), WORDS)).toEqual(expected);
  });

  test("of a child is its guardian's; with nothing known there are no empty lines", () => {
    const person = aPerson({ name: "Kim", relation: "guardian", postal: { lines: ["1 Way"] } });
    expect(addressLines(person, WORDS)).toEqual(["Parent of Kim", "1 Way"]);
    expect(addressLines(aPerson(), WORDS)).toEqual([]);
  });

  test("has no character that breaks or hides it", () => {
    expect(tidy(" a\tb\r\nc\u200b\ufeff\u0007 ")).toBe("a b c");
  });

  test.each([
    ["US", "us-letter"],
    ["CA", "us-letter"],
    ["MX", "us-letter"],
    ["PH", "us-letter"],
    ["DE", "a4"],
    ["CN", "a4"],
    ["RU", "a4"],
    ["GB", "a4"],
    [undefined, "a4"],
  ])("in %s goes on %s", (country, paper) => {
    expect(paperFor(country)).toBe(paper);
  });
});

const DAYS = { first: "2026-03-02", last: "2026-03-04" };
const HEAD = "letter number,status,date,code\n";

describe("a mail house's line", () => {
  test.each([
    ["ABCDEFGH12,mailed,2026-03-03,", undefined],
    ["abcdefgh12,Mailed,2026-03-03,X-1_a.b", undefined],
    ['"ABCDEFGH12"," returned ",2026-03-02,', undefined],
    [",mailed,2026-03-03,", "number-invalid"],
    ["ABCDEFGH1,mailed,2026-03-03,", "number-invalid"],
    ["ABCDEFGHI2,mailed,2026-03-03,", "number-invalid"],
    ["ABCDEFGH12,sent,2026-03-03,", "status-unknown"],
    ["ABCDEFGH12,,2026-03-03,", "status-unknown"],
    ["ABCDEFGH12,mailed,2026-02-31,", "day-invalid"],
    ["ABCDEFGH12,mailed,03/03/2026,", "day-invalid"],
    ["ABCDEFGH12,mailed,2026-03-03T10:00,", "day-invalid"],
    ["ABCDEFGH12,mailed,,", "day-invalid"],
    ["ABCDEFGH12,mailed,2026-03-01,", "day-too-early"],
    ["ABCDEFGH12,mailed,2026-03-05,", "day-in-future"],
    ["ABCDEFGH12,mailed,2026-03-03,Ada Example", "code-invalid"],
    [`ABCDEFGH12,mailed,2026-03-03,${"x".repeat(33)}`, "code-invalid"],
    ["ABCDEFGH12,mailed", "line-unreadable"],
    ['"ABCDEFGH12,mailed,2026-03-03,', "line-unreadable"],
  ])("%s", (line, fault) => {
    const [read] = readReceipts(`${HEAD}${line}\n`, DAYS);
    if (fault === undefined) expect(read).toMatchObject({ line: 2, number: "ABCDEFGH12" });
    else expect(read).toMatchObject({ line: 2, fault });
  });

  test("twice is a duplicate, but a letter may be mailed and then come back", () => {
    const one = "ABCDEFGH12,";
    const file = `${HEAD}${one}mailed,2026-03-03,\n${one}mailed,2026-03-03,\n${one}returned,2026-03-04,\n${one}mailed,2026-03-03,\n`;
    const read = readReceipts(file, DAYS);
    expect(
      read.map((line) => ("fault" in line ? `${line.line} ${line.fault}` : line.status)),
    ).toEqual(["mailed", "3 duplicate", "returned", "5 duplicate"]);
  });

  test.each([
    "",
    "number,status,date\n",
    "letter number,status\n",
    "status,status,letter number,date\n",
  ])("is not looked for in a file that starts with %j", (head) => {
    expect(() => readReceipts(`${head}ABCDEFGH12,mailed,2026-03-03\n`, DAYS)).toThrow(
      "The first line must name the columns",
    );
  });

  test("may have other columns, semicolons and a byte order mark", () => {
    const file = "\uFEFFDate;Batch;Letter Number;Status\r\n2026-03-03;7;ABCDEFGH12;failed\r\n";
    expect(readReceipts(file, DAYS)).toEqual([
      { line: 2, number: "ABCDEFGH12", status: "failed", day: "2026-03-03", code: null },
    ]);
  });

  test.each([
    ["made", "mailed", "news"],
    ["held", "mailed", "news"],
    ["made", "returned", "news"],
    ["made", "failed", "news"],
    ["mailed", "returned", "news"],
    ["mailed", "failed", "news"],
    ["mailed", "mailed", "known"],
    ["returned", "returned", "known"],
    ["returned", "mailed", "known"],
    ["failed", "failed", "known"],
    ["failed", "mailed", "contradicts"],
    ["failed", "returned", "contradicts"],
    ["returned", "failed", "contradicts"],
    ["planned", "mailed", "not-made"],
    ["dropped", "mailed", "not-made"],
  ] as const)("of a letter that is %s: %s is %s", (state, status, expected) => {
    expect(judge(state, status)).toBe(expected);
  });

  test("moves a delivery only where the table of steps lets it", () => {
    for (const to of ["accepted", "rejected"] as const)
      expect(mayBecome("needs-letter", to)).toBe(true);
    expect(mayBecome("accepted", "rejected")).toBe(true);
  });
});

import { describe, expect, test } from "vitest";

import type { Content } from "../../../../src/domain/law/content.ts";
import { textOf } from "../../../../src/domain/notice/lint.ts";
import { completed } from "../../../../src/domain/notice/lint/complete.ts";
import { RECOGNISED } from "../../../../src/domain/notice/lint/contents.ts";
import type { LawDuty } from "../../../../src/domain/notice/lint/duty.ts";
import { HABITS } from "../../../../src/domain/notice/lint/habits.ts";
import { TEMPLATES, TRANSLATED, boundIn, linted } from "../../../support/compiled.ts";
import { aSource } from "../../../support/notice.ts";

function duty(place: string, contents: LawDuty["contents"], over: Partial<LawDuty> = {}): LawDuty {
  const rule = { citation: place };
  return { to: "individuals", place, contents, prohibited: [], rule, duty: {}, ...over };
}

function complete(source: string, duties: readonly LawDuty[], language = "en", kind = "initial") {
  const bound = boundIn(source, TRANSLATED, language);
  const text = textOf({ kind: kind as "initial", language, source, facts: TRANSLATED, bound });
  return completed(source, duties, text);
}

/** The rows that were added, with the row above which they stand next. */
function added(before: string, after: string) {
  const rows = after.split("\n");
  const old = before.split("\n");
  const start = rows.findIndex((row, at) => row !== old[at]);
  const count = rows.length - old.length;
  expect([...rows.slice(0, start), ...rows.slice(start + count)]).toEqual(old);
  const next = rows.slice(start + count).find((row) => row !== "") ?? "";
  return { words: rows.slice(start, start + count).filter((row) => row !== ""), next };
}

const SOURCE = aSource();

/** What most laws of the United States ask for, GDPR Article 34(2) and 45 CFR 164.404(c). */
const MANY = [
  duty("US-AZ", ["date-of-breach", "data-categories", "cra-contacts", "ftc-contact"]),
  duty("US-CO", ["fraud-alert-freeze-statement", "contact"]),
  duty("US-MD", ["ag-contact", "ftc-contact"]),
  duty("US-NY", ["agency-contacts", "data-categories"]),
  duty("US-CT", ["security-freeze-info"]),
  duty("US-IA", ["report-to-law-enforcement-advice"]),
  duty("US-OR", ["report-to-ag-ftc-advice"]),
  duty("US-NM", ["entity-name-contact", "fcra-rights", "what-you-can-do"]),
  duty("US-RI", ["number-of-persons", "police-report-right", "date-of-discovery"]),
  duty("US-CA", ["notice-date", "what-happened"], {
    duty: {
      title: "Notice of Data Breach",
      headings: ["what-happened", "what-information-was-involved", "for-more-information"],
    },
  }),
  duty("DE", ["nature-of-breach", "dpo-contact", "likely-consequences", "measures-taken"]),
  duty("US", ["what-happened", "date-of-breach", "what-we-are-doing", "contact"], {
    duty: { plainLanguage: true },
  }),
];

describe("a shipped text", () => {
  test.each(["en", "zh", "ru"])("in %s is completed to what the laws want", (language) => {
    const source = TEMPLATES.notice("initial", language) ?? "";
    const whole = complete(source, MANY, language);
    expect(linted(whole, { language, facts: TRANSLATED, obligations: MANY })).toEqual([]);
    expect(complete(whole, MANY, language)).toBe(whole);
    // By itself it is whole for the Union and for health care.
    const general = MANY.filter(({ place }) => ["DE", "US", "US-CA"].includes(place));
    expect(complete(source, general, language)).toBe(source);
    expect(linted(source, { language, facts: TRANSLATED, obligations: general })).toEqual([]);
  });
});

describe("a statement", () => {
  test.each([
    ["location", "{{where_it_happened}}", "## What information was involved"],
    ["number-of-persons", "{{how_many_people}}", "## What we are doing"],
    ["fcra-rights", /^The Fair Credit Reporting Act/, "## For more information"],
  ] as const)("on %s stands at the end of its section", (content, words, next) => {
    const { words: own, next: after } = added(SOURCE, complete(SOURCE, [duty("US-NM", [content])]));
    expect(own).toEqual([expect.stringMatching(words)]);
    expect(after).toBe(next);
  });

  test("of the last section stands at the end, and agencies of all places in one list", () => {
    const duties = [
      duty("US-MD", ["ag-contact"]),
      duty("US-NY", ["agency-contacts", "ag-contact"]),
    ];
    const { words, next } = added(SOURCE, complete(SOURCE, duties));
    expect(words.map((row) => row.slice(0, 30))).toEqual([
      "These offices also help people",
      "- Attorney General of Maryland",
      "- Attorney General of New York",
      "- New York Department of State",
    ]);
    expect(next).toBe("");
  });

  test("is said once, however many laws and codes want it", () => {
    const duties = [
      duty("US-RI", ["number-of-persons", "number-of-persons-in-jurisdiction"]),
      duty("US-XX", ["number-of-persons"]),
    ];
    expect(added(SOURCE, complete(SOURCE, duties)).words).toEqual(["{{how_many_people}}"]);
  });

  test("that another of the laws forbids is left out", () => {
    const silent = duty("US-IL", [], { prohibited: ["number-of-persons"] });
    expect(complete(SOURCE, [duty("US-RI", ["number-of-persons"]), silent])).toBe(SOURCE);
  });

  test("that only a person can write, or that is there, adds nothing", () => {
    const duties = [duty("NZ", ["right-to-complain", "attacker-identity", "contact"])];
    expect(complete(SOURCE, duties)).toBe(SOURCE);
  });

  test("without its section's heading goes before the next one there is, or to the end", () => {
    const rights = [duty("US-NM", ["fcra-rights"])];
    const short = aSource({ body: "Hello.\n\n## For more information ##\n\nBye.\n" });
    expect(added(short, complete(short, rights)).next).toBe("## For more information ##");
    const bare = aSource({ body: "Hello." });
    expect(complete(bare, rights)).toMatch(/^---[\s\S]*---\nHello\.\n\nThe Fair Credit/);
  });

  test.each([
    ["en", "These offices also help people whose information was exposed:"],
    ["zh", "下列机构也会帮助信息被泄露的人："],
    ["ru", "Людям, чьи сведения стали известны посторонним, помогают также:"],
  ])("stands in its own section, a blank row around it, in %s", (language, help) => {
    const HEADS = HABITS[language as "en"].headings;
    const text = (...own: readonly string[]) =>
      aSource({
        body: HEADS.map((head, at) => `## ${head}\n\nHello.${own[at] ?? ""}\n`).join("\n"),
      });
    const duties = [
      duty("US-XX", ["location", "number-of-persons", "likely-consequences"]),
      duty("US-IA", ["report-to-law-enforcement-advice"]),
      duty("US-MD", ["ag-contact"]),
    ];
    const whole = complete(text(), duties, language);
    const say = (content: Content) => RECOGNISED[content]?.say?.[language as "en"] ?? "";
    const maryland = /^- Attorney General of Maryland.*$/m.exec(whole)?.[0] ?? "";
    expect(whole).toBe(
      text(
        `\n\n${say("location")}`,
        `\n\n${say("number-of-persons")}\n\n${say("likely-consequences")}`,
        "",
        `\n\n${say("report-to-law-enforcement-advice")}`,
        `\n\n${help}\n\n${maryland}`,
      ),
    );
  });

  test("stands before the blank rows that end its section, whatever blanks are in them", () => {
    const duties = [duty("US-XX", ["location"])];
    const text = (own: string) =>
      aSource({
        body: `## What happened\nHello.${own}\n \n\t\n\n  ##   What information was involved?? ##\nBye.\n`,
      });
    expect(complete(text(""), duties)).toBe(text("\n\n{{where_it_happened}}"));
  });

  test.each(["##What information was involved", "What information was involved", "## What info"])(
    "is not ended by what is no heading of the five: %s",
    (row) => {
      const text = (own: string) => aSource({ body: `## What happened\n\n${row}${own}\n` });
      const whole = complete(text(""), [duty("US-XX", ["location"])]);
      expect(whole).toBe(text("\n\n{{where_it_happened}}"));
    },
  );

  test("is owed by a first notice only", () => {
    expect(complete(SOURCE, MANY, "en", "update")).toBe(SOURCE);
  });
});

import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

import { NewPlan, checkPlan } from "../../src/domain/followup.ts";
import { followupSource } from "../../src/domain/followup/source.ts";
import { parseSource } from "../../src/domain/notice/source.ts";
import type { Node } from "../../src/domain/notice/source.ts";
import { Refusal } from "../../src/domain/refusal.ts";

const NOW = new Date("2026-03-03T10:00:00Z");
const OWNER = "00000000-0000-4000-8000-000000000001";

describe("a plan", () => {
  test.each<[string, object, string, RegExp]>([
    ["31 February", dates("2027-02-31 09:00"), "rule.dates.0.date", /day that exists/],
    ["29 February of a common year", dates("2027-02-29 09:00"), "rule.dates.0.date", /exists/],
    ["25 o'clock", dates("2027-02-01 25:00"), "rule.dates.0.time", /such as 09:00/],
    ["a zone that does not exist", { zone: "Mars/Olympus" }, "zone", /IANA/],
    ["an offset for a zone", { zone: "+02:00" }, "zone", /IANA/],
    ["no owner", { owners: [] }, "owners", /./],
    ["the same owner twice", { owners: [OWNER, OWNER] }, "owners", /once/],
    [
      "more than 60 dates",
      dates(...Array<string>(61).fill("2027-02-01 09:00")),
      "rule.dates",
      /60/,
    ],
    ["no date at all", dates(), "rule.dates", /./],
    ["the 32nd of a month", cadence({ every: { unit: "month", day: 32 } }), "rule.every.day", /./],
    ["every 0 weeks", cadence({ every: { unit: "week", weeks: 0 } }), "rule.every.weeks", /./],
    ["a first day that does not exist", cadence({ from: "2026-04-31" }), "rule.from", /exists/],
    ["a past date", dates("2026-03-03 10:59"), "rule.dates.0.date", /past/],
    ["this very minute", dates("2026-03-03 11:00"), "rule.dates.0.date", /past/],
    [
      "the gap",
      dates("2026-03-28 02:30", "2026-03-29 02:30"),
      "rule.dates.1.time",
      /2026-03-29 03:00/,
    ],
    ["a date twice", dates("2026-04-01 09:00", "2026-04-01 09:00"), "rule.dates.1.date", /twice/],
    ["a far year", dates("2206-04-01 09:00"), "rule.dates.0.date", /five years/],
    ["a past cadence", cadence({ from: "2026-03-03" }), "rule.from", /past/],
    ["a far cadence", cadence({ from: "2206-03-03" }), "rule.from", /five years/],
    ["an end before the start", cadence({ until: { date: "2026-03-03" } }), "rule.until", /ends/],
  ])("is refused for %s, and the field is named", (_what, over, field, message) => {
    const [problem] = problemsOf(over);
    expect(problem?.field).toBe(field);
    expect(problem?.message).toMatch(message);
  });

  test.each<[string, object]>([
    ["a cadence at a time that one day skips", cadence({ time: "02:30", from: "2026-03-29" })],
    ["a time that comes twice", dates("2026-10-25 02:30")],
    ["a leap day", dates("2028-02-29 09:00")],
    ["the last day of each month", cadence({ every: { unit: "month", day: "last" } })],
    ["dates in no order", dates("2026-05-01 09:00", "2026-04-01 09:00")],
    ["a minute from now", dates("2026-03-03 11:01")],
  ])("may have %s", (_what, over) => {
    expect(problemsOf(over)).toEqual([]);
  });
});

describe("the source of a follow-up's notice", () => {
  const SHIPPED = readFileSync("templates/notices/update.en.md", "utf8");

  test("says the update between its greeting and its first heading", () => {
    const source = followupSource(SHIPPED, { title: "New facts", body: "We found *more*." });
    const before = source.slice(0, source.indexOf("## New facts"));
    expect(before).toContain("{{#if name}}");
    expect(source).toMatch(/## New facts\n\nWe found \*more\*\.\n\n## What happened/);
    expect(source).toContain("{{notice_code}}");
    expect(parseSource(source).title).toEqual(parseSource(SHIPPED).title);
  });

  test.each([
    ["a field", "Dear {{personal_code}} and {{{name}}}"],
    ["a condition", "{{#if name}}x{{/if}}"],
    ["one that is torn", "{{#if name}} {{"],
    ["braces in a row", "{{{{{{{{name}}}}}}}}"],
    ["braces behind a backslash", "\\{{name}} \\\\{{name}}"],
    ["front matter", '---\ntitle: "Other"\nsubject: "Other"\nsms: "Other"\n---\nOther'],
  ])("has no part that comes from %s in the update", (_what, text) => {
    const source = followupSource(SHIPPED, { title: text.slice(0, 20), body: text });
    expect(shapeOf(source)).toEqual(shapeOf(SHIPPED));
  });

  test("whatever the update says", () => {
    const piece = fc.oneof(
      fc.constantFrom("{", "{{", "}}", "\\", "---\n", "#", "\n", "name", "title: x\n", "{{!", "~"),
      fc.string({ maxLength: 5 }).map((text) => text.replaceAll(/[^\n\x20-\x7e]/g, "")),
    );
    const anyText = fc.array(piece, { maxLength: 20 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(anyText, anyText, (title, body) => {
        const source = followupSource(SHIPPED, { title: title.replaceAll("\n", " "), body });
        expect(shapeOf(source)).toEqual(shapeOf(SHIPPED));
      }),
      { numRuns: 1_000 },
    );
  });
});

/** Front matter as it is, and the fields and conditions of the body in their order. */
function shapeOf(source: string) {
  const { title, subject, discreetSubject, sms, body } = parseSource(source);
  return [[title, subject, discreetSubject, sms].map(shown), fieldsOf(body)];
}

function shown(nodes: readonly Node[]): unknown[] {
  return nodes.map((node) => (node.kind === "text" ? node.text : node.field));
}

function fieldsOf(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => {
    if (node.kind === "text") return [];
    if (node.kind === "field") return [node.field];
    return [`if ${node.field}`, ...fieldsOf(node.then), "else", ...fieldsOf(node.otherwise)];
  });
}

function dates(...all: string[]) {
  return {
    rule: {
      kind: "dates",
      dates: all.map((at) => ({ date: at.slice(0, 10), time: at.slice(11) })),
    },
  };
}

function cadence(over: object) {
  const usual = { kind: "cadence", every: { unit: "week" }, time: "09:00", from: "2026-03-10" };
  return { rule: { ...usual, ...over } };
}

/** What is wrong with a plan, as the schema or the check says it; nothing where it may be. */
function problemsOf(over: object): { field: string; message: string }[] {
  const usual = { version: 0, zone: "Europe/Berlin", owners: [OWNER], ...cadence({}) };
  const { success, data, error } = NewPlan.safeParse({ ...usual, ...over });
  if (!success)
    return error.issues.map(({ path, message }) => ({ field: path.join("."), message }));
  try {
    checkPlan(data, NOW);
    return [];
  } catch (refusal) {
    if (refusal instanceof Refusal) return [...refusal.fields];
    throw refusal;
  }
}

import { describe, expect, test } from "vitest";

import { LIBRARY } from "../../support/law.ts";
import { assessCase, dueOfCase, readCases, reasonAgainst } from "../../support/law-case.ts";
import type { LawCase } from "../../support/law-case.ts";

const cases = readCases("tests/domain/obligation/cases.yaml");

describe.each(cases)("$id", (given) => {
  const assessment = assessCase(given, LIBRARY);
  const owed = new Map(assessment.obligations.map((each) => [each.id, each]));

  test.each(given.duties)("$id", (expected) => {
    const duty = owed.get(expected.id);
    expect(duty, assessment.obligations.map(({ id }) => id).join("\n")).toBeDefined();
    if (!duty) return;
    if (expected.due !== undefined)
      expect(duty.due.at).toEqual(dueOfCase(expected.due, duty.due.zone));
    if (expected.waitsFor !== undefined) expect(duty.due.waitsFor).toBe(expected.waitsFor);
    if (expected.standard !== undefined)
      expect(duty.due).toMatchObject({ standard: expected.standard, because: expect.any(String) });
    if (expected.standard !== undefined && expected.due === undefined)
      expect(duty.due.at).toBeUndefined();
    if (expected.authority !== undefined)
      expect(duty.authorities[0]?.place).toBe(expected.authority);
    if (expected.persons !== undefined) expect(duty.persons).toBe(expected.persons);
    if (expected.months !== undefined) expect(duty.creditMonitoringMonths).toBe(expected.months);
    if (expected.headings !== undefined) expect(duty.duty.headings).toHaveLength(expected.headings);
    if (expected.contains) expect(duty.contents).toEqual(expect.arrayContaining(expected.contains));
    if (expected.prohibited)
      expect(duty.prohibited).toEqual(expect.arrayContaining(expected.prohibited));
    if (expected.marks) expect(duty.marks).toEqual(expected.marks);
    if (expected.says !== undefined) expect(duty.due.because).toBe(expected.says);
  });

  test("asks for nothing else of the rules it names", () => {
    for (const [path, says] of Object.entries(given.not)) {
      expect([...owed.keys()].filter((id) => id === path || id.startsWith(`${path}/`))).toEqual([]);
      if (says !== null) expect(reasonAgainst(assessment, path)).toContain(says);
    }
    const upcoming = assessment.whyNot.filter((each) => each.upcoming).map(({ rule }) => rule);
    expect(upcoming).toEqual(expect.arrayContaining(given.upcoming));
    if (given.duties.length === 0) expect(generalDuties(given)).toEqual([]);
  });
});

/** Duties of the places where people live: sector law and contracts put questions of their own. */
function generalDuties(given: LawCase): string[] {
  const general = new Set(LIBRARY.rules.flatMap(({ id, sector }) => (sector === null ? [id] : [])));
  return assessCase(given, LIBRARY)
    .obligations.filter(({ rule }) => general.has(rule.id) && rule.jurisdiction !== "XX")
    .map(({ id }) => id);
}

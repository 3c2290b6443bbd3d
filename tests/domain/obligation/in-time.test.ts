import { describe, expect, test } from "vitest";

import type { Rule } from "../../../src/domain/law.ts";
import type { LawCase } from "../../support/law-case.ts";
import { assessCase, caseOf, libraryOf, ruleOf } from "../../support/law-case.ts";

type Given = Partial<LawCase>;

/** The marks of a rule on 1 June 2026, or why it asks for nothing. */
function onTheDay(rule: Partial<Rule>, given: Given = {}, others: readonly Rule[] = []) {
  const { obligations, whyNot } = assessCase(caseOf(given), libraryOf([ruleOf(rule), ...others]));
  const [found] = obligations.filter((each) => each.rule.id === "xa-law");
  return found ? found.marks : whyNot.find((each) => each.rule === "xa-law");
}

const reason = (because: string, more = {}) => ({ rule: "xa-law", place: "DE", because, ...more });

describe("a rule in time", () => {
  test("applies from its first day to its last", () => {
    expect(onTheDay({ inForce: { from: "2026-06-01" } })).toEqual([]);
    expect(onTheDay({ inForce: { from: "2020-01-01", to: "2026-06-01" } })).toEqual([]);
    expect(onTheDay({ inForce: { from: "2020-01-01", to: "2026-05-31" } })).toEqual(
      reason("It applied until 2026-05-31 only."),
    );
  });

  test("is chosen by the day of the incident in its own zone, the earlier of discovery and awareness", () => {
    const late = { aware: new Date("2026-06-01T23:30:00Z") };
    expect(onTheDay({ inForce: { from: "2026-06-02" } }, late)).toEqual([]);
    const discovered = { ...late, discovered: "2026-06-01" };
    expect(onTheDay({ inForce: { from: "2026-06-02" } }, discovered)).toEqual(["todays-text"]);
    const instant = { ...late, discovered: new Date("2026-05-31T21:59:00Z") };
    expect(onTheDay({ inForce: { from: "2026-05-31" } }, instant)).toEqual([]);
    expect(onTheDay({ inForce: { from: "2026-06-01" } }, instant)).toEqual(["todays-text"]);
  });

  test("of which no start is known applies, marked so", () => {
    expect(onTheDay({ inForce: { from: "start-unknown" } })).toEqual(["start-unknown"]);
    expect(onTheDay({ status: "upheld-but-effective-date-uncertain" })).toEqual(["start-unknown"]);
  });

  test("younger than the incident is applied as today’s text, never dropped", () => {
    expect(onTheDay({ inForce: { from: "2026-06-02" } })).toEqual(["todays-text"]);
  });

  test("believed true more than 24 months after the incident is today’s text too", () => {
    const asOf = (month: string) => ({
      provenance: { established: "source" as const, asOf: month, sources: [] },
    });
    const day = (aware: string) => ({ aware: new Date(aware) });
    expect(onTheDay(asOf("2026-06"), day("2024-06-01T10:00Z"))).toEqual([]);
    expect(onTheDay(asOf("2026-06"), day("2024-05-31T10:00Z"))).toEqual(["todays-text"]);
    expect(
      onTheDay(
        { ...asOf("2026-06"), inForce: { from: "start-unknown" } },
        day("2020-01-01T10:00Z"),
      ),
    ).toEqual(["start-unknown", "todays-text"]);
  });

  test("carries what else a reader must know of it", () => {
    const recall = { provenance: { established: "recall" as const, asOf: "2026-11", sources: [] } };
    expect(onTheDay(recall)).toEqual(["rests-on-recall"]);
    expect(onTheDay({ status: "voluntary" })).toEqual(["voluntary"]);
    expect(onTheDay({ status: "contractual" })).toEqual(["contractual"]);
  });
});

describe("a rule that is not in force", () => {
  test.each<[Rule["status"], string]>([
    ["enacted-not-in-force", "It is enacted and not yet in force"],
    ["enacted-not-operational", "It is in force on paper and cannot be applied yet"],
    ["proposal-not-in-force", "It is proposed and not law"],
    ["bill-not-in-force", "It is a bill and not law"],
    ["not-in-force", "It is not in force"],
  ])("%s is announced", (status, words) => {
    expect(onTheDay({ status, inForce: { from: "start-unknown" } })).toEqual(
      reason(`${words}.`, { upcoming: true }),
    );
    expect(onTheDay({ status, inForce: { from: "2027-01-01" } })).toEqual(
      reason(`${words}: it applies from 2027-01-01.`, { upcoming: true }),
    );
  });

  test("and enacted applies from its day on; one that cannot be applied or is no law does not", () => {
    const inForce = { from: "2026-06-01" };
    expect(onTheDay({ status: "enacted-not-in-force", inForce })).toEqual([]);
    expect(onTheDay({ status: "enacted-not-operational", inForce })).toMatchObject({
      upcoming: true,
    });
    expect(onTheDay({ status: "bill-not-in-force", inForce })).toMatchObject({ upcoming: true });
  });

  test("where there is no duty, that is said", () => {
    const status = "no-duty";
    const found = (more: Partial<Rule>) => onTheDay({ status, duties: [], ...more });
    expect(found({})).toEqual(reason("No general duty is known there."));
    expect(found({ notes: ["None."] })).toEqual(reason("None."));
    expect(found({ notes: ["None."], threshold: "Nothing." })).toEqual(reason("Nothing."));
  });
});

describe("the texts of one law", () => {
  const newer = (from: string, more: Partial<Rule> = {}) =>
    ruleOf({ id: "xa-law-2", replaces: "xa-law", inForce: { from }, ...more });
  const marksOfNewer = (from: string) =>
    assessCase(caseOf(), libraryOf([ruleOf(), newer(from)])).whyNot.find(
      ({ rule }) => rule === "xa-law-2",
    )?.because;

  test("the older gives way from the newer one’s first day, and not before", () => {
    expect(onTheDay({}, {}, [newer("2026-06-01")])).toEqual(
      reason("Its newer text took over on 2026-06-01: xa-law-2."),
    );
    expect(marksOfNewer("2026-06-01")).toBeUndefined();
    expect(onTheDay({}, {}, [newer("2026-06-02")])).toEqual([]);
    expect(marksOfNewer("2026-06-02")).toBe(
      "It applies from 2026-06-02; before, its older text does: xa-law.",
    );
  });

  test("the older stays while the newer one is no law or of unknown start", () => {
    expect(onTheDay({}, {}, [newer("2026-01-01", { status: "bill-not-in-force" })])).toEqual([]);
    expect(onTheDay({}, {}, [newer("start-unknown")])).toEqual([]);
    expect(onTheDay({}, {}, [newer("2026-01-01", { status: "enacted-not-in-force" })])).toEqual(
      reason("Its newer text took over on 2026-01-01: xa-law-2."),
    );
  });

  test("one whose older text is not in the library is applied to older incidents", () => {
    expect(onTheDay({ replaces: "xa-lost", inForce: { from: "2026-07-01" } })).toEqual([
      "todays-text",
    ]);
  });
});

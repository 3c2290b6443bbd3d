import { describe, expect, test } from "vitest";

import { NOT_YET_KNOWN } from "../../../src/domain/instant.ts";
import type { DutyRule, Rule } from "../../../src/domain/law.ts";
import type { LawCase } from "../../support/law-case.ts";
import { assessCase, caseOf, dutyOf, libraryOf, ruleOf } from "../../support/law-case.ts";

const UNION: Partial<Rule> = { id: "xu", jurisdiction: "EU", appliesIn: ["DE", "FR", "AT", "ES"] };

function owed(duty: Partial<DutyRule>, given: Partial<LawCase>, rule: Partial<Rule> = UNION) {
  return assessCase(caseOf(given), libraryOf([ruleOf({ ...rule, duties: [dutyOf(duty)] })]));
}

function ids(duty: Partial<DutyRule>, given: Partial<LawCase>, rule?: Partial<Rule>): string[] {
  return owed(duty, given, rule).obligations.map(({ id }) => id);
}

describe("which authority", () => {
  const lead = { routing: "lead-or-each" as const };
  const people = { DE: 5, FR: 7, US: 9 };

  test("that of our establishment leads, for all people of the union", () => {
    const [found, ...others] = owed(lead, { people, establishment: "FR" }).obligations;
    expect(others).toEqual([]);
    expect(found).toMatchObject({ id: "xu/regulator/initial", place: "FR", persons: 12 });
    expect(found?.authorities.map(({ place }) => place)).toEqual(["FR"]);
    expect(found?.because).toEqual([
      "12 affected in EU.",
      "We are established in FR.",
      "We are established in FR: the authority there leads.",
    ]);
    expect(found?.due.zone).toBe("Europe/Paris");
  });

  test("in Germany that of the Land; without one, the whole list", () => {
    const places = (establishment: string) =>
      owed(lead, { people, establishment }).obligations[0]?.authorities.map(({ place }) => place);
    expect(places("DE-HH")).toEqual(["DE-HH"]);
    expect(places("DE")).toEqual(["DE", "DE-BY", "DE-HH"]);
    // A part without an authority of its own has that of its country.
    expect(places("FR-IDF")).toEqual(["FR"]);
  });

  test("without an establishment in the union, each where people live", () => {
    const outside = owed(lead, { people: { ...people, "DE-BY": 2 }, establishment: "US" });
    expect(outside.obligations.map(({ id, persons }) => [id, persons])).toEqual([
      ["xu/regulator/initial@DE", 7],
      ["xu/regulator/initial@FR", 7],
    ]);
    expect(outside.obligations[0]).toMatchObject({
      place: "DE",
      because: [
        "7 affected in DE.",
        "We are established outside: each authority where affected people live is told.",
      ],
      questions: [],
    });
    expect(outside.obligations[0]?.authorities[0]?.place).toBe("DE");
    expect(outside.obligations[1]?.due.zone).toBe("Europe/Paris");
  });

  test("while nobody said where we are, the same, with the question", () => {
    const [found] = owed(lead, { people }).obligations;
    expect(found).toMatchObject({
      id: "xu/regulator/initial@DE",
      questions: ["establishment"],
      marks: ["safe-branch"],
    });
    expect(found?.because.at(-1)).toBe(
      "Where we are established is not yet known: each authority where affected people live is told.",
    );
  });

  test("each, wherever we are established, where the law says so", () => {
    const each = { routing: "each" as const };
    const found = owed(each, { people, establishment: "FR" }).obligations;
    expect(found.map(({ id }) => id)).toEqual([
      "xu/regulator/initial@DE",
      "xu/regulator/initial@FR",
    ]);
    expect(found[0]?.because).toEqual(["5 affected in DE.", "We are established in FR."]);
    const nobody = owed(each, { people: { US: 1 }, establishment: "FR" });
    expect(nobody.obligations).toEqual([]);
    expect(nobody.whyNot).toEqual([
      {
        rule: "xu",
        duty: "regulator",
        place: "EU",
        because: "Nobody is affected in a place where it is owed.",
      },
    ]);
  });

  test("that of the place, or none of ours to name", () => {
    const own = { routing: "own" as const };
    const swiss = { jurisdiction: "CH" };
    const [found] = owed(own, { people: { CH: 1 } }, swiss).obligations;
    expect(found?.authorities.map(({ place }) => place)).toEqual(["CH"]);
    expect(owed({}, { people: { CH: 1 } }, swiss).obligations[0]?.authorities).toEqual([]);
    const british = owed(own, { people: { GB: 1 } }, { jurisdiction: "GB" }).obligations[0];
    expect(british?.authorities.map(({ place }) => place)).toEqual(["GB-ENG", "GB-SCT"]);
  });

  test("people not yet known leave one duty for the whole union", () => {
    const given = { people: NOT_YET_KNOWN, establishment: "DE" } as const;
    expect(ids({ routing: "each" }, given)).toEqual(["xu/regulator/initial"]);
  });
});

describe("by whose clocks", () => {
  const day = {
    limits: [{ amount: 1, unit: "calendar-days" as const, from: ["awareness" as const] }],
    from: ["awareness" as const],
  };
  const daily = { stages: [{ stage: "initial" as const, due: day }] };
  const zone = (given: Partial<LawCase>, rule?: Partial<Rule>) =>
    owed(daily, given, rule).obligations[0]?.due.zone;

  test.each<[string, Partial<LawCase>, Partial<Rule> | undefined, string]>([
    [
      "the union’s: where we are",
      { people: { FR: 1, AT: 1 }, establishment: "ES" },
      undefined,
      "Europe/Madrid",
    ],
    ["the only one affected", { people: { AT: 1 } }, undefined, "Europe/Vienna"],
    ["several parts of one", { people: { "DE-BY": 1, DE: 1 } }, undefined, "Europe/Berlin"],
    ["its own where several are", { people: { FR: 1, AT: 1 } }, undefined, "Europe/Brussels"],
    ["a state’s", { people: { "US-CA": 1 } }, { jurisdiction: "US-CA" }, "America/Los_Angeles"],
    ["a federation’s", { people: { "US-CA": 1 } }, { jurisdiction: "US" }, "America/New_York"],
    [
      "a contract’s: where we are",
      { people: { FR: 1 }, establishment: "FR" },
      { jurisdiction: "XX" },
      "Europe/Paris",
    ],
    [
      "a contract’s: where we became aware",
      { zone: "Asia/Tokyo" },
      { jurisdiction: "XX" },
      "Asia/Tokyo",
    ],
    [
      "a place nobody knows: where we became aware",
      { zone: "Asia/Tokyo", people: { AQ: 1 } },
      { jurisdiction: "AQ" },
      "Asia/Tokyo",
    ],
  ])("%s", (_, given, rule, expected) => {
    expect(zone(given, rule)).toBe(expected);
  });

  test("a place that nobody knows rests on Saturday and Sunday", () => {
    const limits = [{ amount: 1, unit: "business-days" as const, from: ["awareness" as const] }];
    const stages = [{ stage: "initial" as const, due: { limits, from: ["awareness" as const] } }];
    const friday = { aware: new Date("2026-06-05T08:00Z"), zone: "UTC", people: { AQ: 1 } };
    const [found] = owed({ stages }, friday, { jurisdiction: "AQ" }).obligations;
    expect(found?.due.at).toEqual(new Date("2026-06-08T23:59:59Z"));
  });

  test("no rule counts people of a contract by place", () => {
    const [found] = owed(daily, { people: { FR: 2, US: 3 } }, { jurisdiction: "XX" }).obligations;
    expect(found).toMatchObject({ persons: 5, place: "XX", because: [] });
  });
});

describe("once for each state", () => {
  const each = {
    each: "state" as const,
    when: { persons: { in: "place" as const, moreThan: 500 } },
  };
  const federal = { jurisdiction: "US" };

  test("by the people there", () => {
    const people = { "US-AZ": 501, "US-NM": 500, "US-CA": 900, DE: 1_000 };
    const found = owed(each, { people }, federal);
    expect(found.obligations.map(({ id, persons, place }) => [id, persons, place])).toEqual([
      ["xa-law/regulator/initial@US-AZ", 501, "US-AZ"],
      ["xa-law/regulator/initial@US-CA", 900, "US-CA"],
    ]);
    expect(found.obligations[1]?.due.zone).toBe("America/Los_Angeles");
    expect(found.obligations[0]?.because).toEqual([
      "501 affected in US-AZ.",
      "501 people in US-AZ; the law speaks of more than 500.",
    ]);
    expect(found.whyNot).toEqual([
      {
        rule: "xa-law",
        duty: "regulator",
        place: "US-NM",
        because: "500 people in US-NM; the law speaks of more than 500.",
      },
    ]);
  });

  test("people whose state is not known might all live in one", () => {
    expect(ids(each, { people: { US: 501 } }, federal)).toEqual(["xa-law/regulator/initial@US"]);
    const unknown = { people: NOT_YET_KNOWN, establishment: "US" } as const;
    const [found] = owed(each, unknown, federal).obligations;
    expect(found).toMatchObject({ id: "xa-law/regulator/initial", questions: ["people"] });
  });
});

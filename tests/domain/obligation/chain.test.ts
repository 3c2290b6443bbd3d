import { describe, expect, test } from "vitest";

import { Limit } from "../../../src/domain/law/due.ts";
import type { DutyRef } from "../../../src/domain/law/due.ts";
import type { DutyRule } from "../../../src/domain/law.ts";
import { assessCase, caseOf, dutyOf, libraryOf, ruleOf } from "../../support/law-case.ts";

const aware = new Date("2026-06-01T08:00+02:00");
const at = (text: string) => new Date(text);

function after(met: DutyRef, hours = 24): DutyRule["stages"][number]["due"] {
  const from = [{ met }];
  return { limits: [Limit.parse({ amount: hours, unit: "hours", from })], from };
}

const CHAIN = ruleOf({
  duties: [
    dutyOf({
      stages: [
        {
          stage: "initial",
          due: {
            limits: [Limit.parse({ amount: 24, unit: "hours", from: ["awareness"] })],
            from: ["awareness"],
          },
        },
        { stage: "intermediate", due: after({ duty: "regulator", stage: "initial" }) },
        { stage: "final", due: after({ duty: "regulator", stage: "intermediate" }) },
      ],
      order: [{ relation: "before", of: { duty: "individuals" } }],
    }),
    dutyOf({
      key: "individuals",
      to: "individuals",
      stages: [{ stage: "full", due: after({ duty: "regulator" }) }],
      order: [
        { relation: "same-time", of: { duty: "regulator", stage: "final" } },
        { relation: "no-later-than", of: { duty: "media" } },
        { relation: "before", of: { rule: "xa-other", duty: "regulator" } },
      ],
    }),
  ],
});

const OTHER = ruleOf({
  id: "xa-other",
  duties: [
    dutyOf({
      stages: [
        {
          stage: "initial",
          due: after({ rule: "xa-law", duty: "regulator", stage: "initial" }, 5),
        },
      ],
    }),
  ],
});

function dueOf(id: string, met: Record<string, Date>) {
  const { obligations } = assessCase(caseOf({ aware, met }), libraryOf([CHAIN, OTHER]));
  const found = obligations.find((each) => each.id === id);
  if (!found) throw new Error(`${id} is not owed`);
  return found.due;
}

describe("a clock that another duty starts", () => {
  test("waits for it by name", () => {
    expect(dueOf("xa-law/regulator/intermediate", {})).toEqual({
      zone: "Europe/Berlin",
      waitsFor: "xa-law/regulator/initial",
      because:
        "24 hours after that. The clock has not begun: it waits for “xa-law/regulator/initial” to be met.",
    });
    expect(dueOf("xa-law/individuals/full", {}).waitsFor).toBe("xa-law/regulator");
    expect(dueOf("xa-other/regulator/initial", {}).waitsFor).toBe("xa-law/regulator/initial");
  });

  test("runs from when that stage was met, and not from another", () => {
    const met = { "xa-law/regulator/initial": at("2026-06-01T20:00+02:00") };
    expect(dueOf("xa-law/regulator/intermediate", met)).toEqual({
      zone: "Europe/Berlin",
      at: at("2026-06-02T20:00+02:00"),
      startedAt: at("2026-06-01T20:00+02:00"),
      because:
        "24 hours after “regulator (initial)” was met (1 Jun 2026 20:00 Europe/Berlin) is 2 Jun 2026 20:00.",
    });
    expect(dueOf("xa-law/regulator/final", met).waitsFor).toBe("xa-law/regulator/intermediate");
    expect(dueOf("xa-other/regulator/initial", met).at).toEqual(at("2026-06-02T01:00+02:00"));
  });

  test("of three is followed step by step; a duty without a stage is met by its last", () => {
    const met = {
      "xa-law/regulator/intermediate": at("2026-06-02T10:00+02:00"),
      "xa-law/regulator/initial": at("2026-06-01T20:00+02:00"),
      "xa-law/regulator-2/initial": at("2026-06-09T20:00+02:00"),
      "xb-law/regulator/final": at("2026-06-09T20:00+02:00"),
    };
    expect(dueOf("xa-law/regulator/final", met).at).toEqual(at("2026-06-03T10:00+02:00"));
    const last = dueOf("xa-law/individuals/full", met);
    expect(last.at).toEqual(at("2026-06-03T10:00+02:00"));
    expect(last.because).toContain("“regulator” was met (2 Jun 2026 10:00 Europe/Berlin)");
    const all = { ...met, "xa-law/regulator/final": at("2026-06-05T10:00+02:00") };
    expect(dueOf("xa-law/individuals/full", all).at).toEqual(at("2026-06-06T10:00+02:00"));
  });
});

describe("a clock of one place among several", () => {
  const rule = ruleOf({
    id: "xu-law",
    jurisdiction: "EU",
    appliesIn: ["DE", "FR"],
    duties: [
      dutyOf({
        routing: "each",
        stages: [
          { stage: "initial", due: { limits: [], from: ["awareness"] } },
          { stage: "final", due: after({ duty: "regulator", stage: "initial" }) },
        ],
      }),
    ],
  });
  const other = ruleOf({
    ...rule,
    id: "xv-law",
    duties: [
      dutyOf({
        routing: "each",
        stages: [{ stage: "final", due: after({ rule: "xu-law", duty: "regulator" }) }],
      }),
    ],
  });
  const dueIn = (place: string, met: Record<string, Date>, law = "xu-law") =>
    assessCase(
      caseOf({ aware, met, people: { DE: 1, FR: 1 } }),
      libraryOf([rule, other]),
    ).obligations.find(({ id }) => id === `${law}/regulator/final@${place}`)?.due;

  test("goes by what was met there", () => {
    const met = {
      "xu-law/regulator/initial@DE": at("2026-06-02T10:00+02:00"),
      "xu-law/regulator/initial@FR": at("2026-06-03T10:00+02:00"),
    };
    expect(dueIn("DE", met)?.at).toEqual(at("2026-06-03T10:00+02:00"));
    expect(dueIn("FR", met)?.at).toEqual(at("2026-06-04T10:00+02:00"));
  });

  test("goes by what was met for all, and never by what was met in another alone", () => {
    const met = {
      "xu-law/regulator/initial": at("2026-06-04T10:00+02:00"),
      "xu-law/regulator/initial@FR": at("2026-06-03T10:00+02:00"),
    };
    expect(dueIn("DE", met)?.at).toEqual(at("2026-06-05T10:00+02:00"));
    const elsewhere = { "xu-law/regulator/initial@FR": at("2026-06-03T10:00+02:00") };
    expect(dueIn("DE", elsewhere)?.waitsFor).toBe("xu-law/regulator/initial@DE");
  });

  test("goes by another rule’s duty wherever that was met", () => {
    const elsewhere = { "xu-law/regulator/initial@FR": at("2026-06-03T10:00+02:00") };
    expect(dueIn("DE", elsewhere, "xv-law")?.at).toEqual(at("2026-06-04T10:00+02:00"));
    expect(dueIn("DE", {}, "xv-law")?.waitsFor).toBe("xu-law/regulator");
  });
});

test("a clock of one place begins with the earliest that another rule’s duty was met anywhere", () => {
  const met = {
    "xa-law/regulator/initial@FR": at("2026-06-03T10:00+02:00"),
    "xa-law/regulator/initial@DE": at("2026-06-02T10:00+02:00"),
  };
  expect(dueOf("xa-other/regulator/initial", met).at).toEqual(at("2026-06-02T15:00+02:00"));
});

test("an order names what is owed, by its first stage unless it says one", () => {
  const { obligations } = assessCase(caseOf({ aware }), libraryOf([CHAIN, OTHER]));
  const orders = Object.fromEntries(obligations.map(({ id, order }) => [id, order]));
  expect(orders["xa-law/regulator/initial"]).toEqual([
    { relation: "before", of: "xa-law/individuals/full" },
  ]);
  expect(orders["xa-law/individuals/full"]).toEqual([
    { relation: "same-time", of: "xa-law/regulator/final" },
    { relation: "before", of: "xa-other/regulator/initial" },
  ]);
});

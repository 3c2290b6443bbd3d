import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { occurrences } from "../../src/domain/followup.ts";
import type { Rule } from "../../src/domain/followup.ts";
import { instantOf } from "../../src/domain/instant/local.ts";
import { byTemporal, daysByTemporal } from "../support/times.ts";

/**
 * Local times around every kind of change, each zone with days on which its clocks do something:
 * forward, back, by half an hour, by a whole day, at midnight, for Ramadan, twice a year by two
 * hours, and zones whose offset is no whole hour. Each day is tried at each time of day below.
 */
const DAYS: Readonly<Record<string, readonly string[]>> = {
  "Europe/Berlin": ["2026-03-29", "2026-10-25", "2028-02-29", "2026-12-31"],
  "Europe/London": ["2026-03-29", "2026-10-25", "2027-03-28"],
  "America/New_York": ["2026-03-08", "2026-11-01", "2027-03-14", "2028-02-29"],
  "America/St_Johns": ["2026-03-08", "2026-11-01", "2006-10-29"],
  "America/Sao_Paulo": ["2018-11-04", "2018-02-18", "2026-11-01"],
  "Australia/Lord_Howe": ["2026-10-04", "2026-04-05"],
  "Africa/Casablanca": ["2026-02-15", "2026-03-22", "2025-02-23", "2025-04-06"],
  "Asia/Kathmandu": ["2026-01-01", "1986-01-01"],
  "Asia/Tehran": ["2021-03-22", "2021-09-22", "2026-03-21"],
  "Asia/Gaza": ["2024-04-20", "2023-04-29", "2023-10-28"],
  "Pacific/Apia": ["2011-12-29", "2011-12-30", "2011-12-31", "2012-04-01"],
  "Pacific/Chatham": ["2026-09-27", "2026-04-05"],
  "Antarctica/Troll": ["2026-03-29", "2026-10-25"],
  UTC: ["2026-06-30", "2028-02-29"],
};
const TIMES = ["00:00", "00:30", "01:30", "02:00", "02:15", "02:30", "02:59", "03:00", "09:00"];

const TABLE = Object.entries(DAYS).flatMap(([zone, days]) =>
  days.flatMap((date) => TIMES.map((time) => ({ zone, date, time }))),
);

describe("instants", () => {
  test("the table is as long and as wide as it should be, and reaches what it is for", () => {
    expect(TABLE.length).toBeGreaterThanOrEqual(200);
    expect(Object.keys(DAYS).length).toBeGreaterThanOrEqual(12);
    const skipped = TABLE.filter(({ zone, date, time }) => instantOf({ date, time }, zone).skipped);
    expect(new Set(skipped.map(({ zone }) => zone)).size).toBeGreaterThanOrEqual(9);
  });

  test.each(TABLE)("$date $time in $zone is what Temporal says", ({ zone, date, time }) => {
    const { at, skipped } = instantOf({ date, time }, zone);
    expect({ at: at.toISOString(), skipped }).toEqual(byTemporal(`${date}T${time}`, zone));
  });

  test.each([
    ["Europe/Berlin", "2026-03-29", "02:30", "2026-03-29T01:00:00.000Z", "the gap's end"],
    ["Europe/Berlin", "2026-10-25", "02:30", "2026-10-25T00:30:00.000Z", "the earlier of two"],
    ["Australia/Lord_Howe", "2026-10-04", "02:15", "2026-10-03T15:30:00.000Z", "half an hour"],
    ["Pacific/Apia", "2011-12-30", "09:00", "2011-12-30T10:00:00.000Z", "a day that was not"],
    ["America/Sao_Paulo", "2018-11-04", "00:00", "2018-11-04T03:00:00.000Z", "no midnight"],
  ])("%s %s %s is %s: %s", (zone, date, time, expected) => {
    expect(instantOf({ date, time }, zone).at.toISOString()).toBe(expected);
  });

  test("any minute of any zone's any day between 1990 and 2037", () => {
    const minute = fc.integer({
      min: Date.UTC(1990, 0, 1) / 60_000,
      max: Date.UTC(2037, 0, 1) / 60_000,
    });
    fc.assert(
      fc.property(fc.constantFrom(...Intl.supportedValuesOf("timeZone")), minute, (zone, at) => {
        const local = new Date(at * 60_000).toISOString().slice(0, 16);
        const found = instantOf({ date: local.slice(0, 10), time: local.slice(11) }, zone);
        expect({ at: found.at.toISOString(), skipped: found.skipped }).toEqual(
          byTemporal(local, zone),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("cadences", () => {
  const cases: [string, Cadence["every"], string, Parameters<typeof daysByTemporal>[1]][] = [
    ["every day over both changes", { unit: "day" }, "2026-03-20", { days: 1 }],
    ["every week", { unit: "week", weeks: 1 }, "2026-03-01", { days: 7 }],
    ["every three weeks", { unit: "week", weeks: 3 }, "2026-02-28", { days: 21 }],
    ["monthly on the 31st", { unit: "month", day: 31 }, "2027-12-31", { month: 31 }],
    [
      "monthly on the 29th, over a leap day",
      { unit: "month", day: 29 },
      "2027-01-30",
      { month: 29 },
    ],
    ["monthly on the 30th", { unit: "month", day: 30 }, "2028-01-01", { month: 30 }],
    [
      "on the last day of the month",
      { unit: "month", day: "last" },
      "2028-01-15",
      { month: "last" },
    ],
    ["monthly on a day already past", { unit: "month", day: 1 }, "2026-05-02", { month: 1 }],
  ];
  test.each(cases)("%s: the days are Temporal's", (_name, every, from, second) => {
    for (const zone of ["Europe/Berlin", "Pacific/Chatham", "America/St_Johns"]) {
      const found = occurrences({ zone, rule: aCadence({ every, from, time: "02:30" }) }, -1, 30);
      const expected = daysByTemporal(from, second, 30);
      expect(found.map(({ date }) => date)).toEqual(expected);
      expect(found.map(({ dueAt }) => dueAt.toISOString())).toEqual(
        expected.map((date) => byTemporal(`${date}T02:30`, zone).at),
      );
    }
  });

  test("the last day of February is the 29th in a leap year and the 28th otherwise", () => {
    const rule = aCadence({ every: { unit: "month", day: 31 }, from: "2027-02-01" });
    const days = occurrences({ zone: "UTC", rule }, -1, 13).map(({ date }) => date);
    expect([days[0], days[12]]).toEqual(["2027-02-28", "2028-02-29"]);
  });

  test("a day that was skipped whole is not told twice", () => {
    const rule = aCadence({ every: { unit: "day" }, from: "2011-12-29", time: "00:00" });
    const found = occurrences({ zone: "Pacific/Apia", rule }, -1, 3);
    expect(found.map(({ dueAt }) => dueAt.toISOString())).toEqual([
      "2011-12-29T10:00:00.000Z",
      "2011-12-30T10:00:00.000Z",
      "2011-12-31T10:00:00.000Z",
    ]);
  });

  test("a plan ends after its day or its count", () => {
    const plan = (until: Cadence["until"]) => ({
      zone: "UTC",
      rule: aCadence({ every: { unit: "day" }, from: "2026-01-01", until }),
    });
    expect(occurrences(plan({ count: 4 }), -1, 99)).toHaveLength(4);
    expect(occurrences(plan({ date: "2026-01-03" }), -1, 99)).toHaveLength(3);
    expect(occurrences(plan("closed"), -1, 99)).toHaveLength(99);
  });

  test("any cadence: strictly later each time, none twice, and the same however it is cut up", () => {
    fc.assert(
      fc.property(anyPlan, fc.integer({ min: 0, max: 40 }), (plan, cut) => {
        const whole = occurrences(plan, -1, 60);
        const times = whole.map(({ dueAt }) => dueAt.getTime());
        expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
        const head = occurrences(plan, -1, cut);
        const tail = occurrences(plan, head.at(-1)?.occurrence ?? -1, 60 - cut);
        expect([...head, ...tail]).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });
});

type Cadence = Extract<Rule, { kind: "cadence" }>;

function aCadence(over: Partial<Cadence>): Cadence {
  const usual = { time: "09:00", from: "2026-03-20", until: "closed" } as const;
  return { kind: "cadence", every: { unit: "day" }, ...usual, ...over };
}

const anyEvery: fc.Arbitrary<Cadence["every"]> = fc.oneof(
  fc.constant({ unit: "day" } as const),
  fc.record({ unit: fc.constant("week" as const), weeks: fc.integer({ min: 1, max: 52 }) }),
  fc.record({
    unit: fc.constant("month" as const),
    day: fc.oneof(fc.integer({ min: 1, max: 31 }), fc.constant("last" as const)),
  }),
);

const anyPlan = fc
  .record({
    zone: fc.constantFrom(...Object.keys(DAYS)),
    every: anyEvery,
    day: fc.integer({ min: Date.UTC(1995, 0, 1), max: Date.UTC(2030, 0, 1) }),
    time: fc.constantFrom(...TIMES, "23:30", "12:00"),
  })
  .map(({ zone, every, day, time }) => {
    const from = new Date(day).toISOString().slice(0, 10);
    return { zone, rule: aCadence({ every, from, time }) };
  });

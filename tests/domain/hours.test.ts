import { describe, expect, test } from "vitest";

import { Hours, nextWithin, zonesOf } from "../../src/domain/instant/hours.ts";

const DAYTIME = { from: "08:00", to: "21:00" };

function opening(at: string, zones: readonly string[], hours: Hours = DAYTIME) {
  return nextWithin(hours, zones, new Date(at))?.toISOString();
}

describe("the hours of the day in one zone", () => {
  test.for([
    // Berlin is an hour ahead in winter, two in summer.
    ["within", "Europe/Berlin", "2026-02-02T12:00:00.000Z", "2026-02-02T12:00:00.000Z"],
    ["the first minute", "Europe/Berlin", "2026-02-02T07:00:00.000Z", "2026-02-02T07:00:00.000Z"],
    ["before", "Europe/Berlin", "2026-02-02T06:59:59.000Z", "2026-02-02T07:00:00.000Z"],
    ["the last minute", "Europe/Berlin", "2026-02-02T19:59:59.000Z", "2026-02-02T19:59:59.000Z"],
    ["after", "Europe/Berlin", "2026-02-02T20:00:00.000Z", "2026-02-03T07:00:00.000Z"],
    [
      "before clocks go forward",
      "Europe/Berlin",
      "2026-03-28T20:30:00.000Z",
      "2026-03-29T06:00:00.000Z",
    ],
    [
      "before clocks go back",
      "Europe/Berlin",
      "2026-10-24T19:30:00.000Z",
      "2026-10-25T07:00:00.000Z",
    ],
    [
      "New York, forward",
      "America/New_York",
      "2026-03-08T03:00:00.000Z",
      "2026-03-08T12:00:00.000Z",
    ],
    ["New York, back", "America/New_York", "2026-11-01T03:00:00.000Z", "2026-11-01T13:00:00.000Z"],
    ["half an hour", "Asia/Kolkata", "2026-02-02T20:00:00.000Z", "2026-02-03T02:30:00.000Z"],
    [
      "the other side of the date line",
      "Pacific/Apia",
      "2026-02-02T09:00:00.000Z",
      "2026-02-02T19:00:00.000Z",
    ],
    ["a new year", "Europe/London", "2026-12-31T22:00:00.000Z", "2027-01-01T08:00:00.000Z"],
  ] as const)("%s", ([, zone, at, expected]) => {
    expect(opening(at, [zone])).toBe(expected);
  });

  test("that begin in the gap of a spring night begin when clocks have jumped", () => {
    const early = { from: "02:30", to: "21:00" };
    expect(opening("2026-03-29T00:00:00.000Z", ["Europe/Berlin"], early)).toBe(
      "2026-03-29T01:00:00.000Z",
    );
  });

  test("that end in the night of autumn, when 02:30 comes twice", () => {
    const late = { from: "00:00", to: "02:30" };
    const zone = ["Europe/Berlin"];
    // 02:29 summer time, 02:30 summer time, and 02:10 again.
    expect(opening("2026-10-25T00:29:00.000Z", zone, late)).toBe("2026-10-25T00:29:00.000Z");
    expect(opening("2026-10-25T00:30:00.000Z", zone, late)).toBe("2026-10-25T23:00:00.000Z");
    expect(opening("2026-10-25T01:10:00.000Z", zone, late)).toBe("2026-10-25T01:10:00.000Z");
  });
});

describe("a country of several zones", () => {
  test("is written to while it is day in all of them", () => {
    const zones = ["America/New_York", "Pacific/Honolulu"];
    expect(opening("2026-02-02T15:00:00.000Z", zones)).toBe("2026-02-02T18:00:00.000Z");
    expect(opening("2026-02-02T20:00:00.000Z", zones)).toBe("2026-02-02T20:00:00.000Z");
    expect(opening("2026-02-03T02:30:00.000Z", zones)).toBe("2026-02-03T18:00:00.000Z");
  });

  test("too wide for the hours has none", () => {
    const short = { from: "09:00", to: "10:00" };
    expect(opening("2026-02-02T15:00:00.000Z", ["Asia/Tokyo", "Europe/London"], short)).toBe(
      undefined,
    );
  });

  test("is known by its code", () => {
    expect(zonesOf("GB")).toEqual(["Europe/London"]);
    expect(zonesOf("US").length).toBeGreaterThan(5);
    expect(zonesOf("US")).toContain("Pacific/Honolulu");
    expect(zonesOf("ZZ")).toEqual([]);
    expect(zonesOf("no country")).toEqual([]);
  });
});

test.for([
  [{ from: "08:00", to: "21:00" }, true],
  [{ from: "08:00", to: "08:59" }, false],
  [{ from: "21:00", to: "08:00" }, false],
  [{ from: "8:00", to: "21:00" }, false],
  [{ from: "08:00", to: "24:00" }, false],
  [{ from: "08:00", to: "21:00", zone: "Europe/Berlin" }, false],
] as const)("%j are hours: %s", ([given, expected]) => {
  expect(Hours.safeParse(given).success).toBe(expected);
});

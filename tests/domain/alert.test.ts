import { expect, test } from "vitest";

import { alertKind, nextAlertAt } from "../../src/domain/alert.ts";
import { leftUntil, timeIn } from "../../src/domain/obligation/telling.ts";

const DUE = new Date("2026-03-05T08:15:00Z");
const HOUR_MS = 3_600_000;
const before = (ms: number) => new Date(DUE.getTime() - ms);

test.for([
  [48 * HOUR_MS + 1, undefined],
  [48 * HOUR_MS, "due-in-48h"],
  [24 * HOUR_MS + 1, "due-in-48h"],
  [24 * HOUR_MS, "due-in-24h"],
  [4 * HOUR_MS + 1, "due-in-24h"],
  [4 * HOUR_MS, "due-in-4h"],
  [0, "due-in-4h"],
  [-1, "overdue"],
  [-1_000 * HOUR_MS, "overdue"],
] as const)("%i ms before its end a clock asks for the word %s", ([ms, word]) => {
  expect(alertKind(DUE, before(ms))).toBe(word);
});

test("the next moment is when another word is due", () => {
  for (const ms of [60 * HOUR_MS, 30 * HOUR_MS, 5 * HOUR_MS, 1]) {
    const next = nextAlertAt(DUE, before(ms));
    if (!next) throw new Error("There is one.");
    const just = new Date(next.getTime() - 1);
    expect(alertKind(DUE, just)).toBe(alertKind(DUE, before(ms)));
    expect(alertKind(DUE, next)).not.toBe(alertKind(DUE, just));
  }
  expect(nextAlertAt(DUE, before(-1))).toBeUndefined();
});

test.for([
  [53 * HOUR_MS + 20 * 60_000, "53 hours 20 minutes left"],
  [73 * HOUR_MS, "3 days 1 hour left"],
  [60_000, "1 minute left"],
  [0, "0 minutes left"],
  [-(24 * HOUR_MS), "24 hours late"],
  [-(240 * HOUR_MS), "10 days late"],
] as const)("%i ms are told as %s", ([ms, words]) => {
  expect(leftUntil(DUE, before(ms))).toBe(words);
});

test("a time is told in its zone, with the zone named", () => {
  expect(timeIn(DUE, "Europe/Berlin")).toBe("Thu 5 March 2026, 09:15 (Europe/Berlin)");
  expect(timeIn(DUE, "America/New_York")).toBe("Thu 5 March 2026, 03:15 (America/New_York)");
});

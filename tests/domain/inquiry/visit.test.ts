import { describe, expect, test } from "vitest";

import { dueAt } from "../../../src/domain/inquiry.ts";
import { normalisedPersonalCode, personalCode } from "../../../src/domain/inquiry/code.ts";
import { elementLines } from "../../../src/domain/inquiry/mine.ts";
import { judgeOneTimeCode } from "../../../src/domain/inquiry/visit.ts";
import type { VisitState } from "../../../src/domain/inquiry/visit.ts";

describe("a personal code", () => {
  test("is the first sixty bits of the hash, five a character", () => {
    expect(personalCode(Buffer.from("0000000000000000", "hex"))).toBe("0000-0000-0000");
    expect(personalCode(Buffer.from("ffffffffffffffff", "hex"))).toBe("ZZZZ-ZZZZ-ZZZZ");
    expect(personalCode(Buffer.from("fffffffffffffff0", "hex"))).toBe("ZZZZ-ZZZZ-ZZZZ");
    // 00000 00001 00010 … 01011
    const bits = Array.from({ length: 12 }, (_, i) => i.toString(2).padStart(5, "0")).join("");
    const hash = Buffer.from(BigInt(`0b${bits}0000`).toString(16).padStart(16, "0"), "hex");
    expect(personalCode(hash)).toBe("0123-4567-89AB");
  });

  test.each([
    ["7k2m 9qxt 4bwc", "7K2M-9QXT-4BWC"],
    ["7K2M—9QXT–4BWC", "7K2M-9QXT-4BWC"],
    ["７Ｋ２Ｍ９ＱＸＴ４ＢＷＣ", "7K2M-9QXT-4BWC"],
    ["oOiI-lL00-1111", "0011-1100-1111"],
    ["7K2M-9QXT-4BW", undefined],
    ["7K2M-9QXT-4BWCC", undefined],
    ["7K2M-9QXT-4BWU", undefined],
    ["", undefined],
  ])("typed as %j is %j", (typed, code) => {
    expect(normalisedPersonalCode(typed)).toBe(code);
  });
});

describe("a one-time code", () => {
  const now = new Date("2026-03-03T10:00:00Z");
  const person = {
    incidentId: "00000000-0000-4000-8000-000000000001",
    recipientId: "00000000-0000-4000-8000-000000000002",
  };
  const state: VisitState = {
    person,
    code: { hash: "h", expiresAt: new Date("2026-03-03T10:10:00Z") },
    failures: 0,
    open: false,
  };

  test("opens, once", () => {
    const judged = judgeOneTimeCode(state, true, now);
    expect(judged).toEqual({ state: { ...state, code: null, open: true }, reply: "open" });
  });

  test("that happens to be right where there is nobody is wrong", () => {
    const nobody = { ...state, person: null };
    expect(judgeOneTimeCode(nobody, true, now).reply).toEqual({ triesLeft: 4 });
  });

  test("is over at its very end", () => {
    expect(judgeOneTimeCode(state, true, new Date("2026-03-03T10:10:00Z")).reply).toBe("over");
    expect(judgeOneTimeCode(state, true, new Date("2026-03-03T10:09:59.999Z")).reply).toBe("open");
  });

  test("is over after the fifth failure", () => {
    const fourth = { ...state, failures: 4 };
    const fifth = judgeOneTimeCode(fourth, false, now);
    expect(fifth.reply).toBe("over");
    expect(judgeOneTimeCode(fifth.state, true, now).reply).toBe("over");
    expect(judgeOneTimeCode(fourth, true, now).reply).toBe("open");
  });
});

test.each([
  ["question", "2026-01-31T10:00:00Z", "2026-02-03T10:00:00.000Z"],
  ["complaint", "2026-01-31T10:00:00Z", "2026-02-05T10:00:00.000Z"],
  ["access", "2026-01-31T10:00:00Z", "2026-02-28T10:00:00.000Z"],
  ["erase", "2028-01-31T10:00:00Z", "2028-02-29T10:00:00.000Z"],
  // The clocks change on 29 March: the same hour by the clock, and 1 February has begun there.
  ["correct", "2026-03-03T10:00:00Z", "2026-04-03T09:00:00.000Z"],
  ["access", "2026-01-31T23:30:00Z", "2026-02-28T23:30:00.000Z"],
] as const)("a %s received on %s is due on %s, by the clocks of Berlin", (kind, at, due) => {
  expect(dueAt(kind, new Date(at), "Europe/Berlin").toISOString()).toBe(due);
});

test("kinds of data are shown as they are now beside what was last told", () => {
  const now = [
    { element: "name", state: "ruled-out" },
    { element: "medical", state: "confirmed" },
  ] as const;
  const then = [{ element: "name", state: "suspected" }] as const;
  expect(elementLines(["name", "medical", "photo"], now, then)).toEqual([
    { element: "name", state: "ruled-out", before: "suspected" },
    { element: "medical", state: "confirmed", before: "confirmed" },
    { element: "photo", state: "confirmed", before: "confirmed" },
  ]);
  expect(elementLines(["name"], now, undefined)).toEqual([
    { element: "name", state: "ruled-out", before: null },
  ]);
});

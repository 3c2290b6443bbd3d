import { describe, expect, test } from "vitest";

import { Limit } from "../../../src/domain/law/due.ts";
import { assessCase, caseOf, dutyOf, libraryOf, ruleOf } from "../../support/law-case.ts";

const from = ["awareness" as const];

/** How the end of one limit is told: awareness is the morning of that day in Berlin. */
function told(limit: Record<string, unknown>, day = "2026-06-01"): string | undefined {
  const limits = [Limit.parse({ from, ...limit })];
  const duties = [dutyOf({ stages: [{ stage: "initial", due: { limits, from } }] })];
  const aware = new Date(`${day}T06:00:00Z`);
  const { obligations } = assessCase(caseOf({ aware }), libraryOf([ruleOf({ duties })]));
  return obligations[0]?.due.because.replace(/\([^)]*\)/, "(then)");
}

describe("the arithmetic in words", () => {
  test.each([
    [{ amount: 2, unit: "hours" }, "2 hours after awareness (then) is 1 Jun 2026 10:00."],
    [{ amount: 1, unit: "hours" }, "1 hour after awareness (then) is 1 Jun 2026 09:00."],
    [
      { amount: 3, unit: "calendar-days", dayOne: true },
      "3 days after awareness (then) ends with 3 Jun 2026; that day counts as the first.",
    ],
    [
      { amount: 2, unit: "business-days" },
      "2 business days after awareness (then) ends with 3 Jun 2026; weekends and public holidays do not count.",
    ],
    [{ amount: 2, unit: "months" }, "2 months after awareness (then) is 1 Aug 2026 08:00."],
    [
      { amount: 60, unit: "calendar-days", afterYearEnd: true },
      "60 days after the end of the year of awareness (then) ends with 1 Mar 2027.",
    ],
    [
      { amount: 5, unit: "calendar-days", rollForward: true },
      "5 days after awareness (then) ends with 6 Jun 2026; that is no working day, so it moves to 8 Jun 2026 23:59:59.",
    ],
  ])("%o", (limit, words) => {
    expect(told(limit)).toBe(words);
  });

  test("says where the clocks changed in between, of hours alone", () => {
    const hours = { amount: 72, unit: "hours" };
    expect(told(hours, "2026-10-23")).toMatch(/07:00; the clocks went back in between\.$/);
    expect(told(hours, "2026-03-27")).toMatch(/08:00; the clocks went forward in between\.$/);
    expect(told({ amount: 3, unit: "calendar-days" }, "2026-10-23")).not.toContain("clocks");
  });
});

describe("the questions of a rule", () => {
  test("are those of every condition in it, each once, whether answered or not", () => {
    const ask = (code: string) => ({ ask: code });
    const roll = (code: string) =>
      Limit.parse({
        amount: 1,
        unit: "hours",
        from,
        rollForwardTo: "12:00",
        rollForwardUnless: ask(code),
      });
    const rule = ruleOf({
      when: { any: [ask("b"), { not: ask("a") }, { readable: true }] },
      unless: [
        { when: { all: [ask("c"), ask("b")] }, because: "So it is." },
        { because: "Or not." },
      ],
      duties: [
        dutyOf({
          when: ask("d"),
          stages: [
            {
              stage: "initial",
              when: ask("e"),
              due: {
                limits: [roll("f")],
                from,
                alternatives: [{ when: ask("g"), limits: [roll("h")] }],
              },
            },
          ],
        }),
      ],
    });
    const { asked } = assessCase(caseOf({ answers: { b: "no" } }), libraryOf([rule]));
    expect(asked).toEqual(["a", "b", "c", "d", "e", "f", "g", "h"]);
  });
});

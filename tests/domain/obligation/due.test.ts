import { describe, expect, test } from "vitest";

import type { Due } from "../../../src/domain/law/due.ts";
import { Limit } from "../../../src/domain/law/due.ts";
import type { DutyRule } from "../../../src/domain/law.ts";
import type { Obligation } from "../../../src/domain/obligation.ts";
import { earliestOf } from "../../../src/domain/obligation/start.ts";
import type { LawCase } from "../../support/law-case.ts";
import { assessCase, caseOf, dutyOf, libraryOf, ruleOf } from "../../support/law-case.ts";

type Stage = DutyRule["stages"][number];

/** The obligation that one stage makes in a case. */
function owed(
  due: Partial<Due>,
  given: Partial<LawCase> = {},
  more: Partial<Stage> = {},
): Obligation {
  const stage: Stage = {
    stage: "initial",
    due: { limits: [], from: ["awareness"], ...due },
    ...more,
  };
  const rule = ruleOf({ duties: [dutyOf({ stages: [stage] })] });
  const [found] = assessCase(caseOf(given), libraryOf([rule])).obligations;
  if (!found) throw new Error("nothing is owed");
  return found;
}

function limit(amount: number, unit: Limit["unit"], more: Record<string, unknown> = {}): Limit {
  return Limit.parse({ amount, unit, from: ["awareness"], ...more });
}

const at = (text: string) => new Date(text);

describe("how long a limit is", () => {
  test.each<[string, Limit, string, string]>([
    [
      "hours are elapsed, also where clocks go back",
      limit(72, "hours"),
      "2026-10-23T10:00+02:00",
      "2026-10-26T09:00+01:00",
    ],
    [
      "and where they go forward",
      limit(24, "hours"),
      "2026-03-28T12:00+01:00",
      "2026-03-29T13:00+02:00",
    ],
    [
      "days leave out the first and end with the last",
      limit(3, "calendar-days"),
      "2026-06-01T00:00+02:00",
      "2026-06-04T23:59:59+02:00",
    ],
    [
      "of a day that clocks change on",
      limit(1, "calendar-days"),
      "2026-10-24T23:30+02:00",
      "2026-10-25T23:59:59+01:00",
    ],
    [
      "over a leap day",
      limit(1, "calendar-days"),
      "2028-02-28T08:00+01:00",
      "2028-02-29T23:59:59+01:00",
    ],
    [
      "over the end of a year",
      limit(30, "calendar-days"),
      "2026-12-15T08:00+01:00",
      "2027-01-14T23:59:59+01:00",
    ],
    [
      "where the first day counts",
      limit(3, "calendar-days", { dayOne: true }),
      "2026-06-01T08:00+02:00",
      "2026-06-03T23:59:59+02:00",
    ],
    [
      "business days",
      limit(3, "business-days"),
      "2026-06-04T08:00+02:00",
      "2026-06-09T23:59:59+02:00",
    ],
    [
      "business days where the first counts",
      limit(3, "business-days", { dayOne: true }),
      "2026-06-04T08:00+02:00",
      "2026-06-08T23:59:59+02:00",
    ],
    [
      "business days over Christmas",
      limit(1, "business-days"),
      "2026-12-24T08:00+01:00",
      "2026-12-28T23:59:59+01:00",
    ],
    [
      "months keep day and time",
      limit(1, "months"),
      "2026-08-11T12:00:30+02:00",
      "2026-09-11T12:00:30+02:00",
    ],
    [
      "months end with a shorter month",
      limit(1, "months"),
      "2026-01-31T08:00+01:00",
      "2026-02-28T23:59:59+01:00",
    ],
    [
      "months end on a leap day",
      limit(1, "months"),
      "2028-01-29T08:00+01:00",
      "2028-02-29T08:00+01:00",
    ],
    [
      "months into a time that comes twice",
      limit(1, "months"),
      "2026-09-25T02:30+02:00",
      "2026-10-25T02:30+02:00",
    ],
    [
      "months into a time that never comes",
      limit(1, "months"),
      "2026-02-28T02:30+01:00",
      "2026-03-28T02:30+01:00",
    ],
    [
      "days from the end of the year",
      limit(60, "calendar-days", { afterYearEnd: true }),
      "2026-03-02T08:00+01:00",
      "2027-03-01T23:59:59+01:00",
    ],
    [
      "days from the end of a year before a leap day",
      limit(60, "calendar-days", { afterYearEnd: true }),
      "2027-12-31T23:00+01:00",
      "2028-02-29T23:59:59+01:00",
    ],
    [
      "months from the end of the year",
      limit(2, "months", { afterYearEnd: true }),
      "2026-03-02T08:00+01:00",
      "2027-02-28T23:59:59+01:00",
    ],
    [
      "hours from the end of the year",
      limit(24, "hours", { afterYearEnd: true }),
      "2026-03-02T08:00+01:00",
      "2027-01-02T00:00+01:00",
    ],
  ])("%s", (_, each, aware, due) => {
    expect(owed({ limits: [each] }, { aware: at(aware) }).due.at).toEqual(at(due));
  });

  test("a month from 28 February on which the hour is skipped ends at the first after", () => {
    const february = { aware: at("2026-02-28T02:30+01:00") };
    const march = limit(1, "months");
    expect(owed({ limits: [march] }, february).due.at).toEqual(at("2026-03-28T02:30+01:00"));
    const gap = { aware: at("2027-02-28T02:30+01:00") };
    expect(owed({ limits: [march] }, gap).due.at).toEqual(at("2027-03-28T03:00+02:00"));
  });

  test("the earliest of several counts, and all are told", () => {
    const limits = [limit(2, "calendar-days"), limit(24, "hours")];
    const { due } = owed({ limits }, { aware: at("2026-06-01T08:00+02:00") });
    expect(due.at).toEqual(at("2026-06-02T08:00+02:00"));
    expect(due.because).toBe(
      "24 hours after awareness (1 Jun 2026 08:00 Europe/Berlin) is 2 Jun 2026 08:00. 2 days after awareness (1 Jun 2026 08:00 Europe/Berlin) ends with 3 Jun 2026.",
    );
  });

  test("a day of the year after", () => {
    const yearDay = { month: 2, day: 1, from: ["awareness" as const] };
    const { due } = owed(
      { yearDay },
      { zone: "America/New_York", aware: at("2026-12-31T23:00-05:00") },
    );
    // The rule is German: its days are Berlin's, where it is 2027 already.
    expect(due.at).toEqual(at("2028-02-01T23:59:59+01:00"));
    expect(due.because).toContain("By the end of 1 Feb 2028, in the year after awareness (");
    expect(owed({ yearDay: { ...yearDay, from: ["payment"] } }).due.waitsFor).toBe("payment");
  });
});

describe("what a limit starts with", () => {
  const from = ["discovery" as const];
  const aware = at("2026-06-03T08:00+02:00");

  test("a day counts as a day; its hours count from its first instant", () => {
    const given = { aware, discovered: "2026-06-01" };
    const days = owed({ limits: [limit(2, "calendar-days", { from })] }, given).due;
    expect(days).toMatchObject({
      at: at("2026-06-03T23:59:59+02:00"),
      startedAt: at("2026-06-01T00:00+02:00"),
      because: "2 days after discovery (1 Jun 2026) ends with 3 Jun 2026.",
    });
    const hours = owed({ limits: [limit(24, "hours", { from })] }, given).due;
    expect(hours.at).toEqual(at("2026-06-02T00:00+02:00"));
    const months = owed({ limits: [limit(1, "months", { from })] }, given).due;
    expect(months.at).toEqual(at("2026-07-01T23:59:59+02:00"));
    expect(months.because).toBe("1 month after discovery (1 Jun 2026) ends with 1 Jul 2026.");
  });

  test.each([
    ["minute", "2026-06-18T09:30Z", { at: at("2026-06-18T09:30Z") }],
    ["hour", "2026-06-18T09:30Z", { at: at("2026-06-18T09:30Z") }],
    ["day", "2026-06-18T23:30Z", { day: "2026-06-19" }],
    ["week", "2026-06-18T09:30Z", { day: "2026-06-15" }],
    ["week", "2026-06-21T09:30Z", { day: "2026-06-15" }],
    ["week", "2026-06-15T09:30Z", { day: "2026-06-15" }],
    ["month", "2026-06-18T09:30Z", { day: "2026-06-01" }],
    ["year", "2026-06-18T09:30Z", { day: "2026-01-01" }],
  ] as const)("a moment known to the %s is the earliest it may be", (precision, when, begins) => {
    expect(earliestOf({ at: at(when), zone: "Europe/Berlin", precision })).toEqual(begins);
  });

  test("the earliest of several events that are known", () => {
    const either = limit(24, "hours", { from: ["confirmation", "suspicion", "awareness"] });
    const events = { suspicion: at("2026-06-02T10:00+02:00"), confirmation: "2026-06-03" };
    const found = owed({ limits: [either] }, { aware, events });
    expect(found.due.at).toEqual(at("2026-06-03T10:00+02:00"));
    expect(found.questions).toEqual([]);
    expect(owed({ limits: [either] }, { aware }).due.at).toEqual(at("2026-06-04T08:00+02:00"));
  });

  test("what is not dated is taken to be discovery or awareness, and asked", () => {
    const limits = [limit(24, "hours", { from: ["determination"] })];
    const discovered = at("2026-06-01T08:00+02:00");
    const found = owed({ limits }, { aware, discovered });
    expect(found.due.at).toEqual(at("2026-06-02T08:00+02:00"));
    expect(found.questions).toEqual(["when-determination"]);
    expect(found.marks).toEqual(["safe-branch"]);
    expect(found.due.because).toBe(
      "24 hours after discovery (1 Jun 2026 08:00 Europe/Berlin) is 2 Jun 2026 08:00. When the determination was is not yet known: discovery (1 Jun 2026 08:00 Europe/Berlin) is taken for it.",
    );
    expect(owed({ limits }, { aware }).due.at).toEqual(at("2026-06-04T08:00+02:00"));
    const contradicting = { aware, discovered: at("2026-06-05T08:00+02:00") };
    expect(owed({ limits }, contradicting).due.at).toEqual(at("2026-06-04T08:00+02:00"));
  });

  test("what the scope states goes before an answer", () => {
    const limits = [limit(24, "hours", { from })];
    const events = { discovery: at("2026-06-02T08:00+02:00") };
    expect(owed({ limits }, { aware, events }).due.at).toEqual(at("2026-06-03T08:00+02:00"));
    const stated = { aware, events, discovered: at("2026-06-01T08:00+02:00") };
    expect(owed({ limits }, stated).due.at).toEqual(at("2026-06-02T08:00+02:00"));
    const since = [limit(24, "hours", { from: ["occurrence"] })];
    const began = { aware, events: { occurrence: at("2026-06-02T08:00+02:00") } };
    expect(owed({ limits: since }, began).due.at).toEqual(at("2026-06-03T08:00+02:00"));
    const occurred = at("2026-05-30T08:00+02:00");
    expect(owed({ limits: since }, { ...began, occurred }).due.at).toEqual(
      at("2026-05-31T08:00+02:00"),
    );
    expect(owed({ limits }, { aware, occurred }).due.at).toEqual(at("2026-06-04T08:00+02:00"));
  });

  test("what may never come is waited for", () => {
    const limits = [limit(24, "hours", { from: ["payment"] })];
    const waiting = owed({ limits }, { aware });
    expect(waiting.due).toEqual({
      zone: "Europe/Berlin",
      waitsFor: "payment",
      because: "24 hours after that. The clock has not begun: it waits for payment.",
    });
    expect(waiting.questions).toEqual([]);
    const paid = { aware, events: { payment: at("2026-06-05T08:00+02:00") } };
    expect(owed({ limits }, paid).due.at).toEqual(at("2026-06-06T08:00+02:00"));
    const either = [limit(24, "hours", { from: ["payment"] }), limit(48, "hours")];
    expect(owed({ limits: either }, { aware }).due.at).toEqual(at("2026-06-05T08:00+02:00"));
  });

  test("a duty with words and no number tells them, and what they start with", () => {
    const found = owed({ standard: "without undue delay" }, { aware });
    expect(found.due).toEqual({
      zone: "Europe/Berlin",
      startedAt: aware,
      standard: "without undue delay",
      because:
        "The law names no number: without undue delay, from awareness (3 Jun 2026 08:00 Europe/Berlin).",
    });
    expect(owed({}, { aware }).due.because).toMatch(/^The law names no number, from awareness/);
    const waiting = owed({ from: ["incident-resolved"] }, { aware }).due;
    expect(waiting).toEqual({
      zone: "Europe/Berlin",
      waitsFor: "incident-resolved",
      because: "The law names no number. The clock has not begun: it waits for incident resolved.",
    });
    const assumed = owed({ from: ["determination"] }, { aware });
    expect(assumed.questions).toEqual(["when-determination"]);
    expect(assumed.due.because).toContain("When the determination was is not yet known");
  });

  test("guidelines, extensions and clocks beside are told and never counted", () => {
    const due = {
      limits: [limit(30, "calendar-days")],
      guideline: "3 to 5 days",
      extension: "15 more days",
      assessment: limit(30, "calendar-days", { from: ["suspicion"] }),
    };
    const wait = limit(7, "business-days", { from: ["payment"] });
    const found = owed(due, { aware, events: { suspicion: "2026-06-01" } }, { wait });
    expect(found.due).toMatchObject({
      at: at("2026-07-03T23:59:59+02:00"),
      guideline: "3 to 5 days",
      extension: "15 more days",
      assessment: {
        at: at("2026-07-01T23:59:59+02:00"),
        because: "30 days after suspicion (1 Jun 2026) ends with 1 Jul 2026.",
      },
      notBefore: {
        because: "7 business days after that. The clock has not begun: it waits for payment.",
      },
    });
    expect(Object.keys(owed({}, { aware }).due)).not.toContain("assessment");
  });
});

describe("a limit that ends on no working day", () => {
  const aware = at("2026-06-05T14:00+02:00"); // A Friday.

  test("moves to the next one, by the same clock or by the law's", () => {
    const rolled = owed({ limits: [limit(24, "hours", { rollForward: true })] }, { aware }).due;
    expect(rolled.at).toEqual(at("2026-06-08T14:00+02:00"));
    expect(rolled.because).toContain(
      "is 6 Jun 2026 14:00; that is no working day, so it moves to 8 Jun 2026 14:00.",
    );
    const days = owed({ limits: [limit(1, "calendar-days", { rollForward: true })] }, { aware });
    expect(days.due.at).toEqual(at("2026-06-08T23:59:59+02:00"));
    const noon = owed({ limits: [limit(24, "hours", { rollForwardTo: "12:00" })] }, { aware });
    expect(noon.due.at).toEqual(at("2026-06-08T12:00+02:00"));
  });

  test("stays where it ends on a working day, and where the law does not move it", () => {
    const friday = [limit(4, "hours", { rollForwardTo: "12:00" })];
    expect(owed({ limits: friday }, { aware }).due.at).toEqual(at("2026-06-05T18:00+02:00"));
    const plain = [limit(24, "hours", { rollForward: false })];
    expect(owed({ limits: plain }, { aware }).due.at).toEqual(at("2026-06-06T14:00+02:00"));
  });

  test("does not move for those whom the law excludes, nor while that is open", () => {
    const limits = [
      limit(24, "hours", {
        rollForwardTo: "12:00",
        rollForwardUnless: { ask: "no-weekend-relief" },
      }),
    ];
    const dueWith = (answer?: "yes" | "no") =>
      owed({ limits }, { aware, answers: answer ? { "no-weekend-relief": answer } : {} });
    expect(dueWith("yes").due.at).toEqual(at("2026-06-06T14:00+02:00"));
    expect(dueWith("yes").questions).toEqual([]);
    expect(dueWith("no").due.at).toEqual(at("2026-06-08T12:00+02:00"));
    expect(dueWith().due.at).toEqual(at("2026-06-06T14:00+02:00"));
    expect(dueWith().questions).toEqual(["no-weekend-relief"]);
    const weekday = owed({ limits }, { aware: at("2026-06-02T08:00+02:00") });
    expect(weekday.questions).toEqual([]);
  });
});

describe("other limits for some", () => {
  const aware = at("2026-06-01T08:00+02:00");
  const limits = [limit(3, "calendar-days")];
  const longer = { when: { ask: "small-processing-agent" }, limits: [limit(6, "calendar-days")] };
  const shorter = { when: { ask: "severe-impact" }, limits: [limit(1, "calendar-days")] };

  test("take the place of the usual ones where the answer is yes", () => {
    const due = { limits, alternatives: [longer, shorter] };
    const answers = (small: "yes" | "no", severe: "yes" | "no") => ({
      aware,
      answers: { "small-processing-agent": small, "severe-impact": severe },
    });
    expect(owed(due, answers("yes", "yes")).due.at).toEqual(at("2026-06-07T23:59:59+02:00"));
    expect(owed(due, answers("no", "yes")).due.at).toEqual(at("2026-06-02T23:59:59+02:00"));
    const neither = owed(due, answers("no", "no"));
    expect(neither.due.at).toEqual(at("2026-06-04T23:59:59+02:00"));
    expect(neither.questions).toEqual([]);
  });

  test("stand beside them while the question is open: the earliest counts", () => {
    const open = owed({ limits, alternatives: [longer] }, { aware });
    expect(open.due.at).toEqual(at("2026-06-04T23:59:59+02:00"));
    expect(open.questions).toEqual(["small-processing-agent"]);
    const both = owed({ limits, alternatives: [shorter, longer] }, { aware });
    expect(both.due.at).toEqual(at("2026-06-02T23:59:59+02:00"));
    expect(both.questions).toEqual(["severe-impact", "small-processing-agent"]);
    const later = { aware, answers: { "small-processing-agent": "yes" as const } };
    const settled = owed({ limits, alternatives: [shorter, longer] }, later);
    expect(settled.due.at).toEqual(at("2026-06-02T23:59:59+02:00"));
    expect(settled.questions).toEqual(["severe-impact"]);
  });
});

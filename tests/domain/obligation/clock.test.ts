import { describe, expect, test } from "vitest";

import { clockOf } from "../../../src/domain/obligation/clock.ts";
import type { ClockRecord } from "../../../src/domain/obligation/clock.ts";
import { latestSafeApproval } from "../../../src/domain/obligation/latest-approval.ts";

const at = (text: string) => new Date(`2026-06-${text}Z`);
const DUE = {
  at: at("10T12:00"),
  startedAt: at("07T12:00"),
  zone: "Europe/Berlin",
  because: "",
};
const HELD = { due: DUE, mayHold: true };
const NONE: ClockRecord = { holds: [] };

describe("a clock", () => {
  test("runs until it is due, and is on time to the last instant", () => {
    expect(clockOf(HELD, NONE, at("09T12:00"))).toEqual({
      state: "running",
      dueAt: DUE.at,
      heldMs: 0,
      remainingMs: 24 * 3_600_000,
      late: false,
      needsReason: false,
    });
    expect(clockOf(HELD, NONE, DUE.at)).toMatchObject({ state: "running", remainingMs: 0 });
  });

  test("is missed the moment after, and asks for a reason until there is one", () => {
    const after = new Date(DUE.at.getTime() + 1);
    expect(clockOf(HELD, NONE, after)).toEqual({
      state: "missed",
      dueAt: DUE.at,
      heldMs: 0,
      late: false,
      needsReason: true,
    });
    const reason = { ...NONE, missedReason: "Nobody knew." };
    expect(clockOf(HELD, reason, after)).toMatchObject({ state: "missed", needsReason: false });
    expect(clockOf(HELD, reason, at("08T12:00")).state).toBe("missed");
  });

  test("is met, in time or late, whatever the time is now", () => {
    const met = (when: Date) => clockOf(HELD, { ...NONE, met: when }, at("30T00:00"));
    expect(met(DUE.at)).toMatchObject({ state: "met", late: false, needsReason: false });
    expect(met(new Date(DUE.at.getTime() + 1))).toMatchObject({ state: "met", late: true });
    const late = { ...NONE, met: at("11T00:00"), missedReason: "Late.", notApplicable: true };
    expect(clockOf(HELD, late, at("30T00:00")).state).toBe("met");
    expect(met(DUE.at).remainingMs).toBeUndefined();
  });

  test("does not run for what a person set aside", () => {
    const aside = { ...NONE, notApplicable: true, missedReason: "x" };
    expect(clockOf(HELD, aside, at("30T00:00"))).toMatchObject({
      state: "not-applicable",
      late: false,
      needsReason: false,
    });
  });

  test("without a number runs until it is met", () => {
    const words = { due: { zone: "UTC", because: "" }, mayHold: true };
    expect(clockOf(words, NONE, at("30T00:00"))).toEqual({
      state: "running",
      heldMs: 0,
      late: false,
      needsReason: false,
    });
    const holds = [{ since: at("01T00:00"), until: at("05T00:00") }];
    expect(clockOf(words, { holds }, at("02T00:00"))).toEqual({
      state: "paused",
      heldUntil: at("05T00:00"),
      heldMs: 0,
      late: false,
      needsReason: false,
    });
    expect(clockOf(words, { holds }, at("05T00:00")).state).toBe("running");
  });
});

describe("a hold", () => {
  const hold = (since: string, until: string) => ({ since: at(since), until: at(until) });

  test("pauses, and moves the end by the time held", () => {
    const record = { holds: [hold("08T12:00", "09T18:30")] };
    expect(clockOf(HELD, record, at("08T12:00"))).toEqual({
      state: "paused",
      dueAt: at("11T18:30"),
      heldUntil: at("09T18:30"),
      heldMs: 30.5 * 3_600_000,
      late: false,
      needsReason: false,
      because:
        "The clock stands still for 30 h 30 min while law enforcement asks us to wait, so it runs out that much later: 11 Jun 2026 20:30 Europe/Berlin.",
    });
    expect(clockOf(HELD, record, at("08T11:59")).state).toBe("running");
    expect(clockOf(HELD, record, at("09T18:30"))).toMatchObject({ state: "running" });
    expect(clockOf(HELD, record, at("11T18:30")).state).toBe("running");
    expect(clockOf(HELD, record, at("11T18:31")).state).toBe("missed");
  });

  test("of whole hours is told without minutes", () => {
    const { because } = clockOf(HELD, { holds: [hold("08T12:00", "08T14:00")] }, at("08T00:00"));
    expect(because).toContain("stands still for 2 h while");
  });

  test("that began when the clock had run out changes nothing", () => {
    const late = { holds: [hold("10T12:01", "20T00:00")] };
    expect(clockOf(HELD, late, at("11T00:00"))).toMatchObject({
      state: "missed",
      dueAt: DUE.at,
      heldMs: 0,
    });
    const last = { holds: [hold("10T12:00", "20T00:00")] };
    expect(clockOf(HELD, last, at("11T00:00")).state).toBe("paused");
  });

  test("counts only from when the clock began", () => {
    const early = { holds: [hold("01T00:00", "08T12:00")] };
    expect(clockOf(HELD, early, at("09T00:00")).dueAt).toEqual(at("11T12:00"));
    const before = { holds: [hold("01T00:00", "07T12:00")] };
    expect(clockOf(HELD, before, at("09T00:00"))).toMatchObject({ dueAt: DUE.at, heldMs: 0 });
    const unstarted = { ...HELD, due: { at: DUE.at, zone: "UTC", because: "" } };
    expect(clockOf(unstarted, before, at("09T00:00")).dueAt).toEqual(at("17T00:00"));
  });

  test("and another that overlaps count each moment once, in whatever order", () => {
    const one = hold("08T00:00", "09T00:00");
    const two = hold("08T12:00", "09T12:00");
    const inside = hold("08T01:00", "08T02:00");
    const touching = hold("09T12:00", "09T18:00");
    const dueAt = (...holds: ReturnType<typeof hold>[]) =>
      clockOf(HELD, { holds }, at("07T13:00")).dueAt;
    expect(dueAt(two, one)).toEqual(at("12T00:00"));
    expect(dueAt(one, inside)).toEqual(at("11T12:00"));
    expect(dueAt(one, two, touching)).toEqual(at("12T06:00"));
    expect(dueAt(one, touching)).toEqual(at("11T18:00"));
    const both = { holds: [one, touching] };
    expect(clockOf(HELD, both, at("09T13:00"))).toMatchObject({ heldUntil: at("09T18:00") });
    expect(clockOf(HELD, both, at("09T06:00")).state).toBe("running");
  });

  test("moves the end far enough for the next one to count", () => {
    const holds = [hold("10T00:00", "11T00:00"), hold("11T06:00", "12T06:00")];
    expect(clockOf(HELD, { holds }, at("10T00:00")).dueAt).toEqual(at("12T12:00"));
  });

  test("of a duty that may not wait counts for nothing", () => {
    const record = { holds: [hold("08T12:00", "09T12:00")] };
    expect(clockOf({ ...HELD, mayHold: false }, record, at("08T13:00"))).toMatchObject({
      state: "running",
      dueAt: DUE.at,
    });
  });
});

describe("the latest safe time of approval", () => {
  const plan = {
    dueAt: at("10T12:00"),
    recipients: 36_000,
    perSecond: 10,
    limits: [],
    retryMs: 2 * 3_600_000,
    reviewMs: 4 * 3_600_000,
  };

  test("works back from the due time", () => {
    expect(latestSafeApproval(plan, at("10T09:00"))).toEqual({
      reviewBy: at("10T05:00"),
      approveBy: at("10T09:00"),
      sendingMs: 3_600_000,
      late: false,
      because:
        "Back from the due time: 2 h 0 min for retries, 1 h 0 min to send 36000 and 4 h 0 min for review.",
    });
    expect(latestSafeApproval(plan, at("10T09:01")).late).toBe(true);
  });

  test("goes by whatever is slowest", () => {
    const sending = (limits: { perSecond?: number; perDay?: number }[], more = {}) =>
      latestSafeApproval({ ...plan, limits, ...more }, at("01T00:00")).sendingMs;
    expect(sending([{ perSecond: 5 }, { perSecond: 50 }])).toBe(2 * 3_600_000);
    expect(sending([{ perDay: 36_000 }])).toBe(3_600_000);
    expect(sending([{ perDay: 18_000 }])).toBe(24 * 3_600_000 + 1_800_000);
    expect(sending([{ perDay: 20_000 }, { perDay: 10_000 }])).toBe(3 * 24 * 3_600_000 + 600_000);
    expect(sending([], { recipients: 0 })).toBe(0);
    expect(sending([], { recipients: 1, perSecond: 3 })).toBe(334);
  });

  test("says short times in minutes", () => {
    const short = { ...plan, recipients: 10, retryMs: 59 * 60_000, reviewMs: 60 * 60_000 };
    expect(latestSafeApproval(short, at("01T00:00")).because).toContain(
      ": 59 min for retries, 1 min to send 10 and 1 h 0 min for review",
    );
  });

  test("refuses rates and numbers that cannot be", () => {
    const now = at("01T00:00");
    for (const wrong of [
      { perSecond: 0 },
      { perSecond: -1 },
      { perSecond: Number.NaN },
      { limits: [{ perDay: 0 }] },
      { limits: [{ perSecond: 0 }] },
      { recipients: -1 },
    ])
      expect(() => latestSafeApproval({ ...plan, ...wrong }, now)).toThrow("Some fields");
  });
});

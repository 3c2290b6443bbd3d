import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Outcome } from "../../src/domain/delivery.ts";
import {
  given,
  isUnreachable,
  newRelays,
  signOf,
  told,
  usable,
  waitMs,
} from "../../src/domain/delivery/relay-health.ts";
import type { Relays, Sign } from "../../src/domain/delivery/relay-health.ts";

/** The same sign so many times, a tenth of a second apart. */
function after(
  relays: Relays,
  name: string,
  what: Sign["what"],
  { count = 1, at = 0, ms = 10 } = {},
) {
  let next = relays;
  for (let i = 0; i < count; i += 1) next = told(next, name, { what, at: at + i * 100, ms });
  return next;
}

const TWO = newRelays(["one", "two"]);
const ONE = newRelays(["one"]);

describe("a relay is left out", () => {
  test("after five failures to reach it in a row, even if it is the last", () => {
    const four = after(ONE, "one", "unreachable", { count: 4 });
    expect(usable(four, 1_000)).toEqual(["one"]);
    const five = after(four, "one", "unreachable", { at: 400 });
    expect(usable(five, 1_000)).toEqual([]);
    expect(waitMs(five, 1_000)).toBe(4_400);
    expect(usable(five, 5_399)).toEqual([]);
    expect(usable(five, 5_400)).toEqual(["one"]);
  });

  test("not where something went through in between, or where they are long ago", () => {
    const answered = after(after(ONE, "one", "unreachable", { count: 4 }), "one", "answered");
    expect(usable(after(answered, "one", "unreachable", { count: 4 }), 0)).toEqual(["one"]);
    const old = after(ONE, "one", "unreachable", { count: 4 });
    expect(usable(after(old, "one", "unreachable", { at: 61_000 }), 61_000)).toEqual(["one"]);
  });

  test("after five refusals of our sign-in, but not if it is the last", () => {
    const refused = after(TWO, "one", "configuration", { count: 5 });
    expect(usable(refused, 1_000)).toEqual(["two"]);
    expect(refused["one"]?.reason).toBe("configuration");
    const both = after(refused, "two", "configuration", { count: 50 });
    expect(usable(both, 1_000)).toEqual(["two"]);
  });

  test("where it puts off more than half of at least ten, but not if it is the last", () => {
    const half = after(after(TWO, "one", "answered", { count: 6 }), "one", "put-off", { count: 6 });
    expect(usable(half, 0)).toEqual(["one", "two"]);
    expect(usable(after(half, "one", "put-off"), 0)).toEqual(["two"]);
    expect(usable(after(TWO, "one", "put-off", { count: 9 }), 0)).toEqual(["one", "two"]);
    expect(usable(after(ONE, "one", "put-off", { count: 50 }), 0)).toEqual(["one"]);
  });

  test("where it takes five times as long as the best and more than five seconds", () => {
    const fast = after(TWO, "two", "answered", { count: 10, ms: 1_500 });
    const slow = { count: 10, ms: 7_501 };
    expect(usable(after(fast, "one", "answered", slow), 0)).toEqual(["two"]);
    expect(usable(after(fast, "one", "answered", { ...slow, ms: 7_500 }), 0)).toHaveLength(2);
    const faster = after(TWO, "two", "answered", { count: 10, ms: 10 });
    expect(usable(after(faster, "one", "answered", { ...slow, ms: 5_000 }), 0)).toHaveLength(2);
    // Nothing to compare with: nine messages, or another that has sent none.
    expect(usable(after(fast, "one", "answered", { ...slow, count: 9 }), 0)).toHaveLength(2);
    expect(usable(after(TWO, "one", "answered", slow), 0)).toHaveLength(2);
  });
});

describe("a relay that was left out", () => {
  const open = after(TWO, "one", "unreachable", { count: 5, at: -400 });

  test("is tried by one message at a time", () => {
    expect(usable(open, 29_999)).toEqual(["two"]);
    expect(usable(open, 30_000)).toEqual(["two", "one"]);
    const trying = given(open, "one", 30_000);
    expect(usable(trying, 30_000)).toEqual(["two"]);
    expect(usable(told(trying, "one", undefined), 30_000)).toEqual(["two", "one"]);
  });

  test("is used again once one message was answered", () => {
    const well = after(given(open, "one", 30_000), "one", "answered", { at: 30_100 });
    expect(usable(well, 30_100)).toEqual(["one", "two"]);
    expect(well["one"]?.openings).toBe(0);
  });

  test("is left alone twice as long each time, at most ten minutes", () => {
    let relays = open;
    let now = 0;
    const pauses: number[] = [];
    for (let i = 0; i < 8; i += 1) {
      pauses.push((relays["one"]?.tryAt ?? 0) - now);
      now = relays["one"]?.tryAt ?? 0;
      relays = after(given(relays, "one", now), "one", "unreachable", { at: now });
    }
    const seconds = [30, 60, 120, 240, 480, 600, 600, 600];
    expect(pauses).toEqual(seconds.map((each) => each * 1_000));
  });

  test("and is the last is tried again sooner, and used again once it answers anything", () => {
    const alone = after(ONE, "one", "unreachable", { count: 5, at: -400 });
    expect(waitMs(alone, 0)).toBe(5_000);
    const again = after(given(alone, "one", 5_000), "one", "unreachable", { at: 5_000 });
    expect(waitMs(again, 5_000)).toBe(10_000);
    for (const what of ["answered", "put-off", "configuration"] as const)
      expect(waitMs(after(given(again, "one", 15_000), "one", what, { at: 15_000 }), 15_000)).toBe(
        0,
      );
  });

  test("for our sign-in or for putting off is left out again where that goes on", () => {
    for (const [what, reason] of [
      ["put-off", "refusals"],
      ["configuration", "configuration"],
    ] as const) {
      const tried = after(given(open, "one", 30_000), "one", what, { at: 30_000 });
      expect(tried["one"]).toMatchObject({ circuit: "open", reason, tryAt: 90_000 });
    }
  });

  test("for being slow is not taken back by an answer that is slow again, or by old ones", () => {
    const fast = after(TWO, "two", "answered", { count: 10, ms: 100 });
    const slow = after(fast, "one", "answered", { count: 10, ms: 9_000 });
    expect(slow["one"]?.reason).toBe("slow");
    expect(after(slow, "one", "answered", { ms: 9_000 })).toEqual(slow);
    const tried = after(given(slow, "one", 40_000), "one", "answered", { at: 40_000, ms: 9_000 });
    expect(tried["one"]).toMatchObject({ circuit: "open", openings: 2, trying: false });
    const well = after(given(slow, "one", 40_000), "one", "answered", { at: 40_000, ms: 90 });
    expect(usable(well, 40_000)).toEqual(["one", "two"]);
  });

  test("for being slow is used all the same where no other can be reached", () => {
    const fast = after(TWO, "two", "answered", { count: 10, ms: 100 });
    const slow = after(fast, "one", "answered", { count: 10, ms: 9_000 });
    const alone = after(slow, "two", "unreachable", { count: 5, at: 2_000 });
    expect(usable(alone, 3_000)).toEqual(["one"]);
    expect(waitMs(alone, 3_000)).toBe(0);
  });

  test("because it was not there is taken back by any answer", () => {
    expect(usable(after(open, "one", "answered"), 1)).toEqual(["one", "two"]);
    expect(usable(after(open, "one", "put-off"), 1)).toEqual(["two"]);
  });
});

test.for<[Outcome, Sign["what"] | undefined]>([
  [{ kind: "accepted", code: "250" }, "answered"],
  [{ kind: "rejected", fault: "recipient", code: "550" }, "answered"],
  [{ kind: "rejected", fault: "content", code: "554" }, "answered"],
  [{ kind: "rejected", fault: "configuration", code: "535" }, "configuration"],
  [{ kind: "throttled", code: "421" }, "put-off"],
  [{ kind: "transient", code: "451" }, "put-off"],
  [{ kind: "transient", code: "ECONNREFUSED" }, "unreachable"],
  [{ kind: "unknown", code: "ECONNRESET" }, "unreachable"],
  [{ kind: "not-sent", code: "withheld" }, undefined],
])("%j says %s", ([outcome, expected]) => {
  expect(signOf(outcome)).toBe(expected);
  expect(isUnreachable(outcome)).toBe(outcome.code === "ECONNREFUSED");
});

/** Anything that can happen to three relays, in order of time. */
const anyEvents = fc.array(
  fc.record({
    name: fc.constantFrom("one", "two", "three"),
    what: fc.constantFrom<Sign["what"]>("answered", "put-off", "unreachable", "configuration"),
    later: fc.constantFrom(0, 1.25, 100, 10_000, 45_000, 700_000),
    ms: fc.constantFrom(1, 100, 6_000, 40_000),
    give: fc.boolean(),
  }),
  { maxLength: 120 },
);

test("whatever happens, somebody can be tried within ten minutes, and slowness alone leaves nobody out", () => {
  fc.assert(
    fc.property(anyEvents, (events) => {
      let relays = newRelays(["one", "two", "three"]);
      let now = 0;
      for (const { name, what, later, ms, give } of events) {
        now += later;
        if (give && usable(relays, now).includes(name)) relays = given(relays, name, now);
        relays = told(relays, name, { what, at: now, ms });
        const all = Object.values(relays);
        const wait = waitMs(relays, now);
        expect(wait).toBeLessThanOrEqual(600_000);
        expect(Number.isInteger(wait)).toBe(true);
        expect(wait === 0).toBe(usable(relays, now).length > 0);
        if (wait > 0) {
          // Nobody is left: then the last of them could not be reached.
          expect(all.every(({ circuit }) => circuit === "open")).toBe(true);
          expect(
            all.some(({ reason }) => reason === "unreachable" || reason === "configuration"),
          ).toBe(true);
        }
        expect(all.every(({ signs }) => signs.length <= 50)).toBe(true);
        for (const { circuit, reason } of all)
          expect(circuit === "open").toBe(reason !== undefined);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("whoever answers every message quickly is never left out", () => {
  fc.assert(
    fc.property(anyEvents, (events) => {
      let relays = newRelays(["one", "two", "three", "good"]);
      let now = 0;
      for (const { name, what, later, ms } of events) {
        now += later;
        relays = told(told(relays, name, { what, at: now, ms }), "good", {
          what: "answered",
          at: now,
          ms: 50,
        });
        expect(usable(relays, now)).toContain("good");
      }
    }),
  );
});

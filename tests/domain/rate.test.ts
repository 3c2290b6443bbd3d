import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  Bucket,
  NO_LIMIT,
  book,
  cut,
  domainOf,
  isCut,
  lifetimeMs,
  newBucket,
  refund,
  slowdown,
  speed,
  take,
} from "../../src/domain/delivery/rate.ts";
import type { Limit } from "../../src/domain/delivery/rate.ts";

const START = 1_800_000_000_000;

/** One bucket, asked again and again as time goes by. */
function taker(limit: Limit, given = newBucket(limit, START)) {
  let bucket = given;
  return {
    take(want: number, now: number): number {
      const { buckets, taken } = take([[bucket, limit]], want, now);
      bucket = buckets[0] ?? bucket;
      return taken;
    },
    refund: (count: number, now: number) => (bucket = refund(bucket, limit, { now, count })),
  };
}

/** The most that went in any minute that begins with a message. */
function mostInAMinute(sent: readonly (readonly [number, number])[]): number {
  let [most, sum, first] = [0, 0, 0];
  for (const [at, count] of sent) {
    sum += count;
    for (; at - (sent[first]?.[0] ?? at) >= 60_000; first += 1) sum -= sent[first]?.[1] ?? 0;
    most = Math.max(most, sum);
  }
  return most;
}

describe("a limit", () => {
  test("is never passed in any minute, however it is asked and whatever comes back", () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 4_000 }),
      want: fc.integer({ min: 1, max: 60 }),
      unused: fc.integer({ min: 0, max: 20 }),
    });
    const limits = fc.integer({ min: 1, max: 500 });
    fc.assert(
      fc.property(limits, fc.array(step, { minLength: 50, maxLength: 400 }), (perSecond, steps) => {
        const bucket = taker({ perSecond });
        const sent: [number, number][] = [];
        let now = START;
        for (const { waitMs, want, unused } of steps) {
          now += waitMs;
          const taken = bucket.take(want, now);
          const back = Math.min(unused, taken);
          bucket.refund(back, now);
          sent.push([now, taken - back]);
        }
        expect(mostInAMinute(sent)).toBeLessThanOrEqual(60 * perSecond);
      }),
    );
  });

  test.for([1, 3, 20, 333, 5_000])("of %i a second is used by 95 % and more", (perSecond) => {
    const bucket = taker({ perSecond });
    let sum = 0;
    for (let ms = 0; ms < 120_000; ms += 7) {
      // Slices end, and the last claim of each finds fewer rows than it has leave for.
      const taken = bucket.take(50, START + ms);
      const unused = ms % 5 === 0 ? Math.floor(taken / 2) : 0;
      bucket.refund(unused, START + ms);
      sum += taken - unused;
    }
    expect(sum).toBeGreaterThanOrEqual(0.95 * 120 * perSecond);
    expect(sum).toBeLessThanOrEqual(121 * perSecond);
  });

  test("gives no more than the scarcest of several buckets, and spends each alike", () => {
    const [wide, narrow] = [{ perSecond: 100 }, { perSecond: 4 }];
    const given = [
      [newBucket(wide, START), wide],
      [newBucket(narrow, START), narrow],
    ] as const;
    const { buckets, taken } = take(given, 50, START);
    expect(taken).toBe(4);
    expect(buckets.map(({ tokens }) => tokens)).toEqual([96, 0]);
    const again = take([[buckets[1] ?? given[1][0], narrow]], 50, START);
    expect(again).toMatchObject({ taken: 0 });
    expect(again.waitMs).toBeGreaterThan(200);
  });

  test("starts anew where the clock went back", () => {
    const bucket = taker({ perSecond: 10 });
    expect(bucket.take(10, START)).toBe(10);
    expect(bucket.take(1, START - 3_600_000)).toBe(0);
    expect(bucket.take(10, START - 3_600_000 + 2_000)).toBe(10);
  });
});

describe("a refusal", () => {
  const seen = 80;

  function refused(times: readonly number[], pauseMs = 0): Bucket {
    return times.reduce(
      (bucket, now) => cut(bucket, NO_LIMIT, { now, seen, pauseMs }),
      newBucket(NO_LIMIT, START),
    );
  }

  test("halves the speed that was seen, and what follows within a second changes nothing", () => {
    expect(speed(newBucket(NO_LIMIT, START), NO_LIMIT, START)).toBe(Infinity);
    expect(speed(refused([START]), NO_LIMIT, START)).toBe(40);
    expect(speed(refused([START, START + 300, START + 999]), NO_LIMIT, START + 999)).toBe(40);
    expect(speed(refused([START, START + 1_000]), NO_LIMIT, START + 1_000)).toBe(20);
  });

  test("never leaves less than one message a second, and a storm is over within minutes", () => {
    const storm = Array.from({ length: 60 }, (_, second) => START + second * 1_000);
    const bucket = refused(storm);
    const quiet = (seconds: number) => speed(bucket, NO_LIMIT, START + 60_000 + seconds * 1_000);
    expect(quiet(-1)).toBe(1);
    expect(quiet(15)).toBeGreaterThan(2);
    expect(quiet(150)).toBeGreaterThan(1_000);
    const slow = { perSecond: 0.5 };
    expect(speed(bucket, slow, START + 59_000)).toBeLessThan(0.5);
  });

  test("lets every first try at a server that puts all of them off be made the same day", () => {
    let bucket = newBucket(NO_LIMIT, START);
    let tries = 0;
    for (let now = START; now < START + 3_600_000; now += 100) {
      const { buckets, taken } = take([[bucket, NO_LIMIT]], 1, now);
      [bucket = bucket] = buckets;
      if (taken > 0) bucket = cut(bucket, NO_LIMIT, { now, seen: 0, pauseMs: 0 });
      tries += taken;
    }
    expect(tries).toBeGreaterThan(3_000);
    expect(tries).toBeLessThan(4_000);
  });

  test("is made good by a twentieth a second, and forgotten after a quarter of an hour", () => {
    const bucket = refused([START]);
    const speeds = [1, 2, 3, 16].map((s) => speed(bucket, NO_LIMIT, START + s * 1_000));
    expect(speeds.map((each) => Math.round(each * 10) / 10)).toEqual([40, 42, 44.1, 83.2]);
    expect(isCut(bucket, START + 899_999)).toBe(true);
    expect(isCut(bucket, START + 900_000)).toBe(false);
    expect(speed(bucket, NO_LIMIT, START + 900_000)).toBe(Infinity);
    expect(lifetimeMs(bucket, START)).toBe(900_000);
  });

  test("counts from what was used of a speed that had grown, by all workers together", () => {
    const later = START + 600_000;
    const idle = cut(refused([START]), NO_LIMIT, { now: later, seen: 12, pauseMs: 0 });
    // The last cut left 40.
    expect(speed(idle, NO_LIMIT, later)).toBe(20);
    let busy = refused([START]);
    for (let now = later - 30_000; now < later; now += 10)
      [busy = busy] = take([[busy, NO_LIMIT]], 3, now).buckets;
    const half = speed(cut(busy, NO_LIMIT, { now: later, seen: 12, pauseMs: 0 }), NO_LIMIT, later);
    expect(half).toBeGreaterThan(145);
    expect(half).toBeLessThan(151);
  });

  test("never lifts the speed above the setting", () => {
    const limit = { perSecond: 30 };
    const bucket = cut(newBucket(limit, START), limit, { now: START, seen: 1_000, pauseMs: 0 });
    expect(speed(bucket, limit, START)).toBeCloseTo(29.5 / 2);
    expect(speed(bucket, limit, START + 60_000)).toBeCloseTo(29.5);
  });

  test("with a pause lets nothing go until it is over, and one that comes later prolongs it", () => {
    const bucket = refused([START], 30_000);
    expect(take([[bucket, NO_LIMIT]], 5, START + 29_000)).toMatchObject({
      taken: 0,
      waitMs: 1_000,
    });
    expect(take([[bucket, NO_LIMIT]], 5, START + 31_000).taken).toBe(5);
    const longer = cut(bucket, NO_LIMIT, { now: START + 500, seen, pauseMs: 60_000 });
    expect(take([[longer, NO_LIMIT]], 5, START + 60_499).taken).toBe(0);
    const endless = cut(bucket, NO_LIMIT, { now: START, seen, pauseMs: Number.MAX_SAFE_INTEGER });
    expect(endless.pausedUntil).toBe(START + 24 * 3_600_000);
  });

  test("puts messages off one after the other, at the speed that is left", () => {
    let bucket = refused([START], 10_000);
    const turns: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const booked = book(bucket, NO_LIMIT, { now: START, chance: 0 });
      ({ bucket } = booked);
      turns.push(booked.waitMs);
    }
    expect(turns).toEqual([10_025, 10_050, 10_075, 10_100]);
    const full = { ...bucket, bookedUntil: START + 910_000 };
    const far = [0, 0.5, 1].map((chance) => book(full, NO_LIMIT, { now: START, chance }));
    expect(far.map(({ waitMs }) => waitMs)).toEqual([910_000, 685_000, 460_000]);
    expect(far[0]?.bucket).toBe(full);
  });
});

describe("what slows us down", () => {
  test.for([
    [{ kind: "throttled", code: "450" }, "email", { by: "domain", pauseMs: 0 }],
    [
      { kind: "throttled", code: "421", scope: "provider" },
      "email",
      { by: "provider", pauseMs: 0 },
    ],
    [{ kind: "transient", code: "452" }, "email", { by: "domain", pauseMs: 0 }],
    // A time that is said of one recipient is nobody else's.
    [
      { kind: "transient", code: "451", retryAfterMs: 9_000 },
      "email",
      { by: "domain", pauseMs: 0 },
    ],
    [
      { kind: "throttled", code: "450", retryAfterMs: 300_000 },
      "email",
      { by: "domain", pauseMs: 0 },
    ],
    [
      { kind: "throttled", code: "421", scope: "provider", retryAfterMs: 9_000 },
      "email",
      { by: "provider", pauseMs: 9_000 },
    ],
    [
      { kind: "throttled", code: "20429", retryAfterMs: 7_000 },
      "sms",
      { by: "provider", pauseMs: 7_000 },
    ],
    [{ kind: "throttled", code: "21611", scope: "sender" }, "sms", { by: "sender", pauseMs: 0 }],
    [{ kind: "transient", code: "ECONNREFUSED" }, "email", undefined],
    [{ kind: "accepted", code: "250" }, "email", undefined],
    [{ kind: "rejected", fault: "recipient", code: "550" }, "email", undefined],
    [{ kind: "unknown", code: "450" }, "email", undefined],
  ] as const)("%j by %s: %j", ([outcome, channel, expected]) => {
    expect(slowdown(outcome, channel)).toEqual(expected);
  });

  test("domains are the same in any case", () => {
    expect(domainOf("Ann@Example.COM")).toBe("example.com");
  });
});

test("whatever bucket is read from Redis, what follows is a number", () => {
  const largest = { ...newBucket(NO_LIMIT, 0), at: 1e15, pace: 1e15, pausedUntil: 1e15 };
  const booked = book(largest, { perSecond: 0.5 }, { now: START, chance: 0 }).bucket;
  expect(Bucket.safeParse(booked).success).toBe(true);
  expect(take([[{ ...largest, pausedUntil: 0 }, NO_LIMIT]], 10, START).buckets[0]?.pace).toBe(1e15);
  const amount = fc.oneof(fc.double(), fc.constantFrom(0, 1, -1, 1e15, 1e308, START));
  const read = fc.record({
    tokens: amount,
    at: amount,
    pace: amount,
    cutTo: fc.option(amount),
    cutAt: amount,
    pausedUntil: amount,
    bookedUntil: amount,
  });
  fc.assert(
    fc.property(
      read,
      fc.constantFrom(NO_LIMIT, { perSecond: 0.5 }, { perSecond: 10 }),
      (given, limit) => {
        const { data: bucket } = Bucket.safeParse(given);
        if (!bucket) return;
        const at = { now: START };
        const taken = take([[bucket, limit]], 10, START);
        expect(taken.waitMs).toBeGreaterThanOrEqual(0);
        const written = [
          ...taken.buckets,
          refund(bucket, limit, { ...at, count: 5 }),
          book(bucket, limit, { ...at, chance: 0.5 }).bucket,
          cut(bucket, limit, { ...at, seen: 3, pauseMs: 100 }),
        ];
        for (const each of written) expect(Bucket.safeParse(each).success).toBe(true);
        expect(Number.isSafeInteger(lifetimeMs(bucket, START))).toBe(true);
      },
    ),
  );
});

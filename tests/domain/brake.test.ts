import fc from "fast-check";
import { describe, expect, test } from "vitest";

import {
  Judged,
  NOTHING_JUDGED,
  canaryVerdict,
  enoughTried,
  faultsNow,
  newestVerdict,
  stillJudged,
  waveVerdict,
} from "../../src/domain/wave/brake.ts";

const NONE = { open: 0, accepted: 0, rejected: 0, unknown: 0, held: 0, complained: 0 };

describe("the canary", () => {
  test.for([
    [{ accepted: 48, rejected: 2 }, "pass"],
    [{ accepted: 47, rejected: 3 }, "stop"],
    [{ open: 47, rejected: 3 }, "stop"],
    [{ open: 1, accepted: 49 }, "wait"],
    [{ accepted: 198, rejected: 3 }, "pass"],
    [{ accepted: 147, rejected: 3 }, "stop"],
    [{ unknown: 50 }, "stop"],
    [{ unknown: 26, accepted: 24 }, "stop"],
    [{ unknown: 25, accepted: 25 }, "pass"],
    [{ unknown: 49, open: 1 }, "wait"],
    [{ rejected: 1 }, "stop"],
    [{}, "pass"],
    [{ accepted: 47, held: 3 }, "stop"],
    [{ accepted: 48, held: 2 }, "pass"],
    [{ accepted: 47, held: 2, rejected: 1 }, "stop"],
    [{ accepted: 50, complained: 1 }, "pass"],
    [{ accepted: 50, complained: 2 }, "stop"],
    [{ open: 30, accepted: 20, complained: 2 }, "stop"],
  ] as const)("%j says %s", ([counts, verdict]) => {
    expect(canaryVerdict({ ...NONE, ...counts })).toBe(verdict);
  });

  test.for([
    [{ accepted: 45, rejected: 5 }, { canaryFailed: 5 }, "pass"],
    [{ accepted: 43, rejected: 7 }, { canaryFailed: 5 }, "pass"],
    [{ accepted: 42, rejected: 4, held: 4 }, { canaryFailed: 5 }, "stop"],
    [{ unknown: 50 }, { canaryUntaken: 50 }, "pass"],
    [{ accepted: 45, unknown: 5 }, { canaryUntaken: 50 }, "pass"],
    [{ accepted: 50, complained: 3 }, { canaryComplained: 2 }, "pass"],
    [{ accepted: 50, complained: 4 }, { canaryComplained: 2 }, "stop"],
  ] as const)("%j after %j was judged says %s", ([counts, judged, verdict]) => {
    expect(canaryVerdict({ ...NONE, ...counts }, { ...NOTHING_JUDGED, ...judged })).toBe(verdict);
  });
});

describe("a running wave", () => {
  test.for([
    [{ held: 2, tried: 10 }, undefined],
    [{ held: 3, tried: 149 }, "held"],
    [{ held: 3, tried: 150 }, undefined],
    [{ complained: 2, tried: 10 }, undefined],
    [{ complained: 3, tried: 999 }, "complained"],
    [{ complained: 3, tried: 1_000 }, undefined],
    [{ complained: 4, tried: 1_333 }, "complained"],
    [{ held: 5, complained: 5, tried: 100 }, "held"],
  ] as const)("%j stops for %s", ([counts, verdict]) => {
    expect(waveVerdict({ held: 0, complained: 0, ...counts })).toBe(verdict);
  });

  test("goes on with what two people have judged, and stops for what is new", () => {
    const judged = { ...NOTHING_JUDGED, held: 10, complained: 4 };
    expect(waveVerdict({ held: 12, complained: 6, tried: 100 }, judged)).toBe(undefined);
    expect(waveVerdict({ held: 13, complained: 4, tried: 100 }, judged)).toBe("held");
    expect(waveVerdict({ held: 10, complained: 7, tried: 100 }, judged)).toBe("complained");
  });

  test("is judged the same however many more are counted than is enough", () => {
    const some = fc.record({
      held: fc.integer({ min: 0, max: 200 }),
      complained: fc.integer({ min: 0, max: 200 }),
      tried: fc.integer({ min: 0, max: 100_000 }),
    });
    fc.assert(
      fc.property(some, (counts) => {
        const counted = { ...counts, tried: Math.min(counts.tried, enoughTried(counts)) };
        expect(waveVerdict(counted)).toBe(waveVerdict(counts));
      }),
    );
  });
});

describe("what a wave sends now", () => {
  test.for([
    [{ rejected: 19, tried: 19 }, 0, undefined],
    [{ rejected: 20, tried: 39 }, 0, "rejected"],
    [{ rejected: 20, tried: 40 }, 0, undefined],
    [{ rejected: 39, tried: 39 }, 20, undefined],
    [{ rejected: 40, tried: 40 }, 20, "rejected"],
    [{ rejected: 299, tried: 299 }, 800, undefined],
    [{ rejected: 300, tried: 599 }, 800, "rejected"],
  ] as const)("%j after %i were judged stops it for %s", ([counts, rejected, verdict]) => {
    expect(newestVerdict(counts, { ...NOTHING_JUDGED, rejected })).toBe(verdict);
  });
});

test("what was judged and is put right since is new when it comes again", () => {
  const was = { ...NONE, accepted: 1, rejected: 2, held: 3, unknown: 4, complained: 5 };
  const judged = { ...faultsNow(was, { held: 6, complained: 7 }), rejected: 8, attempts: 9 };
  const now = faultsNow({ ...was, held: 0, unknown: 1 }, { held: 1, complained: 9 });
  expect(stillJudged(judged, now)).toEqual({
    canaryFailed: 2,
    canaryComplained: 5,
    canaryUntaken: 3,
    held: 1,
    complained: 7,
    rejected: 8,
    attempts: 9,
  });
});

test("what was kept before there was anything to judge is nothing", () => {
  expect(Judged.parse({})).toEqual(NOTHING_JUDGED);
});

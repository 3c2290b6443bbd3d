import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { clockVerdict, compareMark, isOlder } from "../../src/domain/recovery.ts";

const ID = "3f0e6b1c-7a52-4a0a-9a3c-0c5b9f6f2a11";
const OTHER = "9a3c0c5b-7a52-4a0a-9a3c-0c5b9f6f2a11";
const at = "2026-03-03T10:00:00.000Z";

describe("a mark", () => {
  test.for([
    [{ restores: 0, seq: 9 }, "older"],
    [{ restores: 0, seq: 10 }, "holds"],
    [{ restores: 0, seq: 11 }, "holds"],
    [{ restores: 1, seq: 0 }, "holds"],
  ] as const)("%o after attempt 10 was witnessed: %s", ([now, finding]) => {
    expect(compareMark(ID, now, { [ID]: { restores: 0, seq: 10, at } })).toBe(finding);
  });

  test("of a backup from before an unlocking is older, however much it sent", () => {
    const kept = { [ID]: { restores: 1, seq: 5, at } };
    expect(compareMark(ID, { restores: 0, seq: 900 }, kept)).toBe("older");
  });

  test("is compared with that of the same database alone", () => {
    const mark = { restores: 0, seq: 0 };
    expect(compareMark(ID, mark, {})).toBe("new");
    expect(compareMark(ID, mark, { [OTHER]: { restores: 9, seq: 9, at } })).toBe("another");
  });

  test("is never both before and after another one", () => {
    const mark = fc.record({ restores: fc.nat(3), seq: fc.nat(3) });
    fc.assert(
      fc.property(mark, mark, (one, two) => {
        const same = one.restores === two.restores && one.seq === two.seq;
        expect([isOlder(one, two), isOlder(two, one), same].filter(Boolean)).toHaveLength(1);
      }),
    );
  });
});

test.for([
  [0, "right"],
  [2_000, "right"],
  [-2_000, "right"],
  [2_001, "off"],
  [-30_000, "off"],
  [30_001, "wrong"],
  [-30_001, "wrong"],
  [86_400_000, "wrong"],
] as const)("a clock %i ms ahead is %s", ([aheadMs, verdict]) => {
  expect(clockVerdict(aheadMs)).toBe(verdict);
});

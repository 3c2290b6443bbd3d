import { expect, test } from "vitest";

import { SendWindow } from "../../src/domain/approval.ts";
import { Instant } from "../../src/domain/instant.ts";

test.each([
  ["2026-03-02T14:05+01:00", "2026-03-02T13:05:00.000Z"],
  ["2026-03-02T14:05:09.123456789Z", "2026-03-02T14:05:09.123Z"],
  ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"],
  ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"],
])("%s is a moment", (written, meant) => {
  expect(Instant.parse(written).toISOString()).toBe(meant);
});

test.each([
  "2026-02-30T10:00:00Z",
  "2026-02-20T10:00:00",
  "+275760-09-13T00:00:00Z",
  "0000-01-01T00:00:00Z",
  "0001-01-01T00:00:00+14:00",
  "9999-12-31T23:59:59-14:00",
  "2026-03-02T24:00:00Z",
])("%s is none that could be stored", (written) => {
  expect(Instant.safeParse(written).success).toBe(false);
});

test("a window for sending ends after it begins", () => {
  const [early, late] = ["2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"];
  expect(SendWindow.safeParse({ notBefore: early, notAfter: late }).success).toBe(true);
  const [issue] = SendWindow.safeParse({ notBefore: late, notAfter: early }).error?.issues ?? [];
  expect(issue?.path).toEqual(["notAfter"]);
});

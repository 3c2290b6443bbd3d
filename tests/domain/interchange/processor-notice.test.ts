import { expect, test } from "vitest";

import {
  publicBytes,
  readNotice,
  signNotice,
  signingKey,
} from "../../../src/domain/interchange/processor-notice.ts";
import { firstFacts } from "../../../src/domain/scope.ts";

const KEY = signingKey(Buffer.alloc(32, 7));
const NAMED = publicBytes(KEY).toString("base64url");

function signed(key: string) {
  const {
    contactLines: _,
    role: __,
    sector: ___,
    actions: ____,
    ...facts
  } = firstFacts({
    whatHappened: "A key was left on a public server.",
    dataElements: [{ element: "name", state: "suspected" }],
  });
  const body = {
    format: "candor-processor-notice/1" as const,
    processor: "Example Hosting",
    key,
    incident: "0190b1c2-0000-7000-8000-000000000001",
    number: 1,
    issuedAt: new Date("2026-03-02T10:00:00Z"),
    determination: "suspected" as const,
    awareAt: new Date("2026-03-02T08:00:00Z"),
    awareZone: "Europe/Berlin",
    facts: { ...facts, translations: {} },
  };
  return signNotice(body, KEY);
}

test("a key is named in its one spelling, though another stands for the same bytes", () => {
  expect(readNotice(signed(NAMED)).key).toBe(NAMED);
  // The last letter of 32 bytes in base64url has two bits that say nothing.
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const other = `${NAMED.slice(0, -1)}${letters[letters.indexOf(NAMED.slice(-1)) ^ 1]}`;
  expect(Buffer.from(other, "base64url")).toEqual(Buffer.from(NAMED, "base64url"));
  expect(() => readNotice(signed(other))).toThrow(/not signed by the key it names/);
});

import { expect, test } from "vitest";

import { emailOf, foldEmail, holdsSeveral } from "../../../src/domain/audience/address.ts";
import { phoneOf } from "../../../src/domain/audience/phone.ts";

test.each([
  ["jane@example.com", "jane@example.com"],
  ["Jane.Q+tag@EXAMPLE.com", "Jane.Q+tag@example.com"],
  ["o'brien@example.org", "o'brien@example.org"],
  ["käthe@example.org", undefined],
  ["jane@bücher.example", "jane@xn--bcher-kva.example"],
  ["jane@XN--bcher-kva.example", "jane@xn--bcher-kva.example"],
  ["jane@ex\u0061\u0308mple.com", "jane@xn--exmple-cua.com"],
  [`${"a".repeat(64)}@example.com`, `${"a".repeat(64)}@example.com`],
  [`${"a".repeat(65)}@example.com`, undefined],
  [`a@${"b".repeat(63)}.${"c".repeat(63)}.${"d".repeat(63)}.${"e".repeat(61)}`, undefined],
])("%s is read as %s", (given, expected) => {
  expect(emailOf(given)).toBe(expected);
});

test.each([
  "",
  "@",
  "jane",
  "jane@",
  "@example.com",
  "jane@localhost",
  ".jane@example.com",
  "jane.@example.com",
  "ja..ne@example.com",
  "a@example.com, e@example.org",
  "a@example.com;e@example.org",
  "a@example.com e@example.org",
  '"a b"@example.com',
  '"a@example.org> x"@example.com',
  "u@example.com(c)evil.example",
  "u(a(b)c)@example.com",
  "(c)u@example.com",
  "g: a@example.com, e@example.org;",
  "Jane <jane@example.com>",
  "<jane@example.com>",
  "mailto:jane@example.com",
  "user@example.com .evil.example",
  "user@ example.com",
  "user @example.com",
  "jane@example.com\r\nRCPT TO:<e@example.org>",
  "jane\r\n@example.com",
  "jane@example.com\n",
  "jane@example.com\u0000",
  "jane@exam\u00adple.com",
  "jane@exam\u200bple.com",
  "jane@[127.0.0.1]",
  "jane@127.0.0.1",
  "jane@0x7f.1",
  "jane@example.com:25",
  "jane@example.com/evil",
  "jane@example.com?x",
  "jane@example.com#x",
  "jane@example%2ecom",
  "jane@-example.com",
  "jane@example-.com",
  "jane@example..com",
  "jane@.example.com",
  "jane@example.com.",
  "jane@example.123",
  "ja\\ne@example.com",
  "jane@example,com",
  "jane\u202e@example.com",
])("%j is not one plain address", (given) => {
  expect(emailOf(given)).toBeUndefined();
});

test("an address that was read reads back as itself", () => {
  for (const given of ["Jane@EXAMPLE.com", "jane@bücher.example"]) {
    const once = emailOf(given) ?? "";
    expect(emailOf(once)).toBe(once);
  }
});

test("two addresses in one cell are told apart from none", () => {
  expect(holdsSeveral("a@example.com, e@example.org")).toBe(true);
  expect(holdsSeveral("a@example.com")).toBe(false);
  expect(holdsSeveral("nobody")).toBe(false);
});

test("letter case does not make two addresses", () => {
  expect(foldEmail("Jane@example.com")).toBe(foldEmail("jANE@example.com"));
});

test.each([
  ["(415) 555-0100", "US", "+14155550100"],
  ["+1 415 555 0100", undefined, "+14155550100"],
  ["030 901820", "DE", "+4930901820"],
  ["415-555-0100", undefined, undefined],
  ["12", "US", undefined],
  ["415-555-0100 or 415-555-0101", "US", undefined],
  ["415-555-0100 x12", "US", undefined],
  ["call me", "US", undefined],
  [`+1${"4".repeat(60)}`, "US", undefined],
  ["+14155550100", "AQ", "+14155550100"],
])("the phone %j of %s is %s", (given, country, expected) => {
  expect(phoneOf(given, country)).toBe(expected);
});

import fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";

import { after } from "../../src/domain/delivery.ts";
import {
  MessageHold,
  composeEmail,
  composeSkeleton,
  isMailable,
  oneLine,
} from "../../src/domain/delivery/message.ts";
import { anyText, asRead } from "../support/mail.ts";

const SKELETON = composeSkeleton({
  from: { name: "Müller & Söhne", address: "notices@example.org" },
  replyTo: "privacy@example.org",
  language: "de",
  version: "7b9f3c1e",
});

const PERSON = {
  to: { name: "Ada Example", address: "ada@example.com" },
  subject: "About your data",
  text: "Dear Ada,\n\nwe are sorry.\n",
  html: "<p>Dear Ada,</p>",
  messageId: "0123456789abcdef",
  date: new Date("2026-03-03T10:00:00Z"),
};

describe("a composed message", () => {
  test("reads as what went in, whatever that was", async () => {
    await fc.assert(
      fc.asyncProperty(anyText, anyText, anyText, anyText, async (name, subject, text, html) => {
        const raw = composeEmail(SKELETON, {
          ...PERSON,
          to: { name, address: "ada@example.com" },
          subject,
          text,
          html,
        });
        const read = await PostalMime.parse(raw);
        expect(read.subject ?? "").toBe(oneLine(subject));
        expect(read.to).toEqual([{ name: oneLine(name), address: "ada@example.com" }]);
        expect(read.from).toEqual({ name: "Müller & Söhne", address: "notices@example.org" });
        expect(read.cc ?? []).toEqual([]);
        expect(read.bcc ?? []).toEqual([]);
        expect(read.text ?? "").toBe(asRead(raw, "text/plain", text));
        expect(read.html ?? "").toBe(asRead(raw, "text/html", html));
        expect(read.headers.map(({ key }) => key).toSorted()).toEqual(HEADERS);
      }),
      { numRuns: 300 },
    );
  });

  test("keeps every line within what SMTP and MIME allow, in ASCII, with no lone dot", () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (name, subject, text) => {
        const raw = composeEmail(SKELETON, {
          ...PERSON,
          to: { name, address: `${"a".repeat(60)}@example.com` },
          subject,
          text,
        });
        for (const line of raw.split("\r\n")) {
          expect(line).toMatch(/^[\x20-\x7e]*$/);
          expect(line.length).toBeLessThanOrEqual(78);
          expect(line.startsWith(".")).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("says when it was made and carries the Message-ID it was given", async () => {
    const read = await PostalMime.parse(composeEmail(SKELETON, PERSON));
    expect(read.messageId).toBe("<0123456789abcdef@example.org>");
    expect(read.date).toBe("2026-03-03T10:00:00.000Z");
    expect(read.replyTo).toEqual([{ name: "", address: "privacy@example.org" }]);
    const headers = Object.fromEntries(read.headers.map(({ key, value }) => [key, value]));
    expect(headers["content-language"]).toBe("de");
    expect(headers["auto-submitted"]).toBe("auto-generated");
    expect(headers["list-unsubscribe"]).toBeUndefined();
  });

  test.for([
    "ada@example.com>, eve@example.com",
    "ada@example.com\r\nBcc: eve@example.com",
    '"ada lovelace"@example.com',
    "ada@exämple.com",
    "ada@@example.com",
    "ada@",
    "@example.com",
    ".ada@example.com",
    "ada..b@example.com",
    "ada@-example.com",
    `${"a".repeat(65)}@example.com`,
    "",
  ])("is held rather than sent to %j", (address) => {
    expect(isMailable(address)).toBe(false);
    expect(() => composeEmail(SKELETON, { ...PERSON, to: { address } })).toThrow(MessageHold);
  });
});

describe("what follows an attempt", () => {
  test("temporary refusals are tried again for a day and then given up", () => {
    const waits = Array.from({ length: 9 }, (_, i) =>
      after({ kind: "transient", code: "451" }, i + 1),
    );
    expect(waits.map(({ state, nextInMs }) => [state, nextInMs / 60_000])).toEqual([
      ["planned", 1],
      ["planned", 5],
      ["planned", 15],
      ["planned", 60],
      ["planned", 120],
      ["planned", 240],
      ["planned", 480],
      ["planned", 480],
      ["rejected", 0],
    ]);
    expect(waits.at(-1)?.reason).toBe("gave-up");
  });

  test("a provider that says how long to wait is obeyed", () => {
    const told = after({ kind: "throttled", code: "450", retryAfterMs: 600_000 }, 1);
    expect(told).toEqual({ state: "planned", reason: "throttled", nextInMs: 600_000 });
  });

  test("a fault of ours keeps the delivery; a fault of the address ends it; unknown stays unknown", () => {
    const rejected = (fault: "recipient" | "content" | "configuration") =>
      after({ kind: "rejected", fault, code: "550" }, 1).state;
    expect(rejected("configuration")).toBe("planned");
    expect(rejected("recipient")).toBe("rejected");
    expect(rejected("content")).toBe("rejected");
    expect(after({ kind: "unknown", code: "ECONNECTION" }, 1).state).toBe("unknown");
    expect(after({ kind: "not-sent", code: "withheld" }, 1).state).toBe("planned");
  });
});

const HEADERS = [
  "auto-submitted",
  "content-language",
  "content-type",
  "date",
  "from",
  "message-id",
  "mime-version",
  "reply-to",
  "subject",
  "to",
];

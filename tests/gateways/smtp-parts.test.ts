import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { dotStuffed } from "../../src/gateways/smtp/body.ts";
import { faultOfReply, outcomeBefore, retryAfterMs } from "../../src/gateways/smtp/outcome.ts";
import { createReplies } from "../../src/gateways/smtp/reply.ts";
import type { Reply } from "../../src/gateways/smtp/reply.ts";

const anyReply = fc.record({
  code: fc.integer({ min: 200, max: 599 }),
  lines: fc.array(fc.stringMatching(/^[ -~]{0,40}$/), { minLength: 1, maxLength: 4 }),
  end: fc.constantFrom("\r\n", "\n"),
});

function written({ code, lines, end }: typeof anyReply extends fc.Arbitrary<infer T> ? T : never) {
  return lines
    .map((line, i) => `${code}${i === lines.length - 1 ? " " : "-"}${line}${end}`)
    .join("");
}

describe("replies", () => {
  test("are the same in whatever pieces they come", () => {
    fc.assert(
      fc.property(
        fc.array(anyReply, { maxLength: 6 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 30 })),
        (all, sizes) => {
          const bytes = Buffer.from(all.map(written).join(""));
          const replies = createReplies();
          const found: Reply[] = [];
          for (let at = 0; at < bytes.length;) {
            const size = sizes.next().value;
            const read = replies.read(bytes.subarray(at, at + size));
            expect(read.garbage).toBe(false);
            found.push(...read.replies);
            at += size;
          }
          expect(replies.pending()).toBe(false);
          expect(found).toEqual(all.map(({ code, lines }) => ({ code, text: lines.join(" ") })));
        },
      ),
    );
  });

  test.for([
    ["no digits", "hello\r\n"],
    ["an empty line", "\r\n"],
    ["a code that does not exist", "999 no\r\n"],
    ["a preliminary code", "150 wait\r\n"],
    ["two codes in one reply", "250-one\r\n251 two\r\n"],
    ["a letter after the code", "250x\r\n"],
    ["four digits", "2500 Ok\r\n"],
    ["a line without end", "2".repeat(4_000)],
    ["a reply without end", `250-${"x".repeat(1_000)}\r\n`.repeat(20)],
  ])("with %s are garbage", ([, text]) => {
    expect(createReplies().read(Buffer.from(text ?? "")).garbage).toBe(true);
  });

  test("before the garbage count", () => {
    const { replies, garbage } = createReplies().read(Buffer.from("250 Ok\r\nwhat\r\n250 Ok\r\n"));
    expect([replies, garbage]).toEqual([[{ code: 250, text: "Ok" }], true]);
  });

  test("may have no text, and half of one is pending", () => {
    const replies = createReplies();
    expect(replies.read(Buffer.from("250\r\n25")).replies).toEqual([{ code: 250, text: "" }]);
    expect(replies.pending()).toBe(true);
    expect(replies.read(Buffer.from("0-more\r\n")).replies).toEqual([]);
    expect(replies.pending()).toBe(true);
  });
});

describe("a body on the wire", () => {
  test.for([
    ["text", "a\r\nb\r\n", "a\r\nb\r\n"],
    ["nothing", "", ""],
    ["a dot at the start", ".a\r\n", "..a\r\n"],
    ["a dot in a later line", "a\r\n.b\r\n.\r\n", "a\r\n..b\r\n..\r\n"],
    ["dots elsewhere", "a.\r\nb.c\r\n", "a.\r\nb.c\r\n"],
    ["no end of the last line", "a", "a\r\n"],
    ["a lone LF", "a\n.\nb\n", "a\r\n..\r\nb\r\n"],
    ["a lone CR", "a\r.\rb\r", "a\r\n..\r\nb\r\n"],
    ["LF and CR the wrong way round", "a\n\rb\r\n", "a\r\n\r\nb\r\n"],
    ["a smuggled end", "a\n.\r\nMAIL FROM:<x>\r\n", "a\r\n..\r\nMAIL FROM:<x>\r\n"],
  ])("with %s", ([, message, wire]) => {
    expect(dotStuffed(message ?? "")).toBe(wire);
  });

  test("is what it was where nothing needs doing", () => {
    const message = "Subject: x\r\n\r\ntext\r\n";
    expect(dotStuffed(message)).toBe(message);
  });

  test("never ends early, and says what was said once it is read back", () => {
    const anyText = fc
      .array(fc.constantFrom(".", "\r", "\n", "\r\n", "a", "MAIL FROM:<x>"), { maxLength: 40 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(anyText, (text) => {
        const wire = dotStuffed(text);
        const lines = wire.split("\r\n");
        expect(lines.pop()).toBe("");
        expect(lines.every((line) => line !== "." && !/[\r\n]/.test(line))).toBe(true);
        const back = lines.map((line) => `${line.replace(/^\./, "")}\r\n`).join("");
        const whole = text.replaceAll(/\r\n|\r|\n/g, "\r\n");
        expect(back).toBe(whole === "" || whole.endsWith("\r\n") ? whole : `${whole}\r\n`);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a refusal at RCPT", () => {
  function faultIn(line: string, command = "RCPT TO"): string | undefined {
    const reply = { code: Number(line.slice(0, 3)), text: line.slice(4) };
    const outcome = outcomeBefore(faultOfReply(reply, command));
    return outcome.kind === "rejected" ? outcome.fault : undefined;
  }

  test.for([
    "554 5.7.1 <ada@example.com>: Relay access denied",
    "550 5.7.1 Unable to relay",
    "550 5.7.1 <ada@example.com>... Relaying denied",
    "550 relay not permitted",
    "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)",
    "554 5.7.1 <unknown[192.0.2.7]>: Client host rejected: Access denied",
    "553 5.7.1 <notices@example.org>: Sender address rejected: not owned by user",
    "550 5.7.64 TenantAttribution",
    "550 5.4.5 Daily sending limit exceeded",
    "500 what?",
    "502 5.5.2 Error: command not recognized",
    "503 5.5.1 Error: need MAIL command",
    "504 need fully-qualified hostname",
    "530 5.7.57 Client not authenticated",
  ])("that would meet everybody is ours: %s", (line) => {
    expect(faultIn(line)).toBe("configuration");
  });

  test.for([
    "550 5.1.1 <ada@example.com>: user unknown",
    "550 5.1.1 undeliverable: mx.example.com said: 554 5.7.1 Relay access denied",
    "550 5.7.1 <ada@example.com>: she wants no mail from you",
    "550 5.7.1 <relay@example.com>: unwanted",
    "550 5.7.1 relay.example.com: unwanted here",
    "550 5.7.1 <ada@relay>: unwanted",
    "504 5.5.2 <ada>: Recipient address rejected: need fully-qualified address",
    "552 5.2.2 mailbox full",
    "550 no",
  ])("of one person is that person's: %s", (line) => {
    expect(faultIn(line)).toBe("recipient");
  });

  test("for the day's share is ours at DATA too", () => {
    expect(faultIn("550 5.4.5 Daily sending limit exceeded", "DATA")).toBe("configuration");
    expect(faultIn("554 5.7.1 no relaying of such content", "DATA")).toBe("content");
  });
});

test.for<[string, string, string]>([
  ["AUTH PLAIN", "454 4.7.0 Temporary authentication failure", "transient"],
  ["AUTH PLAIN", "432 4.7.12 A password transition is needed", "transient"],
  ["STARTTLS", "454 TLS not available", "transient"],
  ["AUTH PLAIN", "421 4.7.0 busy", "provider"],
  ["CONN", "450 busy", "provider"],
  ["MAIL FROM", "454 Throttling failure", "provider"],
  ["DATA", "432 4.3.2 Concurrent connections limit exceeded", "provider"],
  ["MAIL FROM", "451 later", "sender"],
  ["RCPT TO", "451 later", "throttled"],
  ["RCPT TO", "455 hm", "transient"],
])("at %s, %s is about: %s", ([command, line, expected]) => {
  const reply = { code: Number(line.slice(0, 3)), text: line.slice(4) };
  const outcome = outcomeBefore(faultOfReply(reply, command));
  expect(outcome.kind === "throttled" ? (outcome.scope ?? outcome.kind) : outcome.kind).toBe(
    expected,
  );
});

test.for<[string, number | undefined]>([
  ["Greylisted, please try again in 300 seconds", 300_000],
  ["4.7.0 try again in 5 minutes", 300_000],
  ["wait 90s", 90_000],
  ["Limit of 100 per 1 hour reached; retry after 45 sec.", 45_000],
  ["too many messages in 1 minute", 60_000],
  ["come back in 100000 hours", 6 * 3_600_000],
  ["4.4.5 Insufficient storage", undefined],
  ["try again in 0 seconds", undefined],
  ["queue 12345 secure", undefined],
  ["try again later", undefined],
])("the pause asked for in %s", ([text, expected]) => {
  expect(retryAfterMs(text)).toBe(expected);
});

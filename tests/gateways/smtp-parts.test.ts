import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { dotStuffed } from "../../src/gateways/smtp/body.ts";
import { retryAfterMs } from "../../src/gateways/smtp/outcome.ts";
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
    expect(dotStuffed(Buffer.from(message ?? "")).toString()).toBe(wire);
  });

  test("is the very same buffer where nothing needs doing", () => {
    const message = Buffer.from("Subject: x\r\n\r\ntext\r\n");
    expect(dotStuffed(message)).toBe(message);
  });

  test("never ends early, and says what was said once it is read back", () => {
    const anyText = fc
      .array(fc.constantFrom(".", "\r", "\n", "\r\n", "a", "MAIL FROM:<x>"), { maxLength: 40 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(anyText, (text) => {
        const wire = dotStuffed(Buffer.from(text)).toString();
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

import { createHash } from "node:crypto";

import { describe, expect, test } from "vitest";

import {
  MessageHold,
  composeEmail,
  composeSkeleton,
  headerText,
  isMailable,
  oneLine,
} from "../../src/domain/delivery/message.ts";
import { encodeBody } from "../../src/domain/delivery/message-body.ts";
import type { Wire } from "../../src/domain/delivery/message-body.ts";
import { PLACE } from "../../src/domain/notice/variant.ts";
import type { VariantPart } from "../../src/domain/notice/variant.ts";

const SKELETON = composeSkeleton({
  from: { name: "Example", address: "notices@example.org" },
  replyTo: "privacy@example.org",
  language: "de",
  version: "7b9f3c1e",
});
const PERSON = {
  to: { name: "Ada Example", address: "ada@example.com" },
  subject: "About your data",
  text: "Dear Ada,\n",
  html: "<p>Dear Ada</p>",
  messageId: "0123456789abcdef",
  date: new Date("2026-03-03T10:00:00Z"),
};

describe("a message, octet by octet", () => {
  const hash = createHash("sha256").update("7b9f3c1e/de").digest("hex");
  const boundary = `=_candor_${hash.slice(0, 32)}`;
  const message = (...more: readonly string[]) =>
    [
      "Date: Tue, 03 Mar 2026 10:00:00 +0000",
      "Message-ID: <0123456789abcdef@example.org>",
      "To: Ada Example",
      " <ada@example.com>",
      "Subject: About your data",
      ...more,
      "From: Example",
      " <notices@example.org>",
      "Reply-To: privacy@example.org",
      "Content-Language: de",
      "Auto-Submitted: auto-generated",
      "MIME-Version: 1.0",
      "Content-Type: multipart/alternative;",
      ` boundary="${boundary}"`,
      "",
      `--${boundary}`,
      "Content-Type: text/plain; charset=utf-8",
      "Content-Transfer-Encoding: quoted-printable",
      "",
      "Dear Ada,",
      "",
      `--${boundary}`,
      "Content-Type: text/html; charset=utf-8",
      "Content-Transfer-Encoding: quoted-printable",
      "",
      "<p>Dear Ada</p>",
      `--${boundary}--`,
      "",
    ].join("\r\n");

  test("is what it always was", () => {
    expect(composeEmail(SKELETON, PERSON)).toBe(message());
  });

  test.for(["https://example.org/u/1", "http://127.0.0.1:8080/u/1", `https://${"x".repeat(900)}`])(
    "can be stopped by one click: %s",
    (unsubscribe) => {
      const click = [
        "List-Unsubscribe: ",
        ` <${unsubscribe}>`,
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
      ];
      const raw = composeEmail(SKELETON, { ...PERSON, unsubscribe });
      expect(raw).toBe(message(...click));
    },
  );

  test.for([
    "",
    "https://",
    "mailto:a@example.org",
    " https://example.org",
    "https://example.org/a b",
    "https://example.org/ä",
    "https://example.org\r\nBcc: eve@example.com",
    `https://${"x".repeat(901)}`,
  ])("is held where %j should stop it", (unsubscribe) => {
    const compose = () => composeEmail(SKELETON, { ...PERSON, unsubscribe });
    expect(compose).toThrow(new MessageHold("unsubscribe"));
  });

  test("says why it is held, and no address", () => {
    const held = new MessageHold("address");
    expect([held.name, held.reason, held.message]).toEqual([
      "MessageHold",
      "address",
      "This message is held: address.",
    ]);
    const compose = () => composeEmail(SKELETON, { ...PERSON, to: { address: "ada@" } });
    expect(compose).toThrow(held);
  });

  test("has another boundary in each version and language", () => {
    const from = { address: "notices@example.org", name: "" };
    const of = (version: string, language: string) =>
      composeSkeleton({ from, language, version }).boundary;
    expect(new Set([of("1", "de"), of("1", "en"), of("2", "de")]).size).toBe(3);
  });
});

describe("a name beside an address", () => {
  const toOf = (name: string) => {
    const raw = composeEmail(SKELETON, { ...PERSON, to: { name, address: "a@example.com" } });
    return /^To: (.*?)\r\n(?! )/ms.exec(raw)?.[1];
  };

  test.for([
    ["", "a@example.com"],
    [" \t ", "a@example.com"],
    ["Ada B C Example", "Ada B C Example\r\n <a@example.com>"],
    ["a".repeat(60), `${"a".repeat(60)}\r\n <a@example.com>`],
    ["Ada, B.", "=?UTF-8?B?QWRhLCBCLg==?=\r\n <a@example.com>"],
    ["Ada  B", "=?UTF-8?B?QWRhICBC?=\r\n <a@example.com>"],
    ["Ada\r\nBcc: x", "=?UTF-8?B?QWRhIEJjYzogeA==?=\r\n <a@example.com>"],
  ] as const)("%j is written %j", ([name, written]) => {
    expect(toOf(name)).toBe(written);
  });

  test("is never so long that its line is too long", () => {
    expect(toOf("a".repeat(61))).toMatch(/^=\?UTF-8\?B\?/);
  });
});

describe("header text", () => {
  const words = (n: number) => Array.from({ length: n }, () => "nine chars").join(" ");

  test.for([
    ["", 9, ""],
    ["a bc def g", 9, "a bc def g"],
    ["  a \r\n b  ", 9, "=?UTF-8?B?YSAgIGI=?="],
    ["a\u2028b\u0000\u0085c", 9, "a b c"],
    ["a  b", 9, "=?UTF-8?B?YSAgYg==?="],
    ["=?UTF-8?B?YQ==?=", 9, "=?UTF-8?B?PT9VVEYtOD9CP1lRPT0/PQ==?="],
    ["x".repeat(60), 9, "x".repeat(60)],
    ["x".repeat(61), 9, `=?UTF-8?B?${"eHh4".repeat(13)}?=\r\n =?UTF-8?B?${"eHh4".repeat(7)}eA==?=`],
    // With 9 used, 69 more make the 78 that a line may have.
    [`${words(6)} abc`, 9, `${words(6)} abc`],
    [`${words(6)} abcd`, 9, `${words(6)}\r\n abcd`],
    [`${words(6)} abc`, 10, `${words(6)}\r\n abc`],
    [`${words(7)} abcd`, 9, `${words(6)}\r\n nine chars abcd`],
    [`${"x".repeat(60)} ${"y".repeat(60)} z`, 40, `${"x".repeat(60)}\r\n ${"y".repeat(60)} z`],
  ] as const)("%j behind %d octets is %j", ([given, used, written]) => {
    expect(headerText(given, used)).toBe(written);
  });

  test.for([
    ["é".repeat(19) + "a", 1],
    ["é".repeat(20), 2],
    ["名".repeat(13), 1],
    ["名".repeat(14), 2],
    ["😀".repeat(10), 2],
  ] as const)("%j is %d encoded words, cut between characters", ([given, count]) => {
    const pieces = headerText(given, 9).split("\r\n ");
    expect(pieces).toHaveLength(count);
    const read = pieces.map((piece) => {
      const [, code = ""] = /^=\?UTF-8\?B\?([A-Za-z0-9+/=]*)\?=$/.exec(piece) ?? [];
      return Buffer.from(code, "base64").toString();
    });
    expect(read.join("")).toBe(given);
    expect(read.join("")).not.toContain("\ufffd");
  });

  test("is one line", () => {
    expect(oneLine(" a\r\n\t b\u2029c ")).toBe("a  b c");
  });
});

test.for([
  [`${"a".repeat(64)}@${"b".repeat(185)}.org`, true],
  [`${"a".repeat(64)}@${"b".repeat(186)}.org`, false],
  [`${"a".repeat(65)}@example.org`, false],
  ["a@b", true],
  ["o'brien+x@sub.example.org", true],
  ["a@example.org.", false],
  ["a@exam_ple.org", false],
] as const)("%s may be mailed: %s", ([address, may]) => {
  expect(isMailable(address)).toBe(may);
});

describe("a body on the wire", () => {
  const onWire = (parts: readonly VariantPart[], own: readonly string[] = []) => {
    const wire: Wire = [];
    const { encoding, fill } = encodeBody(parts);
    fill(own, wire);
    return { encoding, pieces: wire.map(String), text: wire.map(String).join("") };
  };
  const PLAIN = "plain words enough that this stays quoted";

  test.for([
    ["~".repeat(50), "quoted-printable"],
    ["=".repeat(50), "base64"],
    ["=".repeat(37) + "a".repeat(163), "quoted-printable"],
    ["=".repeat(38) + "a".repeat(162), "base64"],
    ["", "quoted-printable"],
  ] as const)("%j is sent as %s", ([text, encoding]) => {
    expect(onWire([text]).encoding).toBe(encoding);
  });

  test.for([
    [`a=b ~${PLAIN}`, `a=3Db ~${PLAIN}`],
    [`ä ${PLAIN}`, `=C3=A4 ${PLAIN}`],
    [`${PLAIN} `, `${PLAIN}=20`],
    [`${PLAIN}\t\u007f`, `${PLAIN}=09=7F`],
    [`.${PLAIN}`, `=2E${PLAIN}`],
    [`${PLAIN}. ä From here.`, `${PLAIN}. =C3=A4 From here.`],
    [`From ${PLAIN}`, `=46rom ${PLAIN}`],
    [`Frombo ${PLAIN}ä`, `Frombo ${PLAIN}=C3=A4`],
    [`one\rtwo\r\nthree\nä ${PLAIN}`, `one\r\ntwo\r\nthree\r\n=C3=A4 ${PLAIN}`],
    ["a".repeat(75), "a".repeat(75)],
    ["a".repeat(76), `${"a".repeat(75)}=\r\na`],
    [`ä${"a".repeat(69)}`, `=C3=A4${"a".repeat(69)}`],
    [`ä${"a".repeat(70)}`, `=C3=A4${"a".repeat(69)}=\r\na`],
    [`${"a".repeat(75)}.b`, `${"a".repeat(75)}=\r\n=2Eb`],
    [`${"a".repeat(73)}ä`, `${"a".repeat(73)}=\r\n=C3=A4`],
  ] as const)("%j is quoted as %j", ([text, quoted]) => {
    expect(onWire([text])).toMatchObject({ encoding: "quoted-printable", text: quoted });
  });

  test.for([
    [["Hello ", PLACE, "\nbye"], ["you"], "Hello=20=\r\nyou\r\nbye"],
    [["line\n", PLACE, "end"], ["you"], "line\r\nyou=\r\nend"],
    [["line\n", PLACE, "end"], ["you\n"], "line\r\nyou\r\nend"],
    [["a", PLACE, "b"], [], "a=\r\nb"],
    [["a", PLACE, PLACE, "b"], ["", "x"], "a=\r\nx=\r\nb"],
    [[PLACE, "b"], ["x"], "x=\r\nb"],
    [["", "b"], [], "b"],
    [["a", "\n", "b"], [], "a\r\nb"],
  ] as const)("%j with %j is %j", ([parts, own, quoted]) => {
    expect(onWire(parts, own).text).toBe(quoted);
  });

  test.for([
    [["名单名"], [], ["5ZCN5Y2V5ZCN\r\n"]],
    [["名单名", PLACE], ["!"], ["5ZCN5Y2V5ZCN\r\n", "IQ==\r\n"]],
    [[PLACE, "名单名"], ["!"], ["IeWQ\r\n", "jeWNleWQ\r\n", "jQ==\r\n"]],
    [[PLACE, "名"], ["!"], ["IeWQ\r\n", "", "jQ==\r\n"]],
    [["é", PLACE, "名单"], ["a"], ["w6lh\r\n", "5ZCN5Y2V\r\n"]],
    [["é\n", PLACE, "é\n"], [""], ["w6kN\r\n", "CsOp\r\n", "", "DQo=\r\n"]],
  ] as const)("%j with %j is the base64 %j", ([parts, own, pieces]) => {
    const { encoding, pieces: found } = onWire(parts, own);
    expect(encoding).toBe("base64");
    expect(found).toEqual(pieces);
  });
});

import fc from "fast-check";
import PostalMime from "postal-mime";
import { describe, expect, test } from "vitest";

import { composeSkeleton, fillIn, formLetter, oneLine } from "../../src/domain/delivery/message.ts";
import { encodeBody } from "../../src/domain/delivery/message-body.ts";
import type { Wire } from "../../src/domain/delivery/message-body.ts";
import { RenderHold, render } from "../../src/domain/notice/render.ts";
import type { Reader } from "../../src/domain/notice/render.ts";
import { PLACE, variantKey, variantOf } from "../../src/domain/notice/variant.ts";
import type { VariantPart } from "../../src/domain/notice/variant.ts";
import type { CompiledNotice } from "../../src/domain/notice/compile.ts";
import { ANA, KNOWN, SENDER, TEMPLATES, TRANSLATED, body, compiled } from "../support/compiled.ts";
import { anyText, asRead } from "../support/mail.ts";
import { aSource } from "../support/notice.ts";

const SKELETON = composeSkeleton({
  from: { name: "Example", address: "notices@example.org" },
  language: "en",
  version: "7b9f3c1e",
});
const ENVELOPE = {
  to: { address: "ada@example.com" },
  subject: "About your data",
  messageId: "0123456789abcdef",
  date: new Date("2026-03-03T10:00:00Z"),
};
const aStretch = fc.oneof(
  anyText.map((text) => text.replaceAll("\r", "\n")),
  fc.constantFrom("", "\n", "\n\n", " ", "x", "word ", ".", "ä", "名单", "a line\n"),
);
/** Places of one's own between stretches of either script, and what two people have there. */
const aBody = fc
  .array(fc.oneof(aStretch, fc.constant(PLACE)), { maxLength: 8 })
  .chain((parts) => fc.tuple(fc.constant(parts), filling(parts), filling(parts)));

function filling(parts: readonly VariantPart[]) {
  return fc.tuple(...parts.filter((part) => part === PLACE).map(() => aStretch));
}

function whole(parts: readonly VariantPart[], own: readonly string[]): string {
  let at = 0;
  return parts.map((part) => (part === PLACE ? own[at++] : part)).join("");
}

function encoded(parts: readonly VariantPart[], own: readonly string[]) {
  const wire: Wire = [];
  const { encoding, fill } = encodeBody(parts);
  fill(own, wire);
  return {
    encoding,
    text: Buffer.concat(wire.map((piece) => Buffer.from(piece))).toString("latin1"),
  };
}

describe("a form letter", () => {
  test("filled in for one person after another reads as each one's whole text", async () => {
    await fc.assert(
      fc.asyncProperty(aBody, aBody, async ([text, ...texts], [html, ...htmls]) => {
        const letter = formLetter(SKELETON, { text, html });
        for (const [i, own] of [0, 1, 0].map((n) => [n, texts[n] ?? []] as const)) {
          const raw = fillIn(letter, ENVELOPE, { text: own, html: htmls[i] ?? [] });
          const read = await PostalMime.parse(raw);
          const [plain, marked] = [whole(text, own), whole(html, htmls[i] ?? [])];
          expect(read.text ?? "").toBe(asRead(raw, "text/plain", plain));
          expect(read.html ?? "").toBe(asRead(raw, "text/html", marked));
          expect(read.attachments).toEqual([]);
          expect(read.headers).toHaveLength(9);
        }
      }),
      { numRuns: 400 },
    );
  });

  test("keeps to lines of 76 octets of ASCII, none of which begins with a dot or as a new mail", () => {
    fc.assert(
      fc.property(aBody, ([parts, own]) => {
        for (const line of encoded(parts, own).text.split("\r\n"))
          expect(line).toMatch(/^(?!\.|From )[\x20-\x7e]{0,76}(?<! )$/);
      }),
      { numRuns: 400 },
    );
  });

  test("in base64 is one stretch of it, padded at its very end only", () => {
    fc.assert(
      fc.property(aBody, ([parts, own]) => {
        const chinese = ["一份名单丢失了。".repeat(60), ...parts];
        const { encoding, text } = encoded(chinese, own);
        if (encoding !== "base64") return;
        const stream = text.replaceAll("\r\n", "");
        expect(stream).toMatch(/^([\w+/]{4})*([\w+/]{2}==|[\w+/]{3}=)?$/);
        const read = Buffer.from(stream, "base64").toString();
        expect(read).toBe(whole(chinese, own).replaceAll("\n", "\r\n"));
      }),
      { numRuns: 200 },
    );
  });

  test("is base64 where most of it would have to be escaped, and stays short", () => {
    const chinese = "一份名单丢失了。".repeat(100);
    for (const [given, encoding] of [
      ["We are sorry. It was ours to keep. ".repeat(60), "quoted-printable"],
      [
        "Wir bedauern das sehr und bitten Sie für Ärger um Nachsicht. ".repeat(50),
        "quoted-printable",
      ],
      [chinese, "base64"],
    ] as const) {
      const made = encoded([given], []);
      expect(made.encoding).toBe(encoding);
      expect(made.text.length).toBeLessThan(Buffer.byteLength(given) * 1.4);
    }
  });
});

const OF_THE_SHIPPED = (
  ["initial", "update", "correction", "closing", "invitation"] as const
).flatMap((kind) =>
  (["en", "ru", "zh"] as const).map((language): CompiledNotice =>
    compiled(TEMPLATES.notice(kind, language) ?? "", TRANSLATED, SENDER, language),
  ),
);
/** Names, codes and conditions wherever a source may have them. */
const NOTICES = [
  ...OF_THE_SHIPPED,
  compiled(
    aSource({
      front: {
        title: "{{#if name}}{{name}}, a notice{{else}}A notice{{/if}}",
        subject: "{{name}}: notice of data breach at {{organisation}}",
        discreet_subject: "For {{name}}",
        sms: "Type {{check_address}}, code {{personal_code}}.",
      },
      body: `{{#if name}}{{name}}{{/if}}

{{personal_code}}

- one for **{{name}}** & others
- {{#if name}}two{{else}}three{{/if}}

> {{when_it_began}} {{name}}, ${"and so on ".repeat(12)}

{{data_elements}}

{{survey_link}}

{{#if name}}
## For {{name}}
{{else}}
Nobody
{{/if}}
`,
    }),
  ),
  compiled(aSource({ front: { sms: "Enter {{survey_code}}." }, body: "Hello, {{name}}." })),
  compiled(
    body("{{#if name}}\nDear {{name}}\n{{/if}}\n\n{{#if name}}\n\n{{else}}\nHello\n{{/if}}"),
  ),
  compiled(body("一份名单丢失了。{{name}}，{{personal_code}}。\n\n{{data_elements}}"), KNOWN),
];

/** By their number: a counterexample shall be short. */
const aNotice = fc.nat({ max: NOTICES.length - 1 });

function noticeOf(which: number): CompiledNotice {
  const found = NOTICES[which];
  if (!found) throw new RangeError(`There is no notice ${which}.`);
  return found;
}

const aReader: fc.Arbitrary<Reader> = fc.record(
  {
    name: fc.oneof(anyText, fc.string({ unit: "binary" }), fc.constantFrom("Ada", "\u200b", " ")),
    exposure: fc.oneof(
      fc.constant("all" as const),
      fc.subarray(["name", "ssn", "medical", "genetic", "passport"]),
    ),
    sharedMailbox: fc.boolean(),
    relation: fc.constantFrom("self", "guardian", "estate"),
    zone: fc.constantFrom("Asia/Tokyo", "America/Chicago", undefined),
    own: fc.oneof(
      { weight: 9, arbitrary: fc.constant(ANA.own ?? {}) },
      fc.record({ personal_code: anyText, survey_code: anyText, survey_link: anyText }),
      fc.constant({ personal_code: "7K2M-9QXT-4HWP" }),
    ),
  },
  { requiredKeys: ["exposure", "sharedMailbox"] },
);

describe("a variant", () => {
  test("says to each of its readers exactly what they would be told alone, or holds it as that does", () => {
    fc.assert(
      fc.property(aNotice, aReader, aReader, (which, first, second) => {
        const notice = noticeOf(which);
        const language = notice.defaultLanguage;
        const alike = variantKey(language, first) === variantKey(language, second);
        for (const reader of alike ? [first, second] : [first])
          expect(spliced(notice, language, { of: first, reader })).toEqual(
            alone(notice, language, reader),
          );
      }),
      { numRuns: 2_000 },
    );
  });

  test("is shared by readers who differ in their own words only", () => {
    const key = (over: Partial<Reader>) => variantKey("en", { ...ANA, ...over });
    expect(key({ name: "Bea", relation: "guardian", own: {} })).toBe(key({}));
    const others: Partial<Reader>[] = [
      { name: "" },
      { exposure: ["name"] },
      { sharedMailbox: true },
      { zone: "Asia/Tokyo" },
    ];
    expect(new Set([key({}), ...others.map(key)]).size).toBe(5);
  });

  test("sent as mail is what the preview shows", async () => {
    await fc.assert(
      fc.asyncProperty(aNotice, aReader, async (which, reader) => {
        const notice = noticeOf(which);
        const language = notice.defaultLanguage;
        const shown = alone(notice, language, reader);
        if ("held" in shown) return;
        const variant = variantOf(notice, language, reader);
        const { subject, ...own } = variant.own(reader);
        const raw = fillIn(formLetter(SKELETON, variant), { ...ENVELOPE, subject }, own);
        const read = await PostalMime.parse(raw);
        expect(read.subject ?? "").toBe(oneLine(shown.subject));
        expect(read.text).toBe(asRead(raw, "text/plain", shown.text));
        expect(read.html).toBe(asRead(raw, "text/html", shown.html));
      }),
      { numRuns: 300 },
    );
  });
});

function spliced(
  notice: CompiledNotice,
  language: string,
  { of, reader }: { of: Reader; reader: Reader },
) {
  return heldOr(() => {
    variantKey(language, reader);
    const variant = variantOf(notice, language, of);
    const { subject, text, html } = variant.own(reader);
    return { subject, text: whole(variant.text, text), html: whole(variant.html, html) };
  });
}

function alone(notice: CompiledNotice, language: string, reader: Reader) {
  return heldOr(() => {
    const { subject, text, html } = render(notice, language, reader);
    return { subject, text, html };
  });
}

/** Which of several missing things is named first does not matter. */
function heldOr<T>(run: () => T): T | { held: true } {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof RenderHold)) throw error;
    return { held: true };
  }
}

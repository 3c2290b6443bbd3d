import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { PreferredChannel } from "../../src/domain/audience/person.ts";
import { ExposedElement } from "../../src/domain/element.ts";
import { InquiryKind } from "../../src/domain/inquiry.ts";
import { Done } from "../../src/domain/inquiry/visit.ts";
import { PageLanguage } from "../../src/domain/language.ts";
import { NoticeKind } from "../../src/domain/notice/notice.ts";
import { readTemplates } from "../../src/gateways/templates.ts";

const templates = readTemplates(fileURLToPath(new URL("../../templates", import.meta.url)));

/** The page looks words up by code: every code there is must have its words. */
const CODES: Readonly<Record<string, readonly string[]>> = {
  state: ExposedElement.shape.state.options,
  done: Done.options,
  ask: InquiryKind.options,
  notice: NoticeKind.options,
  channel: [...PreferredChannel.options, "web"],
  delivery: ["accepted", "delivered", "unknown", "rejected", "needs-letter"],
  inquiry: ["waiting", "answered", "closed"],
};

test.each(PageLanguage.options)("my notice has words for every code in %s", (language) => {
  const words = templates.words("my-notice", language, {});
  const missing = Object.entries(CODES).flatMap(([kind, codes]) =>
    codes.map((code) => kind + pascal(code)).filter((key) => !words[key]),
  );
  expect(missing).toEqual([]);
});

test("the SMS of ours fit: one segment of GSM-7, or two of UCS-2", () => {
  const values = {
    organisation: "Example Organisation",
    code: "1234 5678",
    minutes: 10,
    address: "incident.example.org/my",
    number: "Q-7KM29D",
  };
  for (const language of PageLanguage.options) {
    const { codeSms = "", answerSms = "" } = templates.words("inquiry-mail", language, values);
    const most = language === "en" ? 160 : 134;
    expect(codeSms.length).toBeLessThanOrEqual(most);
    expect(answerSms.length).toBeLessThanOrEqual(most);
  }
});

function pascal(code: string): string {
  return code
    .split("-")
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join("");
}

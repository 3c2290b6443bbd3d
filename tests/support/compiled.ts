import { fileURLToPath } from "node:url";

import { quotedFacts } from "../../src/actions/notice/compiled.ts";
import { compile } from "../../src/domain/notice/compile.ts";
import { lint } from "../../src/domain/notice/lint.ts";
import type { LawDuty } from "../../src/domain/notice/lint/duty.ts";
import type { LintProblem } from "../../src/domain/notice/lint/rule.ts";
import type { NoticeKind } from "../../src/domain/notice/notice.ts";
import { render } from "../../src/domain/notice/render.ts";
import type { Reader } from "../../src/domain/notice/render.ts";
import { fieldHashes, firstFacts } from "../../src/domain/scope.ts";
import type { ScopeFacts } from "../../src/domain/scope.ts";
import { readTemplates } from "../../src/gateways/templates.ts";
import { aSource } from "./notice.ts";

/** Where the shipped templates are. */
export const FOLDER = fileURLToPath(new URL("../../templates", import.meta.url));
export const TEMPLATES = readTemplates(FOLDER);
export const SENDER = {
  organisation: "Harbour & Light <Clinic>",
  from: "notices@example.org",
  replyTo: "privacy@example.org",
  checkAddress: "notices.example.org/check",
  linkHosts: ["notices.example.org"],
  layoutVersion: TEMPLATES.mail.version,
  discreet: false,
};
/** An incident of which little is known, and the same when all is. */
export const UNKNOWN = firstFacts({
  whatHappened: "A laptop was stolen from a car.\n\nIt held a list of patients.",
  dataElements: [
    { element: "name", state: "confirmed" },
    { element: "ssn", state: "suspected" },
    { element: "medical", state: "confirmed" },
    { element: "genetic", state: "suspected" },
    { element: "passport", state: "ruled-out" },
  ],
});
export const KNOWN: ScopeFacts = {
  ...UNKNOWN,
  occurredFrom: moment("2026-03-01T22:10:00Z", "minute"),
  occurredTo: moment("2026-03-02T05:00:00Z", "day"),
  discoveredAt: moment("2026-03-02T08:00:00Z", "hour"),
  containedAt: moment("2026-03-02T08:00:00Z", "month"),
  place: "Springfield",
  how: "The car was broken into.",
  people: [
    { jurisdiction: "US-CA", count: 1_200 },
    { jurisdiction: "DE", count: 34 },
  ],
  encryption: "full",
  keyState: "taken",
  whatWeDo: "We encrypt every laptop by 14 March 2026.",
  actions: ["Freeze your credit.", "Watch your accounts."],
  contactLines: [
    {
      kind: "phone",
      value: "+1 555 555 0142",
      hours: "Mon to Fri 8 to 20",
      zone: "America/Chicago",
    },
    { kind: "email", value: "privacy@example.org" },
    { kind: "post", value: "Harbour Light Clinic\n1 Quay Street" },
  ],
};
/** The same, told in three languages. */
export const TRANSLATED: ScopeFacts = {
  ...KNOWN,
  contactLines: [
    {
      kind: "phone",
      value: "+1 202 555 0142",
      hours: "Mon to Fri 8 to 20, Sat 9 to 13",
      open: [
        { days: [1, 2, 3, 4, 5], from: "08:00", to: "20:00" },
        { days: [6], from: "09:00", to: "13:00" },
      ],
      zone: "America/Chicago",
    },
    { kind: "email", value: "privacy@example.org" },
  ],
  translations: {
    zh: {
      whatHappened: "一台笔记本电脑在一辆汽车里被盗。\n\n里面有一份患者名单。",
      how: "有人砸开了车窗。",
      whatWeDo: "我们将在2026年3月14日之前为所有笔记本电脑加密。",
      actions: ["冻结您的信用报告。", "留意您的账户。"],
      place: "斯普林菲尔德",
    },
    ru: {
      whatHappened: "Из машины украли ноутбук.\n\nНа нём был список пациентов.",
      how: "Машину вскрыли.",
      whatWeDo: "До 14 марта 2026 года мы зашифруем все ноутбуки.",
      actions: ["Заморозьте свою кредитную историю.", "Следите за своими счетами."],
      place: "Спрингфилд",
    },
  },
};
export const ANA: Reader = {
  name: "Ana Example",
  exposure: ["name", "ssn"],
  sharedMailbox: false,
  own: {
    personal_code: "7K2M-9QXT-4HWP",
    survey_code: "3D8Z-V5RC-N6JE-0YTB",
    survey_link: "https://notices.example.org/survey/3D8Z-V5RC-N6JE-0YTB",
  },
};

function moment(at: string, precision: "minute" | "hour" | "day" | "month") {
  return { at: new Date(at), zone: "America/Chicago", precision };
}

/** A source compiled in one language, English unless said, as a version of it would be. */
export function compiled(
  source: string,
  facts: ScopeFacts = KNOWN,
  sender = SENDER,
  language = "en",
) {
  const version = {
    languages: { [language]: source },
    sender,
    codes: { [language]: "7K2M-9QXT" },
    facts: boundIn(source, facts, language),
  };
  return compile(version, facts, TEMPLATES.mail);
}

/** The hashes of what a source quotes, in the language it is written in. */
export function boundIn(source: string, facts: ScopeFacts, language = "en") {
  return quotedFacts({ [language]: source }, { facts, fieldHashes: fieldHashes(facts) });
}

/** What the linter says of a source, shown to Ana. */
export function linted(
  source: string,
  { facts = KNOWN, kind = "initial", language = "en", obligations = [] }: LintOptions = {},
): LintProblem[] {
  const shown = render(compiled(source, facts, SENDER, language), language, ANA);
  const bound = boundIn(source, facts, language);
  return lint({ kind, source, facts, bound, obligations, ...shown });
}

interface LintOptions {
  readonly facts?: ScopeFacts;
  readonly kind?: NoticeKind;
  readonly language?: string;
  readonly obligations?: readonly LawDuty[];
}

export const body = (text: string) => aSource({ body: text });

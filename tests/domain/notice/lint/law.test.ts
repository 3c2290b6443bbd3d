import { describe, expect, test } from "vitest";

import { CONTENTS } from "../../../../src/domain/law/content.ts";
import type { Content } from "../../../../src/domain/law/content.ts";
import { RECOGNISED } from "../../../../src/domain/notice/lint/contents.ts";
import type { LawDuty } from "../../../../src/domain/notice/lint/duty.ts";
import { isField } from "../../../../src/domain/notice/fields.ts";
import { KNOWN, TEMPLATES, TRANSLATED, linted } from "../../../support/compiled.ts";
import { lawFound, styleFound } from "../../../support/lint.ts";
import { aSource } from "../../../support/notice.ts";

type Language = "en" | "zh" | "ru";

function duty(over: Partial<LawDuty> = {}): LawDuty {
  return {
    to: "individuals",
    place: "US-NM",
    contents: [],
    prohibited: [],
    rule: { citation: "N.M. Stat. 57-12C-7" },
    duty: {},
    ...over,
  };
}

/** What the law has against a text, apart from headings that every notice has. */
function problems(
  body: string,
  obligations: readonly LawDuty[],
  language: Language = "en",
  facts = TRANSLATED,
) {
  return lawFound(aSource({ body }), obligations, { language, facts });
}

function missing(content: Content, body: string, language: Language = "en", facts = TRANSLATED) {
  return problems(body, [duty({ contents: [content] })], language, facts).map(({ code }) => code);
}

describe("a content that a field tells", () => {
  test.each([
    ["nature-of-breach", "{{what_happened}}"],
    ["nature-of-breach", "{{how}}"],
    ["what-happened", "{{what_happened}}"],
    ["how-it-happened", "{{how}}"],
    ["how-discovered", "{{how}}"],
    ["cause", "{{how}}"],
    ["location", "{{where_it_happened}}"],
    ["date-of-breach", "{{when_it_began}}"],
    ["date-of-breach", "{{when_it_ended}}"],
    ["date-of-discovery", "{{when_we_found_out}}"],
    ["determination-date", "{{when_we_found_out}}"],
    ["when-occurred-and-detected", "{{when_it_began}} {{when_we_found_out}}"],
    ["duration", "{{when_it_began}} {{when_it_ended}}"],
    ["number-of-persons", "{{how_many_people}}"],
    ["number-of-persons-in-jurisdiction", "{{how_many_people}}"],
    ["categories-and-number-of-persons", "{{how_many_people}}"],
    ["data-categories", "{{data_elements}}"],
    ["security-measures-in-place", "{{encryption}}"],
    ["what-we-are-doing", "{{what_we_do}}"],
    ["measures-taken", "{{what_we_do}}"],
    ["measures-planned", "{{what_we_do}}"],
    ["prevention-measures", "{{what_we_do}}"],
    ["what-you-can-do", "{{actions}}"],
    ["contact", "{{contact_lines}}"],
    ["dpo-contact", "{{contact_lines}}"],
    ["assistance-to-individuals", "{{contact_lines}}"],
    ["contact-two-or-more-means", "{{contact_lines}}"],
    ["entity-name-contact", "{{organisation}}\n\n{{contact_lines}}"],
    ["website", "{{public_address}}"],
    ["website", "{{my_address}}"],
  ] as const)("%s: %s", (content, fields) => {
    const front = { sms: "x", subject: "x", discreet_subject: "x", title: "x" };
    const codes = (body: string) =>
      lawFound(aSource({ front, body }), [duty({ contents: [content] })], { facts: KNOWN }).map(
        ({ code }) => code,
      );
    expect(codes(fields)).toEqual([]);
    // Without its last field, it is not told.
    expect(codes(fields.replace(/\{\{[a-z_]+\}\}$/, "Hello."))).toEqual(["content-missing"]);
  });

  test("is not told where the facts have no contact, or only one way to it", () => {
    const nobody = { ...KNOWN, contactLines: "not-yet-known" } as const;
    expect(missing("contact", "{{contact_lines}}", "en", nobody)).toEqual(["content-missing"]);
    const two = [KNOWN.contactLines[0], KNOWN.contactLines[0]] as never;
    const same = { ...KNOWN, contactLines: two };
    expect(missing("contact-two-or-more-means", "{{contact_lines}}", "en", same)).toEqual([
      "content-missing",
    ]);
    expect(missing("contact-two-or-more-means", "{{contact_lines}}", "en", nobody)).toEqual([
      "content-missing",
    ]);
    expect(missing("contact", "{{contact_lines}}", "en", same)).toEqual([]);
  });
});

describe("a content that words tell", () => {
  test.each([
    ["likely-consequences", "en", "Thieves could use this to trick you.", "Thieves have this."],
    ["likely-consequences", "en", "The consequences are these.", "You could come by."],
    ["likely-consequences", "zh", "骗子可能会利用这些冒充您。", "骗子很多。"],
    ["likely-consequences", "ru", "Вор может выдать себя за вас.", "Вор есть вор."],
    ["security-measures-in-place", "en", "All was encrypted.", "All was safe."],
    ["cra-contacts", "en", "Equifax, Experian\n\nand TransUnion", "Equifax and Experian"],
    ["cra-contacts", "zh", "TransUnion、Experian 和 Equifax", "TransUnion 和 Equifax"],
    ["ftc-contact", "en", "See identitytheft.gov.", "See the FTC."],
    ["ftc-contact", "ru", "Позвоните: 1-877-438-4338", "Позвоните: 1-877-438-4339"],
    ["security-freeze-info", "en", "You can freeze it, free of charge.", "You can freeze it."],
    ["security-freeze-info", "en", "It is free to freeze it.", "Freezing costs 5 dollars."],
    ["security-freeze-info", "en", "To freeze it comes at no cost.", "Freeze it.\n\nIt is free."],
    ["security-freeze-info", "zh", "您可以免费冻结信用报告。", "您可以冻结信用报告。"],
    ["security-freeze-info", "ru", "Заморозить можно бесплатно.", "Можно заморозить."],
    [
      "fraud-alert-freeze-statement",
      "en",
      "A fraud alert helps.\n\nSo does a freeze.",
      "A fraud alert.",
    ],
    ["fraud-alert-freeze-statement", "zh", "冻结或者欺诈警示", "欺诈警示"],
    [
      "fraud-alert-freeze-statement",
      "ru",
      "заморозка или предупреждение о мошенничестве",
      "заморозка",
    ],
    [
      "police-report-right",
      "en",
      "You have the right to obtain a police report.",
      "A police report.",
    ],
    ["police-report-right", "zh", "您有权取得警方报告。", "警方报告"],
    [
      "police-report-right",
      "ru",
      "Вы имеете право получить полицейский отчёт.",
      "Полицейский отчёт.",
    ],
    ["report-to-law-enforcement-advice", "en", "Report it to the police.", "The police know."],
    ["report-to-law-enforcement-advice", "zh", "请向警方报案。", "警方知道。"],
    ["report-to-law-enforcement-advice", "ru", "Сообщите в полицию.", "Полиция знает."],
    [
      "report-to-ag-ftc-advice",
      "en",
      "Report it to the attorney general.",
      "The attorney general knows.",
    ],
    ["report-to-ag-ftc-advice", "zh", "请向联邦贸易委员会报告。", "联邦贸易委员会"],
    ["report-to-ag-ftc-advice", "ru", "Сообщите генеральному прокурору.", "Генеральный прокурор."],
    ["fcra-rights", "en", "The Fair Credit Reporting Act helps.", "Fair credit helps."],
    ["fcra-rights", "zh", "《公平信用报告法》", "信用报告"],
    ["ag-contact", "en", "The Attorney General: 505-490-4060", "The Attorney General"],
    ["ag-contact", "en", "Attorney General, nmag.gov", "Somebody, nmag.gov"],
    ["right-to-complain", "en", "You can complain to the regulator.", "A complaint."],
    ["right-to-complain", "zh", "您可以投诉。", "您可以打电话。"],
    ["right-to-complain", "ru", "Подайте жалобу.", "Позвоните."],
    ["remedies", "en", "You can claim compensation.", "You can claim it."],
    ["remedies", "zh", "您可以要求赔偿。", "您可以要求。"],
    ["remedies", "ru", "Вы можете получить возмещение.", "Вы можете."],
  ] as const)("%s in %s: %s, but not %s", (content, language, told, untold) => {
    expect(missing(content, told, language)).toEqual([]);
    expect(missing(content, untold, language)).toEqual(["content-missing"]);
  });

  test.each([
    ["remediation-services", "en", "We pay for credit monitoring.", "We pay."],
    ["remediation-services", "zh", "信用监控", "监控"],
    ["remediation-services", "ru", "наблюдение за кредитной историей", "наблюдение"],
    [
      "law-enforcement-delay-statement",
      "en",
      "Law enforcement did not ask us to delay this.",
      "A delay.",
    ],
    [
      "law-enforcement-delay-statement",
      "en",
      "No delay was asked by law enforcement.",
      "Law enforcement.",
    ],
    ["law-enforcement-delay-statement", "zh", "执法机关没有要求推迟。", "推迟"],
    [
      "law-enforcement-delay-statement",
      "ru",
      "Правоохранительные органы не просили отложить письмо.",
      "отложить",
    ],
    ["parent-company-name", "en", "Our parent company is Example.", "Our parents."],
    ["parent-company-name", "zh", "我们的母公司是某某。", "我们的公司"],
    ["parent-company-name", "ru", "Наша материнская компания: Пример.", "Наша компания."],
  ] as const)("%s, which is owed only sometimes, in %s", (content, language, told, untold) => {
    expect(missing(content, told, language)).toEqual([]);
    const [problem, ...others] = problems(untold, [duty({ contents: [content] })], language);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ code: "content-unconfirmed", severity: "advice", line: 7 });
    expect(problem?.message).toContain("Where it is so");
    expect(problem?.fix?.length).toBeGreaterThan(5);
    expect(problem?.fix).not.toContain("{time}");
  });

  test("also stands in the words of the scope", () => {
    const facts = { ...KNOWN, actions: ["Report it to the police."] };
    expect(missing("report-to-law-enforcement-advice", "{{actions}}", "en", facts)).toEqual([]);
  });
});

describe("what is missing", () => {
  test("names the places, the laws and what to add", () => {
    const laws = ["Law D", "Law C", "Law B", "Law A", "Law A"];
    const obligations = laws.map((citation, at) =>
      duty({ contents: ["fcra-rights"], rule: { citation }, place: at < 4 ? "US-NM" : "US-AZ" }),
    );
    expect(problems("Hello.", obligations)).toEqual([
      {
        line: 7,
        code: "content-missing",
        severity: "must-fix",
        message: `The notice must say this. US-AZ, US-NM: ${CONTENTS["fcra-rights"]}.`,
        law: "Law A; Law B; Law C; and 1 more",
        fix: expect.stringContaining("Fair Credit Reporting Act"),
      },
    ]);
  });

  test("offers a field where one tells it, and words in the reader's language", () => {
    const fix = (content: Content, language: Language = "en") =>
      problems("x", [duty({ contents: [content] })], language)[0]?.fix;
    expect(fix("when-occurred-and-detected")).toBe("{{when_it_began}} {{when_we_found_out}}");
    expect(fix("number-of-persons", "zh")).toBe("{{how_many_people}}");
    expect(fix("police-report-right", "ru")).toMatch(/^Вы имеете право/);
    expect(fix("police-report-right", "zh")).toMatch(/^您有权/);
    expect(fix("right-to-complain")).toContain("[name and address of the authority]");
  });

  test("the attorney general of each place that has one on record", () => {
    const of = (place: string, content: Content = "ag-contact") =>
      duty({ place, contents: [content] });
    const both = [of("US-MD"), of("US-NC")];
    expect(problems("Attorney General: oag.example.gov 555-555-0100", both)[0]?.fix).toBe(
      "Attorney General of Maryland: 200 St. Paul Place, Baltimore, MD 21202; 1-888-743-0023; marylandattorneygeneral.gov\nAttorney General of North Carolina: 9001 Mail Service Center, Raleigh, NC 27699-9001; 1-877-566-7226; ncdoj.gov",
    );
    expect(problems("marylandattorneygeneral.gov", both)[0]?.fix).toMatch(
      /^Attorney General of North/,
    );
    expect(problems("marylandattorneygeneral.gov, ncdoj.gov", both)).toEqual([]);
    const york = problems("ag.ny.gov", [of("US-NY", "agency-contacts")]);
    expect(york[0]?.fix).toMatch(/^New York Department of State/);
  });

  test("what no pattern can tell is never passed in silence", () => {
    const [problem] = problems("x", [duty({ contents: ["attacker-identity"] })]);
    expect(problem).toMatchObject({ code: "content-unconfirmed", severity: "advice", line: 7 });
    expect(problem?.message).toContain("Confirm it. US-NM: who did it");
    expect(problem).not.toHaveProperty("fix");
    const known = Object.keys(CONTENTS).filter((code) => Object.hasOwn(RECOGNISED, code));
    for (const content of Object.keys(CONTENTS) as Content[])
      if (!known.includes(content) && content !== "credit-monitoring-offer")
        expect(missing(content, "x")).toEqual(["content-unconfirmed"]);
  });

  test("what a law wants only sometimes, by its own note, is advice", () => {
    const noted = { contentsNote: "fcra-rights only when the SSN was exposed" };
    const one = duty({ contents: ["fcra-rights"], duty: noted });
    expect(problems("x", [one])[0]).toMatchObject({
      code: "content-unconfirmed",
      severity: "advice",
    });
    const other = duty({ contents: ["fcra-rights"], duty: { contentsNote: "other words" } });
    expect(problems("x", [one, other])[0]?.severity).toBe("must-fix");
  });

  test("the date of a notice is on every mail and letter", () => {
    expect(missing("notice-date", "x")).toEqual([]);
  });

  test("is owed by a first notice only, and to people only", () => {
    const obligations = [duty({ contents: ["fcra-rights"] })];
    const codes = (kind: "update" | "correction") =>
      lawFound(aSource(), obligations, { kind }).map(({ code }) => code);
    expect([codes("update"), codes("correction")]).toEqual([[], []]);
    const toThem = [duty({ contents: ["fcra-rights"], to: "regulator" })];
    expect(linted(aSource(), { obligations: toThem })).toEqual([]);
  });

  test("every field of the table exists, and what may be added can be used", () => {
    for (const { fields = [] } of Object.values(RECOGNISED))
      for (const field of fields.flat()) expect(isField(field)).toBe(true);
    for (const { say } of Object.values(RECOGNISED))
      for (const [language, words] of Object.entries(say ?? {})) {
        const source = `${TEMPLATES.notice("initial", language)}\n${words}\n`;
        expect(styleFound(source, { language })).toEqual([]);
      }
  });
});

describe("titles and headings", () => {
  const titled = (title: string, language: Language, wanted: string) =>
    lawFound(aSource({ front: { title } }), [duty({ place: "US-CA", duty: { title: wanted } })], {
      language,
    });
  const TITLE = "Notice of Data Breach";

  test.each([
    ["en", "Notice of data breach"],
    ["en", "Important: NOTICE OF DATA BREACH"],
    ["zh", "数据泄露通知"],
    ["zh", "个人信息泄露通知"],
    ["ru", "Уведомление об утечке данных"],
  ] as const)("in %s %s is the prescribed one", (language, title) => {
    expect(titled(title, language, TITLE)).toEqual([]);
  });

  test("another is named with the right one", () => {
    expect(titled("Important", "en", TITLE)).toEqual([
      {
        line: 2,
        code: "title-missing",
        severity: "must-fix",
        message: `US-CA: the title must be "${TITLE}".`,
        sentence: "Important",
        fix: TITLE,
        law: "N.M. Stat. 57-12C-7",
      },
    ]);
    expect(titled(TITLE, "zh", TITLE)[0]?.fix).toBe("个人信息泄露通知");
    expect(titled("Alert", "en", "Breach alert")[0]?.fix).toBe("Breach alert");
    expect(titled("A breach alert", "en", "Breach alert")).toEqual([]);
  });

  test("the five headings name the laws that prescribe them", () => {
    const obligations = [duty({ duty: { headings: ["what-you-can-do"] } })];
    const found = linted(aSource({ body: "## What happened\n" }), { obligations });
    expect(
      found.filter(({ code }) => code === "heading-missing").map(({ fix, law }) => [fix, law]),
    ).toEqual([
      ["## What information was involved", undefined],
      ["## What we are doing", undefined],
      ["## What you can do", "N.M. Stat. 57-12C-7"],
      ["## For more information", undefined],
    ]);
  });

  test("another heading that a law wants is confirmed by a person unless it is there", () => {
    const obligations = [duty({ duty: { headings: ["your-rights", "what-happened"] } })];
    expect(problems("## Your Rights", obligations)).toEqual([]);
    expect(problems("Your rights", obligations)).toMatchObject([
      { code: "heading-unconfirmed", severity: "advice", line: 7, law: "N.M. Stat. 57-12C-7" },
    ]);
    expect(problems("x", obligations)[0]?.message).toBe(
      'US-NM: a heading on "your rights" is asked for. Confirm it.',
    );
  });
});

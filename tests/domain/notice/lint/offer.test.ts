import { describe, expect, test } from "vitest";

import type { LawDuty } from "../../../../src/domain/notice/lint/duty.ts";
import { lawFound } from "../../../support/lint.ts";
import { aSource } from "../../../support/notice.ts";

type Language = "en" | "zh" | "ru";

function owing(months: number | undefined, place = "US-CT"): LawDuty {
  return {
    to: "individuals",
    place,
    contents: ["credit-monitoring-offer"],
    prohibited: [],
    ...(months !== undefined && { creditMonitoringMonths: months }),
    rule: { citation: `Law of ${place}` },
    duty: {},
  };
}

function offers(text: string, obligations: readonly LawDuty[], language: Language = "en") {
  const source = aSource({ body: `Hello.\n\n${text}` });
  return lawFound(source, obligations, { language });
}

describe("an offer of credit monitoring", () => {
  test.each([
    [
      "en",
      "We pay for credit monitoring for 24 months.",
      "We pay for credit monitoring for 23 months.",
    ],
    [
      "en",
      "You get identity protection for two years.",
      "You get identity protection for one year.",
    ],
    [
      "en",
      "Credit monitoring is free. It lasts 24 months.",
      "Credit monitoring is free.\n\nCall us. It lasts 24 months.",
    ],
    [
      "en",
      "We offer twenty-four months of credit monitoring.",
      "We offer twelve months of credit monitoring.",
    ],
    ["en", "A 24-month credit monitoring.", "A 24-day credit monitoring."],
    [
      "en",
      "Credit monitoring for 12 months, then for 36 months.",
      "Credit monitoring for 12 months, then for 18 months.",
    ],
    ["zh", "我们提供 24 个月的信用监控。", "我们提供十八个月的信用监控。"],
    ["zh", "我们提供两年的身份保护。", "我们提供一年的身份保护。"],
    [
      "ru",
      "Мониторинг кредитной истории на 24 месяца.",
      "Мониторинг кредитной истории на восемнадцать месяцев.",
    ],
    [
      "ru",
      "Наблюдение за кредитной историей: два года.",
      "Наблюдение за кредитной историей: один год.",
    ],
  ] as const)("in %s: %s is long enough, %s is not", (language, enough, short) => {
    expect(offers(enough, [owing(24)], language)).toEqual([]);
    expect(offers(short, [owing(24)], language).map(({ code }) => code)).toEqual(["offer-short"]);
  });

  test.each([
    ["one", "One"],
    ["two", "Two"],
    ["three", "Three"],
    ["four", "Four"],
    ["five", "Five"],
  ])("%s years are as many", (word) => {
    const text = `Credit monitoring for ${word} years.`;
    const years = ["one", "two", "three", "four", "five"].indexOf(word) + 1;
    expect(offers(text, [owing(years * 12)])).toEqual([]);
    expect(offers(text, [owing(years * 12 + 1)])).toHaveLength(1);
  });

  test.each([
    ["zh", "三十六个月的信用监控", 36],
    ["zh", "二十四个月的信用监控", 24],
    ["zh", "十二个月的信用监控", 12],
    ["zh", "三年的信用监测", 36],
    ["zh", "四年的信用监测", 48],
    ["zh", "五年的信用监测", 60],
    ["zh", "二年的信用监测", 24],
    ["ru", "защита личности на двенадцать месяцев", 12],
    ["ru", "защита личности в течение двадцати четырёх месяцев", 24],
    ["ru", "защита личности в течение двадцати четырех месяцев", 24],
    ["ru", "защита личности на двадцать четыре месяца", 24],
    ["ru", "защита личности в течение восемнадцати месяцев", 18],
    ["ru", "защита личности в течение двенадцати месяцев", 12],
    ["ru", "защита личности в течение трёх лет", 36],
    ["ru", "защита личности в течение трех лет", 36],
    ["ru", "защита личности на три года", 36],
    ["ru", "защита личности в течение двух лет", 24],
    ["ru", "защита личности в течение одного года", 12],
    ["en", "eighteen months of credit monitoring", 18],
    ["en", "thirty-six months of credit monitoring", 36],
  ] as const)("in %s %s is of %i months", (language, text, months) => {
    expect(offers(text, [owing(months)], language)).toEqual([]);
    expect(offers(text, [owing(months + 1)], language)).toHaveLength(1);
  });

  test("that is too short is named with its line, and mended", () => {
    const obligations = [owing(24), owing(12, "US-CA"), owing(24, "US-DE")];
    const text = "Hello again. Credit monitoring is yours for 12 months.";
    expect(offers(text, obligations)).toEqual([
      {
        line: 9,
        code: "offer-short",
        severity: "must-fix",
        message:
          "US-CT, US-DE: offer 24 months of credit monitoring, free of charge, and say how to get it.",
        sentence: "Credit monitoring is yours for 12 months.",
        fix: "Credit monitoring is yours for 24 months.",
        law: "Law of US-CT; Law of US-DE",
      },
    ]);
    expect(offers("Credit monitoring is free.", obligations)[0]).toMatchObject({
      code: "offer-short",
      fix: "Credit monitoring is free. (24 months)",
    });
  });

  test.each([
    [
      "en",
      "We pay for credit monitoring for you for 24 months. To sign up, call [phone of the provider] by [date].",
    ],
    ["zh", "我们为您支付 24 个月的信用监控费用。请在[日期]之前致电[服务商电话]登记。"],
    [
      "ru",
      "Мы оплатим вам наблюдение за кредитной историей на 24 месяца. Чтобы подключить его, позвоните до [дата] по телефону [телефон].",
    ],
  ] as const)("that is missing is offered in words, in %s", (language, fix) => {
    const [problem, ...others] = offers("x 24 y", [owing(24)], language);
    expect(others).toEqual([]);
    expect(problem).toMatchObject({ line: 7, code: "offer-missing", severity: "must-fix", fix });
    expect(problem).not.toHaveProperty("sentence");
  });

  test.each([
    [21, "месяц"],
    [22, "месяца"],
    [18, "месяцев"],
  ])("of %i months is declined in Russian", (months, noun) => {
    expect(offers("x", [owing(months)], "ru")[0]?.fix).toContain(`на ${months} ${noun}. `);
  });

  test("is not owed where the data are not of that kind, nor in a later notice", () => {
    expect(offers("x", [owing(undefined)])).toEqual([]);
    const later = lawFound(aSource(), [owing(24)], { kind: "update" });
    expect(later).toEqual([]);
  });
});

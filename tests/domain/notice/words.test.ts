import { randomBytes } from "node:crypto";

import { describe, expect, test } from "vitest";

import { CODE_LENGTH, noticeCode, normalisedCode } from "../../../src/domain/notice/code.ts";
import { commitmentsIn } from "../../../src/domain/notice/commitment.ts";
import { smsSegments } from "../../../src/domain/notice/lint.ts";
import { TEMPLATES, TRANSLATED, body, linted } from "../../support/compiled.ts";
import { aSource } from "../../support/notice.ts";

describe("a notice code", () => {
  test("is eight characters that people do not confuse, and reads back from how they type it", () => {
    for (let i = 0; i < 200; i += 1) {
      const code = noticeCode(randomBytes(CODE_LENGTH));
      expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
      expect(normalisedCode(` ${code.toLowerCase().replace("-", " – ")} `)).toBe(code);
      expect(normalisedCode(code.replaceAll("0", "o").replaceAll("1", "l"))).toBe(code);
    }
  });

  test.each(["", "ABC", "ABCD-EFGHJ", "UUUU-UUUU", "ABCD EFG!", "x".repeat(10_000)])(
    "%j is none",
    (typed) => {
      expect(normalisedCode(typed)).toBeUndefined();
    },
  );
});

describe("promises", () => {
  test.each([
    ["We will write to you by 14 March 2026.", "2026-03-14"],
    ["You hear from us on March 14th, 2026.", "2026-03-14"],
    ["The line is open until 2026-04-01.", "2026-04-01"],
    ["Between 1 April 2026 and 3 May 2026 we call you.", "2026-05-03"],
    ["我们将在2026年3月14日之前写信告诉您。", "2026-03-14"],
    ["До 14 мая 2026 года мы вам напишем.", "2026-05-14"],
    ["Мы напишем 3 апреля 2026 года или 1 марта 2027 года.", "2027-03-01"],
  ])("%s", (sentence, dueOn) => {
    expect(commitmentsIn(`Hello.\n\n${sentence} Bye.`, "2026-03-03")).toEqual([
      { sentence, dueOn },
    ]);
  });

  test("are found in every month of a Russian year", () => {
    const names =
      "января февраля марта апреля мая июня июля августа сентября октября ноября декабря";
    const days = names
      .split(" ")
      .flatMap((name) => commitmentsIn(`До 9 ${name} 2027 года.`, "2026-03-03"))
      .map(({ dueOn }) => dueOn.slice(5, 7));
    expect(days.map(Number)).toEqual(Array.from({ length: 12 }, (_, month) => month + 1));
  });

  test.each(["This began on 1 March 2026.", "By 30 February 2026.", "In March 2026.", "Soon."])(
    "%s is none",
    (sentence) => {
      expect(commitmentsIn(sentence, "2026-03-03")).toEqual([]);
    },
  );

  test("are read across wrapped lines and list items", () => {
    const text =
      "What we do\n----------\n\n- We call you by 1\n  April 2026.\n- We write by 2 April 2026.\n";
    expect(commitmentsIn(text, "2026-03-03").map((each) => each.sentence)).toEqual([
      "We call you by 1 April 2026.",
      "We write by 2 April 2026.",
    ]);
  });
});

describe("the linter", () => {
  function codes(source: string) {
    return linted(source).map(({ code, line }) => `${code}:${line}`);
  }

  test("names each heading that is missing", () => {
    expect(codes(body("## What happened\n"))).toEqual(Array(4).fill("heading-missing:7"));
  });

  test.each([
    ["Please confirm your password.", "asks-for-identifier"],
    ["Send us your Social Security number.", "asks-for-identifier"],
    ["Verify your account today.", "asks-for-identifier"],
    ["Click on the button.", "click"],
    ["You find more at <https://notices.example.org/check>.", "link"],
    ["We take your security very seriously.", "empty-phrase"],
    ["Your data may have been seen.", "hedge"],
  ])("%s", (sentence, code) => {
    expect(codes(`${aSource()}\n\n${sentence}`).map((each) => each.split(":")[0])).toEqual([code]);
  });

  test.each([
    ["zh", "请输入您的银行卡号和密码。", "asks-for-identifier"],
    ["zh", "请确认您的账户信息。", "asks-for-identifier"],
    ["zh", "请点击下面的按钮。", "click"],
    ["zh", "我们高度重视您的信息安全。", "empty-phrase"],
    ["zh", "没有证据表明您的信息被滥用。", "hedge"],
    ["ru", "Введите свой пароль.", "asks-for-identifier"],
    ["ru", "ПРИШЛИТЕ нам номер карты.", "asks-for-identifier"],
    ["ru", "Нажмите на кнопку ниже.", "click"],
    ["ru", "Перейдите по ссылке.", "click"],
    ["ru", "Мы очень серьёзно относимся к безопасности ваших данных.", "empty-phrase"],
    ["ru", "Нет доказательств того, что данные использовали.", "hedge"],
    ["ru", "Больше сказано здесь: <https://notices.example.org/check>", "link"],
  ])("in %s: %s", (language, sentence, code) => {
    const source = `${TEMPLATES.notice("update", language)}\n\n${sentence}`;
    const found = linted(source, { language, facts: TRANSLATED });
    expect(found.map((each) => each.code)).toEqual([code]);
  });

  test.each([
    ["zh", "我们绝不会要求您提供密码。"],
    ["zh", "请不要点击陌生人发来的链接。"],
    ["ru", "Мы никогда не попросим: «Введите свой пароль»."],
    ["ru", "Не нажимайте на ссылки в таких письмах."],
    ["ru", "Введите свой личный код."],
  ])("in %s does not mind: %s", (language, sentence) => {
    const source = `${TEMPLATES.notice("update", language)}\n\n${sentence}`;
    expect(linted(source, { language, facts: TRANSLATED })).toEqual([]);
  });

  test.each([
    ["zh", "## 发生了什么？"],
    ["ru", "## Что произошло?"],
  ])("expects the headings of %s, with or without a mark after them", (language, heading) => {
    expect(linted(body(heading), { language, facts: TRANSLATED })).toHaveLength(4);
    expect(linted(body("## What happened"), { language, facts: TRANSLATED })).toHaveLength(5);
  });

  test("does not mind a sentence that says what we never ask", () => {
    expect(codes(`${aSource()}\n\nWe will never ask you to confirm your password.`)).toEqual([]);
  });

  test("a long subject is advice and a long SMS must be fixed", () => {
    expect(codes(aSource({ front: { subject: "x".repeat(81) } }))).toEqual(["subject-long:3"]);
    expect(codes(aSource({ front: { sms: "x".repeat(161) } }))).toEqual(["sms-long:5"]);
  });

  test.each([
    ["x".repeat(160), 1, 1],
    ["x".repeat(161), 2, 1],
    ["€".repeat(80), 1, 1],
    ["€".repeat(81), 2, 1],
    ["я".repeat(70), 1, 2],
    ["я".repeat(134), 2, 2],
    ["я".repeat(135), 3, 2],
  ])("counts the parts of an SMS: %s", (sms, segments, limit) => {
    expect(smsSegments(sms)).toEqual({ segments, limit });
  });
});

import { describe, expect, test } from "vitest";

import type { LintProblem } from "../../../../src/domain/notice/lint/rule.ts";
import { readingProblems, stepProblems } from "../../../../src/domain/notice/lint/style.ts";
import { KNOWN, TEMPLATES } from "../../../support/compiled.ts";
import { readText, styleFound } from "../../../support/lint.ts";
import { aSource } from "../../../support/notice.ts";

type Language = "en" | "zh" | "ru";

/** A shipped text that nothing is wrong with, in its 53 or so lines, and one more paragraph. */
function withSentence(language: Language, sentence: string) {
  const source = `${TEMPLATES.notice("update", language)}\n${sentence}\n`;
  const line = source.split("\n").length - sentence.split("\n").length;
  return { source, line };
}

function found(language: Language, sentence: string): (Partial<LintProblem> & { at: number })[] {
  const { source, line } = withSentence(language, sentence);
  return styleFound(source, { language }).map(({ message: _message, line: own, ...problem }) => ({
    ...problem,
    at: own - line,
  }));
}

const MUST = "must-fix";
const ADVICE = "advice";

describe("a sentence that hedges", () => {
  test.each([
    [
      "en",
      "There is no evidence of misuse.",
      MUST,
      "We do not know whether anybody has misused your information.",
    ],
    [
      "en",
      "We have no indication of fraud.",
      MUST,
      "We do not know whether anybody has misused your information.",
    ],
    [
      "en",
      "Your data may have been seen.",
      ADVICE,
      "We do not know yet whether your information was seen or taken.",
    ],
    [
      "en",
      "They could have read it.",
      ADVICE,
      "We do not know yet whether your information was seen or taken.",
    ],
    ["en", "Out of an abundance of caution, we write to you.", ADVICE, "We write to you."],
    ["en", "A person potentially read it.", ADVICE, "A person read it."],
    ["zh", "没有任何证据表明信息被滥用。", MUST, "我们不知道是否有人滥用了您的信息。"],
    ["zh", "我们未发现迹象。", MUST, "我们不知道是否有人滥用了您的信息。"],
    ["zh", "您的信息可能已被看到。", ADVICE, "我们还不知道您的信息是否被人看到或取走。"],
    ["zh", "出于谨慎考虑，我们写信给您。", ADVICE, "我们写信给您。"],
    ["zh", "这有潜在的危险。", ADVICE, "这有危险。"],
    [
      "ru",
      "Нет никаких доказательств кражи.",
      MUST,
      "Мы не знаем, воспользовался ли кто-нибудь вашими данными.",
    ],
    [
      "ru",
      "Нет оснований полагать это.",
      MUST,
      "Мы не знаем, воспользовался ли кто-нибудь вашими данными.",
    ],
    [
      "ru",
      "Данные могли быть прочитаны.",
      ADVICE,
      "Мы пока не знаем, увидел или забрал ли кто-нибудь ваши данные.",
    ],
    ["ru", "Из соображений предосторожности мы пишем вам.", ADVICE, "Мы пишем вам."],
    ["ru", "Это потенциально опасно.", ADVICE, "Это опасно."],
  ] as const)("in %s: %s", (language, sentence, severity, fix) => {
    expect(found(language, sentence)).toEqual([{ at: 0, code: "hedge", severity, sentence, fix }]);
  });

  test.each([
    ["en", "The evidence is with the police."],
    ["en", "You may ask us what we have on you."],
    ["en", "We write with caution."],
    ["zh", "证据在警方那里。"],
    ["zh", "您可能会接到电话。"],
    ["ru", "Доказательства есть у полиции."],
    ["ru", "Мы могли бы вам помочь."],
  ] as const)("is not, in %s: %s", (language, sentence) => {
    expect(found(language, sentence)).toEqual([]);
  });
});

describe("words of the trade", () => {
  test.each([
    ["en", "An unauthorized third party read it.", "Somebody who had no right to it read it."],
    ["en", "A threat actor did this.", "Criminals did this."],
    ["en", "Files were exfiltrated.", "Files were copied and taken."],
    ["en", "It held PII.", "It held information about you."],
    ["en", "The system was compromised.", "The system was seen or taken."],
    ["en", "They used a vulnerability.", "They used a weak spot in our software."],
    ["en", "Prior to this, all was well.", "Before this, all was well."],
    ["zh", "未经授权的第三方看到了它。", "无权查看的人看到了它。"],
    ["zh", "他们利用了一个漏洞。", "他们利用了一个软件中的薄弱之处。"],
    ["zh", "电脑中了勒索软件。", "电脑中了锁住电脑索要钱财的软件。"],
    ["ru", "Данные были скомпрометированы.", "Данные попали в чужие руки."],
    ["ru", "Был несанкционированный доступ.", "Был доступ посторонних."],
    ["ru", "Нашли уязвимость.", "Нашли слабое место в программах."],
  ] as const)("in %s: %s", (language, sentence, fix) => {
    expect(found(language, sentence)).toEqual([
      { at: 0, code: "jargon", severity: ADVICE, sentence, fix },
    ]);
  });

  test.each([
    ["en", "The prior owner has authorized this."],
    ["en", "A pii is not a word."],
    ["zh", "我们修好了软件。"],
    ["ru", "Посторонние прочитали письма."],
  ] as const)("plain ones in %s: %s", (language, sentence) => {
    expect(found(language, sentence)).toEqual([]);
  });
});

describe("other sentences", () => {
  const TYPE = {
    en: "Open your browser and type this address yourself: {{check_address}}",
    zh: "请打开浏览器，自己输入这个网址：{{check_address}}",
    ru: "Откройте браузер и сами наберите этот адрес: {{check_address}}",
  };

  test.each([
    ["en", "Tap on the box."],
    ["zh", "请单击按钮。"],
    ["ru", "Щёлкните по кнопке."],
  ] as const)("that tell to click, in %s: %s", (language, sentence) => {
    const fix = TYPE[language];
    expect(found(language, sentence)).toEqual([
      { at: 0, code: "click", severity: MUST, sentence, fix },
    ]);
  });

  test.each([
    ["en", "Confirm your PIN.", "asks-for-identifier"],
    ["en", "We take the privacy of our users very seriously.", "empty-phrase"],
    ["zh", "请核实您的身份。", "asks-for-identifier"],
    ["zh", "隐私是我们高度重视的。", "empty-phrase"],
    ["ru", "Подтвердите свой аккаунт.", "asks-for-identifier"],
    ["ru", "Мы серьёзно относимся к защите данных.", "empty-phrase"],
  ] as const)("in %s: %s", (language, sentence, code) => {
    const severity = code === "empty-phrase" ? ADVICE : MUST;
    expect(found(language, sentence)).toEqual([{ at: 0, code, severity, sentence }]);
  });

  test("each is named alone, on its own line of a paragraph", () => {
    const rows = ["All is well. Click here.", "Then wait.", "They may have", "seen it."];
    expect(
      found("en", rows.join("\n")).map(({ at, code, sentence }) => [at, code, sentence]),
    ).toEqual([
      [0, "click", "Click here."],
      [2, "hedge", "They may have seen it."],
    ]);
  });

  test("one that says we never do it excuses only itself", () => {
    const text = "We never ask you to click. Click here.";
    expect(found("en", text).map(({ sentence }) => sentence)).toEqual(["Click here."]);
  });

  test("a first notice names the sentence with the link; the others tell what a bare one lacks", () => {
    const link = "<https://notices.example.org/check>";
    expect(found("en", link).map(({ code, severity }) => [code, severity])).toEqual([
      ["link", ADVICE],
      ["link-unexplained", MUST],
    ]);
    expect(found("en", `See:\n\n${link}`).map(({ code }) => code)).toEqual(["link"]);
    expect(found("zh", `请看：\n\n${link}`).map(({ code }) => code)).toEqual(["link"]);
    expect(found("en", `See.\n\n${link}`).map(({ code, at }) => [code, at])).toEqual([
      ["link", 2],
      ["link-unexplained", 2],
    ]);
    expect(found("en", `Our page: ${link}`).map(({ code }) => code)).toEqual(["link"]);
  });
});

describe("an address", () => {
  const LINK = "<https://notices.example.org/check>";
  const links = (text: string, front = {}) =>
    styleFound(aSource({ front, body: text })).map(({ code, line }) => [code, line]);

  test("needs four letters of its own sentence, or a colon before it", () => {
    const bare = [
      ["link", 7],
      ["link-unexplained", 7],
    ];
    expect(links(`Look ${LINK}`)).toEqual([["link", 7]]);
    expect(links(`See ${LINK}`)).toEqual(bare);
    expect(links(`(— see, —) ${LINK}`)).toEqual(bare);
    expect(links(`Look:\n\n- ${LINK}\n- ${LINK}`)).toEqual([
      ["link", 9],
      ["link", 10],
      ["link-unexplained", 10],
    ]);
    expect(links("See: this.\n\n<https://example.org>").slice(-1)).toEqual([
      ["link-unexplained", 9],
    ]);
    expect(links(LINK, { sms: "Type this:" })).toEqual(bare);
    expect(links("x", { subject: "https://example.org" })).toEqual([["link", 3]]);
  });

  test("is what an invitation shows", () => {
    const found = (text: string) => styleFound(aSource({ body: text }), { kind: "invitation" });
    expect(found(`Our survey: ${LINK}`)).toEqual([]);
    expect(found(LINK)).toEqual([
      {
        line: 7,
        code: "link-unexplained",
        severity: MUST,
        message: "Say before this address what is there: thieves' links come without a word.",
        sentence: LINK,
      },
    ]);
  });
});

describe("sensitive data", () => {
  test.each([
    ["en", "Your diagnosis was in it.", "Your sensitive personal information was in it."],
    ["en", "It says who has HIV.", "It says who has sensitive personal information."],
    ["zh", "里面有您的病历。", "里面有您的敏感个人信息。"],
    ["ru", "Там был ваш диагноз.", "Там был ваш особо чувствительные личные сведения."],
  ] as const)("in the body is advice, in %s: %s", (language, sentence, fix) => {
    expect(found(language, sentence)).toEqual([
      { at: 0, code: "special-category", severity: ADVICE, sentence, fix },
    ]);
  });

  test.each([
    ["subject", 3],
    ["discreet_subject", 4],
    ["sms", 5],
  ])("in the %s must be mended: a locked screen shows it", (key, line) => {
    const [problem, ...others] = styleFound(aSource({ front: { [key]: "Your HIV test" } }));
    expect(others).toEqual([]);
    expect(problem).toMatchObject({
      code: "special-category",
      severity: MUST,
      message: "A locked screen shows this to others. Name sensitive data by their class only.",
      line,
      sentence: "Your HIV test",
      fix: "Your sensitive personal information test",
    });
  });

  test("is advice in the title, which stands in the mail", () => {
    const [problem] = styleFound(aSource({ front: { title: "Your medical data" } }));
    expect(problem).toMatchObject({
      code: "special-category",
      severity: ADVICE,
      message: "Others may read this message. Name sensitive data by their class only.",
      line: 2,
    });
  });

  test.each([
    ["en", "The aids of our staff helped."],
    ["ru", "Раковина на берегу."],
    ["zh", "您的健康对我们很重要。"],
  ] as const)("are not other words, in %s: %s", (language, sentence) => {
    const codes = found(language, sentence).map(({ code }) => code);
    expect(codes).toEqual(language === "en" ? ["special-category"] : []);
  });
});

describe("what to do", () => {
  const AFTER = "## For more information\n\n{{contact_lines}}\n";
  const section = (text: string, heading = "What you can do") =>
    `## What happened\n\n{{what_happened}}\n\n## What information was involved\n\n{{data_elements}}\n\n## What we are doing\n\n{{what_we_do}}\n\n## ${heading}\n\n${text}\n\n${AFTER}`;
  const steps = (text: string, language = "en") =>
    styleFound(aSource({ body: section(text) }), { language }).filter(
      ({ code }) => code === "steps-unordered",
    );

  test("stands in numbered steps: words and bullets are offered as such", () => {
    expect(steps("- Freeze it.\n- Call us.")).toEqual([
      expect.objectContaining({
        line: 21,
        severity: ADVICE,
        message: "Number the steps, the most useful first: people do the first two.",
        sentence: "Freeze it.",
        fix: "1. Freeze it.\n2. Call us.",
      }),
    ]);
    expect(steps("Freeze it. Call us.")[0]?.fix).toBe("1. Freeze it.\n2. Call us.");
    expect(steps("Do this:\n\n- Freeze it.")[0]?.fix).toBe("1. Freeze it.");
  });

  test.each(["1. Freeze it.", "{{actions}}", "", "Hello.\n\n2) Call us."])("%j will do", (text) => {
    expect(stepProblems(readText(aSource({ body: section(text) })))).toEqual([]);
  });

  test("is not asked for twice, where it is not known yet", () => {
    const facts = { ...KNOWN, actions: "not-yet-known" } as const;
    const source = aSource({ body: section("Do this:\n\n{{actions}}") });
    expect(stepProblems(readText(source, { facts }))).toEqual([]);
  });

  test("is found by how its heading begins, in any case", () => {
    const under = (heading: string) =>
      stepProblems(readText(aSource({ body: section("Freeze it.", heading) }))).length;
    expect(under("WHAT YOU CAN DO NOW")).toBe(1);
    expect(under("Why, and what you can do")).toBe(0);
  });

  test("an invitation has nothing to do", () => {
    const source = aSource({ body: section("Freeze it.") });
    const codes = styleFound(source, { kind: "invitation" }).map(({ code }) => code);
    expect(codes).not.toContain("steps-unordered");
  });
});

describe("how hard a text is", () => {
  /** Sentences of so many words, some of them of seven letters. By LIX, 15 with 6 are 55. */
  const sentences = (count: number, words: number, long: number) =>
    Array(count).fill(`${"Letters ".repeat(long)}${"dog ".repeat(words - long).trim()}.`);
  const read = (rows: readonly string[], front = {}) =>
    readingProblems("de", readText(aSource({ front, body: rows.join("\n\n") })), false).map(
      ({ code, severity, message }) => [code, severity, /of (\d+\.\d)/.exec(message)?.[1]],
    );
  const HARD = sentences(4, 15, 6);
  const OF_55 = [["hard-to-read", ADVICE, "55.0"]];

  test("is said above what is good, and stops a text above what goes", () => {
    expect(read(sentences(6, 10, 3))).toEqual([]);
    expect(read(sentences(6, 10, 4))).toEqual([["hard-to-read", ADVICE, "50.0"]]);
    expect(read(HARD)).toEqual(OF_55);
    expect(read(sentences(4, 16, 7))).toEqual([["hard-to-read", MUST, "59.8"]]);
  });

  test("is said from 60 words on", () => {
    expect(read([...sentences(3, 15, 6), ...sentences(1, 14, 6)])).toEqual([]);
  });

  test("is not measured by sentences of three words, by headings, or by the subject", () => {
    expect(read([...HARD, "Dog dog dog.", "## Letters Letters Letters Letters"])).toEqual(OF_55);
    expect(read(HARD, { subject: "dog ".repeat(30).trim() })).toEqual(OF_55);
    expect(read([...HARD, "Dog dog dog dog."])).toEqual([["hard-to-read", ADVICE, "50.3"]]);
  });

  test("a sentence is not cut before its first word", () => {
    const text = `; ${"dog ".repeat(26).trim()}.`;
    const [problem] = readingProblems("en", readText(aSource({ body: text })), false);
    expect(problem).toMatchObject({ code: "sentence-long", sentence: text });
    expect(problem).not.toHaveProperty("fix");
  });
});

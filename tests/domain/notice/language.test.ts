import { describe, expect, test } from "vitest";

import { compile, languageFor } from "../../../src/domain/notice/compile.ts";
import { render } from "../../../src/domain/notice/render.ts";
import { parseSource, quotes } from "../../../src/domain/notice/source.ts";
import { fieldHashes } from "../../../src/domain/scope.ts";
import type { ScopeFacts } from "../../../src/domain/scope.ts";
import {
  ANA,
  KNOWN,
  SENDER,
  TEMPLATES,
  TRANSLATED,
  body,
  boundIn,
  compiled,
  linted,
} from "../../support/compiled.ts";

const SOURCE = body("{{what_happened}}\n\n{{how}}\n\n{{actions}}\n\n{{where_it_happened}}");

/** A source as people read it in a language, without its title. */
function told(source: string, language: string, facts: ScopeFacts = TRANSLATED): string[] {
  const { text } = render(compiled(source, facts, SENDER, language), language, ANA);
  return text
    .split("\n\n")
    .slice(1)
    .map((paragraph) => paragraph.trim());
}

describe("whom which language reaches", () => {
  const at = (...tags: string[]) => ({
    languages: new Map(tags.map((tag) => [tag, 1])) as never,
    defaultLanguage: tags.toSorted().find((tag) => tag.startsWith("en")) ?? "",
  });

  test.each([
    ["en-gb", "en-GB"],
    ["en-US", "en"],
    ["zh", "zh"],
    ["zh-Hans-CN", "zh"],
    ["zh-TW", "zh"],
    ["zh-Hant-HK", "zh"],
    ["ru-BY", "ru"],
    ["de", "de-AT"],
    ["de-CH", "de-AT"],
    // Nobody is given a neighbour's language.
    ["uk", "en"],
    ["be", "en"],
    ["ja", "en"],
    ["", "en"],
  ])("%j gets %s", (wanted, expected) => {
    expect(languageFor(at("en-GB", "en", "de-AT", "zh", "ru"), wanted)).toBe(expected);
  });

  test("traditional characters are for those who asked for them, where there are both", () => {
    const both = at("zh", "zh-Hant");
    expect(["zh-Hant", "zh-TW", "zh-CN"].map((tag) => languageFor(both, tag))).toEqual([
      "zh-Hant",
      "zh",
      "zh",
    ]);
  });

  test("the default is English, or the first by its tag", () => {
    const version = (tags: string[]) => ({
      languages: Object.fromEntries(tags.map((tag) => [tag, body("Text")])),
      sender: SENDER,
      codes: Object.fromEntries(tags.map((tag) => [tag, "7K2M-9QXT"])),
      facts: {},
    });
    const defaultOf = (...tags: string[]) =>
      compile(version(tags), KNOWN, TEMPLATES.mail).defaultLanguage;
    expect(defaultOf("zh", "ru", "en-GB")).toBe("en-GB");
    expect(defaultOf("zh", "ru")).toBe("ru");
  });
});

describe("facts in a reader's language", () => {
  test("are the translations, and Candor's own sentences around them", () => {
    expect(told(SOURCE, "zh")).toEqual([
      "一台笔记本电脑在一辆汽车里被盗。",
      "里面有一份患者名单。",
      "有人砸开了车窗。",
      "1. 冻结您的信用报告。\n2. 留意您的账户。",
      "发生地点：斯普林菲尔德。",
    ]);
    expect(told(SOURCE, "ru").at(-1)).toBe("Где это произошло: Спрингфилд.");
    expect(told(SOURCE, "en").at(-1)).toBe("Where it happened: Springfield.");
  });

  test("also serve a region of the language", () => {
    expect(told(SOURCE, "zh-SG")).toEqual(told(SOURCE, "zh"));
    expect(
      linted(SOURCE, { language: "zh-SG", facts: TRANSLATED }).map(({ code }) => code),
    ).toEqual(Array(5).fill("heading-missing"));
  });

  test("each one that is not translated must be, by name, unless nobody knows it", () => {
    const { how: _how, ...ru } = TRANSLATED.translations.ru ?? {};
    const facts: ScopeFacts = { ...TRANSLATED, translations: { ru }, place: "not-yet-known" };
    const missing = linted(SOURCE, { language: "ru", facts }).filter(
      ({ code }) => code === "fact-untranslated",
    );
    expect(missing).toEqual([
      {
        language: "ru",
        line: 7,
        code: "fact-untranslated",
        severity: "must-fix",
        message:
          'Translate "how" into Russian in the scope (translations.ru.how). Then save the text again.',
      },
    ]);
    expect(linted(SOURCE, { language: "en", facts }).map(({ code }) => code)).not.toContain(
      "fact-untranslated",
    );
  });

  test("may be written in another language than English, which then needs a translation", () => {
    const facts: ScopeFacts = { ...KNOWN, language: "zh" };
    const codes = (language: string) =>
      linted(body("{{what_happened}}\n\n{{contact_lines}}"), { language, facts })
        .map(({ code }) => code)
        .filter((code) => code !== "heading-missing");
    expect(codes("zh")).toEqual([]);
    expect(codes("en")).toEqual(["fact-untranslated", "hours-in-words"]);
  });

  test("hours that are given day by day are said in every language", () => {
    const phone = (language: string) =>
      told(body("{{contact_lines}}"), language)[0]?.split("\n- ")[0];
    expect(phone("en")?.replaceAll(/\s+/g, " ")).toBe(
      "- Phone: +1 202 555 0142 (Monday to Friday, 08:00 to 20:00; Saturday, 09:00 to 13:00, Chicago time)",
    );
    expect(phone("zh")?.replaceAll(/\s+/g, "")).toBe(
      "-电话：+12025550142（星期一至星期五08:00至20:00；星期六09:00至13:00，芝加哥时间）",
    );
    expect(phone("ru")?.replaceAll(/\s+/g, " ")).toBe(
      "- Телефон: +1 202 555 0142 (понедельник – пятница, с 08:00 до 20:00; суббота, с 09:00 до 13:00, часовой пояс: Чикаго)",
    );
  });

  test("a version binds the translations that it quotes, and no others", () => {
    expect(quotes(parseSource(SOURCE))).toEqual(["actions", "how", "place", "whatHappened"]);
    const names = (source: string, language: string) =>
      Object.keys(boundIn(source, TRANSLATED, language)).filter((name) => name.includes("."));
    expect(names(SOURCE, "en")).toEqual([]);
    expect(names(SOURCE, "ru").toSorted()).toEqual([
      "actions.ru",
      "how.ru",
      "place.ru",
      "whatHappened.ru",
    ]);
    expect(names(body("{{how}}"), "zh")).toEqual(["how.zh"]);
    expect(boundIn(SOURCE, TRANSLATED, "ru")["how.ru"]).toBe(fieldHashes(TRANSLATED)["how.ru"]);
  });

  test("a translation that came after a version was written does not change its words", () => {
    const source = body("{{how}}");
    const version = {
      languages: { ru: source },
      sender: SENDER,
      codes: { ru: "7K2M-9QXT" },
      facts: boundIn(source, KNOWN, "ru"),
    };
    const later = compile(version, TRANSLATED, TEMPLATES.mail);
    expect(render(later, "ru", ANA).text).toContain("The car was broken into.");
  });
});

describe("lines of Chinese", () => {
  test("lose and gain nothing, and no line begins with a closing mark", () => {
    const words = `${"甲乙丙丁，戊己（庚辛）「壬癸」。".repeat(12)}notices.example.org/check，${"子丑！".repeat(30)}`;
    const [text = ""] = told(body("{{what_happened}}"), "zh", {
      ...KNOWN,
      language: "zh",
      whatHappened: words,
    });
    expect(text.replaceAll("\n", "")).toBe(words);
    const lines = text.split("\n");
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) {
      expect(line).not.toMatch(/^[，。！）」]|[（「]$/);
      expect(line.length).toBeLessThanOrEqual(72);
    }
  });
});

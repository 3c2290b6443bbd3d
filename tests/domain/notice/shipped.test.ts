import { readdirSync } from "node:fs";

import { describe, expect, test } from "vitest";

import { PageLanguage } from "../../../src/domain/language.ts";
import { smsSegments } from "../../../src/domain/notice/lint.ts";
import { NoticeKind } from "../../../src/domain/notice/notice.ts";
import { render } from "../../../src/domain/notice/render.ts";
import { fieldsOf, parseSource } from "../../../src/domain/notice/source.ts";
import {
  ANA,
  FOLDER,
  KNOWN,
  SENDER,
  TEMPLATES,
  TRANSLATED,
  UNKNOWN,
  compiled,
  linted,
} from "../../support/compiled.ts";

const KINDS = NoticeKind.options;
const SCRIPT = { en: /[a-z]/, zh: /\p{Script=Han}/u, ru: /\p{Script=Cyrillic}/u };
const ALL = KINDS.flatMap((kind) =>
  PageLanguage.options.map((language) => ({ kind, language, source: sourceOf(kind, language) })),
);

function sourceOf(kind: NoticeKind, language: PageLanguage): string {
  return TEMPLATES.notice(kind, language) ?? "";
}

function shape(source: string) {
  const { title, subject, discreetSubject, sms, body, lines: _ } = parseSource(source);
  const fields = [title, subject, discreetSubject, sms, body].map((part) =>
    part.flatMap((node) => (node.kind === "text" ? [] : [`${node.kind}:${node.field}`])),
  );
  const headings = source.match(/^#+ /gm);
  const paragraphs = source.split(/\n\s*\n/).length;
  return { fields: fields.map((each) => each.toSorted()), headings, paragraphs };
}

test("every kind is shipped in every language, and nothing else", () => {
  expect(readdirSync(`${FOLDER}/notices`).toSorted()).toEqual(
    ALL.map(({ kind, language }) => `${kind}.${language}.md`).toSorted(),
  );
});

describe.each(ALL)("the shipped $kind notice in $language", ({ kind, language, source }) => {
  test("says the same as the English one, field for field, under as many headings", () => {
    expect(shape(source)).toEqual(shape(sourceOf(kind, "en")));
  });

  test("is in that language, and in no part the English text", () => {
    const english = new Set(sourceOf(kind, "en").split("\n"));
    const own = source.split("\n").filter((row) => !/^(?:\s*|---|\{\{[^#]+\}\})$/.test(row));
    const words = own.filter((row) => row.replaceAll(/\{\{.*?\}\}/g, "").trim() !== "");
    expect(words.length).toBeGreaterThan(10);
    for (const row of words) {
      expect(row).toMatch(SCRIPT[language]);
      if (language !== "en") expect(english).not.toContain(row);
    }
  });

  test("renders in all its forms, whether facts are known or not", () => {
    for (const facts of [TRANSLATED, UNKNOWN]) {
      const notice = compiled(source, facts, SENDER, language);
      const { subject, text, html, sms } = render(notice, language, ANA);
      for (const form of [subject, text, html, sms]) {
        expect(form).not.toMatch(/\{\{|\}\}|\*\*|undefined|not-yet-known|[\uE000-\uE002]/);
        expect(form.trim()).not.toBe("");
      }
      expect(text).toContain("Ana Example");
      expect(text).toContain("7K2M-9QXT");
      expect(text).toContain("7K2M-9QXT-4HWP");
      expect(text).toContain("\nnotices.example.org/check\n");
      expect(text).toContain("notices.example.org/my");
      const wide = (line: string) => line.length + (line.match(/[\u2e80-\uff60]/g)?.length ?? 0);
      // A closing mark may hang over: it is not torn from its word.
      expect(Math.max(...text.split("\n").map(wide))).toBeLessThanOrEqual(72);
    }
  });

  test("pleases the linter once its facts are translated", () => {
    expect(linted(source, { kind, language, facts: TRANSLATED })).toEqual([]);
  });

  test("fits its text message, for an organisation and a host of twenty letters", () => {
    const host = "incident.example.org";
    const sender = {
      ...SENDER,
      organisation: "Example Organisation",
      checkAddress: `${host}/check`,
      linkHosts: [host],
    };
    const { sms } = render(compiled(source, TRANSLATED, sender, language), language, ANA);
    const { segments, limit } = smsSegments(sms);
    expect({ limit, fits: segments <= limit }).toEqual({
      limit: language === "en" ? 1 : 2,
      fits: true,
    });
    expect(sms).toContain("Example Organisation");
    expect(sms).toContain(host);
  });

  test("has no link, unless it invites", () => {
    const { html } = render(compiled(source, TRANSLATED, SENDER, language), language, ANA);
    const links = html.match(/<a [^>]*>[^<]*<\/a>/g) ?? [];
    const link = ANA.own?.survey_link ?? "";
    expect(links).toEqual(kind === "invitation" ? [`<a href="${link}">${link}</a>`] : []);
    expect(html).not.toMatch(/<img|<script/i);
  });

  test("names its language where the reader's program looks for it", () => {
    const { html } = render(compiled(source, TRANSLATED, SENDER, language), language, ANA);
    expect(/lang="([^"]*)"/.exec(html)?.[1]).toBe(language === "zh" ? "zh-Hans" : language);
  });
});

test("no survey leaks into what people must read by law", () => {
  for (const { kind, source } of ALL) {
    const survey = fieldsOf(parseSource(source)).filter((field) => field.startsWith("survey_"));
    expect(survey).toHaveLength(kind === "invitation" ? 2 : 0);
  }
});

test("English facts are not sent to a Chinese or a Russian reader unnoticed", () => {
  for (const language of ["zh", "ru"] as const) {
    const found = linted(sourceOf("initial", language), { language, facts: KNOWN });
    expect(found.map(({ code, severity }) => `${severity} ${code}`).toSorted()).toEqual([
      ...Array(4).fill("must-fix fact-untranslated"),
      "must-fix hours-in-words",
    ]);
    expect(found.map(({ message }) => message).join()).toContain(`translations.${language}.how`);
  }
});

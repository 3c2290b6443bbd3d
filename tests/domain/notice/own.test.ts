import { describe, expect, test } from "vitest";

import { PageLanguage } from "../../../src/domain/language.ts";
import { RenderHold, render, renderPublic } from "../../../src/domain/notice/render.ts";
import type { Reader } from "../../../src/domain/notice/render.ts";
import { INVENTED } from "../../../src/actions/notice/invented.ts";
import { parseMarkdown } from "../../../src/domain/notice/markdown.ts";
import { parseSource } from "../../../src/domain/notice/source.ts";
import { ANA, KNOWN, SENDER, TEMPLATES, body, compiled, linted } from "../../support/compiled.ts";
import { aSource } from "../../support/notice.ts";

const ADDRESSES = body("{{public_address}} {{my_address}} {{check_address}}");
const CODES = body("{{personal_code}}, {{survey_code}}\n\n{{survey_link}}");
const NOBODY: Reader = { exposure: ["name"], sharedMailbox: false };

describe("addresses to type", () => {
  test("are those of the public pages, in every form", () => {
    const { text, html } = render(compiled(ADDRESSES), "en", ANA);
    expect(text).toContain("notices.example.org notices.example.org/my notices.example.org/check");
    expect(html).not.toContain("href");
  });

  test("a path may follow the host, and no code may follow that", () => {
    const verdict = (text: string) => () =>
      parseMarkdown(parseSource(body(text)).body, SENDER.linkHosts);
    expect(verdict("Type {{public_address}}/survey and enter {{survey_code}}.")).not.toThrow();
    expect(verdict("Type https://{{public_address}}/survey.")).toThrow("cannot be used");
    expect(verdict("Type notices.example.org/survey/{{survey_code}}.")).toThrow("cannot be used");
    expect(verdict("Your survey: {{survey_link}}")).toThrow("cannot be used");
    expect(verdict("<{{survey_link}}>")).toThrow("cannot be used");
  });

  test("the address of a survey does not fit a subject or a text message", () => {
    expect(() => compiled(aSource({ front: { sms: "{{survey_link}}" } }))).toThrow(
      "cannot be used",
    );
  });
});

describe("codes of one's own", () => {
  test("stand in the mail, the address as a link that shows where it leads", () => {
    const { text, html } = render(compiled(CODES), "en", ANA);
    const link = "https://notices.example.org/survey/3D8Z-V5RC-N6JE-0YTB";
    expect(text).toContain(`7K2M-9QXT-4HWP, 3D8Z-V5RC-N6JE-0YTB\n\n${link}\n`);
    expect(html).toContain(`<p><a href="${link}">${link}</a></p>`);
  });

  test.each(["personal_code", "survey_code", "survey_link"] as const)(
    "without its %s, a message is held, and the hold quotes nothing",
    (field) => {
      const notice = compiled(body(`{{${field}}}`));
      const others = { ...ANA.own, [field]: undefined };
      for (const own of [undefined, {}, others, { [field]: "" }]) {
        const reader = { ...NOBODY, ...(own && { own }) } as Reader;
        expect(() => render(notice, "en", reader)).toThrow(new RenderHold("value-missing", field));
      }
    },
  );

  test("are missed only where they stand", () => {
    const notice = compiled(body("{{#if name}}{{personal_code}}{{else}}Hello{{/if}}"));
    expect(render(notice, "en", NOBODY).text).toContain("Hello");
  });

  test("may not be asked for, as if a message could do without them", () => {
    expect(() => compiled(body("{{#if personal_code}}x{{/if}}"))).toThrow("cannot be used");
  });

  test("whatever is in them is escaped", () => {
    const own = { survey_link: 'https://x/"><b>', personal_code: "<i>", survey_code: "'" };
    const { html } = render(compiled(CODES), "en", { ...ANA, own });
    expect(html).toContain('<a href="https://x/&quot;&gt;&lt;b&gt;">');
    expect(html).toContain("&lt;i&gt;, &#39;");
  });

  test("an invented person has invented ones, so that a preview shows them", () => {
    for (const person of INVENTED) {
      const { text } = render(compiled(CODES), "en", person);
      expect(text).toContain(person.own?.survey_link);
    }
  });
});

describe("the public wording", () => {
  test.each([
    ["en", "[your personal code], [your survey code]", "[the address of your survey]"],
    ["zh", "[您的个人代码], [您的问卷代码]", "[您的问卷网址]"],
    ["ru", "[ваш личный код], [ваш код опроса]", "[адрес вашего опроса]"],
  ])("in %s has neutral words for codes, and no link", (language, codes, link) => {
    const { text, html } = renderPublic(compiled(CODES, KNOWN, SENDER, language), language);
    expect(text).toContain(`${codes}\n\n${link}\n`);
    expect(html).toContain(`<p>${link}</p>`);
    expect(html).not.toContain("<a ");
  });

  test("says that a reader may be told the time where they live", () => {
    const { text } = renderPublic(compiled(body("{{when_it_began}}")), "en");
    expect(text.replaceAll(/\s+/g, " ")).toContain(
      "This began on 1 March 2026 at 16:10 (Chicago time; for you: [the same where you live]).",
    );
  });
});

describe("times where a reader lives", () => {
  const said = (field: string, language: string, zone?: string) => {
    const notice = compiled(body(`{{${field}}}`), KNOWN, SENDER, language);
    const { text } = render(notice, language, { ...ANA, zone });
    return text.split("\n\n")[1]?.replaceAll(/\s+/g, " ").trim();
  };

  test.each([
    [
      "en",
      "Asia/Tokyo",
      "This began on 1 March 2026 at 16:10 (Chicago time; for you: 2 March 2026 at 07:10, Tokyo time).",
    ],
    [
      "zh",
      "Asia/Shanghai",
      "此事始于2026年3月1日 16:10（芝加哥时间；您所在地：2026年3月2日 06:10，中国时间）。",
    ],
    [
      "ru",
      "Europe/Moscow",
      "Это началось 1 марта 2026 года в 16:10 (часовой пояс: Чикаго; у вас: 2 марта 2026 года в 01:10, часовой пояс: Москва).",
    ],
    ["en", "America/Chicago", "This began on 1 March 2026 at 16:10 (Chicago time)."],
    ["en", undefined, "This began on 1 March 2026 at 16:10 (Chicago time)."],
  ])("%s, %s", (language, zone, expected) => {
    const plain = (text = "") => text.replaceAll(" ", "");
    expect(plain(said("when_it_began", language, zone))).toBe(plain(expected));
  });

  test("a day, a month or an unknown time is the same for everybody", () => {
    for (const language of PageLanguage.options)
      for (const field of ["when_it_ended", "when_it_was_contained"])
        expect(said(field, language, "Pacific/Kiritimati")).toBe(said(field, language));
  });

  test("two readers of one notice each get their own", () => {
    const notice = compiled(TEMPLATES.notice("initial", "en") ?? "");
    const text = (zone: string) => render(notice, "en", { ...ANA, zone }).text;
    const [tokyo, moscow, again] = [text("Asia/Tokyo"), text("Europe/Moscow"), text("Asia/Tokyo")];
    expect(tokyo).toContain("Tokyo");
    expect(moscow).not.toContain("Tokyo");
    expect(again).toBe(tokyo);
  });
});

describe("an invitation", () => {
  const codes = (source: string, kind: "invitation" | "initial") =>
    linted(source, { kind }).map(({ severity, code }) => `${severity} ${code}`);

  test("needs no headings of a legal notice, and shows both ways to the survey", () => {
    expect(codes(body("{{survey_link}}\n\n{{survey_code}}"), "invitation")).toEqual([]);
    expect(codes(body("Hello"), "invitation")).toEqual(Array(2).fill("advice survey-way"));
  });

  test("is the only kind that leads to the survey", () => {
    const source = `${aSource()}\n\n{{survey_link}}\n\n{{survey_code}}`;
    expect(codes(source, "initial")).toEqual(Array(2).fill("must-fix survey-field"));
  });
});

import { describe, expect, test } from "vitest";

import type { Moment } from "../../../src/domain/instant.ts";
import { PageLanguage } from "../../../src/domain/language.ts";
import { WORDING } from "../../../src/domain/notice/wording.ts";
import type { Wording } from "../../../src/domain/notice/wording/shape.ts";

const wording = (language: PageLanguage): Wording => {
  const found = WORDING.get(language);
  if (!found) throw new Error(`no wording for ${language}`);
  return found;
};
const moment = (precision: Moment["precision"], at = "2026-03-01T22:10:00Z"): Moment => ({
  at: new Date(at),
  zone: "America/Chicago",
  precision,
});
const PRECISIONS = ["minute", "hour", "day", "week", "month", "year"] as const;
const ENCRYPTIONS = ["none", "partial", "full", "full-key-unknown", "full-key-taken"] as const;

/** Everything that Candor says by itself, by key. What only passes a person's words on is not in it. */
const SAID: { readonly [Key in keyof Wording]: (w: Wording) => readonly string[] } = {
  language: () => [],
  reader: (w) => [w.reader],
  guardian: (w) => [w.guardian("A")],
  estate: (w) => [w.estate("A")],
  began: (w) => [w.began.unknown, ...PRECISIONS.map((each) => w.began.known(moment(each)))],
  ended: (w) => [w.ended.unknown, ...PRECISIONS.map((each) => w.ended.known(moment(each)))],
  found: (w) => [w.found.unknown, ...PRECISIONS.map((each) => w.found.known(moment(each)))],
  contained: (w) => [
    w.contained.unknown,
    ...PRECISIONS.map((each) => w.contained.known(moment(each))),
    w.contained.known(moment("hour"), w.yourTime),
  ],
  elsewhere: (w) => [w.elsewhere(moment("minute"), "Asia/Tokyo") ?? ""],
  place: (w) => [w.place.unknown, w.place.known("A")],
  how: (w) => [w.how.unknown],
  people: (w) => [w.people.unknown, w.people.known(1), w.people.known(5)],
  encryption: (w) => [w.encryption.unknown, ...ENCRYPTIONS.map((each) => w.encryption.known(each))],
  whatWeDo: (w) => [w.whatWeDo.unknown],
  actions: (w) => [w.actions.unknown],
  contact: (w) => [w.contact.unknown],
  element: (w) => [w.element("A", "suspected")],
  phone: (w) => [w.phone("1", "8", "Europe/Berlin")],
  hours: (w) => [
    w.hours([{ days: [1, 2, 4], from: "08:00", to: "20:00" }]),
    w.hours([{ days: [1, 2, 3, 4, 5, 6, 7], from: "00:00", to: "24:00" }]),
  ],
  email: (w) => [w.email("a@example.org")],
  post: (w) => [w.post("A\nB")],
  yourName: (w) => [w.yourName],
  yourData: (w) => [w.yourData],
  yourTime: (w) => [w.yourTime],
  yourPersonalCode: (w) => [w.yourPersonalCode],
  yourSurveyCode: (w) => [w.yourSurveyCode],
  yourSurveyLink: (w) => [w.yourSurveyLink],
};

describe.each(PageLanguage.options)("the wording in %s", (language) => {
  const own = wording(language);
  const script = { en: /[a-z]/, zh: /\p{Script=Han}/u, ru: /\p{Script=Cyrillic}/u }[language];
  const foreign = { en: /[^\p{Script=Latin}\p{Script=Common}]/u, zh: /[a-z]{3}/, ru: /[a-z]{3}/ };

  test("has every key, and every sentence is in that language", () => {
    expect(own.language).toBe(language);
    expect(Object.keys(own).toSorted()).toEqual(Object.keys(SAID).toSorted());
    for (const say of Object.values(SAID))
      for (const sentence of say(own)) {
        expect(sentence).toMatch(script);
        expect(sentence.replace("a@example.org", "")).not.toMatch(foreign[language]);
        expect(sentence).not.toMatch(/undefined|null|NaN|Invalid/);
      }
  });

  test("stands in brackets where a public page shows no person", () => {
    const { yourName, yourData, yourTime, yourPersonalCode, yourSurveyCode, yourSurveyLink } = own;
    const all = [yourName, yourData, yourTime, yourPersonalCode, yourSurveyCode, yourSurveyLink];
    expect(new Set(all).size).toBe(all.length);
    for (const each of all) expect(each).toMatch(/^\[[^[\]]+\]$/);
  });
});

test.each(["zh", "ru"] as const)("nothing in %s is English", (language) => {
  const english = new Set(Object.values(SAID).flatMap((say) => say(wording("en"))));
  for (const say of Object.values(SAID))
    for (const sentence of say(wording(language))) expect(english).not.toContain(sentence);
});

describe("a moment is told as precisely as it is known, on the calendar of where it was", () => {
  test.each([
    ["en", "minute", "This began on 1 March 2026 at 16:10 (Chicago time)."],
    ["en", "hour", "This began on 1 March 2026 at about 16:10 (Chicago time)."],
    ["en", "day", "This began on 1 March 2026."],
    ["en", "week", "This began in the week of 1 March 2026."],
    ["en", "month", "This began in March 2026."],
    ["en", "year", "This began in 2026."],
    ["zh", "minute", "此事始于2026年3月1日 16:10（芝加哥时间）。"],
    ["zh", "hour", "此事始于2026年3月1日 16:10 左右（芝加哥时间）。"],
    ["zh", "day", "此事始于2026年3月1日。"],
    ["zh", "week", "此事始于2026年3月1日所在的一周。"],
    ["zh", "month", "此事始于2026年3月。"],
    ["zh", "year", "此事始于2026年。"],
    ["ru", "minute", "Это началось 1 марта 2026 года в 16:10 (часовой пояс: Чикаго)."],
    ["ru", "hour", "Это началось 1 марта 2026 года около 16:10 (часовой пояс: Чикаго)."],
    ["ru", "day", "Это началось 1 марта 2026 года."],
    ["ru", "week", "Это началось на неделе, в которую входит 1 марта 2026 года."],
    ["ru", "month", "Это началось в марте 2026 года."],
    ["ru", "year", "Это началось в 2026 году."],
  ] as const)("%s, %s", (language, precision, expected) => {
    expect(wording(language).began.known(moment(precision))).toBe(expected);
  });

  test("every Russian month stands in the prepositional", () => {
    const months = Array.from({ length: 12 }, (_, month) => {
      const at = new Date(Date.UTC(2026, month, 15)).toISOString();
      return wording("ru").began.known(moment("month", at)).split(" ")[3];
    });
    expect(months.join(" ")).toBe(
      "январе феврале марте апреле мае июне июле августе сентябре октябре ноябре декабре",
    );
  });

  test.each([
    ["en", "1 March 2026 at 23:10, Berlin time"],
    ["zh", "2026年3月1日 23:10，德国时间"],
    ["ru", "1 марта 2026 года в 23:10, часовой пояс: Германия"],
  ] as const)("%s tells it by the clocks of another zone, and names that", (language, expected) => {
    const { elsewhere } = wording(language);
    expect(elsewhere(moment("minute"), "Europe/Berlin")).toBe(expected);
    expect(elsewhere(moment("minute"), "America/Winnipeg")).toBeUndefined();
  });

  test("zones are compared at that moment, not today: Arizona has no summer time", () => {
    const denver = (at: string): Moment => ({ ...moment("minute", at), zone: "America/Denver" });
    const { elsewhere } = wording("en");
    expect(elsewhere(denver("2026-01-15T12:00:00Z"), "America/Phoenix")).toBeUndefined();
    expect(elsewhere(denver("2026-07-15T12:00:00Z"), "America/Phoenix")).toBe(
      "15 July 2026 at 05:00, Phoenix time",
    );
  });

  test.each(["UTC", "Etc/GMT+5"])("%s is called the same everywhere", (zone) => {
    for (const language of PageLanguage.options)
      expect(wording(language).phone("1", "8", zone)).toContain(zone.replace("Etc/", ""));
  });
});

describe("numbers and lists", () => {
  test.each([
    ["en", 1, "One person is affected."],
    ["en", 2, "This affects 2 people."],
    ["en", 1_234_567, "This affects 1,234,567 people."],
    ["zh", 1, "共有 1 人受到影响。"],
    ["zh", 1_234_567, "共有 1,234,567 人受到影响。"],
    ["ru", 1, "Пострадал 1 человек."],
    ["ru", 2, "Пострадали 2 человека."],
    ["ru", 5, "Пострадали 5 человек."],
    ["ru", 11, "Пострадали 11 человек."],
    ["ru", 21, "Пострадал 21 человек."],
    ["ru", 112, "Пострадали 112 человек."],
    ["ru", 1_234_562, "Пострадали 1\u00a0234\u00a0562 человека."],
  ] as const)("%s: %i", (language, count, expected) => {
    expect(wording(language).people.known(count)).toBe(expected);
  });

  const OPEN = [
    { days: [5, 1, 3], from: "08:00", to: "20:30" },
    { days: [6, 7], from: "10:00", to: "14:00" },
  ];

  test.each([
    ["en", "Monday, Wednesday and Friday, 08:00 to 20:30; Saturday to Sunday, 10:00 to 14:00"],
    ["zh", "星期一、星期三和星期五 08:00 至 20:30；星期六至星期日 10:00 至 14:00"],
    [
      "ru",
      "понедельник, среда и пятница, с 08:00 до 20:30; суббота – воскресенье, с 10:00 до 14:00",
    ],
  ] as const)("%s: hours", (language, expected) => {
    expect(wording(language).hours(OPEN)).toBe(expected);
  });

  test("a line that never closes says so, also when its week is given in parts", () => {
    const whole = (days: number[]) => ({ days, from: "00:00", to: "24:00" });
    const open = [whole([1, 2, 3, 4, 5]), whole([6, 7])];
    const said = PageLanguage.options.map((language) => wording(language).hours(open));
    expect(said).toEqual(["day and night", "全天 24 小时", "круглосуточно"]);
    expect(wording("en").hours([whole([1, 2])])).toBe("Monday to Tuesday, 00:00 to 24:00");
  });
});

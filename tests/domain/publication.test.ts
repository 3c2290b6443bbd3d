import { describe, expect, test } from "vitest";

import { Element } from "../../src/domain/element.ts";
import { PageLanguage } from "../../src/domain/language.ts";
import { QuestionHour, publicFacts } from "../../src/domain/publication.ts";
import { adviceFor } from "../../src/domain/publication/advice.ts";
import { opennessAt } from "../../src/domain/publication/hours.ts";
import { whatIsKnown } from "../../src/domain/publication/known.ts";
import { toHtml } from "../../src/domain/publication/markdown.ts";
import { shownTime } from "../../src/domain/publication/time.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import { firstFacts } from "../../src/domain/scope.ts";
import { addressOf, mayAsk } from "../../src/domain/subscription.ts";

const exposed = (...elements: Element[]) =>
  elements.map((element) => ({ element, state: "confirmed" as const }));

describe("what to do first", () => {
  test("is ordered by urgency, whatever the order of the facts", () => {
    const dataElements = exposed("name", "health-insurance", "ssn", "payment-card", "password");
    const words = [
      /^Change your password/,
      /^Call your bank/,
      /^Freeze your credit/,
      /insurer/,
      /^Expect false/,
    ];
    for (const given of [dataElements, dataElements.toReversed()]) {
      const advice = adviceIn("en", { dataElements: given });
      expect(advice).toHaveLength(words.length);
      for (const [i, pattern] of words.entries()) expect(advice[i]).toMatch(pattern);
    }
  });

  test("ends with the incident's own actions, none of them twice", () => {
    const dataElements = exposed("ssn");
    const [usual = ""] = adviceIn("en", { dataElements });
    const actions = ["Ask for a new badge.", usual.toUpperCase(), "Ask for a new badge"];
    expect(adviceIn("en", { dataElements, actions })).toEqual([usual, "Ask for a new badge."]);
  });

  test("says nothing about what was ruled out", () => {
    const dataElements = [{ element: "password", state: "ruled-out" } as const];
    expect(adviceIn("en", { dataElements })).toEqual([]);
  });

  test.each(Element.options.filter((each) => each !== "other"))("knows %s", (element) => {
    const all = PageLanguage.options.map((language) =>
      adviceIn(language, { dataElements: exposed(element) }),
    );
    expect(all.map((each) => each.length)).toEqual([1, 1, 1]);
    expect(new Set(all.flat()).size).toBe(3);
  });
});

describe("facts told in words", () => {
  const facts = {
    place: "Our shop",
    how: "A door stood open.",
    actions: ["Ask for a new badge."],
    translations: { zh: { how: "门开着。", actions: ["请申请新的工牌。"] } },
  } as const;

  test("are told in their translation, and whole in their own language where there is none", () => {
    const { known } = whatIsKnown(factsWith(facts), "zh");
    const said = known.map(({ text, lang, only }) => [text, lang, only]);
    expect(said).toEqual(
      [
        [expect.stringMatching(/^[^a-z]*门开着。[^a-z]*$/), undefined, undefined],
        [expect.stringContaining("Where it happened: Our shop"), "en", "onlyEn"],
      ].toReversed(),
    );
    expect(adviceIn("zh", facts).at(-1)).toBe("请申请新的工牌。");
    expect(adviceFor(factsWith(facts), "ru").at(-1)).toEqual({
      text: "Ask for a new badge.",
      lang: "en",
      only: "onlyEn",
    });
  });

  test("that were written in Russian say so on an English page", () => {
    const written = factsWith({ whatWeDo: "Мы вызвали полицию.", language: "ru" });
    const [said] = whatIsKnown(written, "en").doing;
    expect(said).toMatchObject({ lang: "ru", only: "onlyRu" });
    expect(whatIsKnown(written, "ru").doing[0]).toMatchObject({ lang: undefined });
    expect(whatIsKnown(written, "en").unknown).toContain("We do not yet know when this began.");
  });
});

function factsWith(over: Readonly<Record<string, unknown>>) {
  const first = firstFacts({ whatHappened: "x", dataElements: exposed("name") });
  return publicFacts({ ...first, ...over });
}

function adviceIn(language: PageLanguage, over: Readonly<Record<string, unknown>>): string[] {
  return adviceFor(factsWith(over), language).map(({ text }) => text);
}

describe("open now", () => {
  const weekdays = [{ days: [1, 2, 3, 4, 5], from: "08:00", to: "20:00" }];
  const night = [
    { days: [1, 2, 3, 4, 5], from: "22:00", to: "24:00" },
    { days: [2, 3, 4, 5, 6], from: "00:00", to: "06:00" },
  ];
  const sundays = [{ days: [7], from: "01:30", to: "03:30" }];
  const always = [{ days: [1, 2, 3, 4, 5, 6, 7], from: "00:00", to: "24:00" }];
  test.each([
    ["before opening", weekdays, "Europe/Berlin", "2026-03-03T06:59Z", false, "2026-03-03T07:00Z"],
    ["at opening", weekdays, "Europe/Berlin", "2026-03-03T07:00Z", true, "2026-03-03T19:00Z"],
    ["at closing", weekdays, "Europe/Berlin", "2026-03-03T19:00Z", false, "2026-03-04T07:00Z"],
    ["on Friday night", weekdays, "Europe/Berlin", "2026-03-06T21:00Z", false, "2026-03-09T07:00Z"],
    [
      "over the spring weekend",
      weekdays,
      "Europe/Berlin",
      "2026-03-28T12:00Z",
      false,
      "2026-03-30T06:00Z",
    ],
    [
      "over the autumn weekend",
      weekdays,
      "Europe/Berlin",
      "2026-10-24T12:00Z",
      false,
      "2026-10-26T07:00Z",
    ],
    [
      "where it is another day",
      weekdays,
      "Pacific/Auckland",
      "2026-03-01T19:30Z",
      true,
      "2026-03-02T07:00Z",
    ],
    ["before midnight", night, "America/New_York", "2026-03-04T04:30Z", true, "2026-03-04T11:00Z"],
    ["after midnight", night, "America/New_York", "2026-03-04T06:00Z", true, "2026-03-04T11:00Z"],
    [
      "on Saturday after the night",
      night,
      "America/New_York",
      "2026-03-07T12:00Z",
      false,
      "2026-03-10T02:00Z",
    ],
    [
      "in the hour that spring leaves out",
      sundays,
      "Europe/Berlin",
      "2026-03-29T01:15Z",
      true,
      "2026-03-29T01:30Z",
    ],
    [
      "in the hour that autumn repeats",
      sundays,
      "Europe/Berlin",
      "2026-10-25T01:15Z",
      true,
      "2026-10-25T02:30Z",
    ],
  ] as const)("%s", (...row) => {
    const [, open, zone, now, isOpen, until] = row;
    const found = opennessAt(
      open.map((each) => ({ ...each, days: [...each.days] })),
      zone,
      new Date(now),
    );
    expect([found.open, found.until?.toISOString()]).toEqual([
      isOpen,
      new Date(until).toISOString(),
    ]);
  });

  test("never closes where it never does", () => {
    const now = new Date("2026-03-28T23:59Z");
    expect(opennessAt(always, "Europe/Berlin", now)).toEqual({ open: true, until: undefined });
  });
});

describe("a text", () => {
  const hosts = ["incident.example.org"];

  test("has its headings below the title, in their order", () => {
    const html = toHtml("# One\n\n## Two\n\n> # Three", hosts);
    expect(html).toContain("<h4>One</h4>");
    expect(html).toContain("<h5>Two</h5>");
    expect(html).toContain("<h4>Three</h4>");
  });

  test("is escaped, and leads to our own hosts only", () => {
    expect(toHtml("5 < 6 & <https://incident.example.org/x>", hosts)).toBe(
      '<p>5 &lt; 6 &amp; <a href="https://incident.example.org/x">https://incident.example.org/x</a></p>\n',
    );
  });

  test.each([
    "<b>x</b>",
    "<script>x</script>",
    "![x](https://incident.example.org/x.png)",
    "[here](https://incident.example.org/x)",
    "<https://evil.example.net/>",
    "<javascript:alert(1)>",
    "Dear {{name}}",
  ])("may not hold %j", (markdown) => {
    expect(() => toHtml(markdown, hosts)).toThrow(Refusal);
  });
});

test("a time names its zone, in each language", () => {
  const at = new Date("2026-07-03T10:00:00Z");
  expect(shownTime(at, "Europe/Berlin", "en")).toEqual({
    iso: "2026-07-03T10:00:00.000Z",
    text: "3 July 2026 at 12:00",
    zone: "Central European Summer Time",
  });
  expect(shownTime(at, "Europe/Berlin", "zh").text).toBe("2026年7月3日 12:00");
  expect(shownTime(at, "Europe/Berlin", "ru").text).toBe("3 июля 2026 г. в 12:00");
});

test.each([
  [{ startsAt: "x", endsAt: "y", zone: "UTC" }],
  [{ startsAt: "2026-03-05T17:00Z", endsAt: "2026-03-05T17:00Z", zone: "UTC" }],
  [{ startsAt: "2026-03-05T17:00Z", endsAt: "2026-03-13T17:00Z", zone: "UTC" }],
  [{ startsAt: "2026-03-05T17:00Z", endsAt: "2026-03-05T18:00Z", zone: "Europe/Nowhere" }],
])("a question hour is refused and nothing breaks: %j", (given) => {
  expect(QuestionHour.safeParse(given).success).toBe(false);
});

describe("an address", () => {
  const now = new Date("2026-03-03T10:00:00Z");
  const ago = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
  test.each([
    ["never asked", undefined, 0, true],
    ["asked an hour ago", { times: 1, lastAt: ago(1) }, 0, false],
    ["asked a day ago", { times: 1, lastAt: ago(24) }, 0, true],
    ["asked three times", { times: 3, lastAt: ago(500) }, 0, false],
    ["of a flood", undefined, 20_000, false],
  ] as const)("%s", (_what, asking, lately, expected) => {
    expect(mayAsk({ asking, lately }, now)).toBe(expected);
  });

  test.each([
    [" a@example.com ", "a@example.com"],
    ["a@example.com\nBcc: b@example.com", undefined],
    ["a@example.com, b@example.com", undefined],
    ["nobody", undefined],
    [`${"x".repeat(300)}@example.com`, undefined],
  ])("%j", (typed, expected) => {
    expect(addressOf(typed)).toBe(expected);
  });
});

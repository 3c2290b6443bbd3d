import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { contradictions, tells } from "../../../../src/domain/notice/lint/conflict.ts";
import type { Asked } from "../../../../src/domain/notice/lint/conflict.ts";
import { bindingText } from "../../../../src/domain/notice/lint/readers.ts";

const NO_NATURE = ["nature-of-breach", "number-of-persons-in-jurisdiction"] as const;

function asked(place: string, over: Partial<Asked> = {}): Asked {
  return { to: "individuals", place, contents: [], prohibited: [], duty: {}, ...over };
}
const CALIFORNIA = asked("US-CA", {
  contents: ["what-happened"],
  duty: { title: "Notice of Data Breach", headings: ["what-happened"] },
});
const MASSACHUSETTS = asked("US-MA", { prohibited: NO_NATURE });
const ILLINOIS = asked("US-IL", { prohibited: ["number-of-persons"] });
const RHODE_ISLAND = asked("US-RI", { contents: ["number-of-persons"] });
const TEXAS = asked("US-TX");

const placesOf = (obligations: readonly Asked[]) =>
  contradictions(obligations).groups.map(({ places }) => places.join());

describe("places that one text cannot serve", () => {
  test("nobody is told nothing", () => {
    expect(contradictions([])).toEqual({ groups: [], reasons: [] });
  });

  test("no two of which contradict each other stay together", () => {
    expect(contradictions([TEXAS, CALIFORNIA])).toEqual({
      groups: [
        {
          places: ["US-CA", "US-TX"],
          required: ["what-happened"],
          prohibited: [],
          title: "Notice of Data Breach",
        },
      ],
      reasons: [],
    });
  });

  test("what one requires another forbids", () => {
    expect(contradictions([MASSACHUSETTS, CALIFORNIA])).toEqual({
      groups: [
        expect.objectContaining({ places: ["US-CA"], prohibited: [] }),
        { places: ["US-MA"], required: [], prohibited: [...NO_NATURE] },
      ],
      reasons: [
        {
          places: ["US-CA", "US-MA"],
          because: "US-MA forbids to say what US-CA requires (what-happened).",
        },
      ],
    });
  });

  test("a heading alone requires what it announces", () => {
    const headed = asked("US-CA", { duty: { headings: ["what-happened"] } });
    const { reasons } = contradictions([headed, MASSACHUSETTS]);
    expect(reasons[0]?.because).toContain("requires (what-happened)");
    const other = asked("US-CA", { duty: { headings: ["what-you-can-do"] } });
    expect(contradictions([other, MASSACHUSETTS]).reasons[0]?.because).toContain("everybody else");
  });

  test("what everybody is told is kept from those alone whose law forbids it", () => {
    const { groups, reasons } = contradictions([TEXAS, MASSACHUSETTS]);
    expect(groups.map(({ places }) => places)).toEqual([["US-TX"], ["US-MA"]]);
    expect(reasons).toEqual([
      {
        places: ["US-TX", "US-MA"],
        because: "US-MA forbids to say what everybody else is told (nature-of-breach).",
      },
    ]);
  });

  test("a number that nobody requires is simply left out", () => {
    expect(placesOf([ILLINOIS, TEXAS, CALIFORNIA])).toEqual(["US-CA,US-IL,US-TX"]);
    expect(placesOf([ILLINOIS, RHODE_ISLAND, TEXAS])).toEqual(["US-RI,US-TX", "US-IL"]);
    expect(placesOf([ILLINOIS, RHODE_ISLAND, MASSACHUSETTS])).toEqual(["US-RI", "US-IL", "US-MA"]);
  });

  test("two that forbid the same share a text", () => {
    const twin = asked("US-XX", { prohibited: NO_NATURE });
    expect(placesOf([MASSACHUSETTS, twin, TEXAS])).toEqual(["US-TX", "US-MA,US-XX"]);
  });

  test("titles that differ, but not in case", () => {
    const title = (place: string, own: string) => asked(place, { duty: { title: own } });
    const [one, other] = [
      title("DE", "Notice of data breach"),
      title("FR", " NOTICE OF DATA BREACH"),
    ];
    expect(placesOf([one, other])).toEqual(["DE,FR"]);
    const { groups, reasons } = contradictions([one, title("FR", "Alert")]);
    expect(groups.map(({ title: own }) => own)).toEqual(["Notice of data breach", "Alert"]);
    expect(reasons).toEqual([
      { places: ["DE", "FR"], because: "DE and FR prescribe different titles." },
    ]);
    expect(contradictions([title("DE", "A"), title("DE", "B")]).reasons).toEqual([
      { places: ["DE", "DE"], because: "Laws of DE prescribe different titles." },
    ]);
  });

  test("law of a country binds its parts: what they cannot both have is named", () => {
    const federal = asked("US", { contents: ["what-happened"] });
    const { groups, reasons } = contradictions([federal, MASSACHUSETTS]);
    expect(groups.map(({ places }) => places)).toEqual([["US"], ["US-MA"]]);
    expect(groups[1]?.required).toEqual(["what-happened"]);
    expect(reasons.map(({ places }) => places)).toEqual([
      ["US", "US-MA"],
      ["US-MA", "US-MA"],
    ]);
  });

  test("only what people are told counts", () => {
    expect(contradictions([{ ...MASSACHUSETTS, to: "regulator" }, TEXAS]).reasons).toEqual([]);
  });

  test("the order of the obligations does not matter, nobody is lost, and no group contradicts", () => {
    const some = fc.constantFrom(
      CALIFORNIA,
      MASSACHUSETTS,
      ILLINOIS,
      RHODE_ISLAND,
      TEXAS,
      asked("DE"),
      asked("US"),
    );
    fc.assert(
      fc.property(fc.uniqueArray(some), fc.func(fc.integer()), (all, by) => {
        const result = contradictions(all);
        const shuffled = all.toSorted((a, b) => by(a.place) - by(b.place));
        expect(contradictions(shuffled)).toEqual(result);
        const places = result.groups.flatMap((group) => group.places);
        expect(places.toSorted()).toEqual(all.map(({ place }) => place).toSorted());
        for (const { places: own } of result.groups) {
          const within = all.filter(({ place }) => own.includes(place));
          const clash = contradictions(within).reasons.filter(({ places: [a, b] }) => a !== b);
          expect(clash).toEqual([]);
        }
      }),
    );
  });

  const WHAT = [
    "nature-of-breach",
    "what-happened",
    "how-it-happened",
    "how-discovered",
    "cause",
    "root-cause",
    "location",
    "suspected-unlawful-or-malicious",
    "affected-systems",
  ];
  const HOW_MANY = [
    "number-of-persons",
    "number-of-persons-in-jurisdiction",
    "categories-and-number-of-persons",
  ];

  test.each([
    ["nature-of-breach", WHAT],
    ["what-happened", WHAT],
    ["number-of-persons", HOW_MANY],
    ["number-of-persons-in-jurisdiction", HOW_MANY],
    ["location", ["location"]],
    ["ransom-demand", ["ransom-demand"]],
  ] as const)("%s is told by %j", (content, by) => {
    expect(tells(content)).toEqual(by);
  });

  test("places that forbid equally much stand in the order of their codes", () => {
    const { groups } = contradictions([
      asked("US-RI", { contents: ["number-of-persons"], duty: { title: "B" } }),
      asked("DE", { duty: { title: "A" } }),
      asked("FR", { duty: { title: "C" } }),
    ]);
    expect(groups.map(({ places }) => places)).toEqual([["DE"], ["FR"], ["US-RI"]]);
  });
});

describe("the obligations that bind a text", () => {
  const all = ["US", "US-MA", "US-IL", "US-TX", "DE", "DE-BY"].map((place) => ({ place }));
  const bound = (variant: string | null, variants = {}) =>
    bindingText(all, variants, variant).map(({ place }) => place);
  const MA = { ma: { places: ["US-MA"] } };

  test("are all, where there is one text", () => {
    expect(bound(null)).toEqual(all.map(({ place }) => place));
  });

  test("of a variant are its places' and their country's", () => {
    expect(bound("ma", MA)).toEqual(["US", "US-MA"]);
    expect(bound(null, MA)).toEqual(["US", "US-IL", "US-TX", "DE", "DE-BY"]);
    expect(bound("unknown", MA)).toEqual([]);
  });

  test("of a country's variant are those of its parts that have none of their own", () => {
    const variants = { ...MA, usa: { places: ["US"] } };
    expect(bound("usa", variants)).toEqual(["US", "US-IL", "US-TX"]);
    expect(bound("ma", variants)).toEqual(["US", "US-MA"]);
    expect(bound(null, variants)).toEqual(["DE", "DE-BY"]);
  });
});

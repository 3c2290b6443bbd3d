import { describe, expect, test } from "vitest";

import { limitsFor } from "../../../src/domain/audience/permitted.ts";
import type { Telling } from "../../../src/domain/audience/permitted.ts";
import { placeOf } from "../../../src/domain/audience/residence.ts";
import { residentsDiffer } from "../../../src/domain/audience/residents.ts";

describe("where a person lives", () => {
  test.for([
    ["US", "MA", "US-MA"],
    ["US", "massachusetts", "US-MA"],
    ["US", " New  York ", "US-NY"],
    ["US", "D.C.", "US-DC"],
    ["US", "US-CA", "US-CA"],
    ["US", "us-ca", "US-CA"],
    [undefined, "US-CA", "US-CA"],
    ["PR", undefined, "US-PR"],
    ["US", "Puerto Rico", "US-PR"],
    ["CA", "Québec", "CA-QC"],
    ["CA", "Quebec", "CA-QC"],
    ["DE", "DE-BY", "DE-BY"],
    // Without a table nobody can say that BY is Bavaria and not a slip.
    ["DE", "BY", "DE"],
    ["DE", undefined, "DE"],
    ["US", undefined, "US"],
    ["US", "Springfield", "US"],
    ["US", "US-XX", "US"],
    // The region is of another country: the country stands.
    ["US", "CA-QC", "US"],
    [undefined, "MA", undefined],
    [undefined, "ZZ-MA", undefined],
    [undefined, undefined, undefined],
  ] as const)("%s and %s are %s", ([country, region, place]) => {
    const person = { ...(country && { country }), ...(region && { region }) };
    // Twice: the second answer is remembered.
    expect([placeOf(person), placeOf(person)]).toEqual([place, place]);
  });

  test("is read from the postal address where nothing else says it", () => {
    const postal = { lines: ["1 Elm Street"], region: "MA", country: "US" };
    expect(placeOf({ postal })).toBe("US-MA");
    expect(placeOf({ country: "DE", postal: { lines: ["x"] } })).toBe("DE");
  });
});

function telling(place: string, methods: string[], to: Telling["to"] = "individuals"): Telling {
  return {
    to,
    place,
    duty: { methods },
    rule: { citation: `Law of ${place}`, status: "in-force" },
  };
}

describe("what the law of a place permits", () => {
  const agreed = ["written", "email-esign"];

  test.for([
    [[], []],
    [["carrier-choice"], []],
    [["written", "email"], [{ email: "any", sms: false }]],
    [agreed, [{ email: "agreed", sms: false }]],
    [["written", "electronic-if-primary"], [{ email: "agreed", sms: false }]],
    [["written", "telephone"], [{ email: "never", sms: false }]],
    [["written", "smoke-signals"], [{ email: "never", sms: false }]],
  ] as const)("by the methods %s", ([methods, expected]) => {
    expect(limitsFor(["US-NY"], [telling("US-NY", [...methods])])).toMatchObject(expected);
  });

  test("is what all of its laws permit, the country's too", () => {
    const laws = [telling("US-AL", ["written", "email"]), telling("US", agreed)];
    expect(limitsFor(["US-AL", "DE"], laws)).toEqual([
      { places: ["US-AL"], email: "agreed", sms: false, because: ["Law of US", "Law of US-AL"] },
    ]);
  });

  test("leaves who is told beside the people out of it", () => {
    expect(limitsFor(["US-NY"], [telling("US-NY", agreed, "regulator")])).toEqual([]);
  });

  test("is the strictest that may be theirs for people whose place is not known", () => {
    const laws = [telling("US-AL", ["email"]), telling("US-NY", agreed), telling("JP", ["letter"])];
    const limits = limitsFor(["US", "unknown", "FR"], laws);
    expect(limits.map(({ places, email }) => [places, email])).toEqual([
      [["US"], "agreed"],
      [["unknown"], "never"],
    ]);
  });
});

describe("residents of the scope and of the audience", () => {
  const found = [
    { place: "US-MA", people: 3 },
    { place: "US-CA", people: 2 },
    { place: "DE", people: 1 },
    { place: null, people: 1 },
  ];

  test("that agree are no finding, whether the scope names the parts or the whole", () => {
    const known = found.slice(0, 3);
    const parts = known.map(({ place, people }) => ({ jurisdiction: place ?? "", count: people }));
    expect(residentsDiffer(parts, known)).toEqual([]);
    const whole = [
      { jurisdiction: "US", count: 2 },
      { jurisdiction: "US-MA", count: 3 },
      { jurisdiction: "DE", count: 1 },
    ];
    expect(residentsDiffer(whole, known)).toEqual([]);
    expect(residentsDiffer("not-yet-known", found)).toEqual([]);
  });

  test("that differ are named, each place once", () => {
    const stated = [
      { jurisdiction: "US-MA", count: 3 },
      { jurisdiction: "US-CA", count: 1_200 },
      { jurisdiction: "FR", count: 1 },
    ];
    expect(residentsDiffer(stated, found)).toEqual([
      expect.objectContaining({ place: "DE", scope: 0, audience: 1 }),
      expect.objectContaining({ place: "FR", scope: 1, audience: 0 }),
      {
        place: "US-CA",
        scope: 1_200,
        audience: 2,
        message: "The scope says 1,200 people of US-CA; the audience has 2.",
      },
      expect.objectContaining({ place: null, audience: 1 }),
    ]);
  });
});

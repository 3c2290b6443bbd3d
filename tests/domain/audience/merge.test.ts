import fc from "fast-check";
import { expect, test } from "vitest";

import { groups } from "../../../src/domain/audience/component.ts";
import { foldName, mergeKeys, mergePeople } from "../../../src/domain/audience/merge.ts";
import type { Person } from "../../../src/domain/audience/person.ts";

const somebody: Person = { agreed: "unknown", exposure: ["name"], relation: "self" };
const same = (a: Partial<Person>, b: Partial<Person>) => {
  const keys = new Set(mergeKeys({ ...somebody, ...a }));
  return mergeKeys({ ...somebody, ...b }).some((key) => keys.has(key));
};

test.each([
  ["one reference", { reference: "1", name: "A" }, { reference: "1", name: "B" }, true],
  ["other references", { reference: "1" }, { reference: "2" }, false],
  [
    "a child's reference with two parents",
    { reference: "1", name: "A", relation: "guardian" },
    { reference: "1", name: "B", relation: "guardian" },
    false,
  ],
  [
    "a person and the guardian of that person",
    { reference: "1", name: "A" },
    { reference: "1", name: "A", relation: "guardian" },
    false,
  ],
  [
    "one address and one name in other letters",
    { email: "A@example.com", name: "ANN  LEE" },
    { email: "a@example.com", name: "Ann Lee" },
    true,
  ],
  [
    "one address with two names",
    { email: "a@example.com", name: "Ann" },
    { email: "a@example.com", name: "Bob" },
    false,
  ],
  ["one address without names", { email: "a@example.com" }, { email: "a@example.com" }, true],
  [
    "one address, one name missing",
    { email: "a@example.com", name: "Ann" },
    { email: "a@example.com" },
    false,
  ],
  [
    "one phone and one name",
    { phone: "+14155550100", name: "Ann", email: "a@example.com" },
    { phone: "+14155550100", name: "Ann" },
    true,
  ],
  ["dots in an address", { email: "a.b@example.com" }, { email: "ab@example.com" }, false],
  [
    "look-alike letters of another script",
    { email: "a@example.com", name: "Anna" },
    { email: "a@example.com", name: "Аnna" },
    false,
  ],
  ["one name and nothing else", { name: "Ann" }, { name: "Ann" }, true],
  [
    "one name at two postal addresses",
    { name: "Ann", postal: { lines: ["1 Example Street"] } },
    { name: "Ann", postal: { lines: ["2 Example Street"] } },
    false,
  ],
] as const)("%s", (_, a, b, expected) => {
  expect(same(structuredClone(a) as Partial<Person>, structuredClone(b) as Partial<Person>)).toBe(
    expected,
  );
});

test("a name is compared without case, letter form and runs of spaces", () => {
  expect(foldName("  ＡＮＮ   Straße ")).toBe(foldName("ann STRASSE"));
});

test("merging keeps every exposure, the strictest consent, and says where rows differ", () => {
  const merged = mergePeople(
    [
      { ...somebody, name: "A. Lee", agreed: "yes", agreedSince: "2024-01-01", exposure: ["ssn"] },
      { ...somebody, name: "Ann Lee", agreed: "no", language: "en", email: "a@example.com" },
      { ...somebody, language: "de", email: "A@example.com" },
    ],
    "en",
  );
  expect(merged).toEqual({
    name: "Ann Lee",
    email: "A@example.com",
    language: "de",
    agreed: "no",
    exposure: ["name", "ssn"],
    relation: "self",
    conflicts: ["agreed", "name"],
  });
});

const person: fc.Arbitrary<Person> = fc.record(
  {
    email: fc.constantFrom("a@example.com", "A@example.com", "b@example.com"),
    phone: fc.constantFrom("+14155550100", "+14155550101"),
    name: fc.constantFrom("Ann", "ANN", "Bob", "Ann Lee"),
    language: fc.constantFrom("en", "de", "fr"),
    country: fc.constantFrom("US", "DE"),
    postal: fc.constantFrom({ lines: ["1 Example St"] }, { lines: ["2 Example St"], city: "X" }),
    agreed: fc.constantFrom("yes", "no", "unknown"),
    agreedSince: fc.constantFrom("2024-01-01", "2025-01-01"),
    exposure: fc.uniqueArray(fc.constantFrom("name", "ssn", "passport")),
    relation: fc.constant("self"),
    reference: fc.constantFrom("1", "2"),
  },
  { requiredKeys: ["agreed", "exposure", "relation"] },
);

test("the merged person does not depend on the order of the rows", () => {
  fc.assert(
    fc.property(
      fc
        .array(person, { minLength: 1, maxLength: 6 })
        .chain((people) =>
          fc.tuple(fc.constant(people), fc.shuffledSubarray(people, { minLength: people.length })),
        ),
      ([people, shuffled]) => {
        expect(mergePeople(shuffled, "en")).toEqual(mergePeople(people, "en"));
      },
    ),
  );
});

test("merging in steps is merging at once", () => {
  fc.assert(
    fc.property(fc.array(person, { minLength: 2, maxLength: 6 }), fc.nat(), (people, at) => {
      const cut = 1 + (at % (people.length - 1));
      const first = mergePeople(people.slice(0, cut), "en");
      const { conflicts: _, ...stepwise } = mergePeople([first, ...people.slice(cut)], "en");
      const { conflicts: __, ...atOnce } = mergePeople(people, "en");
      expect(stepwise).toEqual(atOnce);
    }),
  );
});

test("groups are the rows that a chain of neighbours joins", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(19), fc.nat(19)), { maxLength: 30 }), (pairs) => {
      const joined = groups(20);
      for (const [a, b] of pairs) joined.join(a, b);
      // The slow and obvious way: hand the smallest number around until nothing changes.
      const label = Array.from({ length: 20 }, (_, i) => i);
      for (let round = 0; round < 20; round += 1)
        for (const [a, b] of pairs) label[a] = label[b] = Math.min(label[a] ?? 0, label[b] ?? 0);
      expect(label.map((_, i) => joined.root(i))).toEqual(label);
    }),
  );
});

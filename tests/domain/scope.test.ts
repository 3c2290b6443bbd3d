import { randomUUID } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { Element } from "../../src/domain/element.ts";
import { NOT_YET_KNOWN } from "../../src/domain/instant.ts";
import type { Moment } from "../../src/domain/instant.ts";
import {
  Revision,
  SCOPE_FIELDS,
  ScopeFacts,
  fieldHashes,
  firstFacts,
  sensitivityOf,
} from "../../src/domain/scope.ts";
import type { Scope } from "../../src/domain/scope.ts";
import { difference } from "../../src/domain/scope/difference.ts";
import { checkFacts, revisedFacts } from "../../src/domain/scope/revise.ts";

const NOW = new Date("2026-03-03T10:00:00Z");
const first = firstFacts({
  whatHappened: "A laptop was stolen.",
  dataElements: [{ element: "name", state: "suspected" }],
});
const facts = (over: Partial<ScopeFacts>): ScopeFacts => ({ ...first, ...over });
const moment = (at: string, precision: Moment["precision"] = "minute", zone = "UTC"): Moment => ({
  at: new Date(at),
  zone,
  precision,
});
const aScope = (given: ScopeFacts, version = 1): Scope => ({
  incidentId: randomUUID(),
  version,
  facts: given,
  fieldHashes: fieldHashes(given),
  reason: null,
  createdBy: randomUUID(),
  createdAt: NOW,
});
const refusing = (field: string, code: string) =>
  expect.objectContaining({
    code: "invalid-input",
    fields: expect.arrayContaining([expect.objectContaining({ field, code })]),
  });

describe("the first version", () => {
  test("knows two facts and says of every other that it is not yet known", () => {
    const { whatHappened, dataElements, language, translations, ...rest } = first;
    expect([language, translations]).toEqual(["en", {}]);
    expect([whatHappened, dataElements.length]).toEqual(["A laptop was stolen.", 1]);
    expect(new Set(Object.values(rest))).toEqual(new Set([NOT_YET_KNOWN]));
    expect(ScopeFacts.parse(z.encode(ScopeFacts, first))).toEqual(first);
  });

  test("kinds of data that were ruled out do not count for the sensitivity", () => {
    expect(
      sensitivityOf({
        dataElements: [
          { element: "medical", state: "ruled-out" },
          { element: "ssn", state: "suspected" },
        ],
      }),
    ).toBe("identity");
    expect(sensitivityOf({ dataElements: [{ element: "ssn", state: "ruled-out" }] })).toBe(
      "ordinary",
    );
  });
});

describe("facts must fit together", () => {
  const began = moment("2026-02-10T00:00:00Z", "day");

  test.for([
    ["occurredTo", moment("2026-02-09T23:59:00Z"), "before-start"],
    ["occurredTo", moment("2026-02-10T00:00:00Z"), undefined],
    ["discoveredAt", moment("2026-02-09T12:00:00Z", "day"), "before-start"],
    ["discoveredAt", moment("2026-02-09T12:00:00Z", "week"), undefined],
    ["discoveredAt", moment("2026-02-01T00:00:00Z", "month"), undefined],
    ["containedAt", moment("2025-01-01T00:00:00Z", "year"), "before-start"],
    ["containedAt", moment("2026-01-01T00:00:00Z", "year"), undefined],
    ["containedAt", moment("2026-03-03T10:05:00Z"), undefined],
    ["containedAt", moment("2026-03-03T10:06:00Z"), "future"],
    ["containedAt", moment("2026-03-03T22:00:00Z", "day"), undefined],
    ["containedAt", moment("2026-03-04T00:00:00Z", "day"), "future"],
    ["occurredTo", moment("1989-12-31T00:00:00Z", "year"), "too-early"],
    // 23:30 in UTC on the 9th is the 10th in Berlin already.
    ["discoveredAt", moment("2026-02-09T23:30:00Z", "day", "Europe/Berlin"), undefined],
  ] as const)("%s of %j: %s", ([field, when, code]) => {
    const check = () => checkFacts(facts({ occurredFrom: began, [field]: when }), NOW);
    if (code === undefined) expect(check).not.toThrow();
    else expect(check).toThrow(refusing(field, code));
  });

  test("the key has a state only where data were encrypted", () => {
    for (const encryption of ["none", NOT_YET_KNOWN] as const)
      expect(() => checkFacts(facts({ encryption, keyState: "safe" }), NOW)).toThrow(
        refusing("keyState", "not-encrypted"),
      );
    for (const encryption of ["partial", "full"] as const)
      expect(() => checkFacts(facts({ encryption, keyState: "taken" }), NOW)).not.toThrow();
  });

  test("nothing is listed twice, and every fault is named at once", () => {
    const dataElements = [...first.dataElements, { element: "name", state: "confirmed" } as const];
    const people = ["DE", "US-CA", "DE"].map((jurisdiction) => ({ jurisdiction, count: 1 }));
    const twice = facts({ dataElements, people, keyState: "safe" });
    expect(() => checkFacts(twice, NOW)).toThrow(
      expect.objectContaining({
        fields: [
          expect.objectContaining({ field: "dataElements.1", code: "duplicate" }),
          expect.objectContaining({ field: "people.2", code: "duplicate" }),
          expect.objectContaining({ field: "keyState", code: "not-encrypted" }),
        ],
      }),
    );
  });
});

describe("what may be written", () => {
  test.for([
    ["DE", true],
    ["US-CA", true],
    ["FR-75C", true],
    ["de", false],
    ["UK", false],
    ["EU", false],
    ["ZZ", false],
    ["USA", false],
    ["US-", false],
    ["US-CALI", false],
    ["", false],
  ] as const)("the jurisdiction %j: %s", ([jurisdiction, good]) => {
    const people = [{ jurisdiction, count: 1 }];
    expect(Revision.shape.facts.safeParse({ people }).success).toBe(good);
  });

  test.for([
    ["a line that says when it is staffed", phoneLine(), true],
    ["a line without hours", { ...phoneLine(), hours: undefined }, false],
    ["a line without a zone", { ...phoneLine(), zone: undefined }, false],
    ["a line that is no number", { ...phoneLine(), value: "call us" }, false],
    ["a line with hours day by day", { ...phoneLine(), open: [hours()] }, true],
    ["a line of two shifts", { ...phoneLine(), open: [hours("08:00", "12:00"), hours()] }, true],
    ["a line that closes at midnight", { ...phoneLine(), open: [hours("00:00", "24:00")] }, true],
    ["a line that closes before it opens", { ...phoneLine(), open: [hours("20:00")] }, false],
    ["a line that opens at 8:00", { ...phoneLine(), open: [hours("8:00")] }, false],
    ["a line open on a day twice", { ...phoneLine(), open: [{ ...hours(), days: [1, 1] }] }, false],
    ["a line open on day 0", { ...phoneLine(), open: [{ ...hours(), days: [0] }] }, false],
    ["a line open on no day", { ...phoneLine(), open: [] }, false],
    ["an e-mail address", { kind: "email", value: "help@example.org" }, true],
    ["an e-mail address of two", { kind: "email", value: "a@example.org,b@example.org" }, false],
    [
      "an e-mail address with a line break",
      { kind: "email", value: "a@example.org\r\nX: y" },
      false,
    ],
    [
      "an e-mail address with hours",
      { ...phoneLine(), kind: "email", value: "a@example.org" },
      false,
    ],
    ["a post address of lines", { kind: "post", value: "1 Example Street\nExampletown" }, true],
    ["a kind nobody knows", { kind: "fax", value: "555-0100" }, false],
  ] as const)("%s", ([, line, good]) => {
    expect(Revision.shape.facts.safeParse({ contactLines: [line] }).success).toBe(good);
  });

  test.for([
    [{ sector: null }],
    [{ place: "" }],
    [{ people: [{ jurisdiction: "DE", count: 0 }] }],
    [{ people: [{ jurisdiction: "DE", count: 1.5 }] }],
    [{ people: [{ jurisdiction: "DE", count: "1" }] }],
    [{ occurredFrom: "2026-02-10" }],
    [{ occurredFrom: { at: "2026-02-30T10:00Z", zone: "UTC", precision: "day" } }],
    [{ occurredFrom: { at: "2026-02-20T10:00Z", zone: "UTC" } }],
    [{ dataElements: [] }],
    [{ dataElements: NOT_YET_KNOWN }],
    [{ version: 7 }],
    [{ how: "a\u0000b" }],
  ])("%j is refused", ([given]) => {
    expect(Revision.shape.facts.safeParse(given).success).toBe(false);
  });

  function hours(from = "08:00", to = "20:00") {
    return { days: [1, 5], from, to };
  }

  function phoneLine() {
    return {
      kind: "phone",
      value: "+1 202-555-0143",
      hours: "Monday to Friday, 8 to 20",
      zone: "America/New_York",
    };
  }
});

describe("a revision", () => {
  const revise = (given: Partial<ScopeFacts>, baseVersion = 1) =>
    revisedFacts(aScope(first), { baseVersion, facts: given, reason: "News." }, NOW);

  test("changes what it names and leaves the rest", () => {
    const revised = revise({ place: "Berlin", encryption: "full" });
    expect(revised).toEqual({ ...first, place: "Berlin", encryption: "full" });
  });

  test("goes on top of the newest version only", () => {
    expect(() => revise({ place: "Berlin" }, 2)).toThrow(
      expect.objectContaining({ code: "stale-version", message: expect.stringContaining(" 1.") }),
    );
  });

  test("that changes nothing is refused", () => {
    expect(() => revise({})).toThrow(refusing("facts", "unchanged"));
    expect(() => revise({ whatHappened: first.whatHappened })).toThrow(
      refusing("facts", "unchanged"),
    );
  });

  test("is checked as a whole, with fields named as they were sent", () => {
    expect(() => revise({ keyState: "safe" })).toThrow(refusing("facts.keyState", "not-encrypted"));
  });
});

describe("hashes and differences", () => {
  const anyFacts = fc
    .record({
      whatHappened: fc.stringMatching(/^[a-z]{1,20}$/),
      place: fc.constantFrom(NOT_YET_KNOWN, "Berlin", "Hamburg"),
      encryption: fc.constantFrom(NOT_YET_KNOWN, "none" as const, "full" as const),
      dataElements: fc.uniqueArray(
        fc.record({
          element: fc.constantFrom(...Element.options),
          state: fc.constantFrom("suspected" as const, "confirmed" as const, "ruled-out" as const),
        }),
        { minLength: 1, maxLength: 6, selector: ({ element }) => element },
      ),
    })
    .map(facts);

  test("a fact differs exactly when its hash does", () => {
    fc.assert(
      fc.property(anyFacts, anyFacts, (before, after) => {
        const [old, current] = [fieldHashes(before), fieldHashes(after)];
        const changed = SCOPE_FIELDS.filter((field) => old[field] !== current[field]);
        expect(difference(before, after).map(({ field }) => field)).toEqual(changed);
        expect(difference(before, before)).toEqual([]);
      }),
    );
  });

  test("rows added one way are removed the other way", () => {
    fc.assert(
      fc.property(anyFacts, anyFacts, (before, after) => {
        const rows = (a: ScopeFacts, b: ScopeFacts) =>
          difference(a, b).find(({ field }) => field === "dataElements")?.rows;
        expect(rows(before, after)?.added).toEqual(rows(after, before)?.removed);
      }),
    );
  });

  test("a list says which rows were added, removed and changed", () => {
    const people = [
      { jurisdiction: "DE", count: 10 },
      { jurisdiction: "FR", count: 2 },
    ];
    const now = [
      { jurisdiction: "DE", count: 12 },
      { jurisdiction: "AT", count: 1 },
    ];
    expect(difference(facts({ people }), facts({ people: now }))).toEqual([
      {
        field: "people",
        before: people,
        after: now,
        rows: {
          added: [{ jurisdiction: "AT", count: 1 }],
          removed: [{ jurisdiction: "FR", count: 2 }],
          changed: [
            {
              before: { jurisdiction: "DE", count: 10 },
              after: { jurisdiction: "DE", count: 12 },
            },
          ],
        },
      },
    ]);
    expect(difference(first, facts({ people }))[0]?.rows?.added).toEqual(people);
  });

  test("the hash of a fact is that of its canonical JSON", () => {
    // printf '"not-yet-known"' | sha256sum
    expect(fieldHashes(first).place).toBe(
      "4e53dfe52b48a80c3bb933887fce0c3bda40d271a6e608eaef449feca1372aa7",
    );
  });
});

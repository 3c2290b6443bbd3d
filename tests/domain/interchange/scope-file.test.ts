import { describe, expect, test } from "vitest";

import { NOT_YET_KNOWN } from "../../../src/domain/instant.ts";
import { readScopeFile } from "../../../src/domain/interchange/scope-file.ts";
import { Refusal } from "../../../src/domain/refusal.ts";

const NOW = new Date("2026-03-03T10:00:00Z");
const LEAST = `zone: Europe/Berlin
awareAt: 2026-03-02T14:05+01:00
dataElements: [name, { element: ssn, state: confirmed }]
`;

test("three fields are enough; the others are not yet known", () => {
  const { incident, facts, answers } = readScopeFile(LEAST, NOW);
  expect(incident).toEqual({
    awareAt: new Date("2026-03-02T13:05:00Z"),
    awareZone: "Europe/Berlin",
  });
  expect(facts.dataElements).toEqual([
    { element: "name", state: "suspected" },
    { element: "ssn", state: "confirmed" },
  ]);
  const { people, encryption, sector, role, discoveredAt } = facts;
  expect(new Set([people, encryption, sector, role, discoveredAt])).toEqual(
    new Set([NOT_YET_KNOWN]),
  );
  expect(answers).toEqual({ given: {}, events: {}, met: {} });
});

test("a file may say all that an assessment reads", () => {
  const { facts, answers } = readScopeFile(
    `${LEAST}
occurredFrom: 2026-03-01T23:30:00+01:00
discoveredAt: 2026-03-02
people: { DE: 1200, US-CA: 7 }
encryption: full
keyState: taken
sector: health-care
role: processor
risk: high-risk
establishment: DE
answers: { hipaa-covered-entity: no, cost: 5, land: DE }
events: { determination: 2026-03-02, classification: 2026-03-02T15:00+01:00 }
met: { eu-gdpr-33/regulator/initial@DE: 2026-03-03T09:00Z }
`,
    NOW,
  );
  expect(facts).toMatchObject({
    occurredFrom: { at: new Date("2026-03-01T22:30:00Z"), precision: "minute" },
    discoveredAt: { at: new Date("2026-03-01T23:00:00Z"), precision: "day", zone: "Europe/Berlin" },
    people: [
      { jurisdiction: "DE", count: 1_200 },
      { jurisdiction: "US-CA", count: 7 },
    ],
    keyState: "taken",
  });
  expect(answers).toEqual({
    given: { "hipaa-covered-entity": "no", cost: 5, land: "DE" },
    events: {
      determination: { day: "2026-03-02" },
      classification: { at: new Date("2026-03-02T14:00:00Z"), zone: "Europe/Berlin" },
    },
    met: { "eu-gdpr-33/regulator/initial@DE": new Date("2026-03-03T09:00:00Z") },
    risk: "high-risk",
    establishment: "DE",
  });
});

describe("bad input is named with its field and line", () => {
  test.each<[string, string, [string, number][]]>([
    ["a time without a zone", LEAST.replace("+01:00", ""), [["awareAt", 2]]],
    ["an awareness before the discovery", `${LEAST}discoveredAt: 2026-03-03\n`, [["awareAt", 2]]],
    ["an awareness in the future", LEAST.replace("03-02T", "03-04T"), [["awareAt", 2]]],
    ["no awareness", LEAST.replace(/awareAt.*\n/, ""), [["awareAt", 1]]],
    ["a zone that is none", LEAST.replace("Berlin", "Bärlin"), [["zone", 1]]],
    ["no kind of data", LEAST.replace(/\[.*\]/, "[]"), [["dataElements", 3]]],
    ["one that does not exist", LEAST.replace("name", "shoes"), [["dataElements.0", 3]]],
    [
      "a state that does not exist",
      LEAST.replace("confirmed", "sure"),
      [["dataElements.1.state", 3]],
    ],
    ["one listed twice", LEAST.replace("name", "ssn"), [["dataElements.1", 3]]],
    ["a country that does not exist", `${LEAST}people:\n  DE: 1\n  QQ: 2\n`, [["people.QQ", 6]]],
    ["the United Kingdom by its nickname", `${LEAST}people:\n  UK: 2\n`, [["people.UK", 5]]],
    ["fewer than nobody", `${LEAST}people:\n  DE: -1\n`, [["people.DE", 5]]],
    ["nobody", `${LEAST}people:\n  DE: 0\n`, [["people.DE", 5]]],
    [
      "a part of a person",
      `${LEAST}people:\n  DE: 1.5\n  FR: many\n`,
      [
        ["people.DE", 5],
        ["people.FR", 6],
      ],
    ],
    ["a field that does not exist", `${LEAST}encrypted: none\n`, [["encrypted", 4]]],
    ["a key without a lock", `${LEAST}keyState: taken\n`, [["keyState", 4]]],
    [
      "a breach discovered before it began",
      `${LEAST}occurredFrom: 2026-03-02\ndiscoveredAt: 2026-03-01\n`,
      [["discoveredAt", 5]],
    ],
    [
      "an answer that is none",
      `${LEAST}answers:\n  was-it-bad: maybe\n`,
      [["answers.was-it-bad", 5]],
    ],
    [
      "an event that starts nothing",
      `${LEAST}events:\n  lunch: 2026-03-01\n`,
      [["events.lunch", 5]],
    ],
    ["the same field twice", `${LEAST}zone: UTC\n`, [["file", 4]]],
    ["what is not YAML", "zone: [\n", [["file", 2]]],
    ["what is no list of fields", "zone\n", [["file", 1]]],
    ["nothing", "", [["file", 1]]],
    [
      "a file that explodes",
      `a: &a [x, x]\nb: &b [${"*a, ".repeat(99)}*a]\nc: [${"*b, ".repeat(99)}*b]\n`,
      [],
    ],
  ])("%s", (_name, text, expected) => {
    const { fields } = refused(text);
    expect(fields.map(({ field, line }) => [field, line])).toEqual(expected);
  });
});

function refused(text: string): Refusal {
  try {
    readScopeFile(text, NOW);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("It was not refused.");
}

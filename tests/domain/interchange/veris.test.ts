import { describe, expect, test } from "vitest";

import { Element } from "../../../src/domain/element.ts";
import type { Incident } from "../../../src/domain/incident.ts";
import { NOT_YET_KNOWN } from "../../../src/domain/instant.ts";
import { verisOf } from "../../../src/domain/interchange/veris-export.ts";
import { VerisImport } from "../../../src/domain/interchange/veris-form.ts";
import { readVeris } from "../../../src/domain/interchange/veris-import.ts";
import {
  ELEMENT_OF,
  INDUSTRY_OF,
  VARIETY_OF,
  sectorOf,
} from "../../../src/domain/interchange/veris-words.ts";
import { Sector, firstFacts } from "../../../src/domain/scope.ts";
import type { ScopeFacts } from "../../../src/domain/scope.ts";
import { VerisIncident } from "../../support/veris.ts";

const INCIDENT: Incident = {
  id: "6b1f0c66-0d7e-4b83-9c6e-0f3c2c6c1a11",
  version: 1,
  title: "Ada Example’s laptop",
  determination: "confirmed",
  state: "containment",
  awareAt: new Date("2026-03-02T08:15:00Z"),
  awareZone: "Europe/Berlin",
  sensitivityOverride: null,
  sensitivityReason: null,
  owners: {},
  runbook: null,
  declaredBy: "6b1f0c66-0d7e-4b83-9c6e-0f3c2c6c1a12",
  declaredAt: new Date("2026-03-02T09:00:00Z"),
};
const NOTHING = firstFacts({
  whatHappened: "Ada Example left her laptop on a train.",
  dataElements: [{ element: "name", state: "suspected" }],
});
const MUCH: ScopeFacts = {
  ...NOTHING,
  dataElements: [
    { element: "ssn", state: "confirmed" },
    { element: "name", state: "confirmed" },
    { element: "religion", state: "suspected" },
    { element: "password", state: "ruled-out" },
  ],
  occurredFrom: { at: new Date("2026-02-20T11:00:00Z"), zone: "Europe/Berlin", precision: "day" },
  discoveredAt: { at: new Date("2026-03-01T20:00:00Z"), zone: "Europe/Berlin", precision: "hour" },
  containedAt: { at: new Date("2026-03-02T01:30:00Z"), zone: "Europe/Berlin", precision: "minute" },
  place: "The house of Ada Example",
  how: "Ada Example forgot it.",
  people: [
    { jurisdiction: "DE", count: 1_200 },
    { jurisdiction: "US-CA", count: 34 },
  ],
  encryption: "partial",
  keyState: "taken",
  sector: "health-plan",
  role: "processor",
};

describe("an export", () => {
  test("is an incident as VERIS demands it, whatever is known", () => {
    const all = [NOTHING, MUCH, ...Sector.options.map((sector) => ({ ...MUCH, sector }))];
    for (const facts of all)
      expect(VerisIncident.safeParse(verisOf(INCIDENT, facts)).error).toBeUndefined();
  });

  test("says what is known, in the words of VERIS", () => {
    const { timeline, victim, attribute, ...veris } = verisOf(INCIDENT, MUCH);
    expect(veris.security_incident).toBe("Confirmed");
    expect(timeline).toEqual({
      incident: { year: 2026, month: 2, day: 20 },
      discovery: { unit: "Days", value: 9 },
      containment: { unit: "Hours", value: 5 },
    });
    expect(victim.industry).toBe("524114");
    expect(attribute.confidentiality).toEqual({
      data_disclosure: "Yes",
      data_total: 1_234,
      data: [{ variety: "Sensitive Personal" }, { variety: "Personal" }],
      data_victim: ["Unknown"],
      state: ["Stored", "Stored encrypted", "Stored unencrypted"],
    });
  });

  test("calls unknown what is not known, and says of which time it speaks", () => {
    const veris = verisOf(INCIDENT, NOTHING);
    expect(veris.timeline).toEqual({
      incident: { year: 2026, month: 3, day: 2 },
      discovery: { unit: "Unknown" },
      containment: { unit: "Unknown" },
    });
    expect(veris.notes).toContain("When it began is not known");
    expect(veris.attribute.confidentiality.data_total).toBeUndefined();
    expect(veris.attribute.confidentiality.state).toEqual(["Unknown"]);
    expect(veris.victim.industry).toBe("000");
  });

  test("lets no text out that a person wrote", () => {
    expect(JSON.stringify(verisOf(INCIDENT, MUCH))).not.toMatch(/Ada|laptop|house|train/);
  });

  test("read by another Candor gives what this one knew, and leaves nothing unread", () => {
    const read = taken({ veris: JSON.parse(JSON.stringify(verisOf(INCIDENT, MUCH))) });
    const { place: _, how: _how, whatHappened: _what, ...coded } = MUCH;
    expect(read.facts).toMatchObject(coded);
    expect(read.declaration.awareAt).toEqual(INCIDENT.awareAt);
    expect([read.unread, read.assumed]).toEqual([[], []]);
  });
});

describe("every kind of data", () => {
  test("has its variety, and each variety is read as a kind that has it", () => {
    expect(Object.keys(VARIETY_OF).toSorted()).toEqual([...Element.options].toSorted());
    const back = Object.entries(ELEMENT_OF).filter(([variety]) => variety !== "Unknown");
    for (const [variety, element] of back)
      expect([element, VARIETY_OF[element]]).toEqual([element, variety]);
  });

  test("and every sector but one comes back from its NAICS code", () => {
    for (const sector of Sector.options.filter((each) => each !== "other"))
      expect(sectorOf(INDUSTRY_OF[sector])).toBe(sector);
    expect(["00", "236", "4511", "491110"].map(sectorOf)).toEqual([
      NOT_YET_KNOWN,
      "other",
      "retail",
      "transport",
    ]);
  });
});

/** As somebody else might share one. */
const FOREIGN = {
  schema_version: "1.3.7",
  incident_id: "example-0042",
  security_incident: "Confirmed",
  summary: "A server was broken into.",
  reference: "https://news.example.org/42",
  timeline: {
    incident: { year: 2025, month: 11, day: 30 },
    discovery: { unit: "Weeks", value: 2 },
    containment: { unit: "Hours" },
    exfiltration: { unit: "Minutes", value: 5 },
  },
  victim: { country: ["US"], employee_count: "11 to 100", industry: "622110", government: ["NA"] },
  actor: {
    external: { variety: ["Organized crime"], motive: ["Financial"], country: ["Unknown"] },
  },
  action: { hacking: { variety: ["Use of stolen creds"], vector: ["Web application"] } },
  asset: { assets: [{ variety: "S - Database", amount: 1 }], cloud: ["Unknown"] },
  attribute: {
    confidentiality: {
      data_disclosure: "Potentially",
      data_total: 5_000,
      data: [
        { variety: "Medical", amount: 5_000 },
        { variety: "Source code" },
        { variety: "Unknown" },
      ],
      state: ["Stored", "Stored unencrypted"],
    },
  },
  discovery_method: { internal: { variety: ["Log review"] } },
  plus: { "analyst ada@example.com": "A" },
};

describe("an import", () => {
  test("takes what it understands", () => {
    const { facts, determination, declaration } = taken({ veris: FOREIGN });
    expect(determination).toBe("confirmed");
    expect(declaration.title).toBe("VERIS incident example-0042");
    expect(facts.whatHappened).toBe("A server was broken into.");
    expect(facts.occurredFrom).toEqual({
      at: new Date("2025-11-30T05:00:00Z"),
      zone: "America/New_York",
      precision: "day",
    });
    expect(facts.discoveredAt).toMatchObject({
      at: new Date("2025-12-14T05:00:00Z"),
      precision: "week",
    });
    expect([facts.containedAt, facts.people]).toEqual([NOT_YET_KNOWN, NOT_YET_KNOWN]);
    expect([facts.sector, facts.encryption]).toEqual(["health-care", "none"]);
    expect(facts.dataElements).toEqual([
      { element: "medical", state: "suspected" },
      { element: "other", state: "suspected" },
    ]);
    expect(declaration.awareAt).toEqual(new Date("2025-12-14T05:00:00Z"));
  });

  test("names every field that says something and was not taken, and echoes no odd name", () => {
    const { unread, assumed } = taken({ veris: FOREIGN });
    expect(unread.map(({ field }) => field)).toEqual([
      "action.hacking.variety.0",
      "action.hacking.vector.0",
      "actor.external.motive.0",
      "actor.external.variety.0",
      "asset.assets.0.amount",
      "asset.assets.0.variety",
      "attribute.confidentiality.data.0.amount",
      "attribute.confidentiality.data.1.variety",
      "attribute.confidentiality.data_total",
      "discovery_method.internal.variety.0",
      "plus.?",
      "reference",
      "timeline.containment.unit",
      "timeline.exfiltration.unit",
      "timeline.exfiltration.value",
      "victim.country.0",
      "victim.employee_count",
      "victim.government.0",
    ]);
    expect(assumed).toHaveLength(2);
    expect(assumed.join(" ")).toMatch(/coarser.*became aware/);
  });

  test("takes the awareness that the person gives before one it would guess", () => {
    const awareAt = "2025-12-20T09:00-05:00";
    const { declaration, assumed } = taken({ veris: FOREIGN, awareAt });
    expect(declaration.awareAt).toEqual(new Date(awareAt));
    expect(assumed.join(" ")).not.toContain("became aware");
  });

  test.each<[string, object, string]>([
    ["another version", { schema_version: "1.2" }, "veris.schema_version"],
    ["no id", { incident_id: " " }, "veris.incident_id"],
    ["a word VERIS does not have", { security_incident: "Yes" }, "veris.security_incident"],
    [
      "a day that is none",
      { timeline: { incident: { year: 2025, month: 2, day: 30 } } },
      "veris.timeline.incident.day",
    ],
    [
      "a day without its month",
      { timeline: { incident: { year: 2025, day: 3 } } },
      "veris.timeline.incident.month",
    ],
    [
      "a fraction of a year",
      { timeline: { incident: { year: 2025.5 } } },
      "veris.timeline.incident.year",
    ],
    [
      "a discovery before it began",
      { timeline: { incident: { year: 2025 }, discovery: { unit: "Days", value: -1 } } },
      "veris.timeline.discovery.value",
    ],
    [
      "an age of the world",
      { timeline: { incident: { year: 2025 }, discovery: { unit: "Years", value: 1e6 } } },
      "veris.timeline.discovery.value",
    ],
    [
      "a variety VERIS does not have",
      { attribute: { confidentiality: { data: [{ variety: "Shoes" }] } } },
      "veris.attribute.confidentiality.data.0.variety",
    ],
    ["an industry in words", { victim: { industry: "health" } }, "veris.victim.industry"],
  ])("refuses %s, by its field", (_name, over, field) => {
    const { error } = VerisImport.safeParse({ veris: { ...FOREIGN, ...over }, zone: "UTC" });
    expect(error?.issues.map(({ path }) => path.join("."))).toEqual([field]);
  });

  test("asks for the zone in which VERIS tells its times", () => {
    const { error } = VerisImport.safeParse({ veris: FOREIGN });
    expect(error?.issues.map(({ path }) => path.join("."))).toEqual(["zone"]);
  });
});

function taken(given: { readonly veris: unknown; readonly awareAt?: string }) {
  return readVeris(VerisImport.parse({ zone: "America/New_York", ...given }));
}

import { readFileSync } from "node:fs";

import { parse } from "yaml";
import { z } from "zod";

import { Element, ExposedElement } from "../../src/domain/element.ts";
import { Day, Instant, NOT_YET_KNOWN } from "../../src/domain/instant.ts";
import type { Moment } from "../../src/domain/instant.ts";
import { ClockEvent } from "../../src/domain/law/due.ts";
import { RiskLevel } from "../../src/domain/law/condition.ts";
import type { Authority, Library, Place, Rule } from "../../src/domain/law.ts";
import { AnswerValue, Mark } from "../../src/domain/obligation.ts";
import type { Answers, Assessment } from "../../src/domain/obligation.ts";
import { assess } from "../../src/domain/obligation/assess.ts";
import { endOfDay, startOfDay } from "../../src/domain/obligation/calendar.ts";
import type { AssessedFacts, AssessedIncident } from "../../src/domain/obligation/scene.ts";
import { ScopeFacts, firstFacts } from "../../src/domain/scope.ts";

const When = z.union([Day, Instant]);

/** A case: what is known of an incident, and what must come out, to the minute. */
export const LawCase = z.strictObject({
  id: z.string(),
  title: z.string(),
  /** Where the expectation comes from: the rule's own source. */
  source: z.string().exactOptional(),
  zone: z.string(),
  aware: When,
  discovered: When.exactOptional(),
  occurred: When.exactOptional(),
  /** Jurisdiction → how many. */
  people: z.union([z.literal(NOT_YET_KNOWN), z.record(z.string(), z.int())]),
  elements: z.array(z.union([Element, ExposedElement])),
  scope: ScopeFacts.pick({ encryption: true, keyState: true, sector: true, role: true })
    .partial()
    .default({}),
  answers: z.record(z.string(), AnswerValue).default({}),
  risk: RiskLevel.exactOptional(),
  establishment: z.string().exactOptional(),
  events: z.partialRecord(ClockEvent, When).default({}),
  met: z.record(z.string(), When).default({}),
  duties: z.array(
    z.strictObject({
      id: z.string(),
      /** A day is due with its last second, where the duty is owed. */
      due: When.exactOptional(),
      waitsFor: z.string().exactOptional(),
      standard: z.string().exactOptional(),
      authority: z.string().exactOptional(),
      persons: z.int().exactOptional(),
      months: z.int().exactOptional(),
      headings: z.int().exactOptional(),
      contains: z.array(z.string()).exactOptional(),
      prohibited: z.array(z.string()).exactOptional(),
      marks: z.array(Mark).exactOptional(),
      says: z.string().exactOptional(),
    }),
  ),
  /** `rule`, `rule/duty` or `rule/duty/stage`, and what the reason says. */
  not: z.record(z.string(), z.string().nullable()).default({}),
  upcoming: z.array(z.string()).default([]),
});
export type LawCase = z.output<typeof LawCase>;

/** The cases of a file of this folder's neighbours. */
export function readCases(path: string): LawCase[] {
  return z.array(LawCase).parse(parse(readFileSync(path, "utf8")));
}

/** Assess a case. */
export function assessCase(given: LawCase, library: Library): Assessment {
  return assess(incidentOf(given), factsOf(given), library, answersOf(given));
}

/** The incident of a case. A day of awareness is its first instant. */
export function incidentOf({ aware, zone }: LawCase): AssessedIncident {
  return { awareAt: instantOf(aware, zone), awareZone: zone };
}

/** The facts of a case. */
export function factsOf(given: LawCase): AssessedFacts {
  const { elements, people, discovered, occurred, scope, zone } = given;
  const dataElements = elements.map((each) =>
    typeof each === "string" ? { element: each, state: "confirmed" as const } : each,
  );
  const counts =
    people === NOT_YET_KNOWN
      ? people
      : Object.entries(people).map(([jurisdiction, count]) => ({ jurisdiction, count }));
  return {
    ...firstFacts({ whatHappened: "A case.", dataElements }),
    encryption: scope.encryption ?? NOT_YET_KNOWN,
    keyState: scope.keyState ?? NOT_YET_KNOWN,
    sector: scope.sector ?? NOT_YET_KNOWN,
    role: scope.role ?? NOT_YET_KNOWN,
    people: counts,
    discoveredAt: discovered === undefined ? NOT_YET_KNOWN : momentOf(discovered, zone),
    occurredFrom: occurred === undefined ? NOT_YET_KNOWN : momentOf(occurred, zone),
  };
}

/** The answers of a case. */
export function answersOf(given: LawCase): Answers {
  const { answers, events, met, risk, establishment, zone } = given;
  return {
    given: answers,
    events: Object.fromEntries(
      Object.entries(events).map(([event, when]) => [
        event,
        typeof when === "string" ? { day: when } : { at: when, zone },
      ]),
    ),
    met: Object.fromEntries(Object.entries(met).map(([id, when]) => [id, instantOf(when, zone)])),
    ...(risk && { risk }),
    ...(establishment !== undefined && { establishment }),
  };
}

/** Why a rule, a duty or a stage asks for nothing here; nothing where it asks, or nobody says. */
export function reasonAgainst({ whyNot }: Assessment, path: string): string | undefined {
  const [rule, duty] = path.split("/");
  return whyNot.find(
    (each) => each.rule === rule && (each.duty === undefined || each.duty === duty),
  )?.because;
}

/** The last second of a day in the zone of a place, or the instant itself. */
export function dueOfCase(due: string | Date, zone: string): Date {
  return typeof due === "string" ? endOfDay(due, zone) : due;
}

/** A rule to start from: a law of a country that asks the authority to be told of everything. */
export function ruleOf(given: Partial<Rule> = {}): Rule {
  return {
    id: "xa-law",
    jurisdiction: "DE",
    name: "A law",
    citation: "Art. 1",
    sector: null,
    role: "either",
    status: "in-force",
    inForce: { from: "2020-01-01" },
    unless: [],
    duties: [dutyOf()],
    lawEnforcementHold: false,
    provenance: { established: "source", asOf: "2026-11", sources: [] },
    ...given,
  };
}

/** A duty to start from: the authority, 72 hours after awareness. */
export function dutyOf(given: Partial<Rule["duties"][number]> = {}): Rule["duties"][number] {
  const from = ["awareness" as const];
  return {
    key: "regulator",
    to: "regulator",
    who: "the authority",
    stages: [{ stage: "initial", due: { limits: [{ amount: 72, unit: "hours", from }], from } }],
    contents: [],
    ...given,
  };
}

/** A library of these rules alone, with a few places, authorities and holidays. */
export function libraryOf(rules: readonly Rule[]): Library {
  return {
    rules,
    questions: new Map(),
    places: new Map(PLACES.map((place) => [place.code, place])),
    authorities: AUTHORITIES,
    versions: new Map(rules.map(({ id }) => [id, "000000000000"])),
    isHoliday: (calendar, day) => calendar === "DE" && HOLIDAYS.has(day),
  };
}

const HOLIDAYS = new Set(["2026-05-25", "2026-12-25", "2026-12-26", "2027-01-01"]);
const PLACES: readonly Place[] = Object.entries({
  EU: "Europe/Brussels",
  DE: "Europe/Berlin",
  FR: "Europe/Paris",
  AT: "Europe/Vienna",
  ES: "Europe/Madrid",
  GB: "Europe/London",
  CH: "Europe/Zurich",
  US: "America/New_York",
  "US-AZ": "America/Phoenix",
  "US-CA": "America/Los_Angeles",
  XX: "UTC",
}).map(([code, zone]) => ({
  code,
  zone,
  weekend: [6, 7],
  ...(code === "DE" && { holidays: code }),
}));
const AUTHORITIES: readonly Authority[] = [
  "DE-BY",
  "GB-ENG",
  "CH",
  "DE",
  "FR",
  "GB-SCT",
  "DE-HH",
  "AT",
].map((place) => ({
  place,
  name: `Authority of ${place}`,
  role: "lead-authority",
  website: null,
  breachReportUrl: null,
}));

/** A case to start from: 100 people in Germany, names in the open, nothing else told. */
export function caseOf(given: Partial<LawCase> = {}): LawCase {
  return {
    id: "case",
    title: "A case",
    zone: "Europe/Berlin",
    aware: new Date("2026-06-01T08:00:00Z"),
    people: { DE: 100 },
    elements: ["name"],
    scope: {},
    answers: {},
    events: {},
    met: {},
    duties: [],
    not: {},
    upcoming: [],
    ...given,
  };
}

function momentOf(when: string | Date, zone: string): Moment {
  const precision = typeof when === "string" ? "day" : "minute";
  return { at: instantOf(when, zone), zone, precision };
}

function instantOf(when: string | Date, zone: string): Date {
  return typeof when === "string" ? startOfDay(when, zone) : when;
}

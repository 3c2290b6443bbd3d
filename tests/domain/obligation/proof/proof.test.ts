import { beforeAll, describe, expect, inject, test } from "vitest";

import { dueBySql } from "../../../support/due-sql.ts";
import type { SqlClock } from "../../../support/due-sql.ts";
import { LIBRARY } from "../../../support/law.ts";
import { assessCase } from "../../../support/law-case.ts";
import type { LawCase } from "../../../support/law-case.ts";
import {
  allNo,
  caseOfProof,
  clocksOf,
  countsOf,
  owedOf,
  readProofs,
} from "../../../support/law-proof.ts";
import type { Moments, Proof, Told } from "../../../support/law-proof.ts";
import { DAYS_OFF } from "./days-off.ts";

/** Around the change of the clocks, a leap day, and the end of the year. */
const TIMES: readonly Moments[] = [
  {
    awareness: new Date("2026-03-02T17:00Z"),
    discovery: "2026-03-02",
    detection: "2026-03-01",
    determination: "2026-03-05",
    confirmation: "2026-03-06",
  },
  {
    awareness: new Date("2028-01-14T17:00Z"),
    discovery: "2028-01-14",
    detection: "2028-01-13",
    determination: "2028-01-15",
    confirmation: "2028-01-16",
  },
  {
    awareness: new Date("2026-11-20T17:00Z"),
    discovery: "2026-11-20",
    detection: "2026-11-19",
    determination: "2026-11-25",
    confirmation: "2026-11-26",
  },
];
/** When people had been told, where a clock starts there. */
const TOLD_AT = ["2026-03-20T16:00Z", "2028-02-10T16:00Z", "2026-12-22T16:00Z"].map(
  (at) => new Date(at),
);
/** A night in October, by which it is the next day already east of Greenwich. */
const EVENING: Moments = {
  awareness: new Date("2026-10-14T20:30Z"),
  discovery: new Date("2026-10-14T18:05Z"),
  detection: new Date("2026-10-14T17:40Z"),
  determination: new Date("2026-10-15T09:10Z"),
  classification: new Date("2026-10-15T02:00Z"),
  occurrence: new Date("2026-10-12T08:00Z"),
  payment: new Date("2026-10-16T11:45Z"),
  "incident-resolved": new Date("2026-10-20T06:00Z"),
  "corrective-measure-available": new Date("2026-10-21T07:30Z"),
  "reasonable-belief": new Date("2026-10-14T22:15Z"),
  "materiality-determination": new Date("2026-10-16T13:00Z"),
  "forensic-investigation-required": new Date("2026-10-19T10:00Z"),
  "forensic-report-completed": new Date("2026-11-02T10:00Z"),
};

interface Row {
  readonly id: string;
  readonly proof: Proof;
  readonly given: LawCase;
  readonly owed: readonly [stage: string, told: Told][];
  /** Whether the rule asks for nothing else. */
  readonly only: boolean;
}

const STATES = ["us-a-to-m", "us-n-to-w", "us-federal"].flatMap(readProofs);
const rows: Row[] = [
  ...STATES.flatMap((proof) =>
    countsOf(proof).map((count, i) => {
      const id = `${proof.rule}: ${count} in ${proof.place} ${proof.about}`.trim();
      const told = Object.keys(proof.duties).some((stage) => stage === "individuals/full");
      const met = { ...(told && { "individuals/full": TOLD_AT[i % 3] ?? "" }), ...proof.met };
      const made = caseOfProof({ ...proof, met }, count, TIMES[i % 3] ?? {}, id);
      const given = { ...made, answers: { ...allNo(LIBRARY), ...made.answers } };
      return { id, proof, given, owed: owedOf(proof, count), only: true };
    }),
  ),
  ...["americas", "europe", "africa", "asia", "chains", "edges"]
    .flatMap(readProofs)
    .map((proof, i) => {
      const { people = 5_000, rule, place, about } = proof;
      const id = `${rule}: ${place} ${about || i}`;
      const given = caseOfProof(proof, people, EVENING, id);
      return { id, proof, given, owed: owedOf(proof, 1), only: false };
    }),
];

let due: ReadonlyMap<string, Date>;

beforeAll(async () => {
  const clocks: SqlClock[] = rows.flatMap(({ id, proof, given, owed }) =>
    owed.flatMap(([stage, told]) => clocksOf(told, given, proof, `${id} ${stage}`)),
  );
  due = await dueBySql(inject("mainUrl"), clocks, DAYS_OFF);
});

describe("each case as a second routine reckons it", () => {
  test.each(rows)("$id", ({ id, proof, given, owed, only }) => {
    const { obligations } = assessCase(given, LIBRARY);
    const found = new Map(
      obligations.flatMap((each) =>
        each.rule.id === proof.rule ? [[each.id.slice(proof.rule.length + 1), each]] : [],
      ),
    );
    if (only) expect([...found.keys()].toSorted()).toEqual(owed.map(([stage]) => stage).toSorted());
    for (const [stage, { words }] of owed) {
      const reckoned = found.get(stage)?.due;
      expect(reckoned, `${stage} of ${[...found.keys()].join(", ")}`).toBeDefined();
      if (words !== undefined) expect(reckoned).toMatchObject({ standard: words });
      expect(reckoned?.at, reckoned?.because).toEqual(due.get(`${id} ${stage}`));
    }
  });

  test("cites the source of its rule", () => {
    const rules = new Map(LIBRARY.rules.map((rule) => [rule.id, rule]));
    for (const { proof } of rows) {
      const rule = rules.get(proof.rule);
      expect(rule?.citation, proof.rule).toBe(proof.cites);
      const urls = rule?.provenance.sources.flatMap(({ url }) => url ?? []);
      if (proof.url === undefined) expect(urls, proof.rule).toEqual([]);
      else expect(urls, proof.rule).toContain(proof.url);
      expect([proof.place, "EU", "XX", "US"]).toContain(rule?.jurisdiction);
    }
  });

  test("every jurisdiction that has a duty has a case", () => {
    const tried = new Set(rows.map(({ proof }) => proof.rule));
    const places = new Set(
      LIBRARY.rules.flatMap((rule) => (tried.has(rule.id) ? rule.jurisdiction : [])),
    );
    const owing = LIBRARY.rules.filter(
      ({ duties, status }) => duties.length > 0 && IN_FORCE.has(status),
    );
    expect(
      [...new Set(owing.map(({ jurisdiction }) => jurisdiction))].filter(
        (each) => !places.has(each),
      ),
    ).toEqual([]);
  });
});

const IN_FORCE = new Set(["in-force", "voluntary", "contractual"]);

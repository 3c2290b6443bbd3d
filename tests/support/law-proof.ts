import { readFileSync } from "node:fs";

import { parse } from "yaml";
import { z } from "zod";

import { Element } from "../../src/domain/element.ts";
import { Day, Instant } from "../../src/domain/instant.ts";
import { ClockEvent } from "../../src/domain/law/due.ts";
import type { Library } from "../../src/domain/law.ts";
import type { SqlClock } from "./due-sql.ts";
import type { LawCase } from "./law-case.ts";

const When = z.union([Day, Instant]);
const amount = z.int().min(1).exactOptional();

/** What one stage of a duty asks for. */
const Told = z.strictObject({
  /** By how many people here: more than, so many or more, fewer than. */
  over: z.int().exactOptional(),
  least: z.int().exactOptional(),
  under: z.int().exactOptional(),
  hours: amount,
  days: amount,
  "business-days": amount,
  months: amount,
  /** `02-01`: of the year after. */
  yearDay: z
    .string()
    .regex(/^\d\d-\d\d$/)
    .exactOptional(),
  /** An event, or `rule/duty/stage` or the stage of the same rule that was met: the start. */
  from: z.string().exactOptional(),
  dayOne: z.literal(true).exactOptional(),
  fromYearEnd: z.literal(true).exactOptional(),
  roll: z.string().exactOptional(),
  /** Whose days: the place of the row unless it says otherwise. */
  zone: z.string().exactOptional(),
  /** A second clock: the earlier counts. */
  or: z.strictObject({ hours: z.int(), from: z.string() }).exactOptional(),
  /** The law's words where it has no number. */
  words: z.string().exactOptional(),
});
export type Told = z.output<typeof Told>;

/** What a rule asks for, written down from its source and not from the product's data. */
export const Proof = z.strictObject({
  rule: z.string(),
  place: z.string(),
  zone: z.string(),
  /** Whose weekend and holidays; `US` unless it says otherwise. */
  calendar: z.string().default("US"),
  cites: z.string(),
  url: z.string().exactOptional(),
  /** What this one is about. */
  about: z.string().default(""),
  people: z.int().exactOptional(),
  /** Where else people live: counted in all, not here. */
  elsewhere: z.record(z.string(), z.int()).default({}),
  sector: z.string().exactOptional(),
  role: z.string().default("controller"),
  risk: z.enum(["unlikely", "risk", "high-risk"]).exactOptional(),
  establishment: z.string().exactOptional(),
  elements: z.array(Element).exactOptional(),
  yes: z.array(z.string()).default([]),
  no: z.array(z.string()).default([]),
  /** Beside or instead of those of the table. */
  when: z.partialRecord(ClockEvent, When).default({}),
  met: z.record(z.string(), When).default({}),
  duties: z.record(z.string(), Told),
});
export type Proof = z.output<typeof Proof>;

/** When everything happened that can start a clock. */
export type Moments = Readonly<Partial<Record<ClockEvent, string | Date>>>;

/** The rows of a table of this kind. */
export function readProofs(name: string): Proof[] {
  const path = `tests/domain/obligation/proof/${name}.yaml`;
  return z.array(Proof).parse(parse(readFileSync(path, "utf8")));
}

/** A row as a case: `people` there, all of this having happened then, and nothing else known. */
export function caseOfProof(proof: Proof, people: number, moments: Moments, id: string): LawCase {
  const { awareness, discovery, ...events } = { ...moments, ...proof.when };
  const { rule, zone, place, risk, establishment } = proof;
  const { sector, role } = proof;
  return {
    id,
    title: proof.about,
    zone,
    aware: awareness ?? new Date(Number.NaN),
    ...(discovery !== undefined && { discovered: discovery }),
    people: { ...(people < 0 ? {} : { [place]: people }), ...proof.elsewhere },
    elements: proof.elements ?? ["name", "ssn", "drivers-licence"],
    scope: {
      encryption: "none",
      role,
      ...(sector !== undefined && { sector }),
    } as LawCase["scope"],
    answers: Object.fromEntries([
      ...proof.no.map((code) => [code, "no"]),
      ...proof.yes.map((code) => [code, "yes"]),
    ]),
    ...(risk && { risk }),
    ...(establishment !== undefined && { establishment }),
    events,
    met: Object.fromEntries(
      Object.entries(proof.met).map(([stage, when]) => [pathOf(rule, stage), when]),
    ),
    duties: [],
    not: {},
    upcoming: [],
  };
}

/** The stages of a row that are owed where so many people are affected. */
export function owedOf({ duties }: Proof, people: number): [stage: string, told: Told][] {
  return Object.entries(duties).filter(
    ([, { over, least, under }]) =>
      people > 0 &&
      (over === undefined || people > over) &&
      (least === undefined || people >= least) &&
      (under === undefined || people < under),
  );
}

/** One below, on and one above each number that a row names; nobody and one where it names none. */
export function countsOf({ duties, people }: Proof): number[] {
  if (people !== undefined) return [people];
  const limits = Object.values(duties).flatMap(
    ({ over, least, under }) => over ?? least ?? under ?? [],
  );
  const around = limits.flatMap((limit) => [limit - 1, limit, limit + 1]);
  return around.length === 0 ? [0, 1] : [...new Set(around)].toSorted((one, other) => one - other);
}

/** The clocks of a stage as the second routine takes them; none where the law has words alone. */
export function clocksOf(told: Told, given: LawCase, proof: Proof, id: string): SqlClock[] {
  if (told.words !== undefined) return [];
  const { rule, calendar } = proof;
  const { events, aware, discovered, met } = given;
  const startOf = (from: string) => {
    const happened = { ...events, awareness: aware, discovery: discovered };
    const when = happened[from as keyof typeof happened] ?? met[pathOf(rule, from)];
    if (when === undefined) throw new Error(`${id}: nothing says when “${from}” was.`);
    return typeof when === "string" ? { day: when, at: null } : { day: null, at: when };
  };
  const { dayOne = false, fromYearEnd = false, roll = null, zone = given.zone } = told;
  const first = { id, zone, calendar, dayOne, fromYearEnd, roll, ...startOf(told.from ?? "") };
  const [unit, number] = limitOf(told, id);
  const { or } = told;
  return [
    { ...first, unit, amount: number },
    ...(or ? [{ ...first, ...startOf(or.from), unit: "hours" as const, amount: or.hours }] : []),
  ];
}

/** Answers “no” to every question that takes a yes or a no, so that nothing rests on doubt. */
export function allNo({ questions }: Library): Record<string, "no"> {
  const codes = [...questions.values()].flatMap(({ code, kind }) =>
    kind === "yes-no" ? code : [],
  );
  return Object.fromEntries(codes.map((code) => [code, "no"]));
}

function limitOf(told: Told, id: string): [SqlClock["unit"], number] {
  for (const unit of ["hours", "days", "business-days", "months"] as const) {
    const number = told[unit];
    if (number !== undefined) return [unit, number];
  }
  if (told.yearDay === undefined) throw new Error(`${id}: neither a number nor words.`);
  return ["year-day", Number(told.yearDay.replace("-", ""))];
}

/** `individuals` is met by `individuals/full`, its only stage in the states of the United States. */
function pathOf(rule: string, stage: string): string {
  return `${rule}/${stage.includes("/") ? stage : `${stage}/full`}`;
}

import { createHash } from "node:crypto";

import { DateTime } from "luxon";

import type { Declaration } from "../incident.ts";
import { NOT_YET_KNOWN } from "../instant.ts";
import type { Moment } from "../instant.ts";
import { firstFacts } from "../scope.ts";
import type { ScopeFacts } from "../scope.ts";
import type { HhsColumn, HhsLayout } from "./hhs-columns.ts";

/** One row of the list as an incident, or every cell of it that cannot be read. */
export type HhsRow =
  | { readonly ok: true; readonly read: HhsIncident }
  | { readonly ok: false; readonly problems: readonly CellProblem[] };

export interface HhsIncident {
  /** Tells rows apart for good, without saying what is in them. */
  readonly key: string;
  readonly declaration: Declaration;
  readonly facts: ScopeFacts;
  /** What could not be read and does not stop the row: it is not yet known. */
  readonly remarks: readonly CellProblem[];
}

/** What is wrong with one cell. Never quotes it. */
export interface CellProblem {
  readonly column: string;
  readonly code: string;
  readonly message: string;
}

/**
 * Read a row. Whoever had the breach is not kept: some are physicians under their own names. Kept
 * are state, people, dates, kind and place. What the list says by being that list: the data were
 * protected health information (`medical`; of identifiable people, so `name` is suspected) and
 * unsecured, so not encrypted. People are counted in the organisation's state, which is all the
 * list says. Nobody says when the organisation became aware: taken is the last day of the breach,
 * or the day it was reported where that is the only one.
 */
export function readHhsRow(
  cells: readonly string[],
  { at, width }: HhsLayout,
  zoneOf: (jurisdiction: string) => string,
): HhsRow {
  if (cells.length !== width)
    return { ok: false, problems: [{ column: "", code: "width", message: WIDTH }] };
  const problems: CellProblem[] = [];
  const cell = (column: HhsColumn) => (cells[at[column] ?? -1] ?? "").trim();
  const wrong = (column: HhsColumn, code: string) =>
    void problems.push({ column: SHOWN[column], code, message: MESSAGES[code] ?? "" });

  const state = cell("state").toUpperCase();
  if (!STATES.has(state)) wrong("state", "not-a-state");
  const count = countOf(cell("people"));
  if (count === undefined) wrong("people", "not-a-count");
  const types = wordsOf(cell("type"), TYPES);
  if (types === undefined) wrong("type", "unknown-type");
  const locations = wordsOf(cell("location"), LOCATIONS);
  if (locations === undefined) wrong("location", "unknown-location");
  const dates = datesOf(cell);
  if (typeof dates === "string") wrong(at.date === undefined ? "submitted" : "date", dates);

  if (count === undefined || !types || !locations || typeof dates === "string" || problems.length)
    return { ok: false, problems };
  const jurisdiction = `US-${state}`;
  const known = { jurisdiction, zone: zoneOf(jurisdiction), count, types, locations, dates };
  const form = { ...known, entity: cell("entity") };
  return { ok: true, read: { key: keyOf(cells, at), ...incidentOf(form) } };
}

interface Known {
  readonly jurisdiction: string;
  readonly zone: string;
  readonly count: number;
  readonly types: readonly string[];
  readonly locations: readonly string[];
  readonly dates: Dates;
  readonly entity: string;
}

function incidentOf({ jurisdiction, zone, count, types, locations, dates, entity }: Known) {
  const { from, to, endUnknown, submitted } = dates;
  const what = types.join(", ");
  const where = locations.join(", ");
  const whatHappened = `Reported to the US Department of Health and Human Services as: ${what}. Where the information was: ${where}.`;
  const dataElements: ScopeFacts["dataElements"] = [
    { element: "medical", state: "confirmed" },
    { element: "name", state: "suspected" },
  ];
  const last = to ?? from ?? submitted ?? "";
  const facts: ScopeFacts = {
    ...firstFacts({ whatHappened, dataElements }),
    occurredFrom: from === undefined ? NOT_YET_KNOWN : dayIn(from, zone),
    occurredTo: from === undefined || endUnknown ? NOT_YET_KNOWN : dayIn(last, zone),
    place: where,
    how: what,
    people: [{ jurisdiction, count }],
    encryption: "none",
    sector: /^health plan$/i.test(entity) ? "health-plan" : "health-care",
    role: /^business associate$/i.test(entity) ? "processor" : "controller",
  };
  const { at: awareAt } = dayIn(last, zone);
  const title = `Record of HHS: ${what}, ${jurisdiction}, ${last}`.slice(0, 200);
  return {
    declaration: { title, whatHappened, awareAt, awareZone: zone, dataElements },
    facts,
    remarks: endUnknown ? [END] : [],
  };
}

interface Dates {
  readonly from?: string;
  readonly to?: string;
  /** A last day is given, and is none. */
  readonly endUnknown: boolean;
  readonly submitted?: string;
}

/** The days of a row, or the code of what is wrong with them. */
function datesOf(cell: (column: HhsColumn) => string): Dates | string {
  const range = RANGE.exec(cell("date"));
  const from = isoOf(cell("start") || (range?.[1] ?? ""));
  const to = isoOf(cell("end") || (range?.[2] ?? ""));
  const submitted = isoOf(cell("submitted"));
  if (range === null || from === "wrong" || submitted === "wrong") return "not-a-date";
  if (from === "" && submitted === "") return "no-date";
  const ends = to !== "" && to !== "wrong";
  if (from !== "" && ends && to < from) return "end-before-start";
  return {
    ...(from !== "" && { from }),
    ...(ends && { to }),
    endUnknown: to === "wrong",
    ...(submitted !== "" && { submitted }),
  };
}

/** `10/16/2009` or `2009-10-16` as a day; empty stays empty. */
function isoOf(text: string): string {
  if (text === "") return "";
  const read = ["M/d/yyyy", "yyyy-MM-dd"].map((format) => DateTime.fromFormat(text, format));
  return read.find(({ isValid }) => isValid)?.toISODate() ?? "wrong";
}

/** A day as the place where it was told of; noon, so that it is the same day in neighbouring zones. */
function dayIn(day: string, zone: string): Moment {
  const at = DateTime.fromISO(`${day}T12:00`, { zone }).toJSDate();
  return { at, zone, precision: "day" };
}

/** A whole number of people above nobody, thousands separated by commas or not. */
function countOf(text: string): number | undefined {
  if (!/^(\d{1,10}|\d{1,3}(,\d{3}){1,3})$/.test(text)) return undefined;
  const count = Number(text.replaceAll(",", ""));
  return count >= 1 && count <= PEOPLE_MAX ? count : undefined;
}

/** The words of a list, in the list's own spelling; nothing where one is not among them. */
function wordsOf(text: string, known: readonly string[]): string[] | undefined {
  const given = text.split(",").map((word) => word.trim().toLowerCase());
  const found = given.map((word) => known.find((each) => each.toLowerCase() === word));
  const words = found.filter((word) => word !== undefined);
  return words.length === given.length ? [...new Set(words)] : undefined;
}

function keyOf(cells: readonly string[], at: HhsLayout["at"]): string {
  const said = Object.entries(at)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([column, index]) => [column, (cells[index] ?? "").trim().toLowerCase()]);
  return createHash("sha256").update(JSON.stringify(said)).digest("hex");
}

/** One day, two with a hyphen between, or none. */
const RANGE = /^(?:([\d/]{8,10}|\d{4}-\d{2}-\d{2})(?:\s*-\s*([\d/]{8,10}|\d{4}-\d{2}-\d{2}))?)?$/;
const MESSAGES: Readonly<Record<string, string>> = {
  "not-a-state": "Write the two letters of a US state or territory, such as TX.",
  "not-a-count": "Write a whole number of people, 1 or more.",
  "unknown-type": "Use the words of the list, such as Theft or Hacking/IT Incident.",
  "unknown-location": "Use the words of the list, such as Laptop or Network Server.",
  "not-a-date": "Write a real day such as 10/16/2009, or two with a hyphen between.",
  "no-date": "Give the date of the breach, or the date it was submitted.",
  "end-before-start": "The breach ends before it begins.",
};
const END: CellProblem = {
  column: "Date of Breach",
  code: "end-not-a-date",
  message: "The last day is no real day. It is not yet known; the first day counts.",
};
const WIDTH = "This row has more or fewer cells than the header line.";
const SHOWN: Readonly<Record<HhsColumn, string>> = {
  number: "Number",
  name: "Name of Covered Entity",
  state: "State",
  entity: "Covered Entity Type",
  people: "Individuals Affected",
  submitted: "Breach Submission Date",
  date: "Date of Breach",
  start: "Date of Breach",
  end: "Date of Breach",
  type: "Type of Breach",
  location: "Location of Breached Information",
  associate: "Business Associate Present",
};
const TYPES = [
  "Theft",
  "Loss",
  "Unauthorized Access/Disclosure",
  "Hacking/IT Incident",
  "Improper Disposal",
  "Other",
  "Unknown",
];
const LOCATIONS = [
  "Paper",
  "Paper/Films",
  "Laptop",
  "Desktop Computer",
  "Network Server",
  "E-mail",
  "Email",
  "Electronic Medical Record",
  "Other Portable Electronic Device",
  "Portable Electronic Device",
  "Other",
];
/** The states, the District of Columbia and the territories, as the post writes them. */
const STATES: ReadonlySet<string> = new Set(
  (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ " +
    "NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AS GU MP PR VI"
  ).split(" "),
);
const PEOPLE_MAX = 10_000_000_000;

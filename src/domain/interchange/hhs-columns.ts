/*
 * The columns of the US Department of Health and Human Services' list of breaches of unsecured
 * protected health information (45 CFR 164.408; the "breach portal"), as it exports them, and as
 * archived copies of it have them.
 */

export type HhsColumn =
  | "number"
  | "name"
  | "state"
  | "entity"
  | "people"
  | "submitted"
  | "date"
  | "start"
  | "end"
  | "type"
  | "location"
  | "associate";

/** Where each column is, and the headers that mean nothing here. */
export interface HhsLayout {
  readonly at: Readonly<Partial<Record<HhsColumn, number>>>;
  /** Named to the person: nothing of them is kept. */
  readonly ignored: readonly string[];
  /** Cells of every row. */
  readonly width: number;
}

/** The layout of a header line, or the columns that are missing or named twice. */
export function hhsLayout(headers: readonly string[]): HhsLayout | { readonly wrong: string[] } {
  const at: Partial<Record<HhsColumn, number>> = {};
  const ignored: string[] = [];
  const wrong: string[] = [];
  for (const [index, header] of headers.entries()) {
    const name = plain(header);
    const column = Object.hasOwn(HEADERS, name) ? HEADERS[name] : undefined;
    if (column === undefined) ignored.push(shown(header));
    else if (at[column] === undefined) at[column] = index;
    else wrong.push(`${header.trim()}: this column is there twice.`);
  }
  for (const [column, header] of NEEDED)
    if (at[column] === undefined) wrong.push(`${header}: this column is missing.`);
  if (at.date === undefined && at.start === undefined && at.submitted === undefined)
    wrong.push("Breach Submission Date: this column, or Date of Breach, is missing.");
  return wrong.length > 0 ? { wrong } : { at, ignored, width: headers.length };
}

/** As it is told to a person, whose terminal must not obey it. */
function shown(header: string): string {
  return header.trim().slice(0, SHOWN_MAX).replaceAll(/\p{C}/gu, "?");
}

function plain(header: string): string {
  return header
    .replace(/^\uFEFF/, "")
    .trim()
    .toLowerCase()
    .replaceAll(/[_\s]+/g, " ");
}

const HEADERS: Readonly<Record<string, HhsColumn>> = {
  number: "number",
  "name of covered entity": "name",
  state: "state",
  "covered entity type": "entity",
  "individuals affected": "people",
  "breach submission date": "submitted",
  "date of breach": "date",
  "breach start": "start",
  "breach end": "end",
  "type of breach": "type",
  "location of breached information": "location",
  "business associate present": "associate",
  "business associate involved": "associate",
};
const SHOWN_MAX = 60;
const NEEDED = [
  ["state", "State"],
  ["people", "Individuals Affected"],
  ["type", "Type of Breach"],
  ["location", "Location of Breached Information"],
] as const;

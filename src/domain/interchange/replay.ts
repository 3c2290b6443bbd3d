import type { Library } from "../law.ts";
import { assess } from "../obligation/assess.ts";
import { wallOf } from "../obligation/calendar.ts";
import type { Answers, Obligation } from "../obligation.ts";
import { NOT_YET_KNOWN } from "../instant.ts";
import type { HhsFile } from "./hhs-file.ts";

/** A duty of the HIPAA Breach Notification Rule that a row gives rise to. */
export interface ReplayedDuty {
  /** Its key in the rule: `individuals`, `regulator`, `regulator-2` (the annual log), `media`. */
  readonly duty: string;
  /** The last day on which it is on time. */
  readonly dueDay: string | undefined;
}

/** One row as it was assessed. */
export interface Replayed {
  readonly line: number;
  readonly people: number;
  readonly state: string;
  /** The day by which the law was chosen. */
  readonly day: string;
  /** Whether that is on or after the first day of the rule. */
  readonly underRule: boolean;
  readonly duties: readonly ReplayedDuty[];
}

/**
 * Assess every good row of a list, in memory: what the HIPAA rule would ask for had these facts
 * been declared. Whoever is on the list is a covered entity or its business associate, so that
 * question is answered; the others are left open.
 */
export function replay({ lines }: HhsFile, library: Library): Replayed[] {
  const rule = library.rules.find(({ id }) => id === HIPAA);
  const from = rule?.inForce.from ?? "start-unknown";
  return lines.flatMap((each) => {
    if (!("read" in each)) return [];
    const { declaration, facts } = each.read;
    const { obligations } = assess(declaration, facts, library, ANSWERS);
    const { day } = wallOf(declaration.awareAt, declaration.awareZone);
    const [residents] = facts.people === NOT_YET_KNOWN ? [] : facts.people;
    return [
      {
        line: each.line,
        people: residents?.count ?? 0,
        state: residents?.jurisdiction ?? "",
        day,
        underRule: from === "start-unknown" || from <= day,
        duties: obligations.filter((one) => one.rule.id === HIPAA).map(dutyOf),
      },
    ];
  });
}

/** The replay as a report: counts only, so that it names nobody. */
export function replayReport(file: HhsFile, replayed: readonly Replayed[]): string {
  const under = replayed.filter(({ underRule }) => underRule);
  const older = replayed.filter(({ underRule }) => !underRule);
  const refused = file.lines.length - replayed.length;
  const remarked = file.lines.filter(
    (each) => "read" in each && each.read.remarks.length > 0,
  ).length;
  const years = Map.groupBy(replayed, ({ day }) => day.slice(0, 4));
  return [
    "# Replay of breaches reported to HHS",
    "",
    INTRODUCTION,
    "",
    "## What was read",
    "",
    table(
      ["", "count"],
      [
        ["rows", file.lines.length],
        ["rows that were refused", refused],
        ["rows of which something could not be read", remarked],
        ["incidents assessed", replayed.length],
        ["states and territories", new Set(replayed.map(({ state }) => state)).size],
        ["people", sum(replayed)],
        ["most people in one incident", Math.max(0, ...replayed.map(({ people }) => people))],
      ],
    ),
    "",
    "## Duties under 45 CFR 164.404–164.408",
    "",
    `${under.length} incidents ended on or after 23 September 2009, the first day of the rule. The ${older.length} older ones`,
    "yield duties too, marked *assessed under today's text*; they are counted beside.",
    "",
    table(
      ["duty", "incidents", "older incidents"],
      DUTIES.map(([key, words]) => [words, withDuty(under, key), withDuty(older, key)]),
    ),
    "",
    "## By year",
    "",
    table(
      ["last day of the breach in", "incidents", "people", "media duty"],
      [...years.keys()].toSorted().map((year) => {
        const of = years.get(year) ?? [];
        return [year, of.length, sum(of), withDuty(of, "media")];
      }),
    ),
    "",
  ].join("\n");
}

function dutyOf({ duty, due }: Obligation): ReplayedDuty {
  return { duty: duty.key, dueDay: due.at && wallOf(due.at, due.zone).day };
}

function withDuty(rows: readonly Replayed[], key: string): number {
  return rows.filter(({ duties }) => duties.some(({ duty }) => duty === key)).length;
}

function sum(rows: readonly Replayed[]): number {
  return rows.reduce((total, { people }) => total + people, 0);
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = (each: readonly (string | number)[]) => `| ${each.map(shown).join(" | ")} |`;
  const rule = head.map((_, i) => (i === 0 ? "---" : "---:"));
  return [cells(head), cells(rule), ...rows.map(cells)].join("\n");
}

function shown(cell: string | number): string {
  return typeof cell === "number" ? cell.toLocaleString("en-US") : cell;
}

const HIPAA = "us-hipaa";
const ANSWERS: Answers = { given: { "hipaa-covered-entity": "yes" }, events: {}, met: {} };
const DUTIES = [
  ["individuals", "tell the people affected (164.404)"],
  ["regulator", "tell HHS at once, 500 people or more (164.408(b))"],
  ["regulator-2", "tell HHS in the annual log, fewer than 500 (164.408(c))"],
  ["media", "tell the media, more than 500 in one state (164.406)"],
] as const;
const INTRODUCTION = `This replays old facts and judges nobody. The facts are the public list of breaches of unsecured
protected health information that the US Department of Health and Human Services keeps under 45 CFR
164.408, in an archived copy; the names of organisations were taken out before. Each row was
assessed as if it had been declared today: its people are counted in the organisation's state,
and, because the list says no more, the organisation is taken to have become aware on the last day of
the breach that can be read. So a figure here says what the rule asks for, not what anybody did or failed to do.

Made by \`npm run hhs\` from \`tests/data/hhs.csv\`.`;

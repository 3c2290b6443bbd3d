import { LineCounter, isMap, isNode, isScalar, isSeq, parseDocument } from "yaml";
import type { Document } from "yaml";
import type { z } from "zod";

import { Instant, NOT_YET_KNOWN } from "../instant.ts";
import type { Moment } from "../instant.ts";
import { awareTooEarly } from "../obligation/ground.ts";
import type { Answers, EventTime } from "../obligation.ts";
import { Refusal, refuse } from "../refusal.ts";
import type { FieldProblem } from "../refusal.ts";
import type { Incident } from "../incident.ts";
import { firstFacts } from "../scope.ts";
import type { ScopeFacts } from "../scope.ts";
import { checkFacts } from "../scope/revise.ts";
import { startOfDay } from "../obligation/calendar.ts";
import { ScopeFile, isDay } from "./scope-form.ts";

/** What a scope file says, ready to be assessed. */
export interface WrittenScope {
  readonly title: string | undefined;
  readonly incident: Pick<Incident, "awareAt" | "awareZone">;
  readonly facts: ScopeFacts;
  readonly answers: Answers;
  /** The line on which a field stands, or the one that should hold it. */
  readonly lineOf: (path: readonly PropertyKey[]) => number;
}

/**
 * Read a scope file. Refuses, each by its field and line: what is not YAML, fields that do not
 * exist, times without an offset, places that are none, people who are no whole number, and facts
 * that contradict each other, an awareness before the discovery among them.
 */
export function readScopeFile(text: string, now: Date): WrittenScope {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true });
  const broken = document.errors.map((error) => ({
    field: "file",
    code: error.code.toLowerCase().replaceAll("_", "-"),
    message: error.message.split("\n", 1)[0]?.replace(/ at line .*$/, "") ?? "This is not YAML.",
    line: error.linePos?.[0].line ?? 1,
  }));
  if (broken.length > 0) refuse("file-unreadable", "The file is not YAML.", broken);
  const lineOf = (path: readonly PropertyKey[]) => lineIn(document, counter, path);
  const read = ScopeFile.safeParse(valueOf(document));
  if (!read.success)
    refuse(
      "invalid-input",
      WRONG,
      read.error.issues.flatMap((issue) => explain(issue, lineOf)),
    );
  return understood(read.data, now, lineOf);
}

function understood(file: ScopeFile, now: Date, lineOf: WrittenScope["lineOf"]): WrittenScope {
  const { title, zone, risk, establishment } = file;
  const incident = { awareAt: Instant.decode(file.awareAt), awareZone: zone };
  const facts = factsOf(file);
  const problems = [...contradictions(facts, now), ...awareness(incident, facts, now)];
  if (problems.length > 0) {
    const placed = problems.map((each) => ({ ...each, line: lineOf(each.field.split(".")) }));
    refuse("invalid-input", WRONG, placed);
  }
  const answers: Answers = {
    given: file.answers,
    events: Object.fromEntries(
      Object.entries(file.events).map(([event, when]) => [event, eventAt(when, zone)]),
    ),
    met: file.met,
    ...(risk !== undefined && { risk }),
    ...(establishment !== undefined && { establishment }),
  };
  return { title, incident, facts, answers, lineOf };
}

function factsOf(file: ScopeFile): ScopeFacts {
  const { zone, people, encryption, keyState, sector, role } = file;
  const dataElements = file.dataElements.map((each) =>
    typeof each === "string" ? ({ element: each, state: "suspected" } as const) : each,
  );
  return {
    ...firstFacts({ whatHappened: file.title ?? "A scope file", dataElements }),
    occurredFrom: momentAt(file.occurredFrom, zone),
    discoveredAt: momentAt(file.discoveredAt, zone),
    people:
      people === NOT_YET_KNOWN
        ? people
        : Object.entries(people).map(([jurisdiction, count]) => ({ jurisdiction, count })),
    encryption,
    keyState,
    sector,
    role,
  };
}

function momentAt(when: string | undefined, zone: string): Moment | typeof NOT_YET_KNOWN {
  if (when === undefined) return NOT_YET_KNOWN;
  const time = eventAt(when, zone);
  return "day" in time
    ? { at: startOfDay(time.day, zone), zone, precision: "day" }
    : { ...time, precision: "minute" };
}

function eventAt(when: string, zone: string): EventTime {
  return isDay(when) ? { day: when } : { at: Instant.decode(when), zone };
}

function contradictions(facts: ScopeFacts, now: Date): readonly FieldProblem[] {
  try {
    checkFacts(facts, now);
    return [];
  } catch (error) {
    if (error instanceof Refusal) return error.fields;
    throw error;
  }
}

function awareness(
  incident: WrittenScope["incident"],
  facts: ScopeFacts,
  now: Date,
): FieldProblem[] {
  const early = awareTooEarly(incident, facts);
  if (early) return [{ ...early, field: "awareAt" }];
  const message = "Nobody became aware in the future. Check date and offset.";
  return incident.awareAt > now ? [{ field: "awareAt", code: "future", message }] : [];
}

/** A file may name one thing in two places, but not grow without end by that. */
function valueOf(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch {
    return refuse("file-unreadable", "The file refers to itself too often.");
  }
}

function explain(issue: z.core.$ZodIssue, lineOf: WrittenScope["lineOf"]): FieldProblem[] {
  const path = issue.path;
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => problem([...path, key], "There is no such field.", lineOf));
  if (issue.code === "invalid_key")
    return [problem(path, issue.issues[0]?.message ?? issue.message, lineOf)];
  if (issue.code === "invalid_union") {
    const inside = issue.errors
      .flat()
      .filter((each) => each.path.length > 0 || each.code === "invalid_key");
    if (inside.length > 0)
      return inside.flatMap((each) => explain({ ...each, path: [...path, ...each.path] }, lineOf));
  }
  return [problem(path, issue.message, lineOf)];
}

function problem(
  path: readonly PropertyKey[],
  message: string,
  lineOf: WrittenScope["lineOf"],
): FieldProblem {
  return { field: path.join(".") || "file", code: "not-valid", message, line: lineOf(path) };
}

/** The line of the deepest part of a path that is there; a key's where it has one. */
function lineIn(document: Document, counter: LineCounter, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let start = 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        ({ key }) => isScalar(key) && String(key.value) === String(part),
      );
      if (!pair) break;
      if (isNode(pair.key)) start = pair.key.range?.[0] ?? start;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (isNode(node)) start = node.range?.[0] ?? start;
    } else break;
  }
  return counter.linePos(start).line;
}

const WRONG = "Some of this file needs attention.";

import { DateTime } from "luxon";
import { z } from "zod";

import { NOT_YET_KNOWN } from "../instant.ts";
import type { Moment } from "../instant.ts";
import { expectVersion, refuse } from "../refusal.ts";
import type { FieldProblem } from "../refusal.ts";
import { ChangedFacts, ScopeFacts, fieldHashes } from "../scope.ts";
import type { Revision, Scope, ScopeField } from "../scope.ts";
import { canonicalHash } from "../timeline.ts";
import { translationProblems, withoutStale } from "./translation.ts";

/**
 * Lay changed facts over the current ones and check the whole. A fact said anew loses its
 * translations unless the revision brings new ones. Refuses `stale-version` when
 * somebody else revised the scope first, a revision that changes nothing, and whatever
 * `checkFacts` refuses.
 */
export function revisedFacts(current: Scope, revision: Revision, now: Date): ScopeFacts {
  expectVersion(current.version, revision.baseVersion, "baseVersion");
  const facts = ScopeFacts.parse({
    ...z.encode(ScopeFacts, current.facts),
    translations: withoutStale(current.facts, revision.facts),
    ...z.encode(ChangedFacts, revision.facts),
  });
  checkFacts(facts, now, "facts.");
  if (canonicalHash(fieldHashes(facts)) === canonicalHash(fieldHashes(current.facts)))
    refuse("invalid-input", "This changes nothing.", [
      { field: "facts", code: "unchanged", message: "Send at least one fact that differs." },
    ]);
  return facts;
}

/**
 * Refuse facts that contradict each other, each by its field: an end before its start, a
 * discovery or containment before the start, anything in the future, a state of the key of
 * data that was not encrypted, a kind of data or a jurisdiction named twice, a translation of
 * nothing. `path` leads to the facts in what the caller sent.
 */
export function checkFacts(facts: ScopeFacts, now: Date, path = ""): void {
  const problems = [
    ...MOMENTS.flatMap((field) => whenProblems(facts, field, now)),
    ...twice(
      "dataElements",
      facts.dataElements.map(({ element }) => element),
    ),
    ...(facts.people === NOT_YET_KNOWN
      ? []
      : twice(
          "people",
          facts.people.map(({ jurisdiction }) => jurisdiction),
        )),
    ...keyProblems(facts),
    ...translationProblems(facts),
  ];
  if (problems.length === 0) return;
  const sent = problems.map((problem) => ({ ...problem, field: path + problem.field }));
  refuse("invalid-input", "Some facts contradict each other.", sent);
}

function whenProblems(facts: ScopeFacts, field: MomentField, now: Date): FieldProblem[] {
  const moment = facts[field];
  const start = facts.occurredFrom;
  if (moment === NOT_YET_KNOWN) return [];
  if (period(moment).from > now.getTime() + SKEW_MS)
    return [{ field, code: "future", message: "This has not happened yet. Check date and zone." }];
  if (period(moment).from < EARLIEST_MS)
    return [{ field, code: "too-early", message: "Dates before 1990 are not accepted." }];
  if (start === NOT_YET_KNOWN || period(moment).to >= period(start).from) return [];
  return [{ field, code: "before-start", message: "This is before the breach began." }];
}

/** All that an imprecise moment may mean: a discovery "in March" does not precede 9 March. */
function period({ at, zone, precision }: Moment): { from: number; to: number } {
  const local = DateTime.fromJSDate(at, { zone });
  return {
    from: local.startOf(precision).toMillis(),
    to: local.endOf(precision).toMillis(),
  };
}

function twice(field: ScopeField, values: readonly string[]): FieldProblem[] {
  return values.flatMap((value, i) =>
    values.indexOf(value) === i
      ? []
      : [{ field: `${field}.${i}`, code: "duplicate", message: "This is listed already." }],
  );
}

function keyProblems({ encryption, keyState }: ScopeFacts): FieldProblem[] {
  const encrypted = encryption === "partial" || encryption === "full";
  if (encrypted || keyState === NOT_YET_KNOWN) return [];
  const message = "A key has a state only where data were encrypted. Say how far they were.";
  return [{ field: "keyState", code: "not-encrypted", message }];
}

const MOMENTS = ["occurredFrom", "occurredTo", "discoveredAt", "containedAt"] as const;
type MomentField = (typeof MOMENTS)[number];

/** Clocks of those who report and ours may differ by this much. */
const SKEW_MS = 5 * 60_000;
const EARLIEST_MS = Date.UTC(1990, 0, 1);

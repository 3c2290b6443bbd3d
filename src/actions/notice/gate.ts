import type { Context } from "../../context.ts";
import type { PlaceCount } from "../../domain/audience/residents.ts";
import { NOT_YET_KNOWN } from "../../domain/instant.ts";
import { blocking, judged } from "../../domain/notice/lint/override.ts";
import type { JudgedProblem } from "../../domain/notice/lint/override.ts";
import type { Notice } from "../../domain/notice/notice.ts";
import type { Obligation } from "../../domain/obligation.ts";
import { answersOf } from "../../domain/obligation/answer.ts";
import { assess } from "../../domain/obligation/assess.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Sql } from "../../store/db.ts";
import * as overrides from "../../store/notice/override.ts";
import * as scopes from "../../store/scope.ts";
import { assessed } from "../obligation/assess.ts";
import type { Assessed } from "../obligation/assess.ts";
import { lintAll } from "./compiled.ts";
import type { CompiledVersion } from "./compiled.ts";

/**
 * The problems of a version under the laws of its readers' places as they are assessed now, each
 * with an approver's decision to let it stand, where there is one for exactly this version.
 */
export async function problemsOf(
  ctx: Context,
  sql: Sql,
  version: Pick<CompiledVersion, "texts" | "version">,
  { incidentId, kind }: Pick<Notice, "incidentId" | "kind">,
): Promise<JudgedProblem[]> {
  const owed = await owedToPeople(ctx, sql, incidentId);
  const found = lintAll(version, kind, owed);
  return judged(found, await overrides.ofVersion(sql, version.version.id));
}

/** Refuses `template-refused`, naming each problem that must be fixed and that nobody lets stand. */
export function requireFixed(problems: readonly JudgedProblem[]): void {
  const open = blocking(problems);
  if (open.length === 0) return;
  refuse(
    "template-refused",
    "The text has problems that must be fixed, or that an approver must let stand with a reason.",
    open.map(({ language, line, code, message }) => ({
      field: `languages.${language}`,
      code,
      message,
      line,
    })),
  );
}

/**
 * What the laws of their places owe the people affected, but for what was found not to apply. Where
 * nobody knows yet where anybody lives, no law is known to bind the text: the general rules do.
 */
export async function owedToPeople(
  ctx: Context,
  sql: Sql,
  incidentId: string,
): Promise<readonly Obligation[]> {
  const { facts } = await scopes.current(sql, incidentId);
  if (facts.people === NOT_YET_KNOWN) return [];
  return owedIn(await assessed(ctx, sql, incidentId));
}

/** What is owed to the people of an audience, and those of them whose place the scope does not name. */
export interface OwedToAudience {
  readonly owed: readonly Obligation[];
  /** The part of it that the facts of the scope alone do not ask for. */
  readonly more: readonly Obligation[];
  readonly unnamed: readonly { readonly jurisdiction: string; readonly count: number }[];
}

/**
 * The same for an audience, whose people may live where the scope names nobody: the law of a place
 * binds what its people are sent, whoever forgot to write the place down.
 */
export async function owedToAudience(
  ctx: Context,
  sql: Sql,
  incidentId: string,
  places: readonly PlaceCount[],
): Promise<OwedToAudience> {
  const found = await assessed(ctx, sql, incidentId);
  const { people } = found.scope.facts;
  const stated = people === NOT_YET_KNOWN ? [] : people;
  const named = new Set(stated.map(({ jurisdiction }) => jurisdiction));
  const unnamed = places.flatMap(({ place, people: count }) =>
    place === null || named.has(place) ? [] : [{ jurisdiction: place, count }],
  );
  const known = people === NOT_YET_KNOWN ? [] : owedIn(found);
  if (unnamed.length === 0) return { owed: known, more: [], unnamed };
  const given = answersOf(found.answered, found.decision, []);
  const facts = { ...found.scope.facts, people: [...stated, ...unnamed] };
  const { obligations } = assess(found.incident, facts, ctx.library, given);
  const judged = new Set(found.tracked.map(({ obligation }) => obligation.id));
  const more = obligations.filter(({ id, to }) => to === "individuals" && !judged.has(id));
  return { owed: [...known, ...more], more, unnamed };
}

function owedIn({ tracked }: Assessed): Obligation[] {
  return tracked
    .filter(({ clock }) => clock.state !== "not-applicable")
    .map(({ obligation }) => obligation)
    .filter(({ to }) => to === "individuals");
}

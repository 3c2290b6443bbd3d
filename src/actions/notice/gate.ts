import type { Context } from "../../context.ts";
import { NOT_YET_KNOWN } from "../../domain/instant.ts";
import { blocking, judged } from "../../domain/notice/lint/override.ts";
import type { JudgedProblem } from "../../domain/notice/lint/override.ts";
import type { Notice } from "../../domain/notice/notice.ts";
import type { Obligation } from "../../domain/obligation.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Sql } from "../../store/db.ts";
import * as overrides from "../../store/notice/override.ts";
import * as scopes from "../../store/scope.ts";
import { assessed } from "../obligation/assess.ts";
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
  const { tracked } = await assessed(ctx, sql, incidentId);
  return tracked
    .filter(({ clock }) => clock.state !== "not-applicable")
    .map(({ obligation }) => obligation)
    .filter(({ to }) => to === "individuals");
}

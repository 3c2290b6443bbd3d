import type { Context } from "../../context.ts";
import { dutyDifference } from "../../domain/obligation/difference.ts";
import type { DutyDifference } from "../../domain/obligation/difference.ts";
import { assessed } from "./assess.ts";

/** Which versions of the scope; the newest, and the one before it, unless said. */
export interface Versions {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/**
 * What a change of facts did to the duties, both sides by the answers and the rules of now. Refuses
 * `not-found`.
 */
export async function difference(
  ctx: Context,
  incidentId: string,
  { from, to }: Versions,
): Promise<{ from: number; to: number } & DutyDifference> {
  const after = await assessed(ctx, ctx.sql, incidentId, { scope: to, answers: "now" });
  const version = from ?? Math.max(1, after.scope.version - 1);
  const before = await assessed(ctx, ctx.sql, incidentId, { scope: version, answers: "now" });
  return {
    from: version,
    to: after.scope.version,
    ...dutyDifference(before.assessment, after.assessment),
  };
}

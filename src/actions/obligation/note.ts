import type { Context } from "../../context.ts";
import type { Actor } from "../../domain/staff.ts";
import type { Fact } from "../../domain/timeline.ts";
import type { Sql } from "../../store/db.ts";
import * as timeline from "../../store/timeline.ts";

/** Append what a person did about obligations to the audit chain. Call it last in the transaction. */
export function note(
  ctx: Context,
  tx: Sql,
  { staffId, requestId }: Actor,
  fact: Omit<Fact, "actor" | "requestId">,
): Promise<void> {
  return timeline.append(tx, { ...fact, actor: staffId, requestId }, ctx.now());
}

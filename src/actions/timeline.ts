import type { Context } from "../context.ts";
import { refuse } from "../domain/refusal.ts";
import { conclude, GENESIS, walk } from "../domain/timeline.ts";
import type { Checkpoint, End, Entry, Verification } from "../domain/timeline.ts";
import * as timeline from "../store/timeline.ts";

/**
 * Walk the whole chain in one snapshot and name the first bad entry. Without a checkpoint
 * this finds every edit, deletion, swap and cut, but not a superuser who wrote all later
 * entries and the head anew; a checkpoint kept elsewhere finds that too.
 */
export function verify(ctx: Context, checkpoint?: Checkpoint): Promise<Verification> {
  return ctx.sql.begin("isolation level repeatable read read only", async (tx) => {
    const head = await timeline.head(tx);
    let end: End = { seq: 0, hash: GENESIS };
    for await (const page of timeline.chain(tx)) {
      const walked = walk(end, page, checkpoint);
      if ("ok" in walked) return walked;
      end = walked;
    }
    return conclude(end, head, checkpoint);
  });
}

/**
 * One incident's entries, newest first, `limit` at a time before the entry `before`. Refuses
 * `not-found` where the incident has none: every incident has the entry of its declaration.
 */
export async function ofIncident(
  ctx: Context,
  incidentId: string,
  { limit, before }: { readonly limit: number; readonly before?: number | undefined },
): Promise<Entry[]> {
  const entries = await timeline.ofIncident(ctx.sql, incidentId, limit, before);
  if (entries.length > 0) return entries;
  const [any] = await timeline.ofIncident(ctx.sql, incidentId, 1);
  return any === undefined ? refuse("not-found", "There is no such incident.") : entries;
}

import type { Context } from "../../context.ts";
import type { Inquiry } from "../../domain/inquiry.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import type { Sql } from "../../store/db.ts";
import * as timeline from "../../store/timeline.ts";

export interface Note {
  readonly action: string;
  readonly inquiry: Inquiry;
  readonly reason?: string;
}

/** What the timeline keeps of an inquiry: never a word of it. */
export function note(ctx: Context, tx: Sql, actor: Actor, given: Note): Promise<void> {
  const { action, inquiry, reason } = given;
  const { incidentId, id, number, kind, channel, state, version } = inquiry;
  const { staffId, requestId } = actor;
  const reasonHash = reason === undefined ? {} : { reasonHash: canonicalHash(reason) };
  const after = { number, kind, channel, state, version, ...reasonHash };
  const subject = `inquiry:${id}`;
  return timeline.append(
    tx,
    { incidentId, actor: staffId, action, subject, after, requestId },
    ctx.now(),
  );
}

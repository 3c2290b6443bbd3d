import { randomUUID } from "node:crypto";

import type { Context } from "../../context.ts";
import { expectNotClosed } from "../../domain/incident.ts";
import { checkHold } from "../../domain/obligation/record.ts";
import type { NewHold, NewSetAside, Relief } from "../../domain/obligation/record.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as store from "../../store/obligation/relief.ts";
import { secondPerson } from "../countersign.ts";
import { lockOwing } from "./record.ts";
import { note } from "./note.ts";

/**
 * Propose a hold that law enforcement asked for. Its clocks pause once a second person agrees; an
 * organisation of one names a waiver instead. Refuses a hold that is over, and duties whose rule
 * knows no such hold.
 */
export function hold(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  given: NewHold,
): Promise<Relief> {
  const now = ctx.now();
  checkHold(given, now);
  return ctx.sql.begin(async (tx) => {
    const owing = await lockOwing(ctx, tx, incidentId, given.obligations);
    const without = owing.flatMap(({ obligation }, i) =>
      obligation.mayHold
        ? []
        : [{ field: `obligations.${i}`, code: "no-hold", message: "Its rule knows no such hold." }],
    );
    if (without.length > 0)
      refuse("wrong-state", "Not every one of these clocks can be held.", without);
    const { since = now, until, askedBy } = given;
    return propose(ctx, tx, actor, { ...given, incidentId, kind: "hold", askedBy, since, until });
  });
}

/** Propose that duties do not apply, whatever the rules ask. It counts once a second person agrees. */
export function setAside(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  given: NewSetAside,
): Promise<Relief> {
  return ctx.sql.begin(async (tx) => {
    await lockOwing(ctx, tx, incidentId, given.obligations);
    const no = { askedBy: null, since: null, until: null };
    return propose(ctx, tx, actor, { ...given, ...no, incidentId, kind: "not-applicable" });
  });
}

export interface ReliefPath {
  readonly incidentId: string;
  readonly reliefId: string;
}

/** Agree to what another person proposed. "waiting" where it is one's own proposal. */
export function agree(
  ctx: Context,
  actor: Actor,
  { incidentId, reliefId }: ReliefPath,
): Promise<{ relief: Relief; agreed: "waiting" | "agreed" }> {
  return ctx.sql.begin(async (tx) => {
    expectNotClosed(await incidents.lock(tx, incidentId));
    const before = await store.lock(tx, incidentId, reliefId);
    const now = ctx.now();
    if (before.agreedAt !== null || before.endedAt !== null)
      refuse("wrong-state", "This was agreed to already, or ended.");
    if (before.until !== null && before.until <= now)
      refuse("wrong-state", "This hold is over by now.");
    const act = { act: "obligation.relief", subjectId: reliefId, incidentId } as const;
    const agreed = await secondPerson(ctx, tx, actor, act);
    if (agreed === "waiting") return { relief: before, agreed };
    const after: Relief = { ...before, agreedBy: actor.staffId, agreedAt: now };
    await store.save(tx, after);
    await tell(ctx, tx, actor, { relief: after, action: "obligation.agree" });
    return { relief: after, agreed };
  });
}

/** End a hold early, or take a proposal or a judgement back: its clocks run again. */
export function endRelief(
  ctx: Context,
  actor: Actor,
  { incidentId, reliefId }: ReliefPath,
  reason: string,
): Promise<Relief> {
  return ctx.sql.begin(async (tx) => {
    expectNotClosed(await incidents.lock(tx, incidentId));
    const before = await store.lock(tx, incidentId, reliefId);
    if (before.endedAt !== null) refuse("wrong-state", "This was ended already.");
    const ended = { endedBy: actor.staffId, endedAt: ctx.now(), endReason: reason };
    const after: Relief = { ...before, ...ended };
    await store.save(tx, after);
    await tell(ctx, tx, actor, { relief: after, action: "obligation.end-relief" });
    return after;
  });
}

type Proposed = Pick<Relief, "incidentId" | "kind" | "askedBy" | "since" | "until"> & NewSetAside;

async function propose(ctx: Context, tx: Sql, actor: Actor, given: Proposed): Promise<Relief> {
  const { waiver = null, reason, obligations, incidentId, kind, askedBy, since, until } = given;
  if (waiver !== null && (await store.staffCount(tx)) > 1)
    refuse(
      "four-eyes",
      "Only an organisation of one may waive the second person. Ask a colleague.",
    );
  const now = ctx.now();
  const own = waiver === null ? null : actor.staffId;
  const relief: Relief = {
    id: randomUUID(),
    incidentId,
    kind,
    obligations,
    askedBy,
    since,
    until,
    reason,
    waiver,
    proposedBy: actor.staffId,
    proposedAt: now,
    agreedBy: own,
    agreedAt: own === null ? null : now,
    endedBy: null,
    endedAt: null,
    endReason: null,
  };
  await store.insert(tx, relief);
  const act = { act: "obligation.relief", subjectId: relief.id, incidentId } as const;
  if (waiver === null) await secondPerson(ctx, tx, actor, act);
  await tell(ctx, tx, actor, { relief, action: `obligation.propose-${kind}` });
  return relief;
}

function tell(
  ctx: Context,
  tx: Sql,
  actor: Actor,
  { relief, action }: { readonly relief: Relief; readonly action: string },
): Promise<void> {
  const { incidentId, kind, obligations, askedBy, until, reason, waiver, endReason } = relief;
  return note(ctx, tx, actor, {
    incidentId,
    action,
    subject: `relief:${relief.id}`,
    after: {
      kind,
      obligations,
      askedBy,
      until: until && until.toISOString(),
      reasonHash: canonicalHash(endReason ?? reason),
      ...(waiver !== null && { waiver: { reasonHash: canonicalHash(waiver) } }),
    },
  });
}

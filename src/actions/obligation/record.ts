import type { Context } from "../../context.ts";
import { expectNotClosed } from "../../domain/incident.ts";
import { checkMetAt } from "../../domain/obligation/record.ts";
import type {
  NewFilingEvidence,
  ObligationRecord,
  RecordKind,
} from "../../domain/obligation/record.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as store from "../../store/obligation/record.ts";
import { assessed, expectOwed } from "./assess.ts";
import { note } from "./note.ts";

/** What one record adds, before it has a version. */
export type NewRecord = Omit<ObligationRecord, "version" | "recordedBy" | "recordedAt">;

/**
 * Record that obligations were met by a filing: the authority's reference, and when. Refuses
 * obligations that the facts do not ask for, and a time in the future.
 */
export function meetByFiling(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { obligations, reference, at, reason }: NewFilingEvidence,
): Promise<void> {
  checkMetAt(at, ctx.now());
  return ctx.sql.begin(async (tx) => {
    await lockOwing(ctx, tx, incidentId, obligations);
    const made = obligations.map((obligation) => ({
      ...NOTHING,
      obligation,
      kind: "met" as const,
      at,
      reference,
      reason: reason ?? null,
    }));
    await keep(ctx, tx, actor, { incidentId, made, action: "obligation.meet" });
  });
}

/** Record why obligations were missed. Their clocks say so then; they can still be met, late. */
export function miss(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { obligations, reason }: { readonly obligations: readonly string[]; readonly reason: string },
): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const owing = await lockOwing(ctx, tx, incidentId, obligations);
    const early = owing.flatMap(({ clock }, i) =>
      clock.dueAt !== undefined && clock.dueAt > ctx.now()
        ? [{ field: `obligations.${i}`, code: "not-due", message: "This is not due yet." }]
        : [],
    );
    if (early.length > 0) refuse("wrong-state", "What is not due yet is not missed.", early);
    const made = obligations.map((obligation) => ({
      ...NOTHING,
      obligation,
      kind: "missed" as const,
      reason,
    }));
    await keep(ctx, tx, actor, { incidentId, made, action: "obligation.miss" });
  });
}

/** Take a record back that was a mistake. The clock runs again; the record stays to be seen. */
export function takeBack(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  given: { readonly obligation: string; readonly kind: RecordKind; readonly reason: string },
): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    expectNotClosed(await incidents.lock(tx, incidentId));
    const { obligation, kind, reason } = given;
    const before = await store.standing(tx, incidentId, obligation, kind);
    if (!before) return refuse("wrong-state", "There is no such record to take back.");
    const made = [{ ...NOTHING, obligation, kind, takenBack: true, reason }];
    await keep(ctx, tx, actor, { incidentId, made, action: "obligation.take-back" });
  });
}

/** Keep records and say so in the audit chain. The caller holds the incident's lock. */
export async function keep(
  ctx: Context,
  tx: Sql,
  actor: Actor,
  given: {
    readonly incidentId: string;
    readonly made: readonly NewRecord[];
    readonly action: string;
  },
): Promise<void> {
  const { incidentId, made, action } = given;
  const by = { recordedBy: actor.staffId, recordedAt: ctx.now() };
  await store.insert(
    tx,
    incidentId,
    made.map((each) => ({ ...each, ...by })),
  );
  await note(ctx, tx, actor, {
    incidentId,
    action,
    subject: `incident:${incidentId}`,
    after: { records: made.map(traceOf) },
  });
}

/** What the timeline keeps of a record: of a reason only the hash. */
function traceOf({ obligation, kind, at, reference, waveId, counts, reason }: NewRecord) {
  return {
    obligation,
    kind,
    at: at === null ? null : at.toISOString(),
    reference,
    waveId,
    counts,
    reasonHash: reason === null ? null : canonicalHash(reason),
  };
}

/** The obligations, with their incident locked. Refuses a closed one and what it does not owe. */
export async function lockOwing(
  ctx: Context,
  tx: Sql,
  incidentId: string,
  obligations: readonly string[],
) {
  expectNotClosed(await incidents.lock(tx, incidentId));
  return expectOwed(await assessed(ctx, tx, incidentId), obligations);
}

const NOTHING = {
  takenBack: false,
  at: null,
  reference: null,
  waveId: null,
  counts: null,
  reason: null,
};

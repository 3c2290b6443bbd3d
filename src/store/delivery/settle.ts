import type { Outcome, Verdict } from "../../domain/delivery.ts";
import type { Sql } from "../db.ts";

/** What came of one attempt, and what follows. */
export interface Settled {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly verdict: Verdict;
  /** Keyed hash of the number an SMS went to, in hex. */
  readonly numberHash?: string | undefined;
}

/**
 * Write down the outcomes of this worker's attempts, many in one statement. Only the attempt
 * that is still `sending` under this worker moves its delivery. An outcome that comes after the
 * delivery was called unknown settles it while no newer attempt exists; where one does, it is
 * kept with the attempt and marked as a possible duplicate.
 */
export async function settle(sql: Sql, workerId: string, all: readonly Settled[]): Promise<void> {
  await sql`
    with given as materialized (
      select * from unnest(
        ${all.map((s) => s.deliveryId)}::bigint[], ${all.map((s) => s.attempt)}::int[],
        ${all.map((s) => s.outcome.kind)}::text[], ${all.map((s) => classOf(s.outcome))}::text[],
        ${all.map((s) => s.outcome.code)}::text[], ${all.map((s) => s.verdict.state)}::text[],
        ${all.map((s) => s.verdict.reason)}::text[], ${all.map((s) => s.verdict.nextInMs)}::int[],
        ${all.map((s) => referenceOf(s.outcome))}::text[], ${all.map((s) => s.numberHash ?? null)}::text[]
      ) as g (id, n, outcome, class, code, state, reason, next_in_ms, reference, number_hash)
    ), now_known as materialized (
      select g.*, d.state as was, d.attempt as newest
        from given g join delivery d on d.id = g.id
       order by d.id for update of d
    ), noted as (
      update attempt a
         set ended_at = now(), outcome = k.outcome, class = k.class, code = k.code,
             reference = coalesce(k.reference, a.reference),
             number_hash = decode(k.number_hash, 'hex'),
             possible_duplicate = k.newest > k.n and k.outcome = 'accepted'
        from now_known k
       where a.delivery_id = k.id and a.n = k.n and a.worker_id = ${workerId}
         and (a.outcome is null or a.outcome = 'unknown')
    )
    update delivery d
       set state = k.state, reason = k.reason,
           slice_id = case when k.state <> 'planned' then d.slice_id end,
           next_at = now() + k.next_in_ms * interval '1 millisecond',
           settled_at = case when k.state <> 'planned' then now() end
      from now_known k
     where d.id = k.id and d.attempt = k.n and d.worker_id = ${workerId}
       and (k.was = 'sending'
            or (k.was = 'unknown' and k.state in ('accepted', 'rejected')))`;
}

/** A person's decision about deliveries whose outcome nobody knows; answers which rows it moved. */
export async function decide(tx: Sql, { waveId, ids, state, reason }: Decision): Promise<number> {
  const { count } = await tx`
    update delivery
       set state = ${state}, reason = ${reason}, next_at = now(),
           slice_id = case when ${state} <> 'planned' then slice_id end,
           settled_at = case when ${state} <> 'planned' then now() end
     -- In the order in which receipts lock them.
     where id in (
       select id from delivery
        where wave_id = ${waveId} and state = 'unknown'
          and (${ids === "all"} or id = any(${ids === "all" ? [] : ids}::bigint[]))
        order by id for update)`;
  return count;
}

export interface Decision {
  readonly waveId: string;
  readonly ids: readonly string[] | "all";
  readonly state: "accepted" | "planned" | "rejected";
  readonly reason: string;
}

function classOf(outcome: Outcome): string | null {
  return outcome.kind === "rejected" ? outcome.fault : null;
}

function referenceOf(outcome: Outcome): string | null {
  return outcome.kind === "accepted" ? (outcome.reference ?? null) : null;
}

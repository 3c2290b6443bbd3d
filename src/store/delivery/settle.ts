import type { Outcome, Verdict } from "../../domain/delivery.ts";
import type { Sql } from "../db.ts";
import { failedLater, takenBefore } from "./taken.ts";

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
 * delivery was called unknown settles it while no newer attempt exists; where it was accepted,
 * also one that was planned again meanwhile. Where a newer attempt exists, it is kept with its own
 * and marked as a possible duplicate; once any attempt was accepted nobody is sent a further one.
 */
export async function settle(sql: Sql, workerId: string, all: readonly Settled[]): Promise<void> {
  await sql`
    with given as materialized (
      select * from unnest(
        ${all.map((s) => s.deliveryId)}::bigint[], ${all.map((s) => s.attempt)}::int[],
        ${all.map((s) => s.outcome.kind)}::text[], ${all.map((s) => classOf(s.outcome))}::text[],
        ${all.map((s) => s.outcome.code)}::text[], ${all.map((s) => s.verdict.state)}::text[],
        ${all.map((s) => s.verdict.reason)}::text[], ${all.map((s) => s.verdict.nextInMs)}::int[],
        ${all.map((s) => referenceOf(s.outcome))}::text[], ${all.map((s) => s.numberHash ?? null)}::text[],
        ${all.map((s) => s.outcome.provider ?? null)}::text[]
      ) as g (id, n, outcome, class, code, state, reason, next_in_ms, reference, number_hash, provider)
    ), now_known as materialized (
      select g.*, d.state as was, d.attempt as newest
        from given g join delivery d on d.id = g.id
       order by d.id for update of d
    ), noted as (
      update attempt a
         set ended_at = now(), outcome = k.outcome, class = k.class, code = k.code,
             reference = coalesce(k.reference, a.reference),
             number_hash = decode(k.number_hash, 'hex'),
             provider = coalesce(k.provider, a.provider),
             possible_duplicate = k.newest > k.n and k.outcome = 'accepted'
        from now_known k
       where a.delivery_id = k.id and a.n = k.n and a.worker_id = ${workerId}
         and (a.outcome is null or a.outcome = 'unknown')
      returning a.delivery_id, a.n
    ), ending as materialized (
      select k.id, k.n, k.was, k.newest, k.next_in_ms,
             case when taken then 'accepted' else k.state end as state,
             case when not taken then k.reason end as reason
        from now_known k
       cross join lateral (
         select k.state <> 'accepted' and (${takenBefore(sql)} or (k.n > 1 and exists (
                  select from now_known e
                   where e.id = k.id and e.n < k.n and e.outcome = 'accepted'))) as taken) t
    )
    update delivery d
       set state = k.state, reason = k.reason,
           slice_id = case when k.state <> 'planned' then d.slice_id end,
           next_at = now() + k.next_in_ms * interval '1 millisecond',
           settled_at = case when k.state <> 'planned' then now() end
      from ending k
     where d.id = k.id
       and case when k.newest = k.n then d.worker_id = ${workerId}
                 and (k.was = 'sending'
                      or (k.was = 'unknown' and k.state in ('accepted', 'rejected'))
                      or (k.was in ('planned', 'leased') and k.state = 'accepted'))
                else k.newest > k.n and k.state = 'accepted'
                 and k.was in ('planned', 'leased', 'unknown', 'held')
                 and exists (select from noted e where e.delivery_id = k.id and e.n = k.n
                                and not ${failedLater(sql)}) end`;
}

/**
 * The usual end of an attempt, in fewer steps: it was accepted, and its delivery still stands as it
 * was claimed. Anything else is left to `settle`, which may be told of all of them. Give them in
 * the order of their deliveries, in which everybody locks these. Answers which are done.
 */
export function settleAccepted(
  sql: Sql,
  workerId: string,
  all: readonly Settled[],
): Promise<{ id: string; n: number }[]> {
  return sql<{ id: string; n: number }[]>`
    with moved as (
      update delivery d
         set state = 'accepted', reason = g.reason, settled_at = now()
        from unnest(
          ${all.map((s) => s.deliveryId)}::bigint[], ${all.map((s) => s.attempt)}::int[],
          ${all.map((s) => s.outcome.code)}::text[], ${all.map((s) => s.verdict.reason)}::text[],
          ${all.map((s) => referenceOf(s.outcome))}::text[], ${all.map((s) => s.numberHash ?? null)}::text[],
          ${all.map((s) => s.outcome.provider ?? null)}::text[]
        ) as g (id, n, code, reason, reference, number_hash, provider)
       -- The state is a parameter, so that a kept plan goes by the ids and never by the index of what
       -- is being sent: while a backup runs, that holds all that has been sent since it began.
       where d.id = g.id and d.attempt = g.n and d.state = ${SENDING} and d.worker_id = ${workerId}
      returning g.*
    )
    update attempt a
       set ended_at = now(), outcome = 'accepted', code = m.code,
           reference = coalesce(m.reference, a.reference),
           number_hash = decode(m.number_hash, 'hex'), provider = coalesce(m.provider, a.provider)
      from moved m
     where a.delivery_id = m.id and a.n = m.n and a.worker_id = ${workerId} and a.outcome is null
    returning a.delivery_id as id, a.n`;
}

/** Whether it is the usual end. */
export function isAccepted({ outcome, verdict }: Settled): boolean {
  return outcome.kind === "accepted" && verdict.state === "accepted";
}

/** Whether an earlier attempt has a say in what follows. */
export function isAgain({ attempt, verdict }: Settled): boolean {
  return attempt > 1 && verdict.state !== "accepted";
}

/**
 * Lock the deliveries of these before they are settled: the statement that follows sees what their
 * earlier attempts have come to until then.
 */
export async function lockAll(tx: Sql, all: readonly Settled[]): Promise<void> {
  await tx`
    select from delivery where id = any(${all.map((s) => s.deliveryId)}::bigint[])
     order by id for update`;
}

function classOf(outcome: Outcome): string | null {
  return outcome.kind === "rejected" ? outcome.fault : null;
}

function referenceOf(outcome: Outcome): string | null {
  return outcome.kind === "accepted" ? (outcome.reference ?? null) : null;
}

const SENDING = "sending";

import type { Sql } from "../db.ts";
import { takenBefore } from "./taken.ts";

export interface Claim {
  readonly sliceId: string;
  readonly waveId: string;
  readonly workerId: string;
  readonly rowsMax: number;
}

/** A delivery that this worker alone may send now. Rows of the hot path are not parsed by zod. */
export interface Claimed {
  readonly id: string;
  readonly attempt: number;
  /** How many earlier attempts the provider put off; those that were ours to blame do not count. */
  readonly putOff: number;
  readonly recipientId: string;
  readonly sealed: Buffer;
  readonly language: string;
  readonly sharedMailbox: boolean;
}

/**
 * Claim up to `rowsMax` deliveries of a slice: `leased` → `sending`, with the attempt written
 * down in the same statement, before anything is sent. The slice is the fence: rows leased
 * again since carry another id. Nothing is claimed of a wave that stands still, whose window is
 * over or whose facts have changed; people erased or suppressed since are excluded instead, and
 * those who closed this channel since, or whose mailbox bounced, are rejected, so that the next
 * one follows.
 */
export async function claim(
  sql: Sql,
  { sliceId, waveId, workerId, rowsMax }: Claim,
): Promise<Claimed[]> {
  return sql<Claimed[]>`
    with running as materialized (
      select w.id, w.incident_id, w.state, n.class
        from wave w
        join notice_version v on v.id = w.notice_version_id
        join notice n on n.id = v.notice_id
       where w.id = ${waveId} and may_send(w)
    ), free as materialized (
      select d.id from delivery d join running w on w.id = d.wave_id
       where d.slice_id = ${sliceId}
         and d.state = 'leased'
         and (w.state = 'sending' or d.canary)
       order by d.id limit ${rowsMax} for update of d skip locked
    ), asked as (
      select d.id, coalesce(s.reason, case when r.id is null then 'erased' end,
                            case when c.channel is not null then 'closed' end) as why
        from free join delivery d using (id)
        left join recipient r on r.id = d.recipient_id
        left join suppression s
          on s.incident_id = (select incident_id from running) and s.recipient_id = d.recipient_id
         and (s.reason in ('erased', 'deceased', 'other')
              or (s.reason = 'opted-out' and (select class from running) = 'courtesy')
              or (s.reason = 'hard-bounce' and d.channel = 'email'))
        left join closed_channel c
          on c.incident_id = (select incident_id from running)
         and c.recipient_id = d.recipient_id and c.channel = d.channel
    ), left_out as (
      update delivery d
         set state = case when a.why in ('closed', 'hard-bounce') then 'rejected'
                          else 'excluded' end,
             reason = a.why, leased_until = null, settled_at = now()
        from asked a where d.id = a.id and a.why is not null
    ), claimed as (
      update delivery d
         set state = 'sending', attempt = d.attempt + 1, worker_id = ${workerId},
             leased_until = null, reason = null
        from asked a where d.id = a.id and a.why is null
      returning d.id, d.attempt, d.recipient_id
    ), attempted as (
      insert into attempt (delivery_id, n, worker_id)
      select id, attempt, ${workerId} from claimed
    )
    select c.id, c.attempt,
           case when c.attempt = 1 then 0
                else (select count(*)::int from attempt a where a.delivery_id = c.id
                         and a.outcome in ('throttled', 'transient')) end as put_off,
           c.recipient_id, r.sealed, coalesce(p.language, r.language) as language,
           r.shared_mailbox
      from claimed c
      join recipient r on r.id = c.recipient_id
      left join preference p on p.incident_id = r.incident_id and p.recipient_id = r.id`;
}

/**
 * Give back what a claim took whose answer never arrived: this worker's rows of the slice that
 * it does not know of. It cannot have sent them; where an earlier attempt was taken nothing more is
 * to be sent. Answers how many.
 */
export async function disown(
  sql: Sql,
  { sliceId, workerId, known }: { sliceId: string; workerId: string; known: readonly string[] },
): Promise<number> {
  const { count } = await sql`
    with unheard as materialized (
      select id, attempt as n from delivery
       where slice_id = ${sliceId} and worker_id = ${workerId} and state = 'sending'
         and not (id = any(${known}::bigint[]))
       order by id for update
    ), noted as (
      update attempt a set outcome = 'not-sent', ended_at = now()
        from unheard k where a.delivery_id = k.id and a.n = k.n
    )
    update delivery d
       set state = case when taken then 'accepted' else 'planned' end,
           reason = case when not taken then 'not-sent' end,
           slice_id = case when taken then d.slice_id end, next_at = now(),
           settled_at = case when taken then now() end
      from unheard k cross join lateral (select ${takenBefore(sql)} as taken) t where d.id = k.id`;
  return count;
}

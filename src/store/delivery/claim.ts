import type { Sql } from "../db.ts";
import { isUnsure, takenBefore } from "./taken.ts";

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
  /** The relay that may have the message: who gets it again gets it by the same one. */
  readonly relay: string | null;
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
 * one follows. What may have been taken before stays `unknown` where it would be excluded.
 */
export async function claim(
  sql: Sql,
  { sliceId, waveId, workerId, rowsMax }: Claim,
): Promise<Claimed[]> {
  return sql<Claimed[]>`
    with running as materialized (
      -- One wave, asked once: joined, small tables are gone through in whatever order.
      select w.id, w.incident_id, w.state,
             (select n.class from notice_version v join notice n on n.id = v.notice_id
               where v.id = w.notice_version_id) as class
        from wave w where w.id = ${waveId} and may_send(w)
    ), free as materialized (
      select d.id, d.recipient_id, d.channel, d.attempt from running w join delivery d on d.wave_id = w.id
       where d.slice_id = ${sliceId}
         and d.state = 'leased' and (w.state = 'sending' or d.canary)
       order by d.id limit ${rowsMax} for update of d skip locked
    ), asked as materialized (
      select f.id, f.recipient_id, r.sealed, r.shared_mailbox, ${isUnsure(sql, "f")} as unsure,
             coalesce(p.language, r.language) as language,
             coalesce(s.reason, case when r.id is null then 'erased'
                                     when c.channel is not null then 'closed' end) as why
        from free f cross join running w
        left join recipient r on r.id = f.recipient_id
        left join suppression s
          on s.incident_id = w.incident_id and s.recipient_id = f.recipient_id
         and (s.reason in ('erased', 'deceased', 'other')
              or (s.reason = 'opted-out' and w.class = 'courtesy')
              or (s.reason = 'hard-bounce' and f.channel = 'email'))
        left join closed_channel c on c.incident_id = w.incident_id
         and c.recipient_id = f.recipient_id and c.channel = f.channel
        left join preference p
          on p.incident_id = w.incident_id and p.recipient_id = f.recipient_id
    ), answered as (
      update delivery d
         set state = case when a.why is null then 'sending'
                          when a.why in ('closed', 'hard-bounce') then 'rejected'
                          when a.unsure then 'unknown'
                          else 'excluded' end,
             reason = case when a.unsure and a.why not in ('closed', 'hard-bounce') then d.reason
                           else a.why end, leased_until = null,
             attempt = d.attempt + case when a.why is null then 1 else 0 end,
             worker_id = case when a.why is null then ${workerId}::uuid else d.worker_id end,
             settled_at = case when a.why is null then d.settled_at else now() end
        from asked a where d.id = a.id
      returning d.id, d.attempt, d.state, a.recipient_id, a.sealed, a.language, a.shared_mailbox
    ), attempted as (
      insert into attempt (delivery_id, n, worker_id)
      select id, attempt, ${workerId} from answered where state = 'sending'
    )
    select c.id, c.attempt,
           case when c.attempt = 1 then 0
                else (select count(*)::int from attempt a where a.delivery_id = c.id
                         and a.outcome in ('throttled', 'transient')) end as put_off,
           case when c.attempt > 1
                then (select a.provider from attempt a
                       where a.delivery_id = c.id and a.outcome = 'unknown' and not a.any_relay
                       order by a.n desc limit 1) end as relay,
           c.recipient_id, c.sealed, c.language, c.shared_mailbox
      from answered c where c.state = 'sending'`;
}

/**
 * Give back what a claim took whose answer never arrived: this worker's rows of the slice that
 * it does not know of. It cannot have sent them; where an earlier attempt was taken nothing more is
 * to be sent, and that is looked at once the rows are locked. Answers how many.
 */
export async function disown(
  tx: Sql,
  { sliceId, workerId, known }: { sliceId: string; workerId: string; known: readonly string[] },
): Promise<number> {
  const unheard = await tx<{ id: string }[]>`
    select id from delivery
     where slice_id = ${sliceId} and worker_id = ${workerId} and state = 'sending'
       and not (id = any(${known}::bigint[]))
     order by id for update`;
  if (unheard.length === 0) return 0;
  const { count } = await tx`
    with unheard as materialized (
      select id, attempt as n from delivery
       where id = any(${unheard.map(({ id }) => id)}::bigint[]) and state = 'sending'
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
      from unheard k cross join lateral (select ${takenBefore(tx)} as taken) t where d.id = k.id`;
  return count;
}

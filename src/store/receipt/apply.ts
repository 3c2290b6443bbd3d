import { z } from "zod";

import { CONFIGURATION_CODES } from "../../domain/receipt/twilio.ts";
import { many } from "../db.ts";
import type { Sql } from "../db.ts";

/**
 * Wait for whoever reads or applies receipts now, until the transaction ends: what was said of a
 * delivery is heard in its order.
 */
export async function oneAtATime(tx: Sql): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtext('receipts'))`;
}

/** Receipts of e-mails whose reference nobody has read yet, locked. */
export function unread(tx: Sql, rowsMax: number): Promise<{ id: string; messageRef: string }[]> {
  return inOrder(
    tx,
    () => tx<{ id: string; messageRef: string }[]>`
      select id, message_ref from receipt
       where message_ref is not null and delivery_id is null and applied_at is null
       order by id limit ${rowsMax} for update skip locked`,
  );
}

/** Write down which delivery each reference names. One that we did not make is done with. */
export async function named(
  tx: Sql,
  all: readonly { readonly id: string; readonly deliveryId: string | undefined }[],
): Promise<void> {
  await tx`
    update receipt r
       set delivery_id = g.delivery_id,
           applied_at = case when g.delivery_id is null then now() end,
           effect = case when g.delivery_id is null then 'unproven' end
      from unnest(${all.map(({ id }) => id)}::bigint[],
                  ${all.map(({ deliveryId }) => deliveryId ?? null)}::bigint[]) as g (id, delivery_id)
     where r.id = g.id`;
}

/** What became of one receipt. */
const Applied = z.object({
  effect: z.enum(["moved", "nothing-new", "old-attempt", "no-delivery"]),
  /** Where it blames our account or sender: the code, and the wave it stops. */
  blame: z.string().nullable(),
  waveId: z.uuid().nullable(),
  incidentId: z.uuid().nullable(),
  /** Who called it spam. */
  complainedId: z.uuid().nullable(),
});
export type Applied = z.output<typeof Applied>;

/**
 * Apply what was kept, at most `rowsMax` receipts. A delivery only ever moves forward: any report
 * proves that its attempt was taken, the first final one stays, and copies and order do not
 * matter; but an address where nobody is was not reached, whatever was said before. Receipts of an
 * attempt that is still `sending` wait, because its own outcome comes first. A second copy that a
 * person asked for is not taken from them by a report that the first one failed. A report of an
 * older attempt counts too while none is being sent: who has one copy needs no other. It shows
 * where two copies went out. One of an attempt that is not known here is about what went out after
 * the backup that this database was restored from: it counts as the newest. A report of an e-mail
 * names no attempt: every copy of a message is the same message. It is about the newest.
 *
 * The rows are locked and read as they are then, so a claim was first, and the row is `sending`,
 * or it comes after, and finds no lease.
 */
export async function apply(tx: Sql, rowsMax: number): Promise<Applied[]> {
  const ids = await due(tx, rowsMax);
  if (ids.length === 0) return [];
  return many(
    Applied,
    tx`
      with ${heard(tx, ids)}), moved as (
        update delivery d
           set state = h.next, settled_at = now(), leased_until = null,
               attempt = greatest(d.attempt, h.attempt),
               reason = case when h.status = 'bounced' then 'hard-bounce'
                             when h.next = 'rejected' then 'undelivered' end
          from heard h where d.id = h.delivery_id and h.moves
      ), closed as (
        insert into closed_channel (incident_id, recipient_id, channel, reason)
        select distinct incident_id, recipient_id, 'email', 'hard-bounce'
          from said where status = 'bounced' and is_ours
        on conflict do nothing
      ), told as (
        select distinct on (delivery_id, attempt) delivery_id, attempt, reference, is_named,
               may_be_two and status not in ('failed', 'bounced') as is_copy
          from said where is_ours
         order by delivery_id, attempt, (status not in ('failed', 'bounced')) desc
      ), noted as (
        update attempt a
           set reference = coalesce(a.reference, t.reference),
               possible_duplicate = a.possible_duplicate or t.is_copy,
               outcome = case when ${wasTaken(tx)} then 'accepted' else a.outcome end
          from told t where a.delivery_id = t.delivery_id and a.n = t.attempt
           -- Most tell nothing new of an attempt.
           and (${wasTaken(tx)} or (a.reference is null and t.reference is not null)
                or (t.is_copy and not a.possible_duplicate))
      )
      update receipt r
         set applied_at = now(),
             effect = case when not h.is_ours then 'no-delivery'
                           when h.moves then 'moved'
                           when h.newest > h.attempt then 'old-attempt'
                           else 'nothing-new' end
        from heard h
       where r.id = h.id and (not h.is_ours or not h.is_sending or h.newest > h.attempt)
      returning r.effect, h.wave_id, h.incident_id,
                case when h.moves and h.status = 'failed'
                          and h.code in ${tx(CONFIGURATION_CODES)} then h.code end as blame,
                case when h.status = 'complained' and h.is_ours
                     then h.recipient_id end as complained_id`,
  );
}

/**
 * What the receipts say of their deliveries, which are locked: the state each leads to, and which
 * one of a delivery's counts. The first final one does, as if they had come one by one.
 */
function heard(tx: Sql, ids: readonly string[]) {
  return tx`
    waiting as materialized (
        select r.*, case when r.provider = 'twilio' then 'sms' else 'email' end as channel
          from receipt r where r.id = any(${ids}::bigint[])
      ), known as materialized (
        select d.id, d.wave_id, d.recipient_id, d.channel, d.attempt, d.state, w.incident_id,
               d.reason is not distinct from 'person-resend' as is_wanted
          from delivery d join wave w on w.id = d.wave_id
         where d.id in (select delivery_id from waiting)
         order by d.id for update of d
      ), said as materialized (
        select w.id, w.delivery_id, coalesce(w.attempt, greatest(k.attempt, 1)) as attempt, w.status, w.code,
               w.reference, k.id is not null as is_ours, k.wave_id, k.incident_id, k.recipient_id,
               k.attempt as newest, k.state = 'sending' as is_sending,
               w.attempt is not null as is_named, two.may_be as may_be_two,
               case when w.attempt < 1 then null
                    when w.status = 'bounced' and k.state in ${tx(SUPPOSED)} then 'rejected'
                    when w.status = 'delivered' and k.state in ${tx(UNTOLD)} then 'delivered'
                    when w.attempt < k.attempt and w.status = 'failed'
                      then case when k.state = 'accepted' and not two.may_be then 'rejected' end
                    when k.is_wanted and w.status = 'failed' then null
                    when w.status = 'failed' and k.state in ${tx(NOT_FINAL)} then 'rejected'
                    when w.status = 'failed' and k.state = 'held' and ${takenAbove(tx)} then 'rejected'
                    when (k.is_wanted or w.attempt < k.attempt) and ${failedBefore(tx)} then null
                    when w.status in ('queued', 'sent', 'complained') and k.state in ${tx(UNSURE)}
                      then 'accepted'
               end as next
          from waiting w
          left join known k on k.id = w.delivery_id and k.channel = w.channel
         cross join lateral (select ${copied(tx)} as may_be) two
      ), heard as materialized (
        select *, next is not null and 1 = row_number() over (
                 partition by delivery_id
                 order by next is null, status = 'bounced' desc,
                          status in ('delivered', 'failed') desc, id) as moves
          from said`;
}

/** Receipts to apply, locked. */
async function due(tx: Sql, rowsMax: number): Promise<string[]> {
  const rows = await inOrder(
    tx,
    () => tx<{ id: string }[]>`
      select r.id from receipt r
       where r.applied_at is null
         and (r.message_ref is null or r.delivery_id is not null)
         and not exists (select from delivery d where d.id = r.delivery_id
                            and d.state = 'sending'
                            and d.attempt <= coalesce(r.attempt, d.attempt))
       order by r.id limit ${rowsMax} for update skip locked`,
  );
  return rows.map(({ id }) => id);
}

/**
 * Read the oldest rows by the index that has them in order, and no more of them than that. A table
 * that was empty a minute ago is not known to be large now: it would be sorted whole, every time.
 */
async function inOrder<T>(tx: Sql, read: () => PromiseLike<T>): Promise<T> {
  await tx`select set_config('enable_sort', 'off', true), set_config('enable_bitmapscan', 'off', true)`;
  const rows = await read();
  await tx`select set_config('enable_sort', 'on', true), set_config('enable_bitmapscan', 'on', true)`;
  return rows;
}

/** Whether an earlier line of these says that a message was taken: it is as if that had moved already. */
function takenAbove(tx: Sql) {
  return tx`exists (select from waiting e
                     where e.delivery_id = w.delivery_id and e.channel = w.channel and e.id < w.id
                       and e.status in ('queued', 'sent', 'complained')
                       and (e.attempt is null or e.attempt > 0)
                       and (${failedBefore(tx, "e")} and e.attempt < k.attempt) is not true)`;
}

/** Whether this attempt is known to have failed: that it was once on its way is no news then. */
function failedBefore(tx: Sql, line: "w" | "e" = "w") {
  return tx`exists (select from receipt f where f.delivery_id = ${tx(line)}.delivery_id
                       and f.attempt is not distinct from ${tx(line)}.attempt and f.status = 'failed')`;
}

/**
 * Whether a newer attempt than this was taken, or may have been. Its row may be younger than what
 * this statement sees: only one that is seen to have come to nothing counts as that.
 */
function copied(tx: Sql) {
  return tx`coalesce(w.attempt < k.attempt and k.attempt - w.attempt > (
    select count(*) from attempt a
     where a.delivery_id = k.id and a.n > w.attempt and a.n <= k.attempt
       and a.outcome in ('not-sent', 'throttled', 'transient', 'rejected')), false)`;
}

/** Whether a report proves that an attempt was taken of which we believed otherwise. */
function wasTaken(tx: Sql) {
  return tx`(a.outcome = 'unknown'
             or (t.is_named and a.outcome in ('not-sent', 'throttled', 'transient')))`;
}

/** Not sent, or sent again, whatever was meant for them: an attempt was taken after all. */
const UNSURE = ["unknown", "planned", "leased", "held"];
/** Nobody has said yet that it arrived. */
const UNTOLD = ["accepted", ...UNSURE];
/** What failed is over; but a held message was not what failed. */
const NOT_FINAL = ["accepted", "unknown", "planned", "leased"];
/** An address that was never reached: what was said before, and what was meant for it, is void. */
const SUPPOSED = ["delivered", ...UNTOLD];

import { z } from "zod";

import { CONFIGURATION_CODES } from "../domain/receipt.ts";
import type { Receipt } from "../domain/receipt.ts";
import { many } from "./db.ts";
import type { Sql } from "./db.ts";

/** Keep a receipt before anything is made of it. False where this report was kept already. */
export async function keep(sql: Sql, receipt: Receipt): Promise<boolean> {
  const { count } = await sql`
    insert into receipt ${sql({ ...receipt })} on conflict (provider, event_id) do nothing`;
  return count === 1;
}

/** What became of one receipt. */
const Applied = z.object({
  effect: z.enum(["moved", "nothing-new", "old-attempt", "no-delivery"]),
  /** Where it blames our account or sender: the code, and the wave it stops. */
  blame: z.string().nullable(),
  waveId: z.uuid().nullable(),
  incidentId: z.uuid().nullable(),
});
export type Applied = z.output<typeof Applied>;

/**
 * Apply what was kept, at most `rowsMax` receipts. A delivery only ever moves forward: any report
 * proves that its attempt was taken, the first final one stays, and copies and order do not
 * matter. Receipts of an attempt that is still `sending` wait, because its own outcome comes
 * first. One of an older attempt moves nothing; it shows where two copies went out.
 */
export function apply(tx: Sql, rowsMax: number): Promise<Applied[]> {
  return many(
    Applied,
    tx`
      with waiting as materialized (
        select r.* from receipt r
         where r.applied_at is null
           and not exists (select from delivery d where d.id = r.delivery_id
                              and d.state = 'sending' and d.attempt = r.attempt)
         order by r.id limit ${rowsMax} for update skip locked
      ), known as materialized (
        select d.id, d.wave_id, d.attempt, d.state
          from delivery d where d.id in (select delivery_id from waiting) and d.channel = 'sms'
         order by d.id for update
      ), heard as (
        select distinct on (w.delivery_id, w.attempt) w.*, k.wave_id,
               case when w.status = 'delivered' and k.state in ${tx(NOT_FINAL)} then 'delivered'
                    when w.status = 'failed' and k.state in ('accepted', 'unknown') then 'rejected'
                    when w.status in ('queued', 'sent') and k.state in ${tx(UNSURE)} then 'accepted'
               end as next
          from waiting w join known k on k.id = w.delivery_id and k.attempt = w.attempt
         order by w.delivery_id, w.attempt, (w.status in ('delivered', 'failed')) desc, w.id
      ), moved as (
        update delivery d
           set state = h.next, settled_at = now(), leased_until = null,
               reason = case when h.next = 'rejected' then 'undelivered' end
          from heard h where d.id = h.delivery_id and h.next is not null
        returning d.id, h.id as receipt_id
      ), told as (
        select distinct on (w.delivery_id, w.attempt) w.delivery_id, w.attempt, w.reference,
               k.attempt > w.attempt and w.status <> 'failed' as is_copy
          from waiting w join known k on k.id = w.delivery_id
         order by w.delivery_id, w.attempt, (w.status <> 'failed') desc
      ), noted as (
        update attempt a
           set reference = coalesce(a.reference, t.reference),
               possible_duplicate = a.possible_duplicate or t.is_copy,
               outcome = case when a.outcome = 'unknown' then 'accepted' else a.outcome end
          from told t where a.delivery_id = t.delivery_id and a.n = t.attempt
      )
      update receipt r
         set applied_at = now(),
             effect = case when k.id is null then 'no-delivery'
                           when k.attempt <> r.attempt then 'old-attempt'
                           when m.id is not null then 'moved'
                           else 'nothing-new' end
        from waiting w
        left join known k on k.id = w.delivery_id
        left join moved m on m.receipt_id = w.id
        left join wave on wave.id = k.wave_id
       where r.id = w.id and (k.id is null or k.state <> 'sending' or k.attempt <> w.attempt)
      returning r.effect, k.wave_id, wave.incident_id,
                case when m.id is not null and r.status = 'failed'
                          and r.code in ${tx(CONFIGURATION_CODES)} then r.code end as blame`,
  );
}

/** Close SMS to everyone such a number hash was written to, or open it again. Answers whom. */
export function setSms(
  tx: Sql,
  { incidentId, numberHash, open }: { incidentId: string; numberHash: Buffer; open: boolean },
): Promise<{ recipientId: string }[]> {
  const reached = tx`
    select distinct d.recipient_id
      from attempt a
      join delivery d on d.id = a.delivery_id
      join wave w on w.id = d.wave_id and w.incident_id = ${incidentId}
     where a.number_hash = ${numberHash}`;
  return open
    ? tx<{ recipientId: string }[]>`
        delete from closed_channel
         where incident_id = ${incidentId} and channel = 'sms' and recipient_id in (${reached})
        returning recipient_id`
    : tx<{ recipientId: string }[]>`
        insert into closed_channel (incident_id, recipient_id, channel)
        select ${incidentId}, recipient_id, 'sms' from (${reached}) as reached
        on conflict do nothing
        returning recipient_id`;
}

/** Not sent again, whatever was meant for them: the attempt was taken after all. */
const UNSURE = ["unknown", "planned", "leased"];
const NOT_FINAL = ["accepted", ...UNSURE];

import type { Receipt } from "../domain/receipt.ts";
import type { Sql } from "./db.ts";

/**
 * Keep receipts before anything is made of them, many in one statement; those that were kept
 * already are left as they are. Answers how many are new.
 */
export async function keep(sql: Sql, receipts: readonly Receipt[]): Promise<number> {
  const of = (field: keyof Receipt) => receipts.map((receipt) => receipt[field]);
  const { count } = await sql`
    insert into receipt (provider, event_id, delivery_id, attempt, message_ref, status, code, reference)
    select * from unnest(
      ${of("provider")}::text[], ${of("eventId")}::text[], ${of("deliveryId")}::bigint[],
      ${of("attempt")}::int[], ${of("messageRef")}::text[], ${of("status")}::text[],
      ${of("code")}::text[], ${of("reference")}::text[])
    on conflict (provider, event_id) do nothing`;
  return count;
}

/** Whether more than `most` receipts wait to be applied: nobody seems to be applying any. */
export async function isBehind(sql: Sql, most: number): Promise<boolean> {
  const rows = await sql`select from receipt where applied_at is null offset ${most} limit 1`;
  return rows.length > 0;
}

/** Forget reports that name nothing of ours: anybody can send them. */
export async function removeUnproven(sql: Sql): Promise<void> {
  await sql`
    delete from receipt where effect = 'unproven' and applied_at < now() - interval '1 day'`;
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
        insert into closed_channel (incident_id, recipient_id, channel, reason)
        select ${incidentId}, recipient_id, 'sms', 'stopped' from (${reached}) as reached
        on conflict do nothing
        returning recipient_id`;
}

import { z } from "zod";

import type { SentChannel } from "../../domain/delivery.ts";
import type { NoticeClass } from "../../domain/delivery/reconcile.ts";
import { many } from "../db.ts";
import type { Sql } from "../db.ts";

const WaveOf = z.object({ id: z.uuid(), incidentId: z.uuid() });

/** Waves that have e-mails of this class to send again by rule. A cancelled one has none. */
export function withResends(
  sql: Sql,
  { noticeClass, windowMs }: { noticeClass: NoticeClass; windowMs: number },
): Promise<z.output<typeof WaveOf>[]> {
  return many(
    WaveOf,
    sql`
      select w.id, w.incident_id from wave w
        join notice_version v on v.id = w.notice_version_id
        join notice n on n.id = v.notice_id and n.class = ${noticeClass}
       where w.state <> 'cancelled'
         and exists (select from delivery d where d.wave_id = w.id and ${isOver(sql, "email", windowMs)}
                        and ${neverResent(sql)})
       order by w.id`,
  );
}

/**
 * Send e-mails of a wave again whose outcome stayed unknown, at most `rowsMax`, each once in its
 * life. Whatever happened to one meanwhile leaves it alone. Answers how many.
 */
export async function resend(
  tx: Sql,
  waveId: string,
  { windowMs, rowsMax }: { windowMs: number; rowsMax: number },
): Promise<number> {
  const { count } = await tx`
    with due as materialized (
      select d.id, d.attempt from delivery d
       where d.wave_id = ${waveId} and ${isOver(tx, "email", windowMs)} and ${neverResent(tx)}
       -- In the order in which receipts lock them.
       order by d.id limit ${rowsMax} for update of d skip locked
    ), noted as (
      update attempt a set evidence = 'resent'
        from due where a.delivery_id = due.id and a.n = due.attempt
    )
    update delivery d
       set state = 'planned', reason = 'resent-unknown', next_at = now(), slice_id = null,
           settled_at = null
      from due where d.id = due.id`;
  return count;
}

const Look = z.object({
  id: z.string(),
  attempt: z.number().int(),
  waveId: z.uuid(),
  incidentId: z.uuid(),
  looks: z.number().int(),
  startedAt: z.coerce.date(),
  endedAt: z.coerce.date(),
  recipientId: z.uuid(),
  language: z.string(),
  sharedMailbox: z.boolean(),
  sealed: z.instanceof(Buffer),
  /** Whether it was sent by the account that would be asked. */
  sameAccount: z.boolean(),
});
/** An SMS that the provider is to be asked about, and what composing it again takes. */
export type Look = z.output<typeof Look>;

export interface Looking {
  /** The account whose messages the provider would list. */
  readonly account: string | undefined;
  readonly windowMs: number;
  readonly gapMs: number;
  readonly looksMax: number;
  readonly rowsMax: number;
}

/** Take SMS to ask about now; no other worker takes the same ones until the next look is due. */
export function takeLooks(sql: Sql, { account, windowMs, gapMs, looksMax, rowsMax }: Looking) {
  return many(
    Look,
    sql`
      with due as materialized (
        select a.delivery_id, a.n, w.incident_id
          from delivery d
          join attempt a on a.delivery_id = d.id and a.n = d.attempt
          join wave w on w.id = d.wave_id
         where ${isOver(sql, "sms", windowMs)} and a.looks < ${looksMax}
           and (a.looked_at is null or a.looked_at < now() - ${gapMs}::int * ${MS}::interval)
         order by a.looked_at nulls first, d.id limit ${rowsMax}
           for update of a skip locked
      ), taken as (
        update attempt a set looked_at = now()
          from due where a.delivery_id = due.delivery_id and a.n = due.n
        returning a.delivery_id, a.n, a.looks, a.started_at, a.ended_at, a.worker_id, due.incident_id
      )
      select d.id, t.n as attempt, d.wave_id, t.incident_id, t.looks, t.started_at,
             coalesce(t.ended_at, d.settled_at, t.started_at) as ended_at, d.recipient_id,
             coalesce(p.language, r.language) as language, r.shared_mailbox, r.sealed,
             s.sms_account is not distinct from ${account ?? null} as same_account
        from taken t
        join delivery d on d.id = t.delivery_id
        left join worker s on s.id = t.worker_id
        join recipient r on r.id = d.recipient_id
        left join preference p on p.incident_id = t.incident_id and p.recipient_id = r.id`,
  );
}

/**
 * Of the provider's names of messages, those that are not of this attempt: known from another to
 * this number, or from a report. Where a worker was lost the number of an attempt was never
 * written down, but what the provider reports of its message names it.
 */
export async function knownOf(
  sql: Sql,
  { id, attempt }: Attempted,
  { references, numberHash }: { references: readonly string[]; numberHash: string },
): Promise<Set<string>> {
  const rows = await sql<{ reference: string }[]>`
    select reference from attempt
     where number_hash = decode(${numberHash}, 'hex') and reference = any(${[...references]}::text[])
     union
    select reference from receipt
     where provider = 'twilio' and reference = any(${[...references]}::text[])
       and (delivery_id, attempt) is distinct from (${id}::bigint, ${attempt}::int)`;
  return new Set(rows.map(({ reference }) => reference));
}

export interface Attempted {
  readonly id: string;
  readonly attempt: number;
}

/**
 * The provider has it: what it says counts, unless a receipt was first, or the same message was
 * found for another delivery meanwhile: the same words to one number may be for two people.
 * Answers whether it counted.
 */
export async function found(
  tx: Sql,
  { id, attempt }: Attempted,
  sms: { state: "accepted" | "delivered"; reference: string; numberHash: string },
): Promise<boolean> {
  await tx`select pg_advisory_xact_lock(hashtextextended(${sms.reference}, 0))`;
  const { count } = await tx`
    with settled as (
      update delivery
         set state = ${sms.state}, settled_at = now(), reason = null
       where id = ${id} and attempt = ${attempt} and state = 'unknown'
         and not exists (select from attempt e
                          where e.number_hash = decode(${sms.numberHash}, 'hex')
                            and e.reference = ${sms.reference} and e.delivery_id <> ${id})
         and not exists (select from receipt r
                          where r.provider = 'twilio' and r.reference = ${sms.reference}
                            and r.delivery_id <> ${id})
      returning id
    )
    update attempt a
       set outcome = 'accepted', evidence = 'found', reference = ${sms.reference},
           number_hash = coalesce(a.number_hash, decode(${sms.numberHash}, 'hex'))
      from settled s where a.delivery_id = s.id and a.n = ${attempt}`;
  return count > 0;
}

/** The provider had nothing, or nobody can tell: count this look, unless it was counted. */
export async function inVain(
  sql: Sql,
  { id, attempt, looks }: Attempted & { readonly looks: number },
  looksNow: number,
): Promise<void> {
  await sql`
    update attempt set looks = ${looksNow}
     where delivery_id = ${id} and n = ${attempt} and looks = ${looks}`;
}

/** Nothing was taken, and that is proven: send it as if this attempt had never been. */
export async function planAgain(
  tx: Sql,
  { id, attempt, looks }: Attempted & { readonly looks: number },
): Promise<boolean> {
  const { count } = await tx`
    with again as (
      update delivery d
         set state = 'planned', reason = 'not-taken', next_at = now(), slice_id = null,
             settled_at = null
       where id = ${id} and attempt = ${attempt} and state = 'unknown'
         and exists (select from attempt a where a.delivery_id = d.id and a.n = d.attempt
                        and a.looks = ${looks})
      returning id
    )
    update attempt a set outcome = 'not-sent', evidence = 'absent', looks = ${looks} + 1
      from again where a.delivery_id = again.id and a.n = ${attempt}`;
  return count === 1;
}

/** Unknown for longer than this: receipts have had their time. */
function isOver(sql: Sql, channel: SentChannel, windowMs: number) {
  return sql`d.listed = 'unknown' and d.channel = ${channel}
         and d.settled_at < now() - ${windowMs}::int * ${MS}::interval`;
}

function neverResent(sql: Sql) {
  return sql`not exists (select from attempt a
                          where a.delivery_id = d.id and a.evidence = 'resent')`;
}

const MS = "1 millisecond";

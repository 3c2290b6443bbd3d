import type { Sql } from "./db.ts";

/** What an action wants said; the address and the text are sealed. */
export interface NewMessage {
  readonly id: string;
  readonly kind: string;
  readonly key: string;
  readonly channel: "email" | "sms";
  readonly keyId: string;
  readonly sealed: Buffer;
  /** Goes before all that is not. */
  readonly urgent: boolean;
  readonly expiresAt: Date;
}

/** A message that this worker alone may send now. */
export interface Claimed {
  readonly id: string;
  readonly kind: string;
  readonly channel: "email" | "sms";
  readonly keyId: string;
  readonly sealed: Buffer;
  readonly attempt: number;
  /** Too late to be of use: it has expired instead. */
  readonly late: boolean;
}

/** Plan a message unless one of this kind and key exists; false where it does. */
export async function insert(tx: Sql, message: NewMessage): Promise<boolean> {
  const { count } = await tx`insert into message ${tx(message)} on conflict (kind, key) do nothing`;
  return count === 1;
}

interface Claim {
  readonly workerId: string;
  readonly rowsMax: number;
  /** By the clock that the messages' ends were set by. */
  readonly now: Date;
}

/**
 * Claim due messages: `planned` → `sending`, committed before anything is sent. What came too
 * late to be of use expires instead. While sending is locked only urgent ones go: somebody waits
 * for them now.
 */
export async function claim(sql: Sql, { workerId, rowsMax, now }: Claim): Promise<Claimed[]> {
  return sql<Claimed[]>`
    with due as materialized (
      select id, expires_at <= ${now} as late from message
       where state = 'planned' and next_at <= now()
         and (urgent or sending_open())
       order by urgent desc, next_at limit ${rowsMax} for update skip locked
    )
    update message m
       set state = case when d.late then 'expired' else 'sending' end,
           attempt = m.attempt + case when d.late then 0 else 1 end,
           worker_id = case when d.late then m.worker_id else ${workerId}::uuid end,
           sealed = case when d.late then null else m.sealed end,
           settled_at = case when d.late then now() end
      from due d where m.id = d.id
    returning m.id, m.kind, m.channel, m.key_id, m.sealed, m.attempt, d.late`;
}

/** What of a kind is about this and still waits is not said any more. */
export async function withdraw(tx: Sql, kind: string, about: string): Promise<void> {
  await tx`
    update message set state = 'expired', sealed = null, settled_at = now()
     where state = 'planned' and kind = ${kind} and split_part(key, '/', 2) = ${about}`;
}

export interface Settled {
  readonly id: string;
  readonly attempt: number;
  readonly state: "planned" | "accepted" | "rejected" | "unknown";
  readonly code: string;
  readonly nextInMs: number;
  /** It was a try: one of which nothing was said to a provider uses none up. */
  readonly tried: boolean;
}

/**
 * Write down what came of an attempt, unless another has been made since. One that was called unknown
 * meanwhile has lost its text, and is not tried again.
 */
export async function settle(
  sql: Sql,
  { id, attempt, state, code, nextInMs, tried }: Settled,
): Promise<void> {
  await sql`
    update message
       set state = ${state}, code = ${code}, attempt = attempt - ${tried ? 0 : 1}::int,
           next_at = now() + ${nextInMs}::int * interval '1 millisecond',
           sealed = case when ${state} = 'planned' then sealed end,
           settled_at = case when ${state} <> 'planned' then now() end
     where id = ${id} and attempt = ${attempt}
       and (state = 'sending' or (state = 'unknown' and ${state} <> 'planned'))`;
}

/** Call `unknown` what a silent worker was sending; nobody resends it by itself. */
export async function markUnknown(sql: Sql): Promise<number> {
  const { count } = await sql`
    update message m set state = 'unknown', sealed = null, settled_at = now()
     where m.state = 'sending'
       and not exists (select from worker k
                        where k.id = m.worker_id and k.beat_at >= now() - interval '20 seconds')`;
  return count;
}

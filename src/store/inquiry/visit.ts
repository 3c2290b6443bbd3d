import { z } from "zod";

import { maybeOne } from "../db.ts";
import type { Sql } from "../db.ts";

/** A visit as the door makes it. */
export interface NewVisit {
  readonly idHash: Buffer;
  readonly publicKey: Buffer;
  readonly expiresAt: Date;
  readonly endsAt: Date;
}

/** Keep a new visit. What was typed for it is its first turn. */
export async function insert(tx: Sql, visit: NewVisit): Promise<void> {
  await tx`insert into visit ${tx({ ...visit })}`;
}

/** The visitor sends something more: the number of this turn. Nothing where the visit has ended. */
export async function nextTurn(
  tx: Sql,
  idHash: Buffer,
  { now, expiresAt }: { readonly now: Date; readonly expiresAt: Date },
): Promise<number | undefined> {
  const [row] = await tx<{ turn: number }[]>`
    update visit set turn = turn + 1, expires_at = least(${expiresAt}, ends_at)
     where id_hash = ${idHash} and expires_at > ${now}
    returning turn`;
  return row?.turn;
}

const Answered = z.object({
  turn: z.int(),
  replyTurn: z.int(),
  reply: z.instanceof(Buffer).nullable(),
});

/** What a worker has answered so far. Nothing where the visit has ended. */
export function answered(sql: Sql, idHash: Buffer, now: Date) {
  return maybeOne(
    Answered,
    sql`
      select turn, reply_turn, reply from visit
       where id_hash = ${idHash} and expires_at > ${now}`,
  );
}

const Visit = z.object({ publicKey: z.instanceof(Buffer), state: z.instanceof(Buffer).nullable() });

/** A visit that goes on, locked until the transaction ends. */
export function lock(tx: Sql, idHash: Buffer, now: Date) {
  return maybeOne(
    Visit,
    tx`
      select public_key, state from visit
       where id_hash = ${idHash} and expires_at > ${now} for update`,
  );
}

/**
 * Keep what a worker knows of a visit, and its answer to one turn. Two workers may take two turns
 * in either order: what was answered last knows most. The first answer is one to all that came
 * before it, because nothing of that could be judged.
 */
export async function answer(
  tx: Sql,
  idHash: Buffer,
  { state, reply, turn }: { readonly state: Buffer; readonly reply: Buffer; readonly turn: number },
): Promise<void> {
  await tx`
    update visit
       set state = ${state}, reply = ${reply}, reply_turn = case when state is null then turn else greatest(reply_turn, ${turn}) end
     where id_hash = ${idHash}`;
}

/** The visitor leaves. */
export async function end(sql: Sql, idHash: Buffer): Promise<void> {
  await sql`delete from visit where id_hash = ${idHash}`;
}

/** Throw away visits that have ended, and one-time codes that were sent or never meant to be. */
export async function removeOld(sql: Sql, now: Date): Promise<void> {
  await sql`delete from visit where expires_at <= ${now}`;
  await sql`
    delete from message
     where kind in ('one-time-code', 'lookup') and settled_at < now() - interval '1 hour'`;
}

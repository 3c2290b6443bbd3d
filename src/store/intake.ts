import { z } from "zod";

import { maybeOne, one } from "./db.ts";
import type { Sql } from "./db.ts";

const PublicKey = z.object({ publicKey: z.instanceof(Buffer) });
const KeyPair = PublicKey.extend({ sealedPrivate: z.instanceof(Buffer) });

/** The key that the public door seals to. Refuses `not-found` before a worker made one. */
export async function publicKey(sql: Sql): Promise<Buffer> {
  return (await one(PublicKey, sql`select public_key from intake_key`)).publicKey;
}

/** The whole pair, the private half sealed. */
export function keyPair(sql: Sql): Promise<z.output<typeof KeyPair> | undefined> {
  return maybeOne(KeyPair, sql`select public_key, sealed_private from intake_key`);
}

/** Keep a pair unless there is one. */
export async function keepKeyPair(sql: Sql, pair: z.output<typeof KeyPair>): Promise<void> {
  await sql`insert into intake_key ${sql({ ...pair })} on conflict do nothing`;
}

export const Intake = z.object({ id: z.uuid(), kind: z.string(), sealed: z.instanceof(Buffer) });
export type Intake = z.output<typeof Intake>;

/** Keep what came in through the public door until a worker opens it. */
export async function insert(tx: Sql, intake: Intake): Promise<void> {
  await tx`insert into intake ${tx({ ...intake })}`;
}

/** Whether so many wait already that nothing more may come in. */
export async function isFull(sql: Sql, most: number): Promise<boolean> {
  const rows = await sql`select from intake offset ${most - 1} limit 1`;
  return rows.length > 0;
}

/** What came in and waits, if it still does. */
export function find(sql: Sql, id: string): Promise<Intake | undefined> {
  return maybeOne(Intake, sql`select id, kind, sealed from intake where id = ${id}`);
}

/** Done with it: nothing of what came in stays here. False where another worker was first. */
export async function remove(tx: Sql, id: string): Promise<boolean> {
  const { count } = await tx`delete from intake where id = ${id}`;
  return count === 1;
}

/** Throw away what nobody could open within a day. Answers how many rows. */
export async function removeOld(sql: Sql): Promise<number> {
  const { count } = await sql`delete from intake where received_at < now() - interval '1 day'`;
  return count;
}

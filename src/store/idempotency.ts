import { z } from "zod";

import { maybeOne } from "./db.ts";
import type { Sql } from "./db.ts";

/** A request as it is remembered under its key. */
export interface Reservation {
  readonly staffId: string;
  readonly key: string;
  readonly route: string;
  readonly bodyHash: Buffer;
}

const Remembered = z.object({
  route: z.string(),
  bodyHash: z.instanceof(Buffer),
  /** Null while the first request runs. */
  status: z.number().int().nullable(),
  /** The sealed answer; null where it held a secret. */
  response: z.instanceof(Buffer).nullable(),
});
export type Remembered = z.output<typeof Remembered>;

/**
 * Reserve a key for a request; false where the key is taken. Keys are forgotten after
 * 24 hours, this person's first.
 */
export async function reserve(sql: Sql, wanted: Reservation): Promise<boolean> {
  await sql`
    delete from idempotency
     where staff_id = ${wanted.staffId} and created_at < now() - interval '24 hours'`;
  const rows = await sql`
    insert into idempotency (staff_id, key, route, body_hash)
    values (${wanted.staffId}, ${wanted.key}, ${wanted.route}, ${wanted.bodyHash})
    on conflict do nothing
    returning key`;
  return rows.length === 1;
}

/** What is remembered under a key, or nothing. */
export function find(sql: Sql, staffId: string, key: string): Promise<Remembered | undefined> {
  return maybeOne(
    Remembered,
    sql`
      select route, body_hash, status, response from idempotency
       where staff_id = ${staffId} and key = ${key}`,
  );
}

/** Remember how a request was answered. */
export async function settle(
  sql: Sql,
  { staffId, key }: Reservation,
  answer: { readonly status: number; readonly response: Buffer | null },
): Promise<void> {
  await sql`
    update idempotency set status = ${answer.status}, response = ${answer.response}
     where staff_id = ${staffId} and key = ${key}`;
}

/** The request had no effect and may be made again under the same key. */
export async function release(sql: Sql, { staffId, key }: Reservation): Promise<void> {
  await sql`
    delete from idempotency where staff_id = ${staffId} and key = ${key} and status is null`;
}

import { z } from "zod";

import { maybeOne } from "./db.ts";
import type { Sql } from "./db.ts";

/** What a later stage must be told of. Each kind has one handler, in `workers/outbox.ts`. */
export const OutboxKind = z.enum([
  "upload.import",
  "letters.make",
  "scope.revised",
  "intake.received",
  "audience.frozen",
  "publication.published",
  "survey.finished",
]);
export type OutboxKind = z.output<typeof OutboxKind>;

const OutboxRow = z.object({
  id: z.coerce.number().int(),
  kind: OutboxKind,
  ids: z.record(z.string(), z.string()),
});
export type OutboxRow = z.output<typeof OutboxRow>;

/** Tell a later stage, in the transaction of the change. The worker acts on it at least once. */
export async function post(tx: Sql, kind: OutboxKind, ids: Record<string, string>): Promise<void> {
  await tx`insert into outbox (kind, ids) values (${kind}, ${tx.json(ids)})`;
  await tx`select pg_notify('candor', 'outbox')`;
}

/** An outbox row that nobody has finished yet. */
export function findOpen(sql: Sql, id: number): Promise<OutboxRow | undefined> {
  return maybeOne(OutboxRow, sql`select * from outbox where id = ${id} and done_at is null`);
}

/** Say that an outbox row has been acted on. */
export async function finish(sql: Sql, id: number): Promise<void> {
  await sql`update outbox set done_at = now() where id = ${id} and done_at is null`;
}

/** Keep a long-running row from being handed out again. */
export async function touch(sql: Sql, id: number): Promise<void> {
  await sql`update outbox set handed_at = now() where id = ${id} and done_at is null`;
}

/** Take rows to hand to the queue: new ones, and ones handed out over a minute ago without an end. */
export async function take(tx: Sql, limit: number): Promise<number[]> {
  const rows = await tx<{ id: string }[]>`
    update outbox set handed_at = now()
     where id in (
       select id from outbox
        where done_at is null and failures < 20
          and (handed_at is null or handed_at < now() - interval '1 minute')
        order by id limit ${limit} for update skip locked)
    returning id`;
  return rows.map(({ id }) => Number(id));
}

/** Throw away rows of a kind that were done an hour ago, so many at a time. */
export async function removeDone(sql: Sql, kind: OutboxKind, rowsMax: number): Promise<void> {
  await sql`
    delete from outbox where id in (
      select id from outbox
       where kind = ${kind} and done_at < now() - interval '1 hour'
       order by id limit ${rowsMax})`;
}

/** Count a failed try and make the row due again in `failures²` seconds. */
export async function fail(sql: Sql, id: number): Promise<void> {
  await sql`
    update outbox
       set failures = failures + 1,
           handed_at = now() - interval '1 minute' + interval '1 second' * power(failures + 1, 2)
     where id = ${id} and done_at is null`;
}

/** All rows are due again: the Redis that knew them is gone. */
export async function handAllAgain(tx: Sql): Promise<void> {
  await tx`update outbox set handed_at = null where done_at is null`;
}

import { z } from "zod";

import { Instant } from "../domain/instant.ts";
import { many, maybeOne } from "./db.ts";
import type { Sql } from "./db.ts";

/** What a later stage must be told of. Each kind has one handler, in `workers/outbox.ts`. */
export const OutboxKind = z.enum([
  "upload.import",
  "letters.make",
  "scope.revised",
  "intake.received",
  "audience.frozen",
  "audiences.compare",
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

/** An outbox row that nobody has finished yet, of a kind that this version knows. */
export function findOpen(sql: Sql, id: number): Promise<OutboxRow | undefined> {
  return maybeOne(
    OutboxRow,
    sql`
      select * from outbox
       where id = ${id} and done_at is null and kind = any(${OutboxKind.options})`,
  );
}

/** Say that an outbox row has been acted on. */
export async function finish(sql: Sql, id: number): Promise<void> {
  await sql`update outbox set done_at = now() where id = ${id} and done_at is null`;
}

/** Keep a long-running row from being handed out again. */
export async function touch(sql: Sql, id: number): Promise<void> {
  await sql`update outbox set handed_at = now() where id = ${id} and done_at is null`;
}

/** How many rows are not done, and not parked. */
export async function countOpen(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from outbox where done_at is null and parked_at is null`;
  return row?.count ?? 0;
}

/**
 * Take rows to hand to the queue: new ones, and ones handed out over a minute ago without an end.
 * A kind that this version does not know waits for a worker that does.
 */
export async function take(tx: Sql, limit: number): Promise<number[]> {
  const rows = await tx<{ id: string }[]>`
    update outbox set handed_at = now()
     where id in (
       select id from outbox
        where done_at is null and failures < ${FAILURES_MAX}::int and kind = any(${OutboxKind.options})
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

/**
 * Count a failed try and make the row due again in `failures²` seconds. One that failed twenty
 * times is parked until a person looks at it: answers true then, once.
 */
export async function fail(sql: Sql, id: number, code: string): Promise<boolean> {
  const [row] = await sql<{ parked: boolean }[]>`
    update outbox
       set failures = failures + 1,
           handed_at = now() - interval '1 minute' + interval '1 second' * power(failures + 1, 2),
           parked_at = case when failures + 1 >= ${FAILURES_MAX}::int then now() end,
           parked_code = ${code}
     where id = ${id} and done_at is null and parked_at is null
    returning parked_at is not null as parked`;
  return row?.parked ?? false;
}

const Parked = z.object({
  id: z.coerce.number().int(),
  kind: z.string(),
  ids: z.record(z.string(), z.string()),
  failures: z.int(),
  parkedAt: Instant,
  parkedCode: z.string().nullable(),
});
export type Parked = z.output<typeof Parked>;

/** Rows that failed too often, oldest first. A version that did not park them left them open. */
export async function parked(sql: Sql): Promise<Parked[]> {
  await sql`
    update outbox set parked_at = now()
     where done_at is null and parked_at is null and failures >= ${FAILURES_MAX}::int`;
  return many(
    Parked,
    sql`select * from outbox where done_at is null and parked_at is not null order by id`,
  );
}

/** Try parked rows again, all or one. Answers how many. */
export async function retryParked(sql: Sql, id?: number): Promise<number> {
  const { count } = await sql`
    update outbox
       set failures = 0, handed_at = null, parked_at = null, parked_code = null
     where done_at is null and parked_at is not null and (${id ?? null}::bigint is null or id = ${id ?? null})`;
  await sql`select pg_notify('candor', 'outbox')`;
  return count;
}

/** All rows are due again: the Redis that knew them is gone. */
export async function handAllAgain(tx: Sql): Promise<void> {
  await tx`update outbox set handed_at = null where done_at is null and parked_at is null`;
}

const FAILURES_MAX = 20;

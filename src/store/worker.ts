import type { Sql } from "./db.ts";

/** What a worker says of itself: what keeps it from its work, and by which account it sends SMS. */
export interface Said {
  readonly trouble?: string | undefined;
  readonly smsAccount?: string | undefined;
}

/**
 * Say that this worker lives. `now()` is the database's, the same that the sweep compares with.
 */
export async function beat(
  sql: Sql,
  workerId: string,
  { trouble, smsAccount }: Said = {},
): Promise<void> {
  await sql`
    insert into worker (id, trouble, sms_account)
    values (${workerId}, ${trouble ?? null}, ${smsAccount ?? null})
    on conflict (id) do update set beat_at = now(), trouble = excluded.trouble`;
}

/** Say that this worker has stopped on purpose. */
export async function stop(sql: Sql, workerId: string): Promise<void> {
  await sql`update worker set stopped_at = now() where id = ${workerId}`;
}

import type { Sql } from "./db.ts";

/**
 * Say that this worker lives, and what keeps it from its work if anything does. `now()` is the
 * database's, the same that the sweep compares with.
 */
export async function beat(sql: Sql, workerId: string, trouble?: string): Promise<void> {
  await sql`
    insert into worker (id, trouble) values (${workerId}, ${trouble ?? null})
    on conflict (id) do update set beat_at = now(), trouble = excluded.trouble`;
}

/** Say that this worker has stopped on purpose. */
export async function stop(sql: Sql, workerId: string): Promise<void> {
  await sql`update worker set stopped_at = now() where id = ${workerId}`;
}

import type { Sql } from "./db.ts";

/** Say that this worker lives. `now()` is the database's, the same that the sweep compares with. */
export async function beat(sql: Sql, workerId: string): Promise<void> {
  await sql`
    insert into worker (id) values (${workerId})
    on conflict (id) do update set beat_at = now()`;
}

/** Say that this worker has stopped on purpose. */
export async function stop(sql: Sql, workerId: string): Promise<void> {
  await sql`update worker set stopped_at = now() where id = ${workerId}`;
}

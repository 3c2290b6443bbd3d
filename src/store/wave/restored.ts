import type { Sql } from "../db.ts";

/** Mark every ended wave: what became of it after the backup is not known here. */
export async function markEnded(tx: Sql): Promise<void> {
  await tx`
    update wave set restored_at = now()
     where id in (select id from wave where state = 'done' order by id for no key update)`;
}

/** Take the mark from a wave. Answers whether it had one. */
export async function takeMark(tx: Sql, waveId: string): Promise<boolean> {
  const { count } = await tx`
    update wave set restored_at = null where id = ${waveId} and restored_at is not null`;
  return count > 0;
}

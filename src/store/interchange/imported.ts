import { z } from "zod";

import { many } from "../db.ts";
import type { Sql } from "../db.ts";

/** Which kind of file an incident was read from. */
export type Source = "veris" | "hhs" | "processor";

/** An incident that was read from a file. */
export const Imported = z.object({
  key: z.string(),
  contentHash: z.string(),
  incidentId: z.uuid(),
});
export type Imported = z.output<typeof Imported>;

/** Those of these keys that were imported before. */
export function found(sql: Sql, source: Source, keys: readonly string[]): Promise<Imported[]> {
  return many(
    Imported,
    sql`
      select key, content_hash, incident_id from imported_incident
       where source = ${source} and key = any(${keys as string[]}::text[])`,
  );
}

/**
 * Let nobody else import from this kind of file until the transaction ends: two people with the
 * same file must not make each incident twice.
 */
export async function lock(tx: Sql, source: Source): Promise<void> {
  await tx`select pg_advisory_xact_lock(hashtext(${`import ${source}`}))`;
}

/** Keep where an incident came from. */
export async function keep(
  tx: Sql,
  { source, staffId, now, ...row }: Imported & { source: Source; staffId: string; now: Date },
): Promise<void> {
  await tx`
    insert into imported_incident (source, key, content_hash, incident_id, imported_by, imported_at)
    values (${source}, ${row.key}, ${row.contentHash}, ${row.incidentId}, ${staffId}, ${now})`;
}

/** Whether an incident of this installation has this id. */
export async function isOurs(sql: Sql, incidentId: string): Promise<boolean> {
  return (await sql`select from incident where id = ${incidentId}`).length === 1;
}

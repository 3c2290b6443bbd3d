import { SeverityRecord } from "../domain/severity.ts";
import { many } from "./db.ts";
import type { Sql } from "./db.ts";

/** What was said of an incident's severity, the newest first. */
export function history(sql: Sql, incidentId: string): Promise<SeverityRecord[]> {
  return many(
    SeverityRecord,
    sql`select * from severity where incident_id = ${incidentId} order by version desc`,
  );
}

/** Keep what was said; the caller holds the incident's lock. */
export async function insert(tx: Sql, record: SeverityRecord): Promise<void> {
  await tx`
    insert into severity (incident_id, version, scope_version, input, by, at)
    values (${record.incidentId}, ${record.version}, ${record.scopeVersion},
            ${tx.json(record.input)}, ${record.by}, ${record.at})`;
}

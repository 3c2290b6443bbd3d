import { Filing } from "../domain/filing.ts";
import { many, one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** The filings of an incident, oldest first. Refuses `not-found`. */
export async function list(sql: Sql, incidentId: string): Promise<Filing[]> {
  await one(Filing.pick({ id: true }), sql`select id from incident where id = ${incidentId}`);
  return many(
    Filing,
    sql`
      select id, incident_id, obligation, rule_version, form, kind, state, version, scope_version,
             reference, filed_at, created_by, created_at, edited_by, approved_by, approved_at
        from filing where incident_id = ${incidentId} order by created_at, id`,
  );
}

import { Delta } from "../domain/notice/delta.ts";
import { one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** A comparison of this incident. Refuses `not-found`. */
export function find(sql: Sql, incidentId: string, id: string): Promise<Delta> {
  return one(Delta, sql`select * from delta where id = ${id} and incident_id = ${incidentId}`);
}

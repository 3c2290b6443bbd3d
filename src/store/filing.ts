import { z } from "zod";

import { Filing } from "../domain/filing.ts";
import { one } from "./db.ts";
import type { Sql } from "./db.ts";

/** A filing and its sealed words. */
const Kept = Filing.extend({ sealed: z.instanceof(Buffer) });
export type Kept = z.output<typeof Kept>;

/** A filing of this incident. Refuses `not-found`. */
export function find(sql: Sql, incidentId: string, id: string): Promise<Kept> {
  return one(Kept, sql`select * from filing where id = ${id} and incident_id = ${incidentId}`);
}

/** The same, locked until the transaction ends. */
export function lock(tx: Sql, incidentId: string, id: string): Promise<Kept> {
  return one(
    Kept,
    tx`select * from filing where id = ${id} and incident_id = ${incidentId} for update`,
  );
}

export async function insert(tx: Sql, filing: Filing, sealed: Buffer): Promise<void> {
  await tx`
    insert into filing (id, incident_id, obligation, rule_version, form, kind, state, version,
                        sealed, created_by, created_at, edited_by)
    values (${filing.id}, ${filing.incidentId}, ${filing.obligation}, ${filing.ruleVersion},
            ${filing.form}, ${filing.kind}, ${filing.state}, ${filing.version}, ${sealed},
            ${filing.createdBy}, ${filing.createdAt}, ${filing.editedBy})`;
}

/** Keep a changed filing; the caller holds its lock. */
export async function update(tx: Sql, filing: Filing, sealed: Buffer): Promise<void> {
  await tx`
    update filing
       set state = ${filing.state}, version = ${filing.version}, sealed = ${sealed},
           scope_version = ${filing.scopeVersion}, reference = ${filing.reference},
           filed_at = ${filing.filedAt}, edited_by = ${filing.editedBy},
           approved_by = ${filing.approvedBy}, approved_at = ${filing.approvedAt}
     where id = ${filing.id} and version = ${filing.version - 1}`;
}

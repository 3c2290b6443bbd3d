import { z } from "zod";

import { Scope, ScopeFacts } from "../domain/scope.ts";
import { one } from "./db.ts";
import type { Sql } from "./db.ts";

/** Keep a version of a scope. Versions are never changed afterwards. */
export async function insert(tx: Sql, scope: Scope): Promise<void> {
  await tx`
    insert into scope (incident_id, version, facts, field_hashes, reason, created_by, created_at)
    values (${scope.incidentId}, ${scope.version},
            ${tx.json(z.encode(ScopeFacts, scope.facts))}, ${tx.json(scope.fieldHashes)},
            ${scope.reason}, ${scope.createdBy}, ${scope.createdAt})`;
}

/** The newest version of an incident's scope. Refuses `not-found`. */
export function current(sql: Sql, incidentId: string): Promise<Scope> {
  return one(
    Scope,
    sql`select * from scope where incident_id = ${incidentId} order by version desc limit 1`,
  );
}

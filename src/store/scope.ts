import { z } from "zod";

import { Instant } from "../domain/instant.ts";
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

/**
 * One version of an incident's scope, the newest unless said, and when the next one replaced it.
 * Refuses `not-found`.
 */
export async function versionOf(
  sql: Sql,
  incidentId: string,
  version?: number,
): Promise<{ readonly scope: Scope; readonly replacedAt: Date | null }> {
  const { replacedAt, ...scope } = await one(
    Scope.extend({ replacedAt: Instant.nullable() }),
    sql`
      select s.*, n.created_at as replaced_at
        from scope s
        left join scope n on n.incident_id = s.incident_id and n.version = s.version + 1
       where s.incident_id = ${incidentId} and (${version ?? null}::int is null or s.version = ${version ?? null})
       order by s.version desc limit 1`,
  );
  return { scope, replacedAt };
}

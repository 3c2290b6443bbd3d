import { z } from "zod";

import { Instant } from "../domain/instant.ts";
import { Scope } from "../domain/scope.ts";
import { FieldDifference, difference } from "../domain/scope/difference.ts";
import { many, one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** A version without its facts. */
export const ScopeLine = z.object({
  version: z.int(),
  reason: z.string().nullable(),
  createdBy: z.uuid(),
  createdAt: Instant,
});

/** What differs between two versions. */
export const ScopeDifference = z.object({
  from: z.int(),
  to: z.int(),
  /** Why the later version was made. */
  reason: z.string().nullable(),
  fields: z.array(FieldDifference),
});
export type ScopeDifference = z.output<typeof ScopeDifference>;

/** The versions of an incident's scope, the newest first. Refuses `not-found`. */
export async function versions(sql: Sql, incidentId: string) {
  await one(z.object({ id: z.uuid() }), sql`select id from incident where id = ${incidentId}`);
  return many(
    ScopeLine,
    sql`
      select version, reason, created_by, created_at from scope
       where incident_id = ${incidentId} order by version desc`,
  );
}

/** One version of an incident's scope. Refuses `not-found`. */
export function version(sql: Sql, incidentId: string, number: number): Promise<Scope> {
  return one(
    Scope,
    sql`select * from scope where incident_id = ${incidentId} and version = ${number}`,
  );
}

/** What differs from one version to another, in either direction. Refuses `not-found`. */
export async function between(
  sql: Sql,
  incidentId: string,
  from: number,
  to: number,
): Promise<ScopeDifference> {
  const [before, after] = [
    await version(sql, incidentId, from),
    await version(sql, incidentId, to),
  ];
  return { from, to, reason: after.reason, fields: difference(before.facts, after.facts) };
}

import { z } from "zod";

import { Instant } from "../../domain/instant.ts";
import { many, one } from "../db.ts";
import type { Sql } from "../db.ts";

const Audience = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  name: z.string(),
  state: z.enum(["open", "frozen"]),
  mergeRule: z.number().int(),
  count: z.number().int().nullable(),
  digest: z.instanceof(Buffer).nullable(),
  createdBy: z.uuid(),
  createdAt: Instant,
  frozenBy: z.uuid().nullable(),
  frozenAt: Instant.nullable(),
});
export type Audience = z.output<typeof Audience>;

/** Open a new audience. */
export async function add(
  tx: Sql,
  audience: Pick<Audience, "id" | "incidentId" | "name" | "mergeRule" | "createdBy" | "createdAt">,
): Promise<void> {
  await tx`insert into audience ${tx({ ...audience, state: "open" })}`;
}

/** An audience of this incident; refuses with `not-found`. */
export function find(sql: Sql, incidentId: string, id: string): Promise<Audience> {
  return one(
    Audience,
    sql`select * from audience where id = ${id} and incident_id = ${incidentId}`,
  );
}

/** The same, locked: uploads merge and freezes happen one after another. */
export function lock(tx: Sql, incidentId: string, id: string): Promise<Audience> {
  return one(
    Audience,
    tx`select * from audience where id = ${id} and incident_id = ${incidentId} for update`,
  );
}

/** Every audience of an incident, oldest first. */
export function ofIncident(sql: Sql, incidentId: string): Promise<Audience[]> {
  return many(
    Audience,
    sql`select * from audience where incident_id = ${incidentId} order by created_at, id`,
  );
}

/** Freeze for ever. */
export async function freeze(
  tx: Sql,
  id: string,
  frozen: { count: number; digest: Buffer; frozenBy: string; frozenAt: Date },
): Promise<void> {
  await tx`
    update audience set ${tx({ ...frozen, state: "frozen" })} where id = ${id} and state = 'open'`;
}

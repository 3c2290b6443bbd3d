import { Delta } from "../../domain/notice/delta.ts";
import type { DeltaGroups, ToldGroup } from "../../domain/notice/delta.ts";
import { one } from "../db.ts";
import type { Sql } from "../db.ts";

/** Keep that somebody asked for a comparison. */
export async function insert(
  tx: Sql,
  delta: Pick<Delta, "id" | "incidentId" | "toldId" | "currentId" | "askedBy" | "askedAt">,
): Promise<void> {
  await tx`insert into delta ${tx({ ...delta, state: "comparing" })}`;
}

/** A comparison of this incident. Refuses `not-found`. */
export function find(sql: Sql, incidentId: string, id: string): Promise<Delta> {
  return one(Delta, sql`select * from delta where id = ${id} and incident_id = ${incidentId}`);
}

/** The same, locked until the transaction ends. */
export function lock(tx: Sql, incidentId: string, id: string): Promise<Delta> {
  return one(
    Delta,
    tx`select * from delta where id = ${id} and incident_id = ${incidentId} for update`,
  );
}

/** Say what came of it; the caller holds its lock. */
export async function finish(tx: Sql, id: string, groups: DeltaGroups, at: Date): Promise<void> {
  await tx`
    update delta set state = 'done', groups = ${tx.json(groups)}, finished_at = ${at}
     where id = ${id} and state = 'comparing'`;
}

/** Keep which draft tells a group, unless one does already. */
export async function keepNotice(
  sql: Sql,
  id: string,
  group: ToldGroup,
  noticeId: string,
): Promise<void> {
  await sql`
    update delta set groups = jsonb_set(groups, ${[group, "noticeId"]}, ${sql.json(noticeId)})
     where id = ${id} and groups #> ${[group, "noticeId"]} = 'null'`;
}

import { randomUUID } from "node:crypto";

import { Followup } from "../domain/followup.ts";
import type { FollowupPlan, Occurrence } from "../domain/followup.ts";
import { maybeOne, one } from "./db.ts";
import type { Sql } from "./db.ts";

/** The number of a plan's last follow-up (-1: none yet), and how many are still to come. */
export async function standing(
  tx: Sql,
  planId: string,
): Promise<{ readonly last: number; readonly armed: number }> {
  const [row] = await tx<{ last: number; armed: number }[]>`
    select coalesce(max(occurrence), -1)::int as last,
           count(*) filter (where state = 'armed')::int as armed
      from followup where plan_id = ${planId}`;
  return row ?? { last: -1, armed: 0 };
}

/** Arm these occurrences of a plan; one that is there already stays as it is. */
export async function arm(
  tx: Sql,
  { id, incidentId, zone }: Pick<FollowupPlan, "id" | "incidentId" | "zone">,
  wanted: readonly Occurrence[],
  tzVersion: string,
): Promise<void> {
  if (wanted.length === 0) return;
  const rows = wanted.map(({ occurrence, date, time, dueAt }) => ({
    id: randomUUID(),
    incident_id: incidentId,
    plan_id: id,
    occurrence,
    local_date: date,
    local_time: time,
    zone,
    due_at: dueAt,
    tz_version: tzVersion,
  }));
  await tx`insert into followup ${tx(rows)} on conflict (plan_id, occurrence) do nothing`;
}

/** The follow-ups that are due, the earliest first, but for those that failed just now. */
export async function due(
  sql: Sql,
  { now, except, limit }: { now: Date; except: readonly string[]; limit: number },
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select f.id from followup f join incident i on i.id = f.incident_id
     where f.state = 'armed' and f.due_at <= ${now} and i.state <> 'closed'
       and f.id <> all(${[...except]}::uuid[])
     order by f.due_at, f.id limit ${limit}`;
  return rows.map(({ id }) => id);
}

/** Armed follow-ups whose instant was computed with older time zone data than ours. */
export async function outdated(sql: Sql, tzVersion: string, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from followup
     where state = 'armed' and tz_version < ${tzVersion} collate "C" limit ${limit}`;
  return rows.map(({ id }) => id);
}

/**
 * An armed follow-up of an open incident, locked with its incident until the transaction ends;
 * nothing where another worker is at it or has been. A worker that stops in between loses both
 * after ten seconds, so that another can go on.
 */
export async function lockArmed(tx: Sql, id: string): Promise<Followup | undefined> {
  await tx`set local idle_in_transaction_session_timeout = '10s'`;
  return maybeOne(
    Followup,
    tx`
      select f.*, f.local_date::text as local_date
        from followup f join incident i on i.id = f.incident_id
       where f.id = ${id} and f.state = 'armed' and i.state <> 'closed'
         for update of f, i skip locked`,
  );
}

/** A follow-up of this incident, locked until the transaction ends. Lock its incident before. */
export function lock(tx: Sql, incidentId: string, id: string): Promise<Followup> {
  return one(
    Followup,
    tx`
      select *, local_date::text as local_date from followup
       where id = ${id} and incident_id = ${incidentId} for update`,
  );
}

/** Keep a changed follow-up; the caller holds its lock. */
export async function save(tx: Sql, followup: Followup): Promise<void> {
  await tx`
    update followup
       set due_at = ${followup.dueAt}, tz_version = ${followup.tzVersion}, state = ${followup.state},
           fired_at = ${followup.firedAt}, taken_by = ${followup.takenBy},
           notice_id = ${followup.noticeId}, submission_id = ${followup.submissionId},
           problem = ${followup.problem}, reason = ${followup.reason}
     where id = ${followup.id}`;
}

/** Cancel what a plan that is replaced still had to come. What is due already stays due. */
export async function cancelComing(tx: Sql, incidentId: string, now: Date): Promise<number> {
  const { count } = await tx`
    update followup set state = 'cancelled'
     where incident_id = ${incidentId} and state = 'armed' and due_at > ${now}`;
  return count;
}

/** Cancel everything of a closed incident that nobody has acted on. */
export async function cancelOpen(tx: Sql, incidentId: string): Promise<number> {
  const { count } = await tx`
    update followup set state = 'cancelled'
     where incident_id = ${incidentId} and state in ('armed', 'offered')`;
  return count;
}

/** Lock a closed incident; false where somebody else holds it, or it is open again. */
export async function lockClosed(tx: Sql, incidentId: string): Promise<boolean> {
  const rows = await tx`
    select from incident where id = ${incidentId} and state = 'closed' for update skip locked`;
  return rows.length === 1;
}

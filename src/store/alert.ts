import { z } from "zod";

import type { AlertKind } from "../domain/alert.ts";
import { Incident } from "../domain/incident.ts";
import { Role, may } from "../domain/staff.ts";
import { many, maybeOne } from "./db.ts";
import type { Sql } from "./db.ts";

/** An incident whose clocks are watched, and what its obligations are derived from, in one word. */
const Watched = z.object({ id: z.uuid(), state: z.string() });

/**
 * Every incident that may oblige us to anything, with a text that differs once anything does that
 * its obligations or their clocks are derived from.
 */
export function watched(sql: Sql) {
  return many(
    Watched,
    sql`
      select i.id, concat_ws('/', i.version,
             (select max(version) from scope where incident_id = i.id),
             (select count(*) from obligation_answer),
             (select count(*) from risk_decision where incident_id = i.id),
             (select count(*) from obligation_record where incident_id = i.id),
             (select concat_ws('/', count(*), count(agreed_at), count(ended_at))
                from obligation_relief where incident_id = i.id)) as state
        from incident i
       where i.state <> 'closed' and i.determination <> 'false-positive'
       order by i.aware_at, i.id`,
  );
}

/** An incident that is watched, locked; nothing where another worker is at it, or it is closed. */
export async function lockWatched(tx: Sql, id: string): Promise<Incident | undefined> {
  await tx`set local idle_in_transaction_session_timeout = '10s'`;
  return maybeOne(
    Incident,
    tx`
      select * from incident
       where id = ${id} and state <> 'closed' and determination <> 'false-positive'
         for update skip locked`,
  );
}

/** A word about a clock of one obligation. */
export interface Alert {
  readonly obligation: string;
  readonly kind: AlertKind;
  readonly dueAt: Date;
}

/**
 * Those of these words, one of each obligation, that were not given yet, noted as given now: by
 * the unique row, once. In one statement, because the incident is locked meanwhile.
 */
export async function give(
  tx: Sql,
  incidentId: string,
  alerts: readonly Alert[],
  now: Date,
): Promise<Alert[]> {
  if (alerts.length === 0) return [];
  const rows = alerts.map(({ obligation, kind, dueAt }) => ({
    incident_id: incidentId,
    obligation,
    kind,
    due_at: dueAt,
    told_at: now,
  }));
  const given = await tx<{ obligation: string }[]>`
    insert into obligation_alert ${tx(rows)} on conflict do nothing returning obligation`;
  const fresh = new Set(given.map(({ obligation }) => obligation));
  return alerts.filter(({ obligation }) => fresh.has(obligation));
}

/** Whom to tell: the owners who are still on staff; where none is, everybody who may act. */
export async function keepers(sql: Sql, owners: readonly string[]): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from followup_keepers(${[...owners]}, ${KEEPERS}) as id order by id`;
  return rows.map(({ id }) => id);
}

const KEEPERS = Role.options.filter((role) => may([role], "incident:write"));

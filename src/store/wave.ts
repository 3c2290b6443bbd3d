import { z } from "zod";

import { Plan } from "../domain/approval.ts";
import { NoticeKind } from "../domain/notice/notice.ts";
import { Instant } from "../domain/instant.ts";
import { Wave } from "../domain/wave.ts";
import type { PausedReason, WaveState } from "../domain/wave.ts";
import { many, one } from "./db.ts";
import type { Sql } from "./db.ts";

/** A new wave; `not-found` cannot happen, a submission used before breaks the unique rule. */
export async function insert(tx: Sql, wave: Wave): Promise<void> {
  await tx`
    insert into wave (id, incident_id, submission_id, audience_id, notice_version_id, state,
                      canary_passed, priority, deadline, facts, not_after, started_by, started_at)
    values (${wave.id}, ${wave.incidentId}, ${wave.submissionId}, ${wave.audienceId},
            ${wave.noticeVersionId}, ${wave.state}, ${wave.canaryPassed}, ${wave.priority}, ${wave.deadline},
            ${tx.json(wave.facts)}, ${wave.notAfter}, ${wave.startedBy}, ${wave.startedAt})`;
  await notify(tx);
}

/** Wake the relays: there is work. */
export async function notify(tx: Sql): Promise<void> {
  await tx`select pg_notify('candor', 'wave')`;
}

/** The wave of this incident, locked until the transaction ends. Refuses `not-found`. */
export function lock(tx: Sql, incidentId: string, waveId: string): Promise<Wave> {
  return one(
    Wave,
    tx`select * from wave where id = ${waveId} and incident_id = ${incidentId} for no key update`,
  );
}

/** The wave of this incident. Refuses `not-found`. */
export function find(sql: Sql, incidentId: string, waveId: string): Promise<Wave> {
  return one(Wave, sql`select * from wave where id = ${waveId} and incident_id = ${incidentId}`);
}

export interface Step {
  readonly state: WaveState;
  readonly pausedReason?: PausedReason;
  readonly canaryPassed?: boolean;
  readonly endedAt?: Date;
}

/** Put a locked wave into its next state. */
export async function save(tx: Sql, wave: Wave, step: Step): Promise<void> {
  await tx`
    update wave
       set state = ${step.state}, paused_reason = ${step.pausedReason ?? null},
           canary_passed = ${step.canaryPassed ?? wave.canaryPassed},
           ended_at = ${step.endedAt ?? null}, version = version + 1
     where id = ${wave.id}`;
  await notify(tx);
}

/** Waves that may send now, in the order they should: priority, deadline, start. */
export function running(sql: Sql): Promise<Running[]> {
  return many(
    Running,
    sql`
      select id, incident_id, state, priority, deadline from wave w where may_send(w)
       order by priority, deadline nulls last, started_at, id`,
  );
}

/** Those of these waves that may send now. */
export async function sending(sql: Sql, waveIds: readonly string[]): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from wave w where id = any(${waveIds}::uuid[]) and may_send(w)`;
  return rows.map(({ id }) => id);
}

/** Whether the facts approved for this wave are still what the newest scope says. */
export async function factsHold(sql: Sql, waveId: string): Promise<boolean> {
  const [row] = await sql<{ hold: boolean }[]>`
    select facts_hold(incident_id, facts) as hold from wave where id = ${waveId}`;
  return row?.hold ?? false;
}

/** Waves that move by themselves, to be looked at. */
export function underWay(sql: Sql): Promise<{ id: string; incidentId: string }[]> {
  return many(
    z.object({ id: z.uuid(), incidentId: z.uuid() }),
    sql`select id, incident_id from wave where state in ('canary', 'sending') order by id`,
  );
}

/** Whether an approval was used. */
export async function startedFor(sql: Sql, submissionId: string): Promise<boolean> {
  const rows = await sql`select from wave where submission_id = ${submissionId}`;
  return rows.length > 0;
}

/** Whether a wave of this notice, in any version, to these people may still send. */
export async function anotherGoesOn(
  sql: Sql,
  { noticeId, audienceId }: { readonly noticeId: string; readonly audienceId: string },
): Promise<boolean> {
  const rows = await sql`
    select from wave w join notice_version v on v.id = w.notice_version_id
     where v.notice_id = ${noticeId} and w.audience_id = ${audienceId}
       and w.state not in ('done', 'cancelled') limit 1`;
  return rows.length > 0;
}

/** Of what kind the notice of a version is, and whether people must have it by law. */
export function noticeOf(sql: Sql, versionId: string): Promise<z.output<typeof OfNotice>> {
  return one(
    OfNotice,
    sql`
      select n.class as notice_class, n.kind as notice_kind
        from notice_version v join notice n on n.id = v.notice_id
       where v.id = ${versionId}`,
  );
}

/** By which channels the people of a wave are told, as it was approved, and who they are. */
export function planOf(sql: Sql, waveId: string): Promise<z.output<typeof Planned>> {
  return one(
    Planned,
    sql`
      select w.audience_id, s.plan, n.class as notice_class
        from wave w
        join submission s on s.id = w.submission_id
        join notice_version v on v.id = w.notice_version_id
        join notice n on n.id = v.notice_id
       where w.id = ${waveId}`,
  );
}

/** Incidents of which somebody was told by SMS, or is to be. */
export async function incidentsWithSms(sql: Sql): Promise<string[]> {
  const rows = await sql<{ incidentId: string }[]>`
    select distinct w.incident_id from wave w join submission s on s.id = w.submission_id
     where s.plan -> 'channels' @> '["sms"]'`;
  return rows.map(({ incidentId }) => incidentId);
}

/** How many deliveries of a wave are in each state. */
export async function counts(sql: Sql, waveId: string): Promise<Record<string, number>> {
  const rows = await sql<{ state: string; count: number }[]>`
    select state, count(*)::int as count from delivery
     where wave_id = ${waveId} group by state order by state`;
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

/** Running waves of an incident whose facts are no longer what was approved, locked. */
export function lockOutdated(tx: Sql, incidentId: string): Promise<Wave[]> {
  return many(
    Wave,
    tx`
      select * from wave
       where incident_id = ${incidentId} and state in ('canary', 'sending')
         and not facts_hold(incident_id, facts)
       order by id for no key update`,
  );
}

/** What keeps a wave from ever going on, if anything: its window is over, or its notice withdrawn. */
export async function barrier(sql: Sql, waveId: string): Promise<"late" | "withdrawn" | undefined> {
  const [row] = await sql<{ late: boolean | null; withdrawn: boolean }[]>`
    select not_after <= now() as late, is_withdrawn(w) as withdrawn from wave w where id = ${waveId}`;
  if (row?.withdrawn) return "withdrawn";
  return row?.late ? "late" : undefined;
}

/** Whether anything of a wave is still on its way, or may have to go another way. */
export async function hasOpen(sql: Sql, waveId: string): Promise<boolean> {
  const [row] = await sql<{ open: boolean }[]>`
    -- In the order of its index: by chance, the next one planned is behind all that were sent.
    select (select id from delivery where wave_id = ${waveId} and listed = 'planned'
             order by channel, next_at, id limit 1) is not null
        or exists (select from slice s join delivery d on d.slice_id = s.id
                    where s.wave_id = ${waveId} and d.state in ('leased', 'sending'))
        or exists (select from delivery
                    where wave_id = ${waveId} and leased_until is not null and state = 'leased')
        or exists (select from delivery
                    where wave_id = ${waveId} and listed = 'rejected' and onward is null) as open`;
  return row?.open ?? false;
}

const Running = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  state: z.enum(["canary", "sending"]),
  priority: z.number().int(),
  deadline: Instant.nullable(),
});
export type Running = z.output<typeof Running>;

const OfNotice = z.object({
  noticeClass: z.enum(["legal", "courtesy"]),
  noticeKind: NoticeKind,
});

const Planned = z.object({
  audienceId: z.uuid(),
  plan: Plan,
  noticeClass: z.enum(["legal", "courtesy"]),
});

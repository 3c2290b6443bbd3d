import { z } from "zod";

import { Instant } from "../../domain/instant.ts";
import { many, one } from "../db.ts";
import type { Sql } from "../db.ts";

export const BatchState = z.enum(["making", "ready", "downloaded", "expired", "cancelled"]);

/** Letters of one wave that go to a mail house together. */
const Batch = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  waveId: z.uuid(),
  state: BatchState,
  reason: z.string().nullable(),
  requestedBy: z.uuid(),
  requestedAt: Instant,
  unlockedBy: z.uuid().nullable(),
  unlockedUntil: Instant.nullable(),
  madeAt: Instant.nullable(),
  filesGoneAt: Instant.nullable(),
});
export type Batch = z.output<typeof Batch>;

export interface BatchPath {
  readonly incidentId: string;
  readonly waveId: string;
  readonly batchId: string;
}

/** Open a batch; somebody who showed a second factor may download it until then. */
export async function addBatch(
  tx: Sql,
  batch: Pick<Batch, "id" | "incidentId" | "waveId" | "requestedBy" | "requestedAt">,
): Promise<void> {
  await tx`insert into letter_batch ${tx({ ...batch, state: "making" })}`;
}

/**
 * Put people of the wave into the batch who wait for a letter and are in no other live one, in
 * the order of their deliveries. Answers how many. Who was erased, suppressed or does not want
 * letters any more is left out, by the rule that a claim goes by.
 */
export async function fill(tx: Sql, { id, waveId }: Pick<Batch, "id" | "waveId">, lettersMax = 1) {
  const { count } = await tx`
    insert into letter (batch_id, delivery_id)
    select ${id}, d.id
      from delivery d ${standing(tx)}
     where d.wave_id = ${waveId} and d.state = 'needs-letter' and ${whyNot(tx)} is null
       and not exists (select from letter l where l.delivery_id = d.id and l.live)
     order by d.id limit ${lettersMax}`;
  return count;
}

/**
 * End the wait of people who may not get a letter any more and are in no live batch, with the
 * reason, as a claim does. Answers how many.
 */
export async function leaveOut(tx: Sql, waveId: string): Promise<number> {
  const { count } = await tx`
    update delivery
       set state = case gone.why when 'closed' then 'rejected' else 'excluded' end,
           reason = gone.why, settled_at = now()
      from (select d.id, ${whyNot(tx)} as why
              from delivery d ${standing(tx)}
             where d.wave_id = ${waveId} and d.state = 'needs-letter') as gone
     where delivery.id = gone.id and delivery.state = 'needs-letter' and gone.why is not null
       and not exists (select from letter l where l.delivery_id = gone.id and l.live)`;
  return count;
}

/** A batch of this wave. Refuses `not-found`. */
export function find(sql: Sql, { incidentId, waveId, batchId }: BatchPath): Promise<Batch> {
  return one(
    Batch,
    sql`
      select * from letter_batch
       where id = ${batchId} and wave_id = ${waveId} and incident_id = ${incidentId}`,
  );
}

/** The same, locked until the transaction ends. */
export function lock(tx: Sql, { incidentId, waveId, batchId }: BatchPath): Promise<Batch> {
  return one(
    Batch,
    tx`
      select * from letter_batch
       where id = ${batchId} and wave_id = ${waveId} and incident_id = ${incidentId} for update`,
  );
}

/** Let a person download for a while. */
export async function unlock(
  tx: Sql,
  id: string,
  { staffId, until }: { staffId: string; until: Date },
): Promise<void> {
  await tx`
    update letter_batch set unlocked_by = ${staffId}, unlocked_until = ${until} where id = ${id}`;
}

/**
 * Put a locked batch into its next state. Where that is its end, its people are free again; so are
 * those it held once its files are gone, because nobody can read any more who they are.
 */
export async function save(
  tx: Sql,
  id: string,
  step: Partial<Pick<Batch, "state" | "reason" | "madeAt" | "filesGoneAt">>,
): Promise<void> {
  await tx`update letter_batch set ${tx(step)} where id = ${id}`;
  if (step.state === "expired" || step.state === "cancelled")
    await tx`update letter set live = false where batch_id = ${id}`;
  else if (step.filesGoneAt)
    await tx`update letter set live = false where batch_id = ${id} and state = 'held'`;
}

/** How many letters of a batch are in each state. */
export async function counts(sql: Sql, batchId: string): Promise<Record<string, number>> {
  const rows = await sql<{ state: string; count: number }[]>`
    select state, count(*)::int as count from letter
     where batch_id = ${batchId} group by state order by state`;
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

/** How many people of a batch may not get their letter any more, though it was made. */
export async function fallen(sql: Sql, batchId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count
      from letter l join delivery d on d.id = l.delivery_id ${standing(sql)}
     where l.batch_id = ${batchId} and l.state in ('made', 'held') and ${whyNot(sql)} is not null`;
  return row?.count ?? 0;
}

/** Batches whose files are older than this and still here. */
export function withFilesBefore(sql: Sql, before: Date): Promise<Batch[]> {
  return many(
    Batch,
    sql`
      select * from letter_batch
       where files_gone_at is null and coalesce(made_at, requested_at) < ${before}
        order by requested_at, id`,
  );
}

/** A part of a `from`: the recipient of a delivery `d`, and what may keep a letter from them. */
export function standing(sql: Sql) {
  return sql`
    join wave w on w.id = d.wave_id
    join notice_version v on v.id = w.notice_version_id
    join notice n on n.id = v.notice_id
    left join recipient r on r.id = d.recipient_id
    left join suppression s on s.incident_id = w.incident_id and s.recipient_id = d.recipient_id
     and (s.reason in ('erased', 'deceased', 'other')
          or (s.reason = 'opted-out' and n.class = 'courtesy'))
    left join closed_channel c on c.incident_id = w.incident_id
     and c.recipient_id = d.recipient_id and c.channel = 'letter'`;
}

/** Why there will be no letter; null where there will. */
export function whyNot(sql: Sql) {
  return sql`coalesce(s.reason, case when r.id is null then 'erased' end,
                      case when c.channel is not null then 'closed' end,
                      case when d.state <> 'needs-letter' then 'settled' end)`;
}

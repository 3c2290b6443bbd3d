import type { Sql } from "../db.ts";
import { standing, whyNot } from "./letter.ts";

/** One letter to make, with what it is made from; `why` where there will be none. */
export interface Planned {
  readonly deliveryId: string;
  readonly number: string;
  readonly recipientId: string;
  readonly sealed: Buffer | null;
  readonly language: string;
  readonly sharedMailbox: boolean;
  readonly why: string | null;
}

/** What became of a letter while its batch was made. */
export interface Made {
  readonly deliveryId: string;
  readonly state: "made" | "held" | "dropped";
  readonly reason: string | null;
  readonly language: string | null;
  readonly paper: string | null;
  readonly pages: number | null;
}

export interface Run {
  readonly batchId: string;
  /** Which worker makes the batch: the fence of all that it writes. */
  readonly runId: string;
}

/**
 * Take a batch to make it, where nobody does or whoever did has not said so for 45 s, and forget
 * what was made of it before. Answers whether it is ours.
 */
export async function take(tx: Sql, { batchId, runId }: Run): Promise<boolean> {
  const taken = await tx`
    update letter_batch set run_id = ${runId}, beat_at = now()
     where id = ${batchId} and state = 'making'
       and (run_id is null or beat_at < now() - ${SILENT}::interval)`;
  if (taken.count === 0) return false;
  await tx`delete from letter_file where batch_id = ${batchId}`;
  await tx`
    update letter set state = 'planned', reason = null, language = null, paper = null, pages = null
     where batch_id = ${batchId} and state <> 'dropped'`;
  return true;
}

/** Give a batch back at once, because making it failed. */
export async function giveBack(sql: Sql, { batchId, runId }: Run): Promise<void> {
  await sql`update letter_batch set run_id = null where id = ${batchId} and run_id = ${runId}`;
}

/** Whether this run still makes the batch; says so too. Others wait until the transaction ends. */
export async function beat(sql: Sql, { batchId, runId }: Run): Promise<boolean> {
  const ours = await sql`
    update letter_batch set beat_at = now()
     where id = ${batchId} and run_id = ${runId} and state = 'making'`;
  return ours.count === 1;
}

/** The letters of a batch in the order of their deliveries, page by page. */
export async function* planned(
  sql: Sql,
  batchId: string,
  pageSize: number,
): AsyncGenerator<Planned[]> {
  for (let after = "0"; ;) {
    const rows = await sql<Planned[]>`
      select d.id as delivery_id, l.number, d.recipient_id, r.sealed,
             coalesce(p.language, r.language, 'und') as language,
             coalesce(r.shared_mailbox, false) as shared_mailbox, ${whyNot(sql)} as why
        from letter l join delivery d on d.id = l.delivery_id ${standing(sql)}
        left join preference p on p.incident_id = w.incident_id and p.recipient_id = d.recipient_id
       where l.batch_id = ${batchId} and l.state = 'planned' and d.id > ${after}
       order by d.id limit ${pageSize}`;
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.deliveryId;
  }
}

/** Write down what became of some letters. False where another run makes the batch now. */
export async function settle(sql: Sql, run: Run, all: readonly Made[]): Promise<boolean> {
  const { count } = await sql`
    update letter l
       set state = g.state, reason = g.reason, language = g.language, paper = g.paper,
           pages = g.pages, live = g.state <> 'dropped'
      from unnest(
        ${all.map((m) => m.deliveryId)}::bigint[], ${all.map((m) => m.state)}::text[],
        ${all.map((m) => m.reason)}::text[], ${all.map((m) => m.language)}::text[],
        ${all.map((m) => m.paper)}::text[], ${all.map((m) => m.pages)}::int[]
      ) as g (id, state, reason, language, paper, pages)
     where l.batch_id = ${run.batchId} and l.delivery_id = g.id
       and exists (select from letter_batch where id = ${run.batchId} and run_id = ${run.runId}
                      and state = 'making' for share)`;
  return count === all.length;
}

/** Three outbox beats; less than the minute after which the work is handed out again. */
const SILENT = "45 seconds";

import { z } from "zod";

import { Breakdown, QuestionSet } from "../../domain/feedback/survey.ts";
import { Day } from "../../domain/instant.ts";
import { maybeOne } from "../db.ts";
import type { Sql } from "../db.ts";

/**
 * The feedback database. What a thief would read there besides the values is part of its design:
 *
 * - A row carries the number of its transaction (`xmin`) and a place (`ctid`), so a pass that was
 *   spent and the answer that came with it could be joined. While an answer waits, only its seal
 *   protects it. When answers are released, `writeAnew` writes every table anew in one
 *   transaction: passes in the order of their hashes, texts shuffled with fresh ids. All rows
 *   then carry the same number, and their places say nothing.
 * - A deleted row stays in its page, with its number, until it is vacuumed; TRUNCATE gives the
 *   table a new file at once.
 * - Sequences and times would tell an order: there are none. Blobs are all of one size and kept
 *   in the row: the side table for long values would number them.
 *
 * What stays: the write-ahead log and backups hold the sealed answers beside the passes until
 * they age out, for whoever also has the survey's private key. It is destroyed at the end.
 */
const PublicSurvey = z.object({
  surveyId: z.uuid(),
  questionSet: QuestionSet,
  breakdown: Breakdown,
  closesOn: Day,
  open: z.boolean(),
  publicKey: z.instanceof(Buffer),
});
export type PublicSurvey = z.output<typeof PublicSurvey>;

const Passed = PublicSurvey.extend({ spent: z.boolean() });

/** Open a survey: its passes go in sorted by hash, so that their order says nothing. Repeatable. */
export async function open(
  tx: Sql,
  { closesOn, ...survey }: PublicSurvey,
  hashes: readonly Buffer[],
): Promise<void> {
  await tx`
    insert into survey ${tx({ ...survey, closesOn })}
    on conflict (survey_id) do update set open = excluded.open`;
  const sorted = hashes.toSorted((a, b) => a.compare(b));
  for (let at = 0; at < sorted.length; at += ROWS_AT_ONCE) {
    const some = tx.array(sorted.slice(at, at + ROWS_AT_ONCE), BYTEA);
    await tx`
      insert into pass (hash, survey_id, spent)
      select unnest(${some}), ${survey.surveyId}::uuid, false
      on conflict do nothing`;
  }
}

/** The survey that a pass belongs to, and whether it is spent. Changes nothing. */
export function findByPass(sql: Sql, hash: Buffer): Promise<z.output<typeof Passed> | undefined> {
  return maybeOne(
    Passed,
    sql`
      select survey_id, question_set, breakdown, closes_on::text, open, public_key, spent
        from pass join survey using (survey_id) where hash = ${hash}`,
  );
}

interface Incoming {
  readonly id: string;
  readonly hash: Buffer;
  readonly surveyId: string;
  readonly sealed: Buffer;
}

/**
 * Spend a pass and keep the answer, both or neither. False where the pass was spent already. The
 * table of passes is locked first, as a release does: a plan would lock the two in any order.
 */
export async function take(tx: Sql, { id, hash, surveyId, sealed }: Incoming): Promise<boolean> {
  await tx`lock table pass in row exclusive mode`;
  const { count } = await tx`
    with fresh as (
      update pass set spent = true
       where hash = ${hash} and survey_id = ${surveyId} and not spent
         and exists (select from survey s where s.survey_id = ${surveyId} and s.open)
      returning survey_id)
    insert into holding (id, survey_id, sealed) select ${id}, survey_id, ${sealed} from fresh`;
  return count === 1;
}

/** How many answers wait. */
export async function waiting(sql: Sql, surveyId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from holding where survey_id = ${surveyId}`;
  return row?.count ?? 0;
}

/** Let nobody read or write answers until the transaction ends. */
export async function lockAll(tx: Sql): Promise<void> {
  await tx`lock table pass, holding, tally, remark in access exclusive mode`;
}

export interface Held {
  readonly id: string;
  readonly sealed: Buffer;
}

/** The answers that wait. */
export function held(tx: Sql, surveyId: string): Promise<Held[]> {
  return tx<Held[]>`select id, sealed from holding where survey_id = ${surveyId}`;
}

/** The counts of a survey, sealed, and the day they are of; nothing before the first release. */
export async function tally(sql: Sql, surveyId: string): Promise<SealedTally | undefined> {
  const [row] = await sql<SealedTally[]>`
    select released_on::text, sealed from tally where survey_id = ${surveyId}`;
  return row;
}

export interface SealedTally {
  readonly releasedOn: string;
  readonly sealed: Buffer;
}

/** A text: its id is random and new each time all are written anew. */
export interface Remark {
  readonly id: string;
  readonly shown: boolean;
  readonly sealed: Buffer;
}

/** The texts of a survey, in the order they are stored in. */
export function remarks(sql: Sql, surveyId: string): Promise<Remark[]> {
  return sql<Remark[]>`select id, shown, sealed from remark where survey_id = ${surveyId}`;
}

/** What is left of a survey after a release. */
export interface Contents {
  readonly surveyId: string;
  /** At the end nobody can answer any more, and every pass counts as spent. */
  readonly closing: boolean;
  readonly held: readonly Held[];
  readonly tally: SealedTally;
  /** In the order they are to be stored in. */
  readonly remarks: readonly Remark[];
}

/**
 * Write every table anew, this survey's contents changed, so that no trace of an order is left.
 * Locking again costs nothing and is refused outside a transaction: where the server ended it
 * while answers were opened, the library would go on without one, and emptying would be for good.
 */
export async function writeAnew(tx: Sql, contents: Contents): Promise<void> {
  const { surveyId, closing, tally } = contents;
  await lockAll(tx);
  for (const table of ["holding", "tally", "remark"])
    await tx`
      create temp table ${tx(`kept_${table}`)} on commit drop as
        select * from ${tx(table)} where survey_id <> ${surveyId}::uuid`;
  await tx`create temp table kept_pass on commit drop as select * from pass`;
  await tx`truncate pass, holding, tally, remark`;
  await tx`
    insert into pass (hash, survey_id, spent)
    select hash, survey_id, spent or (${closing} and survey_id = ${surveyId})
      from kept_pass order by hash`;
  // By their random ids: in another survey's waiting answers, too, no order of coming is left.
  for (const table of ["holding", "tally", "remark"])
    await tx`insert into ${tx(table)} select * from ${tx(`kept_${table}`)} order by 1`;
  if (closing) await tx`update survey set open = false where survey_id = ${surveyId}`;
  await tx`insert into tally ${tx({ surveyId, ...tally })}`;
  await insertHeld(tx, surveyId, contents.held);
  await insertRemarks(tx, surveyId, contents.remarks);
}

async function insertHeld(tx: Sql, surveyId: string, rows: readonly Held[]): Promise<void> {
  for (const { id, sealed } of rows) await tx`insert into holding ${tx({ id, surveyId, sealed })}`;
}

async function insertRemarks(tx: Sql, surveyId: string, rows: readonly Remark[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const some = rows.slice(at, at + ROWS_AT_ONCE);
    const ids = tx.array(
      some.map(({ id }) => id),
      TEXT,
    );
    const shown = tx.array(
      some.map(({ shown }) => shown),
      BOOL,
    );
    const sealed = tx.array(
      some.map(({ sealed }) => sealed),
      BYTEA,
    );
    await tx`
      insert into remark (id, survey_id, shown, sealed)
      select unnest(${ids})::uuid, ${surveyId}::uuid, unnest(${shown}), unnest(${sealed})`;
  }
}

const ROWS_AT_ONCE = 5_000;
const BOOL = 1000;
const BYTEA = 1001;
const TEXT = 1009;

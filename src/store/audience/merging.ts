import { pages } from "../db.ts";
import type { Sql } from "../db.ts";
import type { SealedPerson } from "./recipient.ts";

/**
 * The SQL side of the merge: PostgreSQL finds the keys that occur more than once, so that only
 * the rows that have them are ever opened. All of it runs in one transaction.
 */

/**
 * Take people already in the audience who share a key with a staged row back among the staged
 * rows, under lines below zero. Returns how many.
 */
export async function recall(tx: Sql, uploadId: string, audienceId: string): Promise<number> {
  const recalled = await tx`
    with known as (
      select id, unnest(keys) as key from recipient where audience_id = ${audienceId}),
    staged as (
      select unnest(keys) as key from upload_row where upload_id = ${uploadId}),
    gone as (
      delete from recipient
       where id in (select known.id from known join staged using (key))
      returning *)
    insert into upload_row
    select ${uploadId}, -(row_number() over ())::int, id, sealed, keys, email_index, digest,
           language, agreed, has_email, has_phone, has_post, place
      from gone`;
  return recalled.count;
}

/** Each line that shares a key with another, with that key, ordered by key. In pages. */
export function sharedKeys(
  tx: Sql,
  uploadId: string,
): AsyncIterable<{ key: string; line: number }[]> {
  const query = tx`
    select key, line
      from (select key, line, count(*) over (partition by key) as lines
              from (select line, unnest(keys) as key from upload_row
                     where upload_id = ${uploadId}) k) counted
     where lines > 1
     order by key`;
  return pages(tx, query, PAGE);
}

/** Note which staged lines make which merged person, numbered from 0. */
export async function noteParts(
  tx: Sql,
  pieces: Iterable<{ lines: readonly number[]; people: readonly number[] }>,
): Promise<void> {
  await tx`create temporary table merge_part (line int primary key, person int) on commit drop`;
  for (const { lines, people } of pieces)
    await tx`
      insert into merge_part
      select * from unnest(${tx.array([...lines], INT)}, ${tx.array([...people], INT)})`;
  await tx`create index on merge_part (person)`;
  await tx`analyze merge_part`;
}

/** The staged rows of merged people `from` up to, not including, `to`, person by person. */
export function parts(tx: Sql, uploadId: string, from: number, to: number): Promise<Part[]> {
  return tx<Part[]>`
    select p.person, r.recipient_id, r.sealed, r.keys
      from merge_part p
      join upload_row r on r.upload_id = ${uploadId} and r.line = p.line
     where p.person >= ${from} and p.person < ${to}
     order by p.person, r.line`;
}

/** Put every staged row that shares no key into the audience as it is. Returns how many. */
export async function addSingles(
  tx: Sql,
  uploadId: string,
  place: { audienceId: string; incidentId: string },
): Promise<number> {
  const added = await tx`
    insert into recipient (id, audience_id, incident_id, sealed, keys, email_index, digest,
                           language, agreed, has_email, has_phone, has_post, place)
    select recipient_id, ${place.audienceId}, ${place.incidentId}, sealed, keys, email_index, digest,
           language, agreed, has_email, has_phone, has_post, place
      from upload_row r
     where upload_id = ${uploadId}
       and not exists (select from merge_part p where p.line = r.line)`;
  return added.count;
}

/**
 * Let PostgreSQL know the rows that were just staged, and give it room to sort their keys, for
 * this transaction only.
 */
export async function prepare(tx: Sql): Promise<void> {
  await tx`analyze upload_row`;
  await tx`set local work_mem = '96MB'`;
}

/** A staged row of a merged person. */
export interface Part extends Pick<SealedPerson, "recipientId" | "sealed" | "keys"> {
  readonly person: number;
}

const INT = 1007;
const PAGE = 10_000;

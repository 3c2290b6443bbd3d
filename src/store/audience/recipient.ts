import { z } from "zod";

import { Agreed } from "../../domain/audience/person.ts";
import { PlaceCount } from "../../domain/audience/residents.ts";
import { many, one, pages } from "../db.ts";
import type { Sql } from "../db.ts";

/** A person as stored: sealed content, keyed hashes, and what planning a wave must know. */
export interface SealedPerson {
  readonly recipientId: string;
  readonly sealed: Buffer;
  /** 128-bit keyed hashes as 32 hex digits. */
  readonly keys: readonly string[];
  readonly emailIndex: string | undefined;
  readonly digest: Buffer;
  readonly language: string;
  readonly agreed: Agreed;
  /** ISO 3166; absent where not known. */
  readonly place: string | undefined;
  readonly hasEmail: boolean;
  readonly hasPhone: boolean;
  readonly hasPost: boolean;
}

const Recipient = z.object({
  id: z.uuid(),
  audienceId: z.uuid(),
  incidentId: z.uuid(),
  sealed: z.instanceof(Buffer),
  language: z.string(),
  agreed: Agreed,
  hasEmail: z.boolean(),
  hasPhone: z.boolean(),
  hasPost: z.boolean(),
  sharedMailbox: z.boolean(),
});
export type Recipient = z.output<typeof Recipient>;

/** Put people into an audience. */
export async function add(
  tx: Sql,
  place: { audienceId: string; incidentId: string },
  people: readonly SealedPerson[],
): Promise<void> {
  if (people.length === 0) return;
  await tx`
    insert into recipient (audience_id, incident_id, id, ${sealedNames(tx)})
    select ${place.audienceId}::uuid, ${place.incidentId}::uuid, ${sealedColumns(tx, people)}`;
}

/** Stage rows of an upload. Their lines must be new. */
export async function stage(
  tx: Sql,
  uploadId: string,
  rows: readonly (SealedPerson & { readonly line: number })[],
): Promise<void> {
  if (rows.length === 0) return;
  const lines = tx.array(
    rows.map(({ line }) => line),
    INT,
  );
  await tx`
    insert into upload_row (upload_id, line, recipient_id, ${sealedNames(tx)})
    select ${uploadId}::uuid, unnest(${lines}), ${sealedColumns(tx, rows)}`;
}

/** A recipient of this incident; refuses with `not-found`. */
export function find(sql: Sql, incidentId: string, id: string): Promise<Recipient> {
  return one(
    Recipient,
    sql`select * from recipient where id = ${id} and incident_id = ${incidentId}`,
  );
}

/** Recipients of an audience in order of id, after one. */
export function page(
  sql: Sql,
  audienceId: string,
  after: string,
  limit: number,
): Promise<Recipient[]> {
  return many(
    Recipient,
    sql`
      select * from recipient where audience_id = ${audienceId} and id > ${after}
       order by id limit ${limit}`,
  );
}

/** What is sealed of recipients, in order of id, after one: for reading everybody. */
export async function sealedAfter(
  sql: Sql,
  audienceId: string,
  after: string,
  limit: number,
): Promise<readonly { id: string; sealed: Buffer }[]> {
  return sql<{ id: string; sealed: Buffer }[]>`
    select id, sealed from recipient
     where audience_id = ${audienceId} and id > ${after} order by id limit ${limit}`;
}

/** These people; whoever was erased is not among them. */
export function several(sql: Sql, ids: readonly string[]): Promise<Recipient[]> {
  return many(Recipient, sql`select * from recipient where id = any(${ids}::uuid[])`);
}

/** Every id with its digest, in order of id, in pages. */
export function digests(
  tx: Sql,
  audienceId: string,
): AsyncIterable<{ id: string; digest: Buffer }[]> {
  const query = tx`select id, digest from recipient where audience_id = ${audienceId} order by id`;
  return pages(tx, query, 5_000);
}

/** How many people an audience has. */
export async function count(sql: Sql, audienceId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from recipient where audience_id = ${audienceId}`;
  return row?.count ?? 0;
}

/** How many people of an audience live where; null is not known. */
export function places(sql: Sql, audienceId: string): Promise<PlaceCount[]> {
  return many(
    PlaceCount,
    sql`
      select place, count(*)::int as people from recipient
       where audience_id = ${audienceId} group by place order by people desc, place`,
  );
}

/** The same over all audiences of an incident; whoever is in two counts twice. */
export function placesOfIncident(sql: Sql, incidentId: string): Promise<PlaceCount[]> {
  return many(
    PlaceCount,
    sql`
      select place, count(*)::int as people from recipient
       where audience_id in (select id from audience where incident_id = ${incidentId})
       group by place order by people desc, place`,
  );
}

/** Flag everyone whose mailbox another person of the audience has too, and nobody else. */
export async function flagSharedMailboxes(tx: Sql, audienceId: string): Promise<void> {
  await tx`analyze recipient`;
  await tx`
    with shared as materialized (
      select email_index from recipient
       where audience_id = ${audienceId} and email_index is not null
       group by email_index having count(*) > 1),
    changed as (
      select r.id, s.email_index is not null as shared
        from recipient r left join shared s using (email_index)
       where r.audience_id = ${audienceId}
         and r.shared_mailbox <> (s.email_index is not null))
    update recipient r set shared_mailbox = changed.shared
      from changed where r.id = changed.id`;
}

/** Delete a person's row. False where there was none. */
export async function erase(tx: Sql, incidentId: string, id: string): Promise<boolean> {
  const gone = await tx`delete from recipient where id = ${id} and incident_id = ${incidentId}`;
  return gone.count === 1;
}

/** The columns that a sealed person fills, after the id. */
function sealedNames(tx: Sql) {
  return tx`
    sealed, keys, email_index, digest, language, agreed, place, has_email, has_phone, has_post`;
}

/** People as columns, one array each: one statement and one round trip for thousands of rows. */
function sealedColumns(tx: Sql, people: readonly SealedPerson[]) {
  const texts = (of: (person: SealedPerson) => string | null) => tx.array(people.map(of), TEXT);
  const flags = (of: (person: SealedPerson) => boolean) => tx.array(people.map(of), BOOL);
  const bytes = (of: (person: SealedPerson) => Buffer) => tx.array(people.map(of), BYTEA);
  return tx`
    unnest(${texts(({ recipientId }) => recipientId)})::uuid,
    unnest(${bytes(({ sealed }) => sealed)}),
    unnest(${texts(({ keys }) => `{${keys.join(",")}}`)})::uuid[],
    unnest(${texts(({ emailIndex }) => emailIndex ?? null)})::uuid,
    unnest(${bytes(({ digest }) => digest)}),
    unnest(${texts(({ language }) => language)}),
    unnest(${texts(({ agreed }) => agreed)}),
    unnest(${texts(({ place }) => place ?? null)}),
    unnest(${flags(({ hasEmail }) => hasEmail)}),
    unnest(${flags(({ hasPhone }) => hasPhone)}),
    unnest(${flags(({ hasPost }) => hasPost)})`;
}

const INT = 1007;
const TEXT = 1009;
const BOOL = 1000;
const BYTEA = 1001;

import { z } from "zod";

import { many, maybeOne } from "../db.ts";
import type { Sql } from "../db.ts";

const Person = z.object({ incidentId: z.uuid(), recipientId: z.uuid() });
export type Person = z.output<typeof Person>;

/** The person behind the hash of a personal code, unless they were erased. */
export function find(sql: Sql, codeHash: string): Promise<Person | undefined> {
  return maybeOne(
    Person,
    sql`
      select c.incident_id, c.recipient_id from personal_code c
        join recipient r on r.id = c.recipient_id
       where c.code_hash = ${codeHash}`,
  );
}

/** Keep codes, one array a column; those that are there stay as they are. */
export async function add(
  sql: Sql,
  incidentId: string,
  codes: readonly { readonly codeHash: string; readonly recipientId: string }[],
): Promise<void> {
  const column = (of: (code: (typeof codes)[number]) => string) => sql.array(codes.map(of), TEXT);
  await sql`
    insert into personal_code (code_hash, incident_id, recipient_id)
    select unnest(${column(({ codeHash }) => codeHash)})::uuid, ${incidentId}::uuid,
           unnest(${column(({ recipientId }) => recipientId)})::uuid
    on conflict do nothing`;
}

/** Ids of an audience's people in order, in pages of so many, after one. */
export async function idsAfter(
  sql: Sql,
  audienceId: string,
  after: string,
  limit: number,
): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from recipient where audience_id = ${audienceId} and id > ${after}
     order by id limit ${limit}`;
  return rows.map(({ id }) => id);
}

/** The incidents that have a frozen audience, the newest first: whose people may have been told. */
export async function incidents(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql<{ incidentId: string }[]>`
    select incident_id from audience where state = 'frozen'
     group by incident_id order by max(frozen_at) desc limit ${limit}`;
  return rows.map(({ incidentId }) => incidentId);
}

/**
 * The people of this incident whose mailbox has this keyed hash, once the incident is told of: a
 * wave to their audience has been started, or something is published. Nobody hears of a breach
 * from a form before it is approved that they hear of it.
 */
export function byEmail(
  sql: Sql,
  incidentId: string,
  emailIndex: string,
  limit: number,
): Promise<Person[]> {
  return many(
    Person,
    sql`
      select r.incident_id, r.id as recipient_id
        from audience a
        join recipient r on r.audience_id = a.id and r.email_index = ${emailIndex}
        left join suppression s on s.incident_id = r.incident_id and s.recipient_id = r.id
       where a.incident_id = ${incidentId} and a.state = 'frozen'
         and (s.reason is null or s.reason not in ('erased', 'deceased'))
         and (exists (select from wave w where w.audience_id = a.id)
              or exists (select from publication_update u
                          where u.incident_id = a.incident_id and u.state = 'published'))
       order by r.id limit ${limit}`,
  );
}

const TEXT = 1009;

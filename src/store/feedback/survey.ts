import { KeyedSurvey } from "../../domain/feedback/survey.ts";
import { many, maybeOne, one, pages } from "../db.ts";
import type { Sql } from "../db.ts";

/** Keep a new survey. */
export async function insert(tx: Sql, survey: KeyedSurvey): Promise<void> {
  await tx`insert into survey ${tx({ ...survey })}`;
}

/** A survey of this incident, locked until the transaction ends. Refuses `not-found`. */
export function lock(tx: Sql, incidentId: string, id: string): Promise<KeyedSurvey> {
  return one(
    KeyedSurvey,
    tx`select * from survey where id = ${id} and incident_id = ${incidentId} for update`,
  );
}

/** A survey of this incident; refuses `not-found`. */
export function find(sql: Sql, incidentId: string, id: string): Promise<KeyedSurvey> {
  return one(
    KeyedSurvey,
    sql`select * from survey where id = ${id} and incident_id = ${incidentId}`,
  );
}

/** The open survey of an incident, if there is one; there is never a second. */
export function openOf(sql: Sql, incidentId: string): Promise<KeyedSurvey | undefined> {
  return maybeOne(
    KeyedSurvey,
    sql`select * from survey where incident_id = ${incidentId} and state = 'open'`,
  );
}

/** Surveys that a worker may have to do something for. */
export function underWay(sql: Sql): Promise<KeyedSurvey[]> {
  return many(
    KeyedSurvey,
    sql`
      select * from survey
       where state = 'open' or (state = 'closed' and finished_at is null) order by id`,
  );
}

/** Keep what changed of a survey; the caller holds its lock. */
export async function update(
  tx: Sql,
  id: string,
  change: Partial<Omit<KeyedSurvey, "id">>,
): Promise<void> {
  await tx`update survey set ${tx({ ...change })} where id = ${id}`;
}

/** The ids of everybody in an audience, in pages. */
export function recipientIds(tx: Sql, audienceId: string): AsyncIterable<{ id: string }[]> {
  return pages(tx, tx`select id from recipient where audience_id = ${audienceId}`, PAGE);
}

/** The audiences that a version of a notice may be sent to. */
export async function audiencesOf(sql: Sql, noticeVersionId: string): Promise<string[]> {
  const rows = await sql<{ audienceId: string }[]>`
    select distinct audience_id from submission
     where notice_version_id = ${noticeVersionId} and closed_at is null`;
  return rows.map(({ audienceId }) => audienceId);
}

const PAGE = 5_000;

import { randomUUID } from "node:crypto";

import { z } from "zod";

import { Approval, SendWindow, StoredCommitment, Submission } from "../domain/approval.ts";
import type { Commitment } from "../domain/notice/commitment.ts";
import { ways } from "./audience/way.ts";
import type { WayQuery } from "./audience/way.ts";
import { many, maybeOne, one } from "./db.ts";
import type { Sql } from "./db.ts";

/** Store a submission. One notice has at most one that is open. */
export async function insert(tx: Sql, given: Submission): Promise<void> {
  const window = given.sendWindow && tx.json(z.encode(SendWindow, given.sendWindow));
  const hours = given.localHours && tx.json(given.localHours);
  await tx`
    insert into submission (id, incident_id, notice_id, notice_version_id, audience_id, plan,
                            send_window, local_hours, deadline, urgent, canary, facts, binding,
                            approvals_needed, submitted_by, submitted_at)
    values (${given.id}, ${given.incidentId}, ${given.noticeId}, ${given.noticeVersionId},
            ${given.audienceId}, ${tx.json(given.plan)}, ${window}, ${hours},
            ${given.deadline}, ${given.urgent}, ${given.canary}, ${tx.json(given.facts)}, ${given.binding}, ${given.approvalsNeeded},
            ${given.submittedBy}, ${given.submittedAt})`;
}

/** A submission of this incident, or `not-found`. */
export function find(sql: Sql, incidentId: string, id: string): Promise<Submission> {
  return one(
    Submission,
    sql`select * from submission where id = ${id} and incident_id = ${incidentId}`,
  );
}

/** The submissions of a notice, the newest first. */
export function ofNotice(sql: Sql, noticeId: string): Promise<Submission[]> {
  return many(
    Submission,
    sql`
      select * from submission where notice_id = ${noticeId}
       order by submitted_at desc, id limit ${SUBMISSIONS_MAX}`,
  );
}

/** Close the open submission of a notice, if there is one; answers its id. */
export async function closeOpen(tx: Sql, noticeId: string, now: Date): Promise<string | undefined> {
  const [row] = await tx<{ id: string }[]>`
    update submission set closed_at = ${now}
     where notice_id = ${noticeId} and closed_at is null returning id`;
  return row?.id;
}

/** Store an approval; false where this person has approved already. */
export async function approve(tx: Sql, submissionId: string, given: Approval): Promise<boolean> {
  const rows = await tx`
    insert into approval (submission_id, staff_id, binding, waiver, at)
    values (${submissionId}, ${given.staffId}, ${given.binding}, ${given.waiver}, ${given.at})
    on conflict do nothing returning staff_id`;
  return rows.length === 1;
}

/** The approvals of a submission, the oldest first, each with whether its giver could give it now. */
export function approvals(sql: Sql, submissionId: string): Promise<Approval[]> {
  return many(
    Approval,
    sql`
      select staff_id, binding, waiver, at,
             exists (select from role_grant g join staff s on s.id = g.staff_id
                      where g.staff_id = approval.staff_id and s.disabled_at is null
                        and g.role in ('approver', 'counsel')) as standing
        from approval
       where submission_id = ${submissionId} order by at, staff_id`,
  );
}

/** The audience of a submission as it is bound: id, count and digest, null until frozen. */
export function audience(sql: Sql, incidentId: string, id: string) {
  return maybeOne(
    BoundAudience,
    sql`
      select id, name, state, count, digest from audience
       where id = ${id} and incident_id = ${incidentId}`,
  );
}

const BoundAudience = z.object({
  id: z.uuid(),
  name: z.string(),
  state: z.string(),
  count: z.int().nullable(),
  digest: z.instanceof(Buffer).nullable(),
});

/** Everyone who brought people into an audience: who sent a file, and who said what is in it. */
export async function uploaders(sql: Sql, audienceId: string): Promise<string[]> {
  const rows = await many(
    z.object({ staffId: z.uuid() }),
    sql`
      select uploaded_by as staff_id from upload where audience_id = ${audienceId}
       union
      select confirmed_by from upload
       where audience_id = ${audienceId} and confirmed_by is not null`,
  );
  return rows.map(({ staffId }) => staffId);
}

/** How many people have an account that is not disabled. */
export async function activeStaff(sql: Sql): Promise<number> {
  const { n } = await one(
    z.object({ n: z.int() }),
    sql`select count(*)::int as n from staff where disabled_at is null`,
  );
  return n;
}

/** How a plan would reach an audience, by the language people read and where they live. */
export function reach(sql: Sql, query: WayQuery): Promise<Reach[]> {
  const goesBy = (channel: string) =>
    query.mode === "all"
      ? sql`state in ('planned', 'needs-letter') and ${channel} = any (channels)`
      : sql`state in ('planned', 'needs-letter') and channels[1] = ${channel}`;
  return many(
    Reach,
    sql`
      with way as (${ways(sql, query, "everybody")})
      select language, place,
             count(*)::int as people,
             count(*) filter (where ${goesBy("email")})::int as email,
             count(*) filter (where ${goesBy("sms")})::int as sms,
             count(*) filter (where ${goesBy("letter")})::int as needs_letter,
             count(*) filter (where state = 'not-reached')::int as not_reached,
             count(*) filter (where state = 'excluded')::int as excluded,
             count(*) filter (where barred and state <> 'excluded')::int as barred
        from way group by language, place order by people desc, language, place`,
  );
}

/** People, and how many of them by each channel at first; one person may count in several. */
export const Reach = z.object({
  language: z.string(),
  /** Null where it is not known. */
  place: z.string().nullable(),
  people: z.int(),
  email: z.int(),
  sms: z.int(),
  needsLetter: z.int(),
  notReached: z.int(),
  excluded: z.int(),
  /** Those who would get an e-mail or an SMS if the law of their place permitted it. */
  barred: z.int(),
});
export type Reach = z.output<typeof Reach>;

/** Keep the promises of an approved version, once. */
export async function keepCommitments(
  tx: Sql,
  versionId: string,
  found: readonly Commitment[],
): Promise<void> {
  for (const [position, { sentence, dueOn }] of found.entries())
    await tx`
      insert into commitment (id, notice_version_id, position, sentence, due_on)
      values (${randomUUID()}, ${versionId}, ${position}, ${sentence}, ${dueOn})
      on conflict (notice_version_id, position) do nothing`;
}

/** The promises of an approved version, in their order in the text. */
export function commitments(sql: Sql, versionId: string) {
  return many(
    StoredCommitment,
    sql`
      select position, sentence, due_on::text as due_on from commitment
       where notice_version_id = ${versionId} order by position`,
  );
}

const SUBMISSIONS_MAX = 200;

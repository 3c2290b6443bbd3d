import { z } from "zod";

import { Approval } from "../domain/approval.ts";
import { Instant } from "../domain/instant.ts";
import {
  PublicFacts,
  Publication,
  QuestionHour,
  Telling,
  Update,
  UpdateKind,
} from "../domain/publication.ts";
import { many, maybeOne, one } from "./db.ts";
import type { Sql } from "./db.ts";

/** The page of an incident, if it has one. */
export function find(sql: Sql, incidentId: string): Promise<Publication | undefined> {
  return maybeOne(Publication, sql`select * from publication where incident_id = ${incidentId}`);
}

/** Whether another incident has this address. */
export async function isTaken(sql: Sql, slug: string, incidentId: string): Promise<boolean> {
  const rows = await sql`
    select from publication where slug = ${slug} and incident_id <> ${incidentId}`;
  return rows.length > 0;
}

/** Keep a page's address. The caller holds the incident's lock. */
export async function save(tx: Sql, page: Publication): Promise<void> {
  await tx`
    insert into publication (incident_id, slug, version, created_by, created_at)
    values (${page.incidentId}, ${page.slug}, ${page.version}, ${page.createdBy}, ${page.createdAt})
    on conflict (incident_id) do update set slug = excluded.slug, version = excluded.version`;
}

/** Keep a new update. */
export async function insert(tx: Sql, update: Update): Promise<void> {
  await tx`
    insert into publication_update (id, incident_id, kind, state, languages, link_hosts, question_hour,
                                    corrects, authors, created_by, created_at)
    values (${update.id}, ${update.incidentId}, ${update.kind}, ${update.state},
            ${tx.json(update.languages)}, ${update.linkHosts}, ${hourOf(tx, update)},
            ${update.corrects}, ${update.authors}, ${update.createdBy}, ${update.createdAt})`;
}

/** Keep a changed update. The caller has locked it. */
export async function change(tx: Sql, update: Update): Promise<void> {
  const facts = update.facts && tx.json(z.encode(PublicFacts, update.facts));
  await tx`
    update publication_update
       set version = ${update.version}, state = ${update.state}, number = ${update.number},
           languages = ${tx.json(update.languages)}, link_hosts = ${update.linkHosts},
           question_hour = ${hourOf(tx, update)}, corrects = ${update.corrects},
           facts = ${facts}, binding = ${update.binding},
           approvals_needed = ${update.approvalsNeeded}, authors = ${update.authors},
           review_comment = ${update.reviewComment}, submitted_by = ${update.submittedBy},
           submitted_at = ${update.submittedAt}, published_at = ${update.publishedAt}
     where id = ${update.id} and version = ${update.version - 1}`;
}

/** An update of this incident, or `not-found`. */
export function findUpdate(sql: Sql, incidentId: string, id: string): Promise<Update> {
  return one(
    Update,
    sql`select * from publication_update where id = ${id} and incident_id = ${incidentId}`,
  );
}

/** The same, locked until the transaction ends. Lock its incident before. */
export function lockUpdate(tx: Sql, incidentId: string, id: string): Promise<Update> {
  return one(
    Update,
    tx`
      select * from publication_update
       where id = ${id} and incident_id = ${incidentId} for update`,
  );
}

/** Every update of an incident, the newest first. */
export function updates(sql: Sql, incidentId: string): Promise<Update[]> {
  return many(
    Update,
    sql`
      select * from publication_update where incident_id = ${incidentId}
       order by coalesce(published_at, created_at) desc, number desc nulls first, id
       limit ${UPDATES_MAX}`,
  );
}

/** The published updates of an incident, the newest first. */
export function published(sql: Sql, incidentId: string): Promise<Update[]> {
  return many(
    Update,
    sql`
      select * from publication_update where incident_id = ${incidentId} and state = 'published'
       order by number desc limit ${UPDATES_MAX}`,
  );
}

/** How many updates of an incident are published: the number of the newest. */
export async function publishedCount(sql: Sql, incidentId: string): Promise<number> {
  const { n } = await one(
    z.object({ n: z.int() }),
    sql`
      select coalesce(max(number), 0)::int as n from publication_update
       where incident_id = ${incidentId}`,
  );
  return n;
}

/** What the newest published update of an incident says, if anything was published. */
export function newestPublished(sql: Sql, incidentId: string): Promise<Newest | undefined> {
  return maybeOne(
    Newest,
    sql`
      select id, number, kind, languages, published_at from publication_update
       where incident_id = ${incidentId} and state = 'published'
       order by number desc limit 1`,
  );
}

const Newest = z.object({
  id: z.uuid(),
  number: z.int(),
  kind: UpdateKind,
  /** Page language → title and body; the body is Markdown. */
  languages: Telling,
  publishedAt: Instant,
});
export type Newest = z.output<typeof Newest>;

/** Keep an approval; false where this person has approved exactly this already. */
export async function approve(
  tx: Sql,
  updateId: string,
  given: Omit<Approval, "standing">,
): Promise<boolean> {
  const { count } = await tx`
    insert into publication_approval (update_id, staff_id, binding, waiver, at)
    values (${updateId}, ${given.staffId}, ${given.binding}, ${given.waiver}, ${given.at})
    on conflict do nothing`;
  return count === 1;
}

/** The approvals of an update, the oldest first, each with whether its giver could give it now. */
export function approvals(sql: Sql, updateId: string): Promise<Approval[]> {
  return many(
    Approval,
    sql`
      select staff_id, binding, waiver, at,
             exists (select from role_grant g join staff s on s.id = g.staff_id
                      where g.staff_id = publication_approval.staff_id and s.disabled_at is null
                        and g.role in ('approver', 'counsel')) as standing
        from publication_approval
       where update_id = ${updateId} order by at, staff_id`,
  );
}

function hourOf(tx: Sql, { questionHour }: Update) {
  return questionHour && tx.json(z.encode(QuestionHour, questionHour));
}

const UPDATES_MAX = 500;

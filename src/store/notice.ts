import { z } from "zod";

import { Instant } from "../domain/instant.ts";
import { Notice, NoticeVersion, Sender } from "../domain/notice/notice.ts";
import { ScopeFacts } from "../domain/scope.ts";
import { many, maybeOne, one } from "./db.ts";
import type { Sql } from "./db.ts";

/** Store a new notice. */
export async function insert(tx: Sql, notice: Notice): Promise<void> {
  await tx`
    insert into notice (id, incident_id, version, kind, class, state, number, created_by, created_at)
    values (${notice.id}, ${notice.incidentId}, ${notice.version}, ${notice.kind}, ${notice.class},
            ${notice.state}, ${notice.number}, ${notice.createdBy}, ${notice.createdAt})`;
}

/** A notice of this incident, or `not-found`. */
export function find(sql: Sql, incidentId: string, id: string): Promise<Notice> {
  return one(Notice, sql`select * from notice where id = ${id} and incident_id = ${incidentId}`);
}

/** The same, locked for the rest of the transaction. Lock its incident before, where both are needed. */
export function lock(tx: Sql, incidentId: string, id: string): Promise<Notice> {
  return one(
    Notice,
    tx`select * from notice where id = ${id} and incident_id = ${incidentId} for update`,
  );
}

/** Every notice of an incident, the newest first. */
export function ofIncident(sql: Sql, incidentId: string): Promise<Notice[]> {
  return many(
    Notice,
    sql`
      select * from notice where incident_id = ${incidentId}
       order by created_at desc, id limit ${NOTICES_MAX}`,
  );
}

/** Store a notice's next state or number; the caller has locked it. */
export async function save(tx: Sql, notice: Notice): Promise<void> {
  await tx`
    update notice set version = ${notice.version}, state = ${notice.state}, number = ${notice.number}
     where id = ${notice.id} and version = ${notice.version - 1}`;
}

/** Store a version, and its public codes. */
export async function insertVersion(tx: Sql, version: NoticeVersion): Promise<void> {
  await tx`
    insert into notice_version (id, notice_id, number, languages, variants, sender, facts, codes,
                                content_hash, created_by, created_at)
    values (${version.id}, ${version.noticeId}, ${version.number}, ${tx.json(version.languages)},
            ${tx.json(version.variants)}, ${tx.json(version.sender)}, ${tx.json(version.facts)},
            ${tx.json(version.codes)}, ${version.contentHash}, ${version.createdBy},
            ${version.createdAt})`;
  for (const [language, code] of Object.entries(version.codes))
    await tx`
      insert into notice_code (code, notice_version_id, language)
      values (${code}, ${version.id}, ${language})`;
}

/** One version of a notice by its number, or `not-found`. */
export function version(sql: Sql, noticeId: string, number: number): Promise<NoticeVersion> {
  return one(
    NoticeVersion,
    sql`select * from notice_version where notice_id = ${noticeId} and number = ${number}`,
  );
}

/** One version by its id. */
export function versionById(sql: Sql, id: string): Promise<NoticeVersion> {
  return one(NoticeVersion, sql`select * from notice_version where id = ${id}`);
}

/** Who wrote each version of a notice and when, the newest first, without the texts. */
export function versionLines(sql: Sql, noticeId: string) {
  return many(
    VersionLine,
    sql`
      select id, number, encode(content_hash, 'hex') as content_hash, created_by, created_at,
             array(select jsonb_object_keys(languages) order by 1) as languages
        from notice_version where notice_id = ${noticeId}
       order by number desc limit ${VERSIONS_MAX}`,
  );
}

export const VersionLine = z.object({
  id: z.uuid(),
  number: z.int(),
  contentHash: z.string(),
  languages: z.array(z.string()),
  createdBy: z.uuid(),
  createdAt: Instant,
});

/** Everyone who wrote any version of a notice. */
export async function authors(sql: Sql, noticeId: string): Promise<string[]> {
  const rows = await many(
    z.object({ createdBy: z.uuid() }),
    sql`select distinct created_by from notice_version where notice_id = ${noticeId}`,
  );
  return rows.map(({ createdBy }) => createdBy);
}

/** A version with the facts it was written on: the newest scope in which all it quotes is the same. */
export function withFacts(sql: Sql, versionId: string): Promise<VersionWithFacts> {
  return one(
    VersionWithFacts,
    sql`
      select v.*, n.incident_id, s.facts as scope_facts
        from notice_version v
        join notice n on n.id = v.notice_id
        join lateral (
          select facts from scope
           where scope.incident_id = n.incident_id and scope.field_hashes @> v.facts
           order by scope.version desc limit 1) s on true
       where v.id = ${versionId}`,
  );
}

const VersionWithFacts = NoticeVersion.extend({ incidentId: z.uuid(), scopeFacts: ScopeFacts });
export type VersionWithFacts = z.output<typeof VersionWithFacts>;

/** The version and language behind a public code, once enough people have approved it. */
export function published(sql: Sql, code: string) {
  return maybeOne(
    z.object({ noticeVersionId: z.uuid(), language: z.string(), sender: Sender }),
    sql`
      select c.notice_version_id, c.language, v.sender
        from notice_code c
        join notice_version v on v.id = c.notice_version_id
       where c.code = ${code}
         and exists (
           select from submission s
            where s.notice_version_id = v.id
              and (exists (select from approval a
                            where a.submission_id = s.id and a.waiver is not null)
                or s.approvals_needed <= (select count(*) from approval a
                                           where a.submission_id = s.id)))`,
  );
}

/** Keep what a reviewer asked for. */
export async function addComment(tx: Sql, comment: Comment & { noticeId: string }): Promise<void> {
  await tx`
    insert into notice_comment (id, notice_id, number, staff_id, comment, at)
    values (${comment.id}, ${comment.noticeId}, ${comment.number}, ${comment.staffId},
            ${comment.comment}, ${comment.at})`;
}

/** What reviewers asked for, the newest first. */
export function comments(sql: Sql, noticeId: string): Promise<Comment[]> {
  return many(
    Comment,
    sql`
      select id, number, staff_id, comment, at from notice_comment
       where notice_id = ${noticeId} order by at desc, id limit ${COMMENTS_MAX}`,
  );
}

export const Comment = z.object({
  id: z.uuid(),
  number: z.int(),
  staffId: z.uuid(),
  comment: z.string(),
  at: Instant,
});
export type Comment = z.output<typeof Comment>;

const NOTICES_MAX = 500;
const VERSIONS_MAX = 500;
const COMMENTS_MAX = 500;

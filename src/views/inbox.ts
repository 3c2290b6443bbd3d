import { z } from "zod";

import { Instant } from "../domain/instant.ts";
import { Role, allowed, may } from "../domain/staff.ts";
import type { Actor } from "../domain/staff.ts";
import { many } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** What waits for a person. */
export const InboxKind = z.enum([
  "followup-drafted",
  "followup-offered",
  "followup-missed",
  "submission",
  "publication",
  "inquiry",
  "unknown-deliveries",
  "task",
]);
type InboxKind = z.output<typeof InboxKind>;

/** One thing that waits for the person who asks. No personal data. */
export const InboxItem = z.object({
  kind: InboxKind,
  incidentId: z.uuid(),
  /** The follow-up, submission, update, inquiry, wave or task. */
  subjectId: z.uuid(),
  since: Instant,
  due: Instant.nullable(),
  sentence: z.string(),
  /** Where the console's API has more. */
  link: z.string(),
});
export type InboxItem = z.output<typeof InboxItem>;

/**
 * Everything that waits for one person, over all incidents that are not closed: what they own, and
 * what their roles let them decide and four eyes do not forbid. What is due first comes first.
 */
export async function inbox(sql: Sql, actor: Actor, now: Date): Promise<InboxItem[]> {
  const me = actor.staffId;
  const soon = new Date(now.getTime() + SOON_MS);
  const parts = [
    followupRows(sql, me, now),
    ...(allowed(actor, "notice:approve") ? [submissionRows(sql, me)] : []),
    ...(allowed(actor, "publication:approve") ? [publicationRows(sql, me)] : []),
    ...(allowed(actor, "inquiry:write") ? [inquiryRows(sql, soon)] : []),
    ...(allowed(actor, "inquiry:approve") ? [answerRows(sql, me)] : []),
    ...(allowed(actor, "delivery:decide") ? [unknownRows(sql)] : []),
    taskRows(sql, me),
  ];
  const rows = parts.reduce((all, part) => sql`${all} union all ${part}`);
  const items = await many(
    Row,
    sql`
      select w.* from (${rows}) as w join incident i on i.id = w.incident_id
       where i.state <> 'closed'
       order by w.due nulls last, w.since, w.subject_id limit ${ITEMS_MAX}`,
  );
  return items.map(({ detail, parentId, ...item }) => ({
    ...item,
    sentence: sentenceOf(item.kind, detail),
    link: linkOf(item, parentId),
  }));
}

/** Follow-ups they look after that are not kept: to decide on, to bring to approval, or overdue. */
function followupRows(sql: Sql, me: string, now: Date) {
  const overdue = new Date(now.getTime() - MISSED_AFTER_MS);
  return sql`
    select case when f.state = 'offered' then 'followup-offered'
                when f.due_at < ${overdue} then 'followup-missed' else 'followup-drafted' end as kind,
           f.incident_id, f.id as subject_id, f.fired_at as since, f.due_at as due,
           case when f.notice_id is null then 'no-draft'
                when n.state = 'draft' then coalesce(f.problem, 'draft') else n.state end as detail,
           f.notice_id as parent_id
      from followup f join followup_plan p on p.id = f.plan_id
      left join notice n on n.id = f.notice_id
     where f.state in ('fired', 'offered') and ${me} in (select followup_keepers(p.owners, ${KEEPERS}))
       and followup_kept_at(f) is null`;
}

/** What waits for approvals, where this person wrote, uploaded and submitted none of it. */
function submissionRows(sql: Sql, me: string) {
  return sql`
    select 'submission', s.incident_id, s.id, s.submitted_at, null::timestamptz, 'waiting',
           s.notice_id
      from submission s join notice n on n.id = s.notice_id
      join notice_version v on v.id = s.notice_version_id and v.number = n.number
     where s.closed_at is null and n.state = 'in-review' and s.submitted_by <> ${me}
       and not exists (select from approval a where a.submission_id = s.id and a.staff_id = ${me})
       and not exists (select from notice_version o
                        where o.notice_id = s.notice_id and o.created_by = ${me})
       and not exists (select from upload u
                        where u.audience_id = s.audience_id
                          and ${me} in (u.uploaded_by, u.confirmed_by))`;
}

function publicationRows(sql: Sql, me: string) {
  return sql`
    select 'publication', u.incident_id, u.id, u.submitted_at, null::timestamptz, 'waiting',
           null::uuid
      from publication_update u
     where u.state = 'in-review' and u.submitted_by <> ${me} and not ${me}::uuid = any(u.authors)
       and not exists (select from publication_approval a
                        where a.update_id = u.id and a.staff_id = ${me} and a.binding = u.binding)`;
}

/** Questions that must be answered soon, or should have been. */
function inquiryRows(sql: Sql, soon: Date) {
  return sql`
    select 'inquiry', q.incident_id, q.id, q.created_at, q.due_at, 'answer', null::uuid
      from inquiry q
     where q.state in ('new', 'drafted') and q.due_at <= ${soon}`;
}

function answerRows(sql: Sql, me: string) {
  return sql`
    select 'inquiry', q.incident_id, q.id, q.created_at, q.due_at, 'approve', null::uuid
      from inquiry q
     where q.state = 'in-review' and q.drafted_by is distinct from ${me}`;
}

/** Waves with deliveries of which nobody can know whether they arrived: one item each. */
function unknownRows(sql: Sql) {
  return sql`
    select 'unknown-deliveries', w.incident_id, w.id, min(coalesce(d.settled_at, w.started_at)),
           null::timestamptz, count(*)::text, null::uuid
      from delivery d join wave w on w.id = d.wave_id
     where d.listed = 'unknown'
     group by w.id`;
}

function taskRows(sql: Sql, me: string) {
  return sql`
    select 'task', t.incident_id, t.id, i.declared_at, t.due_at, 'open', null::uuid
      from task t join incident i on i.id = t.incident_id
     where t.owner = ${me} and t.done_at is null`;
}

function sentenceOf(kind: InboxKind, detail: string): string {
  if (kind === "followup-drafted") return DRAFTED[detail] ?? NOT_SUBMITTED;
  if (kind === "followup-missed")
    return `This follow-up is missed. ${DRAFTED[detail] ?? NOT_SUBMITTED}`;
  if (kind === "inquiry")
    return detail === "approve"
      ? "An answer to an inquiry awaits your approval."
      : "An inquiry is due for an answer.";
  if (kind === "unknown-deliveries")
    return `Of ${detail} deliveries nobody knows whether they arrived. Decide what becomes of them.`;
  return SENTENCES[kind];
}

function linkOf(
  { kind, incidentId, subjectId }: Omit<InboxItem, "sentence" | "link">,
  parentId: string | null,
) {
  const base = `/v1/incidents/${incidentId}`;
  if (parentId !== null && kind.startsWith("followup")) return `${base}/notices/${parentId}`;
  if (kind.startsWith("followup")) return `${base}/followups`;
  if (kind === "submission") return `${base}/submissions/${subjectId}`;
  if (kind === "publication") return `${base}/publication/updates/${subjectId}`;
  if (kind === "inquiry") return `${base}/inquiries`;
  return kind === "task" ? `${base}/tasks` : `${base}/waves/${subjectId}/deliveries?state=unknown`;
}

const NOT_SUBMITTED = "Its draft could not be submitted. Open it, correct it and submit it.";

/** What to do about a follow-up's draft, by the notice's state or by why it was not submitted. */
const DRAFTED: Readonly<Record<string, string>> = {
  draft: "Its draft is ready. Read it, correct it and submit it for approval.",
  "in-review": "Its notice awaits approval.",
  ready: "Its notice is approved. Start the wave.",
  withdrawn: "Its notice was withdrawn. Write another, or skip the follow-up.",
  "no-draft": "No draft could be made. Write the notice and submit it for approval.",
  "update-refused":
    "The newest update cannot stand in a notice as it is, so the draft has the usual text only. Add what is new and submit it.",
  "template-refused":
    "Its draft has problems that must be fixed. Open it, correct it and submit it.",
  "audience-empty": "Nobody is in the audience of the plan. Choose another and submit the draft.",
  "wrong-state":
    "The audience of the plan is not frozen, or there is no provider for its SMS. Put that right and submit the draft.",
  "facts-changed": "The facts changed meanwhile. Save the draft again and submit it.",
};

const SENTENCES = {
  "followup-offered":
    "This follow-up came due while Candor was not running. Take it, or skip it with a reason.",
  submission: "A notice awaits your approval.",
  publication: "An update of the public page awaits your approval.",
  task: "A task is assigned to you.",
} as const;

const Row = InboxItem.omit({ sentence: true, link: true }).extend({
  detail: z.string(),
  parentId: z.uuid().nullable(),
});

const KEEPERS = Role.options.filter((role) => may([role], "followup:write"));
const ITEMS_MAX = 500;
const SOON_MS = 7 * 24 * 3_600_000;
/** How long after its time a follow-up that was not kept is called missed. */
const MISSED_AFTER_MS = 24 * 3_600_000;

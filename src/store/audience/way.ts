import type { Sql } from "../db.ts";

/** What decides how a person is reached. */
export interface WayQuery {
  readonly audienceId: string;
  /** In the order in which they are tried. */
  readonly channels: readonly ("email" | "letter")[];
  /** E-mail goes to people who agreed to it, to all who did not refuse, or to any. */
  readonly consent: "agreed" | "not-refused" | "any";
  readonly noticeClass: "legal" | "courtesy";
}

/**
 * The way to each person of an audience: a part of a query, with the columns `id`, `language`,
 * `reason` and `state` (planned | needs-letter | not-reached | excluded). Approvers see its sums
 * and a wave is planned by it, so the two cannot differ. Channels are tried in the plan's order.
 * Opens no sealed row.
 *
 * A suppression never silently withholds a notice that the law requires: who opted out still
 * gets it, and a mailbox that bounced moves the person on to a letter.
 */
export function ways(sql: Sql, { audienceId, channels, consent, noticeClass }: WayQuery) {
  return sql`
    select r.id, r.language, s.reason,
           case when s.reason in ('erased', 'deceased', 'other')
                     or (s.reason = 'opted-out' and ${noticeClass} = 'courtesy') then 'excluded'
                when ${channels[0] === "letter"} and r.has_post then 'needs-letter'
                when ${channels.includes("email")} and r.has_email
                     and s.reason is distinct from 'hard-bounce'
                     and r.agreed = any (${AGREED[consent]}) then 'planned'
                when ${channels.includes("letter")} and r.has_post then 'needs-letter'
                else 'not-reached' end as state
      from recipient r
      left join suppression s on s.incident_id = r.incident_id and s.recipient_id = r.id
     where r.audience_id = ${audienceId}`;
}

const AGREED = {
  agreed: ["yes"],
  "not-refused": ["yes", "unknown"],
  any: ["yes", "unknown", "no"],
} as const;

import type { z } from "zod";

import { UNKNOWN_PLACE } from "../../domain/audience/permitted.ts";
import type { ChannelLimit } from "../../domain/audience/permitted.ts";
import type { PreferredChannel } from "../../domain/audience/person.ts";
import type { Sql } from "../db.ts";

type Channel = z.output<typeof PreferredChannel>;

/** What decides how a person is reached. */
export interface WayQuery {
  readonly audienceId: string;
  /** One channel after the other, or every channel that reaches a person. */
  readonly mode: "first-reachable" | "all";
  /** In the order in which they are tried. */
  readonly channels: readonly Channel[];
  /** E-mail goes to people who agreed to it, to all who did not refuse, or to any. */
  readonly consent: "agreed" | "not-refused" | "any";
  readonly noticeClass: "legal" | "courtesy";
  /** What the law of some places permits less than that. */
  readonly limits?: readonly ChannelLimit[];
  /** Whose notice it is: who was told by an earlier wave of that is not told again. */
  readonly submissionId?: string;
}

/**
 * The way to each person of an audience: a part of a query, with the columns `id`, `language`,
 * `place`, `reason`, `channels` (those that reach the person, in order), `barred` (a channel of the
 * plan would, but the law of their place forbids it) and `state`, which is that of the first
 * channel (planned | needs-letter) or `not-reached` or `excluded`. Approvers see its sums
 * and a wave is planned by it, so the two cannot differ. Channels are tried in the plan's order,
 * after the one the person asked for. Opens no sealed row.
 *
 * A suppression never silently withholds a notice that the law requires: who opted out still
 * gets it, and a mailbox that bounced or a phone that answered STOP moves the person on.
 *
 * Say whether the ways of everybody are asked for, or of a few who are picked out by `id`.
 */
export function ways(sql: Sql, query: WayQuery, whose: "everybody" | "few") {
  const { audienceId, noticeClass, limits = [], submissionId } = query;
  // Else PostgreSQL writes the channels out wherever they are named, and works them out some fifty
  // times for each person. Nobody can be picked out of what stands behind it. Only as a constant
  // does it leave the work to several processes.
  const once = whose === "everybody" ? sql`offset bigint '0'` : sql``;
  const { planned, barred } = reachedBy(sql, query);
  const suppressed = sql`
    coalesce(s.reason in ('erased', 'deceased', 'other')
      or (s.reason = 'opted-out' and ${noticeClass} = 'courtesy'), false)`;
  const isTold = submissionId === undefined ? sql`false` : sql`t.recipient_id is not null`;
  return sql`
    select id, language, place, reason, channels, barred,
           case when excluded then 'excluded'
                when cardinality(channels) = 0 then 'not-reached'
                when channels[1] = 'letter' then 'needs-letter'
                else 'planned' end as state
      from (
        select id, language, place, reason, excluded, barred,
               case when asked = any (usual) then asked || array_remove(usual, asked)
                    else usual end as channels
          from (
            select r.id, coalesce(p.language, r.language) as language, r.place,
                   case when ${isTold} and not ${suppressed} then 'told-before'
                        else s.reason end as reason,
                   ${barred} as barred,
                   p.channel as asked, array_remove(${planned}, null) as usual,
                   (${suppressed} or ${isTold}) as excluded
              from recipient r
              left join suppression s
                on s.incident_id = r.incident_id and s.recipient_id = r.id
              left join preference p
                on p.incident_id = r.incident_id and p.recipient_id = r.id
              left join closed_channel c
                on c.incident_id = r.incident_id and c.recipient_id = r.id and c.channel = 'sms'
              left join closed_channel e
                on e.incident_id = r.incident_id and e.recipient_id = r.id and e.channel = 'email'
              left join ${limitRows(sql, limits)}
                on m.place = coalesce(r.place, ${UNKNOWN_PLACE})
              ${submissionId === undefined ? sql`` : toldBefore(sql, submissionId)}
             where r.audience_id = ${audienceId} ${once}
          ) as found ${once}
      ) as ordered ${once}`;
}

/** The channels that reach a person, and whether the law of their place takes one of them. */
function reachedBy(sql: Sql, { channels, consent }: WayQuery) {
  const would = {
    email: sql`
      case when r.has_email and e.channel is null and s.reason is distinct from 'hard-bounce'
                and r.agreed = any (${AGREED[consent]}) then 'email'::text end`,
    sms: sql`case when r.has_phone and c.channel is null then 'sms'::text end`,
    letter: sql`case when r.has_post then 'letter'::text end`,
  };
  const may = {
    email: sql`(coalesce(m.email, 'any') = 'any' or (m.email = 'agreed' and r.agreed = 'yes'))`,
    sms: sql`coalesce(m.sms, true)`,
    letter: sql`true`,
  };
  const planned = channels.reduce(
    (list, channel) => sql`(${list} || case when ${may[channel]} then ${would[channel]} end)`,
    sql`array[]::text[]`,
  );
  const barred = channels.reduce(
    (any, channel) => sql`(${any} or (${would[channel]} is not null and not ${may[channel]}))`,
    sql`false`,
  );
  return { planned, barred };
}

/**
 * Who has, or may have, what an earlier wave of the same notice sent, whatever its version. What
 * was sent for the submission itself, or later, says nothing of how its people were to be told.
 */
function toldBefore(sql: Sql, submissionId: string) {
  return sql`
    left join (
      select distinct d.recipient_id
        from submission own
        join notice_version v on v.notice_id = own.notice_id
        join wave w on w.notice_version_id = v.id and w.submission_id <> own.id
         and w.started_at <= coalesce(
               (select started_at from wave where submission_id = own.id), 'infinity')
        join delivery d on d.wave_id = w.id and d.state in ('accepted', 'delivered', 'unknown')
       where own.id = ${submissionId}
    ) t on t.recipient_id = r.id`;
}

/** The limits as rows, one for each place. */
function limitRows(sql: Sql, limits: readonly ChannelLimit[]) {
  const at = limits.flatMap(({ places, ...limit }) => places.map((place) => ({ place, ...limit })));
  const texts = (values: readonly string[]) => sql.array([...values], TEXT);
  const places = texts(at.map(({ place }) => place));
  const emails = texts(at.map(({ email }) => email));
  const texting = sql.array(
    at.map(({ sms }) => sms),
    BOOL,
  );
  return sql`unnest(${places}, ${emails}, ${texting}) as m (place, email, sms)`;
}

const AGREED = {
  agreed: ["yes"],
  "not-refused": ["yes", "unknown"],
  any: ["yes", "unknown", "no"],
} as const;

const TEXT = 1009;
const BOOL = 1000;

import { z } from "zod";

import { PreferredChannel } from "../../domain/audience/person.ts";
import { Instant } from "../../domain/instant.ts";
import { PageLanguage } from "../../domain/language.ts";
import { Variants } from "../../domain/notice/split.ts";
import { Scope } from "../../domain/scope.ts";
import { many, maybeOne } from "../db.ts";
import type { Sql } from "../db.ts";

/** What holds of a person besides what is sealed. */
const Standing = z.object({
  sealed: z.instanceof(Buffer),
  /** BCP 47. */
  language: z.string(),
  /** Why the person gets nothing of some kind. */
  reason: z.string().nullable(),
  preferredLanguage: PageLanguage.nullable(),
  preferredChannel: PreferredChannel.nullable(),
  /** Channels that reach the person no more: a dead mailbox, a phone that answered STOP. */
  closed: z.array(z.string()),
});

/** A person, and what they chose. Nothing where they were erased. */
export function standing(sql: Sql, { incidentId, recipientId }: Person) {
  return maybeOne(
    Standing,
    sql`
      select r.sealed, r.language, s.reason,
             p.language as preferred_language, p.channel as preferred_channel,
             array(select c.channel from closed_channel c
                    where c.incident_id = r.incident_id and c.recipient_id = r.id) as closed
        from recipient r
        left join suppression s on s.incident_id = r.incident_id and s.recipient_id = r.id
        left join preference p on p.incident_id = r.incident_id and p.recipient_id = r.id
       where r.id = ${recipientId} and r.incident_id = ${incidentId}`,
  );
}

const Sent = z.object({
  kind: z.string(),
  channel: z.string(),
  state: z.string(),
  at: Instant,
  codes: z.record(z.string(), z.string()),
  variants: Variants,
  /** What we knew when the notice went out. */
  facts: Scope.shape.facts.pick({ dataElements: true }).loose().nullable(),
});

/** The notices on their way to a person or sent, the newest first. */
export function sent(sql: Sql, recipientId: string): Promise<z.output<typeof Sent>[]> {
  return many(
    Sent,
    sql`
      select n.kind, d.channel, d.state, coalesce(d.settled_at, w.started_at) as at, v.codes, v.variants,
             (select s.facts from scope s
               where s.incident_id = w.incident_id and s.created_at <= w.started_at
               order by s.version desc limit 1) as facts
        from delivery d
        join wave w on w.id = d.wave_id
        join notice_version v on v.id = w.notice_version_id
        join notice n on n.id = v.notice_id
       where d.recipient_id = ${recipientId}
         and d.state in ('accepted', 'delivered', 'unknown', 'needs-letter', 'rejected')
       order by w.started_at desc, d.id desc limit 50`,
  );
}

/** The newest facts of an incident that concern everybody in it. */
export function facts(sql: Sql, incidentId: string) {
  return maybeOne(
    z.object({ facts: Scope.shape.facts }),
    sql`select facts from scope where incident_id = ${incidentId} order by version desc limit 1`,
  );
}

/** What a person wants for the follow-ups from now on. */
export async function prefer(
  tx: Sql,
  { incidentId, recipientId }: Person,
  choice: { readonly language: PageLanguage; readonly channel: string | null },
): Promise<void> {
  await tx`
    insert into preference ${tx({ incidentId, recipientId, ...choice })}
    on conflict (incident_id, recipient_id) do update
       set language = excluded.language, channel = excluded.channel`;
}

interface Person {
  readonly incidentId: string;
  readonly recipientId: string;
}

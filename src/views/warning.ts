import { z } from "zod";

import { maybeOne } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** What somebody should know of a wave that its counts do not say. */
export const Warning = z.enum([
  /** Its notice was given up: nothing more is sent. */
  "notice-withdrawn",
  /** Its notice was edited since: the wave goes on with the words that were approved. */
  "notice-edited",
  /** SMS wait, and no SMS provider is set up. */
  "no-sms-provider",
  /** Messages wait for a person; `/held` lists them. */
  "held",
  /** Messages wait for the hours in which people may be written to. */
  "quiet-hours",
  /** Messages go out at any hour, because of the deadline. */
  "despite-hours",
  /** Messages wait for providers that asked for less. */
  "slowed",
  /** The deadline is over and not everybody was told. */
  "deadline-missed",
]);
export type Warning = z.output<typeof Warning>;

/** The warnings of a wave in the order above; `sms` says whether there is an SMS provider. */
export async function warningsOf(
  sql: Sql,
  waveId: string,
  { sms }: { readonly sms: boolean },
): Promise<Warning[]> {
  const planned = (channel: string | null, reason: string | null) => sql`
    exists (select from delivery d
             where d.wave_id = w.id and d.listed = 'planned'
               and (${channel}::text is null or d.channel = ${channel})
               and (${reason}::text is null or d.reason = ${reason}))`;
  const open = sql`w.state not in ('done', 'cancelled')`;
  const seen = await maybeOne(
    Seen,
    sql`
      select ${open} and is_withdrawn(w) as "notice-withdrawn",
             ${open} and exists (
               select from notice_version mine
                 join notice_version newer on newer.notice_id = mine.notice_id
                where mine.id = w.notice_version_id and newer.number > mine.number
             ) as "notice-edited",
             not ${sms} and ${open} and ${planned("sms", null)} as "no-sms-provider",
             exists (select from delivery d where d.wave_id = w.id and d.listed = 'held') as "held",
             ${open} and ${planned(null, "quiet-hours")} as "quiet-hours",
             w.override_noted_at is not null as "despite-hours",
             ${open} and ${planned(null, "rate")} as "slowed",
             ${open} and coalesce(w.deadline < now(), false) as "deadline-missed"
        from wave w where w.id = ${waveId}`,
  );
  return Warning.options.filter((name) => seen?.[name] === true);
}

const Seen = z.record(Warning, z.boolean());

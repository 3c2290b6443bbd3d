import { z } from "zod";

import { nextStep } from "../domain/delivery/reconcile.ts";
import { Instant } from "../domain/instant.ts";
import { many } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** A delivery whose outcome nobody knows. No personal data. */
export const UnknownDelivery = z.object({
  id: z.string(),
  channel: z.enum(["email", "sms"]),
  attempt: z.int(),
  /** When the attempt was made, and when it was called unknown. */
  startedAt: Instant,
  unknownSince: Instant,
  unknownSeconds: z.int(),
  /** Why: what the connection said, or that its worker was lost or stopped. */
  code: z.string().nullable(),
  reason: z.string().nullable(),
  workerId: z.uuid(),
  /** Which relay or provider it went through. */
  relay: z.string().nullable(),
  /** What happens by itself: a wait, a look at the provider's list, a resend; or nothing. */
  next: z.enum(["wait", "look", "resend", "person"]),
});
export type UnknownDelivery = z.output<typeof UnknownDelivery>;

export interface UnknownPage {
  readonly channel?: string | undefined;
  /** Only ids above this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A page of a wave's unknown deliveries, in the order in which they were made. */
export async function unknownDeliveries(
  sql: Sql,
  waveId: string,
  { channel, after, limit }: UnknownPage,
): Promise<UnknownDelivery[]> {
  const rows = await many(
    Row,
    sql`
      select d.id, d.channel, d.attempt, a.started_at, d.settled_at as unknown_since,
             extract(epoch from now() - d.settled_at)::int as unknown_seconds, a.code, d.reason,
             a.worker_id, a.provider as relay, n.class as notice_class, a.looks,
             extract(epoch from now() - a.looked_at)::int as looked_seconds,
             exists (select from attempt e
                      where e.delivery_id = d.id and e.evidence = 'resent') as resent
        from delivery d
        join attempt a on a.delivery_id = d.id and a.n = d.attempt
        join wave w on w.id = d.wave_id
        join notice_version v on v.id = w.notice_version_id
        join notice n on n.id = v.notice_id
       where d.wave_id = ${waveId} and d.listed = 'unknown' and d.id > ${after ?? "0"}
         and (${channel ?? null}::text is null or d.channel = ${channel ?? null})
       order by d.id limit ${limit}`,
  );
  return rows.map(({ noticeClass, looks, lookedSeconds, resent, ...row }) => {
    const unknownMs = row.unknownSeconds * 1_000;
    const lookedMs = lookedSeconds === null ? null : lookedSeconds * 1_000;
    const { channel: by } = row;
    const next = nextStep({ channel: by, noticeClass, unknownMs, resent, looks, lookedMs });
    return { ...row, next };
  });
}

const Row = UnknownDelivery.omit({ next: true }).extend({
  noticeClass: z.enum(["legal", "courtesy"]),
  looks: z.int(),
  lookedSeconds: z.int().nullable(),
  resent: z.boolean(),
});

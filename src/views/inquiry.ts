import { z } from "zod";

import { Inquiry } from "../domain/inquiry.ts";
import type { InquiryState } from "../domain/inquiry.ts";
import { many, one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** One line of the queue. Who asked is a number here; the text opens one at a time. */
export const InquiryLine = Inquiry.omit({ recipientId: true }).extend({
  /** The clock has run out and there is no answer. */
  late: z.boolean(),
});
export type InquiryLine = z.output<typeof InquiryLine>;

/** The inquiries of an incident, the most urgent first; those that ended come last. */
export async function queue(
  sql: Sql,
  incidentId: string,
  { state, now }: { readonly state: InquiryState | undefined; readonly now: Date },
): Promise<InquiryLine[]> {
  await one(Inquiry.pick({ id: true }), sql`select id from incident where id = ${incidentId}`);
  return many(
    InquiryLine,
    sql`
      select q.*, q.state not in ('answered', 'closed') and q.due_at < ${now} as late
        from inquiry q
       where q.incident_id = ${incidentId}
             ${state === undefined ? sql`` : sql`and q.state = ${state}`}
       order by q.state in ('answered', 'closed'), q.due_at, q.id limit 1000`,
  );
}

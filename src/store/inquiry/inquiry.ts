import { z } from "zod";

import { Inquiry } from "../../domain/inquiry.ts";
import { many, one } from "../db.ts";
import type { Sql } from "../db.ts";

const Sealed = Inquiry.extend({
  /** Null once the person was erased. */
  sealed: z.instanceof(Buffer).nullable(),
  answer: z.instanceof(Buffer).nullable(),
});
export type SealedInquiry = z.output<typeof Sealed>;

/** Keep a new inquiry with its sealed text. False where its number is taken. */
export async function insert(tx: Sql, inquiry: Inquiry, sealed: Buffer): Promise<boolean> {
  const { count } = await tx`
    insert into inquiry ${tx({ ...inquiry, sealed })} on conflict (number) do nothing`;
  return count === 1;
}

/** An inquiry of this incident. Refuses `not-found`. */
export function find(sql: Sql, incidentId: string, id: string): Promise<SealedInquiry> {
  return one(Sealed, sql`select * from inquiry where id = ${id} and incident_id = ${incidentId}`);
}

/** The same, locked until the transaction ends. */
export function lock(tx: Sql, incidentId: string, id: string): Promise<SealedInquiry> {
  return one(
    Sealed,
    tx`select * from inquiry where id = ${id} and incident_id = ${incidentId} for update`,
  );
}

/** Keep a changed inquiry, and its answer where that changed too; the caller holds its lock. */
export async function update(tx: Sql, inquiry: Inquiry, answer?: Buffer): Promise<void> {
  await tx`
    update inquiry
       set version = ${inquiry.version}, state = ${inquiry.state},
           drafted_by = ${inquiry.draftedBy}, approved_by = ${inquiry.approvedBy},
           answered_at = ${inquiry.answeredAt}
           ${answer === undefined ? tx`` : tx`, answer = ${answer}`}
     where id = ${inquiry.id} and version = ${inquiry.version - 1}`;
}

/** Forget what erased people wrote and were answered; that they did, and when, stays. */
export async function forgetErased(sql: Sql): Promise<void> {
  await sql`
    update inquiry q set sealed = null, answer = null, recipient_id = null, version = version + 1
     where recipient_id is not null
       and not exists (select from recipient r where r.id = q.recipient_id)`;
}

/** A person's inquiries, the newest first. */
export function ofRecipient(sql: Sql, recipientId: string): Promise<SealedInquiry[]> {
  return many(
    Sealed,
    sql`select * from inquiry where recipient_id = ${recipientId} order by created_at desc, id`,
  );
}

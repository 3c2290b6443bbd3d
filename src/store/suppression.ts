import type { SuppressionReason } from "../domain/suppression.ts";
import type { Sql } from "./db.ts";

/**
 * Keep a person from getting something. There is one reason a person: a stronger one takes the place
 * of a weaker one. False where as strong a reason was there already.
 */
export async function add(
  tx: Sql,
  suppression: {
    incidentId: string;
    recipientId: string;
    reason: SuppressionReason | "erased";
    /** Null: the person. */
    createdBy: string | null;
    createdAt: Date;
  },
): Promise<boolean> {
  const added = await tx`
    insert into suppression ${tx(suppression)}
    on conflict (incident_id, recipient_id) do update set reason = excluded.reason
     where array_position(${STRENGTH}::text[], excluded.reason)
         > array_position(${STRENGTH}::text[], suppression.reason)`;
  return added.count === 1;
}

/** From the weakest: a mailbox, then what a person wants, then what staff know, then the law. */
const STRENGTH = ["hard-bounce", "opted-out", "other", "deceased", "erased"];

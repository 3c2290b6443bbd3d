import type { SuppressionReason } from "../domain/suppression.ts";
import type { Sql } from "./db.ts";

/** Keep a person from getting anything more. False where that was so already. */
export async function add(
  tx: Sql,
  suppression: {
    incidentId: string;
    recipientId: string;
    reason: SuppressionReason | "erased";
    createdBy: string;
    createdAt: Date;
  },
): Promise<boolean> {
  const added = await tx`
    insert into suppression ${tx(suppression)}
    on conflict (incident_id, recipient_id) do update set reason = excluded.reason
     where suppression.reason <> 'erased' and excluded.reason = 'erased'`;
  return added.count === 1;
}

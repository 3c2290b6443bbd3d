import { z } from "zod";

import { maybeOne } from "../db.ts";
import type { Sql } from "../db.ts";

export interface NewInvitation {
  readonly id: string;
  readonly staffId: string;
  readonly tokenHash: Buffer;
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Store an invitation; any older one of the same person stops working. */
export async function replace(tx: Sql, invitation: NewInvitation): Promise<void> {
  await tx`
    update invitation set expires_at = ${invitation.createdAt}
     where staff_id = ${invitation.staffId} and used_at is null
       and expires_at > ${invitation.createdAt}`;
  await tx`
    insert into invitation (id, staff_id, token_hash, created_by, created_at, expires_at)
    values (${invitation.id}, ${invitation.staffId}, ${invitation.tokenHash},
            ${invitation.createdBy}, ${invitation.createdAt}, ${invitation.expiresAt})`;
}

/**
 * Spend an invitation. The `where` clause is the lock: of any number of copies, one gets the
 * row. `again` says that the person had accepted an earlier one.
 */
export function spend(tx: Sql, tokenHash: Buffer, now: Date) {
  return maybeOne(
    Spent,
    tx`
      update invitation i set used_at = ${now}
        from staff s
       where i.token_hash = ${tokenHash} and i.used_at is null and i.expires_at > ${now}
         and s.id = i.staff_id and s.disabled_at is null
      returning i.id, i.staff_id, i.created_by, s.name,
                exists (select from invitation e
                         where e.staff_id = i.staff_id and e.id <> i.id and e.used_at is not null
                       ) as again`,
  );
}

const Spent = z.object({
  id: z.uuid(),
  staffId: z.uuid(),
  createdBy: z.uuid().nullable(),
  name: z.string(),
  again: z.boolean(),
});

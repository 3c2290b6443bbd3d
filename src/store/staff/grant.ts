import { Grant } from "../../domain/staff.ts";
import type { Role } from "../../domain/staff.ts";
import { maybeOne } from "../db.ts";
import type { Sql } from "../db.ts";

/** Add a grant; false where the person has the role already. */
export async function add(tx: Sql, grant: Grant): Promise<boolean> {
  const rows = await tx`
    insert into role_grant (staff_id, role, granted_by, granted_at, effective_at)
    values (${grant.staffId}, ${grant.role}, ${grant.grantedBy}, ${grant.grantedAt}, ${grant.effectiveAt})
    on conflict do nothing
    returning role`;
  return rows.length === 1;
}

/** Lock one grant, or nothing where there is none. */
export function lock(tx: Sql, staffId: string, role: Role): Promise<Grant | undefined> {
  return maybeOne(
    Grant,
    tx`select * from role_grant where staff_id = ${staffId} and role = ${role} for update`,
  );
}

/** Store from when a grant counts and who confirmed it. */
export async function save(tx: Sql, grant: Grant): Promise<void> {
  await tx`
    update role_grant set effective_at = ${grant.effectiveAt}, confirmed_by = ${grant.confirmedBy}
     where staff_id = ${grant.staffId} and role = ${grant.role}`;
}

/** Take a role away; false where the person did not have it. */
export async function remove(tx: Sql, staffId: string, role: Role): Promise<boolean> {
  const rows = await tx`
    delete from role_grant where staff_id = ${staffId} and role = ${role} returning role`;
  return rows.length === 1;
}

/** All roles of a person settle anew, as if this admin had granted them just now. */
export async function unsettle(
  tx: Sql,
  staffId: string,
  grantedBy: string,
  effectiveAt: Date,
): Promise<void> {
  await tx`
    update role_grant
       set effective_at = greatest(effective_at, ${effectiveAt}),
           granted_by = ${grantedBy}, confirmed_by = null
     where staff_id = ${staffId}`;
}

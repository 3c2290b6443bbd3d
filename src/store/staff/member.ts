import { z } from "zod";

import { Instant } from "../../domain/instant.ts";
import { Role } from "../../domain/staff.ts";
import { many, maybeOne } from "../db.ts";
import type { Sql } from "../db.ts";

/** A person as admins see one: no address, no secret. */
export const Member = z.object({
  id: z.uuid(),
  name: z.string(),
  createdAt: Instant,
  disabledAt: Instant.nullable(),
  secondFactor: z.enum(["none", "enrolled", "confirmed"]),
  roles: z.array(
    z.object({
      role: Role,
      grantedBy: z.uuid().nullable(),
      grantedAt: Instant,
      effectiveAt: Instant,
      confirmedBy: z.uuid().nullable(),
    }),
  ),
});
export type Member = z.output<typeof Member>;

export interface NewMember {
  readonly id: string;
  readonly name: string;
  readonly emailIndex: Buffer;
  readonly emailSealed: Buffer;
  readonly createdAt: Date;
}

/** Add a person; false where the address already has an account. */
export async function add(tx: Sql, member: NewMember): Promise<boolean> {
  const rows = await tx`
    insert into staff (id, name, email_index, email_sealed, created_at)
    values (${member.id}, ${member.name}, ${member.emailIndex}, ${member.emailSealed}, ${member.createdAt})
    on conflict (email_index) do nothing
    returning id`;
  return rows.length === 1;
}

/** Everyone, oldest first. */
export function all(sql: Sql): Promise<Member[]> {
  return many(Member, sql`select ${columns(sql)} from staff s order by s.created_at, s.id`);
}

/** One person, or nothing. */
export function find(sql: Sql, id: string): Promise<Member | undefined> {
  return maybeOne(Member, sql`select ${columns(sql)} from staff s where s.id = ${id}`);
}

/** Whether there is an account for this address, by its keyed hash. */
export async function idOf(sql: Sql, emailIndex: Buffer): Promise<string | undefined> {
  const [row] = await sql<{ id: string }[]>`select id from staff where email_index = ${emailIndex}`;
  return row?.id;
}

/** Lock a person for the rest of the transaction; nothing where there is none. */
export function lock(tx: Sql, id: string) {
  return maybeOne(
    z.object({ id: z.uuid(), disabledAt: Instant.nullable() }),
    tx`select id, disabled_at from staff where id = ${id} for update`,
  );
}

/** The sealed address, or nothing where the person is unknown or disabled. */
export async function sealedEmail(sql: Sql, id: string): Promise<Buffer | undefined> {
  const [row] = await sql<{ emailSealed: Buffer }[]>`
    select email_sealed from staff where id = ${id} and disabled_at is null`;
  return row?.emailSealed;
}

/** Disable a person. Their tokens stop with the same statement's commit. */
export async function disable(tx: Sql, id: string, now: Date): Promise<void> {
  await tx`update staff set disabled_at = ${now} where id = ${id} and disabled_at is null`;
}

/** The admins who are not disabled, locked so that two cannot leave at once. */
export async function lockAdmins(tx: Sql): Promise<string[]> {
  const rows = await tx<{ staffId: string }[]>`
    select g.staff_id from role_grant g join staff s on s.id = g.staff_id
     where g.role = 'admin' and s.disabled_at is null
     order by g.staff_id for update`;
  return rows.map(({ staffId }) => staffId);
}

function columns(sql: Sql) {
  return sql`
    s.id, s.name, s.created_at, s.disabled_at,
    case when s.totp_confirmed_at is not null then 'confirmed'
         when s.totp_sealed is not null then 'enrolled' else 'none' end as second_factor,
    coalesce((
      select jsonb_agg(jsonb_build_object(
               'role', g.role, 'grantedBy', g.granted_by, 'grantedAt', g.granted_at,
               'effectiveAt', g.effective_at, 'confirmedBy', g.confirmed_by) order by g.role)
        from role_grant g where g.staff_id = s.id), '[]') as roles`;
}

import { z } from "zod";

import { Instant } from "../../domain/instant.ts";
import { Role } from "../../domain/staff.ts";
import { many, maybeOne } from "../db.ts";
import type { Sql } from "../db.ts";

/** A token as its owner sees it: never the secret, of which only a hash is stored. */
export const Token = z.object({
  id: z.uuid(),
  label: z.string(),
  createdAt: Instant,
  expiresAt: Instant,
  revokedAt: Instant.nullable(),
});
export type Token = z.output<typeof Token>;

export interface NewToken {
  readonly id: string;
  readonly staffId: string;
  readonly label: string;
  readonly tokenHash: Buffer;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Store a new token. */
export async function add(tx: Sql, token: NewToken): Promise<void> {
  await tx`
    insert into token (id, staff_id, label, token_hash, created_at, expires_at)
    values (${token.id}, ${token.staffId}, ${token.label}, ${token.tokenHash},
            ${token.createdAt}, ${token.expiresAt})`;
}

/** The person behind a token, what the token is worth now, and the roles in force. */
export function owner(sql: Sql, tokenHash: Buffer, now: Date) {
  return maybeOne(
    Owner,
    sql`
      select s.id as staff_id,
             s.disabled_at is null and t.revoked_at is null and t.expires_at > ${now} as good,
             coalesce(array_agg(g.role order by g.role) filter (where g.role is not null),
                      '{}') as roles,
             coalesce(array_agg(g.role order by g.role) filter (where g.effective_at <= ${now}),
                      '{}') as settled_roles
        from token t
        join staff s on s.id = t.staff_id
        left join role_grant g on g.staff_id = s.id
       where t.token_hash = ${tokenHash}
       group by s.id, t.id`,
  );
}

/** A person's tokens, newest first. */
export function ofStaff(sql: Sql, staffId: string, limit: number): Promise<Token[]> {
  return many(
    Token,
    sql`
      select * from token where staff_id = ${staffId}
       order by created_at desc, id limit ${limit}`,
  );
}

/** How many tokens of a person work now; locks the person, so that the count holds. */
export async function lockCount(tx: Sql, staffId: string, now: Date): Promise<number> {
  await tx`select from staff where id = ${staffId} for update`;
  const [row] = await tx<{ n: number }[]>`
    select count(*)::int as n from token
     where staff_id = ${staffId} and revoked_at is null and expires_at > ${now}`;
  return row?.n ?? 0;
}

/** Revoke one's own token; false where there is none that works. */
export async function revoke(
  tx: Sql,
  staffId: string,
  tokenId: string,
  now: Date,
): Promise<boolean> {
  const rows = await tx`
    update token set revoked_at = ${now}
     where id = ${tokenId} and staff_id = ${staffId} and revoked_at is null
    returning id`;
  return rows.length === 1;
}

/** Revoke every token of a person, and the address at which their calendar reads deadlines. */
export async function revokeAll(tx: Sql, staffId: string, now: Date): Promise<void> {
  await tx`
    update token set revoked_at = ${now} where staff_id = ${staffId} and revoked_at is null`;
  await tx`
    update calendar_feed set revoked_at = ${now} where staff_id = ${staffId} and revoked_at is null`;
}

const Owner = z.object({
  staffId: z.uuid(),
  good: z.boolean(),
  roles: z.array(Role),
  settledRoles: z.array(Role),
});

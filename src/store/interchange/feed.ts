import { z } from "zod";

import { Instant } from "../../domain/instant.ts";
import { Role } from "../../domain/staff.ts";
import { maybeOne } from "../db.ts";
import type { Sql } from "../db.ts";

/** A person's calendar address, without its secret. */
export const Feed = z.object({ id: z.uuid(), createdAt: Instant, expiresAt: Instant });
export type Feed = z.output<typeof Feed>;

export interface NewFeed extends Feed {
  readonly staffId: string;
  readonly tokenHash: Buffer;
}

/** Keep a new address. The caller revoked the one before. */
export async function add(tx: Sql, feed: NewFeed): Promise<void> {
  await tx`
    insert into calendar_feed (id, staff_id, token_hash, created_at, expires_at)
    values (${feed.id}, ${feed.staffId}, ${feed.tokenHash}, ${feed.createdAt}, ${feed.expiresAt})`;
}

/** End a person's address; false where there is none. */
export async function revoke(tx: Sql, staffId: string, now: Date): Promise<boolean> {
  // The person is locked, so that two new addresses made at once follow each other.
  await tx`select from staff where id = ${staffId} for update`;
  const rows = await tx`
    update calendar_feed set revoked_at = ${now}
     where staff_id = ${staffId} and revoked_at is null
    returning id`;
  return rows.length > 0;
}

/** A person's address that works now, if there is one. */
export function ofStaff(sql: Sql, staffId: string, now: Date): Promise<Feed | undefined> {
  return maybeOne(
    Feed,
    sql`
      select id, created_at, expires_at from calendar_feed
       where staff_id = ${staffId} and revoked_at is null and expires_at > ${now}`,
  );
}

/** The roles in force of the person whose address this is, while it works and they are here. */
export function reader(sql: Sql, tokenHash: Buffer, now: Date) {
  return maybeOne(
    Reader,
    sql`
      select s.id as staff_id,
             coalesce(array_agg(g.role order by g.role) filter (where g.role is not null),
                      '{}') as roles
        from calendar_feed f
        join staff s on s.id = f.staff_id
        left join role_grant g on g.staff_id = s.id
       where f.token_hash = ${tokenHash} and f.revoked_at is null and f.expires_at > ${now}
         and s.disabled_at is null
       group by s.id`,
  );
}

const Reader = z.object({ staffId: z.uuid(), roles: z.array(Role) });

import { randomUUID } from "node:crypto";

import { generateSecret, generateSync } from "otplib";

import { ORGANISATION } from "../../src/context.ts";
import type { Context } from "../../src/context.ts";
import { secretHash } from "../../src/domain/staff.ts";
import type { Actor } from "../../src/domain/staff.ts";
import type { World } from "./world.ts";

/** A token that works for 30 days from now, for anyone on staff. */
export async function givenToken(
  { ctx }: { readonly ctx: Context },
  actor: Pick<Actor, "staffId">,
  state: { readonly expiresAt?: Date; readonly revokedAt?: Date } = {},
): Promise<string> {
  const token = `cnt_${randomUUID()}`;
  const now = ctx.now();
  await ctx.sql`
    insert into token (id, staff_id, label, token_hash, created_at, expires_at, revoked_at)
    values (${randomUUID()}, ${actor.staffId}, 'test', ${secretHash(token)}, ${now},
            ${state.expiresAt ?? new Date(now.getTime() + 30 * 86_400_000)},
            ${state.revokedAt ?? null})`;
  return token;
}

/** A confirmed authenticator; call the answer for the code of this moment. A code works once. */
export async function givenAuthenticator(w: World, actor: Actor): Promise<() => string> {
  const secret = generateSecret();
  const keys = await w.ctx.vault.keys(ORGANISATION);
  await w.sql`
    update staff
       set totp_sealed = ${keys.seal("staff-totp", actor.staffId, secret)},
           totp_confirmed_at = ${w.clock.now()}, totp_last_step = 0
     where id = ${actor.staffId}`;
  return () => codeAt(secret, w.clock.now());
}

/** The code of a secret at a moment. */
export function codeAt(secret: string, at: Date): string {
  return generateSync({ secret, epoch: Math.floor(at.getTime() / 1_000) });
}

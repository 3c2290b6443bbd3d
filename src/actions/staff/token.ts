import { randomUUID } from "node:crypto";

import type { Context } from "../../context.ts";
import { refuse } from "../../domain/refusal.ts";
import { secretHash } from "../../domain/staff.ts";
import type { Actor } from "../../domain/staff.ts";
import type { Sql } from "../../store/db.ts";
import * as tokens from "../../store/staff/token.ts";
import * as timeline from "../../store/timeline.ts";
import { newSecret } from "./secret.ts";

/** A token just made. The secret is shown here and never again. */
export interface MadeToken {
  readonly id: string;
  readonly token: string;
  readonly expiresAt: Date;
}

/**
 * Who a token belongs to, with the roles in force now. "unknown" for a token that never was,
 * which may be a guess; "ended" for one that expired, was revoked or whose owner is disabled.
 */
export async function authenticate(
  ctx: Context,
  token: string,
  requestId: string,
): Promise<Actor | "unknown" | "ended"> {
  const owner = await tokens.owner(ctx.sql, secretHash(token), ctx.now());
  if (!owner) return "unknown";
  if (!owner.good) return "ended";
  const { staffId, roles, settledRoles } = owner;
  return { staffId, roles, settledRoles, requestId };
}

/** One's own tokens, newest first, without their secrets. */
export function list(ctx: Context, actor: Actor): Promise<tokens.Token[]> {
  return tokens.ofStaff(ctx.sql, actor.staffId, LISTED_MAX);
}

/** Make oneself another token. Refuses `conflict` above 20 that work. */
export function make(ctx: Context, actor: Actor, label: string): Promise<MadeToken> {
  return ctx.sql.begin(async (tx) => {
    if ((await tokens.lockCount(tx, actor.staffId, ctx.now())) >= TOKENS_MAX)
      refuse("conflict", "You have 20 tokens that work; revoke one first.");
    const made = await makeToken(tx, actor.staffId, label, ctx.now());
    await note(ctx, tx, actor, { action: "token.create", tokenId: made.id });
    return made;
  });
}

/** Revoke one of one's own tokens, at once. Refuses `not-found` for another person's. */
export async function revoke(ctx: Context, actor: Actor, tokenId: string): Promise<void> {
  await ctx.sql.begin(async (tx) => {
    if (!(await tokens.revoke(tx, actor.staffId, tokenId, ctx.now())))
      refuse("not-found", "You have no such token that works.");
    await note(ctx, tx, actor, { action: "token.revoke", tokenId });
  });
}

/** Make a token inside a transaction. It expires in 30 days; only its hash is stored. */
export async function makeToken(
  tx: Sql,
  staffId: string,
  label: string,
  now: Date,
): Promise<MadeToken> {
  const made = {
    id: randomUUID(),
    token: newSecret("cnt"),
    expiresAt: new Date(now.getTime() + TOKEN_MS),
  };
  const { id, token, expiresAt } = made;
  await tokens.add(tx, {
    id,
    staffId,
    label,
    tokenHash: secretHash(token),
    createdAt: now,
    expiresAt,
  });
  return made;
}

function note(
  ctx: Context,
  tx: Sql,
  actor: Actor,
  { action, tokenId }: { action: string; tokenId: string },
): Promise<void> {
  const { staffId, requestId } = actor;
  const fact = { actor: staffId, action, subject: `token:${tokenId}`, requestId };
  return timeline.append(tx, fact, ctx.now());
}

const TOKEN_MS = 30 * 24 * 3_600_000;
const TOKENS_MAX = 20;
const LISTED_MAX = 200;

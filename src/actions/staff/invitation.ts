import { randomUUID } from "node:crypto";

import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import { refuse } from "../../domain/refusal.ts";
import { secretHash, SETTLING_MS } from "../../domain/staff.ts";
import type { Actor } from "../../domain/staff.ts";
import type { Sql } from "../../store/db.ts";
import * as factors from "../../store/staff/factor.ts";
import * as grants from "../../store/staff/grant.ts";
import * as invitations from "../../store/staff/invitation.ts";
import * as members from "../../store/staff/member.ts";
import * as tokens from "../../store/staff/token.ts";
import * as timeline from "../../store/timeline.ts";
import { newSecret } from "./secret.ts";
import { makeToken } from "./token.ts";
import type { MadeToken } from "./token.ts";
import { newAuthenticator } from "./totp.ts";
import type { Authenticator } from "./totp.ts";

/** A one-time invitation: whoever holds it becomes this person once, within 72 hours. */
export interface Invited {
  readonly invitation: string;
  readonly expiresAt: Date;
}

/**
 * Make an invitation inside a transaction; any older one of this person stops working.
 * Only the hash of the secret is stored.
 */
export async function issue(
  tx: Sql,
  staffId: string,
  createdBy: string | null,
  now: Date,
): Promise<Invited> {
  const invitation = newSecret("cni");
  const expiresAt = new Date(now.getTime() + INVITATION_MS);
  await invitations.replace(tx, {
    id: randomUUID(),
    staffId,
    tokenHash: secretHash(invitation),
    createdBy,
    createdAt: now,
    expiresAt,
  });
  return { invitation, expiresAt };
}

/** An admin invites a person again, who then enrols a new authenticator. */
export function reinvite(ctx: Context, actor: Actor, staffId: string): Promise<Invited> {
  return inviteAgain(ctx, staffId, actor.staffId, actor.requestId);
}

/** The operator at the machine invites a person again: the way back in for the only admin. */
export function reinviteByOperator(ctx: Context, staffId: string): Promise<Invited> {
  return inviteAgain(ctx, staffId, null, undefined);
}

/**
 * The owner of an invitation takes up the account: a first token and a new authenticator,
 * which counts after its first code. Refuses `not-found` for an invitation that is unknown,
 * used or expired.
 *
 * Taking up an account *again* ends every older token. Where an admin sent that invitation,
 * the roles settle anew: otherwise an admin could accept it in the place of an approver.
 */
export async function accept(
  ctx: Context,
  given: { readonly invitation: string; readonly label: string },
  requestId: string,
): Promise<MadeToken & { readonly secondFactor: Authenticator }> {
  const keys = await ctx.vault.keys(ORGANISATION);
  const now = ctx.now();
  return ctx.sql.begin(async (tx) => {
    const spent = await invitations.spend(tx, secretHash(given.invitation), now);
    if (!spent) refuse("not-found", "This invitation is unknown, used or expired.");
    const { staffId, again, createdBy } = spent;
    if (again) await tokens.revokeAll(tx, staffId, now);
    if (again && createdBy !== null)
      await grants.unsettle(tx, staffId, createdBy, new Date(now.getTime() + SETTLING_MS));
    const secondFactor = newAuthenticator(ctx.config.ORGANISATION, spent.name);
    await factors.enrol(tx, staffId, keys.seal("staff-totp", staffId, secondFactor.secret));
    const token = await makeToken(tx, staffId, given.label, now);
    await timeline.append(
      tx,
      {
        actor: staffId,
        action: "invitation.accept",
        subject: `invitation:${spent.id}`,
        after: { again, tokenId: token.id },
        requestId,
      },
      now,
    );
    return { ...token, secondFactor };
  });
}

async function inviteAgain(
  ctx: Context,
  staffId: string,
  createdBy: string | null,
  requestId: string | undefined,
): Promise<Invited> {
  return ctx.sql.begin(async (tx) => {
    const member = await members.lock(tx, staffId);
    if (!member) refuse("not-found", "There is no such person.");
    if (member.disabledAt) refuse("wrong-state", "This person is disabled.");
    const invited = await issue(tx, staffId, createdBy, ctx.now());
    await timeline.append(
      tx,
      {
        actor: createdBy ?? "system:operator",
        action: "staff.invite",
        subject: `staff:${staffId}`,
        ...(requestId !== undefined && { requestId }),
      },
      ctx.now(),
    );
    return invited;
  });
}

const INVITATION_MS = 72 * 3_600_000;

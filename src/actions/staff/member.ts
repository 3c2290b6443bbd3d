import { randomUUID } from "node:crypto";

import { z } from "zod";

import { ORGANISATION } from "../../context.ts";
import type { Context } from "../../context.ts";
import { refuse } from "../../domain/refusal.ts";
import { addressKey, grant } from "../../domain/staff.ts";
import type { Actor, Role } from "../../domain/staff.ts";
import type { Sql } from "../../store/db.ts";
import * as grants from "../../store/staff/grant.ts";
import * as members from "../../store/staff/member.ts";
import * as timeline from "../../store/timeline.ts";
import { issue } from "./invitation.ts";
import type { Invited } from "./invitation.ts";

export interface Person {
  readonly name: string;
  readonly email: string;
  readonly roles: readonly Role[];
}

/** A person just added, and the one-time invitation to hand to them. It is shown here and never again. */
export type Added = Invited & { readonly staffId: string };

/**
 * Add a person from the machine Candor runs on. This is how the first admin comes to be, so
 * the roles count at once. Refuses `conflict` where the address has an account.
 */
export function addByOperator(ctx: Context, person: Person): Promise<Added> {
  return addPerson(ctx, person, null, undefined);
}

/**
 * An admin adds a person. Their roles count at once for everything except approving, which
 * waits 24 hours or for a second admin. Refuses `conflict` where the address has an account.
 */
export function add(ctx: Context, actor: Actor, person: Person): Promise<Added> {
  return addPerson(ctx, person, actor.staffId, actor.requestId);
}

/** Everyone with their roles, for admins. No addresses. */
export function list(ctx: Context): Promise<members.Member[]> {
  return members.all(ctx.sql);
}

/** The person behind this request. */
export async function me(ctx: Context, actor: Actor) {
  const member = await members.find(ctx.sql, actor.staffId);
  if (!member) refuse("not-found", "There is no such person.");
  const { id, name, secondFactor } = member;
  return { id, name, secondFactor, roles: [...actor.roles], settledRoles: [...actor.settledRoles] };
}

/**
 * Disable a person: their tokens stop with this transaction. Refuses the last admin, who
 * could not be replaced from here.
 */
export async function disable(
  ctx: Context,
  actor: Actor,
  staffId: string,
  reason: string,
): Promise<void> {
  await ctx.sql.begin(async (tx) => {
    await keepAnAdmin(tx, staffId);
    const member = await members.lock(tx, staffId);
    if (!member) refuse("not-found", "There is no such person.");
    if (member.disabledAt) refuse("wrong-state", "This person is disabled already.");
    await members.disable(tx, staffId, ctx.now());
    await timeline.append(
      tx,
      {
        actor: actor.staffId,
        action: "staff.disable",
        subject: `staff:${staffId}`,
        before: "enabled",
        after: "disabled",
        reason,
        requestId: actor.requestId,
      },
      ctx.now(),
    );
  });
}

/** The address of a person who is not disabled, to mail that person and nobody else. */
export async function emailOf(ctx: Context, staffId: string): Promise<string> {
  const sealed = await members.sealedEmail(ctx.sql, staffId);
  if (!sealed) refuse("not-found", "There is no such person.");
  const keys = await ctx.vault.keys(ORGANISATION);
  return Contact.parse(keys.open("staff", staffId, sealed)).email;
}

/** The person with this address, for the operator's commands. Refuses `not-found`. */
export async function idOf(ctx: Context, email: string): Promise<string> {
  const keys = await ctx.vault.keys(ORGANISATION);
  const id = await members.idOf(ctx.sql, keys.hash("staff-email", addressKey(email)));
  return id ?? refuse("not-found", "There is no such person.");
}

/** Refuses to take away the only admin there is. Call it before any other lock. */
export async function keepAnAdmin(tx: Sql, staffId: string): Promise<void> {
  const admins = await members.lockAdmins(tx);
  if (admins.length === 1 && admins[0] === staffId)
    refuse("wrong-state", "This is the only admin; make another person admin first.");
}

async function addPerson(
  ctx: Context,
  { name, email, roles }: Person,
  grantedBy: string | null,
  requestId: string | undefined,
): Promise<Added> {
  const keys = await ctx.vault.keys(ORGANISATION);
  const now = ctx.now();
  const staffId = randomUUID();
  return ctx.sql.begin(async (tx) => {
    const added = await members.add(tx, {
      id: staffId,
      name,
      emailIndex: keys.hash("staff-email", addressKey(email)),
      emailSealed: keys.seal("staff", staffId, { email }),
      createdAt: now,
    });
    if (!added) refuse("conflict", "This address has an account already.");
    for (const role of new Set(roles)) await grants.add(tx, grant(staffId, role, grantedBy, now));
    const invited = await issue(tx, staffId, grantedBy, now);
    await timeline.append(
      tx,
      {
        actor: grantedBy ?? "system:operator",
        action: "staff.add",
        subject: `staff:${staffId}`,
        after: { roles: [...new Set(roles)].toSorted() },
        ...(requestId !== undefined && { requestId }),
      },
      now,
    );
    return { staffId, ...invited };
  });
}

const Contact = z.object({ email: z.string() });

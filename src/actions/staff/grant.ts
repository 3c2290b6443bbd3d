import type { Context } from "../../context.ts";
import { refuse } from "../../domain/refusal.ts";
import { confirmGrant, grant } from "../../domain/staff.ts";
import type { Actor, Grant, Role } from "../../domain/staff.ts";
import type { Sql } from "../../store/db.ts";
import * as grants from "../../store/staff/grant.ts";
import * as members from "../../store/staff/member.ts";
import * as timeline from "../../store/timeline.ts";
import { keepAnAdmin } from "./member.ts";

/** Whose role, and which. */
export interface RoleOf {
  readonly staffId: string;
  readonly role: Role;
}

/**
 * Grant a role. It counts at once for everything except approving. Refuses `conflict` where
 * the person has it already, and `wrong-state` where the person is disabled.
 */
export function give(ctx: Context, actor: Actor, { staffId, role }: RoleOf): Promise<Grant> {
  return ctx.sql.begin(async (tx) => {
    const member = await members.lock(tx, staffId);
    if (!member) refuse("not-found", "There is no such person.");
    if (member.disabledAt) refuse("wrong-state", "This person is disabled.");
    const given = grant(staffId, role, actor.staffId, ctx.now());
    if (!(await grants.add(tx, given))) refuse("conflict", "This person has the role already.");
    await note(ctx, tx, actor, { action: "role.grant", before: null, after: given });
    return given;
  });
}

/** A second admin lets a role count for approving now; see `confirmGrant` for who may not. */
export function confirm(ctx: Context, actor: Actor, { staffId, role }: RoleOf): Promise<Grant> {
  return ctx.sql.begin(async (tx) => {
    const before = await grants.lock(tx, staffId, role);
    if (!before) refuse("not-found", "This person does not have the role.");
    const after = confirmGrant(before, actor, ctx.now());
    await grants.save(tx, after);
    await note(ctx, tx, actor, { action: "role.confirm", before, after });
    return after;
  });
}

/** Take a role away; the next request no longer has it. Refuses the last admin. */
export async function revoke(ctx: Context, actor: Actor, { staffId, role }: RoleOf): Promise<void> {
  await ctx.sql.begin(async (tx) => {
    if (role === "admin") await keepAnAdmin(tx, staffId);
    const before = await grants.lock(tx, staffId, role);
    if (!before || !(await grants.remove(tx, staffId, role)))
      refuse("not-found", "This person does not have the role.");
    await note(ctx, tx, actor, { action: "role.revoke", before, after: null });
  });
}

function note(
  ctx: Context,
  tx: Sql,
  actor: Actor,
  change: { action: string; before: Grant | null; after: Grant | null },
): Promise<void> {
  const { action, before, after } = change;
  const staffId = (after ?? before)?.staffId ?? "";
  return timeline.append(
    tx,
    {
      actor: actor.staffId,
      action,
      subject: `staff:${staffId}`,
      before: before && facts(before),
      after: after && facts(after),
      requestId: actor.requestId,
    },
    ctx.now(),
  );
}

function facts({ role, effectiveAt }: Grant) {
  return { role, effectiveAt: effectiveAt.toISOString() };
}

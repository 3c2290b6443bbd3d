import { z } from "zod";

/** The roles of staff. One person may hold several; four eyes are about people, never about roles. */
export const Role = z.enum(["responder", "drafter", "approver", "counsel", "auditor", "admin"]);
export type Role = z.output<typeof Role>;

/** The person behind a request, and the request itself for the audit chain. */
export interface Actor {
  readonly staffId: string;
  /** Roles in force now. */
  readonly roles: readonly Role[];
  /** Roles whose grant already counts for approving (24 h old, or confirmed by a second admin). */
  readonly settledRoles: readonly Role[];
  readonly requestId: string;
}

/**
 * Who may do what. A permission names the act; the row names the roles that have it.
 * Acts that need a second person say so at the route, not here.
 */
export const PERMISSIONS = {
  "incident:read": ["responder", "drafter", "approver", "counsel", "auditor"],
  "incident:write": ["responder", "counsel"],
  "task:write": ["responder", "drafter", "approver", "counsel"],
  "audience:read": ["responder", "drafter", "approver", "counsel", "auditor"],
  "audience:upload": ["responder", "counsel"],
  "recipient:read-masked": ["responder", "counsel"],
  "recipient:reveal": ["responder", "counsel"],
  "recipient:export": ["counsel"],
  "recipient:suppress": ["responder", "counsel"],
  "notice:read": ["responder", "drafter", "approver", "counsel", "auditor"],
  "notice:write": ["drafter", "counsel"],
  "notice:review": ["approver", "counsel"],
  "notice:approve": ["approver", "counsel"],
  "wave:read": ["responder", "drafter", "approver", "counsel", "auditor"],
  "wave:start": ["responder", "approver"],
  "wave:stop": ["responder", "drafter", "approver", "counsel", "admin"],
  "wave:resume": ["approver"],
  "delivery:decide": ["approver", "counsel"],
  "timeline:read": ["counsel", "auditor"],
  "timeline:verify": ["counsel", "auditor"],
  "staff:read": ["admin"],
  "staff:write": ["admin"],
  /** One's own account: token, second factor, test mail. Every role has it. */
  "self:write": ["responder", "drafter", "approver", "counsel", "auditor", "admin"],
} as const satisfies Record<string, readonly Role[]>;

export type Permission = keyof typeof PERMISSIONS;

/** Whether any of these roles has the permission. */
export function may(roles: readonly Role[], permission: Permission): boolean {
  const allowed: readonly Role[] = PERMISSIONS[permission];
  return roles.some((role) => allowed.includes(role));
}

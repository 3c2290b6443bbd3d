import { createHash } from "node:crypto";

import { z } from "zod";

import { Instant } from "./instant.ts";
import { refuse } from "./refusal.ts";

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
  /** Answers to questions of rules, and what shows that a duty was met or missed. */
  "obligation:write": ["responder", "counsel"],
  /** What a legal deadline rests on: the risk decision; holds and duties set aside need two people. */
  "obligation:judge": ["approver", "counsel"],
  "rule:review": ["counsel"],
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
  "publication:write": ["drafter", "counsel"],
  "publication:approve": ["approver", "counsel"],
  "followup:write": ["responder", "drafter", "counsel"],
  "inquiry:read": ["responder", "drafter", "approver", "counsel"],
  "inquiry:write": ["responder", "drafter", "counsel"],
  "inquiry:approve": ["approver", "counsel"],
  "survey:write": ["drafter", "counsel"],
  "survey:read": ["responder", "drafter", "approver", "counsel"],
  "letter:export": ["responder", "counsel"],
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

/**
 * Whether this person may do this now. Approving and seeing people in clear ask for a settled
 * role, so that nobody is granted a role, approves and sends in one sitting, and no admin makes
 * themselves a reader of contact data.
 */
export function allowed(actor: Actor, permission: Permission): boolean {
  return may(SETTLED_ONLY.has(permission) ? actor.settledRoles : actor.roles, permission);
}

/** Acts that two different people must ask for, and the right that both need. */
export const COUNTERSIGNED = {
  "wave.resume": "wave:resume",
  "recipient.export": "recipient:export",
  "obligation.relief": "obligation:judge",
} as const satisfies Record<string, Permission>;
export type CountersignedAct = keyof typeof COUNTERSIGNED;

/** One role of one person: who granted it, and from when it counts for approving. */
export const Grant = z.object({
  staffId: z.uuid(),
  role: Role,
  /** Null: by the operator at the machine. */
  grantedBy: z.uuid().nullable(),
  grantedAt: Instant,
  effectiveAt: Instant,
  confirmedBy: z.uuid().nullable(),
});
export type Grant = z.output<typeof Grant>;

/** A new grant. One by an admin counts for approving 24 hours later; the operator's counts at once. */
export function grant(staffId: string, role: Role, grantedBy: string | null, now: Date): Grant {
  const wait = grantedBy === null ? 0 : SETTLING_MS;
  const effectiveAt = new Date(now.getTime() + wait);
  return { staffId, role, grantedBy, grantedAt: now, effectiveAt, confirmedBy: null };
}

/**
 * A second admin brings a grant forward to now. Refuses the admin who granted it, the person
 * who holds it, an admin whose own role has not settled, and a grant that counts already.
 */
export function confirmGrant(given: Grant, actor: Actor, now: Date): Grant {
  if (given.grantedBy === actor.staffId || given.staffId === actor.staffId)
    refuse("four-eyes", "Another admin must confirm this: not the one who granted it or holds it.");
  if (!actor.settledRoles.includes("admin"))
    refuse("not-allowed", "Your own admin role is too new to confirm another person's.");
  if (given.effectiveAt <= now) refuse("wrong-state", "This role counts for approving already.");
  return { ...given, effectiveAt: now, confirmedBy: actor.staffId };
}

/** A person's authenticator: what was spent, and what is being guessed at. */
export const SecondFactor = z.object({
  sealed: z.instanceof(Buffer).nullable(),
  confirmedAt: Instant.nullable(),
  lastStep: z.coerce.number().int(),
  failures: z.number().int(),
  lockedUntil: Instant.nullable(),
});
export type SecondFactor = z.output<typeof SecondFactor>;

/**
 * What a code does to an authenticator. `step` is the 30-second step it belongs to, or
 * undefined where it belongs to none. A step is spent once (RFC 6238 5.2); five wrong
 * codes lock the authenticator for 15 minutes, in which not even a right one counts.
 */
export function judgeCode(
  factor: SecondFactor,
  step: number | undefined,
  now: Date,
): { verdict: "good" | "wrong" | "spent" | "locked"; factor: SecondFactor } {
  if (factor.lockedUntil && factor.lockedUntil > now) return { verdict: "locked", factor };
  if (step === undefined) {
    const failures = factor.lockedUntil ? 1 : factor.failures + 1;
    const locked = failures >= CODE_FAILURES_MAX;
    const lockedUntil = locked ? new Date(now.getTime() + CODE_LOCK_MS) : null;
    return { verdict: "wrong", factor: { ...factor, failures, lockedUntil } };
  }
  if (step <= factor.lastStep) return { verdict: "spent", factor };
  return { verdict: "good", factor: { ...factor, lastStep: step, failures: 0, lockedUntil: null } };
}

/** SHA-256 of a secret of 32 random bytes: what is stored of an invitation or a token. */
export function secretHash(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** A staff e-mail address as it is compared: one account a person. */
export function addressKey(email: string): string {
  return email.normalize("NFC").toLowerCase();
}

/** Permissions that a role gives only once it has settled. */
const SETTLED_ONLY: ReadonlySet<Permission> = new Set([
  "notice:approve",
  "recipient:reveal",
  "recipient:export",
  "publication:approve",
  "inquiry:approve",
  "letter:export",
]);

/** How long a grant by one admin waits before it counts for approving. */
export const SETTLING_MS = 24 * 3_600_000;
const CODE_FAILURES_MAX = 5;
const CODE_LOCK_MS = 15 * 60_000;

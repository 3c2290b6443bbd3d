import { z } from "zod";

import * as grants from "../actions/staff/grant.ts";
import * as invitations from "../actions/staff/invitation.ts";
import * as members from "../actions/staff/member.ts";
import * as tokens from "../actions/staff/token.ts";
import * as totp from "../actions/staff/totp.ts";
import { Id } from "../domain/id.ts";
import { Instant } from "../domain/instant.ts";
import { Grant, Role } from "../domain/staff.ts";
import { line, text } from "../domain/text.ts";
import { route } from "./route.ts";

const Label = line(100);
const StaffId = z.strictObject({ staffId: Id });
const RoleOf = z.strictObject({ staffId: Id, role: Role });
const Gone = z.void();

const Invited = z.object({ invitation: z.string(), expiresAt: Instant });
const MadeToken = z.object({ id: z.uuid(), token: z.string(), expiresAt: Instant });
const Member = z.object({
  id: z.uuid(),
  name: z.string(),
  createdAt: Instant,
  disabledAt: Instant.nullable(),
  secondFactor: z.enum(["none", "enrolled", "confirmed"]),
  roles: z.array(Grant.omit({ staffId: true })),
});

/** What a person does with their own account. */
export const selfRoutes = [
  route({
    method: "post",
    path: "/v1/invitations/accept",
    summary: "Take up an account with a one-time invitation: a first token and an authenticator",
    permission: "anyone",
    secretAnswer: true,
    body: z.strictObject({
      invitation: z
        .string()
        .regex(/^cni_[A-Za-z0-9_-]{43}$/, { message: "An invitation starts with cni_." }),
      label: Label,
    }),
    returns: MadeToken.extend({ secondFactor: z.object({ uri: z.string(), secret: z.string() }) }),
    status: 201,
    handle: ({ ctx, body, requestId }) => invitations.accept(ctx, body, requestId),
  }),
  route({
    method: "get",
    path: "/v1/me",
    summary: "Who I am and what I may do",
    permission: "self:write",
    returns: z.object({
      id: z.uuid(),
      name: z.string(),
      secondFactor: z.enum(["none", "enrolled", "confirmed"]),
      roles: z.array(Role),
      settledRoles: z.array(Role),
    }),
    handle: ({ ctx, actor }) => members.me(ctx, actor),
  }),
  route({
    method: "post",
    path: "/v1/me/second-factor",
    summary: "Confirm a new authenticator with its first code",
    permission: "self:write",
    body: z.strictObject({
      code: z.string().regex(/^[0-9]{6}$/, { message: "Write the six digits." }),
    }),
    returns: z.object({ secondFactor: z.literal("confirmed") }),
    handle: async ({ ctx, actor, body }) => {
      await totp.confirm(ctx, actor, body.code);
      return { secondFactor: "confirmed" as const };
    },
  }),
  route({
    method: "get",
    path: "/v1/me/tokens",
    summary: "My tokens, without their secrets",
    permission: "self:write",
    returns: z.object({
      tokens: z.array(
        z.object({
          id: z.uuid(),
          label: z.string(),
          createdAt: Instant,
          expiresAt: Instant,
          revokedAt: Instant.nullable(),
        }),
      ),
    }),
    handle: async ({ ctx, actor }) => ({ tokens: await tokens.list(ctx, actor) }),
  }),
  route({
    method: "post",
    path: "/v1/me/tokens",
    summary: "Make myself another token",
    permission: "self:write",
    secondFactor: true,
    secretAnswer: true,
    body: z.strictObject({ label: Label }),
    returns: MadeToken,
    status: 201,
    handle: ({ ctx, actor, body }) => tokens.make(ctx, actor, body.label),
  }),
  route({
    method: "delete",
    path: "/v1/me/tokens/:tokenId",
    summary: "Revoke one of my tokens, at once",
    permission: "self:write",
    params: z.strictObject({ tokenId: Id }),
    returns: Gone,
    status: 204,
    handle: ({ ctx, actor, params }) => tokens.revoke(ctx, actor, params.tokenId),
  }),
];

/** What admins do with other people's accounts. */
export const staffRoutes = [
  route({
    method: "get",
    path: "/v1/staff",
    summary: "Everyone, their roles, and from when each counts for approving",
    permission: "staff:read",
    returns: z.object({ staff: z.array(Member) }),
    handle: async ({ ctx }) => ({ staff: await members.list(ctx) }),
  }),
  route({
    method: "post",
    path: "/v1/staff",
    summary: "Add a person; the answer holds the invitation to hand to them, once",
    permission: "staff:write",
    secretAnswer: true,
    body: z.strictObject({
      name: line(200),
      email: z.email().max(254),
      roles: z.array(Role).min(1).max(Role.options.length),
    }),
    returns: Invited.extend({ staffId: z.uuid() }),
    status: 201,
    handle: ({ ctx, actor, body }) => members.add(ctx, actor, body),
  }),
  route({
    method: "post",
    path: "/v1/staff/:staffId/invitations",
    summary: "Invite a person again, who then enrols a new authenticator; older tokens end",
    permission: "staff:write",
    secretAnswer: true,
    params: StaffId,
    returns: Invited,
    status: 201,
    handle: ({ ctx, actor, params }) => invitations.reinvite(ctx, actor, params.staffId),
  }),
  route({
    method: "post",
    path: "/v1/staff/:staffId/disablement",
    summary: "Disable a person; their tokens stop at once",
    permission: "staff:write",
    params: StaffId,
    body: z.strictObject({ reason: text(2_000) }),
    returns: Gone,
    status: 204,
    handle: ({ ctx, actor, params, body }) =>
      members.disable(ctx, actor, params.staffId, body.reason),
  }),
  route({
    method: "put",
    path: "/v1/staff/:staffId/roles/:role",
    summary:
      "Grant a role; it counts for approving 24 hours later, or when a second admin confirms",
    permission: "staff:write",
    params: RoleOf,
    returns: Grant,
    status: 201,
    handle: ({ ctx, actor, params }) => grants.give(ctx, actor, params),
  }),
  route({
    method: "post",
    path: "/v1/staff/:staffId/roles/:role/confirmation",
    summary: "As a second admin, let a role count for approving now",
    permission: "staff:write",
    params: RoleOf,
    returns: Grant,
    handle: ({ ctx, actor, params }) => grants.confirm(ctx, actor, params),
  }),
  route({
    method: "delete",
    path: "/v1/staff/:staffId/roles/:role",
    summary: "Take a role away, at once",
    permission: "staff:write",
    params: RoleOf,
    returns: Gone,
    status: 204,
    handle: ({ ctx, actor, params }) => grants.revoke(ctx, actor, params),
  }),
];

import { z } from "zod";

import { refuse } from "../../src/domain/refusal.ts";
import { line } from "../../src/domain/text.ts";
import { route } from "../../src/http/route.ts";

/** Must never be seen in an answer or a log. */
export const CANARY = "canary-7f3a9c1e55aa@example.org";

/** How often a probe acted, and what one must wait for before it answers. */
export const probe = { effects: 0, gate: Promise.resolve() };

/** Routes that do what real ones may: act, refuse, break, answer secrets and files. */
export const PROBES = [
  route({
    method: "post",
    path: "/v1/probe/act",
    summary: "Act",
    permission: "self:write",
    body: z.strictObject({ word: line(20), nested: z.json().optional() }),
    returns: z.object({ count: z.number(), word: z.string() }),
    status: 201,
    handle: async ({ body }) => {
      probe.effects += 1;
      const count = probe.effects;
      await probe.gate;
      return { count, word: body.word, secretColumn: "never leaves" };
    },
  }),
  route({
    method: "post",
    path: "/v1/probe/guarded",
    summary: "Act with a code",
    permission: "self:write",
    secondFactor: true,
    returns: z.object({ count: z.number() }),
    handle: async () => ({ count: (probe.effects += 1) }),
  }),
  route({
    method: "post",
    path: "/v1/probe/secret",
    summary: "Answer a secret",
    permission: "self:write",
    secretAnswer: true,
    returns: z.object({ secret: z.string() }),
    handle: async () => ({ secret: `cnt_secret${(probe.effects += 1)}` }),
  }),
  route({
    method: "delete",
    path: "/v1/probe/:word",
    summary: "Refuse or break",
    permission: "self:write",
    params: z.strictObject({ word: z.string() }),
    returns: z.void(),
    status: 204,
    handle: async ({ ctx, params }) => {
      probe.effects += 1;
      if (params.word === "refuse") refuse("wrong-state", "It is closed.");
      if (params.word === "break") throw new Error(`Key (email)=(${CANARY}) exists`);
      if (params.word === "database") await ctx.sql`select ${CANARY}::int`;
    },
  }),
  route({
    method: "get",
    path: "/v1/probe/file",
    summary: "A file",
    permission: "self:write",
    query: z.strictObject({ fault: z.enum(["early", "late"]).optional() }),
    download: true,
    returns: z.unknown(),
    handle: async ({ query }) => ({
      filename: 're"port\r\nX-Evil: 1.csv',
      contentType: "text/csv",
      content: pieces(query.fault),
    }),
  }),
];

async function* pieces(fault: string | undefined) {
  if (fault === "early") refuse("audience-empty", "Nobody is in it.");
  yield "a,b\r\n";
  if (fault === "late") throw new Error("broke");
  yield "1,2\r\n";
}

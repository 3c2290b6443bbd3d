import type { Express, Request, Response } from "express";
import { z } from "zod";

import { once } from "../actions/idempotency.ts";
import type { Answer } from "../actions/idempotency.ts";
import { authenticate } from "../actions/staff/token.ts";
import * as totp from "../actions/staff/totp.ts";
import type { Context } from "../context.ts";
import { Refusal, refuse } from "../domain/refusal.ts";
import { allowed } from "../domain/staff.ts";
import type { Actor } from "../domain/staff.ts";
import { contentType, readJson } from "./body.ts";
import { isDownload, sendDownload } from "./download.ts";
import { sendPage } from "./headers.ts";
import { accept } from "./input.ts";
import type { Input } from "./input.ts";
import type { GuessLimits } from "./limits.ts";
import type { Route } from "./route.ts";

/**
 * Put the route table on Express. Every request goes the same way: who is it, may they, is
 * the input right, was it asked before, is the second factor there; then the one call into
 * an action, whose answer leaves only through the route's schema.
 */
export function mount(
  app: Express,
  routes: readonly Route[],
  ctx: Context,
  limits: GuessLimits,
): void {
  for (const route of routes)
    app[route.method](route.path, async (req, res) => {
      res.locals["route"] = `${route.method.toUpperCase()} ${route.path}`;
      const actor = await admit(route, { ctx, limits, req, res });
      const key = repeatKey(route, req);
      const body = route.body === "stream" || route.method === "get" ? {} : await readJson(req);
      const input = accept(route, req, body);
      const run = (by = ctx) => perform({ ctx: by, route, actor, req }, input);

      if (route.page) return sendPage(res, z.string().parse(await run()));
      if (route.download) return download(res, route, await run());
      const act = async (by = ctx) => encode(route, await run(by));
      if (key === undefined) return send(res, await guarded(route, { limits, req, res }, act));
      const content = { params: { ...req.params }, query: { ...req.query }, body };
      const { staffId } = actor;
      const secretAnswer = route.secretAnswer ?? false;
      const name = `${route.method} ${route.path}`;
      const request = { staffId, key, route: name, content, secretAnswer };
      return send(res, await once(ctx, request, act));
    });
}

interface Arrival {
  readonly ctx: Context;
  readonly limits: GuessLimits;
  readonly req: Request;
  readonly res: Response;
}

/** The person behind the request, if they may do this. */
async function admit(route: Route, { ctx, limits, req, res }: Arrival): Promise<Actor> {
  const requestId = String(res.locals["requestId"]);
  if (route.permission === "anyone") return { ...NOBODY, requestId };

  const token = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(req.headers.authorization ?? "")?.[1];
  if (token === undefined) return refuse("not-signed-in", SIGN_IN);
  const found = await authenticate(ctx, token, requestId);
  if (found === "unknown") await limits.token(req, res, token);
  if (found === "unknown" || found === "ended") return refuse("not-signed-in", SIGN_IN);
  res.locals["actorId"] = found.staffId;
  if (!allowed(found, route.permission))
    refuse("not-allowed", `This needs the right ${route.permission}, in force for you by now.`);
  return found;
}

/** The Idempotency-Key, where the route can honour one. */
function repeatKey(route: Route, req: Request): string | undefined {
  const key = req.headers["idempotency-key"];
  if (key === undefined || route.method === "get") return undefined;
  const message =
    route.body === "stream" || route.download || route.permission === "anyone"
      ? "This route cannot be repeated under a key."
      : "Use 1 to 200 visible ASCII characters.";
  if (message.startsWith("Use") && typeof key === "string" && /^[\x21-\x7e]{1,200}$/.test(key))
    return key;
  return refuse("invalid-input", "The Idempotency-Key is not usable here.", [
    { field: "Idempotency-Key", code: "not-valid", message },
  ]);
}

interface Work {
  readonly ctx: Context;
  readonly route: Route;
  readonly actor: Actor;
  readonly req: Request;
}

/** The second factor is spent last, so that no code is lost on a request that was wrong anyway. */
async function perform({ ctx, route, actor, req }: Work, input: Input): Promise<unknown> {
  if (route.secondFactor) {
    const code = req.headers["candor-totp"];
    if (typeof code !== "string" || !/^[0-9]{6}$/.test(code))
      refuse("second-factor-needed", "Send the six digits of your authenticator in Candor-TOTP.");
    await totp.spend(ctx, actor, code);
  }
  const { requestId } = actor;
  return route.handle({
    ctx,
    actor,
    requestId,
    ...input,
    stream: req,
    contentType: contentType(req),
  });
}

/** Anyone may come to such a route, so wrong guesses are counted by address. */
async function guarded(
  route: Route,
  { limits, req, res }: Omit<Arrival, "ctx">,
  act: () => Promise<Answer>,
): Promise<Answer> {
  if (route.permission !== "anyone") return act();
  return act().catch(async (error: unknown) => {
    if (error instanceof Refusal && error.code === "not-found") await limits.invitation(req, res);
    throw error;
  });
}

/** Only what the schema names leaves, in its outer spelling. */
function encode(route: Route, result: unknown): Answer {
  const status = route.status ?? 200;
  return { status, body: status === 204 ? undefined : z.encode(route.returns, result) };
}

function send(res: Response, { status, body }: Answer): void {
  if (status === 204) res.status(status).end();
  else res.status(status).json(body);
}

function download(res: Response, route: Route, result: unknown): Promise<void> {
  if (!isDownload(result)) throw new TypeError(`${route.path} must answer a file.`);
  return sendDownload(res, result, route.status ?? 200);
}

const NOBODY = { staffId: "nobody", roles: [], settledRoles: [] } as const;
const SIGN_IN = "Send a token that works as Authorization: Bearer.";

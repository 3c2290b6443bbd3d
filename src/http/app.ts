import { randomUUID } from "node:crypto";

import express from "express";
import type { Express, RequestHandler } from "express";

import type { Context, DoorContext } from "../context.ts";
import { Refusal, refuse } from "../domain/refusal.ts";
import { docsPage } from "./docs.ts";
import { headers, sendPage } from "./headers.ts";
import { createLimits } from "./limits.ts";
import { mount } from "./mount.ts";
import { openapi } from "./openapi.ts";
import type { Document } from "./openapi.ts";
import { problems } from "./problem.ts";
import { PUBLIC_PAGES } from "./public.ts";
import { problemPage } from "./public/problem.ts";
import { ROUTES } from "./routes.ts";

/** The console is for staff, the public door for everyone else; they belong on two host names. */
export type Door = "console" | "public" | "both";

/** Context → Express app. Nothing listens yet. */
export function createApp(ctx: Context, door: Door = "both", routes = ROUTES): Express {
  if (door === "public") return createPublicApp(ctx);
  const app = bare(ctx, ctx.config.CONSOLE_URL);
  // Made when first asked for: a fifth of a second that no start has to wait for.
  let document: Document | undefined;
  let page: string | undefined;
  const described = () => {
    document ??= openapi(routes, ctx.config.CONSOLE_URL);
    return document;
  };
  app.get("/openapi.json", (_req, res) => void res.json(described()));
  app.get("/docs", (_req, res) => {
    page ??= docsPage(described());
    sendPage(res, page);
  });
  mount(app, routes, ctx, createLimits());
  return finished(ctx, app, door === "both" ? PUBLIC_PAGES : []);
}

/** The public door alone: it needs no key, and it gets none. */
export function createPublicApp(ctx: DoorContext): Express {
  return finished(ctx, bare(ctx, ctx.config.PUBLIC_URL), PUBLIC_PAGES);
}

function bare(ctx: DoorContext, url: string): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("trust proxy", ctx.config.TRUSTED_PROXIES);
  app.set("query parser", "simple");
  app.use(arrive(ctx), headers(url.startsWith("https:")));
  app.get("/healthz", health(ctx));
  return app;
}

function finished(ctx: DoorContext, app: Express, pages: typeof PUBLIC_PAGES): Express {
  for (const page of pages) app.use(page(ctx));
  app.use(() => refuse("not-found", "There is no such page."));
  app.use(problems(ctx.log, pages.length > 0 ? problemPage(ctx) : undefined));
  return app;
}

/** Give the request an id, and log it when it ends: the route's pattern, never a path or a query. */
function arrive(ctx: DoorContext): RequestHandler {
  return (_req, res, next) => {
    const requestId = randomUUID();
    const start = performance.now();
    res.locals["requestId"] = requestId;
    res.set("Candor-Request-Id", requestId);
    res.on("close", () => {
      const { route, actorId } = res.locals;
      const ms = Math.round(performance.now() - start);
      const status = res.writableFinished ? res.statusCode : "broken off";
      ctx.log.info({ requestId, route: route ?? "none", status, ms, actorId }, "request");
    });
    next();
  };
}

/** Answers 200 while PostgreSQL answers, and 503 while it does not. */
function health(ctx: DoorContext): RequestHandler {
  return async (_req, res) => {
    res.locals["route"] = "GET /healthz";
    await ctx.sql`select 1`.catch(() => {
      throw new Refusal("unavailable", "The database does not answer.");
    });
    res.json({ status: "ok" });
  };
}

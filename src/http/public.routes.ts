import express from "express";
import type { ErrorRequestHandler, Response, Router } from "express";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

import { checkCode } from "../actions/publication.ts";
import type { CheckView, Context } from "../context.ts";

/**
 * The pages that anybody may open. They have no script, set no cookie and keep nothing of what
 * is typed; the code travels in the body of a POST and never in an address.
 */
export function checkPage(ctx: Context): Router {
  const router = express.Router();
  const limiter = new RateLimiterMemory({ points: CHECKS_A_MINUTE, duration: 60 });
  const show = (res: Response, view: Omit<CheckView, "organisation">, status = 200) =>
    res
      .status(status)
      .set("Content-Security-Policy", POLICY)
      .set("Cache-Control", "no-store")
      .type("html")
      .send(ctx.templates.checkPage({ organisation: ctx.config.ORGANISATION, ...view }));

  router.use("/check", (req, res, next) => {
    res.locals["route"] = `${req.method} /check`;
    next();
  });
  router.get("/candor.css", (_req, res) => {
    res.set("Cache-Control", "public, max-age=3600").type("css").send(ctx.templates.stylesheet);
  });
  router.get("/check", (_req, res) => void show(res, { asked: false }));
  router.post("/check", async (req, res, next) => {
    const wait = await secondsToWait(limiter, networkOf(req.ip));
    if (wait === 0) return next();
    res.set("Retry-After", String(wait));
    show(res, { asked: false, busy: true }, 429);
  });
  router.post("/check", FORM, async (req, res) => {
    const body: unknown = req.body;
    const typed = isRecord(body) && typeof body["code"] === "string" ? body["code"] : "";
    const found = await checkCode(ctx, typed);
    show(res, { asked: true, ...(found && { found }) });
  });
  // A body that is not a small form is an empty one: the reader sees the page, not an error.
  const unreadable: ErrorRequestHandler = (error, _req, res, next) => {
    const status: unknown = isRecord(error) ? error["status"] : undefined;
    if (typeof status !== "number" || status >= 500 || res.headersSent) return next(error);
    show(res, { asked: true }, status);
  };
  router.use("/check", unreadable);
  return router;
}

/** IPv4 by /24 and IPv6 by /48: a network, so that nobody counts as a million. */
function networkOf(ip = "unknown"): string {
  const v4 = ip.replace(/^::ffff:/, "");
  const parts = v4.includes(":") ? v4.split(":").slice(0, 3) : v4.split(".").slice(0, 3);
  return parts.join("/");
}

async function secondsToWait(limiter: RateLimiterMemory, network: string): Promise<number> {
  try {
    await limiter.consume(network);
    return 0;
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    return Math.ceil(error.msBeforeNext / 1_000);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

const FORM = express.urlencoded({ extended: false, limit: "1kb", parameterLimit: 5 });
const POLICY =
  "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
/** A carrier's network holds many people; a guesser would need 35,000 years for all codes. */
const CHECKS_A_MINUTE = 60;

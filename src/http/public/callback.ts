import express from "express";
import type { Request, RequestHandler, Response, Router } from "express";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { validateRequest } from "twilio/lib/webhooks/webhooks.js";
import { z } from "zod";

import { receive } from "../../actions/intake.ts";
import { createReceiptIntake } from "../../actions/receipt/intake.ts";
import type { DoorContext } from "../../context.ts";
import { twilioCallback, twilioInbound } from "../../domain/delivery/callback.ts";
import { twilioReceipt, twilioWish } from "../../domain/receipt/twilio.ts";
import { named, unreadable } from "./page.ts";

/**
 * What the SMS provider calls. It must have signed the address that we gave it, made from the
 * settings: what the request says of its own host counts for nothing. Reports are kept and
 * applied by a worker later, so the answer is quick; the same report twice is one.
 */
export function callbackPage(ctx: DoorContext, callsASecond = CALLS_A_SECOND): Router {
  const router = express.Router();
  const { PUBLIC_URL } = ctx.config;
  const reports = createReceiptIntake(ctx.sql);
  const busy = limited(callsASecond);
  // Of its own, so that reports by the thousand cost nobody their STOP.
  const busyInbound = limited(Math.min(callsASecond, ANSWERS_A_SECOND));

  router.use("/callbacks/twilio/inbound", named("/callbacks/twilio/inbound"));
  router.post("/callbacks/twilio/inbound", FORM, async (req, res) => {
    if (!isSigned(ctx, req, twilioInbound(PUBLIC_URL))) return forbidden(res);
    if (await busyInbound(res)) return;
    const wish = twilioWish(formOf(req));
    if (wish) await receive(ctx, "sms.wish", { ...wish });
    // An empty answer in Twilio's own language: say nothing back.
    res.type("text/xml").send("<Response></Response>");
  });

  router.use(
    "/callbacks/twilio/:deliveryId/:attempt",
    named("/callbacks/twilio/:deliveryId/:attempt"),
  );
  router.post("/callbacks/twilio/:deliveryId/:attempt", FORM, async (req, res) => {
    const parsed = Path.safeParse(req.params);
    if (!parsed.success) return forbidden(res);
    const { data: path } = parsed;
    if (!isSigned(ctx, req, twilioCallback(PUBLIC_URL, path.deliveryId, path.attempt)))
      return forbidden(res);
    if (await busy(res)) return;
    const receipt = twilioReceipt(path, formOf(req));
    if (receipt && (await reports.keep([receipt])) === "full") return putOff(res);
    res.status(204).end();
  });

  router.use(
    "/callbacks",
    unreadable((res) => forbidden(res)),
  );
  return router;
}

/** Whether one of our live tokens signed this form for this address. */
function isSigned(ctx: DoorContext, req: Request, url: string): boolean {
  const signature = req.get("x-twilio-signature");
  // The signature covers the query, and the addresses that we give out have none.
  if (signature === undefined || req.originalUrl.includes("?")) return false;
  const tokens = ctx.config.TWILIO_AUTH_TOKEN ?? [];
  return tokens.some((token) => validateRequest(token, signature, url, formOf(req)));
}

function forbidden(res: Response): void {
  res.status(403).end();
}

/** All that the provider may do in a second, over the whole process; forgeries do not count. */
function limited(points: number): (res: Response) => Promise<boolean> {
  const limiter = new RateLimiterMemory({ points, duration: 1 });
  return async (res) => {
    try {
      await limiter.consume("twilio");
      return false;
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      putOff(res);
      return true;
    }
  };
}

function putOff(res: Response): void {
  res.status(503).set("Retry-After", "1").end();
}

function formOf(req: Request): Record<string, unknown> {
  const body: unknown = req.body;
  return typeof body === "object" && body !== null ? { ...body } : {};
}

const FORM: RequestHandler = express.urlencoded({
  extended: false,
  limit: "16kb",
  parameterLimit: 200,
});
const CALLS_A_SECOND = 10_000;
const ANSWERS_A_SECOND = 500;
const Path = z.object({
  deliveryId: z.string().regex(/^[1-9]\d{0,17}$/),
  attempt: z
    .string()
    .regex(/^[1-9]\d{0,5}$/)
    .transform(Number),
});

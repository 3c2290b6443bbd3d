import express from "express";
import type { ErrorRequestHandler, Request, RequestHandler, Response, Router } from "express";

import { createReceiptIntake } from "../../actions/receipt/intake.ts";
import type { DoorContext } from "../../context.ts";
import type { Receipt } from "../../domain/receipt.ts";
import { sendgridReceipts } from "../../domain/receipt/sendgrid.ts";
import { sesReceipt } from "../../domain/receipt/ses.ts";
import { refuse } from "../../domain/refusal.ts";
import { named } from "./page.ts";
import { isSendgrid } from "./sendgrid-signature.ts";
import { createSns } from "./sns.ts";
import type { Fetch } from "./sns.ts";

/**
 * What providers of e-mail call: Amazon SES by way of SNS, and SendGrid's Event Webhook. Each
 * signs the bytes of its body, so they are kept as they came. Reports are kept and applied by a
 * worker later; no address of anybody is. What is not signed changes nothing and hears 403.
 */
export function eventPages(ctx: DoorContext, fetchFrom: Fetch = fetch): Router {
  const router = express.Router();
  const { SES_TOPIC_ARNS: topics = [], SENDGRID_PUBLIC_KEYS: keys = [] } = ctx.config;
  const sns = createSns({ topics, fetchFrom, now: ctx.now });
  const reports = createReceiptIntake(ctx.sql);

  async function keep(res: Response, receipts: readonly Receipt[]): Promise<void> {
    if ((await reports.keep(receipts)) === "full") return putOff(res);
    res.status(204).end();
  }

  router.use("/callbacks/ses", named("/callbacks/ses"), atOnce(AT_ONCE_MAX));
  router.post("/callbacks/ses", RAW_SNS, async (req, res) => {
    const message = await sns.read(rawOf(req));
    if (message === "refused") return forbidden();
    // Amazon tries again; a certificate that cannot be had now may be there then.
    if (message === "later") return putOff(res);
    if (message === "unsubscribed") ctx.log.error("SNS tells us nothing any more: subscribe again");
    if (typeof message === "string") return void res.status(204).end();
    const receipt = sesReceipt(message.id, message.content);
    await keep(res, receipt ? [receipt] : []);
  });

  router.use("/callbacks/sendgrid", named("/callbacks/sendgrid"), atOnce(AT_ONCE_MAX));
  router.post("/callbacks/sendgrid", RAW_SENDGRID, async (req, res) => {
    const body = rawOf(req);
    const signed = isSendgrid({
      keys,
      body,
      signature: req.get("x-twilio-email-event-webhook-signature") ?? "",
      timestamp: req.get("x-twilio-email-event-webhook-timestamp") ?? "",
      now: ctx.now(),
    });
    if (!signed) return forbidden();
    await keep(res, sendgridReceipts(jsonOf(body)));
  });

  router.use(["/callbacks/ses", "/callbacks/sendgrid"], unreadable);
  return router;
}

function forbidden(): never {
  return refuse("not-allowed", "This was not signed by a provider of ours.");
}

function putOff(res: Response): void {
  res.status(503).set("Retry-After", "5").end();
}

/**
 * Bodies are read before anybody is known: no more of them at once than memory allows. Whoever
 * keeps us waiting for theirs makes room for the next.
 */
function atOnce(most: number): RequestHandler {
  const open = new Map<Request, number>();
  return (req, res, next) => {
    const now = performance.now();
    if (open.size >= most)
      for (const [each, since] of open)
        if (!each.complete && now - since > PATIENCE_MS) {
          open.delete(each);
          each.destroy();
          break;
        }
    if (open.size >= most) return putOff(res);
    open.set(req, now);
    res.on("close", () => void open.delete(req));
    next();
  };
}

/** A body that is too large, compressed or broken off is nobody's we know. */
const unreadable: ErrorRequestHandler = (error, _req, res, next) => {
  const status: unknown = error instanceof Error && "status" in error ? error.status : undefined;
  if (typeof status !== "number" || status >= 500 || res.headersSent) return next(error);
  forbidden();
};

function rawOf(req: Request): Buffer {
  const body: unknown = req.body;
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

const raw = (limit: string) => express.raw({ type: () => true, limit, inflate: false });
/** SNS sends at most 256 KB of message, which its own JSON quotes. */
const RAW_SNS = raw("600kb");
/** SendGrid posts up to 768 KB at a time. */
const RAW_SENDGRID = raw("1mb");
const AT_ONCE_MAX = 64;
/** A provider sends its body in one go. */
const PATIENCE_MS = 500;

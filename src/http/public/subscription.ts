import express from "express";
import type { Request, Response, Router } from "express";

import { ask, confirm, look, stop } from "../../actions/subscription.ts";
import type { DoorContext } from "../../context.ts";
import { SubscriptionToken, addressOf } from "../../domain/subscription.ts";
import { slugOf } from "./incident.ts";
import { notForeign } from "./my-cookie.ts";
import { FORM, fieldOf, languageOf, named, perNetwork, show, unreadable } from "./page.ts";

/**
 * E-mails about updates: asked for on an incident's page, confirmed and stopped by the link in
 * the mail. Every address gets the same answer, and so does every link that leads to nothing.
 */
export function subscriptionPages(ctx: DoorContext): Router {
  const router = express.Router();
  const page = (res: Response, view: Readonly<Record<string, unknown>>, status = 200) =>
    show(ctx, res.status(status), "subscription", view);
  const busy = (res: Response) => page(res, { busy: true }, 429);

  router.post(
    "/incidents/:slug/subscription",
    named("/incidents/:slug/subscription"),
    notForeign(ctx, "subscription"),
    perNetwork({ points: ASKED_IN_TEN_MINUTES, seconds: 600 }, busy),
    FORM,
    async (req, res) => {
      const email = fieldOf(req, "email");
      const slug = slugOf(req);
      if (addressOf(email) === undefined) return page(res, { wrong: true, slug }, 422);
      await ask(ctx, { slug, email, language: languageOf(req) });
      return page(res, { asked: true });
    },
  );
  router.get("/subscriptions/:token", named("/subscriptions/:token"), async (req, res) => {
    const token = tokenOf(req);
    const state = await look(ctx, token);
    const path = `/subscriptions/${token}`;
    page(res, { path, wish: state === "asked", on: state === "on" });
  });
  router.post(
    "/subscriptions/:token",
    named("/subscriptions/:token"),
    perNetwork({ points: STEPS_A_MINUTE, seconds: 60 }, busy),
    FORM,
    MULTIPART,
    async (req, res) => {
      const token = tokenOf(req);
      if (fieldOf(req, "act") === "confirm" && !isOneClick(req))
        return page(res, { confirmed: await confirm(ctx, token) });
      if (fieldOf(req, "act") !== "stop" && !isOneClick(req)) return page(res, {});
      await stop(ctx, token);
      return page(res, { stopped: true });
    },
  );
  const failed = unreadable((res, status) => page(res, {}, status));
  router.use("/subscriptions", failed);
  router.use("/incidents/:slug/subscription", failed);
  return router;
}

/** RFC 8058: a mail program posts this, as a form of either kind, with no cookie and no page. */
function isOneClick(req: Request): boolean {
  const body: unknown = req.body;
  if (typeof body === "string")
    return /name="?List-Unsubscribe"?\r?\n(?:.+\r?\n)*\r?\nOne-Click\r?\n/i.test(body);
  return fieldOf(req, "List-Unsubscribe") === "One-Click";
}

function tokenOf(req: Request): string {
  return SubscriptionToken.catch("-").parse(req.params["token"]);
}

const MULTIPART = express.text({ type: "multipart/form-data", limit: "4kb" });
/** A household may type a few addresses; a script that fills mailboxes types many. */
const ASKED_IN_TEN_MINUTES = 20;
/** Mail providers press *stop* for many people from few networks. */
const STEPS_A_MINUTE = 600;

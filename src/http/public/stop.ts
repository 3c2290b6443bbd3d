import express from "express";
import type { Router } from "express";

import { askStop } from "../../actions/inquiry/door.ts";
import type { DoorContext } from "../../context.ts";
import { FORM, named, perNetwork, show, unreadable } from "./page.ts";

/**
 * Where the link in courtesy mail leads: a button, and behind it the end of optional follow-ups.
 * A mail program may press it by itself, with one POST and no cookie (RFC 8058); a scanner that
 * only looks does nothing. Whatever the token, the page is the same.
 */
export function stopPage(ctx: DoorContext): Router {
  const router = express.Router();
  const busy = perNetwork({ points: STOPS_A_MINUTE, seconds: 60 }, (res) =>
    show(ctx, res.status(429), "stop", { busy: true }),
  );
  router.use("/stop", named("/stop/:token"));
  router.get("/stop/:token", (_req, res) => show(ctx, res, "stop"));
  router.post("/stop/:token", busy, FORM, async (req, res) => {
    await askStop(ctx, String(req.params["token"]).slice(0, TOKEN_MAX));
    show(ctx, res, "stop", { stopped: true });
  });
  router.use(
    "/stop",
    unreadable((res, status) => show(ctx, res.status(status), "stop", {})),
  );
  return router;
}

/** Mail providers press for many people from few networks. */
const STOPS_A_MINUTE = 600;
const TOKEN_MAX = 200;

import express from "express";
import type { Response, Router } from "express";

import { EMAIL_MAX, askLookup } from "../../actions/inquiry/door.ts";
import type { DoorContext } from "../../context.ts";
import { notForeign } from "./my-cookie.ts";
import { inAll } from "./my-limits.ts";
import { FORM, fieldOf, languageOf, named, perNetwork, show, unreadable } from "./page.ts";

/**
 * "Was I affected?" Whatever was typed, the answer is 202 and the same page: what we know goes to
 * the address itself. A worker looks after the answer has been given.
 */
export function lookupPage(ctx: DoorContext): Router {
  const router = express.Router();
  const full = (res: Response) => show(ctx, res.status(429), "lookup", { busy: true });
  const busy = perNetwork({ points: LOOKUPS_AN_HOUR, seconds: 3_600 }, full);
  const all = inAll({ points: LOOKUPS_A_MINUTE_IN_ALL, seconds: 60 }, full);
  router.use("/lookup", named("/lookup"));
  router.get("/lookup", (_req, res) => show(ctx, res, "lookup"));
  router.post("/lookup", notForeign(ctx, "lookup"), busy, all, FORM, async (req, res) => {
    const email = fieldOf(req, "email").trim().slice(0, EMAIL_MAX);
    await askLookup(ctx, { email, language: languageOf(req) });
    show(ctx, res.status(202), "lookup", { asked: true });
  });
  router.use(
    "/lookup",
    unreadable((res, status) => show(ctx, res.status(status), "lookup", {})),
  );
  return router;
}

const LOOKUPS_AN_HOUR = 10;
const LOOKUPS_A_MINUTE_IN_ALL = 6_000;

import express from "express";
import type { Router } from "express";

import { checkCode } from "../../actions/publication.ts";
import type { DoorContext } from "../../context.ts";
import { SMALL_FORM, fieldOf, named, perNetwork, show, unreadable } from "./page.ts";

/** Is this notice from us? Nothing of what is typed is kept. */
export function checkPage(ctx: DoorContext): Router {
  const router = express.Router();
  const busy = perNetwork({ points: CHECKS_A_MINUTE, seconds: 60 }, (res) =>
    show(ctx, res.status(429), "check", { busy: true }),
  );
  router.get("/candor.css", (_req, res) => {
    res.set("Cache-Control", "public, max-age=3600").type("css").send(ctx.templates.stylesheet);
  });
  router.use("/check", named("/check"));
  router.get("/check", (_req, res) => show(ctx, res, "check"));
  router.post("/check", busy, SMALL_FORM, async (req, res) => {
    const found = await checkCode(ctx, fieldOf(req, "code"));
    show(ctx, res, "check", { asked: true, ...(found && { found }) });
  });
  router.use(
    "/check",
    unreadable((res, status) => show(ctx, res.status(status), "check", { asked: true })),
  );
  return router;
}

/** A carrier's network holds many people; a guesser would need 35,000 years for all codes. */
const CHECKS_A_MINUTE = 60;

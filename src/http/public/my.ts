import { setTimeout as sleep } from "node:timers/promises";

import express from "express";
import type { Request, RequestHandler, Response, Router } from "express";

import { CODE_MAX, endVisit, readReply, startVisit, takeTurn } from "../../actions/inquiry/door.ts";
import type { VisitSecret } from "../../actions/inquiry/door.ts";
import type { DoorContext } from "../../context.ts";
import { PreferredChannel } from "../../domain/audience/person.ts";
import { Asked } from "../../domain/inquiry.ts";
import { PageLanguage } from "../../domain/language.ts";
import { giveVisit, notForeign, takeVisit, visitOf } from "./my-cookie.ts";
import { inAll } from "./my-limits.ts";
import { noticeView } from "./my-view.ts";
import type { Typed } from "./my-view.ts";
import { FORM, fieldOf, languageOf, named, perNetwork, show, unreadable } from "./page.ts";

/**
 * *My notice*: a personal code, a one-time code, and then what is one's own. The door does the
 * same for every code: it seals it, and a worker looks at it. What the worker answers is sealed
 * to the key in the visitor's cookie, which opens here, while the visitor asks.
 */
export function myPages(ctx: DoorContext): Router {
  const router = express.Router();
  const forms = [
    notForeign(ctx, "my", { ended: true }),
    perNetwork({ points: FORMS_A_MINUTE, seconds: 60 }, busy(ctx)),
    FORM,
  ] as const;
  router.use("/my", (req, res, next) => {
    // The paths below are all there are, so none of them holds what somebody typed.
    named(KNOWN.has(req.path) ? `/my${req.path === "/" ? "" : req.path}` : "/my")(req, res, next);
  });
  router.get("/my", (_req, res) => show(ctx, res, "my"));
  router.get("/my/code", (_req, res) => show(ctx, res, "my-code"));
  const codes = perNetwork({ points: CODES_A_MINUTE, seconds: 60 }, busy(ctx));
  const all = inAll({ points: CODES_A_MINUTE_IN_ALL, seconds: 60 }, busy(ctx));
  router.post("/my", codes, all, ...forms, async (req, res) => {
    const code = fieldOf(req, "code").slice(0, CODE_MAX);
    giveVisit(ctx, res, await startVisit(ctx, { code, language: languageOf(req) }));
    goOn(res, "/my/code");
  });
  router.post("/my/code", ...forms, async (req, res) => {
    const oneTimeCode = fieldOf(req, "code").slice(0, ONE_TIME_CODE_MAX).padEnd(ONE_TIME_CODE_MAX);
    await turn(ctx, req, res, "visit.one-time-code", { oneTimeCode });
  });
  const looks = perNetwork({ points: LOOKS_A_MINUTE, seconds: 60 }, busy(ctx));
  router.get("/my/notice", looks, async (req, res) => {
    const secret = visitOf(ctx, req);
    if (secret) await showReply(ctx, res, secret);
    else show(ctx, res, "my", { ended: true });
  });
  acts(ctx, router, forms);
  router.use(
    "/my",
    unreadable((res, status) => show(ctx, res.status(status), "my", { tooLarge: true })),
  );
  return router;
}

/** What an open visit may do. */
function acts(ctx: DoorContext, router: Router, forms: readonly RequestHandler[]): void {
  router.post("/my/notice/preference", ...forms, async (req, res) => {
    const language = PageLanguage.safeParse(fieldOf(req, "language"));
    const channel = PreferredChannel.safeParse(fieldOf(req, "channel"));
    await turn(ctx, req, res, "visit.preference", {
      language: language.success ? language.data : languageOf(req),
      channel: channel.success ? channel.data : null,
    });
  });
  router.post("/my/notice/stop", ...forms, async (req, res) => {
    if (fieldOf(req, "sure") === "yes") await turn(ctx, req, res, "visit.stop", {});
    else goOn(res, "/my/notice");
  });
  router.post("/my/notice/ask", ...forms, async (req, res) => {
    const [kind, text] = [fieldOf(req, "kind"), fieldOf(req, "text")];
    const asked = Asked.safeParse({ kind, text });
    if (asked.success)
      return turn(ctx, req, res, "visit.ask", { ...asked.data, language: languageOf(req) });
    const problem = asked.error.issues.some(({ path }) => path[0] === "text") ? "text" : "kind";
    const secret = visitOf(ctx, req);
    if (secret) return showReply(ctx, res, secret, { kind, text, problem });
    return show(ctx, res, "my", { ended: true });
  });
  router.post("/my/leave", ...forms, async (req, res) => {
    const secret = visitOf(ctx, req);
    if (secret) await endVisit(ctx, secret);
    takeVisit(ctx, res);
    show(ctx, res, "my", { left: true });
  });
}

/** Hand on what was sent, and lead to the page that shows what came of it. */
async function turn(
  ctx: DoorContext,
  req: Request,
  res: Response,
  ...[kind, value]: TurnParts
): Promise<void> {
  const secret = visitOf(ctx, req);
  if (secret && (await takeTurn(ctx, secret, kind, value))) goOn(res, "/my/notice");
  else show(ctx, res, "my", { ended: true });
}

type TurnParts =
  Parameters<typeof takeTurn> extends [unknown, unknown, ...infer Rest] ? Rest : never;

/** Show what a worker answered, waiting for it a little. */
async function showReply(
  ctx: DoorContext,
  res: Response,
  secret: VisitSecret,
  typed?: Typed,
): Promise<void> {
  const reply = await awaitReply(ctx, secret);
  const language = languageOf(res.req);
  if (reply === "waiting") {
    res.set("Refresh", `1; url=/my/notice?language=${language}`);
    return show(ctx, res, "my-wait");
  }
  if (reply === "ended") return show(ctx, res, "my", { ended: true });
  if (reply.page === "over") return show(ctx, res, "my", { over: true });
  if (reply.page === "notice")
    return show(
      ctx,
      res.status(typed ? 422 : 200),
      "my-notice",
      noticeView(ctx, language, reply, typed),
    );
  const { triesLeft } = reply;
  return show(ctx, res, "my-code", triesLeft === null ? {} : { wrong: true, triesLeft });
}

async function awaitReply(ctx: DoorContext, secret: VisitSecret) {
  for (let looks = 0; ; looks += 1) {
    const reply = await readReply(ctx, secret);
    if (reply !== "waiting" || looks >= LOOKS) return reply;
    await sleep(LOOK_MS);
  }
}

/** 303, so that going back or loading again sends nothing twice. */
function goOn(res: Response, path: string): void {
  res.set("Cache-Control", "no-store");
  res.redirect(303, `${path}?language=${languageOf(res.req)}`);
}

function busy(ctx: DoorContext): (res: Response) => void {
  return (res) => show(ctx, res.status(429), "my", { busy: true });
}

const KNOWN = new Set([
  "/",
  "/code",
  "/notice",
  "/notice/preference",
  "/notice/stop",
  "/notice/ask",
  "/leave",
]);
/** A carrier's network holds many people; 60 bits take a guesser a million years at this rate. */
const CODES_A_MINUTE = 30;
const CODES_A_MINUTE_IN_ALL = 6_000;
const FORMS_A_MINUTE = 120;
/** Each waits up to two seconds for a worker. */
const LOOKS_A_MINUTE = 240;
const LOOKS = 20;
const LOOK_MS = 100;
const ONE_TIME_CODE_MAX = 40;

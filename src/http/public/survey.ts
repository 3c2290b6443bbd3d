import express from "express";
import type { Request, Response, Router } from "express";

import { findSurvey, keepAnswer } from "../../actions/feedback/answer.ts";
import type { Found } from "../../actions/feedback/answer.ts";
import type { DoorContext } from "../../context.ts";
import { readForm } from "../../domain/feedback/answer.ts";
import { normalisedPass } from "../../domain/feedback/pass.ts";
import { FORM, fieldOf, languageOf, named, perNetwork, show, unreadable } from "./page.ts";
import { formView } from "./survey-form.ts";

/**
 * The survey. Looking at it any number of times changes nothing; one POST spends the pass. No
 * cookie, no script, and nothing in the log but that such a page was asked for.
 */
export function surveyPages(ctx: DoorContext): Router {
  const router = express.Router();
  const limited = (points: number) =>
    perNetwork({ points, seconds: 60 }, (res) =>
      show(ctx, res.status(429), "survey", { busy: true }),
    );
  const posts = limited(POSTS_A_MINUTE);

  router.use("/survey", named("/survey"));
  router.get("/survey", (_req, res) => show(ctx, res, "survey"));
  router.post("/survey", posts, FORM, (req, res) => {
    const pass = normalisedPass(fieldOf(req, "code"));
    if (pass === undefined) return show(ctx, res.status(UNKNOWN), "survey", { unknown: true });
    res.redirect(303, `/survey/${pass}?language=${languageOf(req)}`);
  });
  router.use("/survey/thanks", named("/survey/thanks"));
  router.get("/survey/thanks", (_req, res) => show(ctx, res, "survey-thanks"));

  router.use("/survey/:pass", named("/survey/:pass"));
  router.get("/survey/:pass", limited(LOOKS_A_MINUTE), async (req, res) => {
    const pass = passIn(req);
    const found = await findSurvey(ctx, pass);
    if (found.state !== "open") return refused(ctx, res, found);
    show(ctx, res, "survey-form", formView(pass, found.survey, languageOf(req)));
  });
  router.post("/survey/:pass", posts, FORM, (req, res) => answered(ctx, req, res));
  router.use(
    "/survey",
    unreadable((res, status) => show(ctx, res.status(status), "survey", { unreadable: true })),
  );
  return router;
}

/** Take an answer; show the form again with everything typed where something in it is wrong. */
async function answered(ctx: DoorContext, req: Request, res: Response): Promise<void> {
  const pass = passIn(req);
  const found = await findSurvey(ctx, pass);
  if (found.state !== "open") return refused(ctx, res, found);
  const { survey } = found;
  const language = languageOf(req);
  const field = (name: string) => fieldOf(req, name);
  const read = readForm({ ...survey, language, field });
  if ("problems" in read) {
    const view = formView(pass, survey, language, { problems: read.problems, field });
    return show(ctx, res.status(INVALID), "survey-form", view);
  }
  if (await keepAnswer(ctx, { typed: pass, survey, answer: read.answer }))
    return res.redirect(303, `/survey/thanks?language=${language}`);
  refused(ctx, res, await findSurvey(ctx, pass));
}

/** A pass that lets nothing in, and why. One of another place is like one that never was. */
function refused(ctx: DoorContext, res: Response, { state }: Found): void {
  if (state === "used") return show(ctx, res.status(USED), "survey", { used: true });
  if (state === "closed")
    return show(ctx, res.status(CLOSED), "survey", { closed: true, language: languageOf(res.req) });
  show(ctx, res.status(UNKNOWN), "survey", { unknown: true });
}

function passIn(req: Request): string {
  const { pass } = req.params;
  return typeof pass === "string" ? pass : "";
}

const UNKNOWN = 404;
const USED = 409;
const CLOSED = 410;
const INVALID = 422;
/** A carrier's network holds many people, and a mail scanner opens each link many times. */
const LOOKS_A_MINUTE = 600;
const POSTS_A_MINUTE = 60;

import { randomUUID } from "node:crypto";

import type { Context, Keys } from "../../context.ts";
import { passHash, passOf } from "../../domain/feedback/pass.ts";
import {
  TOTAL_MIN,
  requireFuture,
  requireOpener,
  requireState,
} from "../../domain/feedback/survey.ts";
import type { KeyedSurvey, NewSurvey } from "../../domain/feedback/survey.ts";
import { refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import type { Fact } from "../../domain/timeline.ts";
import type { Sql } from "../../store/db.ts";
import * as answers from "../../store/feedback/answers.ts";
import * as surveys from "../../store/feedback/survey.ts";
import * as incidents from "../../store/incident.ts";
import * as timeline from "../../store/timeline.ts";
import { frozenAudience } from "../approval/view.ts";
import { finish } from "./release.ts";

export interface SurveyPath {
  readonly incidentId: string;
  readonly surveyId: string;
}

/**
 * Make a survey of a frozen audience, with a key pair of its own. Refuses an end in the past,
 * and fewer than five people: nothing they say could ever be shown.
 */
export async function createSurvey(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { audienceId, questionSet, breakdown, batchMin, closesAt }: NewSurvey,
): Promise<string> {
  requireFuture(closesAt, ctx.now());
  const id = randomUUID();
  await ctx.sql.begin(async (tx) => {
    await incidents.lock(tx, incidentId);
    const audience = await frozenAudience(tx, incidentId, audienceId);
    if (audience.count < TOTAL_MIN)
      refuse("wrong-state", `A survey needs ${TOTAL_MIN} people or more, so that none stands out.`);
    const keys = await ctx.vault.keys(id);
    const { publicKey, privateKey } = await ctx.box.newKeys();
    const survey: KeyedSurvey = {
      id,
      incidentId,
      audienceId,
      questionSet,
      breakdown,
      batchMin,
      closesAt,
      state: "draft",
      invited: null,
      createdBy: actor.staffId,
      createdAt: ctx.now(),
      openedBy: null,
      openedAt: null,
      closedAt: null,
      finishedAt: null,
      publicKey,
      sealedPrivate: keys.sealBytes("survey", id, privateKey),
    };
    await surveys.insert(tx, survey);
    await note(ctx, tx, survey, {
      ...by(actor),
      action: "survey.create",
      after: { audienceId, questionSet, breakdown, batchMin, closesAt: closesAt.toISOString() },
    });
  });
  return id;
}

/**
 * Open a survey, by another person than its author. All passes go into the feedback database
 * here, in one transaction and before any invitation, so that no later moment tells whose pass
 * is whose. Doing it again after a crash changes nothing. Refuses a second open survey.
 */
export async function openSurvey(ctx: Context, actor: Actor, path: SurveyPath): Promise<void> {
  const { incidentId, surveyId } = path;
  await ctx.sql.begin(async (tx) => {
    await incidents.lock(tx, incidentId);
    const survey = await surveys.lock(tx, incidentId, surveyId);
    requireState(survey, "draft");
    requireOpener(survey, actor);
    requireFuture(survey.closesAt, ctx.now());
    if (await surveys.openOf(tx, incidentId))
      refuse("wrong-state", "Another survey of this incident is open. Close that one first.");
    const hashes = await passHashes(ctx, tx, survey);
    const closesOn = survey.closesAt.toISOString().slice(0, 10);
    const { questionSet, breakdown, publicKey } = survey;
    const shown = { surveyId, questionSet, breakdown, closesOn, open: true, publicKey };
    await ctx.feedback.begin((feedback) => answers.open(feedback, shown, hashes));
    const invited = hashes.length;
    await surveys.update(tx, surveyId, {
      state: "open",
      invited,
      openedBy: actor.staffId,
      openedAt: ctx.now(),
    });
    await note(ctx, tx, survey, {
      ...by(actor),
      action: "survey.open",
      before: { state: "draft" },
      after: { state: "open", invited },
    });
  });
}

/** Close a survey for good: the last answers come out, and the key that opens them is destroyed. */
export async function closeSurvey(ctx: Context, actor: Actor, path: SurveyPath): Promise<void> {
  await close(ctx, path, by(actor));
  await finish(ctx, await surveys.find(ctx.sql, path.incidentId, path.surveyId));
}

/** Close what has come to its end, and finish what a crash left unfinished. */
export async function sweepSurveys(ctx: Context): Promise<void> {
  for (const survey of await surveys.underWay(ctx.sql)) {
    const { incidentId, id: surveyId } = survey;
    if (survey.state === "open" && survey.closesAt > ctx.now()) continue;
    if (survey.state === "open")
      await close(ctx, { incidentId, surveyId }, { actor: "system:sweep" });
    await finish(ctx, await surveys.find(ctx.sql, incidentId, surveyId));
  }
}

/** The pass of one person: made anew each time, and stored nowhere. */
export function passFor(keys: Keys, recipientId: string): string {
  return passOf(keys.hash("pass", recipientId));
}

async function passHashes(ctx: Context, tx: Sql, { id, audienceId }: KeyedSurvey) {
  const keys = await ctx.vault.keys(id);
  const hashes: Buffer[] = [];
  for await (const page of surveys.recipientIds(tx, audienceId))
    for (const { id: recipientId } of page) hashes.push(passHash(passFor(keys, recipientId)));
  return hashes;
}

function close(ctx: Context, { incidentId, surveyId }: SurveyPath, who: Who): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const survey = await surveys.lock(tx, incidentId, surveyId);
    if (survey.state === "closed") return;
    requireState(survey, "open");
    await surveys.update(tx, surveyId, { state: "closed", closedAt: ctx.now() });
    await note(ctx, tx, survey, {
      ...who,
      action: "survey.close",
      before: { state: "open" },
      after: { state: "closed" },
    });
  });
}

type Who = Pick<Fact, "actor" | "requestId">;

function by({ staffId, requestId }: Actor): Who {
  return { actor: staffId, requestId };
}

function note(
  ctx: Context,
  tx: Sql,
  { id, incidentId }: Pick<KeyedSurvey, "id" | "incidentId">,
  fact: Omit<Fact, "incidentId" | "subject">,
): Promise<void> {
  return timeline.append(tx, { incidentId, subject: `survey:${id}`, ...fact }, ctx.now());
}

import { randomUUID } from "node:crypto";

import type { DoorContext } from "../../context.ts";
import { ANSWER_BYTES, padded } from "../../domain/feedback/answer.ts";
import type { Answer } from "../../domain/feedback/answer.ts";
import { normalisedPass, passHash } from "../../domain/feedback/pass.ts";
import * as answers from "../../store/feedback/answers.ts";
import type { Held, PublicSurvey } from "../../store/feedback/answers.ts";

export type { PublicSurvey };

/** What a pass opens. Whose it is nobody asks, and the main database is not touched. */
export type Found =
  | { readonly state: "unknown" }
  | { readonly state: "open" | "used" | "closed"; readonly survey: PublicSurvey };

/** Look what a typed pass opens. Changes nothing, however often it is done. */
export async function findSurvey(ctx: DoorContext, typed: string): Promise<Found> {
  const pass = normalisedPass(typed);
  const found = pass && (await answers.findByPass(ctx.feedback, passHash(pass)));
  if (!found) return { state: "unknown" };
  const { spent, ...survey } = found;
  if (!survey.open) return { state: "closed", survey };
  return { state: spent ? "used" : "open", survey };
}

/**
 * Spend a pass and keep the answer, sealed and padded, in one transaction of the feedback
 * database. False where the pass was spent or the survey closed meanwhile.
 */
export async function keepAnswer(
  ctx: DoorContext,
  { typed, survey, answer }: { typed: string; survey: PublicSurvey; answer: Answer },
): Promise<boolean> {
  const pass = normalisedPass(typed);
  if (pass === undefined) return false;
  const { surveyId } = survey;
  const held = await sealAnswer(ctx, { id: surveyId, publicKey: survey.publicKey }, answer);
  const incoming = { ...held, hash: passHash(pass), surveyId };
  return ctx.feedback.begin((tx) => answers.take(tx, incoming));
}

/** An answer as it waits: sealed to the survey's public key, under a random id, of one size. */
export async function sealAnswer(
  { box }: DoorContext,
  { id, publicKey }: { readonly id: string; readonly publicKey: Buffer },
  answer: Answer,
): Promise<Held> {
  const sealed = await box.seal(publicKey, purposeOf(id), padded(answer, ANSWER_BYTES));
  return { id: randomUUID(), sealed };
}

/** What an answer is sealed for: it opens as an answer to this survey and as nothing else. */
export function purposeOf(surveyId: string): string {
  return `survey answer ${surveyId}`;
}

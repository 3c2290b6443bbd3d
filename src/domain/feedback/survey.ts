import { z } from "zod";

import { Id } from "../id.ts";
import { Instant } from "../instant.ts";
import { refuse } from "../refusal.ts";
import type { Actor } from "../staff.ts";

/** The question sets that there are; see `questions.ts`. */
export const QuestionSet = z.enum(["breach"]);
export type QuestionSet = z.output<typeof QuestionSet>;

/**
 * The one thing that results may be broken down by, said before the survey opens and shown to
 * everybody who answers: the language of the page, or a coarse *how did you hear of it*.
 */
export const Breakdown = z.enum(["none", "language", "heard"]);
export type Breakdown = z.output<typeof Breakdown>;

/** Answers become readable by at least this many at a time; so does every cell and every text. */
export const CELL_MIN = 10;
/** The least that a total may be shown for. */
export const TOTAL_MIN = 5;

/** A survey to be: who is asked, what, how the results will be told apart, and until when. */
export const NewSurvey = z.strictObject({
  audienceId: Id,
  questionSet: QuestionSet.default("breach"),
  /** Whatever it is, up to nine answers are lost at the end: too few to be shown beside the others. */
  breakdown: Breakdown.default("none"),
  /** How many answers must wait before they are read together. */
  batchMin: z.int().min(CELL_MIN).max(1_000).default(CELL_MIN),
  closesAt: Instant,
});
export type NewSurvey = z.output<typeof NewSurvey>;

/** A survey as everybody on staff is shown it: nothing tells how many have answered so far. */
export const Survey = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  audienceId: z.uuid(),
  questionSet: QuestionSet,
  breakdown: Breakdown,
  batchMin: z.int(),
  closesAt: Instant,
  state: z.enum(["draft", "open", "closed"]),
  /** How many passes there are; null before it opens. */
  invited: z.int().nullable(),
  createdBy: z.uuid(),
  createdAt: Instant,
  openedBy: z.uuid().nullable(),
  openedAt: Instant.nullable(),
  closedAt: Instant.nullable(),
  /** When the last answers were out and the key that opens them was destroyed. */
  finishedAt: Instant.nullable(),
});
export type Survey = z.output<typeof Survey>;

/** The same with its keys; the private half is sealed under the survey's own key. */
export const KeyedSurvey = Survey.extend({
  publicKey: z.instanceof(Buffer),
  sealedPrivate: z.instanceof(Buffer).nullable(),
});
export type KeyedSurvey = z.output<typeof KeyedSurvey>;

/** Refuses a survey that is not in this state. */
export function requireState(survey: Survey, state: Survey["state"]): void {
  if (survey.state !== state) refuse("wrong-state", `This survey is ${survey.state}.`);
}

/** Refuses the author: a survey is opened by a second person. */
export function requireOpener(survey: Survey, actor: Actor): void {
  if (survey.createdBy === actor.staffId)
    refuse("four-eyes", "Another person must open this survey than the one who made it.");
}

/** Refuses an end that has come already. */
export function requireFuture(closesAt: Date, now: Date): void {
  if (closesAt > now) return;
  refuse("invalid-input", "A survey cannot end before it begins.", [
    { field: "closesAt", code: "past", message: "Name a moment in the future." },
  ]);
}

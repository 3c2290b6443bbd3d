import { randomInt, randomUUID } from "node:crypto";

import { z } from "zod";

import type { Context, Keys } from "../../context.ts";
import { Answer, REMARK_BYTES, padded, questionsOf } from "../../domain/feedback/answer.ts";
import {
  EMPTY,
  Tally,
  batchesOf,
  counted,
  isDue,
  released,
  scrubbed,
} from "../../domain/feedback/release.ts";
import { CELL_MIN, TOTAL_MIN } from "../../domain/feedback/survey.ts";
import type { KeyedSurvey } from "../../domain/feedback/survey.ts";
import type { Sql } from "../../store/db.ts";
import * as answers from "../../store/feedback/answers.ts";
import type { Held, Remark } from "../../store/feedback/answers.ts";
import * as surveys from "../../store/feedback/survey.ts";
import * as outbox from "../../store/outbox.ts";
import * as timeline from "../../store/timeline.ts";
import { purposeOf, sealAnswer } from "./answer.ts";

/**
 * Make answers readable where enough of them wait. Any worker may do this at any time: the
 * tables are locked meanwhile, and whoever comes second finds nothing to do.
 */
export async function releaseAnswers(ctx: Context): Promise<void> {
  for (const survey of await surveys.underWay(ctx.sql)) {
    if (survey.state !== "open") continue;
    const waiting = await answers.waiting(ctx.feedback, survey.id);
    if (waiting < survey.batchMin) continue;
    const tally = await tallyOf(ctx, ctx.feedback, survey);
    if (isDue(waiting, released(tally), survey.batchMin)) await release(ctx, survey, false);
  }
}

/**
 * The end of a closed survey: the last release, every pass spent, the private key destroyed, and
 * by the outbox the survey's own key, which passes were made with. Repeatable until it is done. The timeline says how many answers were read, in all.
 */
export async function finish(ctx: Context, survey: KeyedSurvey): Promise<void> {
  if (survey.state !== "closed" || survey.finishedAt !== null) return;
  await release(ctx, survey, true);
  const n = released(await tallyOf(ctx, ctx.feedback, survey));
  await ctx.sql.begin(async (tx) => {
    const { incidentId, id } = survey;
    const now = await surveys.lock(tx, incidentId, id);
    if (now.finishedAt !== null) return;
    await surveys.update(tx, id, { sealedPrivate: null, finishedAt: ctx.now() });
    await outbox.post(tx, "survey.finished", { surveyId: id });
    await timeline.append(
      tx,
      {
        incidentId,
        actor: "system:survey",
        action: "survey.finish",
        subject: `survey:${id}`,
        after: { answers: n >= TOTAL_MIN ? n : null, privateKey: "destroyed" },
      },
      ctx.now(),
    );
  });
}

/** Destroy the key of a survey that is over: from here on nobody can say whose pass was whose. */
export async function destroyKey(ctx: Context, surveyId: string): Promise<void> {
  await ctx.vault.destroy(surveyId);
}

/** The counts of a survey as they are now. */
export async function tallyOf(
  ctx: Context,
  sql: Sql,
  { id, incidentId }: Pick<KeyedSurvey, "id" | "incidentId">,
): Promise<Tally> {
  const stored = await answers.tally(sql, id);
  if (!stored) return EMPTY;
  const keys = await ctx.vault.keys(incidentId);
  return Tally.parse(keys.open("tally", id, stored.sealed));
}

/** The words of a stored text. */
export function openRemark(keys: Keys, { id, sealed }: Remark): string {
  return Sealed.parse(keys.open("remark", id, sealed)).value;
}

/** Opening takes a while: it is done before anybody is made to wait, but for what came meanwhile. */
async function release(ctx: Context, survey: KeyedSurvey, closing: boolean): Promise<void> {
  const early = await opened(ctx, survey, await answers.held(ctx.feedback, survey.id));
  const known = await tallyOf(ctx, ctx.feedback, survey);
  if (!closing && batched(survey, [...early.values()], known, closing).length === 0) return;
  await ctx.feedback.begin(async (tx) => {
    await answers.lockAll(tx);
    const held = await answers.held(tx, survey.id);
    const waiting = [...(await opened(ctx, survey, held, early)).values()];
    const before = await tallyOf(ctx, tx, survey);
    const batches = batched(survey, waiting, before, closing);
    if (batches.length === 0 && !closing) return;
    const questions = questionsOf(survey.questionSet, survey.breakdown);
    const tally = batches.reduce(
      (tally, { cell, answers: batch }) => counted(tally, cell, batch, questions),
      before,
    );
    const done = new Set(batches.flatMap(({ answers: batch }) => batch));
    const left = closing ? [] : waiting.filter((answer) => !done.has(answer));
    const texts = [...done].flatMap(({ texts }) => Object.values(texts));
    const keys = await ctx.vault.keys(survey.incidentId);
    await answers.writeAnew(tx, {
      surveyId: survey.id,
      closing,
      held: shuffled(await Promise.all(left.map((answer) => sealAnswer(ctx, survey, answer)))),
      tally: {
        releasedOn: ctx.now().toISOString().slice(0, 10),
        sealed: keys.seal("tally", survey.id, tally),
      },
      remarks: remarksWith(keys, await answers.remarks(tx, survey.id), { texts, closing }),
    });
  });
}

/** The answers that may be read now, by the cell that they count for. */
function batched(
  { batchMin }: KeyedSurvey,
  waiting: readonly Answer[],
  before: Tally,
  closing: boolean,
) {
  const groups = Map.groupBy(waiting, ({ group }) => group);
  const sizes = new Map([...groups].map(([group, all]) => [group, all.length]));
  const first = released(before) === 0;
  return batchesOf(sizes, { closing, first, batchMin }).map(({ cell, groups: names }) => ({
    cell,
    answers: names.flatMap((name) => groups.get(name) ?? []),
  }));
}

/**
 * The texts so far and the new ones, in random order and sealed anew under fresh ids. New ones
 * show once ten of them wait; at the end those that are fewer are gone.
 */
function remarksWith(
  keys: Keys,
  before: readonly Remark[],
  { texts, closing }: { readonly texts: readonly string[]; readonly closing: boolean },
): Remark[] {
  const all = [
    ...before.map((remark) => ({ shown: remark.shown, text: openRemark(keys, remark) })),
    ...texts.map((text) => ({ shown: false, text: scrubbed(text) })),
  ];
  const enough = all.filter(({ shown }) => !shown).length >= CELL_MIN;
  const kept = all.filter(({ shown }) => shown || enough || !closing);
  return shuffled(kept).map(({ shown, text }) => {
    const id = randomUUID();
    const sealed = keys.seal("remark", id, padded(text, REMARK_BYTES));
    return { id, shown: shown || enough, sealed };
  });
}

/** The waiting answers in clear, by id. One that nobody can open must not stop the others. */
async function opened(
  ctx: Context,
  survey: KeyedSurvey,
  all: readonly Held[],
  known: ReadonlyMap<string, Answer> = new Map(),
): Promise<Map<string, Answer>> {
  const { id, sealedPrivate } = survey;
  if (all.length === 0 || !sealedPrivate) return new Map();
  const privateKey = (await ctx.vault.keys(id)).openBytes("survey", id, sealedPrivate);
  const open = async (held: Held): Promise<[string, Answer]> => {
    const value = known.has(held.id)
      ? { value: known.get(held.id) }
      : await ctx.box.open(privateKey, purposeOf(id), held.sealed);
    return [held.id, SealedAnswer.parse(value).value];
  };
  const each = await Promise.allSettled(all.map(open));
  const good = each.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const lost = all.length - good.length;
  if (lost > 0) ctx.log.error({ surveyId: id, lost }, "answers could not be opened");
  return new Map(good);
}

/** In random order (Fisher and Yates), by the operating system's chance. */
function shuffled<T>(given: readonly T[]): T[] {
  const list = [...given];
  for (let i = list.length - 1; i > 0; i -= 1) {
    const j = randomInt(i + 1);
    const [one, other] = [list[i], list[j]];
    if (one !== undefined && other !== undefined) [list[i], list[j]] = [other, one];
  }
  return list;
}

const SealedAnswer = z.object({ value: Answer });
const Sealed = z.object({ value: z.string() });

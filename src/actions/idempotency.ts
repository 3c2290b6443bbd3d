import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { ORGANISATION } from "../context.ts";
import type { Context } from "../context.ts";
import { Refusal, refuse } from "../domain/refusal.ts";
import type { RefusalCode } from "../domain/refusal.ts";
import { canonical } from "../domain/timeline.ts";
import { sureOfCommits } from "../store/db.ts";
import * as idempotency from "../store/idempotency.ts";

/** A request that its sender may repeat: who, under which key, to which route, saying what. */
export interface Repeatable {
  readonly staffId: string;
  readonly key: string;
  readonly route: string;
  /** Everything the request says. Only a keyed hash of it is stored. */
  readonly content: unknown;
  /** Never keep this answer: it holds a secret or personal data. */
  readonly secretAnswer: boolean;
}

/** What was answered: JSON and its HTTP status. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/**
 * Do a thing once however often it is asked for: the first request under a key acts, its
 * copies wait up to five seconds and get its answer. A refusal is an answer too, except one
 * that a later try may turn around (such as a wrong code), which frees the key. It acts by the
 * context that it is given: where only the answer to a COMMIT is lost, it ends as if it had come.
 *
 * Refuses `idempotency-key-reused` for another request under the same key, `conflict` where
 * the answer was not kept or the first request broke off, and `still-running` while it has no
 * answer. One whose process died has none for 24 hours: better looked at than done twice.
 */
export async function once(
  ctx: Context,
  request: Repeatable,
  act: (ctx: Context) => Promise<Answer>,
): Promise<Answer> {
  const keys = await ctx.vault.keys(ORGANISATION);
  const { staffId, key, route } = request;
  const bodyHash = keys.hash("idempotency", canonical(request.content));
  const wanted = { staffId, key, route, bodyHash };

  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    if (await idempotency.reserve(ctx.sql, wanted)) return first(ctx, request, wanted, act);
    const known = await idempotency.find(ctx.sql, staffId, key);
    if (known && (known.route !== route || !known.bodyHash.equals(bodyHash)))
      refuse("idempotency-key-reused", "This key was used for another request; choose a new one.");
    if (known?.status)
      return replay(known.status, known.response && open(keys, wanted, known.response));
    await sleep(TRY_MS);
  }
  return refuse("still-running", "The first request with this key has no answer yet.");
}

type Keys = Awaited<ReturnType<Context["vault"]["keys"]>>;

async function first(
  ctx: Context,
  request: Repeatable,
  wanted: idempotency.Reservation,
  act: (ctx: Context) => Promise<Answer>,
): Promise<Answer> {
  const keys = await ctx.vault.keys(ORGANISATION);
  const settle = (status: number, kept: Kept) =>
    idempotency.settle(ctx.sql, wanted, {
      status,
      response: request.secretAnswer ? null : keys.seal("idempotency", rowOf(wanted), kept),
    });
  const sure = { ...ctx, sql: sureOfCommits(ctx.sql) };
  const answer = await act(sure).catch(async (error: unknown) => {
    if (isPassing(error)) await idempotency.release(ctx.sql, wanted);
    else {
      // What broke off may have been done: a copy is told to look, and does nothing.
      const { code, message: sentence, fields } = error instanceof Refusal ? error : BROKEN_OFF;
      await settle(REFUSED, { refusal: { code, sentence, fields: [...fields] } }).catch(() => {});
    }
    throw error;
  });
  const kept = { body: answer.body ?? null };
  // It is done, whatever becomes of this connection: its copies are to hear of it.
  await settle(answer.status, kept).catch(() => settle(answer.status, kept));
  return answer;
}

/** Whether the request had no effect, for a reason that a later try may not meet. */
function isPassing(error: unknown): boolean {
  if (error instanceof Refusal) return PASSING.has(error.code);
  return error instanceof Error && "code" in error && UNDONE.has(String(error.code));
}

function open(keys: Keys, wanted: idempotency.Reservation, response: Buffer): Kept {
  return Kept.parse(keys.open("idempotency", rowOf(wanted), response));
}

function replay(status: number, kept: Kept | null): Answer {
  if (!kept)
    return refuse("conflict", "This was answered already, and such an answer is not kept.");
  if (!("refusal" in kept)) return { status, body: kept.body };
  const { code, sentence, fields } = kept.refusal;
  return refuse(code, sentence, fields);
}

function rowOf({ staffId, key }: idempotency.Reservation): string {
  return `${staffId}/${key}`;
}

const Kept = z.union([
  z.object({
    refusal: z.object({
      code: z.custom<RefusalCode>((code) => typeof code === "string"),
      sentence: z.string(),
      fields: z.array(
        z.object({
          field: z.string(),
          code: z.string(),
          message: z.string(),
          line: z.number().exactOptional(),
        }),
      ),
    }),
  }),
  z.object({ body: z.unknown() }),
]);
type Kept = z.output<typeof Kept>;

const BROKEN_OFF = new Refusal(
  "conflict",
  "The first request with this key broke off. Look at what it did, then use a new key.",
);
/** Refusals that say nothing about the request itself. */
const PASSING: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  "second-factor-needed",
  "second-factor-wrong",
  "too-many-requests",
  "still-running",
  "unavailable",
]);
/** PostgreSQL undid it: somebody else held a lock for too long, or both wanted the same. */
const UNDONE: ReadonlySet<string> = new Set(["40001", "40P01", "55P03"]);
/** The status stored with a refusal; the code in it decides the real one. */
const REFUSED = 400;
const TRY_MS = 100;
const TRIES_MAX = 50;

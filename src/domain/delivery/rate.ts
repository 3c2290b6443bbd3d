import { z } from "zod";

import type { Outcome } from "../delivery.ts";

const AMOUNT_MAX = 1e15;
/** Nothing that we write is below zero, or beyond any time or rate. */
const Amount = z.number().min(0).max(AMOUNT_MAX);
/**
 * Leave to send towards one provider, for one sender or to one recipient domain: a token bucket
 * whose rate is cut in half by a refusal and grows by a twentieth a second without one: double
 * after 14 s, from one a second to a thousand in 142 s. What grows by a fixed amount would not be
 * back from a storm of refusals within a day. All times are milliseconds of one clock, the one of
 * Redis.
 */
export const Bucket = z.object({
  tokens: Amount,
  /** When the tokens were counted. */
  at: Amount,
  /** Messages a second that went of late, by whichever worker. */
  pace: Amount,
  /** Messages a second right after the last cut; null where nothing was ever refused. */
  cutTo: Amount.min(1).nullable(),
  cutAt: Amount,
  /** Asked for by the other side; nothing goes before. */
  pausedUntil: Amount,
  /** Until when the turns are given to messages that were put off. */
  bookedUntil: Amount,
});
export type Bucket = z.output<typeof Bucket>;

/** What a setting allows, in messages a second; infinite where none does. */
export interface Limit {
  readonly perSecond: number;
}

export const NO_LIMIT: Limit = { perSecond: Infinity };

/** A bucket of which nothing is known yet: a second's worth may go at once. */
export function newBucket(limit: Limit, now: number): Bucket {
  const idle = { at: now, pace: 0, cutTo: null, cutAt: 0, pausedUntil: 0, bookedUntil: 0 };
  return { ...idle, tokens: Math.max(1, Number.isFinite(limit.perSecond) ? limit.perSecond : 0) };
}

/** How fast a bucket fills, in messages a second. */
export function speed({ cutTo, cutAt }: Bucket, limit: Limit, now: number): number {
  const allowed = steady(limit);
  if (cutTo === null || now - cutAt >= FORGET_MS) return allowed;
  const quietSeconds = Math.max(0, now - cutAt - ONE_CUT_MS) / 1_000;
  return Math.min(allowed, cutTo * (1 + GROWTH) ** quietSeconds);
}

/**
 * Take up to `want` whole tokens of every one of these buckets at once. Fewer than are worth a
 * claim are not given while more are on their way. Answers how many, and after how many
 * milliseconds to ask again where there are none.
 */
export function take(
  given: readonly (readonly [Bucket, Limit])[],
  want: number,
  now: number,
): { buckets: Bucket[]; taken: number; waitMs: number } {
  const filled = given.map(([bucket, limit]) => filledBy(bucket, limit, now));
  let [taken, waitMs] = [want, 0];
  for (const [i, bucket] of filled.entries()) {
    const perSecond = speed(bucket, given[i]?.[1] ?? NO_LIMIT, now);
    if (perSecond === Infinity && now >= bucket.pausedUntil) continue;
    const least = Math.min(want, Math.max(1, Math.floor(perSecond * WORTHWHILE_SECONDS)));
    const missing = Math.max(0, least - bucket.tokens);
    const pause = Math.max(0, bucket.pausedUntil - now);
    waitMs = Math.max(waitMs, pause, Math.ceil((missing / perSecond) * 1_000));
    taken = Math.min(taken, Math.floor(bucket.tokens));
  }
  if (waitMs > 0) taken = 0;
  return { buckets: filled.map((each) => spend(each, taken)), taken, waitMs };
}

/** Tokens that were taken and not used come back. */
export function refund(bucket: Bucket, limit: Limit, { now, count }: Returned): Bucket {
  const filled = filledBy(bucket, limit, now);
  const most = capacity(filled, limit, now);
  const pace = Math.max(0, filled.pace - count / PACE_SECONDS);
  return { ...filled, tokens: Math.min(most, filled.tokens + count), pace };
}

interface Returned {
  readonly now: number;
  readonly count: number;
}

/**
 * A turn for a message that cannot go now: after the pause, and after those that were put off
 * before it, so that a million of them do not come back together. Where that is too far ahead the
 * turn is somewhere in the second half of what is not; `chance` (0 to 1) says where. Answers the
 * milliseconds until the turn.
 */
export function book(
  bucket: Bucket,
  limit: Limit,
  { now, chance }: { readonly now: number; readonly chance: number },
): { bucket: Bucket; waitMs: number } {
  const perSecond = speed(bucket, limit, now);
  const turn = Math.max(bucket.bookedUntil, bucket.pausedUntil, now) + 1_000 / perSecond;
  const horizon = Math.max(bucket.pausedUntil, now) + HORIZON_MS;
  if (turn <= horizon)
    return {
      bucket: { ...bucket, bookedUntil: Math.min(AMOUNT_MAX, turn) },
      waitMs: Math.ceil(turn - now),
    };
  return { bucket, waitMs: Math.ceil(horizon - now - (chance * HORIZON_MS) / 2) };
}

/** What a refusal says: how fast we were, and for how long nothing should come. */
export interface Refusal {
  readonly now: number;
  /** Messages a second that were going this way, as far as one worker knows. */
  readonly seen: number;
  readonly pauseMs: number;
}

/**
 * After a refusal: half the rate, at most once a second, because what was under way before the
 * last cut says nothing about it; and a pause where one was asked for. What had grown and was not
 * used says nothing either. Never below one a second: a server that puts off everybody's first
 * try (greylisting, RFC 6647) must see all of those tries, and nobody is tried more often for it.
 */
export function cut(bucket: Bucket, limit: Limit, { now, seen, pauseMs }: Refusal): Bucket {
  const pausedUntil = Math.max(bucket.pausedUntil, now + Math.min(pauseMs, PAUSE_MS_MAX));
  if (bucket.cutTo !== null && now - bucket.cutAt < ONE_CUT_MS) return { ...bucket, pausedUntil };
  const known = bucket.cutTo !== null && now - bucket.cutAt < FORGET_MS;
  const before = speed(bucket, limit, now);
  const used = known ? Math.max(filledBy(bucket, limit, now).pace, bucket.cutTo ?? 0) : 0;
  const base = Math.min(before, Math.max(used, seen));
  const cutTo = Math.max(RATE_MIN, base / 2);
  return { ...filledBy(bucket, limit, now), tokens: 0, cutTo, cutAt: now, pausedUntil };
}

/** How many milliseconds a bucket must be remembered; after that it is as if new. */
export function lifetimeMs(bucket: Bucket, now: number): number {
  const until = Math.max(bucket.cutAt, bucket.pausedUntil, bucket.at) + FORGET_MS;
  return Math.max(1, Math.ceil(until - now));
}

/** Whether a bucket is slower than its setting says, or stands still. */
export function isCut(bucket: Bucket, now: number): boolean {
  return (bucket.cutTo !== null && now - bucket.cutAt < FORGET_MS) || bucket.pausedUntil > now;
}

/** Whose rate a refusal is about. */
export type Refuser = "provider" | "sender" | "domain";

/**
 * What an outcome says about our speed, if anything: whom it slows, and the pause it asks for. A
 * reply to one message is about the recipient's domain unless the gateway says otherwise; an SMS
 * has no domain. A time that such a reply names (greylisting) is when this message may come again:
 * others to the domain need not wait for it, and must be seen once before their own time begins.
 */
export function slowdown(
  outcome: Outcome,
  channel: "email" | "sms",
): { by: Refuser; pauseMs: number } | undefined {
  const usual = channel === "sms" ? "provider" : "domain";
  const { kind, code } = outcome;
  if (kind !== "throttled" && !(kind === "transient" && SLOWER.has(code))) return undefined;
  const by = kind === "throttled" ? (outcome.scope ?? usual) : usual;
  return { by, pauseMs: by === "domain" ? 0 : (outcome.retryAfterMs ?? 0) };
}

/** The domain of an address in lower case: what mailbox providers count by. */
export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1).toLowerCase();
}

function spend(bucket: Bucket, taken: number): Bucket {
  return {
    ...bucket,
    tokens: Math.max(0, bucket.tokens - taken),
    pace: Math.min(AMOUNT_MAX, bucket.pace + taken / PACE_SECONDS),
  };
}

/**
 * The tokens that came since. The slower rate of the two ends counts, so that a bucket is never
 * ahead of its rate; none come during a pause. A clock that went back starts anew.
 */
function filledBy(bucket: Bucket, limit: Limit, now: number): Bucket {
  const from = Math.max(Math.min(bucket.at, now), Math.min(bucket.pausedUntil, now));
  const perSecond = speed(bucket, limit, from);
  const came = perSecond === Infinity ? 0 : (perSecond * (now - from)) / 1_000;
  const tokens = Math.min(capacity(bucket, limit, now), bucket.tokens + came);
  const pace = bucket.pace * Math.exp(Math.min(0, bucket.at - now) / (PACE_SECONDS * 1_000));
  return { ...bucket, tokens, pace, at: now };
}

/** A second's worth; one message at least. */
function capacity(bucket: Bucket, limit: Limit, now: number): number {
  const perSecond = speed(bucket, limit, now);
  if (perSecond === Infinity) return 0;
  return Math.max(1, perSecond === steady(limit) ? limit.perSecond : perSecond);
}

/**
 * What a limit leaves once a full bucket is counted too: a second's worth and sixty seconds of
 * this are no more than sixty seconds of the limit.
 */
function steady({ perSecond }: Limit): number {
  if (perSecond === Infinity) return Infinity;
  return perSecond - Math.max(1, perSecond) / MINUTE_SECONDS;
}

const MINUTE_SECONDS = 60;
/** A rate that was cut to 100 a second is 105 after a second without a refusal. */
const GROWTH = 0.05;
const ONE_CUT_MS = 1_000;
/** Messages a second. */
const RATE_MIN = 1;
/** A message counts for the pace of about so many seconds. */
const PACE_SECONDS = 5;
const FORGET_MS = 15 * 60_000;
const HORIZON_MS = 15 * 60_000;
const PAUSE_MS_MAX = 24 * 3_600_000;
/** A claim of a row or two costs as much as one of twenty. */
const WORTHWHILE_SECONDS = 0.05;
/** Replies that ask for less (RFC 5321 4.2.3, RFC 6585 4). */
const SLOWER = new Set(["421", "450", "451", "452", "429"]);

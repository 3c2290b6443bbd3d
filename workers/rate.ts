import { setTimeout as sleep } from "node:timers/promises";

import type { Redis } from "ioredis";

import type { Rate } from "../src/actions/delivery/pacing.ts";
import { ORGANISATION } from "../src/context.ts";
import type { Vault } from "../src/context.ts";
import {
  NO_LIMIT,
  book,
  cut,
  newBucket,
  refund,
  slowdown,
  take,
} from "../src/domain/delivery/rate.ts";
import type { Bucket, Limit, Refuser } from "../src/domain/delivery/rate.ts";
import type { JobName } from "../src/jobs.ts";
import { createBuckets } from "./buckets.ts";
import type { Buckets } from "./buckets.ts";
import { createSlow } from "./slow.ts";
import { createTally } from "./tally.ts";

export interface RateOptions {
  readonly queue: Extract<JobName, "email-smtp" | "sms-twilio">;
  /** Messages a second over all workers; 0 means no limit. */
  readonly perSecond: number;
  /** The address or number that all of it comes from. */
  readonly sender: string;
  /** A keyed hash: what is told to Redis in the place of a sender or a domain. */
  readonly hash: (text: string) => string;
}

/**
 * Leave to send, of the rates that all workers share through Redis: one for the provider, one for
 * the sender and one for each recipient domain. Where nothing is limited and nothing was refused
 * Redis is not asked. A limit is strict: while Redis is away nothing may go that has one.
 */
export function createRate(
  redis: Pick<Redis, "eval" | "time" | "zrangebyscore">,
  options: RateOptions,
): Rate {
  const channel = options.queue === "sms-twilio" ? "sms" : "email";
  const buckets = createBuckets(redis);
  const ways = waysOf(options);
  const slow = createSlow(buckets.cutOnes);
  const all = createTally();
  const domains = createTally();
  /** The buckets that every message takes from, of those that hold anything back. */
  const shared = () =>
    [ways.provider, ways.sender].filter(({ name, limit }) => limit !== NO_LIMIT || slow.has(name));

  async function slowDown({ by, pauseMs }: { by: Refuser; pauseMs: number }, domain = "") {
    const way = by === "domain" ? ways.domain(domain) : ways[by];
    const seen = by === "domain" ? domains.perSecond(domain) : all.perSecond("");
    slow.add(way.name);
    await edit(buckets, way, (bucket, now) => cut(bucket, way.limit, { now, seen, pauseMs }));
  }

  return {
    async take(most) {
      const deadline = performance.now() + WAIT_MS_MAX;
      for (;;) {
        const { taken, waitMs } = await takeFrom(buckets, shared(), most).catch(() => NOTHING);
        if (taken > 0 || waitMs > deadline - performance.now()) return taken;
        await sleep(Math.max(1, waitMs));
      }
    },
    giveBack(count) {
      for (const way of shared())
        void edit(buckets, way, (bucket, now) => refund(bucket, way.limit, { now, count })).catch(
          () => {},
        );
    },
    async wait(domain) {
      all.count("");
      if (domain === undefined) return 0;
      domains.count(domain);
      if (slow.isEmpty()) return 0;
      const way = ways.domain(domain);
      return slow.has(way.name) ? turnIn(buckets, way).catch(() => NOTHING.waitMs) : 0;
    },
    told(outcome, domain) {
      const slower = slowdown(outcome, channel);
      // Redis is away: the delivery itself is tried later all the same.
      if (slower) void slowDown(slower, domain).catch(() => {});
    },
  };
}

/** What Redis is told in the place of a domain, which may say who was affected: 64 bits of it. */
export async function rateHash(vault: Vault): Promise<(text: string) => string> {
  const keys = await vault.keys(ORGANISATION);
  return (text) => keys.hash("rate", text).toString("hex").slice(0, HASH_HEX);
}

/** A bucket by its name, and what a setting allows of it. */
interface Way {
  readonly name: string;
  readonly limit: Limit;
}

function waysOf({ queue, perSecond, sender, hash }: RateOptions) {
  const limit = perSecond > 0 ? { perSecond } : NO_LIMIT;
  return {
    provider: { name: queue, limit },
    sender: { name: `${queue}:sender:${hash(sender)}`, limit: NO_LIMIT },
    domain: (domain: string) => ({ name: `${queue}:domain:${hash(domain)}`, limit: NO_LIMIT }),
  };
}

async function takeFrom(
  { change }: Buckets,
  ways: readonly Way[],
  want: number,
): Promise<{ taken: number; waitMs: number }> {
  if (ways.length === 0) return { taken: want, waitMs: 0 };
  const names = ways.map(({ name }) => name);
  return change(names, (found, now) => {
    const given = ways.map(({ limit }, i) => [found[i] ?? newBucket(limit, now), limit] as const);
    const { buckets, ...answer } = take(given, want, now);
    return { buckets, answer };
  });
}

function edit(
  { change }: Buckets,
  { name, limit }: Way,
  decide: (bucket: Bucket, now: number) => Bucket,
): Promise<undefined> {
  return change([name], ([found], now) => {
    const bucket = decide(found ?? newBucket(limit, now), now);
    return { buckets: [bucket], answer: undefined };
  });
}

/** One message's turn by itself: now, or after how many milliseconds. */
function turnIn({ change }: Buckets, { name, limit }: Way): Promise<number> {
  return change([name], ([found], now) => {
    const { buckets, taken } = take([[found ?? newBucket(limit, now), limit]], 1, now);
    const [left] = buckets;
    if (!left || taken > 0) return { buckets, answer: 0 };
    const { bucket, waitMs } = book(left, limit, { now, chance: Math.random() });
    return { buckets: [bucket], answer: Math.max(1, waitMs) };
  });
}

const HASH_HEX = 16;
const WAIT_MS_MAX = 250;
const NOTHING = { taken: 0, waitMs: 1_000 };

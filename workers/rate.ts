import type { Redis } from "ioredis";
import { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";

import { PREFIX } from "../src/jobs.ts";
import type { JobName } from "../src/jobs.ts";

/**
 * Leave to send at no more than `perSecond` messages over all workers; 0 means no limit. Answers
 * how many of the wanted may go now, after waiting at most 250 ms; 0 also while Redis is away.
 * Each queue has a rate of its own.
 */
export function createRate(
  redis: Redis,
  perSecond: number,
  queue: JobName = "email-smtp",
): (most: number) => Promise<number> {
  if (perSecond === 0) return (most) => Promise.resolve(most);
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: `${PREFIX}:rate`,
    points: perSecond,
    duration: 1,
    rejectIfRedisNotReady: true,
  });

  /** A refused request has counted all the same: it is handed back and what is left asked for. */
  async function ask(points: number): Promise<{ taken: number; waitMs: number }> {
    try {
      await limiter.consume(queue, points);
      return { taken: points, waitMs: 0 };
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) return { taken: 0, waitMs: WAIT_MAX_MS };
      await limiter.reward(queue, points);
      const left = Math.min(points - 1, perSecond - (refused.consumedPoints - points));
      return left > 0 ? await ask(left) : { taken: 0, waitMs: Math.max(1, refused.msBeforeNext) };
    }
  }

  return async (most) => {
    const deadline = performance.now() + WAIT_MAX_MS;
    for (;;) {
      const { taken, waitMs } = await ask(Math.min(most, perSecond));
      const leftMs = deadline - performance.now();
      if (taken > 0 || waitMs > leftMs) return taken;
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  };
}

const WAIT_MAX_MS = 250;

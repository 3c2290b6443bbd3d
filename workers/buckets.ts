import type { Redis } from "ioredis";

import { z } from "zod";

import { Bucket, isCut, lifetimeMs } from "../src/domain/delivery/rate.ts";
import { PREFIX } from "../src/jobs.ts";

/** Buckets that all workers share. What may happen to one is decided in `src/domain`. */
export interface Buckets {
  /**
   * Read these buckets and write what `decide` makes of them, all at once: where another worker
   * was quicker, it decides anew. Throws while Redis is away, or never says the same twice.
   */
  change<T>(names: readonly string[], decide: Decide<T>): Promise<T>;
  /** The names of buckets that are slower than their setting says. */
  cutOnes(): Promise<string[]>;
}

type Decide<T> = (
  found: readonly (Bucket | undefined)[],
  now: number,
) => { readonly buckets: readonly Bucket[]; readonly answer: T };

/** Buckets in Redis, by Redis's own clock. */
export function createBuckets(redis: Pick<Redis, "eval" | "time" | "zrangebyscore">): Buckets {
  async function swap(names: readonly string[], edits: readonly Edit[], now: number) {
    const texts = edits.flatMap(({ before, after }) => [
      before,
      JSON.stringify(after),
      String(lifetimeMs(after, now)),
      isCut(after, now) ? "1" : "0",
    ]);
    const keys = [...names.map(keyOf), CUT_KEY];
    return Swapped.parse(await redis.eval(SWAP, keys.length, ...keys, ...names, ...texts));
  }

  return {
    async change(names, decide) {
      let [done, now, ...texts] = await swap(names, [], 0);
      for (let tries = 0; tries < TRIES_MAX; tries += 1) {
        const { buckets, answer } = decide(texts.map(read), now);
        const edits = buckets.map((after, i) => ({ before: texts[i] ?? "", after }));
        [done, now, ...texts] = await swap(names, edits, now);
        if (done === 1) return answer;
      }
      throw new Error("A bucket in Redis cannot be changed.");
    },
    async cutOnes() {
      const [seconds] = await redis.time();
      const now = Number(seconds) * 1_000;
      return redis.zrangebyscore(CUT_KEY, now, "+inf", "LIMIT", 0, CUT_MAX);
    },
  };
}

interface Edit {
  readonly before: string;
  readonly after: Bucket;
}

const keyOf = (name: string) => `${PREFIX}:bucket:${name}`;

/** What we did not write, or wrote as another version, is as if it were not there. */
function read(text: string): Bucket | undefined {
  try {
    return Bucket.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const Swapped = z.tuple([z.number(), z.coerce.number()], z.string());

/**
 * Compare and set, for several buckets at once. Keys: the buckets, then the set of those that are
 * cut. Arguments: the names, then for each what it was, what it becomes, its lifetime and whether
 * it is cut; without those it reads. Answers 1 or 0, Redis's time in milliseconds, and what is
 * there.
 */
const SWAP = `
local count = #KEYS - 1
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local answer = {#ARGV > count and 1 or 0, string.format('%.0f', now)}
for i = 1, count do
  local found = redis.call('GET', KEYS[i]) or ''
  answer[i + 2] = found
  if ARGV[count + i * 4 - 3] ~= found then answer[1] = 0 end
end
if answer[1] == 0 then return answer end
for i = 1, count do
  local at = count + i * 4
  redis.call('SET', KEYS[i], ARGV[at - 2], 'PX', ARGV[at - 1])
  if ARGV[at] == '1' then
    redis.call('ZREMRANGEBYSCORE', KEYS[#KEYS], '-inf', now)
    redis.call('ZADD', KEYS[#KEYS], now + ARGV[at - 1], ARGV[i])
    redis.call('PEXPIRE', KEYS[#KEYS], 90000000)
  end
end
return answer`;

const CUT_KEY = `${PREFIX}:buckets-cut`;
const CUT_MAX = 100_000;
/** Each time one of the workers gets its turn. */
const TRIES_MAX = 1_000;

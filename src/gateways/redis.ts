import { Redis } from "ioredis";

import { ConfigError } from "../config.ts";

/**
 * A connection to Redis for BullMQ, which wants its commands retried for ever. With
 * `failFast`, for the relay, a command fails at once while Redis is away instead.
 */
export function openRedis(url: string, failFast = false): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    enableOfflineQueue: !failFast,
    retryStrategy: (attempt) => Math.min(attempt * 100, RETRY_MAX_MS),
  });
  // Without a listener an outage would end the process; BullMQ and the relay see it for themselves.
  redis.on("error", () => {});
  return redis;
}

/** Refuses, with a `ConfigError`, a Redis that the queue cannot be trusted to. */
export async function assertUsable(redis: Redis): Promise<void> {
  const problems = unfit(await redis.info("server"), await redis.info("memory"));
  if (problems.length > 0) throw new ConfigError(problems);
}

/** What is wrong with the Redis behind a URL, as sentences that quote no value. */
export async function redisProblems(url: string): Promise<string[]> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  redis.on("error", () => {});
  try {
    await redis.connect();
    await assertUsable(redis);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [...error.problems];
    return ["REDIS_URL: Redis does not answer there, or refuses these credentials."];
  } finally {
    redis.disconnect();
  }
}

/**
 * What is wrong with a Redis, by its INFO sections: managed services block CONFIG. Any policy
 * but `noeviction` lets Redis drop jobs silently when memory runs short.
 */
export function unfit(server: string, memory: string): string[] {
  const problems: string[] = [];
  if (field(memory, "maxmemory_policy") !== "noeviction")
    problems.push("REDIS_URL: this Redis may evict keys; set its maxmemory-policy to noeviction.");
  const [major = 0, minor = 0] = field(server, "redis_version").split(".").map(Number);
  if (major < 6 || (major === 6 && minor < 2))
    problems.push("REDIS_URL: Redis 6.2 or newer is needed.");
  return problems;
}

function field(info: string, name: string): string {
  const line = info.split(/\r?\n/).find((each) => each.startsWith(`${name}:`));
  return line?.slice(name.length + 1) ?? "";
}

const RETRY_MAX_MS = 2_000;
const CONNECT_TIMEOUT_MS = 3_000;

import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { Cluster, Redis } from "ioredis";
import { z } from "zod";

import { ConfigError } from "../config.ts";
import { PREFIX } from "../jobs.ts";

/** One Redis, or a cluster of them: all our keys lie in one slot, so either will do. */
export type RedisClient = Redis | Cluster;

/**
 * A connection to Redis for BullMQ, which wants its commands retried for ever; one that hears
 * nothing for 20 s, longer than any of its waits, is opened anew. With `failFast`, for the relay, a
 * command fails at once while Redis is away, and after 3 s where it is frozen.
 */
export function openRedis(url: string, failFast = false): RedisClient {
  const patience = failFast ? { commandTimeout: COMMAND_MS_MAX } : {};
  const redisOptions = { maxRetriesPerRequest: null, socketTimeout: SILENCE_MS_MAX, ...patience };
  const retryStrategy = (attempt: number) => Math.min(attempt * 100, RETRY_MAX_MS);
  const redis = isCluster(url)
    ? openCluster(url, {
        redisOptions,
        enableOfflineQueue: !failFast,
        clusterRetryStrategy: retryStrategy,
      })
    : new Redis(url, { ...redisOptions, enableOfflineQueue: !failFast, retryStrategy });
  // Without a listener an outage would end the process; BullMQ and the relay see it for themselves.
  redis.on("error", () => {});
  return redis;
}

/** Wait until it may be asked, or for as long as this. */
export async function readyWithin(redis: RedisClient, msMax: number): Promise<void> {
  if (redis.status === "ready") return;
  const given = new AbortController();
  await Promise.race([
    once(redis, "ready", { signal: given.signal }),
    sleep(msMax, undefined, { signal: given.signal }),
  ]).catch(() => {});
  given.abort();
}

/** Whether REDIS_URL names a cluster: several addresses, or `?cluster=true` on the only one. */
export function isCluster(url: string): boolean {
  return url.includes(",") || new URL(url).searchParams.get("cluster") === "true";
}

type ClusterOptions = NonNullable<ConstructorParameters<typeof Cluster>[1]>;

/** The first address says who signs in and whether by TLS; the others are where else to ask. */
function openCluster(list: string, options: ClusterOptions): Cluster {
  const urls = list.split(",").map((url) => new URL(url.trim()));
  const nodes = urls.map(({ hostname: host, port }) => ({ host, port: Number(port || "6379") }));
  const [first] = urls;
  const secrets = {
    ...(first?.username && { username: decodeURIComponent(first.username) }),
    ...(first?.password && { password: decodeURIComponent(first.password) }),
  };
  const isTls = first?.protocol === "rediss:";
  return new Cluster(nodes, {
    ...options,
    // A certificate names a host: it must not be turned into an address first.
    ...(isTls && { dnsLookup: (host, done) => done(null, host) }),
    redisOptions: { ...options.redisOptions, ...secrets, ...(isTls && { tls: {} }) },
  });
}

/**
 * A section of INFO from the server that holds our keys. In a cluster `INFO` alone would be
 * answered by any of its servers; a script goes where its key is.
 */
export async function infoOf(redis: RedisClient, section: "server" | "memory"): Promise<string> {
  if (redis instanceof Redis) return redis.info(section);
  return String(await redis.eval("return redis.call('INFO', ARGV[1])", 1, PREFIX, section));
}

/** Refuses, with a `ConfigError`, a Redis that the queue cannot be trusted to. */
export async function assertUsable(redis: RedisClient): Promise<void> {
  const problems = unfit(await infoOf(redis, "server"), await infoOf(redis, "memory"));
  if (problems.length > 0) throw new ConfigError(problems);
}

/** What is wrong with the Redis behind a URL, as sentences that quote no value. */
export async function redisProblems(url: string): Promise<string[]> {
  const redis = openOnce(url);
  redis.on("error", () => {});
  try {
    await redis.connect();
    if (redis instanceof Redis && field(await redis.info("server"), "redis_mode") === "cluster")
      return ["REDIS_URL: this Redis is part of a cluster; add ?cluster=true to its address."];
    await assertUsable(redis);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [...error.problems];
    return ["REDIS_URL: Redis does not answer there, or refuses these credentials."];
  } finally {
    redis.disconnect();
  }
}

function openOnce(url: string): RedisClient {
  const limits = { connectTimeout: CONNECT_TIMEOUT_MS, commandTimeout: CONNECT_TIMEOUT_MS };
  const redisOptions = { ...limits, maxRetriesPerRequest: 0 };
  return isCluster(url)
    ? openCluster(url, { lazyConnect: true, redisOptions, clusterRetryStrategy: () => null })
    : new Redis(url, { ...redisOptions, lazyConnect: true, retryStrategy: () => null });
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

/** A field of an INFO answer; empty where there is none. */
export function field(info: string, name: string): string {
  const line = info.split(/\r?\n/).find((each) => each.startsWith(`${name}:`));
  return line?.slice(name.length + 1) ?? "";
}

/**
 * Throw away our own keys of Redis, but for those given: other applications may share it, and
 * FLUSHALL would empty every database there. Answers how many.
 */
export async function removeOurKeys(redis: RedisClient, keep: readonly string[]): Promise<number> {
  let removed = 0;
  for (const server of redis instanceof Redis ? [redis] : redis.nodes("master"))
    for await (const keys of server.scanStream({ match: `${PREFIX}:*`, count: 1_000 })) {
      const ours = Keys.parse(keys).filter((key) => !keep.includes(key));
      if (ours.length > 0) removed += await server.unlink(...ours);
    }
  return removed;
}

const Keys = z.array(z.string());
const RETRY_MAX_MS = 2_000;
const CONNECT_TIMEOUT_MS = 3_000;
const COMMAND_MS_MAX = 3_000;
/** BullMQ waits for work up to ten seconds at a time. */
const SILENCE_MS_MAX = 20_000;

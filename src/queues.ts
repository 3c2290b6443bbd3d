import { Queue } from "bullmq";

import type { Trouble } from "./actions/worker.ts";
import { ConfigError } from "./config.ts";
import type { Context } from "./context.ts";
import { assertUsable, field, infoOf, removeOurKeys } from "./gateways/redis.ts";
import type { RedisClient } from "./gateways/redis.ts";
import { WITNESS_KEY } from "./gateways/witness.ts";
import { JOBS, PREFIX } from "./jobs.ts";
import type { JobName } from "./jobs.ts";
import type { Sql } from "./store/db.ts";
import { giveBackAll, leasedSlices } from "./store/delivery/slice.ts";
import * as engine from "./store/engine.ts";
import * as outbox from "./store/outbox.ts";
import { notify } from "./store/wave.ts";

/** Every queue there is, to hand work to. */
export type Queues = Readonly<Record<JobName, Queue>>;

/** Open all of them over one connection; end with `closeQueues`. */
export function openQueues(redis: RedisClient): Queues {
  return {
    "email-smtp": openQueue("email-smtp", redis),
    "sms-twilio": openQueue("sms-twilio", redis),
    outbox: openQueue("outbox", redis),
  };
}

export async function closeQueues(queues: Queues): Promise<void> {
  await Promise.allSettled(Object.values(queues).map((queue) => queue.close()));
}

function openQueue(name: JobName, redis: RedisClient): Queue {
  const queue = new Queue(name, {
    connection: redis,
    prefix: PREFIX,
    streams: { events: { maxLen: 1_000 } },
    defaultJobOptions: {
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: { age: 3_600, count: 1_000 },
    },
  });
  // The tick that meets the outage says so; without a listener this would end the process.
  queue.on("error", () => {});
  return queue;
}

/**
 * Compare the run id on both sides. Another one, or none, means that Redis lost what we gave it:
 * all leases go back and every open outbox row is due again. So does a Redis that was started
 * again: its file may lack the last second. Refuses one that is full, or that may evict keys.
 */
export async function recogniseRedis(ctx: Context, redis: RedisClient): Promise<void> {
  const started = await startOf(redis);
  // A Redis that is full refuses this, before anything is leased for it.
  await redis.set(`${PREFIX}:writable`, "1", "PX", 60_000);
  if ((await redis.get(RUN_KEY)) === `${await engine.runId(ctx.sql)}/${started}`) return;
  // Another server may have another policy than the one that was looked at when we started.
  await assertUsable(redis);
  await ctx.sql.begin(async (tx) => {
    if ((await redis.get(RUN_KEY)) === `${await engine.lockRunId(tx)}/${started}`) return;
    await startOver(tx, redis, started);
  });
  ctx.log.warn("Redis is empty, another or restarted; everything is handed over again");
}

/** What keeps the relay from its work, by the error that it met. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof ConfigError) return "redis-policy";
  if (!(error instanceof Error)) return "redis";
  if (/^(OOM|MISCONF) /.test(error.message)) return "redis-full";
  return error.name === "PostgresError" || "code" in error ? "database" : "redis";
}

/** What Redis holds, against what it should hold. */
export interface Comparison {
  /** Deliveries that are leased, and in how many slices. */
  readonly rows: number;
  readonly slices: number;
  /** Outbox rows that are not done. */
  readonly outbox: number;
  /** Slices without a job: they come back when their lease runs out. */
  readonly missing: number;
  /** Jobs whose slice has no leased rows: a worker finds nothing there. */
  readonly stale: number;
  /** Whether Redis is the one that we filled. */
  readonly ours: boolean;
}

/** Compare Redis with what PostgreSQL says it should hold. Changes nothing. */
export async function compareQueues(ctx: Context, redis: RedisClient): Promise<Comparison> {
  const queues = openQueues(redis);
  try {
    const slices = new Map(
      (await leasedSlices(ctx.sql)).map(({ sliceId, rows }) => [sliceId, rows]),
    );
    const waiting = await jobsOf(queues, ["waiting", "prioritized", "delayed"]);
    const active = await jobsOf(queues, ["active"]);
    const known = new Set([...waiting, ...active]);
    return {
      rows: [...slices.values()].reduce((sum, rows) => sum + rows, 0),
      slices: slices.size,
      outbox: await outbox.countOpen(ctx.sql),
      missing: [...slices.keys()].filter((sliceId) => !known.has(sliceId)).length,
      stale: waiting.filter((sliceId) => !slices.has(sliceId)).length,
      ours: (await redis.get(RUN_KEY)) === `${await engine.runId(ctx.sql)}/${await startOf(redis)}`,
    };
  } finally {
    await closeQueues(queues);
  }
}

/**
 * Empty our part of Redis and hand everything over again. Safe at any time and any number of times,
 * beside running workers too: what they hold is fenced by its slice, and what they send is claimed.
 */
export async function rebuildQueues(
  ctx: Context,
  redis: RedisClient,
): Promise<{ readonly keys: number; readonly rows: number; readonly outbox: number }> {
  const started = await startOf(redis);
  // First the keys: what a relay adds from here on belongs to leases that the next step keeps or
  // gives back. The other way round, a new job could be thrown away and its rows wait.
  const keys = await removeOurKeys(redis, [WITNESS_KEY]);
  return ctx.sql.begin(async (tx) => {
    await engine.lockRunId(tx);
    const rows = await startOver(tx, redis, started);
    await notify(tx);
    return { keys, rows, outbox: await outbox.countOpen(tx) };
  });
}

/** Take back all that Redis was given, and put our sign on it. Call it with the engine locked. */
async function startOver(tx: Sql, redis: RedisClient, started: string): Promise<number> {
  const rows = await giveBackAll(tx);
  await outbox.handAllAgain(tx);
  const runId = await engine.renewRunId(tx);
  // Before the commit: a crash between the two leaves ids that differ, and this is done again.
  await redis.set(RUN_KEY, `${runId}/${started}`);
  return rows;
}

async function startOf(redis: RedisClient): Promise<string> {
  return field(await infoOf(redis, "server"), "run_id");
}

async function jobsOf(
  queues: Queues,
  states: Parameters<Queue["getJobs"]>[0],
): Promise<readonly string[]> {
  const jobs = await Promise.all(
    (["email-smtp", "sms-twilio"] as const).map((name) => queues[name].getJobs(states)),
  );
  return jobs.flat().flatMap((job) => JOBS["email-smtp"].safeParse(job.data).data?.sliceId ?? []);
}

const RUN_KEY = `${PREFIX}:run`;

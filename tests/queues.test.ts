import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import type { Trouble } from "../src/actions/worker.ts";
import { startRedis } from "../src/dev/redis.ts";
import { openRedis, readyWithin } from "../src/gateways/redis.ts";
import { WITNESS_KEY } from "../src/gateways/witness.ts";
import { PREFIX } from "../src/jobs.ts";
import { closeQueues, compareQueues, openQueues, rebuildQueues } from "../src/queues.ts";
import { startRelay } from "../src/relay.ts";
import { giveBackAll } from "../src/store/delivery/slice.ts";
import { until } from "./support/fleet.ts";
import { givenWave, states } from "./support/wave.ts";
import { world } from "./support/world.ts";
import type { World } from "./support/world.ts";

let w: World;
let folder: string;
let server: Awaited<ReturnType<typeof startRedis>>;
let redis: Redis;
let waveId: string;
/** What the relay said last of its trouble, and everything that it said. */
let said: (Trouble | undefined)[];
let stop: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "candor-queues-"));
  [w, server] = await Promise.all([world(), startRedis(folder)]);
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
});

/** A wave of 250, handed to a Redis that knows nothing yet, by a relay that goes on. */
beforeEach(async () => {
  await redis.flushall();
  await w.sql`update wave set state = 'cancelled', ended_at = now()`;
  await w.sql`delete from delivery`;
  said = [];
  ({ waveId } = await givenWave(w, { people: 250 }));
  const quick = openRedis(server.url, true);
  await readyWithin(quick, 5_000);
  const relay = await startRelay(w.ctx, quick, (trouble) => void said.push(trouble));
  stop = async () => {
    await relay.stop();
    quick.disconnect();
  };
  await until("all is leased", async () => (await states(w, waveId))["leased"] === 250);
  await until("all is handed over", async () => (await compareQueues(w.ctx, redis)).missing === 0);
});
afterEach(() => stop());
afterAll(async () => {
  redis.disconnect();
  await Promise.all([server.stop(), w.close()]);
  await rm(folder, { recursive: true, force: true });
});

const whole = {
  rows: 250,
  slices: 3,
  outbox: expect.any(Number),
  missing: 0,
  stale: 0,
  ours: true,
};
const isWhole = async () => {
  const { missing, stale, ours, rows } = await compareQueues(w.ctx, redis);
  return missing + stale === 0 && ours && rows === 250;
};

describe("a rebuild", () => {
  test("sees lost jobs and stale ones, changing nothing; then puts them right", async () => {
    expect(await compareQueues(w.ctx, redis)).toEqual(whole);
    await stop();
    const queues = openQueues(redis);
    const [job] = await queues["email-smtp"].getJobs(["prioritized"]);
    await job?.remove();
    const stale = { sliceId: "3f0e6b1c-7a52-4a0a-9a3c-0c5b9f6f2a11" };
    await queues["email-smtp"].add("email-smtp", stale);
    await closeQueues(queues);
    const found = { ...whole, missing: 1, stale: 1 };
    expect(await compareQueues(w.ctx, redis)).toEqual(found);
    expect(await compareQueues(w.ctx, redis)).toEqual(found);

    expect(await rebuildQueues(w.ctx, redis)).toMatchObject({ rows: 250 });
    expect(await states(w, waveId)).toEqual({ planned: 250 });
    expect(await compareQueues(w.ctx, redis)).toMatchObject({ missing: 0, stale: 0, ours: true });
  });

  test("runs beside the relay and again, and leaves what is not ours and what was witnessed", async () => {
    await redis.set("somebody else's", "kept");
    await redis.hset(WITNESS_KEY, "id", "kept");
    await rebuildQueues(w.ctx, redis);
    await rebuildQueues(w.ctx, redis);
    await until("Redis holds all of it", isWhole);
    expect(await redis.get("somebody else's")).toBe("kept");
    expect(await redis.hget(WITNESS_KEY, "id")).toBe("kept");
  });
});

describe("a Redis", () => {
  test("whose old file came back holds stale jobs, and is handed everything again", async () => {
    const before = await redis.dump(`${PREFIX}:email-smtp:prioritized`);
    expect(before).not.toBeNull();
    const run = await redis.get(`${PREFIX}:run`);
    await redis.set(`${PREFIX}:run`, String(run).replace(/^./, "x"));
    await until("it is recognised", async () => (await redis.get(`${PREFIX}:run`))?.[0] !== "x");
    // The old jobs are there too; their slices have no rows any more.
    await until("the new slices are there beside the old jobs", async () => {
      const { slices, stale, missing, ours } = await compareQueues(w.ctx, redis);
      return slices === 3 && stale === 3 && missing === 0 && ours;
    });
    expect(await states(w, waveId)).toEqual({ leased: 250 });
  });

  test("that is full is handed nothing, is told of once, and is used again when there is room", async () => {
    await redis.config("SET", "maxmemory", "1");
    await until("the relay says so", () => said.at(-1) === "redis-full");
    await giveBackAll(w.sql);
    // Leased and given back over and over, rows would be written anew each time.
    const written = () => w.sql`select max(xmin::text::bigint) from delivery`;
    const [before, ticks] = [await written(), said.length];
    await until("it tried again", () => said.length >= ticks + 2);
    expect(await written()).toEqual(before);
    await redis.config("SET", "maxmemory", "0");
    await until("all is leased again", async () => (await states(w, waveId))["leased"] === 250);
    await until("nothing is wrong", () => said.at(-1) === undefined);
  });

  test("that may evict keys is handed nothing when it comes to us as another one", async () => {
    await redis.config("SET", "maxmemory-policy", "allkeys-lru");
    await redis.flushall();
    await until("the relay says so", () => said.at(-1) === "redis-policy");
    expect(await compareQueues(w.ctx, redis)).toMatchObject({ missing: 3, ours: false });
    await redis.config("SET", "maxmemory-policy", "noeviction");
    await until("Redis holds all of it", isWhole);
  });

  test("that is frozen keeps nobody waiting, and is used again when it thaws", async () => {
    process.kill(server.pid, "SIGSTOP");
    try {
      await until("the relay says so", () => said.at(-1) === "redis", 15_000);
    } finally {
      process.kill(server.pid, "SIGCONT");
    }
    await until("it relays again", () => said.at(-1) === undefined);
    expect(await states(w, waveId)).toEqual({ leased: 250 });
    await until(
      "Redis holds all of it",
      async () => (await compareQueues(w.ctx, redis)).missing === 0,
    );
  });
});

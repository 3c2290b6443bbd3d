import type { Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { witness } from "../../src/actions/recovery/witness.ts";
import { isCluster, openRedis, readyWithin, redisProblems } from "../../src/gateways/redis.ts";
import type { RedisClient } from "../../src/gateways/redis.ts";
import { redisWitness } from "../../src/gateways/witness.ts";
import { compareQueues, rebuildQueues } from "../../src/queues.ts";
import { startRelay } from "../../src/relay.ts";
import { sendEmail } from "../../workers/send-email.ts";
import { startCluster } from "../support/cluster.ts";
import type { RedisCluster } from "../support/cluster.ts";
import { until } from "../support/fleet.ts";
import { givenSender, givenWave, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let cluster: RedisCluster;
let quick: RedisClient;
beforeAll(async () => {
  [w, cluster] = await Promise.all([world(), startCluster()]);
  quick = openRedis(cluster.url, true);
  await readyWithin(quick, 10_000);
});
afterAll(async () => {
  quick.disconnect();
  await Promise.all([cluster.stop(), w.close()]);
});

describe("a Redis Cluster of three servers", () => {
  test("carries a wave from the relay to a worker, and is emptied and filled again", async () => {
    const { waveId } = await givenWave(w, { people: 250 });
    const relay = await startRelay(w.ctx, quick);
    await until("it holds the wave", async () => (await states(w, waveId))["leased"] === 250);
    await until("it is whole", async () => (await compareQueues(w.ctx, quick)).missing === 0);
    expect(await compareQueues(w.ctx, quick)).toMatchObject({ slices: 3, stale: 0, ours: true });
    await rebuildQueues(w.ctx, quick);

    const redis = openRedis(cluster.url);
    const worker: Worker = sendEmail(await givenSender(w))(w.ctx, redis);
    await until("all are out", async () => (await states(w, waveId))["accepted"] === 250);
    expect(w.email.sent).toHaveLength(250);
    await worker.close();
    await relay.stop();
    redis.disconnect();
  }, 30_000);

  test("keeps all our keys on one of its servers, and witnesses", async () => {
    expect((await witness(w.ctx, [redisWitness(quick)])).failed).toEqual([]);
    const held = await Promise.all(
      cluster.ports.map(async (port) => {
        const node = new Redis(port);
        const keys = await node.dbsize();
        node.disconnect();
        return keys;
      }),
    );
    expect(held.filter((keys) => keys > 0)).toHaveLength(1);
  });

  test("is told from a single server at start, each by its own address", async () => {
    const [one = ""] = cluster.url.split(",");
    expect(await redisProblems(cluster.url)).toEqual([]);
    expect(await redisProblems(`${one}?cluster=true`)).toEqual([]);
    expect(await redisProblems(one)).toEqual([expect.stringMatching(/cluster=true/)]);
    expect(await redisProblems(`${w.config.REDIS_URL}?cluster=true`)).toHaveLength(1);
  });
});

test.for([
  ["redis://a:1,redis://b:2", true],
  ["redis://a:1?cluster=true", true],
  ["rediss://:secret@a:1/0", false],
] as const)("%s is a cluster: %s", ([url, cluster_]) => {
  expect(isCluster(url)).toBe(cluster_);
});

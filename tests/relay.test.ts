import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";

import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { freePort } from "../src/dev/process.ts";
import { startRedis } from "../src/dev/redis.ts";
import { sweep } from "../src/actions/delivery.ts";
import { PREFIX } from "../src/jobs.ts";
import { closeQueues, openQueues } from "../src/queues.ts";
import { createPace, openRedis, startRelay, tick } from "../src/relay.ts";
import { lease } from "../src/store/delivery/slice.ts";
import * as outbox from "../src/store/outbox.ts";
import { givenWave, states } from "./support/wave.ts";
import { world } from "./support/world.ts";
import type { World } from "./support/world.ts";

let w: World;
let folder: string;
let server: Awaited<ReturnType<typeof startRedis>>;
let redis: Redis;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "candor-relay-"));
  // A Redis of its own: this file empties it.
  [w, server] = await Promise.all([world(), startRedis(folder)]);
  redis = new Redis(server.url, { maxRetriesPerRequest: null });
});

afterAll(async () => {
  redis.disconnect();
  await Promise.all([server.stop(), w.close()]);
  await rm(folder, { recursive: true, force: true });
});

async function relaying(work: () => Promise<void>, url = server.url, ctx = w.ctx): Promise<void> {
  const connection = openRedis(url, true);
  // As a worker does: its other connections have met Redis before the relay starts.
  if (url === server.url) await new Promise((resolve) => connection.once("ready", resolve));
  const relay = await startRelay(ctx, connection);
  try {
    await work();
  } finally {
    await relay.stop();
    connection.disconnect();
  }
}

async function jobsOf(name: string): Promise<unknown[]> {
  const queue = new Queue(name, { connection: redis, prefix: PREFIX });
  const jobs = await queue.getJobs(["waiting", "prioritized", "delayed"]);
  await queue.close();
  return jobs.map(({ data }) => data);
}

/** In the order that workers will get them. */
async function nextSlices(): Promise<string[]> {
  const queue = new Queue<{ sliceId: string }>("email-smtp", { connection: redis, prefix: PREFIX });
  const jobs = await queue.getPrioritized();
  await queue.close();
  return jobs.map(({ data }) => data.sliceId);
}

async function slicesOf(waveId: string): Promise<string[]> {
  const rows = await w.sql<{ sliceId: string }[]>`
    select distinct slice_id from delivery where wave_id = ${waveId} and state = 'leased'`;
  return rows.map(({ sliceId }) => sliceId).toSorted();
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > 200) throw new Error("Waited too long.");
    await sleep(25);
  }
}

describe("the relay", () => {
  test("hands slices of at most a hundred to the queue, and nothing but their ids", async () => {
    await relaying(async () => {
      const { waveId } = await givenWave(w, { people: 250 });
      await until(async () => (await states(w, waveId))["leased"] === 250);
      const slices = await slicesOf(waveId);
      await until(async () => (await jobsOf("email-smtp")).length >= slices.length);
      expect(slices).toHaveLength(3);
      const jobs = await jobsOf("email-smtp");
      expect(jobs).toEqual(expect.arrayContaining(slices.map((sliceId) => ({ sliceId }))));
    });
  });

  test("leases what there is room for in parts, each in the queue before the next", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    await w.sql`
      insert into delivery (wave_id, recipient_id, channel, state)
      select ${waveId}, gen_random_uuid(), 'email', 'planned' from generate_series(2, 4050)`;
    const connection = openRedis(server.url, true);
    await new Promise((resolve) => connection.once("ready", resolve));
    const queues = openQueues(connection);
    const waiting: { rows: number | undefined; jobs: number }[] = [];
    const addBulk = queues["email-smtp"].addBulk.bind(queues["email-smtp"]);
    queues["email-smtp"].addBulk = async (jobs) => {
      waiting.push({ rows: (await states(w, waveId))["leased"], jobs: jobs.length });
      return addBulk(jobs);
    };
    const pace = { room: () => 10_000, leased: () => {} };
    const lanes = [{ channel: "email", queue: "email-smtp", pace }] as const;
    try {
      await tick({ ctx: w.ctx, redis: connection, queues, lanes });
    } finally {
      await closeQueues(queues);
      connection.disconnect();
      // What waits takes room from the other tests.
      await w.sql`update delivery set state = 'cancelled' where wave_id = ${waveId}`;
      await w.sql`delete from slice where wave_id = ${waveId}`;
    }
    expect(waiting.reduce((sum, { jobs }) => sum + jobs, 0)).toBe(41);
    let inQueue = 0;
    for (const { rows = 0, jobs } of waiting) {
      expect(rows - inQueue).toBeLessThanOrEqual(2_000);
      inQueue += jobs * 100;
    }
  });

  test("takes back what somebody leased and died before it was in the queue", async () => {
    const { waveId } = await givenWave(w, { people: 120 });
    // As a process does that dies right after its COMMIT.
    const which = { waveId, channel: "email", canaryOnly: false, rowsMax: 500 } as const;
    await w.sql.begin((tx) => lease(tx, which));
    const lost = await slicesOf(waveId);
    await relaying(async () => {
      await sleep(1_500);
      // It may only be slow.
      await sweep(w.ctx);
      expect(await slicesOf(waveId)).toEqual(lost);
      await w.sql`update slice set leased_at = now() - interval '21 seconds' where id = any(${lost})`;
      await sweep(w.ctx);
      await until(async () => {
        const now = await slicesOf(waveId);
        return now.length === 2 && !now.some((slice) => lost.includes(slice));
      });
      const again = (await slicesOf(waveId)).map((sliceId) => ({ sliceId }));
      await until(async () => {
        const jobs = await jobsOf("email-smtp");
        return again.every(({ sliceId }) =>
          jobs.some((job) => isDeepStrictEqual(job, { sliceId })),
        );
      });
      const open = () => w.sql`select from slice where wave_id = ${waveId} and not handed`;
      await until(async () => (await open()).length === 0);
    });
  });

  test("leaves to others what they leased meanwhile, however many are woken by one start", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    await w.sql`
      insert into delivery (wave_id, recipient_id, channel, state)
      select ${waveId}, gen_random_uuid(), 'email', 'planned' from generate_series(1, 4000)`;
    // As many as others lease while this one hands over its first part.
    const crowded = () => w.sql`
      insert into slice (id, wave_id, channel, rows)
      values (gen_random_uuid(), ${waveId}, 'email', 20000)`;
    const connection = openRedis(server.url, true);
    await new Promise((resolve) => connection.once("ready", resolve));
    const queues = openQueues(connection);
    const addBulk = queues["email-smtp"].addBulk.bind(queues["email-smtp"]);
    queues["email-smtp"].addBulk = async (jobs) => {
      await crowded();
      return addBulk(jobs);
    };
    const pace = { room: () => 10_000, leased: () => {} };
    const lanes = [{ channel: "email", queue: "email-smtp", pace }] as const;
    await tick({ ctx: w.ctx, redis: connection, queues, lanes }).finally(async () => {
      await closeQueues(queues);
      connection.disconnect();
    });
    // What it had leased when it saw them.
    expect((await states(w, waveId))["leased"]).toBe(500);
    await w.sql`update delivery set state = 'cancelled' where wave_id = ${waveId}`;
    await w.sql`delete from slice where wave_id = ${waveId}`;
  });

  test("hands everything over again, in new slices, when Redis was emptied", async () => {
    const { waveId } = await givenWave(w, { people: 120 });
    await relaying(async () => {
      await until(async () => (await slicesOf(waveId)).length === 2);
      const before = await slicesOf(waveId);
      await redis.flushall();
      await until(async () => {
        const now = await slicesOf(waveId);
        return now.length === 2 && !now.some((slice) => before.includes(slice));
      });
      const after = await slicesOf(waveId);
      await until(async () => (await jobsOf("email-smtp")).length >= 2);
      expect(await jobsOf("email-smtp")).toEqual(
        expect.arrayContaining(after.map((sliceId) => ({ sliceId }))),
      );
    });
  });

  test("hands over what an action told later stages, again after Redis was emptied", async () => {
    const ids = { incidentId: "3f0e6b1c-7a52-4a0a-9a3c-0c5b9f6f2a11" };
    await w.sql.begin((tx) => outbox.post(tx, "scope.revised", ids));
    const [row] = await w.sql<{ id: string }[]>`select max(id) as id from outbox`;
    const job = { outboxId: Number(row?.id) };
    await relaying(async () => {
      const handed = async () => (await jobsOf("outbox")).some((data) => sameJob(data, job));
      await until(handed);
      await redis.flushall();
      await until(handed);
      expect(await jobsOf("outbox")).toContainEqual(job);
    });
    await outbox.finish(w.sql, job.outboxId);
  });

  test("lets a legal notice overtake a courtesy that has taken all the room", async () => {
    const courtesy = await givenWave(w, { people: 2_100 });
    await w.sql`update wave set priority = 200 where id = ${courtesy.waveId}`;
    await redis.flushall();
    await relaying(async () => {
      await until(async () => ((await states(w, courtesy.waveId))["leased"] ?? 0) >= 1_000);
      const { waveId } = await givenWave(w, { people: 150 });
      await until(async () => (await states(w, waveId))["leased"] === 150);
      const urgent = await slicesOf(waveId);
      await until(async () => (await nextSlices()).some((slice) => urgent.includes(slice)));
      const patient = await slicesOf(courtesy.waveId);
      const order = await nextSlices();
      const firstPatient = order.findIndex((slice) => patient.includes(slice));
      expect(firstPatient).toBeGreaterThan(order.findLastIndex((slice) => urgent.includes(slice)));
    });
  });

  test("an urgent slice overtakes all that waits, and an incident that comes later has its turn", async () => {
    const huge = await givenWave(w, { people: 2_600 });
    await redis.flushall();
    await relaying(async () => {
      await until(async () => ((await states(w, huge.waveId))["leased"] ?? 0) >= 600);
      const [later, urgent] = [
        await givenWave(w, { people: 120 }),
        await givenWave(w, { people: 100, priority: 10 }),
      ];
      await until(async () => (await states(w, later.waveId))["leased"] === 120);
      await until(async () => (await states(w, urgent.waveId))["leased"] === 100);
      const [mine, theirs] = [await slicesOf(urgent.waveId), await slicesOf(later.waveId)];
      await until(async () => {
        const order = await nextSlices();
        return [...mine, ...theirs].every((slice) => order.includes(slice));
      });
      const order = await nextSlices();
      // The first few of the huge one went to the front when nothing else was there.
      const place = (slices: string[]) => slices.map((slice) => order.indexOf(slice));
      expect(Math.max(...place(mine))).toBeLessThan(mine.length);
      expect(Math.max(...place(theirs))).toBeLessThan(mine.length + 20 + theirs.length);
    });
  });

  test("hands SMS to a queue of their own, and leaves them where no provider is set up", async () => {
    const people = Array.from({ length: 120 }, () => ({ email: undefined, phone: "+12025550142" }));
    const given = { people, channels: ["sms"] } as const;
    const { waveId } = await givenWave(w, given);
    await relaying(() => sleep(1_200), server.url, { ...w.ctx, sms: undefined });
    expect(await states(w, waveId)).toEqual({ planned: 120 });
    await relaying(async () => {
      await until(async () => (await slicesOf(waveId)).length === 2);
      const slices = (await slicesOf(waveId)).map((sliceId) => ({ sliceId }));
      await until(async () => (await jobsOf("sms-twilio")).length >= 2);
      expect(await jobsOf("sms-twilio")).toEqual(expect.arrayContaining(slices));
      expect(await jobsOf("email-smtp")).not.toEqual(expect.arrayContaining(slices.slice(0, 1)));
    });
  });

  test("waits while Redis is away, holding nothing, and can be stopped", async () => {
    const { waveId } = await givenWave(w, { people: 5 });
    const nobody = `redis://127.0.0.1:${await freePort()}/0`;
    await relaying(() => sleep(1_200), nobody);
    expect(await states(w, waveId)).toEqual({ planned: 5 });
  });
});

describe("the window", () => {
  test("starts small, follows the speed, and never holds more than 20,000", () => {
    let ms = 0;
    const pace = createPace(0, () => ms);
    expect(pace.room(0)).toBe(2_000);
    pace.leased(2_000);
    ms += 1_000;
    expect(pace.room(1_950)).toBe(6_000 - 1_950);
    pace.leased(4_050);
    ms += 1_000;
    expect(pace.room(0)).toBe(20_000);
  });

  test("is no wider than two minutes of the rate allowed", () => {
    let ms = 0;
    const pace = createPace(30, () => ms);
    pace.room(0);
    pace.leased(2_000);
    ms += 1_000;
    expect(pace.room(0)).toBe(3_600);
  });

  test("is that wide from the start where the rate is slow", () => {
    expect(createPace(1, () => 0).room(0)).toBe(120);
    expect(createPace(100, () => 0).room(0)).toBe(2_000);
  });
});

function sameJob(data: unknown, { outboxId }: { outboxId: number }): boolean {
  return (
    typeof data === "object" && data !== null && "outboxId" in data && data.outboxId === outboxId
  );
}

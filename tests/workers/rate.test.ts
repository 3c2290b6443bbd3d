import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { freePort } from "../../src/dev/process.ts";
import { startRedis } from "../../src/dev/redis.ts";
import { openRedis } from "../../src/relay.ts";
import type { RedisClient } from "../../src/gateways/redis.ts";
import { createRate } from "../../workers/rate.ts";
import type { RateOptions } from "../../workers/rate.ts";
import { createTally } from "../../workers/tally.ts";

let folder: string;
let server: Awaited<ReturnType<typeof startRedis>>;
let redis: Redis;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "candor-rate-"));
  server = await startRedis(folder);
  redis = new Redis(server.url);
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis.disconnect();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function rate(given: Partial<RateOptions> = {}, connection: RedisClient = redis) {
  return createRate(connection, {
    queue: "email-smtp",
    perSecond: 0,
    sender: "notices@example.org",
    hash: (text) => createHash("sha256").update(text).digest("hex").slice(0, 16),
    ...given,
  });
}

const REFUSED = { kind: "throttled", code: "450" } as const;

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await holds()); tries += 1) {
    if (tries > 500) throw new Error("Waited too long.");
    await sleep(10);
  }
}

/** What Redis holds of buckets, by the names of their keys. */
async function kept(): Promise<Record<string, unknown>> {
  const keys = await redis.keys("{candor}:bucket:*");
  const texts = await Promise.all(keys.map((key) => redis.get(key)));
  return Object.fromEntries(keys.map((key, i) => [key, JSON.parse(texts[i] ?? "null")]));
}

test("is shared by all workers, never exceeded, and nearly all of it used", async () => {
  const workers = Array.from({ length: 4 }, () => rate({ perSecond: 40 }));
  const [before] = await redis.time();
  const started = performance.now();
  const taken = await Promise.all(
    workers.map(async ({ take, giveBack }) => {
      let sum = 0;
      while (performance.now() - started < 3_000) {
        const some = await take(7);
        // A slice that ended leaves some unused.
        if (some > 1) giveBack(1);
        sum += some > 1 ? some - 1 : some;
      }
      return sum;
    }),
  );
  const [after] = await redis.time();
  const sum = taken.reduce((total, each) => total + each, 0);
  const seconds = Number(after) - Number(before) + 1;
  expect(sum).toBeLessThanOrEqual(40 * (seconds + 1));
  expect(sum).toBeGreaterThanOrEqual(0.95 * 40 * 3);
});

test("of one queue leaves the other's untouched", async () => {
  const [email, sms] = [rate({ perSecond: 1 }), rate({ perSecond: 1, queue: "sms-twilio" })];
  expect(await email.take(1)).toBe(1);
  expect(await email.take(1)).toBe(0);
  expect(await sms.take(1)).toBe(1);
});

test("what was taken and given back can be taken again", async () => {
  const { take, giveBack } = rate({ perSecond: 2 });
  expect(await take(2)).toBe(2);
  giveBack(2);
  expect(await take(2)).toBe(2);
});

test("without a limit gives what is asked and asks nobody; with one, none while Redis is away", async () => {
  const away = openRedis(`redis://127.0.0.1:${await freePort()}/0`, true);
  expect(await rate({}, away).take(50)).toBe(50);
  expect(await rate({}, away).wait("example.com")).toBe(0);
  expect(await rate({ perSecond: 10 }, away).take(5)).toBe(0);
  away.disconnect();
});

test("what one worker was refused slows that domain for all, and no other", async () => {
  const [one, other] = [rate(), rate()];
  await one.wait("example.com");
  one.told({ ...REFUSED, retryAfterMs: 3_600_000 }, "example.com");
  // Each has a turn of its own, after the other's.
  await until(async () => {
    const [first, second] = [await one.wait("example.com"), await other.wait("example.com")];
    return first > 0 && second > first;
  });
  // The hour is of the one who was refused, not of the domain.
  expect(await one.wait("example.com")).toBeLessThan(60_000);
  expect(await other.wait("example.org")).toBe(0);
  expect(await other.take(5)).toBe(5);
});

test("a refusal by the provider itself holds everything back", async () => {
  const [one, other] = [rate(), rate()];
  one.told({ ...REFUSED, scope: "provider", retryAfterMs: 60_000 }, "example.com");
  await until(async () => (await other.take(5)) === 0);
  expect(await one.take(5)).toBe(0);
  expect(await rate({ queue: "sms-twilio" }).take(5)).toBe(5);
});

test("a refused sender is not the provider", async () => {
  const one = rate();
  one.told({ ...REFUSED, scope: "sender", retryAfterMs: 60_000 }, "example.com");
  await until(async () => (await one.take(5)) === 0);
  const another = rate({ sender: "news@example.org" });
  await another.take(1);
  expect(await another.take(5)).toBe(5);
});

test("Redis is told no domain, and forgets all of it", async () => {
  const { told, wait } = rate({ hash: () => "0123456789abcdef" });
  told(REFUSED, "example.com");
  await until(async () => Object.keys(await kept()).length === 1);
  await wait("example.com");
  const dump = JSON.stringify([
    await kept(),
    await redis.zrange("{candor}:buckets-cut", "0", "-1"),
  ]);
  expect(dump).toContain("email-smtp:domain:0123456789abcdef");
  expect(dump).not.toContain("example");
  for (const key of await redis.keys("*")) expect(await redis.pttl(key)).toBeGreaterThan(0);
});

test("the speed seen is that of the last seconds", () => {
  let ms = 0;
  const tally = createTally(() => ms);
  for (; ms < 5_000; ms += 10) tally.count("a");
  expect(tally.perSecond("a")).toBeCloseTo(100);
  expect(tally.perSecond("b")).toBe(0);
  for (; ms < 7_500; ms += 10) tally.count("a");
  expect(tally.perSecond("a")).toBeCloseTo(100);
  ms += 10_000;
  expect(tally.perSecond("a")).toBe(0);
});

test("a bucket that is no text gives no leave, and is not asked for without end", async () => {
  const limited = rate({ perSecond: 10 });
  expect(await limited.take(1)).toBe(1);
  const [key = ""] = await redis.keys("{candor}:bucket:*");
  await redis.set(key, Buffer.from([0xff, 0xfe]));
  expect(await limited.take(1)).toBe(0);
  await redis.del(key);
  expect(await limited.take(1)).toBe(1);
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { startWorker } from "../../src/dev/candor.ts";
import type { Part } from "../../src/dev/candor.ts";
import { startCatcher } from "../../src/dev/catcher.ts";
import type { Catcher } from "../../src/dev/catcher.ts";
import { startRedis } from "../../src/dev/redis.ts";
import { progressOf } from "../../src/views/wave.ts";
import { givenStarted } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

/**
 * The promise of the send path, kept by real processes on real sockets: nobody is lost, nobody
 * gets two, and whatever nobody can know is called unknown. The catcher is the witness.
 */
const CONNECTIONS = 6;
const KILLS = 10;
/** With two workers, this many in flight means at least five at each of them. */
const FIVE_EACH = CONNECTIONS + 5;

let w: World;
let redis: Awaited<ReturnType<typeof startRedis>>;
let catcher: Catcher;
/** How long the mail server takes over a message. */
let delayMs = 200;
let env: Record<string, string>;
let folder: string;
let logFile: string;
const parts = new Set<Part>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "candor-kill-"));
  // A Redis of its own: this file empties it.
  [w, redis, catcher] = await Promise.all([
    world(),
    startRedis(join(folder, "redis")),
    startCatcher({ delayMs: () => delayMs }),
  ]);
  const keyFile = join(folder, "root-key");
  await writeFile(keyFile, w.config.rootKey.toString("hex"), { mode: 0o600 });
  logFile = join(folder, "workers.log");
  env = {
    NODE_ENV: "test",
    DATABASE_URL: w.config.DATABASE_URL,
    FEEDBACK_URL: w.config.FEEDBACK_URL,
    KEYSTORE_URL: w.config.KEYSTORE_URL,
    REDIS_URL: redis.url,
    SMTP_URL: catcher.smtpUrl,
    MAIL_FROM: w.config.MAIL_FROM,
    ORGANISATION: w.config.ORGANISATION,
    CONSOLE_URL: w.config.CONSOLE_URL,
    PUBLIC_URL: w.config.PUBLIC_URL,
    KEK_FILE: keyFile,
    EMAIL_CONNECTIONS: String(CONNECTIONS),
    LOG_LEVEL: "info",
  };
});

afterEach(async () => {
  delayMs = 200;
  await Promise.all([...parts].map((part) => part.kill()));
  parts.clear();
});

afterAll(async () => {
  await Promise.all([catcher.close(), redis.stop(), w.close()]);
  await rm(folder, { recursive: true, force: true });
});

async function worker(): Promise<Part> {
  const part = await startWorker({ env, logFile });
  parts.add(part);
  return part;
}

async function until(what: string, holds: () => boolean | Promise<boolean>, patienceMs = 60_000) {
  for (let waited = 0; !(await holds()); waited += 20) {
    if (waited > patienceMs) throw new Error(`Waited too long until ${what}; see ${logFile}.`);
    await sleep(20);
  }
}

interface Running {
  readonly incidentId: string;
  readonly waveId: string;
  readonly prefix: string;
}

/** People of one wave have addresses of their own, so that the catcher's messages can be told apart. */
async function givenRunning(prefix: string, count: number): Promise<Running> {
  const people = Array.from({ length: count }, (_, i) => ({
    email: `${prefix}-${i}@example.com`,
    name: `Person ${prefix} ${i}`,
    exposure: ["email-address" as const],
  }));
  return { ...(await givenStarted(w, { people })), prefix };
}

const caughtOf = ({ prefix }: Running) =>
  catcher
    .list(0, 1e6)
    .flatMap(({ to }) => to)
    .filter((address) => address.startsWith(`${prefix}-`));

/** Address → state, by opening what the ledger points at. */
async function ledgerOf({ waveId, incidentId }: Running): Promise<Map<string, string>> {
  const keys = await w.ctx.vault.keys(incidentId);
  const rows = await w.sql<{ recipientId: string; sealed: Buffer; state: string }[]>`
    select d.recipient_id, r.sealed, d.state from delivery d join recipient r on r.id = d.recipient_id
     where d.wave_id = ${waveId}`;
  return new Map(
    rows.map(({ recipientId, sealed, state }) => {
      const { email } = keys.open("recipient", recipientId, sealed) as { email: string };
      return [email, state];
    }),
  );
}

/** What holds at every moment: each message once, and none that the ledger calls unsent. */
async function expectNothingDenied(running: Running): Promise<void> {
  const caught = caughtOf(running);
  const ledger = await ledgerOf(running);
  expect(caught.length).toBe(new Set(caught).size);
  const denied = caught.filter(
    (address) => !["sending", "accepted", "unknown"].includes(ledger.get(address) ?? ""),
  );
  expect(denied).toEqual([]);
}

async function ended({ incidentId, waveId }: Running): Promise<boolean> {
  await sleep(100);
  return (await progressOf(w.sql, incidentId, waveId)).state === "done";
}

function tally(ledger: Map<string, string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const state of ledger.values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

describe("a wave", () => {
  test("survives ten kills in mid-sentence: nobody lost, nobody twice, the unclear named", async () => {
    const people = 600;
    // So slow that the wave outlasts ten starts of a worker, however long each takes.
    delayMs = 2_000;
    const running = await givenRunning("kill", people);
    const workers = [await worker(), await worker()];
    for (let kill = 0; kill < KILLS; kill += 1) {
      await until("five are in flight at each worker", () => catcher.counts.inFlight >= FIVE_EACH);
      const victim = workers[kill % 2];
      expect(catcher.counts.inFlight).toBeGreaterThanOrEqual(FIVE_EACH);
      await victim?.kill();
      await expectNothingDenied(running);
      workers[kill % 2] = await worker();
    }
    delayMs = 20;
    await until("the wave has ended", () => ended(running));
    await expectNothingDenied(running);

    const ledger = await ledgerOf(running);
    const { accepted = 0, unknown = 0, ...others } = tally(ledger);
    expect(others).toEqual({});
    expect(accepted + unknown).toBe(people);
    expect(unknown).toBeGreaterThan(0);
    expect(unknown).toBeLessThanOrEqual(KILLS * 2 * CONNECTIONS);
    const caught = new Set(caughtOf(running));
    const lost = [...ledger].filter(
      ([address, state]) => state === "accepted" && !caught.has(address),
    );
    expect(lost).toEqual([]);
    await Promise.all(workers.map((part) => part.stop()));
  }, 240_000);

  test("ends with the same ledger although Redis is emptied twice on the way", async () => {
    const running = await givenRunning("flush", 240);
    const workers = [await worker(), await worker()];
    const client = new Redis(redis.url);
    for (const sent of [40, 120]) {
      await until(`${sent} are out`, () => caughtOf(running).length >= sent);
      expect(await client.flushall()).toBe("OK");
    }
    client.disconnect();
    await until("the wave has ended", () => ended(running));
    expect(tally(await ledgerOf(running))).toEqual({ accepted: 240 });
    expect(caughtOf(running)).toHaveLength(240);
    await expectNothingDenied(running);
    await Promise.all(workers.map((part) => part.stop()));
  }, 120_000);

  test("is left tidy by a worker that is asked to stop, and finished by the next", async () => {
    const running = await givenRunning("term", 160);
    const first = await worker();
    await until("it is busy", () => catcher.counts.inFlight >= 5);
    expect(await first.stop()).toBe(true);
    const { accepted = 0, planned = 0, leased = 0, ...others } = tally(await ledgerOf(running));
    expect(others).toEqual({});
    expect(accepted).toBe(caughtOf(running).length);
    expect(accepted + planned + leased).toBe(160);
    expect(planned + leased).toBeGreaterThan(0);
    const [left] = await w.sql`select stopped_at from worker order by started_at desc limit 1`;
    expect(left?.["stoppedAt"]).not.toBeNull();

    const second = await worker();
    await until("the wave has ended", () => ended(running));
    expect(tally(await ledgerOf(running))).toEqual({ accepted: 160 });
    await expectNothingDenied(running);
    expect(await second.stop()).toBe(true);
  }, 120_000);
});

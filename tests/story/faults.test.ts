import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { start } from "../../src/actions/wave/start.ts";
import { startCatcher } from "../../src/dev/catcher.ts";
import { runFolder } from "../../src/dev/folder.ts";
import { createDatabase, startPostgres } from "../../src/dev/postgres.ts";
import {
  attemptCounts,
  caughtOf,
  ended,
  expectAgreement,
  fleet,
  givenRunning,
  peopleOf,
  restartablePostgres,
  until,
} from "../support/fleet.ts";
import type { Fleet, Restartable } from "../support/fleet.ts";
import { TEMPLATE } from "../support/servers.ts";
import { scriptedSmtp } from "../support/smtp.ts";
import { givenApproved, states } from "../support/wave.ts";

/** Servers that go away in mid-wave, on ports and folders that they come back to. */
let f: Fleet;
let main: Restartable;
let keystore: Restartable;
let folder: Awaited<ReturnType<typeof runFolder>>;
const provider: { refuses: number | undefined } = { refuses: undefined };

beforeAll(async () => {
  folder = await runFolder("faults");
  // Durable, as a claim must be: what is committed outlives the server.
  const [mainServer, keystoreServer] = await Promise.all([
    startPostgres({ folder: join(folder.path, "main") }),
    startPostgres({ folder: join(folder.path, "keystore") }),
  ]);
  await Promise.all([mainServer, keystoreServer].map((each) => createDatabase(each, TEMPLATE)));
  [main, keystore] = [restartablePostgres(mainServer.pid), restartablePostgres(keystoreServer.pid)];
  f = await fleet(
    { delayMs: 100, reject: () => provider.refuses },
    { mainUrl: mainServer.url(), keystoreUrl: keystoreServer.url() },
  );
});

afterEach(async () => {
  provider.refuses = undefined;
  await f.endWorkers();
  // A wave that a failed test left would send its mail in the next one; and so with its rates.
  await f.w.sql`update wave set state = 'cancelled' where state in ('canary', 'sending')`;
  await f.w.sql`
    update delivery set state = 'cancelled' where state in ('planned', 'leased')`;
  await emptied(f.redis.url);
});

afterAll(async () => {
  await f.close();
  await Promise.all([main.stop("SIGINT"), keystore.stop("SIGINT")]);
  await folder.remove();
});

describe("a wave ends with everybody mailed once although", () => {
  test.for(["SIGQUIT", "SIGINT"] as const)(
    "the database stops by %s for a while",
    { timeout: 90_000 },
    async (signal) => {
      const running = await givenRunning(f, signal.toLowerCase(), 200);
      await Promise.all([f.worker(), f.worker()]);
      await until("some are out", () => caughtOf(f, running).length >= 40);
      await main.stop(signal);
      await sleep(3_000);
      await main.start();
      await until("the wave has ended", () => ended(f, running));
      expect(await expectAgreement(f, running)).toEqual({ accepted: 200 });
      expect(await f.endWorkers()).toEqual([true, true]);
    },
  );

  test.for(["kept", "lost"] as const)(
    "Redis is killed and comes back with its data %s",
    { timeout: 90_000 },
    async (data) => {
      const running = await givenRunning(f, `redis-${data}`, 160);
      await Promise.all([f.worker(), f.worker()]);
      await until("some are out", () => caughtOf(f, running).length >= 40);
      await f.redis.kill();
      await sleep(500);
      await f.redis.start(data === "lost");
      await until("the wave has ended", () => ended(f, running));
      expect(await expectAgreement(f, running)).toEqual({ accepted: 160 });
    },
  );

  test("the keystore is away as it starts", async () => {
    const approved = await givenApproved(f.w, { people: peopleOf("keystore", 40) });
    // A worker that made the people's codes would know the key already.
    await f.w.sql`update outbox set done_at = now() where done_at is null`;
    await f.worker();
    await keystore.stop("SIGQUIT");
    const { id: waveId } = await start(f.w.ctx, f.w.staff.responder, approved);
    await sleep(1_500);
    const { planned = 0, leased = 0 } = await states(f.w, waveId);
    expect(planned + leased).toBe(40);
    await keystore.start();
    const running = { incidentId: approved.incidentId, waveId, prefix: "keystore" };
    await until("the wave has ended", () => ended(f, running));
    expect(await expectAgreement(f, running)).toEqual({ accepted: 40 });
  }, 90_000);

  test("the provider puts everything off at first: one try each, and a later one", async () => {
    provider.refuses = 421;
    // More than are in flight before the first refusal is heard: the others go at a slow pace.
    const running = await givenRunning(f, "later", 16);
    await f.worker();
    const once = { "throttled 421": 16 };
    await until("all are put off", async () => {
      const { "throttled 421": tried = 0 } = await attemptCounts(f, running);
      return tried >= 16;
    });
    await sleep(1_500);
    expect(await attemptCounts(f, running)).toEqual(once);
    expect(await states(f.w, running.waveId)).toEqual({ planned: 16 });
    provider.refuses = undefined;
    await f.w.sql`update delivery set next_at = now() where wave_id = ${running.waveId}`;
    await until("the wave has ended", () => ended(f, running));
    expect(await expectAgreement(f, running)).toEqual({ accepted: 16 });
    expect(await attemptCounts(f, running)).toEqual({ ...once, "accepted 250": 16 });
  }, 90_000);
});

describe("a worker", () => {
  test("stops a wave at the first refused sign-in, with everybody still to be mailed", async () => {
    const ehlo = "250-scripted\r\n250 AUTH PLAIN";
    const smtp = await scriptedSmtp({ ehlo, auth: "535 no" });
    const running = await givenRunning(f, "auth", 120);
    await f.worker({ SMTP_URL: smtp.url.replace("//", "//user:secret@") });
    const paused = () => f.w.sql`
      select paused_reason from wave where id = ${running.waveId} and state = 'paused'`;
    await until("the wave stands still", async () => (await paused()).length > 0);
    expect(await f.endWorkers()).toEqual([true]);
    await smtp.close();
    expect(await paused()).toMatchObject([{ pausedReason: "breaker" }]);
    const { planned = 0, leased = 0, ...others } = await states(f.w, running.waveId);
    expect([planned + leased, others]).toEqual([120, {}]);
    const { "rejected 535": burned = 0 } = await attemptCounts(f, running);
    // At most what one worker holds in its hands.
    expect(burned).toBeLessThanOrEqual(12);
  }, 60_000);

  test("drains while Redis is away, and what it left is finished by the next", async () => {
    const running = await givenRunning(f, "away", 160);
    await f.worker();
    await until("some are out", () => caughtOf(f, running).length >= 20);
    await f.redis.kill();
    const stopped = await f.endWorkers();
    await f.redis.start();
    expect(stopped).toEqual([true]);
    const { accepted = 0, planned = 0, leased = 0, ...others } = await expectAgreement(f, running);
    expect([accepted + planned + leased, others]).toEqual([160, {}]);
    expect(accepted).toBe(caughtOf(f, running).length);

    await f.worker();
    await until("the wave has ended", () => ended(f, running));
    expect(await expectAgreement(f, running)).toEqual({ accepted: 160 });
  }, 60_000);

  test("with nothing in its hands drains while the database is away", async () => {
    await f.worker();
    await main.stop("SIGINT");
    const stopped = await f.endWorkers();
    await main.start();
    await until("the database answers", async () => (await f.w.sql`select 1`).length === 1);
    expect(stopped).toEqual([true]);
  }, 60_000);

  test("drains through an outage of the database, and writes what became of each message", async () => {
    const running = await givenRunning(f, "gone", 160);
    await f.worker();
    await until("some are out", () => caughtOf(f, running).length >= 20);
    await main.stop("SIGINT");
    const stopped = f.endWorkers();
    await sleep(3_000);
    await main.start();
    expect(await stopped).toEqual([true]);

    await f.worker();
    await until("the wave has ended", () => ended(f, running));
    expect(await expectAgreement(f, running)).toEqual({ accepted: 160 });
  }, 60_000);

  test("stuck on a slow provider ends at the second signal, and calls unknown what it leaves", async () => {
    const slow = await startCatcher({ delayMs: 3_000 });
    const running = await givenRunning(f, "slow", 40);
    const part = await f.worker({ SMTP_URL: slow.smtpUrl, EMAIL_CONNECTIONS: "2" });
    await until("it is stuck", () => slow.counts.inFlight === 2);
    process.kill(part.pid, "SIGTERM");
    await sleep(100);
    expect(await part.stop()).toBe(false);
    const { unknown = 0, planned = 0, leased = 0, ...others } = await states(f.w, running.waveId);
    expect([unknown + planned + leased, others]).toEqual([40, {}]);
    expect(unknown).toBeGreaterThanOrEqual(2);
    expect(unknown).toBeLessThanOrEqual(4);
    await slow.close();
  }, 60_000);
});

async function emptied(url: string): Promise<void> {
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
}

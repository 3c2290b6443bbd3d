import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createDatabase, startPostgres } from "../../src/dev/postgres.ts";
import { runFolder } from "../../src/dev/folder.ts";
import { TEMPLATE } from "../support/servers.ts";
import { caughtOf, ended, expectAgreement, fleet, givenRunning, stopPostgres, until } from "../support/fleet.ts";
import type { Fleet } from "../support/fleet.ts";

let f: Fleet;
let main: Awaited<ReturnType<typeof startPostgres>>;
let mainPid = 0;
beforeAll(async () => {
  const folder = await runFolder("faults");
  main = await startPostgres({ folder: join(folder.path, "main") });
  mainPid = main.pid;
  await createDatabase(main, TEMPLATE);
  f = await fleet({ delayMs: 50 }, { mainUrl: main.url() });
});
afterAll(async () => { 
  const { writeFileSync } = await import("node:fs");
  writeFileSync("/tmp/candor/faults-" + Date.now() + ".log", await f.log());
  await f.close(); process.kill(mainPid, "SIGINT"); });

for (const [signal, downMs] of [["SIGQUIT", 5000], ["SIGINT", 3000]] as const)
test(`pg ${signal}`, async () => {
  const running = await givenRunning(f, `pg${signal.toLowerCase()}`, 1500);
  const ws = [await f.worker(), await f.worker()];
  await until("300", () => caughtOf(f, running).length > 300);
  const again = await stopPostgres(mainPid, signal);
  await sleep(downMs);
  mainPid = await again();
  const t = performance.now();
  await until("ended", async () => { try { return await ended(f, running); } catch { return false; } });
  console.log(signal, "ended after", performance.now() - t, await expectAgreement(f, running));
  const stops = await Promise.all(ws.map((x) => x.stop()));
  console.log(stops);
}, 120_000);

test("redis kill aof / empty / 10s", async () => {
  for (const [mode, ms] of [["aof", 300], ["empty", 300], ["aof", 8000]] as const) {
    const running = await givenRunning(f, `redis${mode}${ms}`, 1200);
    const ws = [await f.worker(), await f.worker()];
    await until("300", () => caughtOf(f, running).length > 300);
    await f.redis.kill();
    await sleep(ms);
    await f.redis.start(mode === "empty");
    const t = performance.now();
    await until("ended", () => ended(f, running), 100_000);
    console.log("redis", mode, ms, "ended after", performance.now() - t, await expectAgreement(f, running));
    console.log(await Promise.all(ws.map((x) => x.stop())));
  }
}, 300_000);

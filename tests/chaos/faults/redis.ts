import { cp, readdir, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { caughtOf, until } from "../../support/fleet.ts";
import type { Fleet } from "../../support/fleet.ts";
import { serve } from "../../support/http.ts";
import { givenToken } from "../../support/staff.ts";
import {
  givenMidWave,
  must,
  requireAllAccepted,
  secondsUntil,
  settledSoundly,
  untilOut,
  withRedis,
} from "../acts.ts";
import { startWave } from "../lab.ts";
import type { Fault } from "../lab.ts";

/** Redis emptied, away, old, cut short, full, or set up wrongly. It is only an engine. */
export const REDIS_FAULTS: readonly Fault[] = [
  {
    number: "5",
    name: "Redis is emptied (FLUSHALL) in mid-wave",
    expected: "filled again from PostgreSQL in 60 s; everybody mailed once",
    async run(lab) {
      const flushes = lab.long ? 5 : 2;
      const f = await lab.fleet({ delayMs: 40 });
      const people = lab.people * (lab.long ? 5 : 1);
      const running = await startWave(lab, f, people);
      await Promise.all([f.worker(), f.worker()]);
      let slowest = 0;
      for (let flush = 1; flush <= flushes; flush += 1) {
        await untilOut(f, running, Math.floor((people * flush) / (flushes + 2)));
        await withRedis(f.redis.url, (redis) => redis.flushall());
        // More than was in hand already.
        const enough = Math.min(caughtOf(f, running).length + IN_HAND + 1, people);
        const more = () => caughtOf(f, running).length >= enough;
        slowest = Math.max(slowest, await secondsUntil("more go out", more));
      }
      must(slowest <= 60, `It took ${slowest} s to go on.`);
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      return { outcome: `emptied ${flushes} times; sending again after ${slowest} s`, checked };
    },
  },
  {
    number: "6",
    name: "Redis is killed and stays away",
    expected: "the console works; sending pauses and goes on",
    async run(lab) {
      const awayMs = lab.long ? 60_000 : 5_000;
      const { f, running } = await givenMidWave(lab);
      const door = await serve(f.w.ctx);
      lab.later(door.close);
      const token = await givenToken(f.w, f.w.staff.responder);
      await f.redis.kill();
      const until = performance.now() + awayMs;
      let calls = 0;
      while (performance.now() < until) {
        const path = `/v1/incidents/${running.incidentId}/waves/${running.waveId}`;
        const { status } = await door.call("GET", path, { token });
        must(status === 200, `The console answered ${status} while Redis was away.`);
        calls += 1;
        await sleep(500);
      }
      await f.redis.start();
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      return {
        outcome: `${calls} looks at the console answered while it was away`,
        shortened: "away for 60 s instead of 5 min: nothing of ours waits longer than 20 s",
        checked,
      };
    },
  },
  {
    number: "7",
    name: "Redis comes back with an old file: jobs that are done come back",
    expected: "they find their rows done and do nothing",
    async run(lab) {
      const { f, running } = await givenMidWave(lab, { share: 0.1 });
      const old = join(await lab.folder(), "old-redis");
      await cp(f.redis.folder, old, { recursive: true });
      await untilOut(f, running, Math.ceil(lab.people * 0.6));
      await f.redis.kill();
      await rm(f.redis.folder, { recursive: true });
      await cp(old, f.redis.folder, { recursive: true });
      await f.redis.start();
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      return { outcome: "the file of half a wave ago was put back; nothing went twice", checked };
    },
  },
  {
    number: "8",
    name: "Redis's append-only file has lost its end",
    expected: "it starts with what is there; what is missing is handed over again",
    async run(lab) {
      const { f, running } = await givenMidWave(lab, { share: 0.1 });
      await f.redis.kill();
      const file = await appendOnlyFile(f.redis.folder);
      const { size } = await stat(file);
      const cut = Math.min(size, 1 + lab.random.below(Math.max(1, Math.floor(size / 2))));
      await truncate(file, size - cut);
      await f.redis.start();
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      return { outcome: `${cut} of ${size} bytes were cut off`, checked };
    },
  },
  {
    number: "9",
    name: "Redis is full",
    expected: "handing over fails at once and the rows stay planned; it goes on when there is room",
    async run(lab) {
      const { f, running } = await givenMidWave(lab);
      await setRedis(f, "maxmemory", "1");
      const stuck = () => leasedNow(f).then((rows) => rows === 0);
      // An emptied Redis that takes nothing in: all there is to do must be handed over, and cannot be.
      await withRedis(f.redis.url, (redis) => redis.flushall());
      await until("nothing is leased", stuck);
      const before = caughtOf(f, running).length;
      await sleep(lab.long ? 15_000 : 2_500);
      const leaked = caughtOf(f, running).length - before;
      must(leaked <= 2 * IN_HAND, `${leaked} messages went out past a full Redis.`);
      await setRedis(f, "maxmemory", "0");
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      return { outcome: "no lease was left behind while it was full", checked };
    },
  },
  {
    number: "10",
    name: "Redis may evict keys (allkeys-lru)",
    expected: "a worker refuses to start and says why",
    async run(lab) {
      const f = await lab.fleet();
      await setRedis(f, "maxmemory-policy", "allkeys-lru");
      const started = await f.worker().then(
        () => true,
        () => false,
      );
      must(!started, "A worker started on a Redis that forgets.");
      const log = await f.log();
      must(log.includes("noeviction"), "It did not say why.");
      return { outcome: "refused, naming maxmemory-policy" };
    },
  },
];

async function appendOnlyFile(folder: string): Promise<string> {
  const inside = join(folder, "appendonlydir");
  const name = (await readdir(inside)).find((each) => each.endsWith(".incr.aof"));
  must(name !== undefined, "There is no append-only file.");
  return join(inside, name);
}

function setRedis(f: Fleet, name: string, value: string): Promise<unknown> {
  return withRedis(f.redis.url, (redis) => redis.config("SET", name, value));
}

async function leasedNow({ w }: Fleet): Promise<number> {
  const [row] = await w.sql<{ rows: number }[]>`
    select count(*)::int as rows from delivery where state = 'leased'`;
  return row?.rows ?? 0;
}

/** What two workers may have claimed at once. */
const IN_HAND = 24;

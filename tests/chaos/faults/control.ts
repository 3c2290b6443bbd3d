import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { unlockSending } from "../../../src/actions/recovery/unlock.ts";
import { pause, resume } from "../../../src/actions/wave.ts";
import { WITNESS_KEY } from "../../../src/gateways/witness.ts";
import { caughtOf, until } from "../../support/fleet.ts";
import type { Fleet, Running } from "../../support/fleet.ts";
import { states } from "../../support/wave.ts";
import {
  must,
  requireAllAccepted,
  settledSoundly,
  standing,
  untilOut,
  withRedis,
} from "../acts.ts";
import { check, requireSound } from "../checker.ts";
import { startWave } from "../lab.ts";
import type { Fault } from "../lab.ts";
import { onServers, startAgain } from "./postgres.ts";

/** People and operators who stop, restore and go on. */
export const CONTROL_FAULTS: readonly Fault[] = [
  {
    number: "35",
    name: "somebody presses Stop at full speed, and again as PostgreSQL restarts",
    expected: "nothing begins 2 s after it is committed; never shown as stopped before it is",
    async run(lab) {
      const { main, servers } = await lab.durable();
      const f = await onServers(lab, servers);
      const running = await startWave(lab, f, lab.people * 4);
      await Promise.all([f.worker(), f.worker()]);
      await untilOut(f, running, lab.people);
      const quick = await stopAndWatch(f, running);
      await goOn(f, running);
      await untilOut(f, running, caughtOf(f, running).length + 50);

      await main.stop("SIGINT");
      const refused = await pauseIt(f, running).then(
        () => false,
        () => true,
      );
      must(refused, "It was called stopped while nobody could write that down.");
      await startAgain(main, f);
      must((await standing(f, running)).state === "sending", "It was stopped after all.");
      const late = await stopAndWatch(f, running);
      await goOn(f, running);
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      return { outcome: `the last message began ${quick} ms and ${late} ms after Stop`, checked };
    },
  },
  {
    number: "37",
    name: "last night's backup is restored over a database that has sent since",
    expected: "sending is locked until an operator has looked",
    async run(lab) {
      const { main, servers, folder } = await lab.durable();
      const f = await onServers(lab, servers);
      const running = await startWave(lab, f);
      const data = join(folder, "data");
      const backup = join(folder, "backup");
      // As last night: everything is planned, nothing is sent, and the witness has seen it.
      const early = await f.worker({ EMAIL_RATE_MAX: "1" });
      await until("the database is witnessed", () => isWitnessed(f));
      await early.stop();
      await main.stop("SIGINT");
      await copy(data, backup);
      await startAgain(main, f);

      const today = await f.worker();
      await untilOut(f, running, Math.ceil(lab.people / 2));
      const seen = await witnessed(f);
      await until("today is witnessed", async () => (await witnessed(f)) > seen);
      await today.stop();
      const before = caughtOf(f, running).length;
      await main.stop("SIGINT");
      await copy(backup, data);
      await startAgain(main, f);

      await Promise.all([f.worker(), f.worker()]);
      await until("sending is locked", async () => (await lockOf(f)) === "restored");
      must(caughtOf(f, running).length === before, "Somebody was written to a second time.");
      const { planned = 0, leased = 0 } = await states(f.w, running.waveId);
      const done = await unlockSending(f.w.ctx, "The provider's log says who has it.");
      must(done.paused === 1, "The wave was not stopped for people to look at.");
      const { pausedReason } = await standing(f, running);
      must(pausedReason === "restored", `It stands as ${pausedReason}.`);
      return {
        outcome:
          `locked with ${planned + leased} rows that say planned and ${before} copies out; ` +
          "after unlocking the wave stands for two people",
      };
    },
  },
];

/** Press Stop; answers how many milliseconds after its commit the last message began. */
async function stopAndWatch(f: Fleet, running: Running): Promise<number> {
  await pauseIt(f, running);
  const committed = Date.now();
  await until("nothing is in flight", async () => {
    const { sending = 0, leased = 0 } = await states(f.w, running.waveId);
    return sending === 0 && (leased === 0 || f.catcher.counts.inFlight === 0);
  });
  const last = Math.max(...f.catcher.list(0, 1e7).map(({ at }) => at.getTime()));
  must(last - committed <= 2_000, `Messages began ${last - committed} ms after Stop.`);
  requireSound(await check(f, [running], { standing: true }));
  return Math.max(0, last - committed);
}

function pauseIt({ w }: Fleet, { incidentId, waveId }: Running) {
  return pause(w.ctx, w.staff.responder, { incidentId, waveId, reason: "A wrong number." });
}

async function goOn({ w }: Fleet, { incidentId, waveId }: Running): Promise<void> {
  const order = { incidentId, waveId, reason: "The number is right." };
  await resume(w.ctx, w.staff.approver, order);
  const { agreed } = await resume(w.ctx, w.staff.approver2, order);
  must(agreed === "agreed", "Two people did not make it go on.");
}

async function isWitnessed(f: Fleet): Promise<boolean> {
  return (await witnessed(f)) >= 0;
}

/** The newest attempt that Redis has witnessed of this database; -1 where it has seen nothing. */
async function witnessed({ redis, w }: Fleet): Promise<number> {
  const [row] = await w.sql<{ databaseId: string | null }[]>`select database_id from engine`;
  const kept = await withRedis(redis.url, (client) =>
    client.hget(WITNESS_KEY, row?.databaseId ?? "none"),
  );
  if (kept === null) return -1;
  return (JSON.parse(kept) as { seq: number }).seq;
}

async function lockOf({ w }: Fleet): Promise<string | null> {
  const [row] = await w.sql<{ lockedReason: string | null }[]>`select locked_reason from engine`;
  return row?.lockedReason ?? null;
}

/** With owners and modes, as PostgreSQL wants them. */
async function copy(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  await run("cp", ["-a", from, to]);
}

const run = promisify(execFile);

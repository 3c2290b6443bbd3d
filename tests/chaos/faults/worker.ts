import { until } from "../../support/fleet.ts";
import type { Fleet } from "../../support/fleet.ts";
import { givenMidWave, must, preloaded, secondsUntil, settledSoundly, untilOut } from "../acts.ts";
import { startWave } from "../lab.ts";
import type { Fault } from "../lab.ts";

/** Worker processes that die, freeze or stand still. */
export const WORKER_FAULTS: readonly Fault[] = [
  {
    number: "1",
    name: "a worker is killed in mid-wave, again and again",
    expected: "work retaken in 45 s; nobody lost; only what was in flight is unknown",
    async run(lab) {
      const kills = lab.long ? 20 : 3;
      const f = await lab.fleet({ delayMs: 200 });
      const running = await startWave(lab, f, lab.people * (lab.long ? 20 : 4));
      const workers = [await f.worker(), await f.worker()];
      for (let kill = 0; kill < kills; kill += 1) {
        await until("five are in flight", () => f.catcher.counts.inFlight >= CONNECTIONS + 5);
        await workers[kill % 2]?.kill();
        workers[kill % 2] = await f.worker();
      }
      const seconds = await secondsUntil("no dead worker holds a row", () => noneHeld(f), 60_000);
      must(seconds <= 45, `It took ${seconds} s to retake the work.`);
      const checked = await settledSoundly(f, [running]);
      const most = kills * 2 * CONNECTIONS;
      must(checked.unknown <= most, `${checked.unknown} are unknown, above ${most}.`);
      return {
        outcome: `${kills} kills; the last worker's rows judged ${seconds} s after its death`,
        shortened: "20 kills as fast as workers start, instead of 120 every 5 s",
        checked,
      };
    },
  },
  {
    number: "2",
    name: "a worker is frozen (SIGSTOP) and goes on later",
    expected: "its rows are unknown meanwhile; awake, it writes no stale body; late answers count",
    async run(lab) {
      const f = await lab.fleet({ delayMs: 300 });
      const running = await startWave(lab, f);
      const frozen = await f.worker({ EMAIL_CONNECTIONS: "3" });
      await until("it is busy", () => f.catcher.counts.inFlight >= 3);
      process.kill(frozen.pid, "SIGSTOP");
      const other = await f.worker();
      await until("its rows are called unknown", async () => (await unknownRows(f)) > 0, 60_000);
      if (lab.long) await untilOut(f, running, lab.people - 20);
      process.kill(frozen.pid, "SIGCONT");
      await until("the answers that waited are in", async () => (await heardLate(f)) > 0);
      const checked = await settledSoundly(f, [running]);
      await Promise.all([frozen.stop(), other.stop()]);
      return {
        outcome: "answers that had waited in its sockets settled what was unknown",
        shortened: "frozen until its rows are called unknown (20 s), which is all that 120 s adds",
        checked,
      };
    },
  },
  {
    number: "41",
    name: "a worker's event loop is blocked for longer than a lock",
    expected: "the stall is found; the job runs twice without harm",
    async run(lab) {
      const stallMs = lab.long ? 40_000 : 22_000;
      const env = { NODE_OPTIONS: preloaded("stall.ts"), STALL_MS: String(stallMs) };
      const { f, running, workers } = await givenMidWave(lab, { env });
      const [blocked] = workers;
      must(blocked !== undefined, "There is no worker.");
      process.kill(blocked.pid, "SIGUSR2");
      await until("the answers that waited are in", async () => (await heardLate(f)) > 0);
      const checked = await settledSoundly(f, [running]);
      return { outcome: `blocked for ${stallMs / 1_000} s; the other one finished`, checked };
    },
  },
];

/** Nothing is `sending` under a worker that has gone silent. */
async function noneHeld({ w }: Fleet): Promise<boolean> {
  const [row] = await w.sql<{ held: number }[]>`
    select count(*)::int as held from delivery d join worker k on k.id = d.worker_id
     where d.state = 'sending' and k.beat_at < now() - interval '8 seconds'`;
  const [silent] = await w.sql<{ rows: number }[]>`
    select count(*)::int as rows from worker
     where stopped_at is null and beat_at < now() - interval '8 seconds'`;
  return row?.held === 0 && (silent?.rows ?? 0) > 0;
}

async function unknownRows({ w }: Fleet): Promise<number> {
  const [row] = await w.sql<{ rows: number }[]>`
    select count(*)::int as rows from attempt where outcome = 'unknown'`;
  return row?.rows ?? 0;
}

/** Attempts that took longer than any answer of the catcher: they were settled after the frost. */
async function heardLate({ w }: Fleet): Promise<number> {
  const [row] = await w.sql<{ rows: number }[]>`
    select count(*)::int as rows from attempt
     where outcome = 'accepted' and ended_at - started_at > interval '10 seconds'`;
  return row?.rows ?? 0;
}

/** What fleets give their workers. */
export const CONNECTIONS = 6;

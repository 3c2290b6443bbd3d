import { access, readdir } from "node:fs/promises";
import { join } from "node:path";

import { until } from "../../support/fleet.ts";
import type { Fleet } from "../../support/fleet.ts";
import { DAY_MS, givenPlan, stored, tellings } from "../../support/followup.ts";
import { givenIncident } from "../../support/incident.ts";
import { states } from "../../support/wave.ts";
import { must, requireAllAccepted, settledSoundly } from "../acts.ts";
import { check, requireSound } from "../checker.ts";
import { startWave } from "../lab.ts";
import type { Fault } from "../lab.ts";

/** Clocks that are wrong, and more than one that looks at them. */
export const CLOCK_FAULTS: readonly Fault[] = [
  {
    number: "25",
    name: "one machine's clock is an hour ahead, an hour behind, or 400 days ahead",
    expected: "that machine sends nothing and fires no deadline; the others go on",
    async run(lab) {
      const library = await faketime();
      if (library === undefined)
        return { outcome: "", skipped: "libfaketime is not installed (Debian: faketime)" };
      const offsets = lab.long ? ["+1h", "-1h", "+400d"] : ["+400d"];
      const f = await lab.fleet();
      const { id: incidentId } = await givenIncident(f.w);
      await givenPlan(f.w, incidentId, { inMs: [DAY_MS] });
      const waves = [];
      for (const offset of offsets) {
        const running = await startWave(lab, f);
        waves.push(running);
        const env = { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: "1" };
        const wrong = await f.worker(env);
        await until("it owns up to its clock", () => inTrouble(f));
        const { planned = 0, leased = 0 } = await states(f.w, running.waveId);
        must(planned + leased === lab.people, `A machine at ${offset} has sent.`);
        const right = await f.worker();
        requireSound(await check(f, [running], { standing: true }));
        const checked = await settledSoundly(f, [running]);
        requireAllAccepted(checked);
        const [row] = await f.w.sql<{ workers: number }[]>`
          select count(distinct a.worker_id)::int as workers from attempt a
            join delivery d on d.id = a.delivery_id where d.wave_id = ${running.waveId}`;
        must(row?.workers === 1, `A machine at ${offset} took part.`);
        await Promise.all([wrong.stop(), right.stop()]);
      }
      const early = (await stored(f.w, incidentId)).filter(({ state }) => state !== "armed");
      must(early.length === 0, "A follow-up of tomorrow was fired today.");
      const checked = await check(f, waves);
      return { outcome: `${offsets.join(", ")}: nothing sent, nothing fired`, checked };
    },
  },
  {
    number: "28",
    name: "five workers watch the same deadlines, and one is frozen",
    expected: "each deadline is met once",
    async run(lab) {
      const f = await lab.fleet();
      const workers = await Promise.all([1, 2, 3, 4, 5].map(() => f.worker()));
      const [frozen, ...others] = workers;
      must(frozen !== undefined, "There is no worker.");
      const incidents: string[] = [];
      // As if planned a while ago: due within the last minute and yet in time.
      const now = f.w.clock.now();
      f.w.clock.set(new Date(now.getTime() - 3 * 60_000));
      process.kill(frozen.pid, "SIGSTOP");
      for (let n = 0; n < 10; n += 1) {
        const { id } = await givenIncident(f.w);
        await givenPlan(f.w, id, { inMs: [2 * 60_000] });
        incidents.push(id);
      }
      f.w.clock.set(now);
      const rows = async () => (await Promise.all(incidents.map((id) => stored(f.w, id)))).flat();
      const all = async () => (await rows()).every(({ state }) => state !== "armed");
      await until("all have fired", all);
      process.kill(frozen.pid, "SIGCONT");
      await until("the owners were told", async () => (await waiting(f)) === 0);
      const keys = await tellings(f.w);
      const fired = await firings(f);
      must(fired === incidents.length, `${incidents.length} deadlines were met ${fired} times.`);
      must(new Set(keys).size === keys.length, "Somebody was told twice.");
      const { taken } = f.catcher.counts;
      must(taken === keys.length, `${keys.length} tellings, ${taken} messages.`);
      await Promise.all([frozen, ...others].map((worker) => worker.stop()));
      return { outcome: `${incidents.length} deadlines, each met once, ${keys.length} told` };
    },
  },
];

/** The library that lies about the time, where it is installed. */
async function faketime(): Promise<string | undefined> {
  for (const name of await readdir("/usr/lib").catch(() => [])) {
    const path = join("/usr/lib", name, "faketime/libfaketime.so.1");
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return path;
  }
  return undefined;
}

async function inTrouble({ w }: Fleet): Promise<boolean> {
  const rows = await w.sql`select 1 from worker where trouble is not null and stopped_at is null`;
  return rows.length > 0;
}

/** Messages of our own that are not settled. */
async function waiting({ w }: Fleet): Promise<number> {
  const rows = await w.sql`select 1 from message where state in ('planned', 'sending')`;
  return rows.length;
}

/** How often the timeline says that a follow-up fired. */
async function firings({ w }: Fleet): Promise<number> {
  const rows = await w.sql`select 1 from timeline where action = 'followup.fire'`;
  return rows.length;
}

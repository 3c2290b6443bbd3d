import { setTimeout as sleep } from "node:timers/promises";

import { givenApproved, givenCrowd, givenPlace, startApproved } from "./crowd.ts";
import type { Crowd } from "./crowd.ts";
import { openLab } from "./lab.ts";
import type { Lab, Later, Sizes } from "./lab.ts";
import { median, percentile, shown } from "./row.ts";
import type { Found } from "./row.ts";

/** Seconds from the call of *start*, its preflight included, to the first message accepted. */
export async function benchStarts({ quick }: Sizes, later: Later): Promise<Found> {
  const lab = await openLab(later);
  for (const _ of [1, 2]) await lab.worker();
  const crowd = await givenCrowd(lab.w, await givenPlace(lab.w), 100);
  await firstOf(lab, crowd);
  const seconds: number[] = [];
  for (let i = 0; i < (quick ? 3 : 25); i += 1) {
    // Out of step with whatever happens once a second.
    await sleep(Math.random() * 1_000);
    seconds.push(await firstOf(lab, crowd));
  }
  return {
    rows: [
      {
        what: "first message after *start*, p95",
        measured: percentile(seconds, 0.95),
        unit: "s",
        floor: 5,
        aim: 2,
        note: `${seconds.length} starts, median ${shown(median(seconds))} s`,
      },
    ],
    lines: [
      `${seconds.length} starts of waves of ${crowd.count}, workers idle, at random moments. Seconds ` +
        `until the first acceptance was written down: ${seconds.map(shown).join(", ")}.`,
    ],
  };
}

/** Ends when the wave has ended. */
async function firstOf({ w, sink }: Lab, crowd: Crowd): Promise<number> {
  const approved = await givenApproved(w, crowd);
  const before = sink.count();
  const startedAt = Date.now();
  const waveId = await startApproved(w, approved);
  while (sink.count() - before < crowd.count) await sleep(20);
  const firstAt = async () => {
    const [row] = await w.sql<{ ms: number | null }[]>`
      select extract(epoch from min(settled_at))::float8 * 1000 as ms
        from delivery where wave_id = ${waveId} and state = 'accepted'`;
    return row?.ms ?? undefined;
  };
  for (;;) {
    const ms = await firstAt();
    if (ms !== undefined) return (ms - startedAt) / 1_000;
    await sleep(20);
  }
}

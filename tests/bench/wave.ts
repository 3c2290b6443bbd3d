import { setTimeout as sleep } from "node:timers/promises";

import { givenApproved, startApproved } from "./crowd.ts";
import type { Crowd } from "./crowd.ts";
import type { Lab } from "./lab.ts";

export interface Timed {
  readonly waveId: string;
  /** Seconds from *start* to the last acceptance that was written down. */
  readonly seconds: number;
}

/**
 * Send a wave to a crowd, with the usual canary unless said. Throws where the sink did not count
 * exactly as many messages.
 */
export async function timedWave({ w, sink }: Lab, crowd: Crowd, canary = 50) {
  const approved = await givenApproved(w, crowd, { canary });
  const before = sink.count();
  const sent = await sentCount({ w, sink });
  const started = performance.now();
  const waveId = await startApproved(w, approved);
  // Counting a hundred thousand rows ten times a second would be work for the database.
  while (sink.count() - before < crowd.count) {
    if (performance.now() - started > PATIENCE_MS) throw new Error("The wave did not end.");
    await sleep(20);
  }
  while ((await left(w, waveId)) > 0) {
    if (performance.now() - started > PATIENCE_MS) throw new Error("The wave did not end.");
    await sleep(20);
  }
  const seconds = (performance.now() - started) / 1_000;
  await expectSent({ w, sink }, sent + crowd.count);
  return { waveId, seconds } satisfies Timed;
}

/** What the sink has counted so far, but for our own mail to staff. */
export async function sentCount({ w, sink }: Pick<Lab, "w" | "sink">): Promise<number> {
  const mailed = await mailedStaff(w);
  return sink.count() - mailed;
}

/** Throws where that is not so many; the sink and the ledger say what they know a moment later. */
export async function expectSent(lab: Pick<Lab, "w" | "sink">, expected: number): Promise<void> {
  let sent = await sentCount(lab);
  for (let tries = 0; tries < 40 && sent !== expected; tries += 1) {
    await sleep(50);
    sent = await sentCount(lab);
  }
  if (sent !== expected) throw new Error(`The sink counted ${sent} messages, not ${expected}.`);
}

/** Our own mail to staff so far, such as of a clock that runs out: the sink counts it too. */
async function mailedStaff({ sql }: Lab["w"]): Promise<number> {
  const [row] = await sql<{ mailed: number }[]>`
    select count(*)::int as mailed from message where channel = 'email' and state = 'accepted'`;
  return row?.mailed ?? 0;
}

/** Deliveries of a wave that nobody has accepted. */
async function left({ sql }: Lab["w"], waveId: string): Promise<number> {
  const [row] = await sql<{ left: number }[]>`
    select count(*) filter (where state <> 'accepted')::int as left
      from delivery where wave_id = ${waveId}`;
  return row?.left ?? 0;
}

/**
 * Messages a second between the first and the last tenth of what a wave sent, by what was written
 * down: neither its canary nor its last slices. Also the rate of its second and its ninth tenth.
 */
export async function steadyRate({ sql }: Lab["w"], waveId: string) {
  const [row] = await sql<{ all: number; early: number; late: number }[]>`
    with sent as (
      select settled_at, row_number() over (order by settled_at) as n, count(*) over () as total
        from delivery where wave_id = ${waveId} and state = 'accepted'
    ), edge as (
      select total,
             min(settled_at) filter (where n > 0.1 * total) as t1,
             min(settled_at) filter (where n > 0.2 * total) as t2,
             min(settled_at) filter (where n > 0.8 * total) as t8,
             min(settled_at) filter (where n > 0.9 * total) as t9
        from sent group by total
    )
    select (0.8 * total / extract(epoch from t9 - t1))::float8 as all,
           (0.1 * total / extract(epoch from t2 - t1))::float8 as early,
           (0.1 * total / extract(epoch from t9 - t8))::float8 as late
      from edge`;
  return row ?? { all: Number.NaN, early: Number.NaN, late: Number.NaN };
}

const PATIENCE_MS = 600_000;

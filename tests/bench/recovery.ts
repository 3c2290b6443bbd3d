import { setTimeout as sleep } from "node:timers/promises";

import type { Part } from "../../src/dev/candor.ts";
import { openRedis } from "../../src/gateways/redis.ts";
import { startProxy } from "../support/proxy.ts";
import { givenApproved, givenCrowd, givenPlace, startApproved } from "./crowd.ts";
import { openLab } from "./lab.ts";
import type { Lab, Later, Sizes } from "./lab.ts";
import { median, shown, table } from "./row.ts";
import type { Found, Row } from "./row.ts";

/**
 * What a killed worker and an emptied Redis cost. The relay is 200 ms away, so that a
 * worker is always in the middle of as many as it can be. Workers are killed one after the
 * other in the same wave; each kill is judged by its own rows: those that wait in the slices it
 * had begun, and those that it was sending.
 */
export async function benchRecovery({ quick }: Sizes, later: Later): Promise<Found> {
  const lab = await openLab(later);
  const proxy = await startProxy(lab.sink.port);
  later(proxy.close);
  proxy.delay(DELAY_MS);
  const settings = { SMTP_URL: `smtp://127.0.0.1:${proxy.port}` };
  const trials = quick ? 2 : 5;
  const crowd = await givenCrowd(lab.w, await givenPlace(lab.w), quick ? 10_000 : 30_000);
  const workers: Doomed[] = [];
  for (let i = 0; i <= trials; i += 1) workers.push(await startKnown(lab, settings));
  await startApproved(lab.w, await givenApproved(lab.w, crowd));
  await untilSending(lab, workers);

  const kills: Killed[] = [];
  for (const worker of workers.slice(1)) {
    await sleep(3_000 + Math.random() * 1_000);
    kills.push(await killed(lab, worker));
  }
  const fates = await fatesOf(lab, kills);
  await startKnown(lab, settings);
  const flushes: number[] = [];
  for (let i = 0; i < trials; i += 1) {
    await sleep(4_000 + Math.random() * 1_000);
    flushes.push(await flushed(lab));
  }
  return { rows: rowsOf(fates, flushes), lines: linesOf(fates, flushes) };
}

interface Doomed {
  readonly part: Part;
  readonly id: string;
}

async function startKnown(lab: Lab, settings: Record<string, string>): Promise<Doomed> {
  const part = await lab.worker(settings);
  const [row] = await lab.w.sql<{ id: string }[]>`
    select id from worker order by started_at desc limit 1`;
  return { part, id: row?.id ?? "" };
}

/** Once the canary is over, each of them has a slice of its own. */
async function untilSending({ w }: Lab, workers: readonly Doomed[]): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const busy = await w.sql`select distinct worker_id from delivery where state = 'sending'`;
    const [wave] = await w.sql<{ state: string }[]>`select state from wave`;
    if (wave?.state === "sending" && busy.length === workers.length) return;
    await sleep(200);
  }
  throw new Error("Not all workers came to send.");
}

interface Killed {
  readonly workerId: string;
  readonly atMs: number;
  readonly inHand: number;
  /** Rows that wait in slices it had begun. */
  readonly waiting: readonly string[];
}

async function killed({ w }: Lab, { part, id }: Doomed): Promise<Killed> {
  for (let tries = 0; tries < 200 && (await waitingOf(w, id)).length < ENOUGH; tries += 1)
    await sleep(20);
  await part.kill();
  const atMs = Date.now();
  const inHand = await w.sql`select from delivery where worker_id = ${id} and state = 'sending'`;
  return { workerId: id, atMs, inHand: inHand.length, waiting: await waitingOf(w, id) };
}

async function waitingOf({ sql }: Lab["w"], workerId: string): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select id from delivery
     where state = 'leased' and slice_id in (
             select slice_id from delivery where worker_id = ${workerId} and state = 'sending')`;
  return rows.map(({ id }) => id);
}

interface Fate {
  readonly waiting: number;
  /** Seconds until the first and the last of the waiting rows was claimed by somebody. */
  readonly first: number;
  readonly last: number;
  readonly inHand: number;
  readonly unknown: number;
}

/** What became of each, once all is known or a minute is over. */
async function fatesOf({ w }: Lab, kills: readonly Killed[]): Promise<Fate[]> {
  const fateOf = async ({
    workerId,
    atMs,
    inHand,
    waiting,
  }: Killed): Promise<Fate & { over: boolean }> => {
    const [row] = await w.sql<{ first: number | null; last: number | null; claimed: number }[]>`
      select extract(epoch from min(started_at))::float8 * 1000 as first,
             extract(epoch from max(started_at))::float8 * 1000 as last, count(*)::int as claimed
        from (select min(started_at) as started_at from attempt
               where delivery_id = any(${waiting}::bigint[])
                 and started_at > to_timestamp(${atMs}::float8 / 1000) group by delivery_id) as claims`;
    const [named] = await w.sql<{ unknown: number; open: number }[]>`
      select count(*) filter (where outcome = 'unknown' or evidence is not null)::int as unknown,
             count(*) filter (where outcome is null)::int as open
        from attempt where worker_id = ${workerId}`;
    const since = (ms: number | null | undefined) => ((ms ?? Number.NaN) - atMs) / 1_000;
    const all = row?.claimed === waiting.length;
    return {
      waiting: waiting.length,
      first: since(row?.first),
      last: all ? since(row.last) : Number.NaN,
      inHand,
      unknown: named?.unknown ?? 0,
      over: all && named?.open === 0,
    };
  };
  const deadline = performance.now() + 90_000;
  for (;;) {
    const fates = await Promise.all(kills.map(fateOf));
    if (fates.every(({ over }) => over) || performance.now() > deadline) return fates;
    await sleep(500);
  }
}

/** Seconds from FLUSHALL until a row that waited in Redis is claimed under another slice. */
async function flushed({ w, env }: Lab): Promise<number> {
  const redis = openRedis(env["REDIS_URL"] ?? "");
  try {
    await redis.flushall();
    const atMs = Date.now();
    const rows = await w.sql<{ id: string }[]>`
      select id from delivery d
       where state = 'leased'
         and not exists (select from delivery o where o.slice_id = d.slice_id and o.state = 'sending')`;
    const waiting = rows.map(({ id }) => id);
    if (waiting.length === 0) throw new Error("Nothing waited in Redis.");
    for (let tries = 0; tries < 600; tries += 1) {
      const [row] = await w.sql<{ ms: number | null }[]>`
        select extract(epoch from min(started_at))::float8 * 1000 as ms
          from attempt where delivery_id = any(${waiting}::bigint[])
           and started_at > to_timestamp(${atMs}::float8 / 1000)`;
      if (row?.ms) return (row.ms - atMs) / 1_000;
      await sleep(100);
    }
    return Number.NaN;
  } finally {
    redis.disconnect();
  }
}

function rowsOf(fates: readonly Fate[], flushes: readonly number[]): Row[] {
  const worst = (values: readonly number[]) =>
    values.length === 0 || values.some(Number.isNaN) ? Number.NaN : Math.max(...values);
  const note = (values: readonly number[]) =>
    `slowest of ${values.length}, median ${shown(median(values))}`;
  // One that had nothing waiting left nothing to retake.
  const retaken = fates.filter(({ waiting }) => waiting > 0).map(({ first }) => first);
  const unknown = fates.map((fate) => fate.unknown);
  return [
    {
      what: "work retaken after SIGKILL",
      measured: worst(retaken),
      unit: "s",
      floor: 45,
      aim: 25,
      note: note(retaken),
    },
    {
      what: "work retaken after FLUSHALL",
      measured: worst(flushes),
      unit: "s",
      floor: 60,
      aim: 10,
      note: note(flushes),
    },
    {
      what: `\`unknown\` per worker kill, of ${CONNECTIONS} connections`,
      measured: worst(unknown),
      unit: "",
      floor: 2 * CONNECTIONS,
      aim: CONNECTIONS,
      note: `most of ${unknown.length}, median ${shown(median(unknown))}`,
    },
  ];
}

function linesOf(fates: readonly Fate[], flushes: readonly number[]): string[] {
  return [
    `${fates.length} of ${fates.length + 1} workers × ${CONNECTIONS} connections killed in turn in the middle of a ` +
      "wave, to a relay that is 200 ms away. *Waiting*: rows left in slices that the " +
      "worker had begun.",
    "",
    ...table(
      ["kill", "waiting", "first claimed, s", "last claimed, s", "in hand", "unknown"],
      fates.map((fate, i) => [
        String(i + 1),
        ...[fate.waiting, fate.first, fate.last, fate.inHand, fate.unknown].map(shown),
      ]),
    ),
    "",
    `FLUSHALL with two workers, seconds until a row that waited in Redis was claimed: ${flushes.map(shown).join(", ")}.`,
  ];
}

const CONNECTIONS = 10;
const DELAY_MS = 100;
/** Rows that wait in the slices of a worker when it is killed. */
const ENOUGH = 20;

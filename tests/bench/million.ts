import { setTimeout as sleep } from "node:timers/promises";

import { pause } from "../../src/actions/wave.ts";
import { field, infoOf, openRedis } from "../../src/gateways/redis.ts";
import type { RedisClient } from "../../src/gateways/redis.ts";
import { givenApproved, givenCrowd, givenPlace, startApproved } from "./crowd.ts";
import type { Crowd } from "./crowd.ts";
import { openLab, residentMiB } from "./lab.ts";
import type { Lab, Later, Sizes } from "./lab.ts";
import { median, shown, table } from "./row.ts";
import type { Found, Row } from "./row.ts";
import { ledgerSizes, logOf, writtenLines } from "./written.ts";
import type { Log } from "./written.ts";
import { expectSent, sentCount, steadyRate, timedWave } from "./wave.ts";

/**
 * One wave as large as they come: how long it takes to plan, what waits in Redis, how the workers'
 * memory goes, how soon an urgent wave overtakes it, and whether the rate falls as it grows. Where
 * all of it would take longer than eight minutes to send, it is paused then, and the report says
 * how many were sent.
 */
export async function benchMillion(sizes: Sizes, later: Later): Promise<Found> {
  const seen = await sendAll(sizes, later);
  return { rows: rowsOf(seen), lines: linesOf(seen) };
}

async function sendAll({ wave, quick }: Sizes, later: Later) {
  const lab = await openLab(later);
  const { w } = lab;
  const incidentId = await givenPlace(w);
  const [small, middle] = quick ? [500, 1_000] : [10_000, 100_000];
  const crowds = {
    small: await givenCrowd(w, incidentId, small),
    middle: await givenCrowd(w, incidentId, middle),
  };
  const sealing = performance.now();
  const crowd = await givenCrowd(w, incidentId, wave);
  const sealSeconds = (performance.now() - sealing) / 1_000;
  const pids = [(await lab.worker()).pid, (await lab.worker()).pid];
  const redis = openRedis(lab.env["REDIS_URL"] ?? "");
  later(() => redis.quit());

  await timedWave(lab, crowds.small);
  // What PostgreSQL would do by itself in the next minutes, and take a core and the disk for.
  await w.sql`vacuum analyze`;
  await w.sql`checkpoint`;
  const rates = [];
  for (let i = 0; i < (quick ? 1 : 3); i += 1) rates.push(await rateOf(lab, crowds.small));
  const middleRate = await rateOf(lab, crowds.middle);
  const urgents = await givenUrgents(lab, incidentId, quick ? 2 : 5);
  const mostMs = quick ? 60_000 : SEND_MS_MAX;
  const sent = await sendLarge({ lab, crowd, redis, pids, urgents, mostMs });
  // Again, because a machine is not the same after ten minutes.
  for (let i = 0; i < (quick ? 1 : 2); i += 1) rates.push(await rateOf(lab, crowds.small));
  const written = await ledgerSizes(w.sql);
  return { wave, small, middle, sealSeconds, rates, middleRate, sent, written };
}

type Seen = Awaited<ReturnType<typeof sendAll>>;

function rowsOf({ wave, small, middle, rates, middleRate, sent }: Seen): Row[] {
  const smallRate = median(rates);
  const rateRow = (of: number, rate: number): Row => ({
    what: `rate at ${shown(of)}, against the rate at ${shown(small)}`,
    measured: rate / smallRate,
    unit: "×",
    floor: NOISE,
    aim: 1,
    better: "more",
    profile: "send",
    note: `${shown(rate)}/s to ${shown(smallRate)}/s`,
  });
  const { planSeconds } = sent;
  const planned = `${shown(wave)} deliveries planned`;
  return [
    { what: planned, measured: planSeconds, unit: "s", floor: 30, aim: 10 },
    ...memoryRows(sent, wave),
    ...urgentRow(sent.urgentSeconds),
    rateRow(middle, middleRate),
    rateRow(wave, sent.rate.all),
  ];
}

function linesOf({ wave, small, middle, sealSeconds, rates, middleRate, sent, written }: Seen) {
  const { messages, whole, rate } = sent;
  return [
    `${shown(wave)} people sealed and frozen in ${shown(sealSeconds)} s; 2 workers × 10 connections. ` +
      `${shown(messages)} were sent in ${shown(sent.sendSeconds)} s, those of the urgent waves among them` +
      (whole ? ". " : "; then the time for it was over, and the wave was paused. ") +
      `Redis: ${shown(sent.redisIdleMB)} MB before, at most ${shown(sent.redisMostMB)} MB in the first 30 s.`,
    "",
    "Rates are those between the first and the last tenth of each wave; a tenth less counts as " +
      `noise. At ${shown(small)}, before and after the others: ${rates.map(shown).join(", ")}/s; at ` +
      `${shown(middle)}: ${shown(middleRate)}/s; at ${shown(wave)}: ${shown(rate.all)}/s, its second ` +
      `tenth ${shown(rate.early)}/s, its ninth ${shown(rate.late)}/s.`,
    "",
    "Urgent waves of 100 in the middle of it, seconds from *start* to the last acceptance: " +
      `${sent.urgentSeconds.map(shown).join(", ")}.`,
    "",
    "Resident memory of the workers, MiB, median of each step:",
    "",
    ...table(
      ["messages sent", "worker 1", "worker 2"],
      sent.memory.map(({ from, each }) => [`from ${shown(from)}`, ...each.map(shown)]),
    ),
    "",
    "What was written, for the arithmetic of `docs/scale.md`:",
    "",
    ...writtenLines(written, sent.log, { planned: wave, sent: messages }),
  ];
}

async function rateOf(lab: Lab, crowd: Crowd): Promise<number> {
  const { waveId } = await timedWave(lab, crowd);
  return (await steadyRate(lab.w, waveId)).all;
}

interface Large {
  readonly lab: Lab;
  readonly crowd: Crowd;
  readonly redis: RedisClient;
  readonly pids: readonly number[];
  readonly urgents: readonly Awaited<ReturnType<typeof givenApproved>>[];
  readonly mostMs: number;
}

interface Sample {
  readonly messages: number;
  readonly atMs: number;
  readonly redisMB: number;
  readonly rssMiB: readonly number[];
}

/** Start the large wave, look at it once a second, and send the urgent ones in its middle. */
async function sendLarge({ lab, crowd, redis, pids, urgents, mostMs }: Large) {
  const { w } = lab;
  const approved = await givenApproved(w, crowd);
  const redisIdleMB = await usedMB(redis);
  const before = await sentCount(lab);
  const logs: Log[] = [await logOf(w.sql)];
  const planning = performance.now();
  const waveId = await startApproved(w, approved);
  const started = performance.now();
  logs.push(await logOf(w.sql));

  const samples: Sample[] = [];
  const urgentSeconds: number[] = [];
  const all = crowd.count + 100 * urgents.length;
  for (;;) {
    const [messages, atMs] = [(await sentCount(lab)) - before, performance.now() - started];
    const rssMiB = await Promise.all(pids.map(async (pid) => (await residentMiB(pid)) ?? 0));
    samples.push({ messages, atMs, redisMB: await usedMB(redis), rssMiB });
    const due = urgents[urgentSeconds.length];
    const share = Math.max(messages / crowd.count, atMs / mostMs);
    // From a third of the way on, whichever end comes first.
    if (due && share > (1 + 0.4 * urgentSeconds.length) / 3)
      urgentSeconds.push(await urgentOf(lab, due));
    if (messages >= all || atMs > mostMs) break;
    await sleep(atMs < 30_000 ? 200 : 1_000);
  }
  const whole = (await sentCount(lab)) - before >= all;
  const sendSeconds = (performance.now() - started) / 1_000;
  if (!whole) await standStill(lab, approved.incidentId, waveId);
  const messages = await acceptedOf(lab, before, whole ? all : undefined);
  logs.push(await logOf(w.sql));
  const early = samples.filter(({ atMs }) => atMs < 30_000).map(({ redisMB }) => redisMB);
  return {
    planSeconds: (started - planning) / 1_000,
    sendSeconds,
    messages,
    whole,
    redisIdleMB,
    redisMostMB: Math.max(...early),
    rssMostMiB: Math.max(...samples.flatMap(({ rssMiB }) => rssMiB)),
    memory: stepsOf(samples),
    urgentSeconds,
    rate: await steadyRate(w, waveId),
    log: logs,
  };
}

/** What the sink counted is what the ledger calls accepted. */
async function acceptedOf(lab: Lab, before: number, expected?: number): Promise<number> {
  const total = async () => {
    const [row] = await lab.w.sql<{ accepted: number; open: number }[]>`
      select count(*) filter (where state = 'accepted')::int as accepted,
             count(*) filter (where state = 'sending')::int as open from delivery`;
    return row ?? { accepted: 0, open: 1 };
  };
  for (let tries = 0; tries < 60 && (await total()).open > 0; tries += 1) await sleep(500);
  const { accepted } = await total();
  await expectSent(lab, accepted);
  if (expected !== undefined && accepted - before !== expected)
    throw new Error(`${accepted - before} were accepted, not ${expected}.`);
  return accepted - before;
}

async function standStill({ w }: Lab, incidentId: string, waveId: string): Promise<void> {
  await pause(w.ctx, w.staff.responder, { incidentId, waveId, reason: "The time is over." });
}

async function givenUrgents({ w }: Lab, incidentId: string, count: number) {
  const crowd = await givenCrowd(w, incidentId, 100);
  const made = [];
  for (let i = 0; i < count; i += 1) made.push(await givenApproved(w, crowd, { urgent: true }));
  return made;
}

/** Seconds from *start* to the last of an urgent wave. */
async function urgentOf({ w }: Lab, approved: Large["urgents"][number]): Promise<number> {
  const startedAt = Date.now();
  const waveId = await startApproved(w, approved);
  for (let tries = 0; tries < 1_200; tries += 1) {
    const [row] = await w.sql<{ left: number; lastMs: number }[]>`
      select count(*) filter (where state <> 'accepted')::int as left,
             extract(epoch from max(settled_at))::float8 * 1000 as last_ms
        from delivery where wave_id = ${waveId}`;
    if (row?.left === 0) return (row.lastMs - startedAt) / 1_000;
    await sleep(50);
  }
  return Number.NaN;
}

/** Medians of memory for every tenth of what was sent; the first belongs to warming up. */
function stepsOf(samples: readonly Sample[]) {
  const most = samples.at(-1)?.messages ?? 0;
  const step = Math.max(1, Math.min(100_000, Math.round(most / 5)));
  const steps = Array.from({ length: Math.ceil(most / step) }, (_, i) => i * step);
  return steps.flatMap((from) => {
    const within = samples.filter(({ messages }) => messages >= from && messages < from + step);
    const each = [0, 1].map((i) => median(within.map(({ rssMiB }) => rssMiB[i] ?? 0)));
    return within.length === 0 ? [] : [{ from, each }];
  });
}

function memoryRows(
  { memory, rssMostMiB, redisIdleMB, redisMostMB, messages }: Awaited<ReturnType<typeof sendLarge>>,
  wave: number,
): Row[] {
  const warm = memory.length > 1 ? memory.slice(1) : memory;
  const swings = [0, 1].flatMap((i) => {
    const sizes = warm.map(({ each }) => each[i] ?? 0);
    const middle = median(sizes);
    return sizes.map((size) => (100 * Math.abs(size - middle)) / middle);
  });
  const over = `over ${shown(messages)} sends`;
  return [
    {
      what: `Redis memory while ${shown(wave)} wait`,
      measured: redisMostMB - redisIdleMB,
      unit: "MB",
      floor: 20,
      aim: 5,
    },
    {
      what: `worker memory ${over}, away from its median`,
      measured: Math.max(...swings),
      unit: "%",
      floor: 10,
    },
    {
      what: `worker memory ${over}, at most`,
      measured: rssMostMiB * MIB,
      unit: "MB",
      floor: 400,
      aim: 250,
    },
  ];
}

function urgentRow(seconds: readonly number[]): Row[] {
  const worst = seconds.length === 0 ? Number.NaN : Math.max(...seconds);
  const what = "urgent wave of 100 in the middle of it, its last one";
  return [
    { what, measured: worst, unit: "s", floor: 30, aim: 5, note: `slowest of ${seconds.length}` },
  ];
}

async function usedMB(redis: RedisClient): Promise<number> {
  return Number(field(await infoOf(redis, "memory"), "used_memory")) / 1e6;
}

/** A slow machine shows as much in this time as in an hour. */
const SEND_MS_MAX = 480_000;
/** Rates of the same code on the same machine differ by as much; less is a fall. */
const NOISE = 0.9;
const MIB = 1.048576;

import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { Redis } from "ioredis";

import { ownWords } from "../../src/actions/feedback/own.ts";
import { reconcile } from "../../src/actions/receipt/reconcile.ts";
import type { Context, SmsGateway } from "../../src/context.ts";
import type { Part } from "../../src/dev/candor.ts";
import { progressOf } from "../../src/views/wave.ts";
import { attemptCounts, caughtOf, until } from "../support/fleet.ts";
import type { Fleet, Running } from "../support/fleet.ts";
import { check, requireSound, untilRest } from "./checker.ts";
import type { Checked, CheckOptions } from "./checker.ts";
import { startWave } from "./lab.ts";
import type { Lab } from "./lab.ts";

/** A fleet of two workers with a wave that is well under way. */
export async function givenMidWave(
  lab: Lab,
  options: {
    readonly f?: Fleet;
    readonly people?: number;
    readonly env?: Record<string, string>;
    readonly share?: number;
  } = {},
): Promise<{ f: Fleet; running: Running; workers: Part[] }> {
  const { people = lab.people, env = {}, share = 0.25 } = options;
  const f = options.f ?? (await lab.fleet({ delayMs: 40 }));
  const running = await startWave(lab, f, people);
  const workers = await Promise.all([f.worker(env), f.worker(env)]);
  await untilOut(f, running, Math.ceil(people * share));
  return { f, running, workers };
}

/** Wait until the catcher has this many of a wave. */
export function untilOut(f: Fleet, running: Running, count: number): Promise<void> {
  return until(`${count} are out`, () => caughtOf(f, running).length >= count);
}

/** Wait until all rests, compare the ledgers, and throw where they do not agree. */
export async function settledSoundly(
  f: Fleet,
  waves: readonly Running[],
  options: CheckOptions & { readonly patienceMs?: number } = {},
): Promise<Checked> {
  await untilRest(f, waves, options.patienceMs);
  const checked = await check(f, waves, options);
  requireSound(checked);
  return checked;
}

/** Throws unless everybody was mailed once and nothing is unclear. */
export function requireAllAccepted(checked: Checked): void {
  const { people, states, unknown } = checked;
  if (states["accepted"] !== people || unknown > 0)
    throw new Error(`Not all ${people} are plainly accepted: ${JSON.stringify(states)}.`);
}

/** Seconds until this holds. */
export async function secondsUntil(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs?: number,
): Promise<number> {
  const started = performance.now();
  await until(what, holds, patienceMs);
  return Math.round((performance.now() - started) / 100) / 10;
}

/** Speak with the Redis of a fleet for a moment. */
export async function withRedis<T>(url: string, act: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  redis.on("error", () => {});
  try {
    return await act(redis);
  } finally {
    redis.disconnect();
  }
}

/** How a wave stands, for its state and reason. */
export function standing({ w }: Fleet, { incidentId, waveId }: Running) {
  return progressOf(w.sql, incidentId, waveId);
}

/** Throws with this sentence unless it is so. */
export function must(holds: boolean, sentence: string): asserts holds {
  if (!holds) throw new Error(sentence);
}

/**
 * Make whatever is put off due, again and again, until stopped: minutes of waiting in no time. What
 * Redis remembers of a provider's pace is forgotten, as it is after those minutes.
 */
export async function dueNow(lab: Lab, f: Fleet, { waveId }: Running) {
  await withRedis(f.redis.url, (redis) => redis.flushall());
  let over = false;
  async function keepDue(): Promise<void> {
    for (; !over; await sleep(500))
      await f.w.sql`
        update delivery set next_at = now()
         where wave_id = ${waveId} and state = 'planned' and next_at > now()`.catch(() => {});
  }
  const running = keepDue();
  async function stop(): Promise<void> {
    over = true;
    await running;
  }
  lab.later(stop);
  return { stop };
}

export interface Judging {
  readonly sms?: SmsGateway | undefined;
  /** The account by which workers sent: another one's list proves nothing. */
  readonly account?: string | undefined;
  readonly patienceMs?: number;
}

/**
 * Let the time pass that the rule for unknown outcomes gives receipts, and judge by it until
 * nothing is unknown. `sms` is the provider that may be asked. Throws where something stays so.
 */
export async function untilJudged(
  f: Fleet,
  waves: readonly Running[],
  { sms = f.w.ctx.sms, account, patienceMs = 60_000 }: Judging = {},
): Promise<void> {
  const ids = waves.map(({ waveId }) => waveId);
  const config =
    account === undefined ? f.w.config : { ...f.w.config, TWILIO_ACCOUNT_SID: account };
  const ctx: Context = { ...f.w.ctx, config, sms };
  await until(
    "every unknown is judged by rule",
    async () => {
      await f.w.sql`
        with old as (
          update delivery set settled_at = settled_at - interval '20 minutes'
           where wave_id = any(${ids}) and state = 'unknown' returning id, attempt)
        update attempt a set looked_at = looked_at - interval '10 minutes'
          from old where a.delivery_id = old.id and a.n = old.attempt`;
      await reconcile(ctx, ownWords);
      await sleep(200);
      const [row] = await f.w.sql<{ open: number }[]>`
        select count(*)::int as open from delivery
         where wave_id = any(${ids}) and state in ('unknown', 'planned', 'leased', 'sending')`;
      return row?.open === 0;
    },
    patienceMs,
  );
}

/** NODE_OPTIONS for a process that loads one of our modules before all others. */
export function preloaded(name: string): string {
  return `--import=${fileURLToPath(new URL(`preload/${name}`, import.meta.url))}`;
}

/** PostgreSQL says that it committed, and nobody hears it. (What asked for it is words only once.) */
export const COMMITTED = { words: /COMMIT\0/, way: "server", when: "before" } as const;

/** Whether any attempt of a wave has come to its end. */
export async function hasEnded(f: Fleet, running: Running): Promise<boolean> {
  return Object.keys(await attemptCounts(f, running)).some((ending) => ending !== "");
}

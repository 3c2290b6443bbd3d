import { caughtOf, givenRunning, until } from "../support/fleet.ts";
import type { Fleet, Running } from "../support/fleet.ts";
import type { Part } from "../../src/dev/candor.ts";
import { standing, untilJudged, withRedis } from "./acts.ts";
import { check, requireSound, untilRest } from "./checker.ts";
import type { Checked } from "./checker.ts";
import { startAgain } from "./faults/postgres.ts";
import type { Durable, Lab } from "./lab.ts";

/** How far to run. */
export interface Length {
  /** Kills of workers and Redis, and of PostgreSQL besides. */
  readonly kills: number;
  readonly killsOfPostgres: number;
  readonly flushes: number;
  readonly people: number;
}

/** What came of a marathon. */
export interface Marathon {
  readonly seed: number;
  readonly waves: number;
  readonly people: number;
  /** How often each was killed or emptied. */
  readonly done: Readonly<Record<Deed, number>>;
  readonly lost: number;
  readonly doubled: number;
  /** Attempts of which nobody knew what became, and the most that may have been. */
  readonly unknown: number;
  readonly unknownMost: number;
  /** Of those, still unknown when the rules had done their work. */
  readonly unresolved: number;
  /** The fewest messages that were in flight as something was killed. */
  readonly inFlightLeast: number;
  readonly seconds: number;
}

type Deed = "worker" | "redis" | "postgres" | "flush";

/**
 * Wave after wave, kill workers, Redis and PostgreSQL at random while at least five messages are in
 * flight, and empty Redis at random, until all of it was done. Every ledger is compared after
 * every wave. Throws at the first that does not agree, with the seed.
 */
export async function marathon(lab: Lab, length: Length, say: Say): Promise<Marathon> {
  const started = performance.now();
  const { main, servers } = await lab.durable();
  const f = await lab.fleet({ delayMs: DELAY_MS }, servers);
  const stage: Stage = { lab, f, main, workers: [], done: fresh(), inFlightLeast: Infinity, say };
  stage.workers.push(await f.worker(ENV), await f.worker(ENV));
  const deeds = lab.random.shuffled(deedsOf(length));
  const sums = { waves: 0, people: 0, lost: 0, doubled: 0, unknown: 0, unresolved: 0 };
  while (deeds.length > 0) {
    const running = await givenRunning(f, `m${sums.waves}`, length.people);
    await through(stage, running, deeds);
    const checked = await finish(stage, running);
    sums.waves += 1;
    sums.people += length.people;
    for (const name of ["lost", "doubled", "unresolved", "unknown"] as const)
      sums[name] += checked[name];
    say(`wave ${sums.waves}: ${JSON.stringify(checked.states)}, ${deeds.length} deeds left`);
  }
  await f.endWorkers();
  const unknownMost = stage.done.worker * 2 * CONNECTIONS;
  if (sums.unknown > unknownMost)
    throw new Error(`${sums.unknown} unknown, above ${unknownMost}; seed ${lab.seed}.`);
  const seconds = Math.round((performance.now() - started) / 1_000);
  const { done, inFlightLeast } = stage;
  return { seed: lab.seed, ...sums, done, unknownMost, inFlightLeast, seconds };
}

type Say = (sentence: string) => void;

interface Stage {
  readonly lab: Lab;
  readonly f: Fleet;
  readonly main: Durable["main"];
  readonly workers: Part[];
  readonly done: Record<Deed, number>;
  readonly say: Say;
  inFlightLeast: number;
}

/** Kill one after the other until this wave is nearly out. */
async function through(stage: Stage, running: Running, deeds: Deed[]): Promise<void> {
  const { f, lab } = stage;
  for (let deed = deeds.pop(); deed !== undefined; deed = deeds.pop()) {
    // Somewhere in the next part of the wave, so that a kill meets it everywhere.
    const next = caughtOf(f, running).length + 20 + lab.random.below(STRIDE);
    const met = await met5(stage, running, next);
    if (!met) {
      deeds.push(deed);
      return;
    }
    await ACTS[deed](stage);
    stage.done[deed] += 1;
  }
}

/** Whether this many are out while at least five more are in flight; false where the wave is over. */
async function met5(stage: Stage, running: Running, count: number): Promise<boolean> {
  const { f } = stage;
  let over = false;
  await until(
    "five are in flight",
    async () => {
      if (caughtOf(f, running).length >= count && f.catcher.counts.inFlight >= IN_FLIGHT_LEAST)
        return true;
      over = (await standing(f, running)).state === "done";
      return over;
    },
    PATIENCE_MS,
  );
  if (over) return false;
  stage.inFlightLeast = Math.min(stage.inFlightLeast, f.catcher.counts.inFlight);
  return true;
}

const ACTS: Readonly<Record<Deed, (stage: Stage) => Promise<void>>> = {
  async worker({ f, lab, workers }) {
    const n = lab.random.below(workers.length);
    await workers[n]?.kill();
    workers[n] = await f.worker(ENV);
  },
  async redis({ f, lab }) {
    await f.redis.kill();
    // With its file, or as an empty one.
    await f.redis.start(lab.random.below(2) === 0);
  },
  async postgres({ f, main }) {
    await main.stop("SIGKILL");
    await startAgain(main, f);
  },
  flush: ({ f }) => withRedis(f.redis.url, async (redis) => void (await redis.flushall())),
};

/** Let a wave end, resolve what is unknown by rule, and compare. Throws where anything is wrong. */
async function finish({ f, lab, say }: Stage, running: Running): Promise<Checked> {
  try {
    await untilRest(f, [running], PATIENCE_MS);
    const before = await check(f, [running]);
    requireSound(before);
    await untilJudged(f, [running], { patienceMs: PATIENCE_MS });
    const checked = await check(f, [running]);
    requireSound(checked);
    // Whoever had an unknown attempt had it before the rules were asked.
    return { ...checked, unknown: Math.max(before.unknown, checked.unknown) };
  } catch (error) {
    say(`seed ${lab.seed}`);
    throw error;
  }
}

function deedsOf({ kills, killsOfPostgres, flushes }: Length): Deed[] {
  const many = (deed: Deed, count: number) => Array.from({ length: count }, () => deed);
  // Three of four kills are of workers.
  const ofRedis = Math.floor(kills / 4);
  return [
    ...many("worker", kills - ofRedis),
    ...many("redis", ofRedis),
    ...many("postgres", killsOfPostgres),
    ...many("flush", flushes),
  ];
}

function fresh(): Record<Deed, number> {
  return { worker: 0, redis: 0, postgres: 0, flush: 0 };
}

const CONNECTIONS = 10;
const ENV = { EMAIL_CONNECTIONS: String(CONNECTIONS) };
const DELAY_MS = 20;
const IN_FLIGHT_LEAST = 5;
/** Messages between two deeds, on the average half of this. */
const STRIDE = 1_000;
const PATIENCE_MS = 300_000;

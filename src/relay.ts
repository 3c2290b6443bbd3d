import type { Queue } from "bullmq";

import type { Trouble } from "./actions/worker.ts";
import type { Context } from "./context.ts";
import type { SentChannel } from "./domain/delivery.ts";
import { turns } from "./domain/wave/turns.ts";
import { openRedis } from "./gateways/redis.ts";
import type { RedisClient } from "./gateways/redis.ts";
import type { JobName } from "./jobs.ts";
import { closeQueues, openQueues, recogniseRedis, troubleOf } from "./queues.ts";
import type { Queues } from "./queues.ts";
import { connect } from "./store/db.ts";
import { giveBack, handed, lease, leasedCounts } from "./store/delivery/slice.ts";
import * as outbox from "./store/outbox.ts";
import * as waves from "./store/wave.ts";

export { openRedis };

/**
 * The only producer for the queue. Any worker process relays; row locks keep them apart. Redis
 * holds ids only, at most about two minutes of work, and may be emptied at any moment: the run
 * id that we keep on both sides tells, and everything is handed over again.
 */
export interface Relay {
  stop(): Promise<void>;
}

/** Start relaying: every second, and at once when PostgreSQL says there is work. */
export async function startRelay(
  ctx: Context,
  redis: RedisClient,
  said: (trouble: Trouble | undefined) => void = () => {},
): Promise<Relay> {
  const queues = openQueues(redis);
  const lanes = lanesOf(ctx);
  let running: Promise<void> | undefined;
  let again = false;
  let down = false;

  async function turn(): Promise<void> {
    try {
      await tick({ ctx, redis, queues, lanes });
      if (down) ctx.log.info("relaying again");
      down = false;
      said(undefined);
    } catch (err) {
      const trouble = troubleOf(err);
      said(trouble);
      // Said once an outage, not once a second.
      if (!down) ctx.log.error({ err, trouble }, "the relay waits");
      down = true;
    }
  }

  async function run(): Promise<void> {
    do {
      again = false;
      await turn();
    } while (again && !down);
    running = undefined;
  }

  const wake = () => {
    again = true;
    running ??= run();
  };
  const timer = setInterval(wake, TICK_MS);
  const ear = await listen(ctx, wake);
  wake();
  return {
    async stop() {
      clearInterval(timer);
      await ear();
      again = false;
      await running;
      await closeQueues(queues);
    },
  };
}

export interface Parts {
  readonly ctx: Context;
  readonly redis: RedisClient;
  readonly queues: Queues;
  readonly lanes: readonly Lane[];
}

/** One channel and provider, with a queue and a pace of its own. */
interface Lane {
  readonly channel: SentChannel;
  readonly queue: Extract<JobName, "email-smtp" | "sms-twilio">;
  readonly pace: Pace;
}

/** The lanes that this process can fill: without an SMS provider its rows stay planned. */
function lanesOf({ config, sms }: Context): Lane[] {
  const email = {
    channel: "email",
    queue: "email-smtp",
    pace: createPace(config.EMAIL_RATE_MAX),
  } as const;
  const pace = createPace(config.SMS_RATE_MAX);
  return sms ? [email, { channel: "sms", queue: "sms-twilio", pace }] : [email];
}

/** One turn of the relay. Throws while Redis or PostgreSQL is away; nothing is lost then. */
export async function tick({ ctx, redis, queues, lanes }: Parts): Promise<void> {
  await recogniseRedis(ctx, redis);

  const due = await ctx.sql.begin((tx) => outbox.take(tx, OUTBOX_MAX));
  await queues.outbox.addBulk(due.map((outboxId) => ({ name: "outbox", data: { outboxId } })));

  const running = await waves.running(ctx.sql);
  for (const lane of lanes) await fill(ctx, lane, queues[lane.queue], running);
}

/** Lease what one channel has room for, in fair turns, and hand it to its queue. */
async function fill(
  ctx: Context,
  { channel, pace }: Lane,
  queue: Queue,
  running: readonly waves.Running[],
): Promise<void> {
  const waiting = await waitingBy(ctx, channel);
  const leasedNow = sumOf(waiting);
  const most = leasedNow + pace.room(leasedNow);
  const sharing = turns(running, { most, waiting });
  let mine = 0;
  for (let turn = sharing.next(); !turn.done;) {
    const { wave, rowsMax, front } = turn.value;
    const priority = wave.priority - (front ? 1 : 0);
    let rows = 0;
    for (let asked = 0, got = 0; got === asked && rows < rowsMax; rows += got) {
      // All relays are woken by the same start: each would lease as much as there was room for then.
      const now = sumOf(await waitingBy(ctx, channel));
      if (now >= Math.min(ROWS_MAX, most) && now > leasedNow + mine) return;
      asked = Math.min(rowsMax - rows, LEASE_MAX);
      got = await leaseSome(ctx, { channel, queue, wave }, { rowsMax: asked, priority });
      pace.leased(got);
      mine += got;
    }
    turn = sharing.next(rows);
  }
}

/** Lease up to `rowsMax` rows of a wave and hand them to the queue. Answers how many. */
async function leaseSome(
  ctx: Context,
  { channel, queue, wave }: { channel: SentChannel; queue: Queue; wave: waves.Running },
  { rowsMax, priority }: { rowsMax: number; priority: number },
): Promise<number> {
  const which = { waveId: wave.id, channel, canaryOnly: wave.state === "canary", rowsMax };
  const slices = await ctx.sql.begin((tx) => lease(tx, which));
  if (slices.length === 0) return 0;
  const sliceIds = slices.map(({ sliceId }) => sliceId);
  await hand(ctx, queue, sliceIds, priority);
  await handed(ctx.sql, sliceIds);
  return sumOf(slices);
}

/** What waits in slices of one channel. */
async function waitingBy(ctx: Context, channel: SentChannel) {
  return (await leasedCounts(ctx.sql)).filter((each) => each.channel === channel);
}

function sumOf(counts: readonly { readonly rows: number }[]): number {
  return counts.reduce((sum, { rows }) => sum + rows, 0);
}

/** How many rows may wait in slices: two minutes of work at the speed seen, at most 20,000. */
export interface Pace {
  room(leasedNow: number): number;
  leased(rows: number): void;
}

/** A pace that starts careful and follows what the workers take. `rateMax` 0 means no limit. */
export function createPace(rateMax: number, now: () => number = () => performance.now()): Pace {
  let perSecond = 0;
  let before = { rows: 0, at: now() };
  return {
    room(leasedNow) {
      const seconds = (now() - before.at) / 1_000;
      const taken = Math.max(0, before.rows - leasedNow);
      if (seconds >= 0.2) {
        perSecond = Math.max(taken / seconds, perSecond * 0.8);
        before = { rows: leasedNow, at: now() };
      }
      const rate = rateMax > 0 ? Math.min(perSecond, rateMax) : perSecond;
      // Rows that wait for a slow rate are leased and given back over and over.
      const least = rateMax > 0 ? Math.min(ROWS_MIN, rateMax * WINDOW_SECONDS) : ROWS_MIN;
      const most = Math.min(ROWS_MAX, Math.max(least, Math.ceil(rate * WINDOW_SECONDS)));
      return most - leasedNow;
    },
    leased: (rows) => void (before = { ...before, rows: before.rows + rows }),
  };
}

/** Rows whose jobs cannot be added go back at once; jobs that are there after all find nothing. */
async function hand(
  ctx: Context,
  queue: Queue,
  sliceIds: readonly string[],
  priority: number,
): Promise<void> {
  try {
    for (let at = 0; at < sliceIds.length; at += BULK_MAX)
      await queue.addBulk(
        sliceIds
          .slice(at, at + BULK_MAX)
          .map((sliceId) => ({ name: queue.name, data: { sliceId }, opts: { priority } })),
      );
  } catch (error) {
    await giveBack(ctx.sql, sliceIds);
    throw error;
  }
}

/** Hear PostgreSQL's NOTIFY; postgres.js listens again by itself after an outage. */
async function listen(ctx: Context, wake: () => void): Promise<() => Promise<void>> {
  const ear = connect(ctx.config.DATABASE_URL, 1);
  await ear.listen("candor", wake, wake);
  return () => ear.end({ timeout: 1 });
}

const TICK_MS = 1_000;
const OUTBOX_MAX = 100;
const BULK_MAX = 100;
/** Rows of one statement: a twentieth of a second, in which those before it are being sent. */
const LEASE_MAX = 2_000;
const ROWS_MAX = 20_000;
const ROWS_MIN = 2_000;
const WINDOW_SECONDS = 120;

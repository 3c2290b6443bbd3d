import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { Redis } from "ioredis";

import { abandon, createSender } from "../src/actions/delivery/send.ts";
import type { Sender } from "../src/actions/delivery/send.ts";
import { ownWords } from "../src/actions/feedback/own.ts";
import { ensureIntakeKey } from "../src/actions/intake.ts";
import { startBeat } from "../src/actions/worker.ts";
import { compose, usableConfig } from "../src/compose.ts";
import type { Composed } from "../src/compose.ts";
import { ConfigError, readConfig } from "../src/config.ts";
import { openRedis, startRelay } from "../src/relay.ts";
import { handleOutbox } from "./outbox.ts";
import { createRate } from "./rate.ts";
import { sendEmail } from "./send-email.ts";
import { sendSms } from "./send-sms.ts";
import { startSweep } from "./sweep.ts";

/** One process: relays, sends, acts on the outbox, sweeps and beats. Any number may run. */
async function start({ ctx, close }: Composed): Promise<Running> {
  const workerId = randomUUID();
  await ensureIntakeKey(ctx);
  const beat = await startBeat(ctx, workerId);
  const redis = openRedis(ctx.config.REDIS_URL);
  const quick = openRedis(ctx.config.REDIS_URL, true);
  const self = { workerId, mayWrite: beat.mayWrite, own: ownWords };
  const email = createSender(ctx, {
    ...self,
    takeTokens: createRate(quick, ctx.config.EMAIL_RATE_MAX),
  });
  const sms = createSender(ctx, {
    ...self,
    channel: "sms",
    takeTokens: createRate(quick, ctx.config.SMS_RATE_MAX, "sms-twilio"),
  });
  const senders = [email, sms];
  const workers = [
    sendEmail(email)(ctx, redis),
    ...(ctx.sms ? [sendSms(sms)(ctx, redis)] : []),
    handleOutbox(ctx, redis),
  ];
  const sweep = startSweep(ctx, self);
  const relay = await startRelay(ctx, quick);
  ctx.log.info({ workerId }, "ready");

  return {
    /** Take nothing new, finish what is claimed, give the rest back. */
    async drain() {
      ctx.log.info({ workerId }, "worker stopping");
      for (const sender of senders) sender.stopping = true;
      const closed = relay.stop().then(() => Promise.all(workers.map((each) => each.close())));
      await Promise.race([closed, settledWithout(redis, senders)]);
      await sweep.stop();
      await beat.stop();
      redis.disconnect();
      quick.disconnect();
      await close();
    },
    abandon: () => abandon(ctx, workerId),
  };
}

/** BullMQ closes only once Redis answers. While it is away, our own end of the work is enough. */
async function settledWithout(redis: Redis, senders: readonly Sender[]): Promise<void> {
  const busy = () => senders.some(({ active }) => active.size > 0);
  while (redis.status === "ready" || busy()) await sleep(LOOK_MS);
}

interface Running {
  drain(): Promise<void>;
  abandon(): Promise<void>;
}

/** The first SIGTERM or SIGINT drains; a second one, or 25 seconds, ends the process. */
function endOnSignal(running: Running): void {
  let stopping = false;
  const force = () => {
    const lastWill = setTimeout(() => process.exit(1), LAST_WILL_MS);
    void running
      .abandon()
      .catch(() => {})
      .then(() => {
        clearTimeout(lastWill);
        process.exit(1);
      });
  };
  const stop = () => {
    if (stopping) return force();
    stopping = true;
    setTimeout(force, DRAIN_MAX_MS).unref();
    void running.drain().then(() => process.exit(0), force);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

const LOOK_MS = 200;
const DRAIN_MAX_MS = 25_000;
const LAST_WILL_MS = 2_000;

try {
  if (process.argv.includes("--check-config")) readConfig(process.env);
  else endOnSignal(await start(await compose(await usableConfig(process.env), "worker")));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

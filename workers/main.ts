import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { abandon, createSender } from "../src/actions/delivery/send.ts";
import type { Sender } from "../src/actions/delivery/send.ts";
import { ownWords } from "../src/actions/feedback/own.ts";
import { ensureIntakeKey } from "../src/actions/intake.ts";
import { compose, connectToSend, usableConfig } from "../src/compose.ts";
import type { Composed } from "../src/compose.ts";
import { ConfigError, readConfig } from "../src/config.ts";
import type { RedisClient } from "../src/gateways/redis.ts";
import { openRedis, startRelay } from "../src/relay.ts";
import { startGuards } from "./guards.ts";
import { handleOutbox } from "./outbox.ts";
import { createRate, rateHash } from "./rate.ts";
import { sendEmail } from "./send-email.ts";
import { sendSms } from "./send-sms.ts";
import { startSweep } from "./sweep.ts";

/** One process: relays, sends, acts on the outbox, sweeps and beats. Any number may run. */
async function start({ ctx, close }: Composed): Promise<Running> {
  const workerId = randomUUID();
  await ensureIntakeKey(ctx);
  const redis = openRedis(ctx.config.REDIS_URL);
  const quick = openRedis(ctx.config.REDIS_URL, true);
  const guards = await startGuards(ctx, workerId, quick);
  const hash = await rateHash(ctx.vault);
  const hot = connectToSend(ctx.config);
  const self = { workerId, mayWrite: guards.mayWrite, own: ownWords, sql: hot };
  const email = createSender(ctx, {
    ...self,
    rate: createRate(quick, {
      queue: "email-smtp",
      perSecond: ctx.config.EMAIL_RATE_MAX,
      sender: ctx.config.MAIL_FROM,
      hash,
    }),
  });
  const sms = createSender(ctx, {
    ...self,
    channel: "sms",
    rate: createRate(quick, {
      queue: "sms-twilio",
      perSecond: ctx.config.SMS_RATE_MAX,
      sender: ctx.config.TWILIO_FROM ?? "",
      hash,
    }),
  });
  const senders = [email, sms];
  const workers = [
    sendEmail(email)(ctx, redis),
    ...(ctx.sms ? [sendSms(sms)(ctx, redis)] : []),
    handleOutbox(ctx, redis),
  ];
  const sweep = startSweep(ctx, self);
  const relay = await startRelay(ctx, quick, guards.trouble);
  ctx.log.info({ workerId }, "ready");

  return {
    /** Take nothing new, finish what is claimed, give the rest back. */
    async drain() {
      ctx.log.info({ workerId }, "worker stopping");
      for (const sender of senders) sender.stopping = true;
      const closed = relay.stop().then(() => Promise.all(workers.map((each) => each.close())));
      await Promise.race([closed, settledWithout(redis, senders)]);
      await sweep.stop();
      await guards.stop();
      redis.disconnect();
      quick.disconnect();
      await Promise.all([close(), hot.end({ timeout: 5 })]);
    },
    abandon: () => abandon(ctx, workerId),
  };
}

/** BullMQ closes only once Redis answers. While it is away, our own end of the work is enough. */
async function settledWithout(redis: RedisClient, senders: readonly Sender[]): Promise<void> {
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

import * as audience from "../src/actions/audience.ts";
import * as delivery from "../src/actions/delivery.ts";
import * as wave from "../src/actions/wave.ts";
import type { Context } from "../src/context.ts";

/** Put things right on a timer, in every worker; row locks keep them apart. */
export function startSweep(ctx: Context): { stop(): Promise<void> } {
  const timers = [
    every(ctx, EVERY_SECOND_MS, async () => {
      await delivery.sweep(ctx);
      await wave.sweep(ctx);
    }),
    every(ctx, EVERY_MINUTE_MS, () => audience.sweepUploads(ctx)),
  ];
  return { stop: async () => void (await Promise.all(timers.map((stop) => stop()))) };
}

/** Run again and again, never twice at once; answers how to stop. */
function every(ctx: Context, ms: number, work: () => Promise<unknown>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let failing = false;

  async function turn(): Promise<void> {
    try {
      await work();
      failing = false;
    } catch (err) {
      if (!failing) ctx.log.error({ err }, "a sweep failed");
      failing = true;
    }
    running = undefined;
  }

  const timer = setInterval(() => (running ??= turn()), ms);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

const EVERY_SECOND_MS = 1_000;
const EVERY_MINUTE_MS = 60_000;

import type { Context } from "../context.ts";
import { connect } from "../store/db.ts";
import * as workers from "../store/worker.ts";

/** What keeps a worker that lives from its work, as shown to whoever asks. */
export type Trouble = "clock" | "redis" | "redis-full" | "redis-policy" | "database";

/** The sign of life of one worker process. */
export interface Beat {
  /** Whether what was claimed at `claimedAt` (monotonic milliseconds) may still be written. */
  mayWrite(claimedAt: number): boolean;
  /** Say that the worker stopped on purpose, and end. */
  stop(): Promise<void>;
}

/**
 * Beat every 5 s over a connection of its own, so that a busy pool does not look like death.
 * `mayWrite` counts on this process's monotonic clock from the moment a successful beat was
 * asked for: 5 s before others call this worker's deliveries unknown, it stops writing. What it
 * had claimed by then stays unwritten when it beats again: it has been called unknown since.
 */
export async function startBeat(
  ctx: Context,
  workerId: string,
  trouble: () => Trouble | undefined = () => undefined,
): Promise<Beat> {
  const sql = connect(ctx.config.DATABASE_URL, 1);
  let beatAt = performance.now();
  let silentUntil = -Infinity;
  const say = () => ({ trouble: trouble(), smsAccount: ctx.config.TWILIO_ACCOUNT_SID });
  await workers.beat(sql, workerId, say());
  let running: Promise<void> | undefined;

  async function beat(): Promise<void> {
    const askedAt = performance.now();
    try {
      await workers.beat(sql, workerId, say());
      const now = performance.now();
      if (now - beatAt > SILENT_MS) silentUntil = now;
      beatAt = askedAt;
    } catch (err) {
      ctx.log.warn({ err }, "a beat failed");
    }
    running = undefined;
  }

  const timer = setInterval(() => (running ??= beat()), BEAT_MS);
  return {
    mayWrite: (claimedAt) => claimedAt > silentUntil && performance.now() - beatAt <= SILENT_MS,
    async stop() {
      clearInterval(timer);
      await running;
      await workers.stop(sql, workerId).catch(() => {});
      await sql.end({ timeout: 1 });
    },
  };
}

const BEAT_MS = 5_000;
const SILENT_MS = 15_000;

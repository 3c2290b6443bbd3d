import type { Context } from "../context.ts";
import { connect } from "../store/db.ts";
import * as workers from "../store/worker.ts";

/** The sign of life of one worker process. */
export interface Beat {
  /** Whether the last beat is recent enough to write a message's body. */
  mayWrite(): boolean;
  /** Say that the worker stopped on purpose, and end. */
  stop(): Promise<void>;
}

/**
 * Beat every 5 s over a connection of its own, so that a busy pool does not look like death.
 * `mayWrite` counts on this process's monotonic clock from the moment a successful beat was
 * asked for: 5 s before others call this worker's deliveries unknown, it stops writing.
 */
export async function startBeat(ctx: Context, workerId: string): Promise<Beat> {
  const sql = connect(ctx.config.DATABASE_URL, 1);
  let beatAt = performance.now();
  await workers.beat(sql, workerId);
  let running: Promise<void> | undefined;

  async function beat(): Promise<void> {
    const askedAt = performance.now();
    try {
      await workers.beat(sql, workerId);
      beatAt = askedAt;
    } catch (err) {
      ctx.log.warn({ err }, "a beat failed");
    }
    running = undefined;
  }

  const timer = setInterval(() => (running ??= beat()), BEAT_MS);
  return {
    mayWrite: () => performance.now() - beatAt <= SILENT_MS,
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

import { startClockGuard } from "../src/actions/recovery/clock.ts";
import { startBeat } from "../src/actions/worker.ts";
import type { Trouble } from "../src/actions/worker.ts";
import type { Context } from "../src/context.ts";
import { readyWithin } from "../src/gateways/redis.ts";
import type { RedisClient } from "../src/gateways/redis.ts";
import { witnessPlaces } from "../src/gateways/witness.ts";
import { startWitness } from "./witness.ts";

/** What keeps this process from sending what it should not. */
export interface Guards {
  /** Whether what was claimed at this monotonic time may still be written. */
  readonly mayWrite: (claimedAt: number) => boolean;
  /** What the relay cannot do now; shown with this worker to whoever asks. */
  readonly trouble: (trouble: Trouble | undefined) => void;
  /** No more than the beat is left: call it when all is written. */
  stop(): Promise<void>;
}

/** Witness, compare clocks and beat. Nothing may be taken from the queue before this returns. */
export async function startGuards(
  ctx: Context,
  workerId: string,
  redis: RedisClient,
): Promise<Guards> {
  let trouble: Trouble | undefined;
  const clock = await startClockGuard(ctx);
  // Without Redis the file and this process's memory must do.
  await readyWithin(redis, REDIS_MS_MAX);
  const witness = await startWitness(ctx, witnessPlaces(redis, ctx.config.WITNESS_FILE));
  const beat = await startBeat(ctx, workerId, () => (clock.right() ? trouble : "clock"));
  return {
    mayWrite: (claimedAt) => clock.right() && beat.mayWrite(claimedAt),
    trouble: (now) => void (trouble = now),
    async stop() {
      clock.stop();
      await witness.stop();
      await beat.stop();
    },
  };
}

const REDIS_MS_MAX = 5_000;

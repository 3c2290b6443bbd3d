import type { Context } from "../../context.ts";
import * as waves from "../../store/wave.ts";

/** Knows of the waves that a process is sending whether they still may go on. */
export interface Halt {
  /** Keep an eye on a wave, until the answer is called. */
  watch(waveId: string): () => void;
  /** Whether the body of a message claimed at this monotonic time may be written now. */
  mayWrite(waveId: string, claimedAt: number): boolean;
}

/**
 * A message that was claimed may wait for a connection for a minute. A claim proves that its wave
 * was running, and so does a look, for two seconds: what was paused, cancelled or outdated starts
 * nothing later than that, and where the database cannot be asked nothing starts either.
 */
export function createHalt(ctx: Pick<Context, "sql" | "log">): Halt {
  const watched = new Map<string, { slices: number; lookedAt: number; runs: boolean }>();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  async function look(): Promise<void> {
    const askedAt = performance.now();
    const asked = [...watched];
    try {
      const running = new Set(
        await waves.sending(
          ctx.sql,
          asked.map(([id]) => id),
        ),
      );
      for (const [id, each] of asked) {
        each.runs = running.has(id);
        each.lookedAt = askedAt;
      }
    } catch (err) {
      ctx.log.warn({ err }, "cannot see whether waves were stopped");
    }
    looking = undefined;
  }

  function unwatch(waveId: string): void {
    const found = watched.get(waveId);
    if (!found) return;
    found.slices -= 1;
    if (found.slices === 0) watched.delete(waveId);
    if (watched.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  }

  return {
    watch(waveId) {
      const found = watched.get(waveId) ?? { slices: 0, lookedAt: -Infinity, runs: true };
      found.slices += 1;
      watched.set(waveId, found);
      timer ??= setInterval(() => (looking ??= look()), LOOK_MS);
      return () => unwatch(waveId);
    },
    mayWrite(waveId, claimedAt) {
      const { lookedAt = -Infinity, runs = true } = watched.get(waveId) ?? {};
      // A wave that stood still and goes on again: the claim is the newer proof.
      if (claimedAt > lookedAt) return performance.now() - claimedAt <= PROOF_MS;
      return runs && performance.now() - lookedAt <= PROOF_MS;
    },
  };
}

const LOOK_MS = 500;
const PROOF_MS = 2_000;

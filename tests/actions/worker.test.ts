import { randomUUID } from "node:crypto";

import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

import { startBeat } from "../../src/actions/worker.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
afterEach(() => void vi.useRealTimers());
afterAll(() => w.close());

describe("a worker's beat", () => {
  test("gives leave to write for 15 s, and never again for what was claimed before a silence", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const workerId = randomUUID();
    const beat = await startBeat(w.ctx, workerId);
    const claimedAt = performance.now();
    vi.advanceTimersByTime(1);
    expect(beat.mayWrite(claimedAt)).toBe(true);

    const locked = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const holding = w.sql.begin(async (tx) => {
      await tx`select from worker where id = ${workerId} for update`;
      locked.resolve();
      await release.promise;
    });
    await locked.promise;
    vi.advanceTimersByTime(16_000);
    expect(beat.mayWrite(claimedAt)).toBe(false);

    release.resolve();
    await holding;
    // The next beat is asked for now; the one that was late counts from when it was asked for.
    await vi.waitFor(() => {
      vi.advanceTimersByTime(5_000);
      expect(beat.mayWrite(performance.now())).toBe(true);
    });
    expect(beat.mayWrite(claimedAt)).toBe(false);
    await beat.stop();
  });
});

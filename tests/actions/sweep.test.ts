import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { batchOf } from "../../src/views/letter.ts";
import { progressOf } from "../../src/views/wave.ts";
import { startSweep } from "../../workers/sweep.ts";
import { aReader, downloads, givenLetterWave, givenMade } from "../support/letter.ts";
import { givenWave, sendDue } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeEach(async () => {
  w = await world();
});
afterEach(() => w.close());

/** Let the timers of a worker's sweep ring once, and wait for what they began. */
async function sweepOnce(): Promise<void> {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  try {
    const sweep = startSweep(w.ctx, { workerId: crypto.randomUUID(), mayWrite: () => true });
    vi.advanceTimersByTime(60_000);
    await sweep.stop();
  } finally {
    vi.useRealTimers();
  }
}

test("a sweep that fails keeps letters no longer than 24 hours, and no wave from its end", async () => {
  const { path } = await givenMade(w, await givenLetterWave(w, [aReader()]));
  await downloads(w, path);
  const given = await givenWave(w, { people: 1 });
  await sendDue(w, given.waveId, "email");
  w.clock.advance(25 * 3_600_000);
  // What the first sweep of each kind reads is broken.
  await w.sql`alter table worker rename to worker_gone`;
  await w.sql`alter table upload rename to upload_gone`;
  await sweepOnce();
  expect((await batchOf(w.sql, path)).files).toEqual([]);
  expect((await progressOf(w.sql, given.incidentId, given.waveId)).state).toBe("done");
});

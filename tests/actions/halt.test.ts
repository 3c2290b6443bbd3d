import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, beforeAll, expect, test } from "vitest";

import { createHalt } from "../../src/actions/delivery/halt.ts";
import { sendSlice } from "../../src/actions/delivery/send.ts";
import { pause, resume } from "../../src/actions/wave.ts";
import { givenSender, givenWave, leased, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const reason = "Something is wrong with the text.";

test("what was claimed before a pause is not written two seconds after it, and goes on exactly", async () => {
  const { waveId, incidentId } = await givenWave(w, { people: 12 });
  const [sliceId = ""] = await leased(w, waveId);
  const written: number[] = [];
  let queued = 0;
  // A provider that takes one message at once, and the others only when it is too late.
  const email: typeof w.email = {
    ...w.email,
    async send(_message, mayWrite) {
      queued += 1;
      if (queued > 1) await sleep(2_100);
      if (!mayWrite()) return { kind: "not-sent", code: "withheld" };
      written.push(performance.now());
      return { kind: "accepted", code: "250" };
    },
  };
  const sending = sendSlice({ ...w.ctx, email }, await givenSender(w), sliceId);
  while (written.length === 0) await sleep(5);
  await pause(w.ctx, w.staff.responder, { incidentId, waveId, reason });
  await sending;
  expect(queued).toBeGreaterThan(1);
  expect(written).toHaveLength(1);
  expect(await states(w, waveId)).toEqual({ accepted: 1, planned: 11 });

  const order = { incidentId, waveId, reason: "It was right after all." };
  await resume(w.ctx, w.staff.approver, order);
  await resume(w.ctx, w.staff.approver2, order);
  await w.sql`update delivery set next_at = now() where wave_id = ${waveId}`;
  for (const slice of await leased(w, waveId)) await sendSlice(w.ctx, await givenSender(w), slice);
  expect(await states(w, waveId)).toEqual({ accepted: 12 });
  const [twice] = await w.sql`
    select from attempt a join delivery d on d.id = a.delivery_id
     where d.wave_id = ${waveId} and a.outcome = 'accepted'
     group by a.delivery_id having count(*) > 1`;
  expect(twice).toBeUndefined();
});

test("a slow provider of a running wave is waited for", async () => {
  const { waveId } = await givenWave(w, { people: 1 });
  const [sliceId = ""] = await leased(w, waveId);
  const email: typeof w.email = {
    ...w.email,
    async send(_message, mayWrite) {
      await sleep(2_600);
      return mayWrite()
        ? { kind: "accepted", code: "250" }
        : { kind: "not-sent", code: "withheld" };
    },
  };
  await sendSlice({ ...w.ctx, email }, await givenSender(w), sliceId);
  expect(await states(w, waveId)).toEqual({ accepted: 1 });
});

test("a database that cannot be asked lets nothing older than two seconds start", async () => {
  const { waveId } = await givenWave(w, { people: 1 });
  const sql: typeof w.sql = Object.assign(() => Promise.reject(new Error("away")), w.sql);
  const halt = createHalt({ sql, log: w.ctx.log });
  const unwatch = halt.watch(waveId);
  const now = performance.now();
  expect(halt.mayWrite(waveId, now)).toBe(true);
  expect(halt.mayWrite(waveId, now - 2_001)).toBe(false);
  unwatch();
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sendSlice } from "../../src/actions/delivery/send.ts";
import { resume, sweep } from "../../src/actions/wave.ts";
import { secondsLeft } from "../../src/domain/wave.ts";
import { deliveries, progressOf } from "../../src/views/wave.ts";
import { entriesOf, givenSender, givenWave, leased, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

async function waveOf(incidentId: string, waveId: string) {
  return progressOf(w.sql, incidentId, waveId);
}

describe("the canary", () => {
  test.for([
    [1, 100],
    [7, 100],
    [50, 100],
    [99, 100],
    [50, 30],
  ] as const)("%i of %i go first, spread evenly", async ([canary, people]) => {
    const { waveId, incidentId } = await givenWave(w, { people, canary });
    const rows = await w.sql<{ canary: boolean }[]>`
      select canary from delivery where wave_id = ${waveId} order by id`;
    const places = rows.flatMap(({ canary: first }, place) => (first ? [place] : []));
    expect(places).toHaveLength(Math.min(canary, people));
    const gaps = places.slice(1).map((place, i) => place - (places[i] ?? 0));
    if (gaps.length > 0) expect(Math.max(...gaps) - Math.min(...gaps)).toBeLessThanOrEqual(1);
    expect(await waveOf(incidentId, waveId)).toMatchObject({
      state: "canary",
      canary: { passed: false },
    });
  });

  test("goes out alone, and the others follow when it went well", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 20, canary: 5 });
    const sender = await givenSender(w);
    await sweep(w.ctx);
    expect((await waveOf(incidentId, waveId)).state).toBe("canary");
    for (const sliceId of await leased(w, waveId)) await sendSlice(w.ctx, sender, sliceId);
    expect(await states(w, waveId)).toEqual({ accepted: 5, planned: 15 });
    await sweep(w.ctx);
    expect(await waveOf(incidentId, waveId)).toMatchObject({
      state: "sending",
      canary: { passed: true, total: 5, accepted: 5, rejected: 0 },
    });
    for (const sliceId of await leased(w, waveId)) await sendSlice(w.ctx, sender, sliceId);
    expect(await states(w, waveId)).toEqual({ accepted: 20 });
    expect(await entriesOf(w, waveId)).toEqual(["wave.pass-canary"]);
  });

  test("stops the wave at three rejections, until two people let it go on", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 20, canary: 5 });
    let answered = 0;
    w.email.answer(() => {
      answered += 1;
      return answered <= 3
        ? { kind: "rejected", fault: "recipient", code: "550" }
        : { kind: "accepted", code: "250" };
    });
    for (const sliceId of await leased(w, waveId))
      await sendSlice(w.ctx, await givenSender(w), sliceId);
    w.email.answer(() => ({ kind: "accepted", code: "250" }));
    await sweep(w.ctx);
    expect(await waveOf(incidentId, waveId)).toMatchObject({
      state: "paused",
      pausedReason: "canary",
    });
    expect(await leased(w, waveId)).toEqual([]);

    const order = { incidentId, waveId, reason: "These three addresses are known to be old." };
    expect((await resume(w.ctx, w.staff.approver, order)).agreed).toBe("waiting");
    expect((await resume(w.ctx, w.staff.approver, order)).agreed).toBe("waiting");
    expect((await waveOf(incidentId, waveId)).state).toBe("paused");
    expect((await resume(w.ctx, w.staff.approver2, order)).agreed).toBe("agreed");
    await sweep(w.ctx);
    expect((await waveOf(incidentId, waveId)).state).toBe("sending");
  });
});

describe("progress", () => {
  test("counts, rate and time left follow what was sent", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 180 });
    expect(await waveOf(incidentId, waveId)).toMatchObject({ ratePerSecond: 0, secondsLeft: null });
    const [first = ""] = await leased(w, waveId);
    await sendSlice(w.ctx, await givenSender(w), first);
    const { counts, ratePerSecond, secondsLeft: left, total } = await waveOf(incidentId, waveId);
    const accepted = counts.accepted ?? 0;
    expect(total).toBe(180);
    expect(ratePerSecond).toBeCloseTo(accepted / 60);
    expect(left).toBe(Math.ceil((180 - accepted) / (accepted / 60)));
    expect(secondsLeft(0, 0)).toBe(0);
  });

  test("deliveries are listed page by page", async () => {
    const { waveId } = await givenWave(w, { people: 5 });
    const first = await deliveries(w.sql, waveId, { limit: 3 });
    const next = await deliveries(w.sql, waveId, { limit: 3, after: first.at(-1)?.id });
    expect([...first, ...next].map(({ state }) => state)).toEqual(Array(5).fill("planned"));
    expect(new Set([...first, ...next].map(({ id }) => id)).size).toBe(5);
  });
});

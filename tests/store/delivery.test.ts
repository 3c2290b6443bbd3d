import { randomUUID } from "node:crypto";
import { setTimeout } from "node:timers/promises";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sendSlice } from "../../src/actions/delivery/send.ts";
import * as incidents from "../../src/store/incident.ts";
import { claim } from "../../src/store/delivery/claim.ts";
import { expireLeases, giveBack, giveBackAll, handed } from "../../src/store/delivery/slice.ts";
import { markUnknown } from "../../src/store/delivery/sweep.ts";
import * as waves from "../../src/store/wave.ts";
import { attemptsOf, givenSender, givenWave, leased, silence, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

/** Add deliveries to waves, in one statement. */
function add(waveIds: readonly string[]) {
  return w.sql`
    insert into delivery (wave_id, recipient_id, channel, state)
    select id, gen_random_uuid(), 'email', 'excluded' from unnest(${waveIds}::uuid[]) as id`;
}

describe("each delivery is of a wave", () => {
  test("none can be added to a wave that does not exist, nor those with it", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    await expect(add([waveId, randomUUID()])).rejects.toMatchObject({
      code: "23503",
      constraint_name: "delivery_of_wave",
    });
    expect(await w.sql`select from delivery where wave_id = ${waveId}`).toHaveLength(1);
    await add([waveId, waveId]);
    expect(await w.sql`select from delivery where wave_id = ${waveId}`).toHaveLength(3);
  });

  test("a wave that has any cannot be deleted, and one that gets some meanwhile neither", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    const gone = () => w.sql`delete from wave where id = ${waveId}`;
    await expect(gone()).rejects.toMatchObject({ constraint_name: "delivery_keeps_wave" });

    await w.sql`delete from delivery where wave_id = ${waveId}`;
    const outcome = await w.sql.begin(async (tx) => {
      await tx`insert into delivery (wave_id, recipient_id, channel, state)
               values (${waveId}, ${randomUUID()}, 'email', 'excluded')`;
      const deleting = gone().catch((error: unknown) => error);
      const first = await Promise.race([deleting.then(() => "deleted"), setTimeout(300, "waits")]);
      return { first, deleting };
    });
    expect(outcome.first).toBe("waits");
    expect(await outcome.deleting).toMatchObject({ constraint_name: "delivery_keeps_wave" });
  });
});

describe("each attempt is of a delivery", () => {
  const attempt = (ids: readonly string[]) => w.sql`
    insert into attempt (delivery_id, n, worker_id)
    select id, 1, gen_random_uuid() from unnest(${ids}::bigint[]) as id`;

  test("none can be added to one that does not exist, and they go with theirs", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    const [row] = await w.sql<{ id: string }[]>`select id from delivery where wave_id = ${waveId}`;
    const { id = "" } = row ?? {};
    await expect(attempt([id, "-1"])).rejects.toMatchObject({
      code: "23503",
      constraint_name: "attempt_of_delivery",
    });
    expect(await attemptsOf(w, id)).toEqual([]);
    await attempt([id]);
    await w.sql`delete from delivery where id = ${id}`;
    expect(await attemptsOf(w, id)).toEqual([]);
  });
});

describe("a slice", () => {
  const slicesOf = (waveId: string) => w.sql`select id, rows from slice where wave_id = ${waveId}`;

  test("is counted whole until its job is done, also one that finds nothing", async () => {
    const { waveId } = await givenWave(w, { people: 150 });
    const [first = "", second = ""] = await leased(w, waveId);
    expect((await slicesOf(waveId)).map(({ rows }) => rows as number).toSorted()).toEqual([
      100, 50,
    ]);
    await sendSlice(w.ctx, await givenSender(w), first);
    expect(await slicesOf(waveId)).toMatchObject([{ id: second }]);
    await w.sql`update delivery set state = 'cancelled' where slice_id = ${second}`;
    await sendSlice(w.ctx, await givenSender(w), second);
    expect(await slicesOf(waveId)).toEqual([]);
  });

  test("stays while any of it is being sent, whoever ends it, and what that is is found by it", async () => {
    const { waveId } = await givenWave(w, { people: 3 });
    const [sliceId = ""] = await leased(w, waveId);
    const { workerId } = await givenSender(w);
    const [sent] = await claim(w.sql, { sliceId, waveId, workerId, rowsMax: 1 });
    expect(await giveBack(w.sql, [sliceId])).toBe(2);
    await giveBackAll(w.sql);
    await w.sql`delete from slice`;
    await w.sql`update slice set leased_at = now() - interval '11 minutes'`;
    await expireLeases(w.sql);
    expect(await slicesOf(waveId)).toMatchObject([{ id: sliceId }]);
    expect(await states(w, waveId)).toEqual({ planned: 2, sending: 1 });
    await w.sql`update delivery set state = 'excluded' where wave_id = ${waveId} and state = 'planned'`;
    expect(await waves.hasOpen(w.sql, waveId)).toBe(true);

    await silence(w, workerId);
    await markUnknown(w.sql);
    expect(await states(w, waveId)).toEqual({ excluded: 2, unknown: 1 });
    expect(await waves.hasOpen(w.sql, waveId)).toBe(false);
    await expireLeases(w.sql);
    expect(await slicesOf(waveId)).toEqual([]);
    expect(await attemptsOf(w, sent?.id ?? "")).toMatchObject([{ n: 1, outcome: "unknown" }]);
  });

  test("goes back to where it was in the queue, unless it is to come later", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    await w.sql`update delivery set next_at = now() - interval '1 hour' where wave_id = ${waveId}`;
    const dueIn = async (inMs?: number) => {
      const [sliceId = ""] = await leased(w, waveId);
      await giveBack(w.sql, [sliceId], inMs);
      const [row] = await w.sql<{ minutes: number }[]>`
        select (extract(epoch from next_at - now()) / 60)::int as minutes
          from delivery where wave_id = ${waveId}`;
      return row?.minutes;
    };
    expect(await dueIn()).toBe(-60);
    expect(await dueIn(300_000)).toBe(5);
  });

  test("that somebody claims from while it is given back stays", async () => {
    const { waveId } = await givenWave(w, { people: 3 });
    const [sliceId = ""] = await leased(w, waveId);
    const { workerId } = await givenSender(w);
    const back = await w.sql.begin(async (tx) => {
      await claim(tx, { sliceId, waveId, workerId, rowsMax: 2 });
      const giving = giveBack(w.sql, [sliceId]);
      const first = await Promise.race([giving, setTimeout(300, "waits")]);
      expect(first).toBe("waits");
      return { giving };
    });
    expect(await back.giving).toBe(1);
    expect(await slicesOf(waveId)).toMatchObject([{ id: sliceId }]);
  });

  test("that nobody works at is given back once its lease ran out, whoever leased it", async () => {
    const { waveId } = await givenWave(w, { people: 300 });
    const [handedOver = "", lost = "", old = ""] = await leased(w, waveId);
    await handed(w.sql, [handedOver]);
    await w.sql`update slice set leased_at = now() - interval '21 seconds'`;
    expect(await expireLeases(w.sql)).toBeGreaterThanOrEqual(200);
    expect(await states(w, waveId)).toEqual({ leased: 100, planned: 200 });
    await w.sql`update slice set leased_at = now() - interval '11 minutes' where id = ${handedOver}`;
    await expireLeases(w.sql);
    expect(await states(w, waveId)).toEqual({ planned: 300 });
    expect(lost).not.toBe(old);

    // As the version before ends what was leased here: nothing of it waits any more.
    const [ended = ""] = await leased(w, waveId);
    await handed(w.sql, [ended]);
    await w.sql`update delivery set state = 'planned', slice_id = null where slice_id = ${ended}`;
    await expireLeases(w.sql);
    expect((await slicesOf(waveId)).map(({ id }) => id as string)).toContain(ended);
    await w.sql`update slice set leased_at = now() - interval '21 seconds' where id = ${ended}`;
    await expireLeases(w.sql);
    expect((await slicesOf(waveId)).map(({ id }) => id as string)).not.toContain(ended);
    await giveBackAll(w.sql);

    // As the version before leases.
    await w.sql`
      update delivery set state = 'leased', slice_id = ${randomUUID()}, leased_until = now()
       where wave_id = ${waveId}`;
    await expireLeases(w.sql);
    expect(await states(w, waveId)).toEqual({ planned: 300 });
    await leased(w, waveId);
    await expireLeases(w.sql);
    expect(await states(w, waveId)).toEqual({ leased: 300 });
    await giveBackAll(w.sql);
    expect(await slicesOf(waveId)).toEqual([]);
  });
});

test("a locked incident keeps nobody from writing rows that name it", async () => {
  const { incidentId, recipientIds } = await givenWave(w, { people: 1 });
  const [recipientId = ""] = recipientIds;
  await w.sql.begin(async (tx) => {
    await incidents.lock(tx, incidentId);
    await w.sql.begin(async (other) => {
      await other`set local lock_timeout = 500`;
      await other`insert into closed_channel (incident_id, recipient_id, channel, reason)
                  values (${incidentId}, ${recipientId}, 'sms', 'stopped')`;
    });
    const second = w.sql.begin(async (other) => {
      await other`set local lock_timeout = 200`;
      await incidents.lock(other, incidentId);
    });
    await expect(second).rejects.toMatchObject({ code: "55P03" });
  });
});

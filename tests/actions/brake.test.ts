import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { sendSlice } from "../../src/actions/delivery/send.ts";
import { decideHeld } from "../../src/actions/delivery/held.ts";
import { resume, sweep } from "../../src/actions/wave.ts";
import { MessageHold } from "../../src/domain/delivery/message.ts";
import { progressOf } from "../../src/views/wave.ts";
import { givenSender, givenWave, leased, sendDue } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
beforeEach(() => w.email.answer(() => ({ kind: "accepted", code: "250" })));
afterAll(() => w.close());

interface Sent {
  readonly incidentId: string;
  readonly waveId: string;
}

async function standing({ incidentId, waveId }: Sent) {
  await sweep(w.ctx);
  const { state, pausedReason, canary } = await progressOf(w.sql, incidentId, waveId);
  return { state, pausedReason, canary };
}

/** Send what is due, but for the first few, whose messages cannot be made. */
async function sendHolding({ waveId }: Sent, count: number): Promise<void> {
  let left = count;
  await sendDue(w, waveId, "email", {
    prepare: async () => ({
      compose({ recipientId }) {
        left -= 1;
        if (left >= 0) throw new MessageHold("missing:name");
        const to = `${recipientId}@example.com`;
        return { from: w.config.MAIL_FROM, to, message: "\r\n" };
      },
    }),
  });
}

/** That many of the readers call it abuse. */
async function complain({ waveId }: Sent, count: number): Promise<void> {
  await w.sql`
    insert into receipt (provider, event_id, delivery_id, attempt, status)
    select 'ses', gen_random_uuid(), id, attempt, 'complained' from delivery
     where wave_id = ${waveId} and state = 'accepted'
       and not exists (select from receipt where delivery_id = delivery.id)
     order by id limit ${count}`;
}

/** What a provider says of them only after it took them. */
async function failLate({ waveId }: Sent, count: number): Promise<void> {
  await w.sql`
    update delivery set state = 'rejected', reason = 'undelivered', onward = false
     where id in (select id from delivery where wave_id = ${waveId} and state = 'accepted' and canary
                   order by id limit ${count})`;
}

async function goOn({ incidentId, waveId }: Sent): Promise<void> {
  const order = { incidentId, waveId, reason: "We looked at them; they are as they should be." };
  await resume(w.ctx, w.staff.approver, order);
  await resume(w.ctx, w.staff.approver2, order);
}

describe("the canary", () => {
  test("stops at messages that could not be made, and shows how many", async () => {
    const wave = await givenWave(w, { people: 30, canary: 10 });
    await sendHolding(wave, 3);
    expect(await standing(wave)).toEqual({
      state: "paused",
      pausedReason: "canary",
      canary: { passed: false, total: 10, accepted: 7, rejected: 0, held: 3, complained: 0 },
    });
  });

  test("stops at two complaints, and one more than people judged starts nothing", async () => {
    const wave = await givenWave(w, { people: 30, canary: 10 });
    await sendDue(w, wave.waveId, "email");
    await complain(wave, 2);
    expect(await standing(wave)).toMatchObject({
      pausedReason: "canary",
      canary: { complained: 2 },
    });
    await goOn(wave);
    expect(await standing(wave)).toMatchObject({ state: "sending" });
    await complain(wave, 1);
    expect(await standing(wave)).toMatchObject({ state: "sending" });
    await complain(wave, 1);
    expect(await standing(wave)).toMatchObject({ state: "paused", pausedReason: "canary" });
  });

  test("stops the others for what is known of it only after it passed", async () => {
    const wave = await givenWave(w, { people: 30, canary: 10 });
    await sendDue(w, wave.waveId, "email");
    expect(await standing(wave)).toMatchObject({ state: "sending" });
    await failLate(wave, 2);
    expect(await standing(wave)).toMatchObject({ state: "sending" });
    await failLate(wave, 1);
    expect(await standing(wave)).toMatchObject({ state: "paused", pausedReason: "canary" });
    expect(await leased(w, wave.waveId)).toEqual([]);
    await goOn(wave);
    expect(await standing(wave)).toMatchObject({ state: "sending" });
  });
});

describe("a canary of which nothing is known", () => {
  test("stops the wave, and goes on once two people have judged it", async () => {
    const wave = await givenWave(w, { people: 30, canary: 10 });
    w.email.answer(() => ({ kind: "unknown", code: "ECONNECTION" }));
    await sendDue(w, wave.waveId, "email");
    expect(await standing(wave)).toMatchObject({ state: "paused", pausedReason: "canary" });
    await goOn(wave);
    expect(await standing(wave)).toMatchObject({ state: "sending" });
  });
});

describe("a running wave", () => {
  /** Put into place what a relay answered to that many of those who were not tried. */
  async function answered({ waveId }: Sent, state: string, count: number): Promise<void> {
    await w.sql`
      with tried as (
        update delivery set state = ${state}, attempt = 1, onward = false
         where id in (select id from delivery where wave_id = ${waveId} and state = 'planned'
                       order by id limit ${count})
        returning id
      )
      insert into attempt (delivery_id, n, worker_id) select id, 1, gen_random_uuid() from tried`;
  }

  test("stops where most of what it sends is rejected now, and at twice as many later", async () => {
    const wave = await givenWave(w, { people: 110 });
    await answered(wave, "accepted", 19);
    await answered(wave, "rejected", 19);
    expect(await standing(wave)).toMatchObject({ state: "sending" });
    await answered(wave, "rejected", 1);
    expect(await standing(wave)).toMatchObject({ state: "paused", pausedReason: "breaker" });
    const [entry] = await w.sql<{ after: Record<string, unknown> }[]>`
      select after from timeline
       where subject = ${`wave:${wave.waveId}`} and action = 'wave.pause'`;
    expect(entry?.after).toMatchObject({ pausedReason: "breaker", code: "rejected" });
    await goOn(wave);
    await answered(wave, "rejected", 39);
    expect(await standing(wave)).toMatchObject({ state: "sending" });
    await answered(wave, "rejected", 1);
    expect(await standing(wave)).toMatchObject({ state: "paused", pausedReason: "breaker" });
  });

  test("stops anew for messages that were judged, released and held again", async () => {
    const wave = await givenWave(w, { people: 30 });
    await w.sql`
      update delivery set next_at = now() + interval '1 hour'
       where id = (select max(id) from delivery where wave_id = ${wave.waveId})`;
    await sendHolding(wave, 5);
    expect(await standing(wave)).toMatchObject({ pausedReason: "breaker" });
    await goOn(wave);
    const order = { ...wave, deliveryIds: "all", decision: "release", reason: "r" } as const;
    await decideHeld(w.ctx, w.staff.responder, order);
    await sendHolding(wave, 5);
    expect(await standing(wave)).toMatchObject({ state: "paused", pausedReason: "breaker" });
  });

  test("stops at more than 2 % that could not be made, and says so", async () => {
    const wave = await givenWave(w, { people: 250 });
    const [first = ""] = await leased(w, wave.waveId);
    const sender = await givenSender(w);
    await sendSlice(w.ctx, sender, first);
    await w.sql`
      update delivery set state = 'held', reason = 'missing:name'
       where id in (select id from delivery where wave_id = ${wave.waveId} and state = 'accepted'
                     order by id limit 3)`;
    expect(await standing(wave)).toMatchObject({ state: "paused", pausedReason: "breaker" });
    const [entry] = await w.sql<{ after: Record<string, unknown> }[]>`
      select after from timeline
       where subject = ${`wave:${wave.waveId}`} and action = 'wave.pause'`;
    expect(entry?.after).toMatchObject({ pausedReason: "breaker", code: "held" });
    await goOn(wave);
    expect(await standing(wave)).toMatchObject({ state: "sending" });
  });

  test("stops at more than 0.3 % of complaints, three at least", async () => {
    const wave = await givenWave(w, { people: 250 });
    const [first = ""] = await leased(w, wave.waveId);
    await sendSlice(w.ctx, await givenSender(w), first);
    await complain(wave, 2);
    expect(await standing(wave)).toMatchObject({ state: "sending" });
    await complain(wave, 1);
    expect(await standing(wave)).toMatchObject({ state: "paused", pausedReason: "breaker" });
  });
});

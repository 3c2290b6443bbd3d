import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { sendSlice } from "../../src/actions/delivery/send.ts";
import { decideUnknown } from "../../src/actions/delivery.ts";
import { decideHeld } from "../../src/actions/delivery/held.ts";
import type { Context } from "../../src/context.ts";
import { createEmail } from "../../src/gateways/email.ts";
import { createLog } from "../../src/log.ts";
import { heldOf } from "../../src/views/held.ts";
import { scriptedSmtp } from "../support/smtp.ts";
import type { Script } from "../support/smtp.ts";
import { givenSender, givenWave, leased, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

/** The world, sending through these relays on real sockets. */
function sendingBy(urls: Record<string, string>): Context {
  const url = Object.entries(urls).map(([name, each]) => `${each}?name=${name}`);
  const log = createLog("silent", "test");
  const timeoutsMs = { connect: 500, greeting: 500, socket: 500 };
  const email = createEmail({ url: url.join(","), connections: 2, log, timeoutsMs });
  open.push(email);
  return { ...w.ctx, email };
}

async function relay(script: Script = {}): Promise<string> {
  const server = await scriptedSmtp({
    ehlo: "250-x\r\n250-PIPELINING\r\n250 AUTH PLAIN",
    ...script,
  });
  open.push(server);
  return server.url.replace("//", "//user:secret@");
}

async function nowhere(): Promise<string> {
  const server = await scriptedSmtp({});
  await server.close();
  return server.url;
}

async function sendWave(ctx: Context, people: number): Promise<string> {
  const { waveId } = await givenWave(w, { people });
  await sendAgain(ctx, waveId);
  return waveId;
}

async function sendAgain(ctx: Context, waveId: string): Promise<void> {
  const sender = await givenSender(w);
  for (const sliceId of await leased(w, waveId)) await sendSlice(ctx, sender, sliceId);
}

function attemptsOf(waveId: string) {
  return w.sql<{ outcome: string; code: string; provider: string | null; count: number }[]>`
    select a.outcome, a.code, a.provider, count(*)::int
      from attempt a join delivery d on d.id = a.delivery_id
     where d.wave_id = ${waveId} group by 1, 2, 3 order by 1, 2, 3`;
}

async function pausedReason(waveId: string): Promise<string | null> {
  const [wave] = await w.sql<{ pausedReason: string | null }[]>`
    select paused_reason from wave where id = ${waveId}`;
  return wave?.pausedReason ?? null;
}

test("an attempt remembers its relay", async () => {
  const ctx = sendingBy({ primary: await relay(), dead: await nowhere() });
  const waveId = await sendWave(ctx, 20);
  expect(await attemptsOf(waveId)).toEqual([
    { outcome: "accepted", code: "250", provider: "primary", count: 20 },
  ]);
});

test("one relay that refuses our password stops no wave; the last one does", async () => {
  const refusing = { auth: "535 no" };
  const well = sendingBy({ wrong: await relay(refusing), well: await relay() });
  const goesOn = await sendWave(well, 30);
  expect([await states(w, goesOn), await pausedReason(goesOn)]).toEqual([{ accepted: 30 }, null]);

  const neither = sendingBy({ wrong: await relay(refusing), bad: await relay(refusing) });
  const stops = await sendWave(neither, 30);
  expect(await pausedReason(stops)).toBe("breaker");
  const { planned = 0, leased: inHand = 0, ...others } = await states(w, stops);
  expect([planned + inHand, others]).toEqual([30, {}]);
});

test("what nobody knows of is sent again by the same relay, or waits for a person", async () => {
  const { waveId, incidentId } = await givenWave(w, { people: 3 });
  const order = { incidentId, waveId, deliveryIds: "all", reason: "No trace of it." } as const;
  w.email.answer(() => ({ kind: "unknown", code: "ETIMEDOUT", provider: "one" }));
  await sendAgain(w.ctx, waveId);
  expect(w.email.sent.slice(-3).map((sent) => sent.relay)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  await decideUnknown(w.ctx, w.staff.approver, { ...order, decision: "resend" });
  w.email.answer(() => ({ kind: "throttled", code: "451", provider: "one" }));
  await sendAgain(w.ctx, waveId);
  expect(w.email.sent.slice(-3).map((sent) => sent.relay)).toEqual(["one", "one", "one"]);

  // The relay was slow to come back, and somebody took it out of the setting.
  const ctx = sendingBy({ two: await relay() });
  const due = () => w.sql`update delivery set next_at = now() where wave_id = ${waveId}`;
  await due();
  await sendAgain(ctx, waveId);
  const { reasons } = await heldOf(w.sql, waveId, { limit: 1 });
  expect(reasons).toEqual([{ channel: "email", reason: "relay-gone", count: 3 }]);
  await decideHeld(ctx, w.staff.approver, { ...order, decision: "release" });
  await sendAgain(ctx, waveId);
  expect(await states(w, waveId)).toEqual({ accepted: 3 });
  const providers = (await attemptsOf(waveId)).map((each) => [each.outcome, each.provider]);
  expect(providers).toEqual([
    ["accepted", "two"],
    ["not-sent", null],
    ["throttled", "one"],
    ["unknown", "one"],
  ]);
});

test("while no relay can be reached nothing is claimed, and no try is used up", async () => {
  const ctx = sendingBy({ one: await nowhere(), two: await nowhere() });
  const waveId = await sendWave(ctx, 60);
  const tried = await attemptsOf(waveId);
  // What the sender had in its hands when the second relay was given up.
  const inHand = 2 * w.ctx.email.connections;
  expect(tried.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(inHand);
  expect(ctx.email.waitMs?.()).toBeGreaterThan(0);

  await w.sql`update delivery set next_at = now() where wave_id = ${waveId}`;
  const away = { ...ctx, email: { ...ctx.email, waitMs: () => 60_000 } };
  await sendAgain(away, waveId);
  expect(await attemptsOf(waveId)).toEqual(tried);
  const [later] = await w.sql`
    select min(next_at) > now() + interval '30 seconds' as later, count(*)::int as planned
      from delivery where wave_id = ${waveId} and state = 'planned'`;
  expect(later).toEqual({ later: true, planned: 60 });
});

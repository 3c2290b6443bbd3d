import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { sendSlice } from "../../src/actions/delivery/send.ts";
import type { Context } from "../../src/context.ts";
import { createEmail } from "../../src/gateways/email.ts";
import { createLog } from "../../src/log.ts";
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

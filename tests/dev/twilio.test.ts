import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { ensureIntakeKey, handleIntake } from "../../src/actions/intake.ts";
import { onSmsWish, sweep } from "../../src/actions/receipt.ts";
import { sweep as sweepWaves } from "../../src/actions/wave.ts";
import { prepareWave } from "../../src/actions/delivery/prepare.ts";
import type { SmsGateway } from "../../src/context.ts";
import { startCatcher } from "../../src/dev/catcher.ts";
import { startTwilio } from "../../src/dev/twilio.ts";
import type { FakeTwilio } from "../../src/dev/twilio.ts";
import { DELIVERED, usual } from "../../src/dev/twilio-script.ts";
import type { Behaviour, Step } from "../../src/dev/twilio-script.ts";
import { createSms } from "../../src/gateways/sms.ts";
import { progressOf } from "../../src/views/wave.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenStarted, sendDue, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

/** The whole way: our gateway, the fake on its socket, its calls to our door, and what follows. */
let w: World;
let door: Served;
let fake: FakeTwilio;
let sms: SmsGateway;
beforeAll(async () => {
  w = await world({ TWILIO_AUTH_TOKEN: [TOKEN] });
  await ensureIntakeKey(w.ctx);
  door = await serve(w.ctx, { door: "public" });
  const publicUrl = w.config.PUBLIC_URL;
  fake = await startTwilio({ authToken: TOKEN, publicUrl, callbackOrigin: () => door.url });
  const { accountSid, authToken, from, url: baseUrl } = fake;
  sms = createSms({ accountSid, authToken, from, baseUrl, connections: 4 });
});
afterAll(async () => {
  await sms.close();
  await fake.close();
  await door.close();
  await w.close();
});
afterEach(() => fake.script(usual));

async function told(people: number | readonly string[], letter = false) {
  const numbers = typeof people === "number" ? Array<string>(people).fill("+12025550142") : people;
  const postal = { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" };
  const started = await givenStarted(w, {
    people: numbers.map((phone) => ({ email: undefined, phone, ...(letter && { postal }) })),
    plan: { channels: letter ? ["sms", "letter"] : ["sms"] },
  });
  const own = { ...w, ctx: { ...w.ctx, sms } };
  await sendDue(own, started.waveId, "sms", { prepare: prepareWave });
  await fake.settled();
  await sweep(w.ctx);
  return started;
}

const steps = (...all: Step["status"][]): Step[] => all.map((status) => ({ status }));

describe("from our gateway to the fake, through its calls, to the state people see", () => {
  test.for<[string, Behaviour, Record<string, number>]>([
    ["taken, queued, sent, delivered", DELIVERED, { delivered: 2 }],
    ["never heard of again", {}, { accepted: 2 }],
    ["reported in reverse", { steps: steps("delivered", "sent", "queued") }, { delivered: 2 }],
    [
      "reported five times each",
      { steps: DELIVERED.steps?.map((step) => ({ ...step, copies: 5 })) ?? [] },
      { delivered: 2 },
    ],
    ["reported before it is answered", { ...DELIVERED, callbacksFirst: true }, { delivered: 2 }],
    ["not delivered", { steps: steps("sent", "undelivered") }, { rejected: 2 }],
    ["failed at once", { steps: steps("failed") }, { rejected: 2 }],
    ["taken, the answer lost, then delivered", { ...DELIVERED, lost: "after" }, { delivered: 2 }],
    [
      "taken, the answer a 503, then sent",
      { steps: steps("sent"), lost: "after", how: "status" },
      { accepted: 2 },
    ],
    ["lost with its answer", { lost: "before" }, { unknown: 2 }],
    ["put off", { status: 429, code: 20429, retryAfter: 30 }, { planned: 2 }],
  ])("%s", async ([, behaviour, expected]) => {
    fake.script(() => behaviour);
    const { waveId } = await told(2);
    expect(await states(w, waveId)).toEqual(expected);
  });

  test("by the ends of their numbers, people go where the usual script sends them", async () => {
    const numbers = ["0142", "0196", "0197", "0198", "0199"].map((end) => `+1202555${end}`);
    const { waveId, incidentId } = await told(numbers, true);
    await sweepWaves(w.ctx);
    expect(await progressOf(w.sql, incidentId, waveId)).toMatchObject({
      state: "done",
      people: { delivered: 1, "needs-letter": 4 },
    });
    const closed = await w.sql`select from closed_channel where incident_id = ${incidentId}`;
    expect(closed).toHaveLength(1);
  });

  test("somebody's STOP reaches the worker", async () => {
    const { incidentId } = await told(["+12025550177"]);
    expect(await fake.answer("+12025550177", "Stop")).toBe(200);
    const [intake] = await w.sql<{ id: string }[]>`select id from intake`;
    await handleIntake(w.ctx, { "sms.wish": onSmsWish }, intake?.id ?? "");
    const closed = await w.sql`select from closed_channel where incident_id = ${incidentId}`;
    expect(closed).toHaveLength(1);
  });
});

describe("an outside reader", () => {
  test("finds what was taken in the catcher, on its page and by its API", async () => {
    const catcher = await startCatcher({ sms: fake });
    const { total, messages } = await fetch(`${catcher.webUrl}/api/sms?limit=1000`).then(
      (answer) => answer.json() as Promise<{ total: number; messages: { to: string }[] }>,
    );
    expect(total).toBe(fake.counts.taken);
    expect(messages[0]).toMatchObject({ to: "+12025550142", status: "delivered", errorCode: null });
    const page = await fetch(`${catcher.webUrl}/sms`).then((answer) => answer.text());
    expect(page).toContain("to +12025550142");
    expect(await fetch(catcher.webUrl).then((answer) => answer.text())).toContain("Caught SMS");
    await catcher.close();
  });

  test("finds it at the provider too, with the right credentials only", async () => {
    const { accountSid, authToken, url } = fake;
    const list = `${url}/2010-04-01/Accounts/${accountSid}/Messages`;
    const authorization = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`;
    expect((await fetch(`${list}.json`)).status).toBe(401);
    const headers = { authorization };
    const found = await fetch(`${list}.json?To=%2B12025550177`, { headers }).then(
      (answer) => answer.json() as Promise<{ messages: { sid: string; status: string }[] }>,
    );
    expect(found.messages).toHaveLength(1);
    const one = await fetch(`${list}/${found.messages[0]?.sid}.json`, { headers });
    expect(await one.json()).toMatchObject({ to: "+12025550177", status: "delivered" });
    expect((await fetch(`${list}/SM0.json`, { headers })).status).toBe(404);
  });
});

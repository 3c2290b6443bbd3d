import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

import express from "express";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ensureIntakeKey, handleIntake } from "../../src/actions/intake.ts";
import { onSmsWish, sweep } from "../../src/actions/receipt.ts";
import { signatureOf } from "../../src/dev/twilio-call.ts";
import { twilioWish } from "../../src/domain/receipt/twilio.ts";
import { callbackPage } from "../../src/http/public/callback.ts";
import { deliveries } from "../../src/views/wave.ts";
import { serve } from "../support/http.ts";
import type { Answered, Served } from "../support/http.ts";
import { givenWave, sendDue, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const [TOKEN, OLD_TOKEN] = ["0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"];
const ORIGIN = "https://incident.example.org";
const SID = `SM${"b".repeat(32)}`;

let w: World;
let door: Served;
beforeAll(async () => {
  w = await world({ TWILIO_AUTH_TOKEN: [TOKEN, OLD_TOKEN], TRUSTED_PROXIES: 1 });
  await ensureIntakeKey(w.ctx);
  door = await serve(w.ctx, { door: "public" });
});
afterAll(async () => {
  await door.close();
  await w.close();
});

type Form = Record<string, string>;

interface Calling {
  readonly path: string;
  readonly form?: Form;
  /** What is signed, where that is something else. */
  readonly signed?: { readonly url?: string; readonly form?: Form; readonly token?: string };
  readonly headers?: Record<string, string>;
}

function call({ path, form = status("delivered"), signed = {}, headers = {} }: Calling) {
  const { url = ORIGIN + path, form: signedForm = form, token = TOKEN } = signed;
  return door.call("POST", path, {
    raw: new URLSearchParams(form).toString(),
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      "x-twilio-signature": signatureOf(token, url, signedForm),
      ...headers,
    },
  });
}

function status(name: string, code?: string): Form {
  return {
    MessageSid: SID,
    MessageStatus: name,
    AccountSid: `AC${"0".repeat(32)}`,
    To: "+12025550142",
    ...(code !== undefined && { ErrorCode: code }),
  };
}

async function givenSent() {
  const people = [{ email: undefined, phone: "+12025550142" }];
  const { waveId } = await givenWave(w, { people, channels: ["sms"] });
  await sendDue(w, waveId, "sms");
  const [row] = await deliveries(w.sql, waveId, { limit: 1 });
  return { waveId, path: `/callbacks/twilio/${row?.id}/1` };
}

async function receipts(): Promise<number> {
  const [row] = await w.sql<{ count: number }[]>`select count(*)::int as count from receipt`;
  return row?.count ?? 0;
}

const silent = ({ text }: Answered) => text === "";

describe("a report of the provider", () => {
  test("is kept once however often it comes, in whatever order, and one state follows", async () => {
    const { waveId, path } = await givenSent();
    const before = await receipts();
    const names = ["delivered", "sent", "queued"];
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => call({ path, form: status(names[i % 3] ?? "") })),
    );
    expect(answers.every((each) => each.status === 204 && silent(each))).toBe(true);
    expect(await receipts()).toBe(before + 3);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ delivered: 1 });
    // Late, and replayed: nothing new.
    expect((await call({ path, form: status("sent") })).status).toBe(204);
    expect((await call({ path, form: status("undelivered", "30003") })).status).toBe(204);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ delivered: 1 });
  });

  test("is taken while a token is replaced, signed by the new one or the old", async () => {
    const [one, two] = [await givenSent(), await givenSent()];
    await call({ path: one.path, signed: { token: TOKEN } });
    await call({ path: two.path, signed: { token: OLD_TOKEN } });
    await sweep(w.ctx);
    for (const { waveId } of [one, two]) expect(await states(w, waveId)).toEqual({ delivered: 1 });
  });

  test("holds no number of anybody's once it is kept", async () => {
    const { path } = await givenSent();
    await call({ path });
    const rows = await w.sql`select * from receipt`;
    expect(JSON.stringify(rows)).not.toContain("2025550142");
  });

  test("of a delivery that we do not know is taken and counted", async () => {
    const { status: answered } = await call({ path: "/callbacks/twilio/987654321/1" });
    expect(answered).toBe(204);
    await sweep(w.ctx);
    const [row] = await w.sql`select effect from receipt where delivery_id = 987654321`;
    expect(row).toMatchObject({ effect: "no-delivery" });
  });
});

describe("what somebody else sends", () => {
  const path = "/callbacks/twilio/1/1";
  const good = status("delivered");
  test.for<[string, Calling]>([
    ["no signature at all", { path, headers: { "x-twilio-signature": "" } }],
    [
      "a signature of another token",
      { path, signed: { token: "another-token-of-32-characters!!" } },
    ],
    ["a signature of nothing", { path, signed: { form: {}, url: "" } }],
    ["an empty form, signed as another", { path, form: {}, signed: { form: good } }],
    ["an edited form", { path, form: status("delivered"), signed: { form: status("sent") } }],
    ["one more field", { path, form: { ...good, More: "1" }, signed: { form: good } }],
    ["another delivery", { path, signed: { url: `${ORIGIN}/callbacks/twilio/2/1` } }],
    ["another attempt", { path, signed: { url: `${ORIGIN}/callbacks/twilio/1/2` } }],
    ["http for https", { path, signed: { url: `http://incident.example.org${path}` } }],
    ["a query that is not ours", { path: `${path}?a=1` }],
    ["a query that nobody signed", { path: `${path}?a=1`, signed: { url: ORIGIN + path } }],
    [
      "another host, in every header that could say so",
      {
        path,
        signed: { url: `https://evil.example.com${path}` },
        headers: {
          host: "evil.example.com",
          "x-forwarded-host": "evil.example.com",
          "x-forwarded-proto": "https",
          forwarded: "host=evil.example.com;proto=https",
          "x-original-url": path,
        },
      },
    ],
    ["no number where the delivery belongs", { path: "/callbacks/twilio/abc/1" }],
    ["zero", { path: "/callbacks/twilio/0/1" }],
    ["a number too large", { path: `/callbacks/twilio/${"9".repeat(19)}/1` }],
    ["JSON", { path, headers: { "content-type": "application/json" } }],
    [
      "an answer of nobody",
      { path: "/callbacks/twilio/inbound", signed: { token: "x".repeat(32) } },
    ],
  ])("%s is refused without a word, and nothing is kept", async ([, calling]) => {
    const before = await receipts();
    const answer = await call(calling);
    expect([answer.status, answer.text]).toEqual([403, ""]);
    expect(await receipts()).toBe(before);
  });

  test("signed for the host that the request itself names, it is refused", async () => {
    // `fetch` sets the host itself.
    const host = "evil.example.com";
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        host,
        "x-forwarded-proto": "https",
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signatureOf(TOKEN, `https://${host}${path}`, good),
      };
      const calling = request(door.url + path, { method: "POST", headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      calling.on("error", reject);
      calling.end(new URLSearchParams(good).toString());
    });
    expect(answered).toBe(403);
  });

  test("more than 16 KB is refused, signed or not", async () => {
    const { status: answered } = await call({ path, form: { ...good, Body: "x".repeat(20_000) } });
    expect(answered).toBe(403);
  });

  test("the right host under a proxy's other names is still the right one", async () => {
    const { path: ours, waveId } = await givenSent();
    const headers = { host: "10.0.0.7:8080", "x-forwarded-host": "evil.example.com" };
    expect((await call({ path: ours, headers })).status).toBe(204);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ delivered: 1 });
  });

  test("without an account nothing is taken", async () => {
    const { TWILIO_AUTH_TOKEN: _none, ...config } = w.ctx.config;
    const bare = await serve({ ...w.ctx, config }, { door: "public" });
    const form = new URLSearchParams(good).toString();
    const { status: answered } = await bare.call("POST", path, {
      raw: form,
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        "x-twilio-signature": signatureOf("", ORIGIN + path, good),
      },
    });
    await bare.close();
    expect(answered).toBe(403);
  });
});

test("a flood is put off, not dropped without a word; forgeries take nobody's turn", async () => {
  const server = createServer(express().use(callbackPage(w.ctx, 3)));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const path = "/callbacks/twilio/555/1";
  const post = async (signature: string) => {
    const headers = { "x-twilio-signature": signature };
    const body = new URLSearchParams(status("sent"));
    return fetch(url + path, { method: "POST", headers, body });
  };
  const forged = await Promise.all(Array.from({ length: 50 }, () => post("forged")));
  expect(new Set(forged.map((each) => each.status))).toEqual(new Set([403]));
  const signature = signatureOf(TOKEN, ORIGIN + path, status("sent"));
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(signature)));
  const busy = answers.filter((each) => each.status === 503);
  const taken = answers.filter((each) => each.status === 204);
  expect(taken.length).toBeGreaterThanOrEqual(3);
  expect(busy.length).toBe(50 - taken.length);
  expect(busy.length).toBeGreaterThan(0);
  expect(busy.every(({ headers }) => headers.get("retry-after") === "1")).toBe(true);
  // Nobody's STOP waits behind reports.
  const inbound = "/callbacks/twilio/inbound";
  const stop = { From: "+12025550142", Body: "no more" };
  const headers = { "x-twilio-signature": signatureOf(TOKEN, ORIGIN + inbound, stop) };
  const body = new URLSearchParams(stop);
  expect((await fetch(url + inbound, { method: "POST", headers, body })).status).toBe(200);
  await new Promise((resolve) => server.close(resolve));
});

describe("what people answer", () => {
  const path = "/callbacks/twilio/inbound";
  const answer = (body: string, more: Form = {}) =>
    call({ path, form: { MessageSid: SID, From: "+12025550142", Body: body, ...more } });

  test("is sealed at once where it is STOP, and a worker acts on it", async () => {
    const { incidentId } = await givenWave(w, {
      people: [{ email: undefined, phone: "+12025550142" }],
      channels: ["sms"],
    });
    const keys = await w.ctx.vault.keys(incidentId);
    await sendDue(w, await onlyWave(incidentId), "sms", {
      prepare: async () => ({
        compose: () => ({
          to: "+12025550142",
          text: "A notice.",
          statusCallback: "",
          numberHash: keys.hash("phone", "+12025550142").toString("hex"),
        }),
      }),
    });
    const { status: answered, text } = await answer("stop");
    expect([answered, text]).toEqual([200, "<Response></Response>"]);
    const rows = await w.sql<{ id: string; sealed: Buffer }[]>`select id, sealed from intake`;
    expect(rows).toHaveLength(1);
    expect(rows[0]?.sealed.toString("latin1")).not.toContain("2025550142");
    await handleIntake(w.ctx, { "sms.wish": onSmsWish }, rows[0]?.id ?? "");
    const closed = await w.sql`select from closed_channel where incident_id = ${incidentId}`;
    expect(closed).toHaveLength(1);
  });

  test("is nothing to us where it is anything else", async () => {
    expect((await answer("Who is this?")).status).toBe(200);
    expect(await w.sql`select from intake`).toHaveLength(0);
  });

  test.for([
    ["STOP", undefined, "stop"],
    [" stopall ", undefined, "stop"],
    ["退订", undefined, "stop"],
    ["стоп", undefined, "stop"],
    ["arret", "STOP", "stop"],
    ["START", undefined, "start"],
    ["stop it please", undefined, undefined],
    ["STOP", "HELP", undefined],
  ] as const)("%j with %s asks for %s", ([body, type, wish]) => {
    const form = { From: "+12025550142", Body: body, ...(type && { OptOutType: type }) };
    expect(twilioWish(form)?.wish).toBe(wish);
  });
});

async function onlyWave(incidentId: string): Promise<string> {
  const [row] = await w.sql<
    { id: string }[]
  >`select id from wave where incident_id = ${incidentId}`;
  return row?.id ?? "";
}

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import { afterAll, beforeAll, expect, test } from "vitest";

import { startTwilio } from "../../src/dev/twilio.ts";
import type { FakeTwilio } from "../../src/dev/twilio.ts";
import { createSms } from "../../src/gateways/sms.ts";
import { createFind } from "../../src/gateways/twilio-find.ts";

const TO = "+12025550142";
const HOUR_MS = 3_600_000;
const around = (at = Date.now()) => ({
  from: new Date(at - HOUR_MS),
  until: new Date(at + HOUR_MS),
});

let twilio: FakeTwilio;
beforeAll(async () => {
  twilio = await startTwilio();
});
afterAll(() => twilio.close());

const settings = () => ({ ...twilio, baseUrl: twilio.url, connections: 2 });

test("an SMS whose answer was lost is found, by number and time", async () => {
  const sms = createSms(settings());
  twilio.script(() => ({ lost: "after", steps: [{ status: "undelivered", errorCode: "30003" }] }));
  const sent = await sms.send({ to: TO, text: "A notice.", statusCallback: "" }, () => true);
  expect(sent.kind).toBe("unknown");
  await twilio.settled();
  expect(await sms.find?.({ to: TO, ...around() })).toEqual([
    { reference: expect.stringMatching(/^SM/), text: "A notice.", status: "failed", code: "30003" },
  ]);
  expect(await sms.find?.({ to: "+12025550143", ...around() })).toEqual([]);
  expect(await sms.find?.({ to: TO, ...around(Date.now() - 24 * HOUR_MS) })).toEqual([]);
  const [found] = (await sms.find?.({ to: TO, ...around() })) ?? [];
  const { reference } = typeof found === "object" ? found : { reference: "" };
  expect(await sms.read?.(reference)).toEqual({ status: "undelivered", code: "30003" });
  for (const other of ["SM0", "../Messages", `${reference}?a=b`, ""])
    expect(await sms.read?.(other)).toBe("unanswered");
  await sms.close();
});

test("a refusal, rubbish and silence are no answer", async () => {
  const wrong = createSms({ ...settings(), authToken: "wrong" });
  expect(await wrong.find?.({ to: TO, ...around() })).toBe("unanswered");
  await wrong.close();
  const rubbish = createServer((_req, res) => void res.end("<html>"));
  await new Promise<void>((resolve) => void rubbish.listen(0, "127.0.0.1", resolve));
  const base = new URL(`http://127.0.0.1:${(rubbish.address() as AddressInfo).port}`);
  const find = createFind({ accountSid: "AC", authToken: "x", base });
  expect(await find({ to: TO, ...around() })).toBe("unanswered");
  await new Promise((resolve) => rubbish.close(resolve));
  expect(await find({ to: TO, ...around() })).toBe("unanswered");
});

test("a list longer than we read proves nothing", async () => {
  const message = { body: "", status: "sent", date_created: new Date().toUTCString() };
  const messages = Array.from({ length: 100 }, (_, i) => ({
    ...message,
    sid: `SM${String(i).padStart(32, "0")}`,
  }));
  const full = createServer((_req, res) => void res.end(JSON.stringify({ messages })));
  await new Promise<void>((resolve) => void full.listen(0, "127.0.0.1", resolve));
  const base = new URL(`http://127.0.0.1:${(full.address() as AddressInfo).port}`);
  const find = createFind({ accountSid: "AC", authToken: "x", base });
  expect(await find({ to: TO, ...around() })).toBe("too-many");
  await new Promise((resolve) => full.close(resolve));
});

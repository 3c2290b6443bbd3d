import { createServer } from "node:http";
import { createServer as createTcp } from "node:net";
import type { AddressInfo, Server } from "node:net";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { LOOPBACK, freePort } from "../../src/dev/process.ts";
import { startTwilio } from "../../src/dev/twilio.ts";
import type { FakeTwilio } from "../../src/dev/twilio.ts";
import { DELIVERED } from "../../src/dev/twilio-script.ts";
import type { Behaviour } from "../../src/dev/twilio-script.ts";
import type { Outcome } from "../../src/domain/delivery.ts";
import { createSms } from "../../src/gateways/sms.ts";

const SMS = { to: "+12025550142", text: "Привет: a notice.", statusCallback: "" };

let fake: FakeTwilio;
beforeAll(async () => {
  fake = await startTwilio();
});
afterAll(() => fake.close());

function gateway(settings: Partial<Parameters<typeof createSms>[0]> = {}) {
  const { accountSid, authToken, from, url: baseUrl } = fake;
  return createSms({ accountSid, authToken, from, baseUrl, connections: 2, ...settings });
}

async function sendOnce(
  settings: Partial<Parameters<typeof createSms>[0]> = {},
  mayWrite = () => true,
): Promise<Outcome> {
  const sms = gateway(settings);
  const outcome = await sms.send(SMS, mayWrite);
  await sms.close();
  return outcome;
}

/** A server that does one thing to every connection or request; answers its base URL. */
async function serving<T>(server: Server, work: (baseUrl: string) => Promise<T>): Promise<T> {
  await new Promise<void>((resolve) => void server.listen(0, LOOPBACK, resolve));
  try {
    return await work(`http://${LOOPBACK}:${(server.address() as AddressInfo).port}`);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

describe("what Twilio answers", () => {
  test.for<[string, Behaviour, Outcome]>([
    ["429", { status: 429, code: 20429 }, { kind: "throttled", code: "20429" }],
    [
      "429 with Retry-After",
      { status: 429, code: 20429, retryAfter: 7 },
      { kind: "throttled", code: "20429", retryAfterMs: 7_000 },
    ],
    [
      "a full queue",
      { status: 400, code: 21611 },
      { kind: "throttled", code: "21611", scope: "sender" },
    ],
    ["a number that is none", { status: 400, code: 21211 }, recipient("21211")],
    ["no mobile phone", { status: 400, code: 21614 }, recipient("21614")],
    ["a region that is closed", { status: 400, code: 21408 }, recipient("21408")],
    ["nobody there", { status: 400, code: 21612 }, recipient("21612")],
    ["who answered STOP", { status: 400, code: 21610 }, recipient("21610")],
    ["an error nobody knows", { status: 400, code: 99999 }, recipient("99999")],
    ["a text too long", { status: 400, code: 21617 }, rejected("content", "21617")],
    ["no such sender", { status: 400, code: 21606 }, rejected("configuration", "21606")],
    ["a closed account", { status: 403, code: 20005 }, rejected("configuration", "20005")],
    ["a wrong address", { status: 404, code: 20404 }, rejected("configuration", "20404")],
    ["500", { status: 500, code: 20500 }, { kind: "unknown", code: "20500" }],
    ["503", { lost: "before", how: "status" }, { kind: "unknown", code: "20503" }],
    ["a closed socket", { lost: "before" }, { kind: "unknown", code: "ECONNRESET" }],
    ["a closed socket after it was taken", { lost: "after" }, unknown("ECONNRESET")],
  ])("%s", async ([, behaviour, expected]) => {
    fake.script(() => behaviour);
    expect(await sendOnce()).toEqual(expected);
    fake.script(() => DELIVERED);
  });

  test("201 is accepted, with the name Twilio gave the message, and what arrives is what was sent", async () => {
    const outcome = await sendOnce();
    const [newest] = fake.list(fake.counts.taken - 1, 1);
    expect(outcome).toEqual({ kind: "accepted", code: "201", reference: newest?.sid });
    expect(newest).toMatchObject({ to: SMS.to, body: SMS.text });
  });

  test("wrong credentials are our fault, not the recipient's", async () => {
    const wrong = { authToken: "0123456789abcdef0123456789abcdef" };
    expect(await sendOnce(wrong)).toEqual(rejected("configuration", "20003"));
  });

  test("a number of one's own is a sender too", async () => {
    expect(await sendOnce({ from: "+12025550100" })).toMatchObject({ kind: "accepted" });
  });
});

describe("what happens to the connection", () => {
  test("nobody listening: nothing was taken", async () => {
    const baseUrl = `http://${LOOPBACK}:${await freePort()}`;
    expect(await sendOnce({ baseUrl })).toEqual({ kind: "transient", code: "ECONNREFUSED" });
  });

  test("no such host: nothing was taken", async () => {
    const outcome = await sendOnce({ baseUrl: "http://twilio.invalid" });
    expect(outcome).toMatchObject({ kind: "transient", code: expect.stringMatching(/^E/) });
  });

  test("no TLS where we expect it: nothing was taken", async () => {
    const baseUrl = fake.url.replace("http:", "https:");
    expect(await sendOnce({ baseUrl })).toMatchObject({ kind: "transient" });
  });

  test("closed before the request is read, half-way through the answer, or with none: unknown", async () => {
    const closing = createTcp((socket) => void socket.once("data", () => socket.destroy()));
    expect(await serving(closing, (baseUrl) => sendOnce({ baseUrl }))).toMatchObject({
      kind: "unknown",
    });
    const halfway = createTcp((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 500 No\r\ncontent-length: 99\r\n\r\n{"));
    });
    expect(await serving(halfway, (baseUrl) => sendOnce({ baseUrl }))).toEqual(unknown("500"));
  });

  test("an acceptance whose body was cut off is one all the same", async () => {
    const cut = createTcp((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 201 Yes\r\ncontent-length: 99\r\n\r\n{"));
    });
    expect(await serving(cut, (baseUrl) => sendOnce({ baseUrl }))).toEqual({
      kind: "accepted",
      code: "201",
    });
  });

  test("Retry-After may be a date, against the answer's own, and nonsense is none", async () => {
    const date = "Tue, 03 Mar 2026 10:00:00 GMT";
    const busy = (retryAfter: string) =>
      createServer((_request, response) => {
        response.writeHead(429, { date, "retry-after": retryAfter }).end();
      });
    const outcome = (retryAfter: string) =>
      serving(busy(retryAfter), (baseUrl) => sendOnce({ baseUrl }));
    expect(await outcome("Tue, 03 Mar 2026 10:00:09 GMT")).toMatchObject({ retryAfterMs: 9_000 });
    expect(await outcome("soon")).toEqual({ kind: "throttled", code: "429" });
    expect(await outcome("999999999")).toMatchObject({ retryAfterMs: 86_400_000 });
  });

  test("a page of somebody else's is no acceptance", async () => {
    const portal = createServer((_request, response) => response.end("<h1>Sign in</h1>"));
    expect(await serving(portal, (baseUrl) => sendOnce({ baseUrl }))).toEqual(unknown("200"));
  });

  test(
    "ten seconds of silence are unknown, unless the answer had begun",
    { timeout: 20_000 },
    async () => {
      fake.script(() => ({ lost: "before", how: "silence" }));
      const stalled = createTcp((socket) => {
        socket.once("data", () => socket.write("HTTP/1.1 201 Yes\r\ncontent-length: 99\r\n\r\n{"));
      });
      const [silent, begun] = await Promise.all([
        sendOnce(),
        serving(stalled, (baseUrl) => sendOnce({ baseUrl })),
      ]);
      expect(silent).toEqual(unknown("timeout"));
      expect(begun).toEqual({ kind: "accepted", code: "201" });
      fake.script(() => DELIVERED);
    },
  );

  test("a worker that may not write any more sends nothing, on a new connection and a kept one", async () => {
    const before = fake.counts.requests;
    const stopped = { kind: "not-sent", code: "stopped" };
    expect(await sendOnce({}, () => false)).toEqual(stopped);
    const sms = gateway();
    expect(await sms.send(SMS, () => true)).toMatchObject({ kind: "accepted" });
    expect(await sms.send(SMS, () => false)).toEqual(stopped);
    expect(fake.counts.requests).toBe(before + 1);
    await sms.close();
  });

  test("fifty at once over two connections all arrive", async () => {
    const before = fake.counts.taken;
    const sms = gateway();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => sms.send(SMS, () => true)));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["accepted"]));
    expect(fake.counts.taken).toBe(before + 50);
    await sms.close();
  });
});

function rejected(fault: "content" | "configuration" | "recipient", code: string): Outcome {
  return { kind: "rejected", fault, code };
}

function recipient(code: string): Outcome {
  return rejected("recipient", code);
}

function unknown(code: string): Outcome {
  return { kind: "unknown", code };
}

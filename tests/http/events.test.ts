import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";

import express from "express";
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  onTestFinished,
  test,
  vi,
} from "vitest";

import { keepReceipts, sweep } from "../../src/actions/receipt.ts";
import { createReceiptIntake } from "../../src/actions/receipt/intake.ts";
import { ORGANISATION } from "../../src/context.ts";
import { messageReference } from "../../src/domain/delivery/reference.ts";
import { mailReceipt } from "../../src/domain/receipt.ts";
import { problems } from "../../src/http/problem.ts";
import { eventPages } from "../../src/http/public/events.ts";
import { deliveries } from "../../src/views/wave.ts";
import { givenSigner } from "../support/signer.ts";
import { Problem } from "../support/http.ts";
import {
  CERTIFICATE_URL,
  TOPIC,
  givenSendgridKey,
  notification,
  sendgridHeaders,
  signed,
} from "../support/provider.ts";
import type { Envelope } from "../support/provider.ts";
import { givenWave, sendDue, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const [SIGNER, FORGER, WEAK] = [givenSigner(), givenSigner(), givenSigner({ bits: 1_024 })];
const PAST = givenSigner({ until: 2021 });
const [GRID, OLD_GRID, FORGED_GRID] = [givenSendgridKey(), givenSendgridKey(), givenSendgridKey()];

let w: World;
let door: { readonly url: string; close(): Promise<unknown> };
/** What was asked for over the network, and what answered. */
let asked: string[] = [];
let answer: (url: string) => Response;
beforeAll(async () => {
  const SENDGRID_PUBLIC_KEYS = [GRID.shown, OLD_GRID.shown];
  w = await world({ SES_TOPIC_ARNS: [TOPIC], SENDGRID_PUBLIC_KEYS });
  door = await opened(w);
});
afterAll(async () => {
  await door.close();
  await w.close();
});
beforeEach(() => {
  asked = [];
  answer = () => new Response(SIGNER.certificate);
  w.clock.set(new Date());
});

async function opened({ ctx }: World) {
  const fetchFrom = async (url: string) => {
    asked.push(url);
    return answer(url);
  };
  const app = express()
    .use((_req, res, next) => {
      res.locals["requestId"] = randomUUID();
      next();
    })
    .use(eventPages(ctx, fetchFrom))
    .use(problems(ctx.log));
  const server = createServer(app);
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, close: () => new Promise((resolve) => server.close(resolve)) };
}

async function post(path: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(door.url + path, { method: "POST", body, headers });
  return { status: response.status, text: await response.text() };
}

const sns = (envelope: Envelope) =>
  post("/callbacks/ses", JSON.stringify(envelope), { "content-type": "text/plain" });
const grid = (body: string, headers: Record<string, string>) =>
  post("/callbacks/sendgrid", body, headers);

async function givenSent() {
  const { waveId } = await givenWave(w, { people: 1 });
  await sendDue(w, waveId, "email");
  const [row] = await deliveries(w.sql, waveId, { limit: 1 });
  const { hash } = await w.ctx.vault.keys(ORGANISATION);
  const reference = messageReference(hash, row?.id ?? "");
  return { waveId, messageId: `<${reference}@example.org>`, reference };
}

async function receipts(): Promise<number> {
  const [row] = await w.sql<{ count: number }[]>`select count(*)::int as count from receipt`;
  return row?.count ?? 0;
}

const sesEvent = (eventType: string, messageId: string) => ({
  eventType,
  mail: { messageId: "0100", destination: ["a@example.com"], commonHeaders: { messageId } },
});
const gridEvent = (event: string, messageId: string, id = `${event}${messageId}`) => ({
  event,
  email: "a@example.com",
  sg_event_id: id.replaceAll(/[<>@]/g, ""),
  "smtp-id": messageId,
});

describe("Amazon SES by way of SNS", () => {
  test("is believed by either version of the signature, and heard once", async () => {
    const [one, two] = [await givenSent(), await givenSent()];
    const first = signed(notification(sesEvent("Delivery", one.messageId), new Date()), SIGNER);
    expect((await sns(first)).status).toBe(204);
    expect((await sns(first)).status).toBe(204);
    const version = { SignatureVersion: "1", Subject: "Amazon SES" };
    const event = notification(sesEvent("Delivery", two.messageId), new Date(), version);
    expect((await sns(signed(event, SIGNER))).status).toBe(204);
    await sweep(w.ctx);
    for (const { waveId } of [one, two]) expect(await states(w, waveId)).toEqual({ delivered: 1 });
    const rows = await w.sql`select * from receipt where message_ref = ${one.reference}`;
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain("example.com");
    // One certificate serves them all.
    expect(asked).toEqual([CERTIFICATE_URL]);
  });

  test("confirms a subscription to a topic of ours, at Amazon's own address", async () => {
    const Token = "2336412f37";
    const confirmation = (more: Envelope = {}) =>
      notification({}, new Date(), {
        Type: "SubscriptionConfirmation",
        Token,
        SubscribeURL: "http://127.0.0.1:5432/",
        ...more,
      });
    expect((await sns(signed(confirmation(), SIGNER))).status).toBe(204);
    expect(asked.at(-1)).toBe(
      `https://sns.eu-central-1.amazonaws.com/?${new URLSearchParams({
        Action: "ConfirmSubscription",
        TopicArn: TOPIC,
        Token,
      }).toString()}`,
    );
    const calls = asked.length;
    expect((await sns(signed(confirmation(), FORGER))).status).toBe(403);
    const foreign = confirmation({ TopicArn: `${TOPIC}-other` });
    expect((await sns(signed(foreign, SIGNER))).status).toBe(403);
    expect(asked).toHaveLength(calls);
  });

  const HOST = "https://sns.eu-central-1.amazonaws.com";
  const FILE = `SimpleNotificationService-${"1".repeat(32)}.pem`;
  test.for<[string, Envelope]>([
    ["another host", { SigningCertURL: `https://evil.example.com/${FILE}` }],
    ["a host that begins like Amazon's", { SigningCertURL: `${HOST}.evil.example.com/${FILE}` }],
    ["a user like Amazon's host", { SigningCertURL: `${HOST}@evil.example.com/${FILE}` }],
    ["another service of Amazon's", { SigningCertURL: `https://bucket.s3.amazonaws.com/${FILE}` }],
    ["http", { SigningCertURL: `http://sns.eu-central-1.amazonaws.com/${FILE}` }],
    ["a port", { SigningCertURL: `${HOST}:8443/${FILE}` }],
    ["a query", { SigningCertURL: `${HOST}/${FILE}?a=1` }],
    ["another file", { SigningCertURL: `${HOST}/other.pem` }],
    [
      "another region than the topic's",
      { SigningCertURL: CERTIFICATE_URL.replace("eu-central", "us-east") },
    ],
    ["a topic that is not ours", { TopicArn: `${TOPIC}2` }],
    ["a time long past", { Timestamp: "2020-01-01T00:00:00.000Z" }],
    ["a time to come", { Timestamp: "2090-01-01T00:00:00.000Z" }],
    ["no time", { Timestamp: "soon" }],
    ["a version that is none", { SignatureVersion: "3" }],
  ])("with %s is refused, and nobody is called", async ([, more]) => {
    const { messageId } = await givenSent();
    const before = await receipts();
    const event = notification(sesEvent("Delivery", messageId), new Date(), more);
    const { status, text } = await sns(signed(event, SIGNER));
    expect([status, Problem.parse(JSON.parse(text)).code]).toEqual([403, "not-allowed"]);
    expect(asked).toEqual([]);
    expect(await receipts()).toBe(before);
  });

  test("signed by somebody else, or changed since, is refused", async () => {
    const { waveId, messageId } = await givenSent();
    const event = notification(sesEvent("Bounce", messageId), new Date());
    const good = signed(event, SIGNER);
    const before = await receipts();
    const forged = [
      signed(event, FORGER),
      { ...good, MessageId: "another" },
      { ...good, Message: JSON.stringify(sesEvent("Complaint", messageId)) },
      { ...good, Subject: "More" },
      { ...good, Signature: "" },
      { ...event },
    ];
    for (const each of forged) expect((await sns(each)).status).toBe(403);
    for (const body of ["", "{", "[]", "null"])
      expect((await post("/callbacks/ses", body)).status).toBe(403);
    expect((await post("/callbacks/ses", "x".repeat(700_000))).status).toBe(403);
    expect(await receipts()).toBe(before);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
  });

  test("by a certificate that ran out or is too weak is refused; by none yet, put off", async () => {
    const { messageId } = await givenSent();
    const urlOf = (digit: string) => CERTIFICATE_URL.replaceAll("0", digit);
    const event = (SigningCertURL: string) =>
      notification(sesEvent("Delivery", messageId), new Date(), { SigningCertURL });
    answer = () => new Response(WEAK.certificate);
    expect((await sns(signed(event(urlOf("2")), WEAK))).status).toBe(403);
    answer = () => new Response(PAST.certificate);
    expect((await sns(signed(event(urlOf("4")), PAST))).status).toBe(403);
    answer = () => new Response("", { status: 500 });
    expect((await sns(signed(event(urlOf("3")), SIGNER))).status).toBe(503);
    answer = () => new Response("no certificate");
    expect((await sns(signed(event(urlOf("3")), SIGNER))).status).toBe(503);
    answer = () => new Response(SIGNER.certificate);
    expect((await sns(signed(event(urlOf("3")), SIGNER))).status).toBe(204);
  });

  test("is heard while others keep us waiting for their bodies, and many at a time", async () => {
    const { waveId, messageId } = await givenSent();
    const { hostname, port } = new URL(door.url);
    const head = "POST /callbacks/ses HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{";
    let closed = 0;
    const slow = Array.from({ length: 64 }, () => {
      const socket = connect(Number(port), hostname);
      // Unread, an end would not be seen.
      socket.on("error", () => {}).on("close", () => void (closed += 1));
      socket.resume();
      socket.write(head);
      return socket;
    });
    onTestFinished(() => slow.forEach((socket) => socket.destroy()));
    const event = signed(notification(sesEvent("Delivery", messageId), new Date()), SIGNER);
    // Providers come again; whoever was slowest made room.
    await vi.waitFor(async () => {
      expect((await sns(event)).status).toBe(204);
      expect(closed).toBeGreaterThan(0);
    }, 10_000);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ delivered: 1 });
  });

  test("that ends our subscription is no message", async () => {
    const end = {
      Type: "UnsubscribeConfirmation",
      Token: "1",
      SubscribeURL: "https://x.example.com/",
    };
    const before = await receipts();
    const event = notification({}, new Date(), end);
    expect((await sns(signed(event, FORGER))).status).toBe(403);
    expect((await sns(signed(event, SIGNER))).status).toBe(204);
    expect(await receipts()).toBe(before);
  });

  test("cannot be made to ask Amazon without end", async () => {
    const { messageId } = await givenSent();
    for (let i = 10; i < 40; i += 1) {
      const SigningCertURL = CERTIFICATE_URL.replace("00000000", `${i}000000`);
      const event = notification(sesEvent("Delivery", messageId), new Date(), { SigningCertURL });
      expect([403, 503]).toContain((await sns(signed(event, FORGER))).status);
    }
    expect(asked.length).toBeLessThanOrEqual(10);
  });
});

describe("SendGrid", () => {
  test("is believed by the new key or the old one, event by event", async () => {
    const [one, two] = [await givenSent(), await givenSent()];
    const batch = [gridEvent("processed", one.messageId), gridEvent("delivered", one.messageId)];
    const body = JSON.stringify([...batch, ...batch, "noise"]);
    const headers = sendgridHeaders(body, new Date(), GRID.privateKey);
    expect((await grid(body, headers)).status).toBe(204);
    expect((await grid(body, headers)).status).toBe(204);
    const other = JSON.stringify([gridEvent("delivered", two.messageId)]);
    // Our door was shut when it first said so.
    const hours = new Date(Date.now() - 23 * 3_600_000);
    const old = sendgridHeaders(other, hours, OLD_GRID.privateKey);
    expect((await grid(other, old)).status).toBe(204);
    await sweep(w.ctx);
    for (const { waveId } of [one, two]) expect(await states(w, waveId)).toEqual({ delivered: 1 });
    const rows = await w.sql`select from receipt where message_ref = ${one.reference}`;
    expect(rows).toHaveLength(2);
  });

  test("is refused where a byte, the time or the key is another", async () => {
    const { waveId, messageId } = await givenSent();
    const body = JSON.stringify([gridEvent("dropped", messageId)]);
    const good = sendgridHeaders(body, new Date(), GRID.privateKey);
    const before = await receipts();
    const old = new Date(Date.now() - 25 * 3_600_000);
    const ahead = new Date(Date.now() + 20 * 60_000);
    const later = String(Number(good["x-twilio-email-event-webhook-timestamp"]) + 1);
    const forged: readonly (readonly [string, Record<string, string>])[] = [
      [body, sendgridHeaders(body, new Date(), FORGED_GRID.privateKey)],
      [body, sendgridHeaders(body, old, GRID.privateKey)],
      [body, sendgridHeaders(body, ahead, GRID.privateKey)],
      [body, { ...good, "x-twilio-email-event-webhook-timestamp": later }],
      [body, { ...good, "x-twilio-email-event-webhook-signature": "" }],
      [body, {}],
      [`${body} `, good],
      ["", good],
      [body.padEnd(1_200_000), good],
    ];
    for (const [sent, headers] of forged) {
      const { status, text } = await grid(sent, headers);
      expect([status, Problem.parse(JSON.parse(text)).code]).toEqual([403, "not-allowed"]);
    }
    const gzip = await grid(body, { ...good, "content-encoding": "gzip" });
    expect(gzip.status).toBe(403);
    expect(await receipts()).toBe(before);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
  });
});

describe("taking in thousands", () => {
  const some = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) =>
      mailReceipt({
        provider: "ses",
        eventId: `bulk-${from + i}`,
        messageRef: "0".repeat(32),
        status: "queued",
        code: null,
        reference: null,
      }),
    );

  test("many requests share a statement, and each is answered once it is kept", async () => {
    const intake = createReceiptIntake(w.sql);
    const before = await receipts();
    const answers = await Promise.all(some(0, 3_000).map((each) => intake.keep([each, each])));
    expect(new Set(answers)).toEqual(new Set(["kept"]));
    expect(await receipts()).toBe(before + 3_000);
    expect(await intake.keep(some(0, 10))).toBe("kept");
    expect(await receipts()).toBe(before + 3_000);
  });

  test("what is more than memory may hold is put off, and nothing of it is kept", async () => {
    const intake = createReceiptIntake(w.sql, 100);
    const before = await receipts();
    const answers = await Promise.all(some(10_000, 150).map((each) => intake.keep([each])));
    const kept = answers.filter((each) => each === "kept").length;
    expect(kept).toBeGreaterThanOrEqual(100);
    expect(answers.filter((each) => each === "full").length).toBe(150 - kept);
    expect(150 - kept).toBeGreaterThan(0);
    expect(await receipts()).toBe(before + kept);
    expect(await intake.keep(some(20_000, 1))).toBe("kept");
  });

  test("a database that is away is an error, not an answer", async () => {
    const other = await world();
    const intake = createReceiptIntake(other.sql);
    await other.close();
    await expect(intake.keep(some(0, 1))).rejects.toThrow();
  });

  test("what names nothing of ours is forgotten after a day", async () => {
    await keepReceipts(w.ctx, some(0, 1));
    await sweep(w.ctx);
    const [row] = await w.sql`select effect from receipt where event_id = 'bulk-0'`;
    expect(row).toMatchObject({ effect: "unproven" });
  });
});

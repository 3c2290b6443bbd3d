import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, describe, expect, test, vi } from "vitest";

import type { EmailGateway } from "../../src/context.ts";
import type { Outcome } from "../../src/domain/delivery.ts";
import { createEmail } from "../../src/gateways/email.ts";
import { createLog } from "../../src/log.ts";
import { startProxy } from "../support/proxy.ts";
import { scriptedSmtp } from "../support/smtp.ts";
import type { Script, ScriptedSmtp } from "../support/smtp.ts";

const EHLO = "250-scripted\r\n250-PIPELINING\r\n250 AUTH PLAIN";
const TIMEOUTS = { connect: 500, greeting: 500, socket: 400 };
const REFUSED = { kind: "rejected", fault: "configuration" };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

async function relay(script: Script = {}): Promise<ScriptedSmtp> {
  const server = await scriptedSmtp({ ehlo: EHLO, ...script });
  open.push(server);
  return server;
}

/** An address where nobody listens. */
async function nowhere(): Promise<string> {
  const server = await scriptedSmtp({});
  await server.close();
  return server.url;
}

interface Line {
  readonly relay?: string;
  readonly reason?: string;
  readonly msg?: string;
}

/** A gateway to relays by their names, and what it logs. */
function gatewayTo(
  relays: Record<string, string>,
  options: { connections?: number; weights?: number[] } = {},
) {
  const { connections = 4, weights = [] } = options;
  const lines: Line[] = [];
  const log = createLog("info", "test", { write: (line) => void lines.push(JSON.parse(line)) });
  const url = Object.entries(relays)
    .map(([name, each], i) => `${each}?name=${name}&weight=${weights[i] ?? 1}`)
    .join(", ");
  const gateway = createEmail({ url, connections, log, timeoutsMs: TIMEOUTS });
  open.push(gateway);
  return { gateway, lines };
}

function email(n: number) {
  const message = `Subject: number ${n}\r\n\r\ntext\r\n`;
  return { from: "notices@example.org", to: `person${n}@example.com`, message };
}

function sendAll(gateway: EmailGateway, count: number, relay?: string): Promise<Outcome[]> {
  const options = relay === undefined ? {} : { relay };
  return Promise.all(
    Array.from({ length: count }, (_, n) => gateway.send(email(n), () => true, options)),
  );
}

function countsOf(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind, provider = "none" } of outcomes)
    counts[`${kind} ${provider}`] = (counts[`${kind} ${provider}`] ?? 0) + 1;
  return counts;
}

describe("messages", () => {
  test("are shared out by weight, and say which relay took them", async () => {
    const [one, two] = [await relay(), await relay()];
    const { gateway } = gatewayTo({ one: one.url, two: two.url }, { weights: [3, 1] });
    // One at a time, so that nobody is too busy.
    const outcomes: Outcome[] = [];
    for (let n = 0; n < 200; n += 1) outcomes.push(...(await sendAll(gateway, 1)));
    const { "accepted one": first = 0, "accepted two": second = 0 } = countsOf(outcomes);
    expect([first, second]).toEqual([one.bodies.length, two.bodies.length]);
    expect(first + second).toBe(200);
    // 150 expected; outside of these bounds once in ten million runs.
    expect(first).toBeGreaterThan(115);
    expect(first).toBeLessThan(185);
  });

  test("use connections by weight, and at least one each", async () => {
    const body = async () => {
      await sleep(5);
      return "250 Ok";
    };
    const [one, two] = [await relay({ body }), await relay({ body })];
    const { gateway } = gatewayTo(
      { one: one.url, two: two.url },
      { weights: [100, 1], connections: 6 },
    );
    await sendAll(gateway, 100);
    expect([one.counts.connections, two.counts.connections]).toEqual([6, 1]);
  });

  test("all go to the other relay where one cannot be reached, and each once", async () => {
    const well = await relay();
    const { gateway, lines } = gatewayTo({ dead: await nowhere(), well: well.url });
    expect(countsOf(await sendAll(gateway, 60))).toEqual({ "accepted well": 60 });
    expect(new Set(well.bodies).size).toBe(60);
    expect(lines).toMatchObject([{ relay: "dead", reason: "unreachable" }]);
  });

  test("all go to the other relay where one refuses our password, and the wave goes on", async () => {
    const [wrong, well] = [await relay({ auth: "535 no" }), await relay()];
    const url = wrong.url.replace("//", "//user:secret@");
    const { gateway, lines } = gatewayTo({ wrong: url, well: well.url });
    expect(countsOf(await sendAll(gateway, 60))).toEqual({ "accepted well": 60 });
    expect(wrong.counts.connections).toBeLessThanOrEqual(5 + 4);
    expect(lines).toMatchObject([{ relay: "wrong", reason: "configuration" }]);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });

  test("all go to the other relay where one refuses our sender", async () => {
    const [wrong, well] = [await relay({ mail: "550 not you" }), await relay()];
    const { gateway } = gatewayTo({ wrong: wrong.url, well: well.url });
    expect(countsOf(await sendAll(gateway, 40))).toEqual({ "accepted well": 40 });
    expect(wrong.bodies.join("")).toBe("");
  });

  test("all go to the other relay where one does not relay for us", async () => {
    const rcpt = "554 5.7.1 Relay access denied";
    const [wrong, well] = [await relay({ rcpt }), await relay()];
    const { gateway, lines } = gatewayTo({ wrong: wrong.url, well: well.url });
    expect(countsOf(await sendAll(gateway, 40))).toEqual({ "accepted well": 40 });
    expect(lines).toMatchObject([{ relay: "wrong", reason: "configuration" }]);
  });

  test("for a relay that refuses us wait while another does not", async () => {
    const [wrong, well] = [await relay({ auth: "535 no" }), await relay()];
    const url = wrong.url.replace("//", "//user:secret@");
    const { gateway } = gatewayTo({ wrong: url, well: well.url });
    const outcomes = await sendAll(gateway, 6, "wrong");
    expect(countsOf(outcomes)).toEqual({ "not-sent none": 6 });
    const last = outcomes.at(-1);
    expect(last).toMatchObject({ code: "relays-open" });
    expect(last?.kind === "not-sent" && last.retryAfterMs).toBeGreaterThan(20_000);
    const alone = gatewayTo({ wrong: url }).gateway;
    expect((await sendAll(alone, 1, "wrong"))[0]).toMatchObject(REFUSED);
  });

  test("are a fault of our configuration where every relay refuses us", async () => {
    const [one, two] = [await relay({ auth: "535 no" }), await relay({ auth: "535 no" })];
    const urls = [one, two].map(({ url }) => url.replace("//", "//user:secret@"));
    const { gateway } = gatewayTo({ one: urls[0] ?? "", two: urls[1] ?? "" });
    for (const outcome of await sendAll(gateway, 5)) expect(outcome).toMatchObject(REFUSED);
    expect(await sendAll(gateway, 20)).toContainEqual(expect.objectContaining(REFUSED));
  });

  test("in doubt are never given to another relay", async () => {
    const [lossy, well] = [await relay({ body: (s) => s.destroy() }), await relay()];
    const { gateway, lines } = gatewayTo({ lossy: lossy.url, well: well.url }, { connections: 2 });
    const outcomes = await sendAll(gateway, 60);
    const counts = countsOf(outcomes);
    const { "unknown lossy": unknown = 0, "accepted well": accepted = 0 } = counts;
    expect(counts).toEqual({ "unknown lossy": unknown, "accepted well": accepted });
    expect([unknown, accepted]).toEqual([lossy.bodies.length, well.bodies.length]);
    expect(new Set([...lossy.bodies, ...well.bodies]).size).toBe(60);
    // A relay that loses what it is given is left out like one that is not there.
    expect(unknown).toBe(5);
    expect(lines).toMatchObject([{ relay: "lossy", reason: "unreachable" }]);
  });

  test("for one relay go nowhere else", async () => {
    const [one, two] = [await relay(), await relay({ rcpt: "450 later" })];
    const relays = { one: one.url, two: two.url, dead: await nowhere() };
    const { gateway } = gatewayTo(relays, { connections: 2 });
    expect(countsOf(await sendAll(gateway, 10, "one"))).toEqual({ "accepted one": 10 });
    // Also while it is left out for putting off: no other may take them.
    expect(countsOf(await sendAll(gateway, 20, "two"))).toEqual({ "throttled two": 20 });
    const outcomes = await sendAll(gateway, 7, "dead");
    expect(countsOf(outcomes)).toEqual({ "transient dead": 5, "not-sent none": 2 });
    const last = outcomes.at(-1);
    expect(last).toMatchObject({ code: "relays-open" });
    expect(last?.kind === "not-sent" && last.retryAfterMs).toBeGreaterThan(20_000);
    // Nor those for a relay that is no longer in the setting.
    const [gone] = await sendAll(gateway, 1, "gone");
    expect(gone).toEqual({ kind: "not-sent", code: "relay-gone" });
  });

  test("are not for a relay that puts off most of what it is given", async () => {
    const [busy, well] = [await relay({ rcpt: "451 later" }), await relay()];
    const { gateway, lines } = gatewayTo({ busy: busy.url, well: well.url }, { connections: 2 });
    const { "throttled busy": tried = 0 } = countsOf(await sendAll(gateway, 100));
    expect(tried).toBeGreaterThanOrEqual(10);
    expect(tried).toBeLessThanOrEqual(12);
    expect(lines).toMatchObject([{ relay: "busy", reason: "refusals" }]);
  });
});

describe("the last relay", () => {
  test("that cannot be reached is left alone, and nothing more is tried", async () => {
    const { gateway, lines } = gatewayTo({ dead: await nowhere() }, { connections: 1 });
    expect(gateway.waitMs?.()).toBe(0);
    const outcomes = await sendAll(gateway, 12);
    expect(countsOf(outcomes)).toEqual({ "transient dead": 5, "not-sent none": 7 });
    expect(outcomes.at(-1)).toMatchObject({ code: "relays-open" });
    expect(gateway.waitMs?.()).toBeGreaterThan(1_000);
    expect(lines).toMatchObject([{ relay: "dead", reason: "unreachable" }]);
  });

  test("is tried by one message after a while, and then by all", async () => {
    const server = await relay({
      body: async () => {
        const inHand = server.counts.heard.split("MAIL FROM").length - 1;
        await sleep(server.bodies.length === 1 ? 50 : 0);
        return server.bodies.length === 1 && inHand > 1 ? "554 two at once" : "250 Ok";
      },
    });
    const proxy = await startProxy(server.port);
    open.push(proxy);
    proxy.drop();
    const { gateway, lines } = gatewayTo({ one: proxy.through(server.url) }, { connections: 1 });
    expect(countsOf(await sendAll(gateway, 9))).toEqual({ "transient one": 5, "not-sent none": 4 });
    proxy.free();
    const later = performance.now() + (gateway.waitMs?.() ?? 0) + 1;
    vi.spyOn(performance, "now").mockReturnValue(later);
    expect(countsOf(await sendAll(gateway, 9))).toEqual({ "accepted one": 9 });
    vi.restoreAllMocks();
    expect(lines).toMatchObject([{ reason: "unreachable" }, { msg: "a relay is used again" }]);
  });

  test("goes on putting off, and being asked", async () => {
    const { gateway } = gatewayTo({ busy: (await relay({ rcpt: "451 later" })).url });
    expect(countsOf(await sendAll(gateway, 60))).toEqual({ "throttled busy": 60 });
    expect(gateway.waitMs?.()).toBe(0);
  });

  test("serves on where it refuses more connections than it wants", async () => {
    let n = 0;
    const server = await scriptedSmtp(() => {
      n += 1;
      const body = async () => {
        await sleep(2);
        return "250 Ok";
      };
      return n === 1 ? { ehlo: EHLO, body } : { greeting: "421 too many" };
    });
    open.push(server);
    const { gateway } = gatewayTo({ one: server.url }, { connections: 3 });
    expect((await sendAll(gateway, 1))[0]?.kind).toBe("accepted");
    expect(countsOf(await sendAll(gateway, 30))).toEqual({ "accepted one": 30 });
    expect(server.counts.connections).toBeLessThanOrEqual(5);
  });
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, describe, expect, test } from "vitest";

import type { EmailGateway } from "../../src/context.ts";
import type { Outcome } from "../../src/domain/delivery.ts";
import { createEmail } from "../../src/gateways/email.ts";
import { createLog } from "../../src/log.ts";
import { scriptedSmtp } from "../support/smtp.ts";
import type { Script, ScriptedSmtp } from "../support/smtp.ts";

const MESSAGE = "Subject: Hello\r\n\r\n.a dot\r\nand text\r\n";
const EMAIL = { from: "notices@example.org", to: "ada@example.com", message: MESSAGE };
const TIMEOUTS = { connect: 500, greeting: 500, socket: 400 };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

async function serverOf(...given: Parameters<typeof scriptedSmtp>): Promise<ScriptedSmtp> {
  const server = await scriptedSmtp(...given);
  open.push(server);
  return server;
}

function gatewayTo(url: string, connections = 1): EmailGateway {
  const gateway = createEmail({
    url,
    connections,
    log: createLog("silent", "test"),
    timeoutsMs: TIMEOUTS,
  });
  open.push(gateway);
  return gateway;
}

async function sent(gateway: EmailGateway, mayWrite = () => true): Promise<Outcome> {
  const { provider, ...outcome } = await gateway.send(EMAIL, mayWrite);
  expect(provider).toMatch(/^(127\.0\.0\.1|localhost):\d+$/);
  return outcome;
}

describe.each([
  ["by nodemailer's session", "250 scripted"],
  ["by a session that pipelines", "250-scripted\r\n250 PIPELINING"],
])("one message, %s,", (_, ehlo) => {
  async function outcomeOf(
    script: Script,
    mayWrite = () => true,
  ): Promise<[Outcome, ScriptedSmtp]> {
    const server = await serverOf({ ehlo, ...script });
    return [await sent(gatewayTo(server.url), mayWrite), server];
  }

  test("is accepted with the server's code and arrives as it was given", async () => {
    const [outcome, server] = await outcomeOf({});
    expect(outcome).toEqual({ kind: "accepted", code: "250" });
    expect(server.bodies).toEqual([MESSAGE]);
  });

  test.for<[string, Script, Outcome]>([
    [
      "the sender is refused",
      { mail: "550 no" },
      { kind: "rejected", fault: "configuration", code: "550" },
    ],
    [
      "the recipient is refused",
      { rcpt: "550 no" },
      { kind: "rejected", fault: "recipient", code: "550" },
    ],
    [
      "the server wants a sign-in first",
      { mail: "530 no" },
      { kind: "rejected", fault: "configuration", code: "530" },
    ],
    [
      "a sign-in is wanted at the recipient",
      { rcpt: "530 no" },
      { kind: "rejected", fault: "configuration", code: "530" },
    ],
    ["the recipient is greylisted", { rcpt: "450 later" }, { kind: "throttled", code: "450" }],
    [
      "the server says how long to wait",
      { rcpt: "450 <ada@example.com>: greylisted, try again in 5 minutes" },
      { kind: "throttled", code: "450", retryAfterMs: 300_000 },
    ],
    [
      "the sender is told to slow down",
      { mail: "450 slow" },
      { kind: "throttled", code: "450", scope: "sender" },
    ],
    [
      "all we send is told to slow down",
      { rcpt: "421 slow" },
      { kind: "throttled", code: "421", scope: "provider" },
    ],
    ["the server has a local trouble", { mail: "455 hm" }, { kind: "transient", code: "455" }],
    [
      "all we send is too fast",
      { rcpt: "454 Throttling failure: Maximum sending rate exceeded." },
      { kind: "throttled", code: "454", scope: "provider" },
    ],
    [
      "the server does not relay for us",
      { rcpt: "554 5.7.1 <ada@example.com>: Relay access denied" },
      { kind: "rejected", fault: "configuration", code: "554" },
    ],
    [
      "one person does not want our mail",
      { rcpt: "550 5.7.1 <ada@example.com>: not from you" },
      { kind: "rejected", fault: "recipient", code: "550 5.7.1" },
    ],
    ["DATA is put off", { data: "451 later" }, { kind: "throttled", code: "451" }],
    [
      "the greeting is a refusal",
      { greeting: "554 no" },
      { kind: "rejected", fault: "configuration", code: "554" },
    ],
    [
      "the greeting puts us off",
      { greeting: "421 busy" },
      { kind: "throttled", code: "421", scope: "provider" },
    ],
    [
      "the server closes after RCPT",
      { rcpt: (s) => s.destroy() },
      { kind: "transient", code: "closed" },
    ],
    ["the greeting never comes", { greeting: () => {} }, { kind: "transient", code: "ETIMEDOUT" }],
    ["the go-ahead never comes", { data: () => {} }, { kind: "transient", code: "ETIMEDOUT" }],
  ])("before the body: %s", async ([, script, expected]) => {
    const [outcome, server] = await outcomeOf(script);
    if (expected.code === "closed") expect(outcome.kind).toBe("transient");
    else expect(outcome).toEqual(expected);
    expect(bodyOf(server)).toBe("");
  });

  test.for<[string, Script, Outcome]>([
    [
      "the content is refused",
      { body: "554 no" },
      { kind: "rejected", fault: "content", code: "554" },
    ],
    ["the server puts it off", { body: "451 later" }, { kind: "transient", code: "451" }],
    [
      "the server ends the session with 421",
      { body: (s) => s.end("421 bye\r\n") },
      { kind: "throttled", code: "421", scope: "provider" },
    ],
    [
      "all we send is too fast",
      { body: "454 Throttling failure" },
      { kind: "throttled", code: "454", scope: "provider" },
    ],
    ["the server closes", { body: (s) => s.end() }, { kind: "unknown", code: "ECONNECTION" }],
    ["the server resets", { body: (s) => s.resetAndDestroy() }, { kind: "unknown", code: "any" }],
    ["no answer comes", { body: () => {} }, { kind: "unknown", code: "ETIMEDOUT" }],
    ["half an answer comes", { body: (s) => s.end("25") }, { kind: "unknown", code: "any" }],
    ["half a refusal comes", { body: (s) => s.end("554 no") }, { kind: "unknown", code: "any" }],
    [
      "the server says how long to wait",
      { body: "451 wait 90 seconds" },
      { kind: "transient", code: "451", retryAfterMs: 90_000 },
    ],
    [
      "the session drops right after the 250",
      { body: (s) => s.end("250 Taken\r\n") },
      { kind: "accepted", code: "250" },
    ],
  ])("after the body: %s", async ([, script, expected]) => {
    const [outcome, server] = await outcomeOf(script);
    if (expected.code === "any") expect(outcome.kind).toBe(expected.kind);
    else expect(outcome).toEqual(expected);
    expect(server.bodies).toHaveLength(1);
  });

  test("is not sent at all where the last look says no", async () => {
    let asked = 0;
    const [outcome, server] = await outcomeOf({}, () => {
      asked += 1;
      return false;
    });
    expect(outcome).toEqual({ kind: "not-sent", code: "withheld" });
    expect(asked).toBe(1);
    expect(server.counts.commands).toContain("DATA");
    await sleep(50);
    expect(server.counts.bodyBytes).toBe(0);
  });

  test("is asked about only when the server has said go ahead", async () => {
    const seen: string[][] = [];
    const server = await serverOf({ ehlo });
    await gatewayTo(server.url).send(EMAIL, () => {
      seen.push([...server.counts.commands]);
      return true;
    });
    expect(seen).toEqual([["EHLO", "MAIL", "RCPT", "DATA"]]);
  });

  test("nobody at home costs a later try", async () => {
    const server = await scriptedSmtp({});
    await server.close();
    expect(await sent(gatewayTo(server.url))).toEqual({ kind: "transient", code: "ECONNREFUSED" });
  });

  test("an address that would end the command is refused before it is sent", async () => {
    const server = await serverOf({ ehlo });
    const hostile = { ...EMAIL, to: "ada@example.com>\r\nRCPT TO:<eve@example.com" };
    expect(await gatewayTo(server.url).send(hostile, () => true)).toMatchObject({
      kind: "rejected",
      fault: "recipient",
    });
    expect(server.counts.commands).not.toContain("RCPT");
  });
});

describe("signing in and TLS", () => {
  test("a wrong password is a fault of our configuration", async () => {
    const server = await serverOf({ ehlo: "250-scripted\r\n250 AUTH PLAIN", auth: "535 no" });
    const url = server.url.replace("//", "//user:secret@");
    expect(await sent(gatewayTo(url))).toEqual({
      kind: "rejected",
      fault: "configuration",
      code: "535",
    });
  });

  test("a sign-in service that is away is tried later", async () => {
    const server = await serverOf({ ehlo: "250-scripted\r\n250 AUTH PLAIN", auth: "454 later" });
    const url = server.url.replace("//", "//user:secret@");
    expect(await sent(gatewayTo(url))).toEqual({ kind: "transient", code: "454" });
  });

  test("a certificate nobody vouches for is refused, and nothing is said in the clear", async () => {
    const server = await serverOf({}, selfSigned());
    expect(await gatewayTo(server.url).send(EMAIL, () => true)).toMatchObject({
      kind: "rejected",
      fault: "configuration",
    });
    expect(server.counts.commands).toEqual([]);
  });

  test("a server elsewhere that offers no TLS gets no message", async () => {
    const server = await serverOf({ auth: "500 no" });
    // 0.0.0.0 leads here, but is not a loopback address.
    const outcome = await gatewayTo(`smtp://0.0.0.0:${server.port}`).send(EMAIL, () => true);
    expect(outcome).toMatchObject({ kind: "rejected", fault: "configuration" });
    expect(server.counts.commands).not.toContain("MAIL");
  });
});

describe.each([
  ["of nodemailer's sessions", "250 scripted"],
  ["of sessions that pipeline", "250-scripted\r\n250 PIPELINING"],
])("the pool %s", (_, ehlo) => {
  test("keeps a session for the next message, also after a refusal", async () => {
    let first = true;
    const server = await serverOf({
      ehlo,
      rcpt: (s) => {
        s.write(first ? "550 no\r\n" : "250 Ok\r\n");
        first = false;
      },
    });
    const gateway = gatewayTo(server.url);
    const kinds = [];
    for (let i = 0; i < 3; i += 1) kinds.push((await gateway.send(EMAIL, () => true)).kind);
    expect(kinds).toEqual(["rejected", "accepted", "accepted"]);
    expect(server.counts.connections).toBe(1);
  });

  test("takes a new session where the server hung up on an idle one", async () => {
    const server = await serverOf({ ehlo });
    const gateway = gatewayTo(server.url);
    await gateway.send(EMAIL, () => true);
    const slow = await serverOf((n) => ({ ehlo, ...(n === 1 && { mail: hangUpOnSecond() }) }));
    const other = gatewayTo(slow.url);
    expect((await other.send(EMAIL, () => true)).kind).toBe("accepted");
    expect((await other.send(EMAIL, () => true)).kind).toBe("accepted");
    expect(slow.counts.connections).toBe(2);
    expect(slow.bodies).toHaveLength(2);
  });

  test("takes a new session where one has had its number of messages, and slows nobody", async () => {
    // It goes on in a session that it said would end: none of what it says there counts.
    const server = await serverOf(() => {
      let messages = 0;
      return {
        ehlo,
        mail: () => ((messages += 1) > 2 ? "421 too many in this session" : "250 Ok"),
      };
    });
    const gateway = gatewayTo(server.url);
    for (let i = 0; i < 5; i += 1)
      expect(await sent(gateway)).toEqual({ kind: "accepted", code: "250" });
    expect([server.counts.connections, server.bodies.length]).toEqual([3, 5]);
    const mails = server.counts.commands.filter((verb) => verb === "MAIL");
    expect(mails).toHaveLength(5 + 2);
  });

  test("waits longer for the answer to a body than for any other", async () => {
    const body = async () => {
      await sleep(TIMEOUTS.socket + 100);
      return "250 Taken";
    };
    const { url } = await serverOf({ ehlo, body });
    const log = createLog("silent", "test");
    const timeoutsMs = { ...TIMEOUTS, body: 60_000 };
    const gateway = createEmail({ url, connections: 1, log, timeoutsMs });
    open.push(gateway);
    expect(await sent(gateway)).toEqual({ kind: "accepted", code: "250" });
  });

  test("never sends again by itself what may have been taken", async () => {
    let messages = 0;
    const server = await serverOf({
      ehlo,
      body: (s) => {
        messages += 1;
        if (messages === 1) s.write("250 Taken\r\n");
        else s.destroy();
      },
    });
    const gateway = gatewayTo(server.url);
    expect((await gateway.send(EMAIL, () => true)).kind).toBe("accepted");
    expect((await gateway.send(EMAIL, () => true)).kind).toBe("unknown");
    expect(server.bodies).toHaveLength(2);
  });

  test("keeps to its number of connections and says goodbye at the end", async () => {
    const server = await serverOf({
      ehlo,
      body: async (s) => {
        await sleep(10);
        s.write("250 Ok\r\n");
      },
    });
    const gateway = createEmail({
      url: server.url,
      connections: 3,
      log: createLog("silent", "test"),
      timeoutsMs: TIMEOUTS,
    });
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, () => gateway.send(EMAIL, () => true)),
    );
    await gateway.close();
    expect(outcomes.every(({ kind }) => kind === "accepted")).toBe(true);
    expect(server.counts.connections).toBe(3);
    expect(server.counts.commands.filter((verb) => verb === "QUIT")).toHaveLength(3);
  });
});

/** What a server has of a body: a message that was refused and invited all the same has none. */
function bodyOf({ bodies, counts }: ScriptedSmtp): string {
  return counts.bodyBytes > ".\r\n".length ? "something" : bodies.join("");
}

function hangUpOnSecond() {
  let messages = 0;
  return (socket: import("node:net").Socket) => {
    messages += 1;
    if (messages === 1) socket.write("250 Ok\r\n");
    else socket.destroy();
  };
}

function selfSigned() {
  const folder = mkdtempSync(join(tmpdir(), "candor-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const args = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=mail.example.org"];
  execFileSync("openssl", [...args, "-days", "2", "-keyout", key, "-out", cert], {
    stdio: "ignore",
  });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

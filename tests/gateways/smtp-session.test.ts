import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";

import type { EmailGateway } from "../../src/context.ts";
import type { Outcome } from "../../src/domain/delivery.ts";
import { createEmail } from "../../src/gateways/email.ts";
import { createLog } from "../../src/log.ts";
import { scriptedSmtp } from "../support/smtp.ts";
import type { Script, ScriptedSmtp, Step } from "../support/smtp.ts";

const EHLO = "250-scripted\r\n250-PIPELINING\r\n250 SMTPUTF8";
const TIMEOUTS = { connect: 1_000, greeting: 1_000, socket: 250 };

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

/** A server that pipelines, and a gateway with one connection to it. */
async function pairOf(
  script: Script | ((connection: number) => Script),
  timeoutsMs = TIMEOUTS,
): Promise<{ server: ScriptedSmtp; gateway: EmailGateway }> {
  const scriptOf = typeof script === "function" ? script : () => script;
  const server = await scriptedSmtp((n) => ({ ehlo: EHLO, ...scriptOf(n) }));
  const log = createLog("silent", "test");
  const gateway = createEmail({ url: server.url, connections: 1, log, timeoutsMs });
  open.push(server, gateway);
  return { server, gateway };
}

function email(n: number) {
  const message = `Subject: number ${n}\r\n\r\n.dot\r\n`;
  return { from: "notices@example.org", to: `person${n}@example.com`, message };
}

/** All at once, so that each follows the one before on the one connection. */
function sendAll(gateway: EmailGateway, count: number): Promise<string[]> {
  const all = Array.from({ length: count }, (_, n) => gateway.send(email(n), () => true));
  return Promise.all(all.map(async (outcome) => shortly(await outcome)));
}

function shortly(outcome: Outcome): string {
  const fault = outcome.kind === "rejected" ? ` ${outcome.fault}` : "";
  return `${outcome.kind}${fault} ${outcome.code}`;
}

/** The step of each message; the last one for all that come after. */
function inTurn(...steps: Step[]): Step {
  let n = 0;
  return (socket) => {
    const step = steps[Math.min(n, steps.length - 1)] ?? "";
    n += 1;
    return typeof step === "string" ? step : step(socket);
  };
}

/** The message that each body is, by its number. */
function numbersOf({ bodies }: ScriptedSmtp): number[] {
  return bodies.map((body) => Number(/number (\d+)/.exec(body)?.[1] ?? -1));
}

const drip = async (socket: Socket) => {
  for (const byte of "250-slow") {
    socket.write(byte);
    await sleep(100);
  }
};

test("the envelope of the next message follows a body before its answer", async () => {
  const { server, gateway } = await pairOf({
    body: inTurn(async (socket) => {
      // A client that waited for this answer would never say the second MAIL.
      while (server.counts.heard.split("MAIL FROM").length < 3) await sleep(1);
      socket.write("250 Taken\r\n");
    }, "250 Taken"),
  });
  expect(await sendAll(gateway, 3)).toEqual(["accepted 250", "accepted 250", "accepted 250"]);
  expect(server.counts.connections).toBe(1);
  expect(numbersOf(server)).toEqual([0, 1, 2]);
});

test("at most one message of a connection is in doubt, and the others go out once", async () => {
  const { server, gateway } = await pairOf((n) =>
    n === 1 ? { body: inTurn("250 Ok", "250 Ok", (s) => s.destroy()) } : {},
  );
  expect((await sendAll(gateway, 6)).toSorted()).toEqual([
    ...Array.from({ length: 5 }, () => "accepted 250"),
    expect.stringMatching(/^unknown E/),
  ]);
  expect(numbersOf(server).toSorted()).toEqual([0, 1, 2, 3, 4, 5]);
  expect(server.counts.connections).toBe(2);
});

const GONE: [string, Step][] = [
  ["closes", (s) => s.end()],
  ["resets", (s) => s.resetAndDestroy()],
  ["ends the session with 421", "421 that is enough"],
];
const FAULTS: [string, Step, string][] = [
  ["closes", (s) => s.end(), "transient ECONNECTION"],
  ["resets", (s) => s.resetAndDestroy(), "transient ECONNRESET"],
  ["is silent", () => new Promise(() => {}), "transient ETIMEDOUT"],
  ["answers a byte at a time and never ends", drip, "transient ETIMEDOUT"],
  ["talks something else", "HTTP/1.1 400 Bad Request", "transient EPROTOCOL"],
  ["answers in two voices", "250-one\r\n550 two", "transient EPROTOCOL"],
  ["says a line without end", "2".repeat(5_000), "transient EPROTOCOL"],
  ["ends the session with 421", "421 bye", "throttled 421"],
];
const PLACES = ["mail", "rcpt", "data"] as const;

describe("a server that, before the body,", () => {
  test.for(PLACES.flatMap((place) => FAULTS.map((fault) => [place, ...fault] as const)))(
    "at %s %s gets nothing",
    async ([place, , step, expected]) => {
      const { server, gateway } = await pairOf({ [place]: step });
      expect(await sendAll(gateway, 1)).toEqual([expected]);
      expect(server.bodies).toEqual([]);
      expect(server.counts.bodyBytes).toBe(0);
    },
  );

  test.for(PLACES.flatMap((place) => GONE.map(([what, step]) => [place, what, step] as const)))(
    "at the second message's %s %s is tried once more, in a new session",
    async ([place, , step]) => {
      const { server, gateway } = await pairOf((n) =>
        n === 1 ? { [place]: inTurn(place === "data" ? "354 Go" : "250 Ok", step) } : {},
      );
      expect(await sendAll(gateway, 2)).toEqual(["accepted 250", "accepted 250"]);
      expect(numbersOf(server)).toEqual([0, 1]);
    },
  );

  test("ends the session with 421 when it is told to begin anew is asked in another", async () => {
    const { server, gateway } = await pairOf({ rcpt: inTurn("550 no", "250 Ok"), rset: "421 bye" });
    expect(await sendAll(gateway, 2)).toEqual(["rejected recipient 550", "accepted 250"]);
    expect(server.counts.connections).toBe(2);
  });

  test("refuses every session that is asked for a second message is not asked for ever", async () => {
    const { server, gateway } = await pairOf(() => ({ mail: inTurn("250 Ok", (s) => s.end()) }));
    const outcomes = await sendAll(gateway, 4);
    expect(outcomes).toEqual(Array.from({ length: 4 }, () => "accepted 250"));
    expect(numbersOf(server).toSorted()).toEqual([0, 1, 2, 3]);
  });
});

describe("a server that, after the body,", () => {
  test.for<[string, Step, string]>([
    ...FAULTS.slice(0, -1).map(([what, step, code]): [string, Step, string] => [
      what,
      step,
      code.replace("transient", "unknown"),
    ]),
    ["ends the session with 421", "421 bye", "throttled 421"],
    ["invites another body", "354 more", "unknown EPROTOCOL"],
  ])("%s leaves one message in doubt at most", async ([, step, expected]) => {
    const { server, gateway } = await pairOf((n) =>
      n === 1 ? { body: inTurn("250 Ok", step) } : {},
    );
    expect(await sendAll(gateway, 3)).toEqual(["accepted 250", expected, expect.any(String)]);
    const numbers = numbersOf(server);
    expect(numbers.toSorted()).toEqual([...new Set(numbers)].toSorted());
    expect(numbers.slice(0, 2)).toEqual([0, 1]);
  });
});

test("an invitation where none was asked for is no refusal, but nonsense", async () => {
  const { server, gateway } = await pairOf({ rcpt: "354 Go" });
  expect(await sendAll(gateway, 1)).toEqual(["transient EPROTOCOL"]);
  expect(server.bodies).toEqual([]);
});

describe("a session goes on", () => {
  test.for<[string, Script, string, number]>([
    [
      "a refused recipient",
      { rcpt: inTurn("550 no", "250 Ok"), data: inTurn("503 no", "354 Go") },
      "rejected recipient 550",
      0,
    ],
    [
      "a refused recipient and an invitation all the same",
      { rcpt: inTurn("550 no", "250 Ok") },
      "rejected recipient 550",
      1,
    ],
    [
      "an empty body that is refused as well",
      { rcpt: inTurn("550 no", "250 Ok"), body: inTurn("554 no recipients", "250 Ok") },
      "rejected recipient 550",
      1,
    ],
    [
      "a recipient to be tried later",
      { rcpt: inTurn("450 no", "250 Ok"), data: inTurn("503 no", "354 Go") },
      "throttled 450",
      0,
    ],
    ["a refused body", { body: inTurn("554 no", "250 Ok") }, "rejected content 554", 0],
  ])("after %s, with a clean slate", async ([, script, expected, empty]) => {
    const { server, gateway } = await pairOf(script);
    expect(await sendAll(gateway, 3)).toEqual([expected, "accepted 250", "accepted 250"]);
    expect(server.counts.connections).toBe(1);
    expect(server.bodies.filter((body) => body === "")).toHaveLength(empty);
    const resets = server.counts.commands.filter((verb) => verb === "RSET");
    expect(resets).toHaveLength(expected.includes("content") ? 0 : 1);
  });

  test("not where the server says something that nobody asked for", async () => {
    const { server, gateway } = await pairOf({
      body: inTurn((s) => void s.write("250 Taken\r\n250 And another thing\r\n"), "250 Ok"),
    });
    expect(await sendAll(gateway, 1)).toEqual(["accepted 250"]);
    await sleep(20);
    expect(await sendAll(gateway, 1)).toEqual(["accepted 250"]);
    expect(server.counts.connections).toBe(2);
  });
});

test.for<[string, string]>([
  ["250 instead of an invitation", "250 Ok"],
  ["an invitation and in one breath its answer", "354 Go\r\n250 Taken"],
  ["two invitations", "354 Go\r\n354 Go"],
])("%s is no proof of anything, and no body is written", async ([, data]) => {
  const { server, gateway } = await pairOf({ data });
  expect(await sendAll(gateway, 1)).toEqual(["transient EPROTOCOL"]);
  expect(server.counts.bodyBytes).toBe(0);
});

test("what must not be written any more is not, and the one before it is not touched", async () => {
  const { server, gateway } = await pairOf({});
  const first = gateway.send(email(0), () => true);
  const second = gateway.send(email(1), () => false);
  const third = gateway.send(email(2), () => true);
  expect((await first).kind).toBe("accepted");
  expect(await second).toMatchObject({ kind: "not-sent", code: "withheld" });
  expect((await third).kind).toBe("accepted");
  expect(numbersOf(server)).toEqual([0, 2]);
});

test("a goodbye waits for what is under way", async () => {
  let closing: Promise<void> | undefined;
  const { server, gateway } = await pairOf({
    data: async () => {
      closing = gateway.close();
      await sleep(5);
      return "354 Go";
    },
  });
  expect(await sendAll(gateway, 1)).toEqual(["accepted 250"]);
  await closing;
  expect(server.bodies).toEqual([email(0).message]);
  expect(server.counts.commands).toEqual(["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]);
});

test("a hostile address behind a body is refused and spoils nothing", async () => {
  const { server, gateway } = await pairOf({});
  const to = "x@example.com>\r\nRCPT TO:<eve@example.com";
  const all = [email(0), { ...email(1), to }, email(2)];
  const outcomes = await Promise.all(all.map((each) => gateway.send(each, () => true)));
  expect(outcomes.map(shortly)).toEqual([
    "accepted 250",
    "rejected recipient EENVELOPE",
    "accepted 250",
  ]);
  expect(server.counts.heard).not.toContain("eve");
});

test("an address that is not ASCII is announced", async () => {
  const { server, gateway } = await pairOf({});
  await gateway.send({ ...email(0), to: "zoë@example.com" }, () => true);
  expect(Buffer.from(server.counts.heard, "latin1").toString()).toMatch(
    /MAIL FROM:<notices@example.org> SMTPUTF8\r\nRCPT TO:<zoë@example.com>\r\n/,
  );
});

test("a large body reaches a server that reads slowly, whole", async () => {
  const data = (socket: Socket) => {
    socket.pause();
    setTimeout(() => socket.resume(), 50);
    return "354 Go";
  };
  const { server, gateway } = await pairOf({ data }, { ...TIMEOUTS, socket: 5_000 });
  const message = `Subject: number 0\r\n\r\n${".line\r\n".repeat(300_000)}`;
  const outcome = await gateway.send({ ...email(0), message }, () => true);
  expect(outcome.kind).toBe("accepted");
  expect(server.bodies.map((body) => body === message)).toEqual([true]);
});

interface Answers {
  readonly mail: number;
  readonly rcpt: number;
  readonly data: number;
  readonly body: number;
}

/** What these answers mean, said another way than the code says it. */
function meaning({ mail, rcpt, data, body }: Answers): string {
  if (mail >= 500) return `rejected configuration ${mail}`;
  if (mail >= 400) return `throttled ${mail}`;
  if (rcpt >= 500) return `rejected recipient ${rcpt}`;
  if (rcpt >= 400) return `throttled ${rcpt}`;
  if (data >= 500) return `rejected content ${data}`;
  if (data >= 400) return `throttled ${data}`;
  if (body >= 500) return `rejected content ${body}`;
  return body >= 400 ? `transient ${body}` : `accepted ${body}`;
}

const anyAnswers: fc.Arbitrary<Answers> = fc.record({
  mail: fc.constantFrom(250, 250, 250, 250, 450, 552),
  rcpt: fc.constantFrom(250, 250, 251, 452, 550),
  data: fc.constantFrom(354, 354, 354, 451, 554),
  body: fc.constantFrom(250, 250, 252, 451, 554),
});

test("answers mean the same however they are cut up on their way", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyAnswers, { minLength: 1, maxLength: 8 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 12 })),
      async (messages, sizes) => {
        const reply = (of: keyof Answers) =>
          inTurn(...messages.map((each) => `${each[of]}-one\r\n${each[of]} two`));
        // The body's turn is taken by an empty one as well, and by none that was not invited.
        const bodies = messages.filter(({ data }) => data === 354);
        const { server, gateway } = await pairOf(
          {
            mail: reply("mail"),
            rcpt: reply("rcpt"),
            data: reply("data"),
            body: inTurn(...bodies.map(({ body }) => `${body} ok`)),
            async write(socket, text) {
              for (let at = 0; at < text.length;) {
                const size = sizes.next().value;
                socket.write(text.slice(at, at + size));
                at += size;
                await new Promise((resolve) => setImmediate(resolve));
              }
            },
          },
          { ...TIMEOUTS, socket: 5_000 },
        );
        const outcomes = await sendAll(gateway, messages.length);
        await gateway.close();
        await server.close();
        expect(outcomes).toEqual(messages.map(meaning));
        expect(server.counts.connections).toBe(1);
      },
    ),
    { numRuns: 40 },
  );
});

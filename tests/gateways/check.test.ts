import { SMTPServer } from "smtp-server";
import { afterEach, describe, expect, test } from "vitest";

import { LOOPBACK, freePort } from "../../src/dev/process.ts";
import { startTwilio } from "../../src/dev/twilio.ts";
import { createEmail } from "../../src/gateways/email.ts";
import { createSms } from "../../src/gateways/sms.ts";
import { createLog } from "../../src/log.ts";

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A mail server that lets one user in; answers its port, and what was said to it. */
async function givenServer(): Promise<{ port: number; commands: string[] }> {
  const commands: string[] = [];
  const server = new SMTPServer({
    allowInsecureAuth: true,
    disabledCommands: ["STARTTLS"],
    logger: false,
    onAuth: ({ username, password }, _session, done) =>
      username === "candor" && password === "right"
        ? done(null, { user: username })
        : done(new Error("no")),
    onMailFrom: (_address, _session, done) => (commands.push("MAIL"), done()),
    onClose: () => void commands.push("closed"),
  });
  const port = await freePort();
  await new Promise<void>((resolve) => void server.listen(port, LOOPBACK, resolve));
  stops.push(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port, commands };
}

describe("a log-in at each relay", () => {
  test("tells who lets us in, who refuses us and who is not there, and sends nothing", async () => {
    const { port, commands } = await givenServer();
    const relays = [
      `smtp://candor:right@${LOOPBACK}:${port}?name=good`,
      `smtp://candor:wrong@${LOOPBACK}:${port}?name=bad`,
      `smtp://${LOOPBACK}:${await freePort()}?name=away`,
    ];
    const log = createLog("silent", "test");
    const email = createEmail({ url: relays.join(","), connections: 3, log });
    stops.push(() => email.close());
    expect(await email.check?.()).toEqual([
      { name: "good", answer: "lets-in" },
      { name: "bad", answer: "refuses" },
      { name: "away", answer: "unreachable" },
    ]);
    for (let tries = 0; tries < 100 && commands.length < 2; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(commands).not.toContain("MAIL");
    expect(commands).toContain("closed");
  });
});

describe("the account at Twilio", () => {
  const settings = { from: "+12025550100", connections: 1 };

  test("answers for who has its token, and for nobody else", async () => {
    const twilio = await startTwilio();
    stops.push(twilio.close);
    const { accountSid, authToken, url: baseUrl } = twilio;
    const check = (token: string, base = baseUrl) => {
      const sms = createSms({ ...settings, accountSid, authToken: token, baseUrl: base });
      stops.push(() => sms.close());
      return sms.check?.();
    };
    expect(await check(authToken)).toEqual({ name: "twilio", answer: "lets-in" });
    expect(await check("another token")).toEqual({ name: "twilio", answer: "refuses" });
    const away = `http://${LOOPBACK}:${await freePort()}`;
    expect(await check(authToken, away)).toEqual({ name: "twilio", answer: "unreachable" });
    expect(twilio.counts.requests).toBe(0);
  });
});

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

import { SMTPServer } from "smtp-server";
import type { SMTPServerOptions } from "smtp-server";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { createEmail } from "../../src/gateways/email.ts";
import { createLog } from "../../src/log.ts";
import { scriptedSmtp } from "../support/smtp.ts";

const EMAIL = {
  from: "notices@example.org",
  to: "ada@example.com",
  message: "Subject: Hello\r\n\r\n.text\r\n",
};
const ours = getCACertificates("default");
let pair: { readonly key: string; readonly cert: string };
const open: { close(): Promise<void> }[] = [];

beforeAll(() => {
  pair = certificate();
  setDefaultCACertificates([...ours, pair.cert]);
});
afterAll(() => setDefaultCACertificates(ours));
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
});

function sendAll(url: string, count = 3) {
  const timeoutsMs = { connect: 2_000, greeting: 2_000, socket: 2_000 };
  const log = createLog("silent", "test");
  const gateway = createEmail({ url, connections: 1, log, timeoutsMs });
  open.push(gateway);
  return Promise.all(Array.from({ length: count }, () => gateway.send(EMAIL, () => true)));
}

/** A real server, which announces PIPELINING; it says whether each message came over TLS. */
async function mailServer(options: SMTPServerOptions) {
  const taken: boolean[] = [];
  const server = new SMTPServer({
    ...options,
    ...pair,
    logger: false,
    disableReverseLookup: true,
    closeTimeout: 100,
    onAuth: ({ username, password }, _session, answer) =>
      password === "right" ? answer(null, { user: username }) : answer(new Error("no")),
    onData(stream, session, answer) {
      stream.resume().on("end", () => {
        taken.push(session.secure);
        answer(null);
      });
    },
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "0.0.0.0", resolve));
  open.push({ close: () => new Promise((resolve) => server.close(() => resolve())) });
  const { port } = server.server.address() as AddressInfo;
  return { port, taken };
}

test("TLS from the start, with a sign-in, carries message after message", async () => {
  const { port, taken } = await mailServer({ secure: true });
  const outcomes = await sendAll(`smtps://user:right@127.0.0.1:${port}`);
  expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted"]);
  expect(taken).toEqual([true, true, true]);
});

test("STARTTLS, with a sign-in, carries message after message", async () => {
  const { port, taken } = await mailServer({ authOptional: false });
  // 0.0.0.0 leads here, but is not a loopback address: TLS is required.
  const outcomes = await sendAll(`smtp://user:right@0.0.0.0:${port}`);
  expect(outcomes.map(({ kind }) => kind)).toEqual(["accepted", "accepted", "accepted"]);
  expect(taken).toEqual([true, true, true]);
});

test("messages follow each other inside TLS without waiting", async () => {
  const server = await scriptedSmtp(
    {
      ehlo: "250-scripted\r\n250 PIPELINING",
      body: async () => {
        while (server.counts.heard.split("MAIL FROM").length < 3) await sleep(1);
        return "250 Taken";
      },
    },
    pair,
  );
  open.push(server);
  expect((await sendAll(server.url, 2)).map(({ kind }) => kind)).toEqual(["accepted", "accepted"]);
});

test("a wrong password gets no message through", async () => {
  const { port, taken } = await mailServer({ secure: true });
  const [outcome] = await sendAll(`smtps://user:wrong@127.0.0.1:${port}`, 1);
  expect(outcome).toMatchObject({ kind: "rejected", fault: "configuration", code: "535" });
  expect(taken).toEqual([]);
});

test("a certificate for another host gets no message through", async () => {
  const { port, taken } = await mailServer({ secure: true });
  const [outcome] = await sendAll(`smtps://user:right@localhost:${port}`, 1);
  expect(outcome).toMatchObject({ kind: "rejected", fault: "configuration" });
  expect(taken).toEqual([]);
});

test.for([
  ["whose STARTTLS was taken out on the way", "250-scripted\r\n250 PIPELINING"],
  ["that refuses STARTTLS", "250-scripted\r\n250-STARTTLS\r\n250 AUTH PLAIN"],
])("a server %s hears no sign-in and no message", async ([, ehlo]) => {
  const server = await scriptedSmtp({ ehlo: ehlo ?? "" });
  open.push(server);
  const [outcome] = await sendAll(`smtp://user:right@0.0.0.0:${server.port}`, 1);
  expect(outcome).toMatchObject({ kind: "rejected", fault: "configuration" });
  expect(server.counts.commands).not.toContain("AUTH");
  expect(server.counts.commands).not.toContain("MAIL");
});

/** For the two addresses that lead here. */
function certificate() {
  const folder = mkdtempSync(join(tmpdir(), "candor-tls-"));
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const name = ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1,IP:0.0.0.0"];
  const args = ["req", "-x509", ...made, ...name, "-days", "2", "-keyout", key, "-out", cert];
  execFileSync("openssl", args, { stdio: "ignore" });
  const read = { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  rmSync(folder, { recursive: true });
  return read;
}

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { serve } from "../support/http.ts";
import { givenToken } from "../support/staff.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let folder: string;
let environment: Record<string, string>;
beforeAll(async () => {
  w = await world();
  folder = await mkdtemp(join(tmpdir(), "candor-server-"));
  const keyFile = join(folder, "root.key");
  await writeFile(keyFile, w.config.rootKey.toString("hex"), { mode: 0o600 });
  const { DATABASE_URL, FEEDBACK_URL, KEYSTORE_URL, REDIS_URL, SMTP_URL, MAIL_FROM } = w.config;
  const { ORGANISATION, CONSOLE_URL, PUBLIC_URL } = w.config;
  environment = {
    DATABASE_URL,
    FEEDBACK_URL,
    KEYSTORE_URL,
    REDIS_URL,
    SMTP_URL,
    MAIL_FROM,
    ORGANISATION,
    CONSOLE_URL,
    PUBLIC_URL,
    NODE_ENV: "test",
    KEK_FILE: keyFile,
    LOG_LEVEL: "info",
  };
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await w.close();
});

describe("--check-config", () => {
  test("exits 0 on settings that can be used", async () => {
    expect(await start(["--check-config"], environment).ended).toMatchObject({ code: 0 });
  });

  test("exits 1 and lists every problem at once, without a value", async () => {
    const { MAIL_FROM: _, ...rest } = environment;
    const bad = {
      ...rest,
      DATABASE_URL: "mysql://canary:canary@h/d",
      PORT: "99999",
      LOG_LEVEL: "loud",
    };
    const { code, output } = await start(["--check-config"], bad).ended;
    expect(code).toBe(1);
    for (const setting of ["MAIL_FROM", "DATABASE_URL", "PORT", "LOG_LEVEL"])
      expect(output).toContain(`- ${setting}:`);
    expect(output).not.toContain("canary");
    expect(output).not.toContain("    at ");
  });

  test("exits 1 on a door there is not", async () => {
    expect(await start(["--door", "back"], environment).ended).toMatchObject({ code: 1 });
  });
});

test.each(["src/server.ts", "workers/main.ts"])(
  "%s says all that is wrong with settings and servers in one start",
  async (entry) => {
    const REDIS_URL = "redis://:s3cret@127.0.0.1:9";
    const { code, output } = await start([], { ...environment, PORT: "x", REDIS_URL }, entry).ended;
    expect(code).toBe(1);
    for (const setting of ["PORT", "REDIS_URL"]) expect(output).toContain(`- ${setting}:`);
    expect(output).not.toContain("s3cret");
  },
);

test("SIGTERM lets the open request finish, takes no new one, and exits 0", async () => {
  const token = await givenToken(w, w.staff.responder, { expiresAt: new Date("2099-01-01") });
  const port = await freePort();
  const server = start(["--door", "console"], { ...environment, PORT: String(port) });
  await server.says("listening");

  const body = JSON.stringify({ surelyUnknown: 1 });
  const { socket, received } = await open(port);
  socket.write(
    `POST /v1/incidents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`,
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  server.kill("SIGTERM");
  await server.says("draining");
  await expect(open(port)).rejects.toThrow();

  socket.write(body.slice(5));
  expect(await received).toMatch(/^HTTP\/1.1 422 /);
  const { code, output } = await server.ended;
  expect(code).toBe(0);
  expect(output).not.toContain("surelyUnknown");
}, 40_000);

test("a second SIGTERM ends it at once, with work still open", async () => {
  const token = await givenToken(w, w.staff.responder, { expiresAt: new Date("2099-01-01") });
  const port = await freePort();
  const server = start(["--door", "console"], { ...environment, PORT: String(port) });
  await server.says("listening");
  const { socket } = await open(port);
  socket.on("error", () => {});
  socket.write(
    `POST /v1/incidents HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
      "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  server.kill("SIGTERM");
  await server.says("draining");
  server.kill("SIGTERM");
  expect(await server.ended).toMatchObject({ code: 1 });
}, 40_000);

test("the process and the app of the tests are the same app", async () => {
  const app = await serve(w.ctx, { door: "console" });
  expect((await app.call("GET", "/healthz")).json).toEqual({ status: "ok" });
  await app.close();
});

/** The real process under plain node: the web one unless said. */
function start(args: readonly string[], env: Record<string, string>, entry = "src/server.ts") {
  const child = spawn(process.execPath, [entry, ...args], {
    env: { PATH: process.env["PATH"], ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => void (output += String(chunk)));
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.on("close", (code) => resolve({ code, output }));
  });
  return {
    ended,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    says: async (word: string) => {
      while (!output.includes(word)) {
        if (child.exitCode !== null) throw new Error(`It ended before saying ${word}: ${output}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

function open(port: number): Promise<{ socket: Socket; received: Promise<string> }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", reject).once("connect", () => {
      const received = new Promise<string>((done) => {
        let text = "";
        socket.on("data", (chunk) => void (text += String(chunk)));
        socket.on("close", () => done(text));
      });
      resolve({ socket, received });
    });
  });
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => void probe.listen(0, resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

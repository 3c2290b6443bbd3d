import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import { freePort, LOOPBACK } from "../../src/dev/process.ts";

/** Postfix's own test pair: a sink that counts messages and a source that sends them fast. */
export const POSTFIX_PRESENT = existsSync("/usr/sbin/smtp-sink");

export interface Sink {
  readonly port: number;
  /** Messages taken since it started. */
  count(): number;
  stop(): Promise<void>;
}

/** Start `smtp-sink` on loopback. It counts each message at its final dot. */
export async function startSink(): Promise<Sink> {
  const port = await freePort();
  const asRoot = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const args = [...asRoot, "-c", "-m", SESSIONS_MAX, `${LOOPBACK}:${port}`, "1000"];
  const child = spawn("/usr/sbin/smtp-sink", args, { stdio: ["ignore", "pipe", "ignore"] });
  let messages = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    const last = [...chunk.toString().matchAll(/mesg=(\d+)/g)].at(-1);
    if (last) messages = Number(last[1]);
  });
  await listening(port);
  return {
    port,
    count: () => messages,
    stop: async () => {
      child.kill("SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

/** Send messages of `bytes` bytes over `sessions` kept-open connections; seconds taken. */
export async function smtpSource(port: number, messages: number, bytes: number, sessions = 20) {
  const started = performance.now();
  const child = spawn(
    "/usr/sbin/smtp-source",
    ["-d", "-s", String(sessions), "-m", String(messages), "-l", String(bytes)].concat([
      "-f",
      "notices@example.com",
      "-t",
      "someone@example.org",
      `${LOOPBACK}:${port}`,
    ]),
    { stdio: "ignore" },
  );
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`smtp-source ended with ${String(code)}.`);
  return (performance.now() - started) / 1_000;
}

/** Connections at once: as many as the largest part opens. */
const SESSIONS_MAX = "400";

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, LOOPBACK, () => resolve(true)).once("error", () =>
        resolve(false),
      );
      socket.once("connect", () => socket.destroy());
    });
    if (open) return;
    await sleep(50);
  }
  throw new Error("smtp-sink did not start.");
}

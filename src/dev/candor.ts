import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** One of Candor's own processes, started as in production: the entry under plain Node. */
export interface Part {
  readonly pid: number;
  /** Ask it to drain and end. Says whether it ended by itself, as asked. */
  stop(): Promise<boolean>;
  /** Kill it between any two lines. */
  kill(): Promise<void>;
}

export interface PartOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Where its output goes. */
  readonly logFile: string;
  /** Another checkout to run from; this one by default. */
  readonly root?: string;
}

export interface WebOptions extends PartOptions {
  /** Both, unless said. */
  readonly door?: "console" | "public";
}

/** Start a worker process; returns when it takes work. */
export function startWorker(options: PartOptions): Promise<Part> {
  return start("workers/main.ts", "ready", { ...options, flags: [...NODE_FLAGS, ROOM_TO_SEND] });
}

/**
 * Start a web process with both doors or one; returns when it answers. What the public door must
 * not have it is not given: no root key, no keystore, no provider.
 */
export function startWeb({ door, ...options }: WebOptions): Promise<Part> {
  const env = door === "public" ? ofPublicDoor(options.env) : options.env;
  const args = door === undefined ? [] : ["--door", door];
  return start("src/server.ts", "listening", { ...options, env, args });
}

interface StartOptions extends PartOptions {
  readonly args?: readonly string[];
  /** Of Node. */
  readonly flags?: readonly string[];
}

async function start(
  entry: string,
  message: string,
  { env, logFile, root = HERE, args = [], flags = NODE_FLAGS }: StartOptions,
): Promise<Part> {
  const child = spawn(process.execPath, [...flags, entry, ...args], {
    cwd: root,
    env: { PATH: process.env["PATH"] ?? "", ...SMALL, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    // A session of its own: Ctrl-C reaches the demo first, which then asks each part to drain.
    detached: true,
  });
  const log = createWriteStream(logFile, { flags: "a", mode: 0o600 });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ready = new Promise<void>((resolve) => {
    let seen = "";
    child.stdout.on("data", (chunk: Buffer) => {
      seen = (seen + chunk.toString()).slice(-4_096);
      if (seen.includes(`"msg":"${message}"`)) resolve();
    });
  });
  const gone = once(child, "exit").then(() => {
    throw new Error(`${entry} ended before it was ready; its log is ${logFile}.`);
  });
  gone.catch(() => {});
  await Promise.race([
    ready,
    gone,
    sleep(START_PATIENCE_MS, undefined, { ref: false }).then(late(entry)),
  ]);
  return { pid: child.pid ?? 0, stop: () => stop(child), kill: () => kill(child) };
}

function ofPublicDoor(env: PartOptions["env"]): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !KEPT_FROM_PUBLIC.has(name)));
}

async function stop(child: ChildProcess): Promise<boolean> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode === 0;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const asked = await Promise.race([
    ended.then(() => true),
    sleep(STOP_PATIENCE_MS, false, { ref: false }),
  ]);
  if (!asked) await kill(child);
  return asked && child.exitCode === 0;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

function late(entry: string) {
  return () => {
    throw new Error(`${entry} was not ready in ${START_PATIENCE_MS / 1_000} s.`);
  };
}

const KEPT_FROM_PUBLIC = new Set([
  "KEK_FILE",
  "KEYSTORE_URL",
  "REDIS_URL",
  "SMTP_URL",
  "TWILIO_ACCOUNT_SID",
]);
const HERE = fileURLToPath(new URL("../../", import.meta.url));
/** As in production (see Dockerfile): a small heap that is swept often, instead of one that grows. */
const NODE_FLAGS = ["--max-semi-space-size=2", "--max-old-space-size=192"];
/** As in compose.yaml: 60 MB more in which what one message took is gone before it is swept. */
const ROOM_TO_SEND = "--max-semi-space-size=32";
/** Compiled code is kept between runs, and freed memory goes back: see Dockerfile. */
export const SMALL = {
  NODE_COMPILE_CACHE: join(HERE, "node_modules/.cache/candor"),
  MALLOC_ARENA_MAX: "1",
};
const START_PATIENCE_MS = 60_000;
const STOP_PATIENCE_MS = 30_000;

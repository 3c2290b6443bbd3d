import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Redis } from "ioredis";

import { end, freePort, LOOPBACK, runs } from "./process.ts";

/** A Redis server of our own: private port, password and folder, append-only file, never evicting. */
export interface RedisServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Start the Redis of a folder. One that a killed parent left behind is ended first; its data stays. */
export async function startRedis(folder: string): Promise<RedisServer> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await endLeftover(folder);
  const port = await freePort();
  const password = randomBytes(16).toString("hex");
  const log = await open(join(folder, "server.log"), "a", 0o600);
  const child = spawn("redis-server", ["-"], { detached: true, stdio: ["pipe", log.fd, log.fd] });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", () =>
      reject(new Error("redis-server could not be started; is it installed?")),
    );
    child.once("exit", () =>
      reject(new Error(`redis-server ended at once; see ${folder}/server.log.`)),
    );
  });
  failed.catch(() => {});
  child.stdin?.on("error", () => {});
  child.stdin?.end(settings(folder, port, password));
  child.unref();
  await log.close();

  const url = `redis://:${password}@${LOOPBACK}:${port}/0`;
  await Promise.race([answers(url), failed]);
  const pid = child.pid ?? 0;
  return { url, pid, stop: () => end(pid, "SIGTERM", "SIGKILL", STOP_PATIENCE_MS) };
}

/** The settings go in by standard input: a password on a command line is for all to read. */
function settings(folder: string, port: number, password: string): string {
  return [
    `bind ${LOOPBACK}`,
    `port ${port}`,
    `requirepass ${password}`,
    `dir "${folder}"`,
    `pidfile "${join(folder, PID_FILE)}"`,
    "appendonly yes",
    'save ""',
    "maxmemory-policy noeviction",
    "",
  ].join("\n");
}

async function endLeftover(folder: string): Promise<void> {
  const pid = Number(await readFile(join(folder, PID_FILE), "utf8").catch(() => "0"));
  if (await runs(pid, "redis-server")) await end(pid, "SIGTERM", "SIGKILL", STOP_PATIENCE_MS);
}

async function answers(url: string): Promise<void> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  });
  redis.on("error", () => {});
  try {
    await Promise.race([
      redis.ping(),
      sleep(START_PATIENCE_MS, undefined, { ref: false }).then(() => {
        throw new Error("redis-server did not answer in time.");
      }),
    ]);
  } finally {
    redis.disconnect();
  }
}

const PID_FILE = "redis.pid";
const START_PATIENCE_MS = 10_000;
const STOP_PATIENCE_MS = 10_000;

import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { Redis } from "ioredis";
import { expect } from "vitest";

import { startWorker } from "../../src/dev/candor.ts";
import type { Part } from "../../src/dev/candor.ts";
import { startCatcher } from "../../src/dev/catcher.ts";
import type { Catcher, CatcherOptions } from "../../src/dev/catcher.ts";
import { alive, freePort } from "../../src/dev/process.ts";
import { progressOf } from "../../src/views/wave.ts";
import { givenStarted } from "./wave.ts";
import { world } from "./world.ts";
import type { World } from "./world.ts";

/** Real worker processes, a Redis and a catcher of their own, and what the witness may be asked. */
export interface Fleet {
  readonly w: World;
  readonly catcher: Catcher;
  readonly env: Record<string, string>;
  readonly redis: RestartableRedis;
  /** Start a worker process; returns when it takes work. */
  worker(env?: Record<string, string>): Promise<Part>;
  /** What the workers said so far. */
  log(): Promise<string>;
  /** Ask all workers to drain. Says of each whether it ended by itself, as asked. */
  endWorkers(): Promise<boolean[]>;
  close(): Promise<void>;
}

/** People of one wave have addresses of their own, so that the catcher's messages can be told apart. */
export interface Running {
  readonly incidentId: string;
  readonly waveId: string;
  readonly prefix: string;
}

export async function fleet(
  catcherOptions: CatcherOptions = {},
  on?: Parameters<typeof world>[1],
): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), "candor-fleet-"));
  const [w, redis, catcher] = await Promise.all([
    world({}, on),
    restartableRedis(join(folder, "redis")),
    startCatcher(catcherOptions),
  ]);
  const keyFile = join(folder, "root-key");
  await writeFile(keyFile, w.config.rootKey.toString("hex"), { mode: 0o600 });
  const logFile = join(folder, "workers.log");
  const parts = new Set<Part>();
  const { DATABASE_URL, FEEDBACK_URL, KEYSTORE_URL } = w.config;
  const { MAIL_FROM, ORGANISATION, CONSOLE_URL, PUBLIC_URL } = w.config;
  const env = {
    NODE_ENV: "test",
    DATABASE_URL,
    FEEDBACK_URL,
    KEYSTORE_URL,
    MAIL_FROM,
    ORGANISATION,
    CONSOLE_URL,
    PUBLIC_URL,
    REDIS_URL: redis.url,
    SMTP_URL: catcher.smtpUrl,
    KEK_FILE: keyFile,
    EMAIL_CONNECTIONS: "6",
    LOG_LEVEL: "info",
  };
  return {
    w,
    catcher,
    env,
    redis,
    async worker(more = {}) {
      const part = await startWorker({ env: { ...env, ...more }, logFile });
      parts.add(part);
      return part;
    },
    log: () => readFile(logFile, "utf8").catch(() => ""),
    async endWorkers() {
      const asked = [...parts];
      parts.clear();
      return Promise.all(asked.map((part) => part.stop()));
    },
    async close() {
      await Promise.all([...parts].map((part) => part.kill()));
      await Promise.all([catcher.close(), redis.kill(), w.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A Redis that can be killed and started again. */
export interface RestartableRedis {
  readonly url: string;
  /** Where its append-only file is. */
  readonly folder: string;
  kill(): Promise<void>;
  /** On the same port again, with what the append-only file kept, or empty. */
  start(empty?: boolean): Promise<void>;
}

export async function restartableRedis(folder: string): Promise<RestartableRedis> {
  const port = await freePort();
  let kill = async () => {};
  async function start(empty = false) {
    if (empty) await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const given = ["--bind", "127.0.0.1", "--port", String(port), "--dir", folder];
    const kept = ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"];
    const child = spawn("redis-server", [...given, ...kept], { stdio: "ignore" });
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    kill = async () => {
      child.kill("SIGKILL");
      await gone;
    };
    const client = new Redis(port, "127.0.0.1", {
      retryStrategy: () => 20,
      maxRetriesPerRequest: null,
    });
    client.on("error", () => {});
    await client.ping();
    client.disconnect();
  }
  await start();
  return { url: `redis://127.0.0.1:${port}/0`, folder, start, kill: () => kill() };
}

/** A server that goes away and comes back on the same port and folder. */
export interface Restartable {
  /** Returns when it is gone. */
  stop(signal: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
  /** Whether its process is there. */
  running(): boolean;
}

/** The PostgreSQL server of this process id, started again as it was. */
export function restartablePostgres(pid: number): Restartable {
  let now = pid;
  let command: { line: string[]; uid: number; gid: number };
  return {
    async stop(signal) {
      const line = (await readFile(`/proc/${now}/cmdline`, "utf8")).split("\0").slice(0, -1);
      const { uid, gid } = await stat(`/proc/${now}`);
      command = { line, uid, gid };
      process.kill(now, signal);
      await until("PostgreSQL is gone", () => !alive(now));
    },
    async start() {
      const { line, uid, gid } = command;
      const [program = "", ...args] = line;
      const child = spawn(program, args, { uid, gid, detached: true, stdio: "ignore" });
      child.unref();
      now = child.pid ?? 0;
    },
    running: () => alive(now),
  };
}

/** Wait as long as it takes; a look that fails counts as "not yet". */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  patienceMs = 60_000,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  const looks = async () => holds();
  while (!(await looks().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`Waited too long until ${what}.`);
    await sleep(20);
  }
}

/** A started wave to this many people. */
export async function givenRunning({ w }: Fleet, prefix: string, count: number): Promise<Running> {
  return { ...(await givenStarted(w, { people: peopleOf(prefix, count) })), prefix };
}

export function peopleOf(prefix: string, count: number) {
  return Array.from({ length: count }, (_, i) => ({
    email: `${prefix}-${i}@example.com`,
    name: `Person ${prefix} ${i}`,
    exposure: ["email-address" as const],
  }));
}

/** How many attempts of a wave ended in each way, by outcome and code. */
export async function attemptCounts({ w }: Fleet, { waveId }: Running) {
  const rows = await w.sql<{ ending: string; count: number }[]>`
    select concat_ws(' ', a.outcome, a.code) as ending, count(*)::int as count
      from attempt a join delivery d on d.id = a.delivery_id
     where d.wave_id = ${waveId} group by 1`;
  return Object.fromEntries(rows.map(({ ending, count }) => [ending, count]));
}

export function caughtOf({ catcher }: Fleet, { prefix }: Running): string[] {
  return catcher
    .list(0, 1e6)
    .flatMap(({ to }) => to)
    .filter((address) => address.startsWith(`${prefix}-`));
}

/** Address → state, by opening what the ledger points at. */
export async function ledgerOf({ w }: Fleet, { waveId, incidentId }: Running) {
  const keys = await w.ctx.vault.keys(incidentId);
  const rows = await w.sql<{ recipientId: string; sealed: Buffer; state: string }[]>`
    select d.recipient_id, r.sealed, d.state from delivery d join recipient r on r.id = d.recipient_id
     where d.wave_id = ${waveId}`;
  return new Map(
    rows.map(({ recipientId, sealed, state }) => {
      const { email } = keys.open("recipient", recipientId, sealed) as { email: string };
      return [email, state];
    }),
  );
}

/** Each message once, none that the ledger calls unsent, and none accepted that nobody caught. */
export async function expectAgreement(f: Fleet, running: Running): Promise<Record<string, number>> {
  const caught = caughtOf(f, running);
  const ledger = await ledgerOf(f, running);
  const once = new Set(caught);
  expect(caught.length).toBe(once.size);
  const denied = caught.filter(
    (address) => !["accepted", "unknown"].includes(ledger.get(address) ?? ""),
  );
  expect(denied).toEqual([]);
  const lost = [...ledger].filter(([address, state]) => state === "accepted" && !once.has(address));
  expect(lost).toEqual([]);
  const counts: Record<string, number> = {};
  for (const state of ledger.values()) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

export async function ended({ w }: Fleet, { incidentId, waveId }: Running): Promise<boolean> {
  await sleep(100);
  return (await progressOf(w.sql, incidentId, waveId)).state === "done";
}

import { execFile, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import postgres from "postgres";

import { alive, end, freePort, LOOPBACK, runs } from "./process.ts";
import { give, reachableBinaries, serverUser } from "./server-user.ts";
import type { User } from "./server-user.ts";

/**
 * A PostgreSQL server of our own, from the binaries that npm brought. PostgreSQL
 * refuses to run as root, so under root it runs as the user `postgres`, in a folder
 * and from binaries that this user can reach. It runs in a session of its own:
 * Ctrl-C in the terminal must reach us first, so that we can drain before it goes.
 */
export interface Cluster {
  readonly pid: number;
  /** Connection URL of a database on this server. */
  url(database?: string): string;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Where its data lives; made when absent. */
  readonly folder: string;
  /** Give up durability for speed. For tests only. */
  readonly fast?: boolean;
  /** Further settings of the server, such as its memory. */
  readonly tuning?: Tuning;
}

export type Tuning = Readonly<Record<string, string | number>>;

/**
 * Start the server of a folder, or find it running: it outlives a parent that was killed.
 * A folder with data in it is used as it is.
 */
export async function startPostgres(options: PostgresOptions): Promise<Cluster> {
  const { folder, fast = false, tuning = {} } = options;
  const owner = await serverUser();
  const data = join(folder, "data");
  await mkdir(folder, { recursive: true });
  await give(folder, owner);
  const password = await passwordOf(folder);

  const running = await findRunning(data);
  if (running) return cluster(running.pid, running.port, password);

  const native = await reachableBinaries(owner);
  const isNew = !(await exists(join(data, "PG_VERSION")));
  if (isNew) await initialise({ native, data, folder, owner, fast });
  const flags = settings({ ...SETTINGS, ...(fast ? FAST : {}), ...tuning });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch({ native, data, folder, owner, password, flags });
    } catch (error) {
      // After a kill -9 the old server's last processes may need a moment to notice.
      if (attempt === ATTEMPTS_MAX) throw error;
      await sleep(500);
    }
  }
}

async function launch(given: Launch): Promise<Cluster> {
  const { native, data, folder, owner, password, flags } = given;
  const port = await freePort();
  const log = await open(join(folder, "server.log"), "a", 0o600);
  const child = spawn(join(native, "bin", "postgres"), ["-D", data, "-p", String(port), ...flags], {
    ...owner,
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
    env: ENVIRONMENT,
  });
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", () =>
      reject(new Error(`PostgreSQL ended at once; see ${folder}/server.log.`)),
    );
  });
  failed.catch(() => {});
  child.unref();
  await log.close();
  const started = cluster(child.pid ?? 0, port, password);
  await Promise.race([answers(started.url(), child), failed]);
  return started;
}

interface Launch {
  readonly native: string;
  readonly data: string;
  readonly folder: string;
  readonly owner: User | undefined;
  readonly password: string;
  readonly flags: readonly string[];
}

/** Create a database unless it exists, optionally as a copy of another. */
export async function createDatabase(
  of: Cluster,
  name: string,
  template = "template1",
): Promise<string> {
  const sql = postgres(of.url(), { max: 1, onnotice: () => {} });
  try {
    const [known] = await sql`select 1 from pg_database where datname = ${name}`;
    if (!known) await sql`create database ${sql(name)} template ${sql(template)}`;
  } finally {
    await sql.end();
  }
  return of.url(name);
}

/**
 * Create the database for the answers of surveys, owned by a role that may open no other one on
 * this server, and answer its URL.
 */
export async function createFeedbackDatabase(of: Cluster, name: string): Promise<string> {
  const url = new URL(await createDatabase(of, name));
  const password = createHash("sha256").update(url.password).digest("hex");
  const sql = postgres(of.url(), { max: 1, onnotice: () => {} });
  try {
    const [known] = await sql`select 1 from pg_roles where rolname = ${FEEDBACK_ROLE}`;
    if (!known) await sql.unsafe(`create role ${FEEDBACK_ROLE} login password '${password}'`);
    await sql`alter database ${sql(name)} owner to ${sql(FEEDBACK_ROLE)}`;
    const others = await sql`select datname from pg_database where not datistemplate`;
    for (const { datname } of others)
      await sql`revoke connect on database ${sql(datname)} from public`;
  } finally {
    await sql.end();
  }
  url.username = FEEDBACK_ROLE;
  url.password = password;
  return url.href;
}

function cluster(pid: number, port: number, password: string): Cluster {
  return {
    pid,
    url: (database = "postgres") =>
      `postgresql://candor:${password}@${LOOPBACK}:${port}/${database}`,
    // SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
    stop: () => end(pid, "SIGINT", "SIGQUIT", STOP_PATIENCE_MS),
  };
}

async function initialise(given: {
  native: string;
  data: string;
  folder: string;
  owner: User | undefined;
  fast: boolean;
}): Promise<void> {
  const { native, data, folder, owner, fast } = given;
  const secret = join(folder, "initial-password");
  await rm(data, { recursive: true, force: true });
  await writeFile(secret, await passwordOf(folder), { mode: 0o600 });
  await give(secret, owner);
  await run(
    join(native, "bin", "initdb"),
    [
      `--pgdata=${data}`,
      "--username=candor",
      "--auth=scram-sha-256",
      `--pwfile=${secret}`,
      "--encoding=UTF8",
      "--locale=C",
      "--no-sync",
      // The password is hashed by this setting, and again by both sides for each connection.
      ...(fast ? [`--set=scram_iterations=${FAST.scram_iterations}`, "--no-data-checksums"] : []),
    ],
    { ...owner, env: ENVIRONMENT },
  );
  await rm(secret);
}

/**
 * The server that `postmaster.pid` names, if that is really running from this folder. A file
 * whose process id now belongs to something else would stop PostgreSQL, so that one goes; any
 * other is left, because PostgreSQL itself uses it to tell whether the old server is quite gone.
 */
async function findRunning(data: string): Promise<{ pid: number; port: number } | undefined> {
  const file = join(data, "postmaster.pid");
  const [pid, folder, , port] = (await readFile(file, "utf8").catch(() => "")).split("\n");
  if (folder === data && (await runs(Number(pid), data)))
    return { pid: Number(pid), port: Number(port) };
  if (alive(Number(pid))) await rm(file, { force: true });
  return undefined;
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let waited = 0; waited < START_PATIENCE_MS && child.exitCode === null; waited += 50) {
    const sql = postgres(url, { max: 1, connect_timeout: 2, onnotice: () => {} });
    const ready = await sql`select 1`.then(
      () => true,
      () => false,
    );
    await sql.end();
    if (ready) return;
    await sleep(50);
  }
  throw new Error("PostgreSQL did not answer in time.");
}

async function passwordOf(folder: string): Promise<string> {
  const file = join(folder, "password");
  const known = await readFile(file, "utf8").catch(() => undefined);
  if (known) return known;
  const fresh = randomBytes(16).toString("hex");
  await writeFile(file, fresh, { mode: 0o600 });
  return fresh;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function settings(given: Tuning): string[] {
  return Object.entries(given).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

const run = promisify(execFile);
const ENVIRONMENT = { LC_ALL: "C", PATH: "/usr/bin:/bin" };
const SETTINGS = {
  listen_addresses: LOOPBACK,
  unix_socket_directories: "",
  max_connections: 200,
  timezone: "UTC",
  log_timezone: "UTC",
  // Errors quote rows, and a log is a file: keep statements and values out of it.
  log_error_verbosity: "terse",
  log_min_error_statement: "panic",
};
const FAST = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  checkpoint_flush_after: 0,
  scram_iterations: 1,
};
/** The role that owns the answers of surveys, and nothing else. */
export const FEEDBACK_ROLE = "feedback";
const ATTEMPTS_MAX = 5;
const START_PATIENCE_MS = 30_000;
const STOP_PATIENCE_MS = 15_000;

import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { compose } from "../../src/compose.ts";
import { readConfig } from "../../src/config.ts";
import { startWeb, startWorker } from "../../src/dev/candor.ts";
import type { Part } from "../../src/dev/candor.ts";
import { LOOPBACK, freePort } from "../../src/dev/process.ts";
import { startStack } from "../../src/dev/stack.ts";
import { createLog } from "../../src/log.ts";
import { givenStaff } from "../support/world.ts";
import type { World } from "../support/world.ts";
import { startSink } from "./postfix.ts";
import type { Sink } from "./postfix.ts";

/** Undo this when the part ends, however it ends; the newest first. */
export type Later = (undo: () => Promise<unknown>) => void;

/** Sizes of a run. */
export interface Sizes {
  /** Messages of one round beside `smtp-source`. */
  readonly recipients: number;
  readonly rounds: number;
  /** People of the largest wave. */
  readonly wave: number;
  /** Rows of the import. */
  readonly rows: number;
  /** A few seconds for each part: shows that it works, and no figure of it counts. */
  readonly quick: boolean;
}

/** Servers of its own, durable as in production, a sink that counts, and Candor's own processes. */
export interface Lab {
  /** Of a world, the builders use the context, the database and the staff only. */
  readonly w: World;
  readonly sink: Sink;
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  worker(more?: Readonly<Record<string, string>>): Promise<Part>;
  /** The public door; answers at `PUBLIC_URL`. */
  door(more?: Readonly<Record<string, string>>): Promise<Part>;
}

export interface LabOptions {
  readonly settings?: Readonly<Record<string, string>>;
}

/** Wait for a start, and undo it in the end even where nobody waits for it any more. */
export async function begun<T>(
  later: Later,
  starting: Promise<T>,
  stop: (started: T) => Promise<unknown>,
): Promise<T> {
  later(async () => {
    const started = await starting.catch(() => undefined);
    if (started !== undefined) await stop(started);
  });
  return starting;
}

/** Start everything but workers. Whatever is started is undone by `later`. */
export async function openLab(later: Later, { settings = {} }: LabOptions = {}): Promise<Lab> {
  const sink = await begun(later, startSink(), (each) => each.stop());
  const port = String(await freePort());
  const starting = startStack({ SMTP_URL: `smtp://${LOOPBACK}:${sink.port}` }, { tuning: TUNING });
  const stack = await begun(later, starting, (each) => each.stop());
  const address = `http://${LOOPBACK}:${port}`;
  const env = { ...SETTINGS, PORT: port, PUBLIC_URL: address, ...stack.env, ...settings };
  const log = createLog("error", "bench");
  const { ctx, close } = await compose(readConfig(env), "bench", { log });
  later(close);
  const w = { ctx, sql: ctx.sql, staff: await givenStaff(ctx) } as World;
  let started = 0;
  const part = (start: typeof startWorker, more: Record<string, string>) => {
    const logFile = join(stack.folder, `part-${(started += 1)}.log`);
    return begun(later, start({ env: { ...env, ...more }, logFile }), (each) => each.stop());
  };
  return {
    w,
    sink,
    env,
    folder: stack.folder,
    worker: (more = {}) => part(startWorker, more),
    door: (more = {}) => part((given) => startWeb({ ...given, door: "public" }), more),
  };
}

/** Resident memory of a process, in MiB; nothing once it is gone. */
export async function residentMiB(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const found = /VmRSS:\s+(\d+)/.exec(status)?.[1];
  return found === undefined ? undefined : Number(found) / 1_024;
}

/** What docs/scale.md asks for, and no less durable. */
const TUNING = {
  shared_buffers: "1GB",
  max_wal_size: "8GB",
  checkpoint_timeout: "15min",
  // One job a person takes a connection for each of its messages under way.
  max_connections: "400",
};
const SETTINGS = {
  NODE_ENV: "development",
  ORGANISATION: "Example Organisation",
  MAIL_FROM: "notices@example.org",
  CONSOLE_URL: "http://127.0.0.1:8080",
  LOG_LEVEL: "info",
  EMAIL_CONNECTIONS: "10",
};

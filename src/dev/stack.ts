import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { startCatcher } from "./catcher.ts";
import type { Catcher, CatcherOptions } from "./catcher.ts";
import { lastingFolder, runFolder } from "./folder.ts";
import { createDatabase, startPostgres } from "./postgres.ts";
import { startRedis } from "./redis.ts";

/** Every server Candor needs, and the settings that lead to them. */
export interface Stack {
  /** DATABASE_URL, KEYSTORE_URL, REDIS_URL, SMTP_URL, KEK_FILE: as Candor's processes read them. */
  readonly env: Readonly<Record<StackSetting, string>>;
  /** Our own mail catcher, unless mail goes to a server that was given. */
  readonly catcher: Catcher | undefined;
  /** Where our servers keep their files. */
  readonly folder: string;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Keep the data here between runs; without it the data goes with the run. */
  readonly folder?: string;
  /** Give up durability for speed. For tests only. */
  readonly fast?: boolean;
  readonly catcher?: CatcherOptions;
}

/** Start what `given` does not name. A server that was given is used as it is and never stopped. */
export async function startStack(given: Settings, options: StackOptions = {}): Promise<Stack> {
  const folder = options.folder
    ? { path: await lastingFolder(options.folder), remove: async () => {} }
    : await runFolder("run");
  const servers = starter(given, folder.path, options);
  const stop = async () => {
    await servers.stop();
    await folder.remove();
  };
  const starting = [
    servers.database("DATABASE_URL", "main"),
    servers.database("KEYSTORE_URL", "keystore"),
    servers.redis(),
    servers.mail(),
    rootKeyFile(given, folder.path),
  ] as const;
  try {
    const [main, keystore, redisUrl, catcher, keyFile] = await Promise.all(starting);
    const env = {
      DATABASE_URL: main,
      KEYSTORE_URL: keystore,
      REDIS_URL: redisUrl,
      SMTP_URL: given["SMTP_URL"] || (catcher?.smtpUrl ?? ""),
      KEK_FILE: keyFile,
    };
    return { env, catcher, folder: folder.path, stop };
  } catch (error) {
    // Whatever is still starting must be up before it can be stopped.
    await Promise.allSettled(starting);
    await stop();
    throw error;
  }
}

function starter(given: Settings, folder: string, { fast = false, catcher }: StackOptions) {
  const stops: (() => Promise<void>)[] = [];
  return {
    async database(setting: StackSetting, name: string): Promise<string> {
      if (given[setting]) return given[setting];
      const server = await startPostgres({ folder: join(folder, name), fast });
      stops.push(server.stop);
      return createDatabase(server, "candor");
    },
    async redis(): Promise<string> {
      if (given["REDIS_URL"]) return given["REDIS_URL"];
      const server = await startRedis(join(folder, "redis"));
      stops.push(server.stop);
      return server.url;
    },
    async mail(): Promise<Catcher | undefined> {
      if (given["SMTP_URL"]) return undefined;
      const started = await startCatcher(catcher);
      stops.push(started.close);
      return started;
    },
    async stop(): Promise<void> {
      await Promise.all(stops.splice(0).map((each) => each()));
    },
  };
}

/** The root key that was given, or one for this machine alone in a file that only its owner may read. */
async function rootKeyFile(given: Settings, folder: string): Promise<string> {
  if (given["KEK_FILE"]) return given["KEK_FILE"];
  const file = join(folder, "root-key");
  const known = await readFile(file, "utf8").catch(() => undefined);
  if (!known) await writeFile(file, randomBytes(32).toString("hex"), { mode: 0o600, flag: "wx" });
  return file;
}

type Settings = Readonly<Record<string, string | undefined>>;
type StackSetting = "DATABASE_URL" | "KEYSTORE_URL" | "REDIS_URL" | "SMTP_URL" | "KEK_FILE";

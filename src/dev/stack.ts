import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { startCatcher } from "./catcher.ts";
import type { Catcher, CatcherOptions } from "./catcher.ts";
import { startDns } from "./dns.ts";
import { lastingFolder, runFolder } from "./folder.ts";
import { createDatabase, createFeedbackDatabase, startPostgres } from "./postgres.ts";
import type { Cluster, Tuning } from "./postgres.ts";
import { startRedis } from "./redis.ts";
import { startTwilio } from "./twilio.ts";
import type { FakeTwilio, FakeTwilioOptions } from "./twilio.ts";

/** Every server Candor needs, and the settings that lead to them. */
export interface Stack {
  /** Where each server is, by the settings' names: as Candor's processes read them. */
  readonly env: Readonly<Record<StackSetting, string>>;
  /** Our own mail catcher, unless mail goes to a server that was given. */
  readonly catcher: Catcher | undefined;
  /** Our own Twilio, unless an account was given. The catcher shows what it took. */
  readonly twilio: FakeTwilio | undefined;
  /** Where our servers keep their files. */
  readonly folder: string;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Keep the data here between runs; without it the data goes with the run. */
  readonly folder?: string;
  /** Give up durability for speed. For tests only. */
  readonly fast?: boolean;
  /** Further settings of the PostgreSQL servers, such as their memory. */
  readonly tuning?: Tuning;
  readonly catcher?: CatcherOptions;
  readonly twilio?: FakeTwilioOptions;
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
    servers.main(),
    servers.keystore(),
    servers.redis(),
    servers.messages(),
    servers.dns(),
    rootKeyFile(given, folder.path),
  ] as const;
  try {
    const [main, keystore, redisUrl, { catcher, twilio }, dns, keyFile] =
      await Promise.all(starting);
    const env = {
      DATABASE_URL: main.database,
      FEEDBACK_URL: main.feedback,
      KEYSTORE_URL: keystore,
      REDIS_URL: redisUrl,
      SMTP_URL: given["SMTP_URL"] || (catcher?.smtpUrl ?? ""),
      DNS_SERVERS: dns,
      KEK_FILE: keyFile,
      TWILIO_ACCOUNT_SID: twilio?.accountSid ?? given["TWILIO_ACCOUNT_SID"] ?? "",
      TWILIO_AUTH_TOKEN: twilio?.authToken ?? given["TWILIO_AUTH_TOKEN"] ?? "",
      TWILIO_FROM: twilio?.from ?? given["TWILIO_FROM"] ?? "",
      TWILIO_BASE_URL: twilio?.url ?? given["TWILIO_BASE_URL"] ?? "",
    };
    return { env, catcher, twilio, folder: folder.path, stop };
  } catch (error) {
    // Whatever is still starting must be up before it can be stopped.
    await Promise.allSettled(starting);
    await stop();
    throw error;
  }
}

function starter(given: Settings, folder: string, options: StackOptions) {
  const { fast = false, tuning = {} } = options;
  const stops: (() => Promise<void>)[] = [];

  async function postgres(name: string): Promise<Cluster> {
    const server = await startPostgres({ folder: join(folder, name), fast, tuning });
    stops.push(server.stop);
    return server;
  }

  return {
    async main(): Promise<{ database: string; feedback: string }> {
      const { DATABASE_URL: database, FEEDBACK_URL: feedback } = given;
      if (database && feedback) return { database, feedback };
      const server = await postgres("main");
      return {
        database: database || (await createDatabase(server, "candor")),
        feedback: feedback || (await createFeedbackDatabase(server, "feedback")),
      };
    },
    async keystore(): Promise<string> {
      if (given["KEYSTORE_URL"]) return given["KEYSTORE_URL"];
      return createDatabase(await postgres("keystore"), "candor");
    },
    async redis(): Promise<string> {
      if (given["REDIS_URL"]) return given["REDIS_URL"];
      const server = await startRedis(join(folder, "redis"));
      stops.push(server.stop);
      return server.url;
    },
    async messages() {
      const publicUrl = given["PUBLIC_URL"] ?? "";
      const twilio = given["TWILIO_ACCOUNT_SID"]
        ? undefined
        : await startTwilio({ publicUrl, ...options.twilio });
      if (twilio) stops.push(twilio.close);
      if (given["SMTP_URL"]) return { twilio, catcher: undefined };
      const catcher = await startCatcher({ ...(twilio && { sms: twilio }), ...options.catcher });
      stops.push(catcher.close);
      return { twilio, catcher };
    },
    /** For this one every domain may send: the demo's do not exist. */
    async dns(): Promise<string> {
      if (given["DNS_SERVERS"]) return given["DNS_SERVERS"];
      const server = await startDns();
      stops.push(server.close);
      return server.address;
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
type StackSetting =
  | "DATABASE_URL"
  | "FEEDBACK_URL"
  | "KEYSTORE_URL"
  | "REDIS_URL"
  | "SMTP_URL"
  | "DNS_SERVERS"
  | "KEK_FILE"
  | "TWILIO_ACCOUNT_SID"
  | "TWILIO_AUTH_TOKEN"
  | "TWILIO_FROM"
  | "TWILIO_BASE_URL";

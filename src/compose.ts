import { fileURLToPath } from "node:url";

import { ConfigError, readConfig } from "./config.ts";
import type { Config, DoorConfig } from "./config.ts";
import type { Context, Dns, DoorContext, EmailGateway, SmsGateway } from "./context.ts";
import type { Library } from "./domain/law.ts";
import { createBounceFolder } from "./gateways/bounce.ts";
import { box } from "./gateways/box.ts";
import { createDns } from "./gateways/dns.ts";
import { createEmail } from "./gateways/email.ts";
import { createPress } from "./gateways/letter.ts";
import { createLibrary } from "./gateways/library.ts";
import { redisProblems } from "./gateways/redis.ts";
import { readRunbooks } from "./gateways/runbook.ts";
import { createSite } from "./gateways/site.ts";
import { readTemplates } from "./gateways/templates.ts";
import { createVault } from "./gateways/vault.ts";
import { createLog } from "./log.ts";
import type { Log } from "./log.ts";
import { connect } from "./store/db.ts";
import type { Database } from "./store/db.ts";
import * as keystore from "./store/keystore.ts";
import { isMigrated, migrate } from "./store/migrate.ts";
import { checkFeedbackRole, compareServers, trustedRootKey } from "./trust.ts";

export interface Composed {
  readonly ctx: Context;
  /** Close what was opened. Call it after the last action ended. */
  close(): Promise<void>;
}

/** What a test or a tool may put in the place of the real thing. */
export interface Overrides {
  readonly email?: EmailGateway;
  readonly sms?: SmsGateway;
  readonly dns?: Dns;
  readonly now?: () => Date;
  readonly log?: Log;
  /** Connections to the main database. */
  readonly connectionsMax?: number;
}

/**
 * Config → Context: the only place where parts are put together. Migrates all three
 * databases. Refuses, with every reason at once, a database that does not answer,
 * a root key that is not the keystore's, and one server for both in production.
 */
export async function compose(
  config: Config,
  part: string,
  overrides: Overrides = {},
): Promise<Composed> {
  const log = overrides.log ?? createLog(config.LOG_LEVEL, part);
  const lockMsMax = part.startsWith("web") ? LOCK_MS_MAX : 0;
  const sql = connect(config.DATABASE_URL, overrides.connectionsMax ?? 10, "fresh", lockMsMax);
  const feedback = connect(config.FEEDBACK_URL, overrides.connectionsMax ?? 4);
  const keys = connect(config.KEYSTORE_URL, 2);
  try {
    const redis = await prepare({ sql, feedback, keys }, config, part.startsWith("web"));
    for (const problem of redis) log.warn(problem);
    const root = await trustedRootKey(keys, config, log);
    await compareServers({ sql, keys, config, log });
    await checkFeedbackRole(config, log);
    const runbooks = readRunbooks(RUNBOOKS);
    const library = openLibrary(config);
    const email =
      overrides.email ??
      createEmail({ url: config.SMTP_URL, connections: config.EMAIL_CONNECTIONS, log });
    const vault = createVault(root, {
      find: (id) => keystore.find(keys, id),
      keep: (key) => keystore.keep(keys, key),
      remove: (id) => keystore.remove(keys, id),
    });
    const templates = readTemplates(TEMPLATES);
    const press = createPress();
    const now = overrides.now ?? (() => new Date());
    const { PUBLIC_FOLDER, BOUNCE_FOLDER } = config;
    const site = PUBLIC_FOLDER === undefined ? undefined : createSite(PUBLIC_FOLDER);
    const bounces = BOUNCE_FOLDER === undefined ? undefined : createBounceFolder(BOUNCE_FOLDER);
    const sms = overrides.sms ?? (await openSms(config));
    const dns = overrides.dns ?? createDns(config.DNS_SERVERS);
    const gateways = { box, vault, email, sms, dns, site, bounces, press, templates };
    return {
      ctx: { config, sql, feedback, ...gateways, runbooks, library, now, log },
      close: async () => {
        await Promise.all([email.close(), sms?.close()]);
        await closeAll(sql, feedback, keys);
      },
    };
  } catch (error) {
    await closeAll(sql, feedback, keys);
    throw error;
  }
}

/**
 * What the public door is made of: no root key, no keystore, no provider, and no right to change
 * a table's shape. Refuses databases that were not migrated by one of the other processes, and
 * ones that do not answer unless there is a folder of copies to show.
 */
export async function composeDoor(
  config: DoorConfig,
): Promise<{ readonly ctx: DoorContext; close(): Promise<void> }> {
  const log = createLog(config.LOG_LEVEL, "web-public");
  const sql = connect(config.DATABASE_URL, 10, "fresh", LOCK_MS_MAX);
  const feedback = connect(config.FEEDBACK_URL, 4);
  const close = () => closeAll(sql, feedback);
  const [main, answers] = await Promise.allSettled([
    isMigrated(sql, "main"),
    isMigrated(feedback, "feedback"),
  ]);
  const problems = [...unready("DATABASE_URL", main), ...unready("FEEDBACK_URL", answers)];
  // With a copy of the pages at hand the door opens all the same, and shows that.
  const away = [main, answers].some(({ status }) => status === "rejected");
  if (away && config.PUBLIC_FOLDER !== undefined) for (const problem of problems) log.warn(problem);
  else if (problems.length > 0) {
    await close();
    throw new ConfigError(problems);
  }
  const templates = readTemplates(TEMPLATES);
  return { ctx: { config, sql, feedback, box, templates, now: () => new Date(), log }, close };
}

/** The pool for claims and outcomes, whose plans are kept. Whoever asks for it ends it. */
export function connectToSend({ DATABASE_URL }: Config): Database {
  return connect(DATABASE_URL, SENDING_CONNECTIONS, "kept");
}

function openLibrary({ LAW_FOLDER }: Config): Library {
  try {
    return createLibrary(LAW, LAW_FOLDER);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "It cannot be read.";
    throw new ConfigError([`LAW_FOLDER: ${reason}`]);
  }
}

/** Its SDK takes 40 MB of memory: it is read only where an account is set up. */
async function openSms(config: Config): Promise<SmsGateway | undefined> {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_FROM: from } = config;
  const [authToken] = config.TWILIO_AUTH_TOKEN ?? [];
  if (accountSid === undefined || authToken === undefined || from === undefined) return undefined;
  const { createSms } = await import("./gateways/sms.ts");
  const { TWILIO_BASE_URL: baseUrl, SMS_CONNECTIONS: connections } = config;
  return createSms({ accountSid, authToken, from, baseUrl, connections });
}

function unready(setting: string, result: PromiseSettledResult<boolean>): string[] {
  if (result.status === "rejected") return unusable(setting, result);
  return result.value
    ? []
    : [`${setting}: run \`candor migrate\` first; the tables are not there.`];
}

/**
 * The settings, read and tried. Where some are wrong the servers that the others name are tried
 * all the same, so that one start shows everything there is to repair.
 */
export async function usableConfig(environment: NodeJS.ProcessEnv): Promise<Config> {
  try {
    return readConfig(environment);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const wrong = new Set(error.problems.map((problem) => problem.split(":")[0]));
    const tried = PROBES.map(async ([setting, probe]) => {
      const url = environment[setting];
      return wrong.has(setting) || !url ? [] : probe(url, setting);
    });
    throw new ConfigError([...error.problems, ...(await Promise.all(tried)).flat()]);
  }
}

async function databaseProblems(url: string, setting: string): Promise<string[]> {
  const sql = connect(url, 1);
  const [answer] = await Promise.allSettled([sql`select 1`]);
  await closeAll(sql);
  return unusable(setting, answer);
}

/**
 * Migrate the databases and look at Redis; names everything that cannot be used, never a value.
 * A web process does without Redis: its problems are answered, where they stop nobody.
 */
async function prepare(
  { sql, feedback, keys }: Databases,
  config: Config,
  isWeb: boolean,
): Promise<string[]> {
  const [main, answers, keystored, redis] = await Promise.allSettled([
    migrate(sql, "main"),
    migrate(feedback, "feedback"),
    migrate(keys, "keystore"),
    redisProblems(config.REDIS_URL),
  ]);
  const ofRedis = redis.status === "fulfilled" ? redis.value : [];
  const problems = [
    ...unusable("DATABASE_URL", main),
    ...unusable("FEEDBACK_URL", answers),
    ...unusable("KEYSTORE_URL", keystored),
  ];
  if (problems.length > 0 || (ofRedis.length > 0 && !isWeb))
    throw new ConfigError([...problems, ...ofRedis]);
  return ofRedis;
}

interface Databases {
  readonly sql: Database;
  readonly feedback: Database;
  readonly keys: Database;
}

function unusable(setting: string, result: PromiseSettledResult<unknown>): string[] {
  if (result.status === "fulfilled") return [];
  const reason: unknown = result.reason;
  const code = reason instanceof Error && "code" in reason ? String(reason.code) : "no code";
  return [`${setting}: the database cannot be used (${code}).`];
}

async function closeAll(...pools: Database[]): Promise<void> {
  await Promise.all(pools.map((pool) => pool.end({ timeout: 5 })));
}

const PROBES = [
  ["DATABASE_URL", databaseProblems],
  ["FEEDBACK_URL", databaseProblems],
  ["KEYSTORE_URL", databaseProblems],
  ["REDIS_URL", redisProblems],
] as const;
/** A person waits no longer than this for somebody else's work; then they are told to try again. */
const LOCK_MS_MAX = 4_000;
const LAW = fileURLToPath(new URL("law", import.meta.url));
const RUNBOOKS = fileURLToPath(new URL("../runbooks/incident", import.meta.url));
const TEMPLATES = fileURLToPath(new URL("../templates", import.meta.url));
/** Two slices claim while outcomes are written, and SMS beside e-mail. */
const SENDING_CONNECTIONS = 4;

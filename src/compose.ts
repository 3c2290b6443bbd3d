import { createSecretKey } from "node:crypto";
import { fileURLToPath } from "node:url";

import { ConfigError, readConfig } from "./config.ts";
import type { Config, DoorConfig } from "./config.ts";
import type { Context, DoorContext, EmailGateway, SmsGateway } from "./context.ts";
import { box } from "./gateways/box.ts";
import { createEmail } from "./gateways/email.ts";
import { createPress } from "./gateways/letter.ts";
import { redisProblems } from "./gateways/redis.ts";
import { readRunbooks } from "./gateways/runbook.ts";
import { createSite } from "./gateways/site.ts";
import { readTemplates } from "./gateways/templates.ts";
import { createVault, fingerprint } from "./gateways/vault.ts";
import type { RootKey } from "./gateways/vault.ts";
import { createLog } from "./log.ts";
import type { Log } from "./log.ts";
import { connect } from "./store/db.ts";
import type { Database } from "./store/db.ts";
import { feedbackRoleProblem } from "./store/feedback/role.ts";
import * as keystore from "./store/keystore.ts";
import { isMigrated, migrate } from "./store/migrate.ts";

export interface Composed {
  readonly ctx: Context;
  /** Close what was opened. Call it after the last action ended. */
  close(): Promise<void>;
}

/** What a test or a tool may put in the place of the real thing. */
export interface Overrides {
  readonly email?: EmailGateway;
  readonly sms?: SmsGateway;
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
  const sql = connect(config.DATABASE_URL, overrides.connectionsMax ?? 10);
  const feedback = connect(config.FEEDBACK_URL, overrides.connectionsMax ?? 4);
  const keys = connect(config.KEYSTORE_URL, 2);
  try {
    await prepare({ sql, feedback, keys }, config);
    const root = await trustedRootKey(keys, config, log);
    await compareServers({ sql, keys, config, log });
    await checkFeedbackRole(config, log);
    const runbooks = readRunbooks(RUNBOOKS);
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
    const { PUBLIC_FOLDER } = config;
    const site = PUBLIC_FOLDER === undefined ? undefined : createSite(PUBLIC_FOLDER);
    const sms = overrides.sms ?? (await openSms(config));
    const gateways = { box, vault, email, sms, site, press, templates };
    return {
      ctx: { config, sql, feedback, ...gateways, runbooks, now, log },
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
  const sql = connect(config.DATABASE_URL, 10);
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

/** Migrate the databases and look at Redis; names everything that cannot be used, never a value. */
async function prepare({ sql, feedback, keys }: Databases, config: Config): Promise<void> {
  const [main, answers, keystored, redis] = await Promise.allSettled([
    migrate(sql, "main"),
    migrate(feedback, "feedback"),
    migrate(keys, "keystore"),
    redisProblems(config.REDIS_URL),
  ]);
  const problems = [
    ...unusable("DATABASE_URL", main),
    ...unusable("FEEDBACK_URL", answers),
    ...unusable("KEYSTORE_URL", keystored),
    ...(redis.status === "fulfilled" ? redis.value : []),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
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

/** The root key, if it is the one this keystore was made with. The first start records its fingerprint. */
async function trustedRootKey(keys: Database, config: Config, log: Log): Promise<RootKey> {
  const print = fingerprint(config.rootKey);
  if (!(await keystore.rootKey(keys))) await keystore.addRootKey(keys, FIRST_VERSION, print);
  const known = await keystore.rootKey(keys);
  if (!known?.fingerprint.equals(print))
    throw new ConfigError([
      "KEK_FILE: this is not the root key that the keystore was made with. " +
        "Bring back the right key from its offline copy; nothing was changed.",
    ]);
  if (known.escrowConfirmedAt === null)
    log.warn(
      "The root key has no confirmed offline copy. Without it every sealed record is lost " +
        "with this file. Make a copy, then run `candor key confirm`.",
    );
  return { version: known.version, key: createSecretKey(config.rootKey) };
}

interface Servers {
  readonly sql: Database;
  readonly keys: Database;
  readonly config: Config;
  readonly log: Log;
}

/** Keys beside the data they lock protect nothing: a stolen backup would hold both. */
async function compareServers({ sql, keys, config, log }: Servers): Promise<void> {
  const [main, keystored] = await Promise.all([
    keystore.systemIdentifier(sql),
    keystore.systemIdentifier(keys),
  ]);
  if (main !== keystored) return;
  const sentence =
    "KEYSTORE_URL: it leads to the same PostgreSQL server as DATABASE_URL, so one stolen " +
    "backup holds both the data and its keys. Put the keystore on a server of its own.";
  if (config.NODE_ENV === "production") throw new ConfigError([sentence]);
  log.warn(sentence);
}

/** Whoever takes over the role of the answers must not have the people too. */
async function checkFeedbackRole(config: Config, log: Log): Promise<void> {
  const sentence = await feedbackRoleProblem(config.DATABASE_URL, config.FEEDBACK_URL);
  if (sentence === undefined) return;
  if (config.NODE_ENV === "production") throw new ConfigError([sentence]);
  log.warn(sentence);
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
const FIRST_VERSION = 1;
const RUNBOOKS = fileURLToPath(new URL("../runbooks/incident", import.meta.url));
const TEMPLATES = fileURLToPath(new URL("../templates", import.meta.url));

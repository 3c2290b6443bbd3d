import { createHash, randomBytes, randomUUID } from "node:crypto";

import postgres from "postgres";
import { inject } from "vitest";

import { compose } from "../../src/compose.ts";
import type { Config } from "../../src/config.ts";
import { ORGANISATION } from "../../src/context.ts";
import type {
  Context,
  Dns,
  EmailGateway,
  OutgoingEmail,
  OutgoingSms,
  SendOptions,
  SmsGateway,
} from "../../src/context.ts";
import type { Outcome } from "../../src/domain/delivery.ts";
import type { Actor, Role } from "../../src/domain/staff.ts";
import { createLog } from "../../src/log.ts";
import type { Database } from "../../src/store/db.ts";
import { FEEDBACK_TEMPLATE, TEMPLATE } from "./servers.ts";

/** Servers with a database called like the template. */
export interface Servers {
  readonly mainUrl?: string;
  readonly keystoreUrl?: string;
  /** The template for answers, on which server its copies are made, and Redis. */
  readonly feedbackUrl?: string;
  readonly feedbackOn?: string;
  readonly redisUrl?: string;
}

/** Everything a test needs: real databases of its own, a clock that stands still, a provider that obeys. */
export interface World {
  readonly ctx: Context;
  readonly sql: Database;
  readonly config: Config;
  readonly clock: Clock;
  readonly staff: Readonly<Record<StaffName, Actor>>;
  readonly email: FakeEmail;
  readonly sms: FakeSms;
  readonly dns: FakeDns;
  close(): Promise<void>;
}

export interface Clock {
  now(): Date;
  set(date: Date): void;
  advance(ms: number): void;
}

export interface FakeEmail extends EmailGateway {
  /** What was handed over, oldest first. Kept even where the answer is a refusal. */
  readonly sent: (OutgoingEmail & SendOptions)[];
  /** Answer every later message this way. */
  answer(fn: (email: OutgoingEmail) => Outcome): void;
}

export interface FakeSms extends SmsGateway {
  /** What was handed over, oldest first. */
  readonly sent: OutgoingSms[];
  /** Answer every later SMS this way. */
  answer(fn: (sms: OutgoingSms) => Outcome): void;
}

export interface FakeDns extends Dns {
  /** Answer every later look-up this way; an empty list means that there is nothing. */
  answer(fn: (name: string) => readonly string[] | "failed"): void;
}

/**
 * A world over databases cloned from the migrated template, on the servers of the run unless
 * others are named. Close it, or the run hangs.
 */
export async function world(settings: Partial<Config> = {}, on: Servers = {}): Promise<World> {
  const name = `world_${randomUUID().replaceAll("-", "")}`;
  const { mainUrl = inject("mainUrl"), keystoreUrl = inject("keystoreUrl") } = on;
  const { feedbackUrl = inject("feedbackUrl"), feedbackOn = inject("mainUrl") } = on;
  const { redisUrl: REDIS_URL = inject("redisUrl") } = on;
  const [main, keystore] = await Promise.all([clone(mainUrl, name), clone(keystoreUrl, name)]);
  const feedback = await cloneFeedback(name, { feedbackUrl, feedbackOn });
  const urls = { DATABASE_URL: main, FEEDBACK_URL: feedback, KEYSTORE_URL: keystore };
  const config = { ...CONFIG, rootKey: randomBytes(32), ...settings, ...urls, REDIS_URL };
  const clock = createClock(new Date("2026-03-03T10:00:00Z"));
  const email = createFakeEmail();
  const sms = createFakeSms();
  const dns = createFakeDns();
  const { ctx, close } = await compose(config, "test", {
    email,
    sms,
    dns,
    now: clock.now,
    log: createLog("silent", "test"),
  });
  return {
    ctx,
    sql: ctx.sql,
    config,
    clock,
    staff: await givenStaff(ctx),
    email,
    sms,
    dns,
    close: async () => {
      await close();
      const feedbackName = feedbackOf(name);
      await Promise.all([
        drop(mainUrl, name),
        drop(feedbackOn, feedbackName),
        drop(keystoreUrl, name),
      ]);
    },
  };
}

/** One more person with these roles, whose grants already count for approvals. */
export async function givenActor(ctx: Context, roles: readonly Role[], name = "Sam Example") {
  const staffId = randomUUID();
  const address = `${staffId}@example.org`;
  const keys = await ctx.vault.keys(ORGANISATION);
  const settledAt = new Date(ctx.now().getTime() - 48 * 3_600_000);
  await ctx.sql`
    insert into staff (id, name, email_index, email_sealed, created_at)
    values (${staffId}, ${name}, ${keys.hash("staff-email", address)},
            ${keys.seal("staff", staffId, { email: address })}, ${settledAt})`;
  for (const role of roles)
    await ctx.sql`
      insert into role_grant (staff_id, role, granted_at, effective_at)
      values (${staffId}, ${role}, ${settledAt}, ${settledAt})`;
  return { staffId, roles, settledRoles: roles, requestId: randomUUID() } satisfies Actor;
}

/** One person per role, as tests name them. */
export async function givenStaff(ctx: Context): Promise<Record<StaffName, Actor>> {
  const made = Object.entries(STAFF).map(
    async ([key, [name, role]]) => [key, await givenActor(ctx, [role], name)] as const,
  );
  return Object.fromEntries(await Promise.all(made)) as Record<StaffName, Actor>;
}

function createClock(start: Date): Clock {
  let at = start;
  return {
    now: () => new Date(at),
    set: (date) => void (at = date),
    advance: (ms) => void (at = new Date(at.getTime() + ms)),
  };
}

function createFakeEmail(): FakeEmail {
  const sent: (OutgoingEmail & SendOptions)[] = [];
  let answer: (email: OutgoingEmail) => Outcome = () => ({ kind: "accepted", code: "250" });
  return {
    sent,
    connections: 10,
    answer: (fn) => void (answer = fn),
    send: async (email, mayWrite, options = {}) => {
      if (!mayWrite()) return { kind: "not-sent", code: "stopped" };
      sent.push({ ...email, ...options });
      return answer(email);
    },
    close: async () => {},
  };
}

function createFakeSms(): FakeSms {
  const sent: OutgoingSms[] = [];
  let answer: (sms: OutgoingSms) => Outcome = ({ to }) => ({
    kind: "accepted",
    code: "201",
    reference: `SM${createHash("md5").update(`${to}${sent.length}`).digest("hex")}`,
  });
  return {
    sent,
    connections: 10,
    answer: (fn) => void (answer = fn),
    send: async (sms, mayWrite) => {
      if (!mayWrite()) return { kind: "not-sent", code: "stopped" };
      sent.push(sms);
      return answer(sms);
    },
    close: async () => {},
  };
}

/** Knows every domain, and each may send. */
export const GOOD_RECORDS = (name: string): readonly string[] =>
  name.startsWith("_dmarc.") ? ["v=DMARC1; p=reject"] : ["v=spf1 -all"];

function createFakeDns(): FakeDns {
  let answer: (name: string) => readonly string[] | "failed" = GOOD_RECORDS;
  return {
    answer: (fn) => void (answer = fn),
    txt: async (name) => {
      const said = answer(name);
      return said === "failed"
        ? { kind: "failed", code: "ETIMEOUT" }
        : { kind: "found", records: said };
    },
  };
}

/** The answers of surveys: on the main server, owned by a role that may not open the main database. */
async function cloneFeedback(
  name: string,
  { feedbackUrl, feedbackOn }: Required<Pick<Servers, "feedbackUrl" | "feedbackOn">>,
): Promise<string> {
  const copy = feedbackOf(name);
  const url = new URL(feedbackUrl);
  await onServer(feedbackOn, async (sql) => {
    await sql`
      create database ${sql(copy)} template ${sql(FEEDBACK_TEMPLATE)} strategy file_copy
        owner ${sql(url.username)}`;
    const databases = await sql`
      select datname from pg_database where datname in (${name}, ${copy})`;
    for (const { datname } of databases)
      await sql`revoke connect on database ${sql(datname)} from public`;
  });
  url.pathname = `/${copy}`;
  return url.href;
}

function feedbackOf(name: string): string {
  return `${name}_feedback`;
}

async function clone(url: string, name: string): Promise<string> {
  // By files, which are in memory: block by block, through the log, costs twice that.
  await onServer(
    url,
    (sql) => sql`create database ${sql(name)} template ${sql(TEMPLATE)} strategy file_copy`,
  );
  const database = new URL(url);
  database.pathname = `/${name}`;
  return database.href;
}

function drop(url: string, name: string): Promise<void> {
  return onServer(url, (sql) => sql`drop database if exists ${sql(name)} with (force)`);
}

async function onServer(url: string, run: (sql: postgres.Sql) => PromiseLike<unknown>) {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await run(sql);
  await sql.end();
}

const CONFIG = {
  NODE_ENV: "test",
  SMTP_URL: "smtp://127.0.0.1:9",
  MAIL_FROM: "notices@example.org",
  ORGANISATION: "Example Organisation",
  CONSOLE_URL: "http://127.0.0.1:8080",
  PUBLIC_URL: "https://incident.example.org",
  KEK_FILE: "/dev/null",
  PORT: 0,
  LOG_LEVEL: "silent",
  EMAIL_RATE_MAX: 0,
  EMAIL_CONNECTIONS: 10,
  TRUSTED_PROXIES: 0,
  TWILIO_BASE_URL: "https://api.twilio.com",
  SMS_RATE_MAX: 0,
  SMS_CONNECTIONS: 10,
  REVIEW_HOURS: 4,
} as const;

const STAFF = {
  responder: ["Rowan Example", "responder"],
  drafter: ["Dana Example", "drafter"],
  approver: ["Avery Example", "approver"],
  approver2: ["Alex Example", "approver"],
  counsel: ["Casey Example", "counsel"],
  auditor: ["Uma Example", "auditor"],
  admin: ["Adrian Example", "admin"],
} as const satisfies Record<string, readonly [string, Role]>;
export type StaffName = keyof typeof STAFF;

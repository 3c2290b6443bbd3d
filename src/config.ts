import { createPublicKey } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

import { z } from "zod";

import { readRelays } from "./domain/delivery/relay-url.ts";

const port = z.coerce.number().int().min(0).max(65_535);
const count = z.coerce.number().int();

const REDIS = z.url({ protocol: /^rediss?$/ });

const postgres = z.url({ protocol: /^postgres(ql)?$/ });

/** Several values with commas, in lower case. */
const list = (each: RegExp) =>
  z
    .string()
    .transform((all) => all.split(",").map((one) => one.trim().toLowerCase()))
    .pipe(z.array(z.string().regex(each)));

/** What every process needs. The public door needs no more: no key, no provider. */
const Door = z.object({
  NODE_ENV: z.enum(["production", "development", "test"]).default("production"),
  DATABASE_URL: postgres,
  /** The answers of surveys, under a role of its own that may not read the main database. */
  FEEDBACK_URL: postgres,
  ORGANISATION: z.string().min(1).max(200),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }),
  PORT: port.default(8080),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  /** Hops of trusted reverse proxies in front of the web process. */
  TRUSTED_PROXIES: count.min(0).max(10).default(0),
  /** Where the public pages are kept as plain files too, for any web server. */
  PUBLIC_FOLDER: z.string().min(1).optional(),
  /** Checks that what the SMS provider reports comes from it. Two, with a comma, while one is replaced. */
  TWILIO_AUTH_TOKEN: z
    .string()
    .transform((list) => list.split(",").map((token) => token.trim()))
    .pipe(z.array(z.string().min(16)).min(1).max(2))
    .optional(),
  /** SNS topics over which Amazon SES may report, with commas. */
  SES_TOPIC_ARNS: z
    .string()
    .transform((given) => given.split(",").map((arn) => arn.trim()))
    .pipe(z.array(z.string().regex(/^arn:aws(-[a-z]+)*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/)))
    .optional(),
  /** Check that what SendGrid reports comes from it. Two, with a comma, while one is replaced. */
  SENDGRID_PUBLIC_KEYS: z
    .string()
    .transform((given) => given.split(",").map((key) => key.trim()))
    .pipe(
      z
        .array(z.string().refine(isP256Key, "Use the verification key as SendGrid shows it."))
        .min(1)
        .max(2),
    )
    .optional(),
});

const Environment = Door.extend({
  KEYSTORE_URL: postgres,
  /** One address, or a cluster: several with commas, or one with `?cluster=true`. */
  REDIS_URL: z
    .string()
    .refine((all) => all.split(",").every((one) => REDIS.safeParse(one.trim()).success), {
      message: "Write redis://… or rediss://…; several addresses of a cluster with commas.",
    }),
  /** Where this machine remembers how far the database had come; see `runbooks/ops/restore.md`. */
  WITNESS_FILE: z.string().min(1).optional(),
  /** One relay, or several with commas; see `readRelays`. */
  SMTP_URL: z.string().superRefine((setting, ctx) => {
    for (const message of readRelays(setting).problems) ctx.addIssue({ code: "custom", message });
  }),
  MAIL_FROM: z.email(),
  CONSOLE_URL: z.url({ protocol: /^https?$/ }),
  /** More hosts that links in notices may lead to, with commas; the host of PUBLIC_URL always may. */
  LINK_HOSTS: list(/^[a-z0-9.-]+\.[a-z0-9-]+(:\d+)?$/).optional(),
  /** What the relay signs with: selectors at the sender's domain, or whole names of key records. */
  DKIM_SELECTORS: list(/^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/).optional(),
  /** DNS servers to ask before a wave is started, as `host` or `host:port`; else the system's. */
  DNS_SERVERS: list(/^(\d+\.\d+\.\d+\.\d+(:\d+)?|\[[0-9a-f:]+\](:\d+)?)$/).optional(),
  KEK_FILE: z.string().min(1),
  /** Messages a second all workers together may hand to the e-mail provider; 0 means no limit. */
  EMAIL_RATE_MAX: count.min(0).max(100_000).default(0),
  /** Connections a worker keeps to the e-mail provider. */
  EMAIL_CONNECTIONS: count.min(1).max(100).default(10),
  /** The SMS provider; without an account there is no SMS. */
  TWILIO_ACCOUNT_SID: z
    .string()
    .regex(/^AC[0-9a-f]{32}$/)
    .optional(),
  /** A messaging service (`MG…`) or a number of one's own. */
  TWILIO_FROM: z
    .string()
    .regex(/^(MG[0-9a-f]{32}|\+[1-9]\d{3,14})$/)
    .optional(),
  TWILIO_BASE_URL: z.url({ protocol: /^https?$/ }).default("https://api.twilio.com"),
  SMS_RATE_MAX: count.min(0).max(100_000).default(0),
  /** A Maildir that reports of mail servers are delivered to. */
  BOUNCE_FOLDER: z.string().startsWith("/", "Use the whole path of a folder.").optional(),
  /** A folder of rules of one's own, such as contract clauses; see `docs/law.md`. */
  LAW_FOLDER: z.string().min(1).optional(),
  /** SMS that a worker may have on their way to the provider at once. */
  SMS_CONNECTIONS: count.min(1).max(100).default(10),
  /** Hours that people need to review and approve a notice: kept free before a legal deadline. */
  REVIEW_HOURS: count.min(0).max(720).default(4),
}).refine(
  ({ TWILIO_ACCOUNT_SID, TWILIO_FROM, TWILIO_AUTH_TOKEN }) =>
    allOrNone([TWILIO_ACCOUNT_SID, TWILIO_FROM, TWILIO_AUTH_TOKEN]),
  {
    path: ["TWILIO_ACCOUNT_SID"],
    message:
      "Give TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_FROM together, or none of them.",
  },
);

/** The name of every setting. */
export const SETTINGS = Object.keys(Environment.shape);

export type Config = Readonly<z.output<typeof Environment>> & { readonly rootKey: Buffer };
/** The settings of the public door, which holds no key. */
export type DoorConfig = Readonly<z.output<typeof Door>>;

/**
 * Read the environment once. If anything is wrong, say everything that is wrong, then stop.
 * Names settings and what they should be; never quotes a value.
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const given = present(environment);
  const parsed = Environment.safeParse(given);
  const problems = parsed.success ? [] : parsed.error.issues.map(sentence);
  const rootKey = readRootKey(given["KEK_FILE"], problems);
  if (!parsed.success || !rootKey || problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({ ...parsed.data, rootKey });
}

/** The settings of the public door alone. Says everything that is wrong, like `readConfig`. */
export function readDoorConfig(environment: NodeJS.ProcessEnv): DoorConfig {
  const parsed = Door.safeParse(present(environment));
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map(sentence));
  return Object.freeze(parsed.data);
}

/** Settings that cannot be used; the message lists every one. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** One sentence each: the setting, then what to do about it. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The settings are not usable:\n${problems.map((each) => `  - ${each}`).join("\n")}`);
    this.problems = problems;
  }
}

/** An empty setting is one that was not given. */
function present(environment: NodeJS.ProcessEnv): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
}

/** Whether this is a public key of the curve P-256, as base64 of its SPKI form. */
function isP256Key(given: string): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(given, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyDetails?.namedCurve === "prime256v1";
  } catch {
    return false;
  }
}

function allOrNone(settings: readonly unknown[]): boolean {
  return new Set(settings.map((each) => each === undefined)).size === 1;
}

function sentence(issue: z.core.$ZodIssue): string {
  return `${String(issue.path[0])}: ${issue.message}`;
}

/** The root key: 32 bytes as 64 hex digits in a file that only its owner may read. */
function readRootKey(path: string | undefined, problems: string[]): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    if ((statSync(path).mode & 0o077) !== 0)
      problems.push("KEK_FILE: only its owner may read it; run chmod 600 on it.");
    const text = readFileSync(path, "utf8").trim();
    if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
    problems.push("KEK_FILE: it must hold 64 hexadecimal digits; `candor key new` makes one.");
  } catch {
    problems.push("KEK_FILE: the file cannot be read.");
  }
  return undefined;
}

import { readFileSync, statSync } from "node:fs";

import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65_535);
const count = z.coerce.number().int();

const Environment = z.object({
  NODE_ENV: z.enum(["production", "development", "test"]).default("production"),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  KEYSTORE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }),
  MAIL_FROM: z.email(),
  ORGANISATION: z.string().min(1).max(200),
  CONSOLE_URL: z.url({ protocol: /^https?$/ }),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }),
  /** More hosts that links in notices may lead to, with commas; the host of PUBLIC_URL always may. */
  LINK_HOSTS: z
    .string()
    .transform((list) => list.split(",").map((host) => host.trim().toLowerCase()))
    .pipe(z.array(z.string().regex(/^[a-z0-9.-]+\.[a-z0-9-]+(:\d+)?$/)))
    .optional(),
  KEK_FILE: z.string().min(1),
  PORT: port.default(8080),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  /** Messages a second all workers together may hand to the e-mail provider; 0 means no limit. */
  EMAIL_RATE_MAX: count.min(0).max(100_000).default(0),
  /** Connections a worker keeps to the e-mail provider. */
  EMAIL_CONNECTIONS: count.min(1).max(100).default(10),
  /** Hops of trusted reverse proxies in front of the web process. */
  TRUSTED_PROXIES: count.min(0).max(10).default(0),
});

/** The name of every setting. */
export const SETTINGS = Object.keys(Environment.shape);

export type Config = Readonly<z.output<typeof Environment>> & { readonly rootKey: Buffer };

/**
 * Read the environment once. If anything is wrong, say everything that is wrong, then stop.
 * Names settings and what they should be; never quotes a value.
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ""));
  const parsed = Environment.safeParse(given);
  const problems = parsed.success ? [] : parsed.error.issues.map(sentence);
  const rootKey = readRootKey(given["KEK_FILE"], problems);
  if (!parsed.success || !rootKey || problems.length > 0) throw new ConfigError(problems);
  return Object.freeze({ ...parsed.data, rootKey });
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

function sentence(issue: z.core.$ZodIssue): string {
  return `${issue.path.join(".")}: ${issue.message}`;
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

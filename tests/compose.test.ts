import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";

import { compose, usableConfig } from "../src/compose.ts";
import type { Config } from "../src/config.ts";
import { startRedis } from "../src/dev/redis.ts";
import { fingerprint } from "../src/gateways/vault.ts";
import { createLog } from "../src/log.ts";
import * as keystore from "../src/store/keystore.ts";
import { world } from "./support/world.ts";
import type { World } from "./support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

describe("the root key", () => {
  test("is known by its fingerprint from the first start on", async () => {
    const stored = await inKeystore((sql) => keystore.rootKey(sql));
    expect(stored).toMatchObject({ version: 1, fingerprint: fingerprint(w.config.rootKey) });
  });

  test("is refused when it is another one, and nothing is changed", async () => {
    const other = { ...w.config, rootKey: randomBytes(32) };
    await expect(start(other)).rejects.toThrow(/KEK_FILE: this is not the root key/);
    await (await start(w.config)).close();
  });

  test("is asked for a confirmed offline copy at every start until there is one", async () => {
    expect(await warnings(w.config)).toContainEqual(expect.stringContaining("candor key confirm"));
    await inKeystore((sql) => keystore.confirmEscrow(sql, 1));
    expect(await warnings(w.config)).toEqual([]);
  });
});

describe("a keystore on the server of the main database", () => {
  const together = () => {
    const keystoreUrl = new URL(w.config.DATABASE_URL);
    keystoreUrl.pathname = "/postgres";
    return { ...w.config, KEYSTORE_URL: keystoreUrl.href };
  };

  test("is refused in production", async () => {
    await expect(start({ ...together(), NODE_ENV: "production" })).rejects.toThrow(
      /KEYSTORE_URL: it leads to the same PostgreSQL server/,
    );
  });

  test("is a loud warning elsewhere", async () => {
    expect(await warnings(together())).toContainEqual(
      expect.stringContaining("one stolen backup holds both"),
    );
  });
});

test("rules of one's own stop the start where they do not fit, with file and line", async () => {
  const LAW_FOLDER = await mkdtemp(join(tmpdir(), "compose-law-"));
  try {
    await writeFile(join(LAW_FOLDER, "bank.yaml"), "rules:\n  - id: xx-bank\n");
    await expect(start({ ...w.config, LAW_FOLDER })).rejects.toThrow(
      /LAW_FOLDER: The law cannot be used:\n.*bank\.yaml:2: rules\.0\.jurisdiction: /,
    );
  } finally {
    await rm(LAW_FOLDER, { recursive: true });
  }
});

test("there is a way to send SMS exactly where an account is set up", async () => {
  const account = {
    TWILIO_ACCOUNT_SID: `AC${"0".repeat(32)}`,
    TWILIO_AUTH_TOKEN: ["0123456789abcdef", "fedcba9876543210"],
    TWILIO_FROM: "+12025550100",
    SMS_CONNECTIONS: 7,
  };
  const [none, some] = [await start(w.config), await start({ ...w.config, ...account })];
  expect(none.ctx.sms).toBeUndefined();
  expect(some.ctx.sms).toMatchObject({ connections: 7 });
  await Promise.all([none.close(), some.close()]);
});

test("every server that cannot be used is named at once, without its address or password", async () => {
  const nowhere = {
    ...w.config,
    DATABASE_URL: "postgresql://candor:s3cret@127.0.0.1:9/candor",
    FEEDBACK_URL: "postgresql://feedback:s3cret@127.0.0.1:9/feedback",
    KEYSTORE_URL: "postgresql://candor:s3cret@127.0.0.1:9/keystore",
    REDIS_URL: "redis://:s3cret@127.0.0.1:9",
  };
  const problem: unknown = await start(nowhere).catch((error: unknown) => error);
  expect(problem).toMatchObject({
    name: "ConfigError",
    problems: [
      expect.stringMatching(/^DATABASE_URL: /),
      expect.stringMatching(/^FEEDBACK_URL: /),
      expect.stringMatching(/^KEYSTORE_URL: /),
      expect.stringMatching(/^REDIS_URL: /),
    ],
  });
  expect(String(problem)).not.toMatch(/s3cret|127\.0\.0\.1/);
});

test("settings that are wrong and servers that do not answer are listed together", async () => {
  const environment = {
    DATABASE_URL: w.config.DATABASE_URL,
    FEEDBACK_URL: w.config.FEEDBACK_URL,
    KEYSTORE_URL: "postgresql://candor:s3cret@127.0.0.1:9/keystore",
    REDIS_URL: "redis://:s3cret@127.0.0.1:9",
    SMTP_URL: "smtp://smtp.example.org",
    MAIL_FROM: "nobody",
    ORGANISATION: "Example Organisation",
    CONSOLE_URL: "https://candor.example.org",
    PUBLIC_URL: "https://incident.example.org",
  };
  const problem: unknown = await usableConfig(environment).catch((error: unknown) => error);
  expect(problem).toMatchObject({
    problems: [
      expect.stringMatching(/^MAIL_FROM: /),
      expect.stringMatching(/^KEK_FILE: /),
      expect.stringMatching(/^KEYSTORE_URL: /),
      expect.stringMatching(/^REDIS_URL: /),
    ],
  });
  expect(String(problem)).not.toMatch(/s3cret|127\.0\.0\.1/);
});

test("a console starts without Redis, and a worker does not", async () => {
  const without = { ...w.config, REDIS_URL: "redis://127.0.0.1:9" };
  await expect(start(without)).rejects.toThrow(/REDIS_URL: Redis does not answer/);
  const log = createLog("silent", "test");
  await (await compose(without, "web-console", { email: w.email, log })).close();
});

describe("a Redis that evicts", () => {
  let own: Awaited<ReturnType<typeof startRedis>>;
  afterEach(() => own.stop());

  test.for(["allkeys-lru", "volatile-ttl"])("is refused: %s", async (policy) => {
    own = await startRedis(join(inject("folder"), `redis-${policy}`));
    const redis = new Redis(own.url);
    await redis.config("SET", "maxmemory-policy", policy);
    redis.disconnect();
    await expect(start({ ...w.config, REDIS_URL: own.url })).rejects.toThrow(
      /REDIS_URL: this Redis may evict/,
    );
  });
});

function start(config: Config, log = createLog("silent", "test")) {
  return compose(config, "test", { email: w.email, log });
}

/** What a start warns of. */
async function warnings(config: Config): Promise<string[]> {
  const said: string[] = [];
  const log = createLog("silent", "test");
  log.warn = (sentence: unknown) => void said.push(String(sentence));
  await (await start(config, log)).close();
  return said;
}

async function inKeystore<T>(run: (sql: Parameters<typeof keystore.rootKey>[0]) => Promise<T>) {
  const { connect } = await import("../src/store/db.ts");
  const sql = connect(w.config.KEYSTORE_URL, 1);
  try {
    return await run(sql);
  } finally {
    await sql.end();
  }
}

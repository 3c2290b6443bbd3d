import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { ConfigError, readConfig, SETTINGS } from "../src/config.ts";
import { readRelays } from "../src/domain/delivery/relay-url.ts";

let folder: string;
let good: Record<string, string>;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "candor-config-"));
  good = {
    DATABASE_URL: "postgresql://candor:s3cret-one@db.example.org/candor",
    FEEDBACK_URL: "postgresql://feedback:s3cret-five@answers.example.org/feedback",
    KEYSTORE_URL: "postgresql://candor:s3cret-two@keys.example.org/candor",
    REDIS_URL: "redis://:s3cret-three@redis.example.org",
    SMTP_URL: "smtps://user:s3cret-four@smtp.example.org",
    MAIL_FROM: "notices@example.org",
    ORGANISATION: "Example Organisation",
    CONSOLE_URL: "https://candor.example.org",
    PUBLIC_URL: "https://incident.example.org",
    KEK_FILE: keyFile("good", "ab".repeat(32)),
  };
});
afterAll(() => rmSync(folder, { recursive: true }));

test("good settings are read, with their defaults and the root key", () => {
  const config = readConfig(good);
  expect(config).toMatchObject({ NODE_ENV: "production", PORT: 8080, EMAIL_RATE_MAX: 0 });
  expect(config.rootKey).toEqual(Buffer.from("ab".repeat(32), "hex"));
});

test("an empty setting counts as absent", () => {
  expect(readConfig({ ...good, PORT: "" }).PORT).toBe(8080);
  expect(problems({ ...good, MAIL_FROM: "" })).toEqual([expect.stringMatching(/^MAIL_FROM: /)]);
});

test("every problem is listed at once", () => {
  const bad = {
    DATABASE_URL: "mysql://db.example.org",
    FEEDBACK_URL: "redis://answers.example.org",
    KEYSTORE_URL: "not a url",
    TWILIO_AUTH_TOKEN: "short",
    TWILIO_FROM: "0049",
    SMS_CONNECTIONS: "0",
    SMTP_URL: "http://smtp.example.org",
    MAIL_FROM: "nobody",
    ORGANISATION: "x".repeat(201),
    CONSOLE_URL: "ftp://candor.example.org",
    PORT: "70000",
    LOG_LEVEL: "loud",
    EMAIL_CONNECTIONS: "0",
    TRUSTED_PROXIES: "1.5",
    NODE_ENV: "staging",
    KEK_FILE: join(folder, "absent"),
  };
  const named = problems(bad).map((each) => each.split(":")[0]);
  expect(named.toSorted()).toEqual([...Object.keys(bad), "PUBLIC_URL", "REDIS_URL"].toSorted());
});

test("no value is quoted, because values hold secrets", () => {
  const secret = "s3cret-that-must-not-show";
  const names = Object.keys(good).filter((name) => name !== "ORGANISATION");
  const text = problems(
    Object.fromEntries(names.map((name) => [name, `${secret}-${name}`])),
  ).join();
  expect(text).toContain("DATABASE_URL");
  expect(text).not.toContain("s3cret");
});

test("several relays are one setting, with commas", () => {
  const SMTP_URL =
    "smtps://user:s3%2Ccret@one.example.org?weight=3&name=primary, smtp://two.example.org:587";
  expect(problems({ ...good, SMTP_URL })).toEqual([]);
  expect(readRelays(SMTP_URL).relays).toEqual([
    { name: "primary", weight: 3, url: "smtps://user:s3%2Ccret@one.example.org" },
    { name: "two.example.org:587", weight: 1, url: "smtp://two.example.org:587" },
  ]);
});

test.for([
  ["smtps://user:s3cret,one@smtp.example.org", [/Relay 1: .*no URL/, /Relay 2: .*no URL/]],
  ["smtp://a.example.org,http://s3cret.example.org", [/Relay 2: .*smtp:\/\//]],
  ["smtp://a.example.org?weight=0", [/weight/]],
  ["smtp://a.example.org?weight=1.5", [/weight/]],
  ["smtp://a.example.org?name=s3cret name", [/name is/]],
  ["smtp://a.example.org?weigth=3", [/options/]],
  ["smtp://a.example.org?weight=3&weight=4", [/once/]],
  ["smtp://s3cret@a.example.org", [/password/]],
  ["smtp://user:100%s3cret@a.example.org", [/percent/]],
  ["smtp://a.example.org/s3cret", [/path/]],
  ["smtp://a.example.org?name=x,smtp://b.example.org?name=x", [/name of its own/]],
  ["smtp://a.example.org,", [/Relay 2/]],
] as const)("a relay such as %s is refused, without its words", ([SMTP_URL, expected]) => {
  const found = problems({ ...good, SMTP_URL });
  expect(found).toEqual(
    expected.map((words) => expect.stringMatching(new RegExp(`^SMTP_URL: .*${words.source}`))),
  );
  expect(found.join()).not.toContain("s3cret");
});

test.for([
  ["a file that others may read", "ab".repeat(32), 0o644, /chmod 600/],
  ["a key that is too short", "ab".repeat(31), 0o600, /64 hexadecimal digits/],
  ["something that is no key", "-----BEGIN PRIVATE KEY-----", 0o600, /64 hexadecimal digits/],
] as const)("the root key is refused from %s", ([name, content, mode, sentence]) => {
  const file = keyFile(name, content, mode);
  expect(problems({ ...good, KEK_FILE: file })).toEqual([expect.stringMatching(sentence)]);
});

test(".env.example names every setting and gives the defaults that the code has", () => {
  const text = readFileSync(new URL("../.env.example", import.meta.url), "utf8");
  const example = Object.fromEntries(
    text
      .split("\n")
      .filter((line) => /^[A-Z_]+=/.test(line))
      .map((line) => line.split(/=(.*)/s)),
  );
  const { rootKey: _, ...fromExample } = readConfig({ ...example, KEK_FILE: good["KEK_FILE"] });
  const { rootKey: __, ...fromDefaults } = readConfig(good);
  expect(Object.keys(example).toSorted()).toEqual(SETTINGS.toSorted());
  for (const [name, value] of Object.entries(fromDefaults))
    if (!(name in good))
      expect({ [name]: Reflect.get(fromExample, name) }).toEqual({ [name]: value });
});

function problems(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

function keyFile(name: string, content: string, mode = 0o600): string {
  const file = join(folder, name.replaceAll(" ", "-"));
  writeFileSync(file, `${content}\n`);
  chmodSync(file, mode);
  return file;
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, inject, test } from "vitest";

import { runFolder } from "../../src/dev/folder.ts";
import { createDatabase, startPostgres } from "../../src/dev/postgres.ts";
import { alive } from "../../src/dev/process.ts";
import { startRedis } from "../../src/dev/redis.ts";
import { startStack } from "../../src/dev/stack.ts";
import { connect } from "../../src/store/db.ts";
import type { Sql } from "../../src/store/db.ts";

let folder: Awaited<ReturnType<typeof runFolder>>;
beforeEach(async () => {
  folder = await runFolder("servers");
});
afterEach(() => folder.remove());

test("a PostgreSQL that outlived its parent is found, not started again", async () => {
  const where = { folder: join(folder.path, "main") };
  const first = await startPostgres(where);
  const second = await startPostgres(where);
  expect(second).toMatchObject({ pid: first.pid });
  expect(second.url()).toBe(first.url());
  await second.stop();
  expect(alive(first.pid)).toBe(false);
});

test("a PostgreSQL that was killed starts again with its data", async () => {
  const where = { folder: join(folder.path, "main") };
  const first = await startPostgres(where);
  const url = await createDatabase(first, "kept");
  await query(url, (sql) => sql`create table note as select 7 as n`);
  process.kill(first.pid, "SIGKILL");
  await expect.poll(() => alive(first.pid)).toBe(false);

  const second = await startPostgres(where);
  const [row] = await query(second.url("kept"), (sql) => sql`select n from note`);
  expect(row).toEqual({ n: 7 });
  await second.stop();
});

test("a Redis left behind is replaced by one with its data", async () => {
  const where = join(folder.path, "redis");
  const first = await startRedis(where);
  await withRedis(first.url, (redis) => redis.set("kept", "7"));
  const second = await startRedis(where);
  expect(alive(first.pid)).toBe(false);
  expect(await withRedis(second.url, (redis) => redis.get("kept"))).toBe("7");
  await second.stop();
});

test("what a killed run left behind is swept by the next", async () => {
  const script = `
    const { runFolder } = await import("./src/dev/folder.ts");
    const { startRedis } = await import("./src/dev/redis.ts");
    const folder = await runFolder("swept");
    const redis = await startRedis(folder.path + "/redis");
    console.log(JSON.stringify({ path: folder.path, pid: redis.pid }));
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script]);
  const [line] = await once(child.stdout, "data");
  const left = JSON.parse(String(line));
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(alive(left.pid)).toBe(true);

  await (await runFolder("swept")).remove();
  expect(alive(left.pid)).toBe(false);
  expect(readdirSync(tmpdir())).not.toContain(left.path.split("/").at(-1));
});

test("a stack starts what is missing, uses what was given, and leaves nothing", async () => {
  const given = {
    DATABASE_URL: inject("mainUrl"),
    KEYSTORE_URL: inject("keystoreUrl"),
    REDIS_URL: "",
    SMTP_URL: "smtp://smtp.example.org",
  };
  const stack = await startStack(given);
  expect(stack.env).toMatchObject({ ...given, REDIS_URL: expect.stringMatching(/^redis:/) });
  expect(stack.catcher).toBeUndefined();
  expect(statSync(stack.env.KEK_FILE).mode & 0o777).toBe(0o600);
  expect(await withRedis(stack.env.REDIS_URL, (redis) => redis.ping())).toBe("PONG");

  await stack.stop();
  await expect(query(given.DATABASE_URL, (sql) => sql`select 1 as n`)).resolves.toHaveLength(1);
  expect(() => statSync(stack.folder)).toThrow("ENOENT");
});

async function query<T>(url: string, run: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = connect(url, 1);
  try {
    return await run(sql);
  } finally {
    await sql.end();
  }
}

async function withRedis<T>(url: string, run: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url);
  try {
    return await run(redis);
  } finally {
    redis.disconnect();
  }
}

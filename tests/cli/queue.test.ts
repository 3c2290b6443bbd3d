import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test } from "vitest";

import { witness } from "../../src/actions/recovery/witness.ts";
import { SMALL } from "../../src/dev/candor.ts";
import { startRedis } from "../../src/dev/redis.ts";
import { fileWitness } from "../../src/gateways/witness.ts";
import { statusOf } from "../../src/views/engine.ts";
import { givenWave, leased, sendDue } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

let w: World;
let folder: string;
let server: Awaited<ReturnType<typeof startRedis>>;
let env: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "candor-queue-"));
  [w, server] = await Promise.all([world(), startRedis(join(folder, "redis"))]);
  const KEK_FILE = join(folder, "root.key");
  await writeFile(KEK_FILE, w.config.rootKey.toString("hex"), { mode: 0o600 });
  const { DATABASE_URL, FEEDBACK_URL, KEYSTORE_URL, SMTP_URL } = w.config;
  const { MAIL_FROM, ORGANISATION, CONSOLE_URL, PUBLIC_URL } = w.config;
  const own = { NODE_ENV: "test", REDIS_URL: server.url, KEK_FILE, LOG_LEVEL: "error" };
  const servers = { DATABASE_URL, FEEDBACK_URL, KEYSTORE_URL, SMTP_URL };
  env = { ...servers, MAIL_FROM, ORGANISATION, CONSOLE_URL, PUBLIC_URL, ...own };
});
afterAll(async () => {
  await Promise.all([w.close(), server.stop()]);
  await rm(folder, { recursive: true });
});

/** Run `candor queue …` as a process of its own: how it ended, and what it said. */
function candor(...args: string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [CLI, "queue", ...args],
      { env: { PATH: process.env["PATH"] ?? "", ...SMALL, ...env } },
      (error, stdout, stderr) =>
        resolve({ code: typeof error?.code === "number" ? error.code : 0, said: stdout + stderr }),
    );
  });
}

test("an operator sees a restored database, what is in doubt, and unlocks it", async () => {
  const { waveId } = await givenWave(w, { people: 5 });
  await sendDue(w, waveId, "email");
  const file = fileWitness(join(folder, "witness.json"));
  await witness(w.ctx, [file]);
  await w.sql`delete from attempt`;
  await w.sql`update engine set attempt_seq = 0`;
  await w.sql`update delivery set state = 'planned', slice_id = null, attempt = 0`;
  await witness(w.ctx, [file]);

  const { code, said } = await candor("status", "--json");
  expect([code, JSON.parse(said)]).toMatchObject([2, { sending: { reason: "restored" } }]);
  const unlocked = await candor("unlock", "--yes", "--reason", "Compared with the log");
  expect(unlocked.said).toMatch(/5 attempts were made that it does not know of/);
  expect(unlocked.said).toContain(`wave ${waveId}`);
  expect(unlocked.said).toMatch(/1 waves stand still/);
  expect((await statusOf(w.sql)).sending.state).toBe("open");
}, 30_000);

test("an operator compares Redis with the database, and fills it anew", async () => {
  const { waveId } = await givenWave(w, { people: 120 });
  await leased(w, waveId);
  const compared = await candor("rebuild", "--dry-run");
  expect(compared.code).toBe(2);
  expect(compared.said).toMatch(/120 deliveries leased in 2 slices/);
  expect(compared.said).toMatch(/2 jobs missing, 0 stale; it is not the one we filled/);
  const rebuilt = await candor("rebuild");
  expect([rebuilt.code, rebuilt.said]).toEqual([
    0,
    expect.stringMatching(/120 deliveries and \d+/),
  ]);
}, 30_000);

test("an operator sees parked work and has it tried again", async () => {
  await w.sql`insert into outbox (kind, ids, failures) values ('scope.revised', '{}', 20)`;
  const parked = await candor("parked");
  expect([parked.code, parked.said]).toEqual([
    2,
    expect.stringMatching(/scope\.revised.*20 tries/),
  ]);
  expect((await candor("retry")).said).toBe("1 are tried again.\n");
}, 30_000);

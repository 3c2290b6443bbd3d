import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, expect, test } from "vitest";

import { startCatcher } from "../../src/dev/catcher.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("`npm run demo --exit --json` tells the story and accounts for every imported person", async () => {
  const figures = await demo("one.csv");
  const { imported, merged, badRows, rows, deliveries } = figures;
  const { accepted, rejected, unknown } = deliveries.email;
  expect(rows).toBe(600);
  expect(badRows).toBeGreaterThan(10);
  expect(merged).toBeGreaterThan(5);
  expect(imported).toBe(rows - badRows - merged);
  expect(accepted + rejected + unknown + deliveries.needsLetter + deliveries.excluded).toBe(
    imported,
  );
  expect(rejected, "people who moved are refused by the server").toBeGreaterThan(0);
  expect(unknown).toBe(0);
}, 120_000);

test("with SMTP_URL at another server the same messages are there, one a person", async () => {
  const other = await startCatcher({
    reject: (address) => (address.startsWith("gone.") ? 550 : undefined),
  });
  try {
    const figures = await demo("two.csv", { SMTP_URL: other.smtpUrl });
    const { stdout } = await run(process.execPath, [
      join(ROOT, "scripts/check-messages.mjs"),
      join(folder, "two.csv"),
      other.webUrl,
      JSON.stringify(figures),
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      messages: figures.deliveries.email.accepted,
    });
  } finally {
    await other.close();
  }
}, 120_000);

test("the check from outside notices a message that should not be there", async () => {
  const other = await startCatcher();
  try {
    const figures = await demo("three.csv", { SMTP_URL: other.smtpUrl });
    const checked = run(process.execPath, [
      join(ROOT, "scripts/check-messages.mjs"),
      // Another people file: everybody got a message that this list knows nothing of.
      join(folder, "one.csv"),
      other.webUrl,
      JSON.stringify({ ...figures, imported: figures.imported + 1 }),
    ]);
    await expect(checked).rejects.toThrow();
  } finally {
    await other.close();
  }
}, 120_000);

async function demo(people: string, env: Readonly<Record<string, string>> = {}) {
  const { stdout } = await run(
    "npm",
    ["run", "--silent", "demo", "--", "--recipients", "600", "--exit", "--json"].concat([
      "--people",
      join(folder, people),
    ]),
    { cwd: ROOT, env: { ...process.env, ...env } },
  );
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

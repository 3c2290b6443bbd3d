import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { beforeAll, expect, test } from "vitest";

import { SMALL } from "../../src/dev/candor.ts";
import type { Actor } from "../../src/domain/staff.ts";
import { desk } from "../support/cli.ts";
import type { Served } from "../support/http.ts";
import { givenIncident } from "../support/incident.ts";
import { anUpdate } from "../support/publication.ts";
import { givenAuthenticator, givenToken } from "../support/staff.ts";
import type { World } from "../support/world.ts";

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

const at = desk();
let w: World;
let console: Served;
let folder: string;
beforeAll(() => void ({ w, console, folder } = at));

/** Run `candor …` as a process of its own; answers what it said. */
function candor(args: string[], env: Readonly<Record<string, string>>): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [CLI, "publication", ...args],
      { env: { PATH: process.env["PATH"] ?? "", ...SMALL, ...env } },
      (error, stdout, stderr) => (error ? reject(new Error(stderr)) : resolve(stdout)),
    );
  });
}

async function as(actor: Actor): Promise<Record<string, string>> {
  return { CANDOR_URL: console.url, CANDOR_TOKEN: await givenToken(w, actor) };
}

test("a page is drafted, submitted, approved, and written as files", async () => {
  const { id } = await givenIncident(w);
  const file = join(folder, "update.json");
  await writeFile(file, JSON.stringify(anUpdate()));
  const drafter = await as(w.staff.drafter);
  const drafted = await candor(["draft", id, file, "--slug", "laptop-2026"], drafter);
  const update = /^Update ([0-9a-f-]{36}) \(draft\)$/m.exec(drafted)?.[1] ?? "";
  expect(await candor(["submit", id, update], drafter)).toMatch(/binding [0-9a-f]{64}/);

  const code = await givenAuthenticator(w, w.staff.approver);
  const approver = await as(w.staff.approver);
  await expect(candor(["approve", id, update, "--totp", "000000"], approver)).rejects.toThrow();
  expect(await candor(["approve", id, update, "--totp", code()], approver)).toContain("Published.");

  const out = join(folder, "site");
  const keyFile = join(folder, "root.key");
  await writeFile(keyFile, w.config.rootKey.toString("hex"), { mode: 0o600 });
  const { DATABASE_URL, FEEDBACK_URL, KEYSTORE_URL, REDIS_URL, SMTP_URL } = w.config;
  const { MAIL_FROM, ORGANISATION, CONSOLE_URL, PUBLIC_URL } = w.config;
  const servers = { DATABASE_URL, FEEDBACK_URL, KEYSTORE_URL, REDIS_URL, SMTP_URL };
  const operator = { ...servers, MAIL_FROM, ORGANISATION, CONSOLE_URL, PUBLIC_URL };
  await candor(["write", "--out", out], { ...operator, NODE_ENV: "test", KEK_FILE: keyFile });
  const page = await readFile(join(out, "incidents/laptop-2026/index.html"), "utf8");
  expect(page).toContain("A laptop with customer data was stolen");
});

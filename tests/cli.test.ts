import { execFile, spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { SMALL, startWeb, startWorker } from "../src/dev/candor.ts";
import type { Part } from "../src/dev/candor.ts";
import { freePort } from "../src/dev/process.ts";
import { startStack } from "../src/dev/stack.ts";
import type { Stack } from "../src/dev/stack.ts";
import { codeAt } from "./support/staff.ts";

// An operator sets Candor up for real and five people use it, by the command line alone. Each
// test goes on where the one before it ended.

/** Each test starts processes, one after the other. */
const PATIENT = { timeout: 120_000 };
const CLI = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
const run = promisify(execFile);
let stack: Stack;
let folder: string;
let env: Record<string, string>;
const parts: Part[] = [];
const ids: Record<string, string> = {};
const people: Record<string, { token: string; secret: string }> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "cli-"));
  const [started, port] = await Promise.all([startStack({}, { fast: true }), freePort()]);
  stack = started;
  env = {
    ...SMALL,
    ...stack.env,
    NODE_ENV: "production",
    ORGANISATION: "Example Organisation",
    MAIL_FROM: "notices@example.org",
    CONSOLE_URL: `http://127.0.0.1:${port}`,
    PUBLIC_URL: "https://incident.example.org",
    PORT: String(port),
    LOG_LEVEL: "info",
    KEK_FILE: join(folder, "root.key"),
    CANDOR_URL: `http://127.0.0.1:${port}`,
  };
});
afterAll(async () => {
  await Promise.all(parts.map((part) => part.stop()));
  await stack.stop();
  await rm(folder, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run `candor …` as a process of its own, with these lines on its standard input. */
function candor(args: string[], { as = "", input = "" } = {}): Promise<Ran> {
  const token = people[as]?.token;
  const own = { PATH: process.env["PATH"] ?? "", ...env, ...(token && { CANDOR_TOKEN: token }) };
  return new Promise((resolve) => {
    const done = (error: unknown, stdout: string, stderr: string) =>
      resolve({ code: error ? (error as { code: number }).code : 0, stdout, stderr });
    execFile(process.execPath, [CLI, ...args], { env: own }, done).stdin?.end(input);
  });
}

/** The same, for a command that must succeed; answers what it said. */
async function did(args: string[], options: { as?: string; input?: string } = {}): Promise<string> {
  const { code, stdout, stderr } = await candor(args, options);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  return stdout;
}

/** Add a person at the machine; they take up their invitation in a dialogue of their own. */
/** Mails to customers: staff are told of legal clocks whenever the sweep comes by. */
function sentToPeople(): number {
  const staff = new Set(Object.keys(people).map((key) => `${key}@example.org`));
  const all = stack.catcher?.list(0, 100) ?? [];
  return all.filter(({ to: [address = ""] }) => !staff.has(address)).length;
}

async function enrol(key: string, name: string, roles: string[]): Promise<void> {
  const email = `${key}@example.org`;
  const added = await did(["staff", "add", "--name", name, "--email", email, "--roles", ...roles]);
  const child = spawn(process.execPath, [CLI, "staff", "join"], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["pipe", "pipe", "ignore"],
  });
  child.stdin.write(`${/cni_\S+/.exec(added)?.[0]}\n`);
  let said = "";
  for await (const chunk of child.stdout) {
    said += String(chunk);
    const secret = /secret=([A-Z2-7]+)/.exec(said)?.[1];
    if (!secret || people[key]) continue;
    people[key] = { token: /cnt_\S+/.exec(said)?.[0] ?? "", secret };
    // A slip first: the invitation is spent, so the question must come again.
    child.stdin.end(`000000x\n${codeAt(secret, new Date())}\n`);
  }
  expect(said).toContain("Your second factor is confirmed.");
}

/** The next code: the one of this moment was spent on joining. */
const nextCode = (key: string) => codeAt(people[key]?.secret ?? "", new Date(Date.now() + 30_000));

async function start(): Promise<void> {
  const log = (name: string) => join(folder, `${name}.log`);
  parts.push(await startWeb({ env, logFile: log("web") }));
  parts.push(await startWorker({ env, logFile: log("worker") }));
}

describe("setting up", PATIENT, () => {
  test("a root key is made once, in a file only its owner can read", async () => {
    const file = env["KEK_FILE"] ?? "";
    expect(await did(["key", "new", file])).toContain("candor migrate");
    expect(await readFile(file, "utf8")).toMatch(/^[0-9a-f]{64}\n$/);
    const again = await candor(["key", "new", file]);
    expect(again).toMatchObject({
      code: 1,
      stderr: "That file exists already; it is left as it is.\n",
    });
  });

  test("confirming the copy before the databases are there says what to do first", async () => {
    const early = await candor(["key", "confirm"], { input: "0\n" });
    expect(early).toMatchObject({ code: 1 });
    expect(early.stderr).toContain("Run `candor migrate` first.");
  });

  test("migrate twice, warn of the missing copy in plain words, then confirm it", async () => {
    const first = await candor(["migrate"]);
    expect(first).toMatchObject({ code: 0, stdout: "Both databases are up to date.\n" });
    expect(first.stderr).toMatch(/^The root key has no confirmed offline copy\./);
    const wrong = await candor(["key", "confirm"], { input: `${"0".repeat(64)}\n` });
    expect(wrong).toMatchObject({ code: 1 });
    const copy = await readFile(env["KEK_FILE"] ?? "", "utf8");
    expect(await did(["key", "confirm"], { input: copy.toUpperCase() })).toContain("Confirmed.");
    expect(await candor(["migrate"])).toMatchObject({ code: 0, stderr: "" });
  });

  test("people join by invitation, and a slip of the fingers does not shut them out", async () => {
    await start();
    await Promise.all([
      enrol("responder", "Rowan Example", ["responder", "drafter"]),
      enrol("approver", "Avery Example", ["approver"]),
    ]);
    const bad = await candor(["staff", "add", "--name", "X", "--email", "x", "--roles", "admin"]);
    expect(bad).toMatchObject({ code: 1, stderr: "email: Invalid email address\n" });
  });
});

describe("a breach", PATIENT, () => {
  const responder = { as: "responder" };

  test("is declared by answering questions", async () => {
    const answers = ["Stolen laptop", "A laptop was stolen.", "2026-03-02T14:05+01:00"];
    const input = `${[...answers, "name, email-address"].join("\n")}\n`;
    const args = ["declare", "--zone", "Europe/Berlin", "--runbook", "stolen-device-or-paper"];
    const said = await did(args, { ...responder, input });
    expect(said).toMatch(/^Declared\. Incident [0-9a-f-]{36}$/m);
    ids["incident"] = idIn(said);
  });

  test("refuses in words that lead to the field", async () => {
    const args = ["--title", "x", "--what", "y", "--aware", "2026-02-30T14:05Z", "--data", "name"];
    const { code, stderr } = await candor(["declare", ...args], responder);
    expect(code).toBe(1);
    expect(stderr).toMatch(/awareAt: Write a real date and time/);
  });

  test("says so when nobody or somebody else answers at the console's address", async () => {
    const right = env["CANDOR_URL"] ?? "";
    const ask = async (url: string) => {
      env["CANDOR_URL"] = url;
      return (await candor(["watch", "a", "b"], responder)).stderr;
    };
    expect(await ask("http://127.0.0.1:1")).toContain("The console at http://127.0.0.1:1 does not");
    expect(await ask(stack.catcher?.webUrl ?? "")).toContain("is not Candor's console");
    env["CANDOR_URL"] = right;
  });

  test("people are imported; the bad row is told and handed back to correct", async () => {
    const file = join(folder, "people.csv");
    const rows = ["ada@example.com,yes", "bo@example.com,yes", "nowhere,yes", "di@example.com,no"];
    await writeFile(file, `email,agreed\n${rows.join("\n")}\n`);
    const bad = join(folder, "bad.csv");
    const order = ["--exposed", "name,email-address", "--errors", bad, "--freeze"].concat([
      "--totp",
      nextCode("responder"),
    ]);
    const said = await did(["import", ids["incident"] ?? "", file, ...order], responder);
    expect(said).toContain("3 people from 4 rows");
    expect(said).toContain("line 4, email: This is not a plain e-mail address");
    expect(said).toContain("The audience is frozen.");
    expect(await readFile(bad, "utf8")).toContain("nowhere");
    ids["audience"] = idIn(said);
    const missing = await candor(["import", ids["incident"] ?? "", "/none.csv"], responder);
    expect(missing.stderr).toBe("There is no such file: /none.csv\n");
  });

  test("is written, approved by another, sent, watched and verified", async () => {
    const { incident = "", audience = "" } = ids;
    const shown = await did(["preview", incident], responder);
    expect(shown).toContain("What happened");
    const notice = /^Notice (\S+)$/m.exec(shown)?.[1] ?? "";
    const submitted = await did(["submit", incident, notice, audience, ...WHEN], responder);
    expect(submitted).toContain("urgent: before all other waves");
    expect(submitted).toContain("sms from 09:00 to 20:00 where each reader is");
    expect(submitted).toContain("3 people: 2 by e-mail, 0 need a letter,");
    const submission = idIn(submitted);
    const early = await candor(["send", incident, submission], responder);
    expect(early).toMatchObject({ code: 1 });
    const input = `${nextCode("approver")}\n`;
    const approved = await did(["approve", incident, submission], { as: "approver", input });
    expect(approved).toContain("Approved: it may be sent.");
    const ready = await did(["wave", "preflight", incident, submission], responder);
    expect(ready).toContain("DMARC policy reject, SPF look-ups 0");
    expect(ready).toContain("Nothing stops this wave.");
    const sent = await did(["send", incident, submission], responder);
    expect(sent).toContain("accepted 2");
    expect(sent).toContain("The wave is done.");
    const wave = /^Wave (\S+)/m.exec(sent)?.[1] ?? "";
    expect(await did(["held", "list", incident, wave], responder)).toContain("Nothing is held.");
    const release = ["held", "release", incident, wave, "--all", "--reason", "Put right."];
    expect(await did(release, { as: "approver" })).toContain("0 released.");
    const resend = ["resend-rejected", incident, wave, "--all", "--reason", "Put right."];
    expect(await did(resend, { as: "approver" })).toContain("0 will be sent again.");
    expect(await did(["watch", incident, wave], responder)).toContain("The wave is done.");
    expect(sentToPeople()).toBe(2);
    expect(JSON.parse(await did(["verify"]))).toMatchObject({ ok: true });
  });
});

describe("restoring, by the runbook", PATIENT, () => {
  test("an older copy of the database takes over: sending locked, Redis emptied, chain walked, waves paused", async () => {
    await Promise.all(parts.splice(0).map((part) => part.stop()));
    // Redis witnesses how many attempts there were.
    expect(await did(["queue", "status"])).toContain("Sending is open");
    const restored = new URL(env["DATABASE_URL"] ?? "");
    restored.pathname = "/restored";
    const damaged = postgres(env["DATABASE_URL"] ?? "", { max: 1, database: "postgres" });
    await damaged`create database restored template candor`;
    await damaged.end();
    env["DATABASE_URL"] = restored.href;

    // As in a backup that was made before the last message went out.
    const sql = postgres(restored.href, { max: 1 });
    const [wave] = await sql`update wave set state = 'sending', ended_at = null returning id`;
    await sql`update delivery set state = 'planned', attempt = 0, settled_at = null
               where id in (select delivery_id from attempt order by seq desc limit 1)`;
    await sql`delete from attempt where delivery_id in (
                select id from delivery where attempt = 0)`;
    await sql`update engine set attempt_seq = (select max(seq) from attempt)`;
    const waveNow = () => sql`select state, paused_reason from wave where id = ${wave?.["id"]}`;
    const restoredWave = [{ state: "paused", paused_reason: "restored" }];

    const locking = await byRunbook(/queue lock/);
    expect(locking).toMatchObject({ code: 0 });
    expect(locking.stdout).toContain("Sending is locked.");
    expect(locking.stdout).toMatch(/Removed [1-9]\d* keys/);
    expect(locking.stdout).toContain('"ok":true');
    const looking = await byRunbook(/^candor queue status\n$/);
    expect(looking).toMatchObject({ code: 2 });
    expect(looking.stdout).toContain("Sending is locked (restored)");
    expect(looking.stdout).toContain('"missing":1');

    const [pauseAll = ""] = await fences("restore", "sql", /update wave/);
    await sql.unsafe(`begin; ${pauseAll}`);
    expect(await waveNow()).toEqual(restoredWave);
    await sql.unsafe("rollback");

    await start();
    const unlocking = await byRunbook(/queue unlock/, "unlock\n");
    expect(unlocking).toMatchObject({ code: 0 });
    expect(unlocking.stdout).toContain("1 attempts were made that it does not know of.");
    expect(unlocking.stdout).toContain("Sending is open. 1 waves stand still;");
    expect(await waveNow()).toEqual(restoredWave);
    await sql.end();
    expect(sentToPeople()).toBe(2);
    expect(JSON.parse(await did(["verify"]))).toMatchObject({ ok: true });
    expect(await recipients()).toContain("a•••@e•••.com");
  });
});

describe("keeping the root key, by the runbook", PATIENT, () => {
  test("the fingerprint of a copy is the keystore's", async () => {
    const [print = ""] = await fences("root-key-escrow", "sh", /fingerprint/);
    const copy = print.replace("/media/copy/root.key", env["KEK_FILE"] ?? "");
    const shown = await run("sh", ["-c", copy.replace(/^node /, `${process.execPath} `)]);
    const [query = ""] = await fences("root-key-escrow", "sql", /root_key/);
    const sql = postgres(env["KEYSTORE_URL"] ?? "", { max: 1 });
    const [stored] = await sql.unsafe<{ fingerprint: string }[]>(query);
    await sql.end();
    expect(shown.stdout.trim()).toBe(stored?.fingerprint);
  });
});

describe("rotating the root key", PATIENT, () => {
  test("after it the new key opens what the old one sealed, and the old one opens nothing", async () => {
    const old = env["KEK_FILE"] ?? "";
    const next = join(folder, "root-2.key");
    await Promise.all(parts.splice(0).map((part) => part.stop()));
    await did(["key", "new", next]);
    await chmod(next, 0o644);
    expect(await candor(["key", "rotate", next])).toMatchObject({ code: 1 });
    await chmod(next, 0o600);
    expect(await did(["key", "rotate", next])).toContain("under root key 2");
    const refused = await candor(["verify"]);
    expect(refused.stderr).toContain("this is not the root key that the keystore was made with");

    env["KEK_FILE"] = next;
    await did(["key", "confirm"], { input: await readFile(next, "utf8") });
    await rm(old);
    await start();
    expect(await recipients()).toContain("a•••@e•••.com");
    expect(JSON.parse(await did(["verify"]))).toMatchObject({ ok: true });
  });
});

/** What the web process opens for a reader: masked addresses. */
async function recipients(): Promise<string> {
  const path = `/v1/incidents/${ids["incident"]}/audiences/${ids["audience"]}/recipients`;
  const authorization = `Bearer ${people["responder"]?.token}`;
  const opened = await fetch(env["CANDOR_URL"] + path, { headers: { authorization } });
  return opened.text();
}

/** Run the commands of the restore page in a shell, as written. */
async function byRunbook(about: RegExp, input = ""): Promise<Ran> {
  const [commands = "exit 3"] = await fences("restore", "sh", about);
  const shim = join(folder, "candor");
  await writeFile(shim, `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`, { mode: 0o700 });
  const own = { ...env, PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  return new Promise((resolve) => {
    const done = (error: unknown, stdout: string, stderr: string) =>
      resolve({ code: error ? (error as { code: number }).code : 0, stdout, stderr });
    execFile("sh", ["-ec", commands], { env: own }, done).stdin?.end(input);
  });
}

/** The commands of an operators' runbook, as written. */
async function fences(name: string, language: string, about: RegExp): Promise<string[]> {
  const page = new URL(`../runbooks/ops/${name}.md`, import.meta.url);
  const all = (await readFile(page, "utf8")).matchAll(/```(\w+)\n(.*?)```/gs);
  return [...all].flatMap(([, kind, code = ""]) =>
    kind === language && about.test(code) ? [code] : [],
  );
}

/** The first id that a command said. */
function idIn(said: string): string {
  return /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(said)?.[0] ?? "";
}

const WHEN = ["--urgent", "--sms-hours", "09:00-20:00", "--email-hours", "any"];

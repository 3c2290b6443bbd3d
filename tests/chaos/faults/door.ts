import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { FINDING_CODES } from "../../../src/domain/wave/finding.ts";
import { startWeb, startWorker } from "../../../src/dev/candor.ts";
import type { Part } from "../../../src/dev/candor.ts";
import { freePort } from "../../../src/dev/process.ts";
import { peopleOf } from "../../support/fleet.ts";
import type { Fleet } from "../../support/fleet.ts";
import { givenToken } from "../../support/staff.ts";
import { givenApproved } from "../../support/wave.ts";
import { COMMITTED, must, requireAllAccepted, settledSoundly, untilOut } from "../acts.ts";
import { startWave } from "../lab.ts";
import type { Fault, Lab } from "../lab.ts";

/** Web processes that die, keys that are replaced, versions that run side by side. */
export const DOOR_FAULTS: readonly Fault[] = [
  {
    number: "3",
    name: "the web process dies right after it wrote down a start, and nobody was woken",
    expected: "a worker finds it in 60 s",
    async run(lab) {
      const f = await lab.fleet();
      const web = await startConsole(lab, f);
      const started = await startThrough(f, web, "three");
      must(started.answer.ok, `It was answered ${await started.answer.text()}`);
      await web.part.kill();
      await Promise.all([f.worker(), f.worker()]);
      const running = { ...started, waveId: await waveOf(f, started.incidentId) };
      await untilOut(f, running, 1);
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      return { outcome: "the wave was found in PostgreSQL and ended", checked };
    },
  },
  {
    number: "4",
    name: "the web process is cut off after its COMMIT and before its answer; the client asks again",
    expected:
      "one wave; the client and a copy of its request hear of it, a new one is told to look",
    async run(lab) {
      const f = await lab.fleet();
      const wire = await lab.proxy(f.env["DATABASE_URL"] ?? "");
      const through = { DATABASE_URL: wire.through(f.env["DATABASE_URL"] ?? "") };
      const first = await startConsole(lab, f, through);
      // The wave is committed and the process hears nothing of it; then it dies.
      wire.cutWhen({ ...COMMITTED, after: /insert into wave/i });
      const running = await startThrough(f, first, "four");
      const heard = await running.answer.text();
      must(wire.counts.cuts === 1, `${wire.counts.cuts} connections were cut: ${heard}`);
      must(running.answer.ok, `It was answered ${running.answer.status}.`);
      await first.part.kill();
      const second = await startConsole(lab, f);
      const again = await callStart(second, running, "four");
      must(again.ok, `The same request was answered ${again.status}.`);
      must((await again.text()) === heard, "The same request was answered otherwise.");
      const anew = await callStart(second, running, "another");
      must(anew.status === 409, `A new request was answered ${anew.status}.`);
      await f.worker();
      const waveId = await waveOf(f, running.incidentId);
      const checked = await settledSoundly(f, [{ ...running, waveId }]);
      requireAllAccepted(checked);
      const said = `${running.answer.status}, then ${again.status}`;
      return { outcome: `one wave; the client heard ${said}, both times of that wave`, checked };
    },
  },
  {
    number: "33",
    name: "the root key is replaced in mid-wave",
    expected:
      "nothing fails to open; workers with the old key finish or wait; the new key opens all",
    async run(lab) {
      const f = await lab.fleet({ delayMs: 40 });
      const running = await startWave(lab, f);
      const next = await startWave(lab, f);
      await f.w
        .sql`update wave set state = 'paused', paused_reason = 'person' where id = ${next.waveId}`;
      const old = await f.worker();
      await untilOut(f, running, lab.people / 4);
      const file = join(await mkdtemp(join(await lab.folder(), "key-")), "new-root-key");
      await candor(f, ["key", "new", file]);
      await candor(f, ["key", "rotate", file]);
      const checked = await settledSoundly(f, [running]);
      requireAllAccepted(checked);
      await f.w
        .sql`update wave set state = 'sending', paused_reason = null where id = ${next.waveId}`;
      const restarted = await f.worker({ KEK_FILE: file });
      const both = await settledSoundly(f, [running, next]);
      requireAllAccepted(both);
      const stale = await f.w.ctx.vault.keys(NOBODY).then(
        () => true,
        () => false,
      );
      must(!stale, "A process with the old key made a new one that nobody could open later.");
      await Promise.all([old.stop(), restarted.stop()]);
      return { outcome: "both waves complete, no new key under the old root key", checked: both };
    },
  },
  {
    number: "38",
    name: "the committed version and this one run side by side on the migrated database",
    expected: "both read and send; nobody lost, nobody twice",
    async run(lab) {
      const root = await committedVersion(lab);
      if (root === undefined)
        return {
          outcome: "",
          skipped: "there is no git history here to take the old version from",
        };
      const f = await lab.fleet({ delayMs: 40 });
      const running = await startWave(lab, f, lab.people * 2);
      const logFile = join(await lab.folder(), "old-worker.log");
      const [old, fresh] = [await startWorker({ env: f.env, logFile, root }), await f.worker()];
      lab.later(old.kill);
      await untilOut(f, running, lab.people);
      await old.kill();
      const again = await startWorker({ env: f.env, logFile, root });
      lab.later(again.kill);
      const checked = await settledSoundly(f, [running]);
      const [row] = await f.w.sql<{ workers: number }[]>`
        select count(distinct worker_id)::int as workers from attempt`;
      must((row?.workers ?? 0) >= 2, "Only one version sent.");
      const stopped = await Promise.all([again.stop(), fresh.stop()]);
      must(stopped.every(Boolean), "One of them did not live through it.");
      return { outcome: `both sent; ${JSON.stringify(checked.states)}`, checked };
    },
  },
];

interface Console {
  readonly url: string;
  readonly part: Part;
}

/** A web process with both doors. */
export async function startConsole(
  lab: Lab,
  f: Fleet,
  env: Record<string, string> = {},
): Promise<Console> {
  const PORT = String(await freePort());
  const url = `http://127.0.0.1:${PORT}`;
  const logFile = join(await lab.folder(), "web.log");
  const part = await startWeb({
    // Nobody answers there, and that at once.
    env: { ...f.env, DNS_SERVERS: "127.0.0.1:9", ...env, PORT, CONSOLE_URL: url },
    logFile,
  });
  lab.later(part.kill);
  return { url, part };
}

/** Start a wave by the API, as a client does who keeps a key of its own for the request. */
async function startThrough(f: Fleet, web: Console, key: string) {
  const prefix = `p${key}`;
  const known = approvals.get(f);
  const approved = known ?? (await givenApproved(f.w, { people: peopleOf(prefix, 100) }));
  approvals.set(f, approved);
  const expiresAt = new Date(Date.now() + 3_600_000);
  const token = await givenToken(f.w, f.w.staff.responder, { expiresAt });
  const started = { ...approved, prefix, token, waveId: "" };
  return { ...started, answer: await callStart(web, started, key) };
}

/** A fleet's one approved submission: asking again is about the same. */
const approvals = new WeakMap<Fleet, Awaited<ReturnType<typeof givenApproved>>>();

function callStart(
  web: Console,
  { incidentId, submissionId, token }: { incidentId: string; submissionId: string; token: string },
  key: string,
): Promise<Response> {
  return fetch(`${web.url}/v1/incidents/${incidentId}/waves`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "idempotency-key": key,
    },
    body: JSON.stringify({
      submissionId,
      acceptFindings: FINDING_CODES.options,
      reason: "These domains are invented.",
    }),
  });
}

async function waveOf({ w }: Fleet, incidentId: string): Promise<string> {
  const rows = await w.sql<{ id: string }[]>`select id from wave where incident_id = ${incidentId}`;
  must(rows.length === 1, `There are ${rows.length} waves, not one.`);
  return rows[0]?.id ?? "";
}

/** Run the command line as an operator does. */
async function candor(f: Fleet, args: readonly string[]): Promise<void> {
  await run(process.execPath, ["src/cli.ts", ...args], { cwd: HERE, env: { ...f.env } });
}

/** The version that is committed, in a folder of its own with the packages of this one. */
async function committedVersion(lab: Lab): Promise<string | undefined> {
  const root = join(await lab.folder(), "committed");
  await mkdir(root, { recursive: true });
  const archive = spawn("git", ["archive", "HEAD"], {
    cwd: HERE,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const unpack = spawn("tar", ["-x", "-C", root], { stdio: ["pipe", "ignore", "ignore"] });
  archive.stdout.pipe(unpack.stdin);
  const code = await new Promise((resolve) => void unpack.once("exit", resolve));
  const there = await run("test", ["-f", join(root, "workers/main.ts")]).then(
    () => true,
    () => false,
  );
  if (code !== 0 || !there) return undefined;
  await symlink(join(HERE, "node_modules"), join(root, "node_modules")).catch(() => {});
  return root;
}

const run = promisify(execFile);
const HERE = fileURLToPath(new URL("../../../", import.meta.url));
/** An incident that there is not. */
const NOBODY = "00000000-0000-4000-8000-000000000001";

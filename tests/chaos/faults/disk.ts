import { execFile } from "node:child_process";
import { mkdir, readFile, rm, rmdir, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { createDatabase, startPostgres } from "../../../src/dev/postgres.ts";
import { givenAudience, givenConfirmed } from "../../support/audience.ts";
import { restartableRedis, until } from "../../support/fleet.ts";
import { givenIncident } from "../../support/incident.ts";
import { aReader, givenBatch, givenLetterWave } from "../../support/letter.ts";
import { TEMPLATE } from "../../support/servers.ts";
import { givenMidWave, must, settledSoundly, untilOut } from "../acts.ts";
import { startWave } from "../lab.ts";
import type { Fault, Lab } from "../lab.ts";
import { onServers, refusesWork } from "./postgres.ts";

/** Disks that are full, and memory that has an end. */
export const DISK_FAULTS: readonly Fault[] = [
  {
    number: "16",
    name: "the disk of PostgreSQL, then that of Redis, is full",
    expected: "new work is refused whole; all goes on when there is room",
    async run(lab) {
      const disk = await smallDisk(lab, "main", 420);
      if (disk === undefined) return { outcome: "", skipped: "mounting a small disk needs root" };
      const server = await startPostgres({ folder: join(disk.path, "main") });
      lab.later(server.stop);
      await createDatabase(server, TEMPLATE);
      const f = await onServers(lab, { mainUrl: server.url() });
      const { running } = await givenMidWave(lab, { f, people: lab.people * 3, share: 0.1 });
      await disk.fill();
      await until("new work is refused", () => refusesWork(f));
      await disk.free();
      const checked = await settledSoundly(f, [running], { patienceMs: 180_000 });

      const small = await smallDisk(lab, "redis", 16);
      must(small !== undefined, "The second disk could not be mounted.");
      const redis = await restartableRedis(join(small.path, "redis"));
      lab.later(redis.kill);
      const second = await startWave(lab, f);
      await f.endWorkers();
      await f.worker({ REDIS_URL: redis.url });
      await untilOut(f, second, 1);
      await small.fill();
      const third = await startWave(lab, f);
      await untilOut(f, second, 2);
      await small.free();
      const both = await settledSoundly(f, [running, second, third], { patienceMs: 180_000 });
      return {
        outcome: `a declaration was refused whole; ${checked.people} and ${both.people} people reached`,
        checked: both,
      };
    },
  },
  {
    number: "40",
    name: "a worker with 512 MiB imports many people and makes many letters",
    expected: "it streams; nothing is lost",
    async run(lab) {
      const [rows, letters] = lab.long ? [200_000, 5_000] : [20_000, 300];
      const f = await lab.fleet();
      const worker = await f.worker();
      const limited = await keepTo(lab, worker.pid, LIMIT_BYTES);
      const { id: incidentId } = await givenIncident(f.w);
      const audienceId = await givenAudience(f.w, incidentId);
      const uploadId = await givenConfirmed(f.w, { incidentId, audienceId }, listOf(rows));
      const upload = async () => {
        const [row] = await f.w.sql<{ state: string; peopleAdded: number }[]>`
          select state, people_added from upload where id = ${uploadId}`;
        return row;
      };
      await until("it is imported", async () => (await upload())?.state === "imported", 300_000);
      const added = (await upload())?.peopleAdded;
      must(added === rows, `${added} of ${rows} people were added.`);

      const wave = await givenLetterWave(
        f.w,
        Array.from({ length: letters }, () => aReader()),
      );
      const { batchId } = await givenBatch(f.w, wave);
      const ready = () => f.w.sql`
        select 1 from letter_batch where id = ${batchId} and state = 'ready'`;
      await until("letters are made", async () => (await ready()).length > 0, 300_000);
      const peak = await peakMiB(worker.pid);
      must(peak <= 512, `It took ${peak} MiB.`);
      must(await worker.stop(), "It did not live through it.");
      const how = limited ? "enforced by a memory group" : "measured: no memory group can be made";
      return { outcome: `${rows} rows and ${letters} letters in ${peak} MiB, ${how}` };
    },
  },
];

/** A file of so many people, all good. */
function listOf(rows: number): string {
  const lines = Array.from({ length: rows }, (_, i) => `Person ${i},person-${i}@example.com,en`);
  return `name,email,language\n${lines.join("\n")}\n`;
}

/** Keep a process to so many bytes by a memory group, of either version; says whether it is. */
async function keepTo(lab: Lab, pid: number, bytes: number): Promise<boolean> {
  for (const [root, setting] of [
    ["/sys/fs/cgroup/memory", "memory.limit_in_bytes"],
    ["/sys/fs/cgroup", "memory.max"],
  ] as const) {
    const group = join(root, `candor-chaos-${process.pid}`);
    try {
      await mkdir(group);
      await writeFile(join(group, setting), String(bytes));
      await writeFile(join(group, "cgroup.procs"), String(pid));
      lab.later(() => rmdir(group).catch(() => {}));
      return true;
    } catch {
      await rmdir(group).catch(() => {});
    }
  }
  return false;
}

/** The most that a process ever had in memory. */
async function peakMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
}

interface Disk {
  readonly path: string;
  /** Leave no byte. */
  fill(): Promise<void>;
  free(): Promise<void>;
}

/** A disk of this many MiB in memory; nothing without the right to mount one. */
async function smallDisk(lab: Lab, name: string, mib: number): Promise<Disk | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const path = join(await lab.folder(), `disk-${name}`);
  await mkdir(path, { recursive: true });
  const options = `size=${mib}m,mode=755`;
  const mounted = await run("mount", ["-t", "tmpfs", "-o", options, "none", path]).then(
    () => true,
    () => false,
  );
  if (!mounted) return undefined;
  lab.later(() => run("umount", ["-l", path]));
  const ballast = join(path, "ballast");
  return {
    path,
    async fill() {
      for (let more = true, part = 0; more; part += 1) {
        const { bavail, bsize } = await statfs(path);
        const bytes = bavail * bsize;
        more = bytes > 0 && part < 20;
        // What the server takes meanwhile makes the last write fail, which is as good.
        if (more) await writeFile(`${ballast}-${part}`, Buffer.alloc(bytes)).catch(() => {});
      }
    },
    async free() {
      for (let part = 0; part < 20; part += 1) await rm(`${ballast}-${part}`, { force: true });
    },
  };
}

const run = promisify(execFile);
const LIMIT_BYTES = 512 * 2 ** 20;

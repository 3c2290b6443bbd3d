import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { alive, end, runs } from "./process.ts";

/**
 * A fresh folder for one run's servers, gone when `remove` is called. Folders of runs
 * that were killed are swept first, with the servers they left behind.
 */
export async function runFolder(name: string): Promise<{ path: string; remove(): Promise<void> }> {
  const prefix = `candor-${name}-${process.getuid?.() ?? "user"}-`;
  await sweep(prefix);
  const path = await mkdtemp(join(tmpdir(), prefix));
  // Others may pass through to their own server's data, which is closed to all but them.
  await chmod(path, 0o711);
  await writeFile(join(path, OWNER), String(process.pid), { mode: 0o600 });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A folder with a lasting name, for servers whose data outlives a run. */
export async function lastingFolder(path: string): Promise<string> {
  await mkdir(path, { recursive: true });
  await chmod(path, 0o711);
  return path;
}

async function sweep(prefix: string): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const path = join(tmpdir(), name);
    // Another run may be cleaning up at the same time.
    const uid = (await stat(path).catch(() => undefined))?.uid;
    if (uid === undefined) continue;
    const owner = Number(await readFile(join(path, OWNER), "utf8").catch(() => "0"));
    if (uid !== (process.getuid?.() ?? uid) || owner === 0 || alive(owner)) continue;
    await endServers(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function endServers(path: string): Promise<void> {
  for (const { file, program, ask } of LEFT_BEHIND) {
    const [pid] = (await readFile(join(path, file), "utf8").catch(() => "0")).split("\n");
    if (await runs(Number(pid), program(path))) await end(Number(pid), ask, "SIGKILL", 5_000);
  }
}

const OWNER = "owner.pid";
const LEFT_BEHIND = [
  { file: "main/data/postmaster.pid", program: (path: string) => path, ask: "SIGINT" },
  { file: "keystore/data/postmaster.pid", program: (path: string) => path, ask: "SIGINT" },
  { file: "redis/redis.pid", program: () => "redis-server", ask: "SIGTERM" },
] as const;

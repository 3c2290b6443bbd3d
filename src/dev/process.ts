import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** A TCP port on loopback that nobody listens on right now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("No free port was found.");
  return address.port;
}

/** Whether a process with this id exists. Signal 0 asks without disturbing; EPERM means "yes, someone else's". */
export function alive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Whether process `pid` is the program we think it is: ids are reused. Where there is no /proc, we trust the id. */
export async function runs(pid: number, program: string): Promise<boolean> {
  if (!alive(pid)) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => program);
  return command.includes(program);
}

/** Ask a process to end, and after `patienceMs` make it. Returns when it is gone. */
export async function end(
  pid: number,
  ask: NodeJS.Signals,
  make: NodeJS.Signals,
  patienceMs: number,
) {
  for (const signal of [ask, make]) {
    if (!alive(pid)) return;
    process.kill(pid, signal);
    for (let waited = 0; waited < patienceMs && alive(pid); waited += 20) await sleep(20);
  }
}

export const LOOPBACK = "127.0.0.1";

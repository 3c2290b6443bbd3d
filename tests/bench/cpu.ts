import { readFile, readdir } from "node:fs/promises";

import { shown, table } from "./row.ts";

/** Seconds of processor that the processes under this one have used, by what they are. */
export type Used = ReadonlyMap<string, number>;

/**
 * What everything below this process has used so far. On a machine that others use too it tells
 * more than seconds do. A process that ended counts with the one that waited for it.
 */
export async function cpuUsed(): Promise<Used> {
  const used = new Map<string, number>();
  for (const { kind, seconds } of below(await processes(), process.pid))
    used.set(kind, (used.get(kind) ?? 0) + seconds);
  return used;
}

/** Adds up what is used while something runs; microseconds a message, as a table. */
export function createCpuTally() {
  const sums = new Map<string, number>();
  let messages = 0;
  return {
    async during<T>(count: number, run: () => Promise<T>): Promise<T> {
      const before = await cpuUsed();
      const result = await run();
      for (const [kind, seconds] of await cpuUsed())
        sums.set(kind, (sums.get(kind) ?? 0) + seconds - (before.get(kind) ?? 0));
      messages += count;
      return result;
    },
    lines(): string[] {
      const each = [...sums]
        .map(([kind, seconds]) => [kind, (1e6 * seconds) / messages] as const)
        .filter(([, us]) => us >= 0.5)
        .toSorted(([, a], [, b]) => b - a);
      const total = each.reduce((sum, [, us]) => sum + us, 0);
      return table(
        ["processor time", "µs a message"],
        [...each, ["all of it", total] as const].map(([kind, us]) => [kind, shown(us)]),
      );
    },
  };
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly kind: string;
  readonly seconds: number;
}

async function processes(): Promise<Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return (await Promise.all(pids.map(process_))).flatMap((found) => found ?? []);
}

/** Nothing where it is gone by now. */
async function process_(pid: string): Promise<Process | undefined> {
  const [stat, command] = await Promise.all(
    ["stat", "cmdline"].map((name) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")),
  );
  // The name in parentheses may hold anything; what is counted stands after it (proc(5)).
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  if (fields.length < 15) return undefined;
  const kind = KINDS.find(([part]) => command?.includes(part))?.[1] ?? "other";
  return { pid: Number(pid), parent: Number(fields[1]), kind, seconds: ticks / TICKS };
}

function below(all: readonly Process[], pid: number): Process[] {
  const children = all.filter(({ parent }) => parent === pid);
  return children.flatMap((child) => [child, ...below(all, child.pid)]);
}

const KINDS = [
  ["workers/main.ts", "workers"],
  ["src/server.ts", "web"],
  ["redis-server", "Redis"],
  ["smtp-sink", "smtp-sink"],
  ["postgres", "PostgreSQL"],
] as const;
/** Of proc(5), a second. */
const TICKS = 100;

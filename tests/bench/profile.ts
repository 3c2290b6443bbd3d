import { mkdir, readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import type { Database } from "../../src/store/db.ts";
import { givenCrowd, givenPlace } from "./crowd.ts";
import { openLab } from "./lab.ts";
import type { Later, Sizes } from "./lab.ts";
import { receiptsFor } from "./receipts.ts";
import { shown, table } from "./row.ts";
import type { Found } from "./row.ts";
import { timedWave } from "./wave.ts";

/** Where the time goes in work whose floor was missed: one process's functions, and the database's statements. */
export function profileOf(work: "send" | "receipts") {
  return async (sizes: Sizes, later: Later): Promise<Found> => {
    const { lab, run, start } = await (work === "send" ? sending : receiving)(sizes, later);
    const folder = join(lab.folder, "profile");
    await mkdir(folder, { recursive: true });
    const part = await start({ NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${folder}` });
    const watching = watchStatements(lab.w.sql);
    await run();
    const statements = await watching.stop();
    // The profile is written as the process ends.
    await part.stop();
    const [file] = (await readdir(folder)).filter((name) => name.endsWith(".cpuprofile"));
    const functions = file ? await busiest(join(folder, file)) : [];
    return {
      rows: [],
      lines: [
        `One ${work === "send" ? "worker" : "public door"} under \`--cpu-prof\`: where it was, of the time it was not idle.`,
        "",
        ...table(
          ["function", "where", "%"],
          functions.map(({ name, where, share }) => [`\`${name}\``, where, shown(share)]),
        ),
        "",
        "What the database was busy with, looked at fifty times a second:",
        "",
        ...table(
          ["statement", "%"],
          statements.map(({ text, share }) => [`\`${text}\``, shown(share)]),
        ),
      ],
    };
  };
}

async function sending({ recipients }: Sizes, later: Later) {
  const lab = await openLab(later);
  const crowd = await givenCrowd(lab.w, await givenPlace(lab.w), recipients);
  const run = async () => {
    // Long enough that starting the process hardly shows.
    for (const _ of [1, 2, 3]) await timedWave(lab, crowd);
  };
  return { lab, start: lab.worker, run };
}

async function receiving({ quick }: Sizes, later: Later) {
  const { lab, single } = await receiptsFor(later, quick ? 2_000 : 50_000);
  return { lab, start: lab.door, run: () => single(quick ? 1 : 5) };
}

const Profile = z.object({
  nodes: z.array(
    z.object({
      id: z.int(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.int() }),
    }),
  ),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.int()),
});

/** The functions in which most time was spent, themselves and not what they call. */
async function busiest(file: string) {
  const { nodes, samples, timeDeltas } = Profile.parse(JSON.parse(await readFile(file, "utf8")));
  const names = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const spent = new Map<string, { name: string; where: string; us: number }>();
  let total = 0;
  for (const [i, id] of samples.entries()) {
    const frame = names.get(id);
    const us = timeDeltas[i] ?? 0;
    if (!frame || frame.functionName === "(idle)" || frame.functionName === "(program)") continue;
    total += us;
    const where = shortened(frame.url, frame.lineNumber + 1);
    const name = frame.functionName || "(anonymous)";
    const known = spent.get(`${name} ${where}`) ?? { name, where, us: 0 };
    spent.set(`${name} ${where}`, { ...known, us: known.us + us });
  }
  return [...spent.values()]
    .toSorted((a, b) => b.us - a.us)
    .slice(0, MOST)
    .map(({ name, where, us }) => ({ name, where, share: (100 * us) / total }));
}

/** Where a function is, from the root of the checkout or the package on. */
function shortened(url: string, line: number): string {
  if (url === "") return "V8 or native";
  const path = url
    .replace(/^file:\/\//, "")
    .replace(/^.*\/(node_modules|src|workers|tests)\//, "$1/");
  return `${path}:${line}`;
}

/** Which statements run, by looking again and again; their values are not in what is seen. */
function watchStatements(sql: Database) {
  const seen = new Map<string, number>();
  let over = false;
  const watching = (async () => {
    while (!over) {
      const rows = await sql<{ query: string }[]>`
        select query from pg_stat_activity
         where state = 'active' and pid <> pg_backend_pid() and backend_type = 'client backend'`;
      for (const { query } of rows) seen.set(query, (seen.get(query) ?? 0) + 1);
      await sleep(20);
    }
  })();
  return {
    async stop() {
      over = true;
      await watching;
      const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
      return [...seen]
        .toSorted(([, a], [, b]) => b - a)
        .slice(0, 8)
        .map(([text, count]) => ({ text: oneLine(text), share: (100 * count) / total }));
    },
  };
}

function oneLine(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll("|", "¦")
    .replaceAll("`", "'")
    .trim()
    .slice(0, 140);
}

const MOST = 15;

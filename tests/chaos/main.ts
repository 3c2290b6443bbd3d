import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

import { runFolder } from "../../src/dev/folder.ts";
import { startServers } from "../support/servers.ts";
import { FAULTS } from "./faults.ts";
import { openLab } from "./lab.ts";
import type { Fault, Finding, Lab } from "./lab.ts";
import { marathon } from "./marathon.ts";
import type { Length } from "./marathon.ts";
import { writeReport } from "./report.ts";
import type { Result } from "./report.ts";

/**
 * `npm run chaos [-- --only 5,7] [--seed N] [--people N] [--quick] [--json]`: break things one by
 * one and compare all ledgers after each. With `--marathon [--kills N]`: kill workers, Redis and
 * PostgreSQL at random over wave after wave instead. A whole run writes docs/reports/chaos.md;
 * exits 1 where anything did not end as expected.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  const seed = Number(values.seed ?? randomInt(2 ** 31));
  say(`seed ${seed}`);
  const wanted = new Set(values.only?.split(",").map((each) => each.trim()));
  const faults = FAULTS.filter(({ number }) => wanted.size === 0 || wanted.has(number));
  if (faults.length === 0) throw new Error("There is no such fault.");
  const folder = await runFolder("chaos");
  const servers = await startServers(folder.path);
  const options = { long: !values.quick, people: Number(values.people), inside: values.inside };
  const lab = openLab(servers.urls, { ...options, seed });
  let passed: boolean;
  try {
    passed = values.marathon
      ? await run(lab, values.kills === undefined ? WHOLE : shorter(Number(values.kills)))
      : await runAll(lab, faults, { ...values, report: wanted.size === 0 });
  } finally {
    await lab.close();
    await servers.stop();
    await folder.remove();
  }
  // Not before all is undone; and not held up by a connection that some fault left open.
  process.exit(passed ? 0 : 1);
}

async function runAll(lab: Lab, faults: readonly Fault[], to: Output): Promise<boolean> {
  const results: Result[] = [];
  for (const fault of faults) results.push(await tried(fault, lab));
  if (to.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  else if (to.report) writeReport({ results, seed: lab.seed, quick: to.quick });
  return results.every(({ passed }) => passed);
}

interface Output {
  readonly json: boolean;
  readonly quick: boolean;
  readonly report: boolean;
}

async function run(lab: Lab, length: Length): Promise<boolean> {
  const result = await marathon(lab, length, say).catch((error: unknown) => {
    say(`FAILED: ${failed(error).outcome}`);
    return undefined;
  });
  if (!result) return false;
  say(JSON.stringify(result));
  if (length === WHOLE) writeReport({ marathon: result });
  return result.lost + result.doubled + result.unresolved === 0;
}

const WHOLE: Length = { kills: 100, killsOfPostgres: 20, flushes: 20, people: 10_000 };

/** For a try: as many kills, a fifth as many of PostgreSQL, and smaller waves. */
function shorter(kills: number): Length {
  const fifth = Math.ceil(kills / 5);
  return { kills, killsOfPostgres: fifth, flushes: fifth, people: 3_000 };
}

async function tried(fault: Fault, lab: Lab): Promise<Result> {
  const { number, name, expected } = fault;
  say(`${number}  ${name} …`);
  const started = performance.now();
  const ended = await fault.run(lab).then(
    (finding) => ({ passed: true, finding }),
    (error: unknown) => ({ passed: false, finding: failed(error) }),
  );
  const seconds = Math.round((performance.now() - started) / 1_000);
  await lab.tidy();
  const { passed, finding } = ended;
  const word = finding.skipped === undefined ? (passed ? "passed" : "FAILED") : "skipped";
  say(`    ${word} in ${seconds} s: ${finding.skipped ?? finding.outcome}`);
  if (finding.checked) say(`    ${JSON.stringify(finding.checked)}`);
  return { number, name, expected, seconds, passed, finding };
}

function failed(error: unknown): Finding {
  if (error instanceof Error && process.env["CHAOS_TRACE"]) say(error.stack ?? "");
  return { outcome: error instanceof Error ? error.message : "something was thrown" };
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

const OPTIONS = {
  only: { type: "string" },
  seed: { type: "string" },
  people: { type: "string", default: "300" },
  quick: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  marathon: { type: "boolean", default: false },
  kills: { type: "string" },
  inside: { type: "boolean", default: false },
} as const;

await main();

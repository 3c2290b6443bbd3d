import { parseArgs } from "node:util";

import { benchImport } from "./import.ts";
import { benchLatency } from "./latency.ts";
import type { Later, Sizes } from "./lab.ts";
import { benchLaw } from "./law.ts";
import { benchLint } from "./lint.ts";
import { benchMillion } from "./million.ts";
import { benchNaive } from "./naive.ts";
import { POSTFIX_PRESENT } from "./postfix.ts";
import { profileOf } from "./profile.ts";
import { benchPublic } from "./public.ts";
import { benchReceipts } from "./receipts.ts";
import { benchRecovery } from "./recovery.ts";
import { reportOf, writeReport } from "./report.ts";
import type { Result } from "./report.ts";
import { rowLines, verdictOf } from "./row.ts";
import type { Found } from "./row.ts";
import { benchSend } from "./send.ts";
import { benchStarts } from "./starts.ts";
import { benchTiming } from "./timing.ts";
import { benchVariants } from "./variant.ts";

/**
 * `npm run bench [-- --only send,naive,…] [--quick] [--rounds N] [--recipients N]
 * [--recipients-wave N] [--rows N] [--json]`: every figure of the table of goals. Each part has
 * servers of its own and a time it may take; one that fails or takes longer is reported, and the
 * others go on. Writes docs/reports/bench.md when all parts ran in full size; exits 1 where one
 * failed. A missed floor is no failure: it comes with a profile.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  const { quick } = values;
  const sizes: Sizes = {
    recipients: Number(values.recipients ?? (quick ? 500 : 10_000)),
    rounds: Number(values.rounds ?? (quick ? 2 : 5)),
    wave: Number(values["recipients-wave"] ?? (quick ? 4_000 : 1_000_000)),
    rows: Number(values.rows ?? (quick ? 5_000 : 500_000)),
    quick,
  };
  const wanted = values.only?.split(",").map((name) => name.trim());
  const parts = PARTS.filter(({ name }) => wanted?.includes(name) ?? true);
  const strange = wanted?.filter((name) => !PARTS.some((part) => part.name === name)) ?? [];
  if (strange.length > 0)
    throw new Error(`No part is called ${strange.join(", ")}: ${PARTS.map(nameOf).join(", ")}.`);

  const results: Result[] = [];
  for (const part of parts) results.push(await tried(part, sizes));
  for (const work of missedWork(results))
    results.push(
      await tried(
        { name: `profile-${work}`, title: `Profile: ${work}`, minutes: 3, run: profileOf(work) },
        sizes,
      ),
    );
  const text = reportOf(results, sizes);
  if (wanted === undefined && !quick) writeReport(text);
  process.stdout.write(values.json ? `${JSON.stringify(results)}\n` : text);
  // Not held up by a connection that a broken part left open.
  process.exit(results.every(({ found }) => found) ? 0 : 1);
}

interface Part {
  readonly name: string;
  readonly title: string;
  /** How long it may take. */
  readonly minutes: number;
  readonly needsPostfix?: boolean;
  readonly run: (sizes: Sizes, later: Later) => Promise<Found>;
}

/** Run one part and undo all that it started, however it ends. */
async function tried({ name, title, minutes, needsPostfix, run }: Part, sizes: Sizes) {
  if (needsPostfix && !POSTFIX_PRESENT)
    return { name, title, seconds: 0, found: SKIPPED } satisfies Result;
  say(`${title} …`);
  const started = performance.now();
  const { later, undo } = undoing();
  ending = undo;
  try {
    const found = await within(minutes * 60_000, run(sizes, later));
    return told({ name, title, seconds: since(started), found });
  } catch (error) {
    const trouble = error instanceof Error ? error.message : "something was thrown";
    return told({ name, title, seconds: since(started), trouble });
  } finally {
    await undo();
    if (!interrupted) ending = undefined;
    // The signal's handler has the last word.
    else await new Promise(() => {});
  }
}

function told(result: Result): Result {
  say(
    `  ${result.trouble === undefined ? "done" : `FAILED: ${result.trouble}`} (${result.seconds} s)`,
  );
  if (result.found && result.found.rows.length > 0)
    for (const line of rowLines(result.found.rows).slice(2)) say(`  ${line}`);
  return result;
}

function undoing() {
  const undone: (() => Promise<unknown>)[] = [];
  let over: Promise<void> | undefined;
  const carefully = (undo: () => Promise<unknown>) =>
    within(UNDO_MS_MAX, undo()).catch((error: unknown) => say(`  while ending: ${String(error)}`));
  async function all(): Promise<void> {
    for (const undo of undone.splice(0).toReversed()) await carefully(undo);
  }
  return {
    later: (undo: () => Promise<unknown>) => {
      // A part that took too long may still be starting something.
      if (over) void carefully(undo);
      else undone.push(undo);
    },
    /** Whoever asks second waits for the same end. */
    undo: () => (over ??= all()),
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new Error(`This took longer than ${Math.round(ms / 1_000)} s.`);
    timer = setTimeout(() => reject(error), ms);
  });
  // Whatever it still does after that is nobody's concern.
  work.catch(() => {});
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** The works whose floor was missed somewhere. */
function missedWork(results: readonly Result[]) {
  const missed = results
    .flatMap(({ found }) => found?.rows ?? [])
    .filter((row) => verdictOf(row) === "missed");
  return new Set(missed.flatMap(({ profile }) => profile ?? []));
}

function since(started: number): number {
  return Math.round((performance.now() - started) / 1_000);
}

function nameOf({ name }: Part): string {
  return name;
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

const UNDO_MS_MAX = 45_000;
const SKIPPED: Found = { rows: [], lines: ["Skipped: Postfix's smtp-sink is not installed."] };
const mail = { needsPostfix: true } as const;
const PARTS: readonly Part[] = [
  { name: "send", title: "Sending beside smtp-source", minutes: 4, run: benchSend, ...mail },
  { name: "naive", title: "Beside one job a person", minutes: 15, run: benchNaive, ...mail },
  { name: "latency", title: "A relay 50 ms away", minutes: 4, run: benchLatency, ...mail },
  { name: "million", title: "A large wave", minutes: 16, run: benchMillion, ...mail },
  { name: "starts", title: "The first message", minutes: 3, run: benchStarts, ...mail },
  { name: "receipts", title: "Receipts", minutes: 3, run: benchReceipts, ...mail },
  { name: "recovery", title: "After a kill and a flush", minutes: 5, run: benchRecovery, ...mail },
  { name: "public", title: "The public page beside a wave", minutes: 4, run: benchPublic, ...mail },
  { name: "timing", title: "What the time of an answer gives away", minutes: 4, run: benchTiming },
  { name: "import", title: "Import", minutes: 8, run: benchImport },
  {
    name: "variants",
    title: "People split into variants",
    minutes: 8,
    run: benchVariants,
    ...mail,
  },
  { name: "law", title: "An incident assessed under every rule", minutes: 2, run: benchLaw },
  { name: "lint", title: "A notice linted in three languages", minutes: 2, run: benchLint },
];
const OPTIONS = {
  only: { type: "string" },
  quick: { type: "boolean", default: false },
  rounds: { type: "string" },
  recipients: { type: "string" },
  "recipients-wave": { type: "string" },
  rows: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

/** Undoes the part that runs now. */
let ending: (() => Promise<void>) | undefined;
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    interrupted = true;
    void (ending?.() ?? Promise.resolve()).then(() => process.exit(130));
  });

await main();

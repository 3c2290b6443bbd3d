import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { parseArgs } from "node:util";

import { benchImport } from "./import.ts";
import type { ImportReport } from "./import.ts";
import { POSTFIX_PRESENT } from "./postfix.ts";
import { benchPublic, publicLines } from "./public.ts";
import type { PublicReport } from "./public.ts";
import { benchSend } from "./send.ts";
import type { SendReport } from "./send.ts";
import { benchTiming, timingLines } from "./timing.ts";
import type { TimingReport } from "./timing.ts";

/**
 * `npm run bench [--rows N] [--recipients N] [--rounds N]`: sending beside Postfix,
 * the public page beside a wave, what the time of an answer gives away, and import speed and
 * memory. Writes docs/reports/bench.md; exits 1 where a count is wrong.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: "string", default: "1000000" },
      recipients: { type: "string", default: "10000" },
      rounds: { type: "string", default: "5" },
      json: { type: "boolean", default: false },
    },
  });
  say("Sending beside smtp-source …");
  const sending = await benchSend(Number(values.recipients), Number(values.rounds));
  say("Reading the public page beside a wave …");
  const reading = POSTFIX_PRESENT ? await benchPublic(500, 30) : undefined;
  say("Timing the answers to known and unknown people …");
  const timing = await benchTiming(2_000);
  say(`Importing ${values.rows} rows …`);
  const importing = await benchImport(Number(values.rows));
  const reports = { sending, reading, timing, importing };
  const text = report(reports);
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL("bench.md", FOLDER), text);
  process.stdout.write(values.json ? `${JSON.stringify(reports)}\n` : text);
  if (!importing.faultsAgree) process.exitCode = 1;
}

interface Reports {
  readonly sending: SendReport | undefined;
  readonly reading: PublicReport | undefined;
  readonly timing: readonly TimingReport[];
  readonly importing: ImportReport;
}

function report({ sending, reading, timing, importing }: Reports): string {
  const [cpu] = cpus();
  return [
    "# Benchmark report",
    "",
    `Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} × ` +
      `${cpu?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, ` +
      `Node ${process.version}. Everything shares these cores, so compare within a round only.`,
    "",
    "## Sending, start → accepted",
    "",
    ...(sending ? sendLines(sending) : ["Skipped: Postfix's smtp-source is not installed."]),
    "",
    "## The public page beside a wave",
    "",
    ...(reading ? publicLines(reading) : ["Skipped: Postfix's smtp-sink is not installed."]),
    "",
    "## What the time of an answer gives away",
    "",
    ...timingLines(timing),
    "",
    "## Import",
    "",
    ...importLines(importing),
    "",
  ].join("\n");
}

function sendLines({ messages, bytes, rounds }: SendReport): string[] {
  return [
    `${messages} messages of about ${bytes} bytes a round, 2 workers × 10 connections, contacts ` +
      "sealed, composed per person; smtp-source with 20 sessions; one smtp-sink, its count checked.",
    "",
    "| round | smtp-source /s | Candor /s | ratio |",
    "|---|---|---|---|",
    ...rounds.map(
      ({ source, candor, ratio }, i) =>
        `| ${i + 1} | ${Math.round(source)} | ${Math.round(candor)} | ${ratio.toFixed(3)} |`,
    ),
    "",
    `Median ratio **${median(rounds.map(({ ratio }) => ratio)).toFixed(3)}**, ` +
      `median rate ${Math.round(median(rounds.map(({ candor }) => candor)))} messages/s.`,
  ];
}

function importLines(of: ImportReport): string[] {
  return [
    `${of.rows} rows, ${of.rowsBad} of them bad: **${of.seconds} s** (upload ${of.uploadSeconds}, ` +
      `stage ${of.stageSeconds}, merge ${of.mergeSeconds}); peak resident memory of the web ` +
      `process and ${of.workers} workers together **${of.peakMiB} MiB** (each at its own peak: ${of.peakEachMiB.join(", ")}).`,
    `${of.peopleAdded} people, ${of.merged} rows merged. Lines and codes of the bad rows ` +
      `${of.faultsAgree ? "equal" : "DIFFER FROM"} the generator's list.`,
  ];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

const FOLDER = new URL("../../docs/reports/", import.meta.url);

await main();

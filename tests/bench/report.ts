import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

import type { Sizes } from "./lab.ts";
import { rowLines } from "./row.ts";
import type { Found } from "./row.ts";

/** One part: what it found, or what kept it from finding anything. */
export interface Result {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  readonly found?: Found;
  readonly trouble?: string;
}

/** The whole report as Markdown: the table of goals, then every part with its rounds. */
export function reportOf(results: readonly Result[], { quick }: Sizes): string {
  const [cpu] = cpus();
  const total = results.reduce((sum, { seconds }) => sum + seconds, 0);
  return [
    "# Benchmark report",
    "",
    `Made by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)} in ` +
      `${Math.round(total / 60)} minutes: ${cpus().length} × ${cpu?.model ?? "unknown"}, ` +
      `${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version}. Senders, ` +
      "servers, sinks and load generators share these cores, so ratios of one round mean more than " +
      "rates. PostgreSQL writes durably (`fsync` and `synchronous_commit` on).",
    ...(quick ? ["", "**A quick run: small sizes, and no figure counts.**"] : []),
    "",
    ...rowLines(results.flatMap(({ found }) => found?.rows ?? [])),
    ...results.flatMap(({ title, seconds, found, trouble }) => [
      "",
      `## ${title}`,
      "",
      ...(found?.lines ?? [`**Failed**: ${trouble ?? "unknown"}`]),
      "",
      `Took ${seconds} s.`,
    ]),
    "",
  ].join("\n");
}

export function writeReport(text: string): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(new URL("bench.md", FOLDER), text);
}

const FOLDER = new URL("../../docs/reports/", import.meta.url);

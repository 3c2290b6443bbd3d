import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";

import type { Finding } from "./lab.ts";
import type { Marathon } from "./marathon.ts";

/** How one fault ended. */
export interface Result {
  readonly number: string;
  readonly name: string;
  readonly expected: string;
  readonly seconds: number;
  readonly passed: boolean;
  readonly finding: Finding;
}

/**
 * Write docs/reports/chaos.md: the part that was run is written anew, and the other stays as the
 * last run of it left it.
 */
export function writeReport(made: Made): void {
  mkdirSync(FOLDER, { recursive: true });
  const old = existsSync(FILE) ? readFileSync(FILE, "utf8") : "";
  const [faults = "", run = ""] = old.split(`\n${MARATHON}\n`);
  const first = "results" in made ? faultLines(made) : faults.trimEnd().split("\n");
  const second = "marathon" in made ? marathonLines(made.marathon) : run.trim().split("\n");
  writeFileSync(FILE, [...first, "", MARATHON, "", ...second, ""].join("\n"));
}

type Made =
  | { readonly results: readonly Result[]; readonly seed: number; readonly quick: boolean }
  | { readonly marathon: Marathon };

function faultLines({ results, seed, quick }: Extract<Made, { results: unknown }>): string[] {
  return [
    "# Chaos report",
    "",
    `Made by \`npm run chaos${quick ? " -- --quick" : ""}\` ${machine()}, seed ${seed}.` +
      (quick ? " Outages and freezes were the shortest that show the fault." : ""),
    "",
    "After each fault four ledgers are compared: deliveries, attempts, what the providers " +
      "themselves took, and the audit chain. *Lost*: accepted by our word without a copy, or " +
      "without an end. *Doubled*: a further copy that nothing names as unclear. *Unknown*: " +
      "attempts named as unclear.",
    "",
    "| # | fault | expected | outcome | lost | doubled | unknown | s |",
    "|---|---|---|---|---|---|---|---|",
    ...results.map(line),
    "",
    ...results.flatMap(({ number, finding: { shortened } }) =>
      shortened === undefined ? [] : [`- ${number}, shortened: ${shortened}.`],
    ),
  ];
}

function line({ number, name, expected, seconds, passed, finding }: Result): string {
  const { outcome, skipped, checked } = finding;
  const said = skipped === undefined ? outcome : `skipped: ${skipped}`;
  const counts = checked ? [checked.lost, checked.doubled, checked.unknown] : ["–", "–", "–"];
  const word = skipped === undefined && !passed ? "**failed**: " : "";
  const cells = [number, name, expected, word + said, ...counts, seconds];
  return `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
}

function marathonLines(of: Marathon): string[] {
  const { done, waves, people } = of;
  return [
    `Made by \`npm run chaos -- --marathon\` ${machine()}, seed ${of.seed}, in ${of.seconds} s.`,
    "",
    `${waves} waves, ${people} people. Killed with SIGKILL: workers ${done.worker} times, Redis ` +
      `${done.redis}, PostgreSQL ${done.postgres}; Redis emptied ${done.flush} times. At least ` +
      `${of.inFlightLeast} messages were in flight at every one of these moments, by the mail ` +
      "server's own count.",
    "",
    `**${of.lost} lost, ${of.doubled} doubled** outside of what is named unknown. ${of.unknown} ` +
      `attempts were unknown (at most ${of.unknownMost} may have been: twice the connections of ` +
      `each worker killed); ${of.unresolved} of them stayed so after the rules had done their work.`,
  ];
}

function machine(): string {
  const [cpu] = cpus();
  return (
    `on ${new Date().toISOString().slice(0, 10)}: ${cpus().length} × ` +
    `${cpu?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, ` +
    `Node ${process.version}`
  );
}

const MARATHON = "## Marathon";
const FOLDER = new URL("../../docs/reports/", import.meta.url);
const FILE = new URL("chaos.md", FOLDER);

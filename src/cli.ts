#!/usr/bin/env node
import { Command } from "commander";

import { z } from "zod";

import { assessCommand } from "./cli/assess.ts";
import { bounceCommand } from "./cli/bounce.ts";
import { deltaCommand } from "./cli/delta.ts";
import { filingCommands, registerCommand } from "./cli/filing.ts";
import { followupCommands } from "./cli/followup.ts";
import { heldCommands } from "./cli/held.ts";
import { inquiryCommands } from "./cli/inquiry.ts";
import { interchangeCommands } from "./cli/interchange.ts";
import { keyCommands } from "./cli/key.ts";
import { lawCommand } from "./cli/law.ts";
import { letterCommands } from "./cli/letter.ts";
import { lintCommands } from "./cli/lint.ts";
import { noticeCommands } from "./cli/notice.ts";
import { obligationCommands } from "./cli/obligation.ts";
import { operatorCommands } from "./cli/operator.ts";
import { preflightCommands } from "./cli/preflight.ts";
import { processorCommands } from "./cli/processor.ts";
import { publicationCommands } from "./cli/publication.ts";
import { queueCommands } from "./cli/queue.ts";
import { responderCommands } from "./cli/responder.ts";
import { severityCommands } from "./cli/severity.ts";
import { surveyCommands } from "./cli/survey.ts";
import { unknownCommands } from "./cli/unknown.ts";
import { variantCommands } from "./cli/variants.ts";
import { Refusal } from "./domain/refusal.ts";

/** The command line: `candor --help` lists everything. */
async function main(): Promise<void> {
  const program = new Command("candor")
    .description("Answer a personal-data breach: declare, import, approve, send.")
    .showHelpAfterError();
  responderCommands(program);
  assessCommand(program);
  interchangeCommands(program);
  lawCommand(program);
  severityCommands(program);
  filingCommands(program);
  deltaCommand(program);
  registerCommand(program);
  processorCommands(program);
  obligationCommands(program);
  noticeCommands(program);
  lintCommands(program);
  variantCommands(program);
  inquiryCommands(program);
  letterCommands(program);
  unknownCommands(program);
  heldCommands(program);
  followupCommands(program);
  surveyCommands(program);
  publicationCommands(program);
  preflightCommands(program);
  bounceCommand(program);
  operatorCommands(program);
  queueCommands(program);
  keyCommands(program);
  program
    .command("demo")
    .description("play one breach from declaration to the last message, on servers of its own")
    .option("--recipients <count>", "rows of the people file", "1000")
    .option("--people <file>", "keep the invented people file here")
    .option("--exit", "end when the story ends")
    .option("--json", "end with one line of JSON")
    .action(async (options: unknown) => {
      // Loaded on demand: production has no src/dev.
      const { demo } = await import("./dev/demo.ts");
      process.exitCode = await demo(options);
    });
  await program.parseAsync();
}

main().catch((error: unknown) => {
  process.stderr.write(`${sentence(error)}\n`);
  process.exitCode = 1;
});

/** What a person needs to read. A database's own messages may quote what it holds. */
function sentence(error: unknown): string {
  if (error instanceof Refusal)
    return [error.message, ...error.fields.map((f) => `  ${f.field}: ${f.message}`)].join("\n");
  if (error instanceof z.ZodError)
    return error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n");
  if (!(error instanceof Error)) return "Something went wrong.";
  const code = "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED")
    return "A server that Candor needs does not answer. Check the addresses in the settings.";
  if (code === "ENOENT")
    return `There is no such file: ${"path" in error ? String(error.path) : ""}`;
  if (code === "ERR_MODULE_NOT_FOUND")
    return "This is not part of an installation without src/dev.";
  if (code === "EEXIST") return "That file exists already; it is left as it is.";
  if (error.name === "PostgresError") return `The database refused (${code}).`;
  return error.message;
}

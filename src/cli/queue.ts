import type { Command } from "commander";

import { z } from "zod";

import { line } from "../domain/text.ts";
import { withContext } from "./operator.ts";

/**
 * What an operator does about the sending engine, at the machine: `candor queue status`, `lock`,
 * `unlock`, `rebuild`, `parked` and `retry`.
 */
export function queueCommands(program: Command): void {
  const queue = program.command("queue").description("look at the sending engine, and repair it");
  queue
    .command("status")
    .description("whether anything may be sent, which workers live, what waits; exits 2 if locked")
    .option("--json", "one line of JSON")
    .action((options: unknown) =>
      withContext(async (ctx) => (await acts()).status(ctx, Json.parse(options))),
    );
  queue
    .command("lock")
    .description("stop all sending at once, of every wave")
    .requiredOption("--reason <text>")
    .action((options: unknown) =>
      withContext(async (ctx) => (await acts()).lock(ctx, Reason.parse(options))),
    );
  queue
    .command("unlock")
    .description(
      "let sending go on; after a restore, waves stand still until two people resume them",
    )
    .requiredOption("--reason <text>")
    .option("--yes", "do not ask")
    .action((options: unknown) =>
      withContext(async (ctx) => (await acts()).unlock(ctx, Unlocking.parse(options))),
    );
  queue
    .command("rebuild")
    .description(
      "empty our part of Redis and hand everything over again; safe beside running workers",
    )
    .option("--dry-run", "only compare; exits 2 where Redis does not hold what it should")
    .action((options: unknown) =>
      withContext(async (ctx) => (await acts()).rebuild(ctx, Rebuilding.parse(options))),
    );
  queue
    .command("parked")
    .description("what failed too often and waits for a person; exits 2 if there is any")
    .action(() => withContext(async (ctx) => (await acts()).parked(ctx)));
  queue
    .command("retry")
    .description("try parked work again: one by its number, or all")
    .argument("[number]")
    .action((number: unknown) =>
      withContext(async (ctx) => (await acts()).retry(ctx, Numbered.parse(number))),
    );
}

/** Loaded on demand: every other command starts in half the time without BullMQ. */
function acts() {
  return import("./queue-act.ts");
}

const Json = z.object({ json: z.boolean().default(false) });
const Reason = z.object({ reason: line(500) });
const Unlocking = Reason.extend({ yes: z.boolean().default(false) });
const Rebuilding = z.object({ dryRun: z.boolean().default(false) });
const Numbered = z.coerce.number().int().positive().optional();

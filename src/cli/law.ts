import { fileURLToPath } from "node:url";

import type { Command } from "commander";

import { lawPage } from "../domain/law/page.ts";
import { readLibrary } from "../gateways/library.ts";

/** `candor law`: every rule, how it was established, and what is in doubt. Needs no server. */
export function lawCommand(program: Command): void {
  program
    .command("law")
    .description("print the rules of law that are known, as Markdown; names every problem of yours")
    .option("--own <folder>", "rules of your own beside those that ship", process.env["LAW_FOLDER"])
    .action(({ own }: { own?: string }) => {
      process.stdout.write(lawPage(readLibrary(LAW, own || undefined)));
    });
}

const LAW = fileURLToPath(new URL("../law", import.meta.url));

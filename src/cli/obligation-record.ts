import type { Command } from "commander";

import { z } from "zod";

import { Named } from "./answers.ts";
import { ownClient } from "./client.ts";

/** What people put on record about obligations: that they were met, missed, held or set aside. */
export function recordCommands(obligation: Command): void {
  obligation
    .command("evidence")
    .description("record that obligations were met: by a filing, or by a wave that is done")
    .argument("<incident>")
    .argument("<obligations...>")
    .option("--reference <text>", "the authority's reference of what was filed")
    .option("--at <instant>", "when it was filed, such as 2026-03-02T14:05+01:00")
    .option("--wave <id>", "the wave that told people")
    .option("--not-reached-listed", "those it did not reach are listed for substitute notice")
    .action((incident: string, obligations: string[], options: unknown) =>
      evidence(incident, obligations, Evidence.parse(options)),
    );
  for (const [command, description, path] of RECORDS)
    obligation
      .command(command)
      .description(description)
      .argument("<incident>")
      .argument("<obligations...>")
      .requiredOption("--reason <text>", "why; no personal data")
      .option("--waiver <text>", "why an organisation of one does without a second person")
      .action((incident: string, obligations: string[], options: unknown) =>
        post(incident, path, { obligations, ...Because.parse(options) }),
      );
  obligation
    .command("hold")
    .description("pause clocks because law enforcement asked for it; a second person agrees")
    .argument("<incident>")
    .argument("<obligations...>")
    .requiredOption("--asked-by <agency>", "the agency and its reference; no officer's name")
    .requiredOption("--until <instant>", "such as 2026-03-20T12:00+01:00")
    .option("--since <instant>", "when it was asked; now unless said")
    .requiredOption("--reason <text>", "why; no personal data")
    .option("--waiver <text>", "why an organisation of one does without a second person")
    .action((incident: string, obligations: string[], options: unknown) =>
      post(incident, "holds", { obligations, ...Holding.parse(options) }),
    );
  obligation
    .command("agree")
    .description("agree, as the second person, to a hold or to duties set aside")
    .argument("<incident>")
    .argument("<relief>", "its id")
    .action((incident: string, relief: string) => post(incident, `reliefs/${relief}/agree`, {}));
  obligation
    .command("end")
    .description("end a hold early, or take a judgement back: the clocks run again")
    .argument("<incident>")
    .argument("<relief>", "its id")
    .requiredOption("--reason <text>", "why; no personal data")
    .action((incident: string, relief: string, options: unknown) =>
      post(incident, `reliefs/${relief}/end`, Because.parse(options)),
    );
}

async function evidence(
  incident: string,
  obligations: string[],
  { reference, at, wave, notReachedListed }: z.output<typeof Evidence>,
): Promise<void> {
  if ((wave === undefined) === (reference === undefined || at === undefined))
    throw new Error("Give --reference and --at, or --wave.");
  const body =
    wave === undefined
      ? { obligations, reference, at }
      : { obligations, waveId: wave, notReachedListed };
  await post(incident, "evidence", body);
}

async function post(incident: string, path: string, body: unknown): Promise<void> {
  const answered = await ownClient().post(
    `/v1/incidents/${incident}/obligations/${path}`,
    body,
    Posted,
  );
  if (answered.agreed === "waiting" || (answered.id !== undefined && answered.agreedAt === null))
    say(
      `Proposed${answered.id === undefined ? "" : ` as ${answered.id}`}. A second person must agree.`,
    );
  else say("Done.");
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const RECORDS = [
  ["miss", "record why obligations were missed", "missed"],
  ["not-applicable", "propose that duties are not owed; a second person agrees", "not-applicable"],
] as const;
const Because = z.object({ reason: z.string(), waiver: z.string().optional() });
const Holding = Because.extend({
  askedBy: z.string(),
  until: z.string(),
  since: z.string().optional(),
});
const Evidence = z.object({
  reference: z.string().optional(),
  at: z.string().optional(),
  wave: z.string().optional(),
  notReachedListed: z.boolean().default(false),
});
const Posted = z.object({
  agreed: z.string().optional(),
  id: Named.shape.id.optional(),
  agreedAt: z.string().nullable().optional(),
});

import type { Command } from "commander";

import { z } from "zod";

import { ownClient } from "./client.ts";
import { say } from "./operator.ts";

/** How bad it is, by ENISA's method, and a person's judgement above it. */
export function severityCommands(program: Command): void {
  const severity = program
    .command("severity")
    .description("show how severe an incident is (ENISA 2013)");
  severity
    .command("show", { isDefault: true })
    .description("show the figure, every input of it, and where each came from")
    .argument("<incident>")
    .action(async (incident: string) => tell(await ownClient().get(pathOf(incident), View)));
  severity
    .command("judge")
    .description("say what happened to the data; set another level, with a reason")
    .argument("<incident>")
    .option("--context <1-4>", "what the data tell in this context", Number)
    .option("--identification <ease>", "negligible, limited, significant or maximum")
    .option("--confidentiality <code>", "no-evidence, known-recipients or unknown-recipients")
    .option("--integrity <code>", "unaltered, altered-recoverable or altered-for-good")
    .option("--availability <code>", "available, lost-for-a-time or lost-for-good")
    .option("--intent <code>", "accident or malicious")
    .option("--override <level>", "low, medium, high or very-high instead of the figure's level")
    .option("--reason <words>", "why it is not what the facts give; without personal data")
    .action(async (incident: string, options: object) => {
      const client = ownClient();
      const { version } = await client.get(pathOf(incident), View);
      tell(await client.put(pathOf(incident), { version, ...options }, View));
    });
}

function pathOf(incident: string): string {
  return `/v1/incidents/${incident}/severity`;
}

function tell({ severity, outdated }: z.output<typeof View>): void {
  const { score, derived, level, inputs, flags, reason } = severity;
  say(
    `Severity: ${level}${level === derived ? "" : ` (a person's judgement; by the figure ${derived})`}.`,
  );
  say(`Figure: ${score} = context × identification + circumstances (ENISA 2013).`);
  for (const { input, value, adds, from } of inputs)
    say(`  ${input}: ${value} (${adds}), ${FROM[from]}`);
  for (const flag of flags) say(`  ${FLAGS[flag]}`);
  if (reason !== null) say(`Reason: ${reason}`);
  if (outdated) say("The facts have changed since this was judged. Look again.");
}

const FROM = {
  person: "as a person said",
  facts: "from the facts",
  "worst-case": "nobody has said: counted at its worst",
};
const FLAGS = {
  "over-100-people": "More than a hundred people are affected.",
  unintelligible: "The data were encrypted and the key is safe.",
};
const View = z.object({
  version: z.int(),
  outdated: z.boolean(),
  severity: z.object({
    score: z.number(),
    derived: z.string(),
    level: z.string(),
    reason: z.string().nullable(),
    flags: z.array(z.enum(["over-100-people", "unintelligible"])),
    inputs: z.array(
      z.object({
        input: z.string(),
        value: z.string(),
        adds: z.number(),
        from: z.enum(["person", "facts", "worst-case"]),
      }),
    ),
  }),
});

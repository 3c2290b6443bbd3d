import type { Command } from "commander";

import { z } from "zod";

import { Named } from "./answers.ts";
import { ask, ownClient } from "./client.ts";

/** What comms do after the messages: ask how it went, and read what came back. */
export function surveyCommands(program: Command): void {
  const survey = program.command("survey").description("ask people how they were told; anonymous");
  survey
    .command("new")
    .description("make a survey of an audience; another person opens it")
    .argument("<incident>")
    .argument("<audience>")
    .requiredOption("--closes <instant>", "such as 2026-04-02T18:00+02:00")
    .option("--breakdown <class>", "none, language or heard", "none")
    .action((incident: string, audienceId: string, options: unknown) =>
      make(incident, audienceId, Making.parse(options)),
    );

  survey
    .command("open")
    .description("open a survey, with a fresh code from your authenticator")
    .argument("<incident>")
    .argument("<survey>")
    .option("--totp <code>")
    .action((incident: string, id: string, options: unknown) =>
      open(incident, id, Opening.parse(options)),
    );

  survey
    .command("close")
    .description("close a survey for good")
    .argument("<incident>")
    .argument("<survey>")
    .action(close);

  survey
    .command("results")
    .description("show totals and texts")
    .argument("<incident>")
    .argument("<survey>")
    .action(results);
}

async function make(
  incidentId: string,
  audienceId: string,
  { closes, breakdown }: z.output<typeof Making>,
): Promise<void> {
  const body = { audienceId, breakdown, closesAt: closes };
  const { id } = await ownClient().post(`/v1/incidents/${incidentId}/surveys`, body, Named);
  say(`Survey ${id}. Another person opens it: candor survey open ${incidentId} ${id}`);
}

async function open(incidentId: string, id: string, { totp }: z.output<typeof Opening>) {
  const code = await ask(totp, "The code your authenticator shows, to open this survey:");
  const path = `/v1/incidents/${incidentId}/surveys/${id}/open`;
  const { invited } = await ownClient().post(path, {}, Opened, { totp: code });
  say(`Open: ${invited} people have a code. Invite them with a notice of the kind invitation.`);
}

async function close(incidentId: string, id: string): Promise<void> {
  await ownClient().post(`/v1/incidents/${incidentId}/surveys/${id}/close`, {}, z.unknown());
  say("Closed. Its key is destroyed; the results stay.");
}

async function results(incidentId: string, id: string): Promise<void> {
  const path = `/v1/incidents/${incidentId}/surveys/${id}/results`;
  const { answers, total, breakdown, texts } = await ownClient().get(path, Shown);
  if (answers === null) return say("Too few answers so far to show any.");
  say(`${answers} answers`);
  print(total);
  for (const { cell, answers: n, figures } of breakdown.cells) {
    say(`\n── ${cell}: ${n} answers ──`);
    print(figures);
  }
  if (texts.length > 0) say("\n── In their own words, in random order ──");
  for (const { text } of texts) say(`  ${text.replaceAll("\n", "\n  ")}\n`);
}

function print(figures: z.output<typeof Figures>): void {
  for (const { words, shares } of figures) {
    say(`\n${words}`);
    for (const { words: option, percent } of shares)
      say(`  ${String(percent).padStart(3)} %  ${option}`);
  }
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const Making = z.object({ closes: z.string(), breakdown: z.string() });
const Opening = z.object({ totp: z.string().optional() });
const Opened = Named.extend({ invited: z.int() });
const Figures = z.array(
  z.object({
    words: z.string(),
    shares: z.array(z.object({ words: z.string(), percent: z.int() })),
  }),
);
const Shown = z.object({
  answers: z.int().nullable(),
  total: Figures,
  breakdown: z.object({
    cells: z.array(z.object({ cell: z.string(), answers: z.int(), figures: Figures })),
  }),
  texts: z.array(z.object({ text: z.string() })),
});

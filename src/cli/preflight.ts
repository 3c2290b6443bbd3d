import type { Command } from "commander";

import { z } from "zod";

import { ownClient } from "./client.ts";

/** What to look at before anything is sent. */
export function preflightCommands(program: Command): void {
  const wave =
    program.commands.find((each) => each.name() === "wave") ??
    program.command("wave").description("look at what sending needs");
  wave
    .command("preflight")
    .description(
      "check the sender's domain, the providers, each language and the time; exits 1 where " +
        "something would stop the wave",
    )
    .argument("<incident>")
    .argument("<submission>")
    .action(preflight);
}

async function preflight(incidentId: string, submissionId: string): Promise<void> {
  const path = `/v1/incidents/${incidentId}/submissions/${submissionId}/preflight`;
  const seen = await ownClient().get(path, Preflight);
  for (const { code, severity, field, message } of seen.findings)
    say(`  ${severity}  ${code}  ${field}\n        ${message}`);
  say(
    `DMARC policy ${seen.dmarcPolicy ?? "unknown"}, SPF look-ups ${seen.spfLookups ?? "unknown"}`,
  );
  const { email, sms } = seen.ratePerSecond;
  say(`Messages a second: e-mail ${email ?? "unknown"}, SMS ${sms ?? "unknown"}`);
  const stops = seen.findings.filter(({ severity }) => severity === "stop");
  if (stops.length === 0) return say("Nothing stops this wave.");
  const codes = [...new Set(stops.map(({ code }) => code))].join(",");
  say(`Put this right, or: candor send … --accept ${codes} --reason "…"`);
  process.exitCode = 1;
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const Preflight = z.object({
  findings: z.array(
    z.object({ code: z.string(), severity: z.string(), field: z.string(), message: z.string() }),
  ),
  dmarcPolicy: z.string().nullable(),
  spfLookups: z.int().nullable(),
  ratePerSecond: z.object({ email: z.number().nullable(), sms: z.number().nullable() }),
});

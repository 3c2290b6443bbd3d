import type { Command } from "commander";

import { readFile, writeFile } from "node:fs/promises";

import { z } from "zod";

import { ownClient } from "./client.ts";
import { say } from "./operator.ts";

/** Breaches between a processor and its controller (GDPR Article 33(2)): signed, and opened as an incident. */
export function processorCommands(program: Command): void {
  const processor = program
    .command("processor")
    .description("tell a controller of a breach, or open what a processor tells you");
  processor
    .command("key")
    .description("show our own key and its fingerprint, for controllers to trust")
    .action(async () => {
      const { key, fingerprint } = await ownClient().get("/v1/processor-key", Key);
      say(`Key: ${key}`);
      say(`Fingerprint, to be read out on the telephone: ${fingerprint}`);
    });
  processor.command("list").description("list the processors whose notices you open").action(list);
  processor
    .command("trust")
    .description("trust a processor's key, after comparing its fingerprint")
    .requiredOption("--name <name>")
    .requiredOption("--key <key>")
    .requiredOption("--fingerprint <words>", "as the processor read it out")
    .requiredOption("--totp <code>", "a fresh code of your authenticator")
    .action(trust);
  processor
    .command("issue")
    .description("make the signed notice for one controller, as a file to send")
    .argument("<incident>")
    .requiredOption("--out <file>")
    .option("--people <counts...>", "how many of theirs, such as DE=40 FR=12")
    .option("--for <key>", "the controller's own key, so that nobody else can open it")
    .action(issue);
  processor
    .command("open")
    .description("open a processor's notice as an incident of yours")
    .argument("<file>")
    .option(
      "--received <time>",
      "when it reached you, with its offset; when it was issued, unless said",
    )
    .action(open);
}

async function list(): Promise<void> {
  const { processors } = await ownClient().get("/v1/processors", Processors);
  if (processors.length === 0) say("No processor is trusted.");
  for (const { name, fingerprint, endedAt, id } of processors)
    say(`${name}  ${fingerprint}${endedAt === null ? "" : "  no longer"}  ${id}`);
}

async function trust({ totp, ...body }: { totp: string }): Promise<void> {
  const { name } = await ownClient().post("/v1/processors", body, Processor, { totp });
  say(`Notices of ${name} can be opened now.`);
}

async function issue(
  incident: string,
  given: { out: string; people?: readonly string[]; for?: string },
): Promise<void> {
  const { out, people, for: controller } = given;
  const counts = people?.map((each) => {
    const [jurisdiction = "", count = ""] = each.split("=");
    return { jurisdiction, count: Number(count) };
  });
  const signed = await ownClient().post(
    `/v1/incidents/${incident}/processor-notices`,
    { ...(counts && { people: counts }), ...(controller !== undefined && { controller }) },
    z.json(),
  );
  await writeFile(out, `${JSON.stringify(signed, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  say(`Saved ${out}. Send it to the controller, and say its fingerprint on the telephone.`);
}

async function open(file: string, { received }: { received?: string }): Promise<void> {
  const signed: unknown = JSON.parse(await readFile(file, "utf8"));
  const { incidentId, became, determination } = await ownClient().post(
    "/v1/processor-notices",
    { signed, ...(received !== undefined && { receivedAt: received }) },
    Opened,
  );
  say(`${BECAME[became]} ${incidentId}`);
  say(`The processor says of the breach: ${determination}.`);
}

const BECAME = {
  incident: "Opened as incident",
  revision: "Revised the scope of incident",
  known: "Known already, as incident",
};
const Key = z.object({ key: z.string(), fingerprint: z.string() });
const Processor = z.object({
  id: z.uuid(),
  name: z.string(),
  fingerprint: z.string(),
  endedAt: z.string().nullable(),
});
const Processors = z.object({ processors: z.array(Processor) });
const Opened = z.object({
  incidentId: z.uuid(),
  became: z.enum(["incident", "revision", "known"]),
  determination: z.string(),
});

import { readFile } from "node:fs/promises";

import type { Command } from "commander";
import { z } from "zod";

import { ask, ownClient } from "./client.ts";

/** What is told on an incident's public page: `candor publication draft|submit|approve|write`. */
export function publicationCommands(program: Command): void {
  const publication = program
    .command("publication")
    .description("the public page of an incident: write, approve, and keep as plain files");

  publication
    .command("draft")
    .description("start an update from a file of JSON: {kind, languages: {en: {title, body}}}")
    .argument("<incident>")
    .argument("<file>")
    .option("--slug <slug>", "first choose the page's address: /incidents/<slug>")
    .action((incident: string, file: string, options: unknown) =>
      draft(incident, file, z.object({ slug: z.string().optional() }).parse(options)),
    );

  publication
    .command("submit")
    .description("submit an update for approval")
    .argument("<incident>")
    .argument("<update>")
    .action(submit);

  publication
    .command("approve")
    .description("approve and publish an update, with a fresh code from your authenticator")
    .argument("<incident>")
    .argument("<update>")
    .option("--totp <code>")
    .option("--waiver <reason>", "an organisation of one waives four eyes, by name")
    .action((incident: string, update: string, options: unknown) =>
      approve(incident, update, Approving.parse(options)),
    );

  publication
    .command("write")
    .description("write every public page as plain files, on the machine of the databases")
    .requiredOption("--out <folder>")
    .action((options: unknown) => write(z.object({ out: z.string().min(1) }).parse(options).out));
}

async function draft(incidentId: string, file: string, { slug }: { slug?: string | undefined }) {
  const client = ownClient();
  const base = `/v1/incidents/${incidentId}/publication`;
  if (slug !== undefined) await client.put(base, { slug }, z.unknown());
  const body: unknown = JSON.parse(await readFile(file, "utf8"));
  describe(await client.post(`${base}/updates`, body, Update));
}

async function submit(incidentId: string, updateId: string): Promise<void> {
  const path = pathOf(incidentId, updateId);
  const { version } = await ownClient().get(path, Update);
  describe(await ownClient().post(`${path}/submit`, { version }, Update));
}

async function approve(incidentId: string, updateId: string, given: z.output<typeof Approving>) {
  const path = pathOf(incidentId, updateId);
  const update = await ownClient().get(path, Update);
  describe(update);
  const totp = await ask(given.totp, "The code your authenticator shows, to approve exactly this:");
  const waiver = given.waiver === undefined ? {} : { waiver: { reason: given.waiver } };
  const body = { binding: update.binding, ...waiver };
  const { state } = await ownClient().post(`${path}/approve`, body, Update, { totp });
  say(state === "published" ? "Published." : "Recorded: one more person must approve.");
}

/** Nothing is said but what was asked for. What it takes is loaded on demand. */
async function write(folder: string): Promise<void> {
  const [{ compose }, { readConfig }, { createLog }] = await Promise.all([
    import("../compose.ts"),
    import("../config.ts"),
    import("../log.ts"),
  ]);
  const { writeSite } = await import("../actions/publication/site.ts");
  const { createSite } = await import("../gateways/site.ts");
  const config = readConfig(process.env);
  const { ctx, close } = await compose(config, "cli", { log: createLog("silent", "cli") });
  try {
    const changed = await writeSite(ctx, createSite(folder));
    say(`${changed} files written to ${folder}.`);
  } finally {
    await close();
  }
}

function describe({ id, state, languages, binding }: z.output<typeof Update>): void {
  say(`Update ${id} (${state})`);
  for (const [language, { title }] of Object.entries(languages)) say(`  ${language}: ${title}`);
  if (binding !== null) say(`  binding ${binding}`);
}

function pathOf(incidentId: string, updateId: string): string {
  return `/v1/incidents/${incidentId}/publication/updates/${updateId}`;
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const Update = z.object({
  id: z.string(),
  state: z.string(),
  version: z.number(),
  languages: z.record(z.string(), z.object({ title: z.string() })),
  binding: z.string().nullable(),
});
const Approving = z.object({ totp: z.string().optional(), waiver: z.string().optional() });

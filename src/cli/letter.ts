import { createReadStream, createWriteStream, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

import type { Command } from "commander";

import { z } from "zod";

import { ask, ownClient } from "./client.ts";
import type { Client } from "./client.ts";

/** Letters for a mail house, and what it says became of them. */
export function letterCommands(program: Command): void {
  const letters = program
    .command("letters")
    .description("make and fetch the letters of a wave: PDF files and an address file")
    .argument("<incident>")
    .argument("<wave>")
    .option("--out <folder>", "write the files here", ".")
    .option("--totp <code>", "your authenticator's code")
    .action((incident: string, wave: string, options: unknown) =>
      fetchLetters(incident, wave, Fetching.parse(options)),
    );
  letters
    .command("receipts")
    .description("read the mail house's file back: letter number, status, date and perhaps code")
    .argument("<incident>")
    .argument("<wave>")
    .argument("<batch>")
    .argument("<file>")
    .action((incident: string, wave: string, batch: string, file: string) =>
      sendReceipts(`${batches(incident, wave)}/${batch}`, file),
    );
}

async function fetchLetters(
  incident: string,
  wave: string,
  { out, totp: given }: z.output<typeof Fetching>,
): Promise<void> {
  const client = ownClient();
  const totp = await ask(given, "The code your authenticator shows:");
  const { id } = await client.post(batches(incident, wave), {}, Batch, { totp });
  const path = `${batches(incident, wave)}/${id}`;
  say(`Batch ${id}`);
  const batch = await made(client, path);
  if (batch.state !== "ready")
    throw new Error(`The letters could not be made: ${batch.reason ?? batch.state}.`);
  mkdirSync(out, { recursive: true });
  for (const file of batch.files) {
    // The name is a server's: only its last part may choose where the file goes.
    const target = join(out, basename(file.name));
    const content = await client.download(`${path}/files/${file.id}`);
    await pipeline(content, createWriteStream(target, { mode: 0o600, flags: "wx" }));
    say(`  ${target}: ${file.letters} letters${file.pages > 0 ? `, ${file.pages} pages` : ""}`);
  }
  for (const [reason, count] of Object.entries(batch.reasons)) say(`  held, ${reason}: ${count}`);
  await client.post(`${path}/discard`, {}, Batch);
  say("The console keeps no copy. Give the files to the mail house, then delete them.");
}

/** Wait until a batch is made; say how far it is where somebody looks. */
async function made(client: Client, path: string): Promise<z.output<typeof Batch>> {
  for (;;) {
    const batch = await client.get(path, Batch);
    if (batch.state !== "making") return batch;
    process.stderr.write(`  ${batch.done} of ${batch.total}\r`);
    await sleep(LOOK_MS);
  }
}

async function sendReceipts(path: string, file: string): Promise<void> {
  const answer = await ownClient().upload(
    `${path}/receipts`,
    createReadStream(file),
    "text/csv",
    Receipts,
  );
  say(`${answer.applied} applied, ${answer.known} known before, ${answer.refused} refused.`);
  for (const { line, field, advice } of answer.errors)
    say(`  line ${line}${field ? `, ${field}` : ""}: ${advice}`);
  if (answer.refused > 0) process.exitCode = 1;
}

function batches(incident: string, wave: string): string {
  return `/v1/incidents/${incident}/waves/${wave}/letter-batches`;
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const LOOK_MS = 500;
const Fetching = z.object({ out: z.string(), totp: z.string().optional() });
const Batch = z.object({
  id: z.uuid(),
  state: z.string(),
  reason: z.string().nullable(),
  total: z.int(),
  done: z.int(),
  reasons: z.record(z.string(), z.int()),
  files: z.array(z.object({ id: z.uuid(), name: z.string(), letters: z.int(), pages: z.int() })),
});
const Receipts = z.object({
  applied: z.int(),
  known: z.int(),
  refused: z.int(),
  errors: z.array(z.object({ line: z.int(), field: z.string(), advice: z.string() })),
});

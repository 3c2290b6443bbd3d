import type { Command } from "commander";

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

import { z } from "zod";

import { ownClient } from "./client.ts";
import { say } from "./operator.ts";

/** What authorities are told: written from the facts, approved by a second person, filed by hand. */
export function filingCommands(program: Command): void {
  const filing = program
    .command("filing")
    .description("write what an authority must be told, and record that it was filed");
  filing
    .command("list")
    .description("list an incident's filings")
    .argument("<incident>")
    .action(list);
  filing
    .command("draft")
    .description("begin a filing for an obligation, filled from the facts")
    .argument("<incident>")
    .argument("<obligation>", "its id, as `candor obligation list` shows it")
    .option("--kind <kind>", "initial, supplement or final", "initial")
    .action(async (incident: string, obligation: string, { kind }: { kind: string }) =>
      tell(await ownClient().post(pathOf(incident), { obligation, kind }, View)),
    );
  filing
    .command("show")
    .description("show a filing line by line, and what it still lacks")
    .argument("<incident>")
    .argument("<filing>")
    .action(async (incident: string, id: string) =>
      tell(await ownClient().get(pathOf(incident, id), View)),
    );
  filing
    .command("write")
    .description('write lines of a draft: likely-consequences="Fraud with the cards."')
    .argument("<incident>")
    .argument("<filing>")
    .argument("<lines...>", "key=text; key= goes back to what the facts say")
    .action(write);
  filing
    .command("approve")
    .description("approve a filing that somebody else wrote")
    .argument("<incident>")
    .argument("<filing>")
    .requiredOption("--digest <digest>", "what `candor filing show` named it when you read it")
    .requiredOption("--totp <code>", "a fresh code of your authenticator")
    .action(approve);
  filing
    .command("save")
    .description("save a filing as a file for the authority")
    .argument("<incident>")
    .argument("<filing>")
    .requiredOption("--out <file>", "a name that ends in .pdf or .json")
    .action(save);
  filing
    .command("report")
    .description("say that it was filed; its obligation is met by that")
    .argument("<incident>")
    .argument("<filing>")
    .requiredOption("--reference <words>", "what the authority calls it")
    .requiredOption("--at <time>", "when, with its offset: 2026-03-04T16:00+01:00")
    .option("--receipt <words>", "what the authority answered")
    .action(report);
}

/** Every breach there ever was, for whoever asks to see the register. */
export function registerCommand(program: Command): void {
  program
    .command("register")
    .description(
      "save the register of breaches (GDPR Article 33(5)): every incident, told of or not",
    )
    .requiredOption("--out <file>", "a name that ends in .csv or .jsonl")
    .action(saveRegister);
}

async function saveRegister({ out }: { out: string }): Promise<void> {
  const format = out.endsWith(".jsonl") ? "jsonl" : "csv";
  const file = await ownClient().download(`/v1/register?format=${format}`);
  await pipeline(file, createWriteStream(out, { mode: 0o600, flags: "wx" }));
  say(`Saved ${out}.`);
}

async function list(incident: string): Promise<void> {
  const { filings } = await ownClient().get(pathOf(incident), Lines);
  if (filings.length === 0) say("Nothing is filed or being written.");
  for (const { id, obligation, kind, state, reference } of filings)
    say(`${state}  ${kind}  ${obligation}  ${reference ?? ""}  ${id}`);
}

async function write(incident: string, id: string, lines: readonly string[]): Promise<void> {
  const given = Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=");
      return at < 1 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const version = await versionOf(incident, id);
  tell(await ownClient().put(`${pathOf(incident, id)}/lines`, { version, given }, View));
}

async function approve(
  incident: string,
  id: string,
  { totp, digest }: { totp: string; digest: string },
): Promise<void> {
  const body = { version: await versionOf(incident, id), digest };
  tell(await ownClient().post(`${pathOf(incident, id)}/approve`, body, View, { totp }));
}

async function save(incident: string, id: string, { out }: { out: string }): Promise<void> {
  const format = out.endsWith(".json") ? "json" : "pdf";
  const file = await ownClient().download(`${pathOf(incident, id)}/file?format=${format}`);
  await pipeline(file, createWriteStream(out, { mode: 0o600, flags: "wx" }));
  say(`Saved ${out}.`);
}

async function report(incident: string, id: string, options: object): Promise<void> {
  const version = await versionOf(incident, id);
  tell(await ownClient().post(`${pathOf(incident, id)}/report`, { version, ...options }, View));
}

async function versionOf(incident: string, id: string): Promise<number> {
  return (await ownClient().get(pathOf(incident, id), View)).filing.version;
}

function pathOf(incident: string, id?: string): string {
  return `/v1/incidents/${incident}/filings${id === undefined ? "" : `/${id}`}`;
}

function tell({ filing, digest, ...view }: z.output<typeof View>): void {
  const { authority, url, fields, missing, outdated } = view;
  say(`${filing.kind} filing to ${authority}: ${filing.state}.  ${filing.id}`);
  if (url !== null) say(`File it at ${url}`);
  for (const { key, label, value, from } of fields) {
    say(`  ${label} [${key}]${from === "person" ? ", as a person wrote it" : ""}`);
    say(`    ${value}`);
  }
  if (missing.length > 0) say(`Still lacks: ${missing.join("; ")}.`);
  if (filing.state === "draft") say(`Whoever approves it gives its digest: ${digest}`);
  if (outdated) say("The facts have changed since it was approved: file a supplement.");
}

const Line = z.object({
  id: z.uuid(),
  obligation: z.string(),
  kind: z.string(),
  state: z.string(),
  version: z.int(),
  reference: z.string().nullable(),
});
const Lines = z.object({ filings: z.array(Line) });
const View = z.object({
  filing: Line,
  authority: z.string(),
  url: z.string().nullable(),
  fields: z.array(
    z.object({ key: z.string(), label: z.string(), value: z.string(), from: z.string() }),
  ),
  missing: z.array(z.string()),
  digest: z.string(),
  outdated: z.boolean(),
});

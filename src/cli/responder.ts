import { createReadStream, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { Presets, SingleBar } from "cli-progress";
import type { Command } from "commander";

import { z } from "zod";

import { ask, ownClient } from "./client.ts";

/** What people do from day one: declare, import, preview, submit, approve, send, watch. */
export function responderCommands(program: Command): void {
  program
    .command("declare")
    .description("declare an incident with four facts; asks for the ones you leave out")
    .option("--title <title>")
    .option("--what <text>", "what happened, in a few sentences")
    .option("--aware <instant>", "when you became aware, such as 2026-03-02T14:05+01:00")
    .option("--zone <zone>", "your IANA time zone", Intl.DateTimeFormat().resolvedOptions().timeZone)
    .option("--data <codes>", "kinds of data, separated by commas, such as name,ssn")
    .option("--runbook <id>", "load its steps as tasks")
    .action((options: unknown) => declare(Declared.parse(options)));

  program
    .command("import")
    .description("upload a CSV or JSON Lines file of affected people and import it")
    .argument("<incident>")
    .argument("<file>")
    .option("--audience <id>", "add to this audience instead of a new one")
    .option("--name <name>", "name of the new audience", "Everyone affected")
    .option("--map <field=column...>", "correct the guessed mapping")
    .option("--language <tag>", "for rows without one", "en")
    .option("--country <code>", "for rows without one")
    .option("--freeze", "freeze the audience afterwards")
    .action((incident: string, file: string, options: unknown) =>
      importPeople(incident, file, Importing.parse(options)),
    );

  program
    .command("preview")
    .description("show a notice as invented people would get it; drafts an initial one if told")
    .argument("<incident>")
    .argument("[notice]")
    .action(preview);

  program
    .command("submit")
    .description("submit a notice for approval")
    .argument("<incident>")
    .argument("<notice>")
    .argument("<audience>")
    .option("--consent <rule>", "who may get e-mail: agreed, not-refused or any", "agreed")
    .option("--canary <count>", "how many are sent first", "50")
    .action(submit);

  program
    .command("approve")
    .description("approve a submission, with a fresh code from your authenticator")
    .argument("<incident>")
    .argument("<submission>")
    .option("--totp <code>")
    .option("--waiver <reason>", "an organisation of one waives four eyes, by name")
    .action((incident: string, id: string, options: unknown) =>
      approve(incident, id, Approving.parse(options)),
    );

  program
    .command("send")
    .description("start sending what was approved, and watch it")
    .argument("<incident>")
    .argument("<submission>")
    .action(send);

  program
    .command("watch")
    .description("watch a wave until it ends or stops")
    .argument("<incident>")
    .argument("<wave>")
    .action(watch);
}

async function declare(given: z.output<typeof Declared>): Promise<void> {
  const body = {
    title: await ask(given.title, "A short title:"),
    whatHappened: await ask(given.what, "What happened?"),
    awareAt: await ask(given.aware, "When did you become aware? (2026-03-02T14:05+01:00)"),
    awareZone: given.zone,
    dataElements: (await ask(given.data, "Which kinds of data? (name,ssn,…)"))
      .split(",")
      .map((code) => code.trim()),
    ...(given.runbook !== undefined && { runbook: given.runbook }),
  };
  const { incident } = await ownClient().post("/v1/incidents", body, z.object({ incident: Named }));
  say(`Declared. Incident ${incident.id}`);
}

async function importPeople(incidentId: string, file: string, given: z.output<typeof Importing>) {
  const client = ownClient();
  const base = `/v1/incidents/${incidentId}/audiences`;
  const { id } = given.audience
    ? { id: given.audience }
    : await client.post(base, { name: given.name }, Named);
  const type = /\.(jsonl|ndjson)$/i.test(file) ? "application/x-ndjson" : "text/csv";
  say(`Uploading ${statSync(file).size} bytes …`);
  const uploads = `${base}/${id}/uploads`;
  const received = await client.upload(uploads, createReadStream(file), type, Received);
  const mapping = { ...received.mapping, ...Object.fromEntries(given.map) };
  for (const [field, column] of Object.entries(mapping)) say(`  ${field} ← ${column}`);
  say(`  not stored: ${received.unmapped.join(", ") || "nothing"}`);

  const path = `${uploads}/${received.uploadId}`;
  const order = {
    mapping,
    defaultLanguage: given.language,
    ...(given.country !== undefined && { defaultCountry: given.country }),
  };
  await client.post(`${path}/import`, order, z.unknown());
  const done = await follow(path);
  say(`${done.peopleAdded} people from ${done.rowsRead} rows; ${done.merged} rows merged.`);
  if (done.rowsBad > 0)
    say(`${done.rowsBad} bad rows. Download, correct and upload again: GET ${path}/errors.csv`);
  if (given.freeze) await client.post(`${base}/${id}/freeze`, {}, z.unknown());
  say(`Audience ${id}${given.freeze ? ", frozen" : ""}`);
}

async function follow(path: string): Promise<z.output<typeof Upload>> {
  const bar = new SingleBar({ format: "  {value} rows read", stream: process.stderr }, Presets.legacy);
  bar.start(0, 0);
  try {
    for (;;) {
      const upload = await ownClient().get(path, Upload);
      bar.update(upload.rowsRead);
      if (upload.state === "imported") return upload;
      if (upload.state === "refused") throw new Error("The file was refused; nothing was imported.");
      await sleep(LOOK_MS);
    }
  } finally {
    bar.stop();
  }
}

async function preview(incidentId: string, noticeId: string | undefined): Promise<void> {
  const base = `/v1/incidents/${incidentId}/notices`;
  const id = noticeId ?? (await ownClient().post(base, { kind: "initial" }, Drafted)).notice.id;
  const { previews } = await ownClient().get(`${base}/${id}/preview`, Previews);
  for (const { person, language, subject, text } of previews)
    say(`── ${person} (${language}) ──\nSubject: ${subject}\n\n${text}\n`);
  say(`Notice ${id}`);
}

async function submit(
  incidentId: string,
  noticeId: string,
  audienceId: string,
  options: unknown,
): Promise<void> {
  const { consent, canary } = z
    .object({ consent: z.string(), canary: z.coerce.number() })
    .parse(options);
  const base = `/v1/incidents/${incidentId}`;
  const { notice } = await ownClient().get(`${base}/notices/${noticeId}`, Drafted);
  const body = { noticeId, version: notice.version, audienceId, plan: { consent }, canary };
  const submission = await ownClient().post(`${base}/submissions`, body, Submission);
  describe(submission);
}

async function approve(incidentId: string, id: string, given: z.output<typeof Approving>) {
  const client = ownClient();
  const path = `/v1/incidents/${incidentId}/submissions/${id}`;
  const submission = await client.get(path, Submission);
  describe(submission);
  const totp = await ask(given.totp, "The code your authenticator shows, to approve exactly this:");
  const waiver = given.waiver === undefined ? {} : { waiver: { reason: given.waiver } };
  const body = { binding: submission.binding, ...waiver };
  const { state } = await client.post(`${path}/approve`, body, Submission, { totp });
  say(state === "approved" ? "Approved: it may be sent." : "Recorded: one more person must approve.");
}

function describe({ id, reach, binding }: z.output<typeof Submission>): void {
  say(`Submission ${id}`);
  say(`  ${reach.people} people: ${reach.email} by e-mail, ${reach.needsLetter} need a letter,`);
  say(`  ${reach.notReached} not reached, ${reach.excluded} excluded`);
  say(`  binding ${binding}`);
}

async function send(incidentId: string, submissionId: string): Promise<void> {
  const base = `/v1/incidents/${incidentId}/waves`;
  const { id } = await ownClient().post(base, { submissionId }, Named);
  say(`Wave ${id}`);
  await watch(incidentId, id);
}

async function watch(incidentId: string, waveId: string): Promise<void> {
  const format = "  {bar} {value}/{total} {state} {rate}/s";
  const bar = new SingleBar({ format, stream: process.stderr }, Presets.shades_classic);
  bar.start(0, 0, { state: "", rate: 0 });
  for (;;) {
    const wave = await ownClient().get(`/v1/incidents/${incidentId}/waves/${waveId}`, Wave);
    const open = ["planned", "leased", "sending"].reduce((n, s) => n + (wave.counts[s] ?? 0), 0);
    bar.setTotal(wave.total);
    bar.update(wave.total - open, { state: wave.state, rate: Math.round(wave.ratePerSecond) });
    if (["done", "paused", "cancelled"].includes(wave.state)) {
      bar.stop();
      for (const [state, count] of Object.entries(wave.counts)) say(`  ${state} ${count}`);
      return say(`The wave is ${wave.state}${wave.pausedReason ? `: ${wave.pausedReason}` : ""}.`);
    }
    await sleep(LOOK_MS);
  }
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const LOOK_MS = 500;
const Named = z.object({ id: z.uuid() });
const Drafted = z.object({ notice: Named.extend({ version: z.int() }) });
const Received = z.object({
  uploadId: z.uuid(),
  mapping: z.record(z.string(), z.string()),
  unmapped: z.array(z.string()),
});
const Upload = z.object({
  state: z.string(),
  rowsRead: z.int(),
  rowsBad: z.int(),
  peopleAdded: z.int(),
  merged: z.int(),
});
const Previews = z.object({
  previews: z.array(
    z.object({ person: z.string(), language: z.string(), subject: z.string(), text: z.string() }),
  ),
});
const Submission = Named.extend({
  binding: z.string(),
  state: z.string(),
  reach: z.object({
    people: z.int(),
    email: z.int(),
    needsLetter: z.int(),
    notReached: z.int(),
    excluded: z.int(),
  }),
});
const Wave = z.object({
  state: z.string(),
  pausedReason: z.string().nullable(),
  total: z.int(),
  counts: z.record(z.string(), z.int()),
  ratePerSecond: z.number(),
});
const Declared = z.object({
  title: z.string().optional(),
  what: z.string().optional(),
  aware: z.string().optional(),
  zone: z.string(),
  data: z.string().optional(),
  runbook: z.string().optional(),
});
const Importing = z.object({
  audience: z.string().optional(),
  name: z.string(),
  map: z
    .array(z.string().regex(/^\w+=.+$/, "Write field=column."))
    .default([])
    .transform((pairs) =>
      pairs.map((pair): [string, string] => {
        const at = pair.indexOf("=");
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
    ),
  language: z.string(),
  country: z.string().optional(),
  freeze: z.boolean().default(false),
});
const Approving = z.object({ totp: z.string().optional(), waiver: z.string().optional() });

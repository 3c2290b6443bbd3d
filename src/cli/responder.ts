import { createReadStream, createWriteStream, statSync } from "node:fs";
import type { ReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { Presets, SingleBar } from "cli-progress";
import type { Command } from "commander";

import { z } from "zod";

import { Element } from "../domain/element.ts";
import { Named, Received, Upload } from "./answers.ts";
import { ask, ownClient } from "./client.ts";
import type { Client } from "./client.ts";

/** What a responder does first: declare, and import the people affected. */
export function responderCommands(program: Command): void {
  program
    .command("declare")
    .description("declare an incident with four facts; asks for the ones you leave out")
    .option("--title <title>")
    .option("--what <text>", "what happened, in a few sentences")
    .option("--aware <instant>", "when you became aware, such as 2026-03-02T14:05+01:00")
    .option(
      "--zone <zone>",
      "your IANA time zone",
      Intl.DateTimeFormat().resolvedOptions().timeZone,
    )
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
    .option("--exposed <codes>", "data exposed, for rows that do not say, such as name,ssn")
    .option("--errors <file>", "write the bad rows here, to correct and import again")
    .option("--totp <code>", "your authenticator's code, which fetching bad rows needs")
    .option("--language <tag>", "for rows without one", "en")
    .option("--country <code>", "for rows without one")
    .option("--freeze", "freeze the audience afterwards")
    .action((incident: string, file: string, options: unknown) =>
      importPeople(incident, file, Importing.parse(options)),
    );
}

async function declare(given: z.output<typeof Declared>): Promise<void> {
  const body = {
    title: await ask(given.title, "A short title:"),
    whatHappened: await ask(given.what, "What happened?"),
    awareAt: await ask(given.aware, "When did you become aware? (2026-03-02T14:05+01:00)"),
    awareZone: given.zone,
    dataElements: codes(await ask(given.data, `Which kinds of data? (${Element.options.join()})`)),
    ...(given.runbook !== undefined && { runbook: given.runbook }),
  };
  const { incident } = await ownClient().post("/v1/incidents", body, z.object({ incident: Named }));
  say(`Declared. Incident ${incident.id}`);
}

async function importPeople(incidentId: string, file: string, given: z.output<typeof Importing>) {
  const client = ownClient();
  const { size } = statSync(file);
  const base = `/v1/incidents/${incidentId}/audiences`;
  const { id } = given.audience
    ? { id: given.audience }
    : await client.post(base, { name: given.name }, Named);
  const type = /\.(jsonl|ndjson)$/i.test(file) ? "application/x-ndjson" : "text/csv";
  say(`Audience ${id}`);
  const uploads = `${base}/${id}/uploads`;
  const received = await showing(size, createReadStream(file), (stream) =>
    client.upload(uploads, stream, type, Received),
  );
  const mapping = { ...received.mapping, ...Object.fromEntries(given.map) };
  for (const [field, column] of Object.entries(mapping)) say(`  ${field} ← ${column}`);
  say(`  not stored: ${received.unmapped.join(", ") || "nothing"}`);

  const path = `${uploads}/${received.uploadId}`;
  const order = {
    mapping,
    defaultLanguage: given.language,
    ...((given.exposed !== undefined || !("exposure" in mapping)) && {
      defaultExposure: codes(await ask(given.exposed, "Which of their data? (name,ssn,…)")),
    }),
    ...(given.country !== undefined && { defaultCountry: given.country }),
  };
  await client.post(`${path}/import`, order, z.unknown());
  const done = await follow(path);
  say(`${done.peopleAdded} people from ${done.rowsRead} rows; ${done.merged} rows merged.`);
  if (done.rowsBad > 0) await tellBadRows(client, path, done.rowsBad, given);
  if (!given.freeze) return;
  await client.post(`${base}/${id}/freeze`, {}, z.unknown());
  say("The audience is frozen.");
}

async function tellBadRows(
  client: Client,
  path: string,
  count: number,
  { errors: file, totp: given }: Pick<z.output<typeof Importing>, "errors" | "totp">,
) {
  const { errors } = await client.get(`${path}/errors?limit=${BAD_ROWS_SHOWN}`, BadRows);
  say(`${count} bad rows; the others are imported.`);
  for (const { line, column, advice } of errors)
    say(`  line ${line}${column ? `, ${column}` : ""}: ${advice}`);
  if (count > errors.length) say("  …");
  if (file === undefined)
    return say(`Correct them in your file, or fetch them within 24 hours: GET ${path}/errors.csv`);
  const totp = await ask(given, "The code your authenticator shows, to fetch the bad rows:");
  await pipeline(
    await client.download(`${path}/errors.csv`, totp),
    createWriteStream(file, { mode: 0o600, flags: "wx" }),
  );
  say(`They are in ${file}. Correct them, import that file, then delete it.`);
}

function codes(list: string): string[] {
  return list.split(",").map((code) => code.trim());
}

/** Show how much of a file is sent, while it is. */
async function showing<T>(
  size: number,
  file: ReadStream,
  send: (file: ReadStream) => Promise<T>,
): Promise<T> {
  const format = "  uploading {bar} {percentage} %";
  const bar = new SingleBar({ format, stream: process.stderr }, Presets.shades_classic);
  bar.start(size, 0);
  const look = setInterval(() => bar.update(file.bytesRead), LOOK_MS);
  try {
    return await send(file);
  } finally {
    clearInterval(look);
    bar.update(file.bytesRead);
    bar.stop();
  }
}

async function follow(path: string): Promise<z.output<typeof Upload>> {
  const bar = new SingleBar(
    { format: "  {value} rows read", stream: process.stderr },
    Presets.legacy,
  );
  bar.start(0, 0);
  try {
    for (;;) {
      const upload = await ownClient().get(path, Upload);
      bar.update(upload.rowsRead);
      if (upload.state === "imported") return upload;
      if (upload.state === "refused")
        throw new Error("The file was refused; nothing of it was imported.");
      await sleep(LOOK_MS);
    }
  } finally {
    bar.stop();
  }
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const LOOK_MS = 500;
const BAD_ROWS_SHOWN = 10;
const BadRows = z.object({
  errors: z.array(z.object({ line: z.int(), column: z.string(), advice: z.string() })),
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
  totp: z.string().optional(),
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
  exposed: z.string().optional(),
  errors: z.string().optional(),
  freeze: z.boolean().default(false),
});

import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import type { Command } from "commander";
import { z } from "zod";

import { readHhs, zoneIn } from "../domain/interchange/hhs-file.ts";
import { replay, replayReport } from "../domain/interchange/replay.ts";
import { readLibrary } from "../gateways/library.ts";
import { ask, ownClient } from "./client.ts";

/** What comes from other systems and goes to them: `candor veris`, `candor hhs`, `candor calendar`. */
export function interchangeCommands(program: Command): void {
  const veris = program.command("veris").description("share incidents as VERIS JSON");
  veris
    .command("export")
    .description("print an incident; no text that people wrote leaves with it")
    .argument("<incident>")
    .action(exportVeris);
  veris
    .command("import")
    .description("make an incident from a file, and list what was not understood")
    .argument("<file>")
    .requiredOption("--zone <zone>", "the IANA time zone in which the file tells its dates")
    .option("--aware <instant>", "when you became aware, such as 2026-03-02T14:05+01:00")
    .option("--title <title>")
    .action((file: string, options: unknown) => importVeris(file, Importing.parse(options)));

  const hhs = program.command("hhs").description("lists in the columns of the HHS breach portal");
  hhs
    .command("import")
    .description("make a closed incident of each row; bad rows are named with their line")
    .argument("<file>")
    .action(importHhs);
  hhs
    .command("replay")
    .description("assess every row in memory and print counts; needs no server")
    .argument("<file>")
    .option("--out <file>", "write the report here instead")
    .action((file: string, options: unknown) => replayHhs(file, Replaying.parse(options)));

  const calendar = program
    .command("calendar")
    .description("the address at which your calendar reads deadlines");
  calendar
    .command("make")
    .description("make it, and end the one before; it is shown once")
    .option("--totp <code>")
    .action((options: unknown) => makeCalendar(Coded.parse(options)));
  calendar.command("show").description("say whether you have one").action(showCalendar);
  calendar.command("end").description("end it, at once").action(endCalendar);
}

async function exportVeris(incidentId: string): Promise<void> {
  const veris = await ownClient().get(`/v1/incidents/${incidentId}/veris`, z.looseObject({}));
  say(JSON.stringify(veris, null, 2));
}

async function importVeris(
  file: string,
  { zone, aware, title }: z.output<typeof Importing>,
): Promise<void> {
  const veris: unknown = JSON.parse(await readFile(file, "utf8"));
  const body = {
    veris,
    zone,
    ...(aware !== undefined && { awareAt: aware }),
    ...(title !== undefined && { title }),
  };
  const taken = await ownClient().post("/v1/interchange/veris", body, Taken);
  say(
    `${taken.created ? "Imported." : "Known already, left as it is."} Incident ${taken.incidentId}`,
  );
  if (taken.changed) say("  The file says something else than before: revise the scope by hand.");
  for (const sentence of taken.assumed) say(`  ! ${sentence}`);
  if (taken.notUnderstood.length > 0) say("  Not taken over:");
  for (const { field, because } of taken.notUnderstood) say(`    ${field}: ${because}`);
}

async function importHhs(file: string): Promise<void> {
  const stream = createReadStream(file);
  const report = await ownClient().upload("/v1/interchange/hhs", stream, "text/csv", Report);
  say(`${report.rows} rows: ${report.created} incidents made, ${report.known} known already,`);
  say(`${report.refused} refused. Not kept: ${report.ignored.join(", ") || "no column"}.`);
  for (const { line, column, message } of [...report.errors, ...report.remarks])
    say(`  line ${line}${column ? `, ${column}` : ""}: ${message}`);
}

async function replayHhs(file: string, { out }: z.output<typeof Replaying>): Promise<void> {
  const library = readLibrary(LAW);
  const list = readHhs(await readFile(file, "utf8"), zoneIn(library));
  for (const each of list.lines)
    if ("problems" in each)
      for (const { column, message } of each.problems)
        process.stderr.write(`${file}:${each.line}: ${column}: ${message}\n`);
  const report = replayReport(list, replay(list, library));
  if (out === undefined) process.stdout.write(report);
  else await writeFile(out, report);
}

async function makeCalendar({ totp: given }: z.output<typeof Coded>): Promise<void> {
  const totp = await ask(given, "The code your authenticator shows:");
  const { url, expiresAt } = await ownClient().post("/v1/me/calendar", {}, MadeFeed, {
    totp,
    once: true,
  });
  say(url);
  say(`Whoever has this address reads your deadlines, until ${expiresAt}. It is not shown again.`);
}

async function showCalendar(): Promise<void> {
  const { createdAt, expiresAt } = await ownClient().get("/v1/me/calendar", Feed);
  say(`Made ${createdAt}; works until ${expiresAt}.`);
}

async function endCalendar(): Promise<void> {
  await ownClient().post("/v1/me/calendar/end", {}, z.unknown());
  say("Ended.");
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const LAW = fileURLToPath(new URL("../law", import.meta.url));
const Coded = z.object({ totp: z.string().optional() });
const Replaying = z.object({ out: z.string().optional() });
const Importing = z.object({
  zone: z.string(),
  aware: z.string().optional(),
  title: z.string().optional(),
});
const Feed = z.object({ createdAt: z.string(), expiresAt: z.string() });
const MadeFeed = Feed.extend({ url: z.string() });
const Taken = z.object({
  incidentId: z.string(),
  created: z.boolean(),
  changed: z.boolean(),
  assumed: z.array(z.string()),
  notUnderstood: z.array(z.object({ field: z.string(), because: z.string() })),
});
const Named = z.object({ line: z.int(), column: z.string(), message: z.string() });
const Report = z.object({
  rows: z.int(),
  created: z.int(),
  known: z.int(),
  refused: z.int(),
  ignored: z.array(z.string()),
  errors: z.array(Named),
  remarks: z.array(Named),
});

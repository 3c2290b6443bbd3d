import type { Command } from "commander";

import { keepBounce } from "../actions/receipt/bounce.ts";
import { readDoorConfig } from "../config.ts";
import type { ReportParts } from "../domain/receipt/dsn.ts";
import { MAIL_BYTES_MAX, putAside, reportParts } from "../gateways/bounce.ts";
import { connect } from "../store/db.ts";

/** `candor bounce`: what a mail server pipes its reports into. */
export function bounceCommand(program: Command): void {
  program
    .command("bounce")
    .description("read one bounce or complaint from standard input; a mail server calls this")
    .action(async () => {
      process.exitCode = await takeBounce(process.stdin);
    });
}

/**
 * Keep one report. It needs no key and no more settings than the public door, because a mail
 * server's user should have none. Answers the exit code for the mail server: 0 where it is done
 * with the mail, 75 (EX_TEMPFAIL) where it is to come again. A mail that says nothing to us is no
 * reason to come again; it is put aside where BOUNCE_FOLDER is set.
 */
async function takeBounce(input: AsyncIterable<Buffer | string>): Promise<number> {
  try {
    const mail = await readAll(input);
    const config = readDoorConfig(process.env);
    const parts = mail ? await reportParts(mail) : "too-large";
    const result = typeof parts === "string" ? parts : await keep(config.DATABASE_URL, parts);
    if (result === "kept") return 0;
    const folder = process.env["BOUNCE_FOLDER"];
    if (folder && mail) await putAside(folder, mail);
    say(`This mail is no report for us: ${result}.`);
    return 0;
  } catch (error) {
    say(error instanceof Error && error.name === "ConfigError" ? error.message : "Not kept.");
    return TEMPORARY_FAILURE;
  }
}

async function keep(url: string, parts: ReportParts) {
  const sql = connect(url, 1);
  try {
    return await keepBounce({ sql }, parts);
  } finally {
    await sql.end({ timeout: 5 });
  }
}

/** The whole mail; nothing where it is larger than any report. */
async function readAll(input: AsyncIterable<Buffer | string>): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    const read = Buffer.from(chunk);
    bytes += read.length;
    // Read to its end all the same: a mail server may take a closed pipe for a failure.
    if (bytes <= MAIL_BYTES_MAX) chunks.push(read);
  }
  return bytes <= MAIL_BYTES_MAX ? Buffer.concat(chunks) : undefined;
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

/** EX_TEMPFAIL of sysexits.h. */
const TEMPORARY_FAILURE = 75;

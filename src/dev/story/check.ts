import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

import { z } from "zod";

/** Whether an outsider counts the same; one's own mail server or SMS provider cannot be asked. */
export type Checked = "agrees" | "differs" | "not asked";

export interface Evidence {
  /** The people file. */
  readonly file: string;
  /** Where caught mail and SMS can be read. */
  readonly catcherUrl: string;
  /** The incident's public page. */
  readonly pageUrl: string;
  /** Survey passes that were found used while the survey was open. */
  readonly passesUsed: number;
  readonly figures: unknown;
}

/** Compare the story's figures with what can be seen from outside. */
export async function checkMessages(evidence: Evidence): Promise<Checked> {
  const { file, catcherUrl, pageUrl, passesUsed, figures } = evidence;
  const pages = ["--page", pageUrl, "--passes-used", String(passesUsed)];
  const run = start("check-messages.mjs", [file, catcherUrl, JSON.stringify(figures), ...pages]);
  return run.then(
    () => "agrees" as const,
    (error: unknown) => {
      const { stdout, stderr } = Failed.parse(error);
      process.stderr.write(`The check from outside differs:\n${stdout}${stderr}\n`);
      return "differs" as const;
    },
  );
}

/**
 * How many of the survey passes that people were sent have been used: each opens a page that says
 * so. `mailBefore` is how much mail had been caught before the invitations.
 */
export async function countUsedPasses(
  catcherUrl: string,
  publicUrl: string,
  mailBefore: number,
): Promise<number> {
  const { stdout } = await start("check-survey.mjs", [catcherUrl, publicUrl, String(mailBefore)]);
  return z.object({ used: z.int() }).parse(JSON.parse(stdout)).used;
}

function start(script: string, args: readonly string[]) {
  const path = fileURLToPath(new URL(`../../../scripts/${script}`, import.meta.url));
  return promisify(execFile)(process.execPath, [path, ...args]);
}

const Failed = z.object({ stdout: z.string(), stderr: z.string() });

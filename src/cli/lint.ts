import type { Command } from "commander";
import { z } from "zod";

import { Drafted } from "./answers.ts";
import { ask, ownClient } from "./client.ts";

/** What is found against a notice's text, and an approver's decision to let it stand. */
export function lintCommands(program: Command): void {
  program
    .command("lint")
    .description(
      "what the law and a careful reader have against a notice; exits 1 if it is held up",
    )
    .argument("<incident>")
    .argument("<notice>")
    .action(lint);

  program
    .command("override")
    .description("let problems of a text stand, as an approver, with a reason that is kept")
    .argument("<incident>")
    .argument("<notice>")
    .argument("<findings...>", "as `candor lint` names them")
    .option("--reason <text>", "why they may stand")
    .option("--totp <code>")
    .action((incidentId: string, noticeId: string, findings: string[], options: unknown) =>
      override({ incidentId, noticeId, findings }, Overriding.parse(options)),
    );
}

/** A problem as people read it: where, what, the sentence, and what to write instead. */
export function tell(problem: z.output<typeof Problem>): string {
  const {
    finding,
    language,
    line,
    severity,
    code,
    message,
    sentence,
    fix,
    law,
    override: stands,
  } = problem;
  const rows = [
    `${severity === "must-fix" ? "MUST FIX" : "advice"}  ${language}, line ${line}  ${code}  ${finding}`,
    `  ${message}`,
    ...(sentence === undefined ? [] : [`  now:  ${sentence}`]),
    ...(fix === undefined ? [] : [`  then: ${fix.replaceAll("\n", "\n        ")}`]),
    ...(law === undefined ? [] : [`  law:  ${law}`]),
    ...(stands === null ? [] : [`  stands, because: ${stands.reason}`]),
  ];
  return rows.join("\n");
}

/** Whether only a person can tell: whoever approves is asked. */
export function isToConfirm({ code }: z.output<typeof Problem>): boolean {
  return code.endsWith("-unconfirmed");
}

/** What a client reads of a problem. */
export const Problem = z.object({
  finding: z.string(),
  language: z.string(),
  line: z.int(),
  code: z.string(),
  severity: z.enum(["must-fix", "advice"]),
  message: z.string(),
  sentence: z.string().optional(),
  fix: z.string().optional(),
  law: z.string().optional(),
  override: z.object({ reason: z.string() }).nullable(),
});

async function lint(incidentId: string, noticeId: string): Promise<void> {
  const { problems } = await read(incidentId, noticeId);
  show(problems);
}

async function override(
  { incidentId, noticeId, findings }: Named,
  { reason, totp: given }: z.output<typeof Overriding>,
): Promise<void> {
  const { notice } = await read(incidentId, noticeId);
  const totp = await ask(given, "The code your authenticator shows, to let these problems stand:");
  const path = `/v1/incidents/${incidentId}/notices/${noticeId}/overrides`;
  const body = { number: notice.number, findings, reason: reason ?? "" };
  show((await ownClient().post(path, body, Found, { totp })).problems);
}

function read(incidentId: string, noticeId: string) {
  return ownClient().get(`/v1/incidents/${incidentId}/notices/${noticeId}`, Shown);
}

function show(problems: readonly z.output<typeof Problem>[]): void {
  for (const problem of problems) process.stdout.write(`${tell(problem)}\n\n`);
  const open = problems.filter((each) => each.severity === "must-fix" && each.override === null);
  process.stdout.write(
    open.length === 0
      ? "Nothing keeps this text from being submitted.\n"
      : `${open.length} problems keep this text from being submitted.\n`,
  );
  if (open.length > 0) process.exitCode = 1;
}

interface Named {
  readonly incidentId: string;
  readonly noticeId: string;
  readonly findings: readonly string[];
}

const Overriding = z.object({ reason: z.string().optional(), totp: z.string().optional() });
const Found = z.object({ problems: z.array(Problem) });
const Shown = Drafted.extend({
  notice: Drafted.shape.notice.extend({ number: z.int() }),
  problems: z.array(Problem),
});

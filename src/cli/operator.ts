import { Option } from "commander";
import type { Command } from "commander";

import { z } from "zod";

import type { Context } from "../context.ts";
import { Role } from "../domain/staff.ts";
import { line } from "../domain/text.ts";
import { ask, createClient, ProblemError } from "./client.ts";
import type { Client } from "./client.ts";

/**
 * What an operator does at the machine, with the databases' settings in the environment:
 * `candor migrate`, `candor verify`, `candor staff add`; and `candor staff join` for everyone.
 */
export function operatorCommands(program: Command): void {
  program
    .command("migrate")
    .description("bring both databases up to date; safe to run again")
    .action(() => withContext(async () => say("Both databases are up to date.")));

  program
    .command("verify")
    .description("walk the audit chain; names the first bad entry and exits 1 if there is one")
    .action(() => withContext(verify));

  const staff = program.command("staff").description("add people, and take up an invitation");
  staff
    .command("add")
    .description("add a person; prints a one-time invitation to hand to them")
    .requiredOption("--name <name>")
    .requiredOption("--email <address>")
    .addOption(
      new Option("--roles <roles...>", "what they may do")
        .choices(Role.options)
        .makeOptionMandatory(),
    )
    .option("--json", "one line of JSON")
    .action((options: unknown) => withContext((ctx) => addStaff(ctx, NewMember.parse(options))));

  staff
    .command("join")
    .description("take up an invitation: prints your token and your authenticator's secret, once")
    .option("--url <address>", "the console's address", process.env["CANDOR_URL"])
    .option("--invitation <invitation>", "starts with cni_")
    .option("--label <label>", "a name for this device", "command line")
    .action((options: unknown) => join(Joining.parse(options)));
}

async function verify(ctx: Context): Promise<void> {
  const timeline = await import("../actions/timeline.ts");
  const found = await timeline.verify(ctx);
  say(JSON.stringify(found));
  if (!found.ok) process.exitCode = 1;
}

async function addStaff(ctx: Context, { json, ...person }: z.output<typeof NewMember>) {
  const members = await import("../actions/staff/member.ts");
  const { staffId, invitation, expiresAt } = await members.addByOperator(ctx, person);
  if (json) return say(JSON.stringify({ staffId, invitation, expiresAt }));
  say(`Added. Hand this invitation to them, once; it ends at ${expiresAt.toISOString()}:`);
  say(`  ${invitation}`);
  say("They take it up with: candor staff join");
}

async function join({ url, invitation, label }: z.output<typeof Joining>): Promise<void> {
  const consoleUrl = await ask(url, "The console's address:");
  const secret = await ask(invitation, "Your invitation:");
  const joined = await createClient(consoleUrl).post(
    "/v1/invitations/accept",
    { invitation: secret, label },
    Joined,
    { once: true },
  );
  say(`Your token, shown once. Set it as CANDOR_TOKEN:\n  ${joined.token}`);
  say(`Add this to your authenticator:\n  ${joined.secondFactor.uri}`);
  await confirm(createClient(consoleUrl, joined.token));
  say("Your second factor is confirmed.");
}

/** The invitation is spent by now, so a slip of the fingers must not end this. */
async function confirm(client: Client): Promise<void> {
  for (;;) {
    const code = await ask(undefined, "The six digits it shows now:");
    try {
      await client.post("/v1/me/second-factor", { code }, z.unknown());
      return;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      process.stderr.write(`${error.message}\n`);
    }
  }
}

/**
 * Run with the settings of the environment, as the operator of this machine. What that takes is
 * loaded on demand: everybody else's commands start in half the time without it.
 */
export async function withContext(run: (ctx: Context) => Promise<void> | void): Promise<void> {
  const [{ compose }, { readConfig }, { createLog }] = await Promise.all([
    import("../compose.ts"),
    import("../config.ts"),
    import("../log.ts"),
  ]);
  const config = readConfig(process.env);
  // Answers go to stdout; what the log has to say must not mix with them, and is for a person.
  const log = createLog(config.LOG_LEVEL, "cli", { write: (line) => warn(line) });
  const { ctx, close } = await compose(config, "cli", { log });
  try {
    await run(ctx);
  } finally {
    await close();
  }
}

function warn(line: string): void {
  process.stderr.write(`${Logged.parse(JSON.parse(line)).msg}\n`);
}

export function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const Logged = z.object({ msg: z.string().default("") });
const NewMember = z.object({
  name: line(200),
  email: z.email().max(254),
  roles: z.array(Role).min(1),
  json: z.boolean().default(false),
});

const Joining = z.object({
  url: z.string().optional(),
  invitation: z.string().optional(),
  label: line(100),
});

/** The answer to an accepted invitation. */
export const Joined = z.object({
  token: z.string(),
  secondFactor: z.object({ uri: z.string(), secret: z.string() }),
});

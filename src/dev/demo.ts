import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

import { z } from "zod";

import { startWeb, startWorker } from "./candor.ts";
import type { Part } from "./candor.ts";
import { breaches } from "./breach.ts";
import { join as joinStaff } from "./cast.ts";
import { peopleFile } from "./people.ts";
import { freePort, LOOPBACK } from "./process.ts";
import { createScreen } from "./screen.ts";
import type { Screen } from "./screen.ts";
import { startStack } from "./stack.ts";
import type { Stack } from "./stack.ts";
import { play } from "./story.ts";
import type { Ending } from "./story.ts";

/**
 * The demo: the whole main job, played through the real HTTP API by the web process and two
 * worker processes on servers of their own. Answers the exit code. The figures are checked from
 * outside by `scripts/check-messages.mjs`, which knows the people file and the catcher only.
 */
export async function demo(given: unknown): Promise<number> {
  const options = Options.parse(given);
  const screen = createScreen(options.json);
  screen.begin("Starting PostgreSQL, Redis and a mail catcher");
  const stack = await startStack(process.env, { catcher: { reject: goneAway } });
  const parts: Part[] = [];
  try {
    const env = await settings(stack);
    const log = (name: string) => join(stack.folder, `${name}.log`);
    screen.begin("Starting the web process and two workers");
    parts.push(await startWeb({ env, logFile: log("web") }));
    parts.push(...(await Promise.all([1, 2].map((n) => worker(env, log(`worker-${n}`))))));

    const ending = await tell({ env, stack, screen, options });
    screen.end();
    const checked = await check(stack, ending);
    report({ options, env, stack, ending, checked });
    if (!options.exit) await untilInterrupted();
    return checked === "differs" ? 1 : 0;
  } finally {
    screen.begin("Stopping");
    await Promise.all(parts.map((part) => part.stop()));
    await stack.stop();
    screen.end();
  }
}

async function tell({ env, stack, screen, options }: Telling): Promise<Ending> {
  const [breach] = breaches();
  if (!breach) throw new Error("The demo has no breach to play.");
  const people = peopleFile(options.recipients, breach.elements);
  const file = options.people ?? join(stack.folder, "people.csv");
  await writeFile(file, people.csv, { mode: 0o600 });

  screen.begin("Three people take up their invitations");
  const [responder, approver, counsel] = await Promise.all(
    STAFF.map((person) => joinStaff(env, person)),
  );
  if (!responder || !approver || !counsel) throw new Error("The demo needs three people.");
  const cast = { responder, approvers: [approver, counsel] };
  return { ...(await play({ breach, file, rows: options.recipients, cast, screen })), file };
}

/** Compare with what the catcher holds; a mail server of one's own cannot be asked. */
async function check(stack: Stack, ending: Ending): Promise<"agrees" | "differs" | "not asked"> {
  if (!stack.catcher) return "not asked";
  const run = promisify(execFile)(process.execPath, [
    fileURLToPath(new URL("../../scripts/check-messages.mjs", import.meta.url)),
    ending.file,
    stack.catcher.webUrl,
    JSON.stringify(ending.figures),
  ]);
  return run.then(
    () => "agrees" as const,
    (error: unknown) => {
      const { stdout } = z.object({ stdout: z.string() }).parse(error);
      process.stderr.write(`The check from outside differs:\n${stdout}\n`);
      return "differs" as const;
    },
  );
}

function report({ options, env, stack, ending, checked }: Report): void {
  if (options.json) return void process.stdout.write(`${JSON.stringify(ending.figures)}\n`);
  const { rows, imported, merged, badRows, deliveries, seconds } = ending.figures;
  const { email, needsLetter, excluded } = deliveries;
  const lines = [
    "",
    `${rows} rows: ${imported} people, ${merged} rows merged, ${badRows} bad rows to correct`,
    `accepted ${email.accepted} · rejected ${email.rejected} · unknown ${email.unknown}`,
    `needs a letter ${needsLetter} · excluded ${excluded}   (${seconds} s)`,
    checked === "agrees" ? "Checked from outside against the catcher: every figure agrees." : "",
  ];
  const places = [
    "",
    ...(stack.catcher ? [`The mail that was caught   ${stack.catcher.webUrl}`] : []),
    `Is this notice real?       ${env["PUBLIC_URL"]}/check   (code ${ending.noticeCode})`,
    `The API                    ${env["CONSOLE_URL"]}/docs`,
    `The people file            ${ending.file}`,
    `Logs                       ${stack.folder}`,
    "",
    "Look around. Ctrl-C ends it.",
  ];
  process.stdout.write(`${[...lines, ...(options.exit ? [] : places)].join("\n")}\n`);
}

async function settings(stack: Stack): Promise<Record<string, string>> {
  const port = await freePort();
  const url = `http://${LOOPBACK}:${port}`;
  return {
    ...stack.env,
    NODE_ENV: "development",
    ORGANISATION: "Larkspur Clinic",
    MAIL_FROM: "notices@larkspur.example.org",
    CONSOLE_URL: url,
    PUBLIC_URL: url,
    PORT: String(port),
    LOG_LEVEL: "info",
  };
}

function worker(env: Record<string, string>, logFile: string): Promise<Part> {
  return startWorker({ env, logFile });
}

/** People who moved: the catcher refuses them as a real server would. */
function goneAway(address: string): number | undefined {
  return address.startsWith("gone.") ? 550 : undefined;
}

function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}

const Options = z.object({
  recipients: z.coerce.number().int().min(10).max(1_000_000),
  people: z.string().optional(),
  exit: z.boolean().default(false),
  json: z.boolean().default(false),
});

interface Telling {
  readonly env: Record<string, string>;
  readonly stack: Stack;
  readonly screen: Screen;
  readonly options: z.output<typeof Options>;
}

interface Report {
  readonly options: z.output<typeof Options>;
  readonly env: Record<string, string>;
  readonly stack: Stack;
  readonly ending: Ending;
  readonly checked: "agrees" | "differs" | "not asked";
}

const STAFF = [
  { name: "Ines Duarte", email: "ines@example.org", roles: ["responder", "drafter"] },
  { name: "Tomasz Nowak", email: "tomasz@example.org", roles: ["approver"] },
  { name: "Aisha Rahman", email: "aisha@example.org", roles: ["counsel"] },
] as const;

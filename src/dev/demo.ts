import { writeFile } from "node:fs/promises";
import { join } from "node:path";

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
import { playAll } from "./story.ts";
import type { AllFigures } from "./story.ts";
import { checkMessages, countUsedPasses } from "./story/check.ts";
import { clockLines } from "./story/law.ts";
import { asInTheField } from "./story/phones.ts";
import { createPost } from "./story/post.ts";
import type { Mark } from "./story/post.ts";

/**
 * The demo: the whole main job, played through the real HTTP API and the real public pages, by a
 * web process for each door and two worker processes, on servers of their own. The public door
 * has no root key. Answers the exit code. The figures are checked from outside by
 * `scripts/check-messages.mjs`, which knows the people file, the catcher and the public pages only.
 */
export async function demo(given: unknown): Promise<number> {
  const options = Options.parse(given);
  const screen = createScreen(options.json);
  screen.begin("Starting PostgreSQL, Redis, a mail catcher and an SMS catcher");
  const stack = await startStack(process.env, {
    catcher: { reject: goneAway },
    twilio: { script: asInTheField },
  });
  const parts: Part[] = [];
  try {
    const env = await settings(stack);
    await startParts(parts, { env, stack, screen });
    const told = await tell({ env, stack, screen, options });
    screen.end();
    report({ options, env, stack, told });
    if (!options.exit) await untilInterrupted();
    return told.checked === "differs" ? 1 : 0;
  } finally {
    screen.begin("Stopping");
    await Promise.all(parts.map((part) => part.stop()));
    await stack.stop();
    screen.end();
  }
}

/** The console first: it migrates the databases that the others need. */
async function startParts(parts: Part[], { env, stack, screen }: Omit<Telling, "options">) {
  screen.begin("Starting the console, the public door (without a root key) and two workers");
  const log = (name: string) => join(stack.folder, `${name}.log`);
  parts.push(await startWeb({ door: "console", env, logFile: log("console") }));
  const { PUBLIC_URL = "" } = env;
  const outside = { ...env, PORT: new URL(PUBLIC_URL).port };
  const others = await Promise.all([
    startWeb({ door: "public", env: outside, logFile: log("public") }),
    ...[1, 2].map((n) => startWorker({ env, logFile: log(`worker-${n}`) })),
  ]);
  parts.push(...others);
}

async function tell({ env, stack, screen, options }: Telling) {
  const [breach] = breaches();
  if (!breach) throw new Error("The demo has no breach to play.");
  const people = peopleFile(options.recipients, breach.elements);
  const file = options.people ?? join(stack.folder, "people.csv");
  await writeFile(file, people.csv, { mode: 0o600 });

  screen.begin("Nine people take up their invitations");
  const staff = await Promise.all(STAFF.map((person) => joinStaff(env, person)));
  const [responder, ...approvers] = staff;
  if (!responder) throw new Error("The demo needs somebody to declare the breach.");
  const scene = {
    breach,
    file,
    screen,
    rows: options.recipients,
    cast: { responder, approvers },
  };
  const { catcher, twilio } = stack;
  const publicUrl = env["PUBLIC_URL"] ?? "";
  const post = catcher && twilio && createPost(catcher, twilio);
  let passesUsed = 0;
  const whileOpen = async (before?: Mark) => {
    if (catcher && before)
      passesUsed = await countUsedPasses(catcher.webUrl, publicUrl, before.mail);
  };
  const ending = await playAll(scene, { publicUrl, post, whileOpen });
  const page = new URL(ending.page, publicUrl).href;
  const catcherUrl = post && catcher.webUrl;
  const asked = catcherUrl !== undefined && catcher?.counts.dropped === 0;
  screen.begin("Checking every figure from outside");
  const checked = asked
    ? await checkMessages({ ...ending, catcherUrl, pageUrl: page, passesUsed })
    : "not asked";
  return { ...ending, page, checked };
}

type Told = Awaited<ReturnType<typeof tell>>;

function report({ options, env, stack, told }: Report): void {
  const { figures, checked } = told;
  if (options.json) return void process.stdout.write(`${JSON.stringify(figures)}\n`);
  const places = [
    "",
    `The public page            ${told.page}`,
    `My notice                  ${env["PUBLIC_URL"]}/my   (the personal code is in each mail)`,
    `Is this notice real?       ${env["PUBLIC_URL"]}/check   (code ${told.noticeCode})`,
    ...(stack.catcher ? [`The mail that was caught   ${stack.catcher.webUrl}`] : []),
    ...(stack.catcher && stack.twilio
      ? [`The SMS that were caught   ${stack.catcher.webUrl}/sms`]
      : []),
    `The API                    ${env["CONSOLE_URL"]}/docs`,
    `The people file            ${told.file}`,
    `The report to HHS          ${told.figures.law.filing.files.join(", ")}`,
    `Logs                       ${stack.folder}`,
    "",
    "Look around. Ctrl-C ends it.",
  ];
  const agrees = "Checked from outside against mail, SMS and pages: every figure agrees.";
  const lines = ["", ...linesOf(figures), checked === "agrees" ? agrees : ""];
  process.stdout.write(`${[...lines, ...(options.exit ? [] : places)].join("\n")}\n`);
}

function linesOf(figures: AllFigures): string[] {
  const { rows, imported, merged, badRows, deliveries, sms, letters, people } = figures;
  const { followUps, inquiries, surveyAnswers, law, seconds } = figures;
  const { email, excluded } = deliveries;
  const states = Object.entries(people).map(([state, count]) => `${state} ${count}`);
  return [
    `${rows} rows: ${imported} people, ${merged} rows merged, ${badRows} bad rows to correct`,
    `e-mail     accepted ${email.accepted} · rejected ${email.rejected} · unknown ${email.unknown}`,
    `SMS again  delivered ${sms.delivered} · accepted ${sms.accepted} · rejected ${sms.rejected} · unknown ${sms.unknown}`,
    `letters    made ${letters.made} · mailed ${letters.mailed} · returned ${letters.returned} · excluded ${excluded}`,
    `people     ${states.join(" · ")}`,
    `follow-up  sent ${followUps.sent}: e-mail ${followUps.email} · SMS ${followUps.sms} · waiting for a letter ${followUps.needsLetter}`,
    `inquiries  asked ${inquiries.asked} · answered ${inquiries.answered}`,
    `survey     ${surveyAnswers} answers released   (${seconds} s in all)`,
    "legal clocks, at the end (this helps you track them; confirm with counsel)",
    ...clockLines(law),
  ];
}

async function settings(stack: Stack): Promise<Record<string, string>> {
  const [port, publicPort] = [await freePort(), await freePort()];
  return {
    ...stack.env,
    NODE_ENV: "development",
    ORGANISATION: "Larkspur Clinic",
    MAIL_FROM: "notices@larkspur.example.org",
    CONSOLE_URL: `http://${LOOPBACK}:${port}`,
    PUBLIC_URL: `http://${LOOPBACK}:${publicPort}`,
    PORT: String(port),
    // The customers' proxy: it says from which network each of them comes.
    TRUSTED_PROXIES: "1",
    PUBLIC_FOLDER: join(stack.folder, "public"),
    LOG_LEVEL: "info",
  };
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

interface Report extends Omit<Telling, "screen"> {
  readonly told: Told;
}

/** Each authenticator shows a code every 30 seconds: with eight to approve nobody waits for one. */
const STAFF = [
  { name: "Ines Duarte", email: "ines@example.org", roles: ["responder", "drafter"] },
  { name: "Tomasz Nowak", email: "tomasz@example.org", roles: ["approver"] },
  { name: "Aisha Rahman", email: "aisha@example.org", roles: ["counsel"] },
  { name: "Mei Lindholm", email: "mei@example.org", roles: ["approver"] },
  { name: "Jonas Okafor", email: "jonas@example.org", roles: ["counsel"] },
  { name: "Lucía Ferrer", email: "lucia@example.org", roles: ["approver"] },
  { name: "Samir Haddad", email: "samir@example.org", roles: ["approver"] },
  { name: "Kata Horváth", email: "kata@example.org", roles: ["approver"] },
  { name: "Noor de Vries", email: "noor@example.org", roles: ["counsel"] },
] as const;

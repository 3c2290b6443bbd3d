import type { Command } from "commander";

import { z } from "zod";

import { Named } from "./answers.ts";
import { ProblemError, ownClient } from "./client.ts";

/** What was promised of further news, and everything that waits for the person at the keyboard. */
export function followupCommands(program: Command): void {
  const followup = program.command("followup").description("plan follow-ups, and see their state");
  followup
    .command("plan")
    .description("plan an incident's follow-ups; replaces what an older plan had still to come")
    .argument("<incident>")
    .option(
      "--zone <zone>",
      "IANA time zone of the times",
      Intl.DateTimeFormat().resolvedOptions().timeZone,
    )
    .option("--dates <times...>", "local times one by one, such as 2026-03-31T09:00")
    .option("--every <cadence>", "day, week, 2-weeks, month-31 or month-last")
    .option("--at <time>", "time of day of a cadence", "09:00")
    .option("--from <day>", "no follow-up of a cadence is before this day")
    .option("--until <end>", "closed, a day, or how many", "closed")
    .option("--owner <ids...>", "staff who are told; you, unless said")
    .option("--audience <id>", "propose each draft for this audience")
    .action((incident: string, options: unknown) => plan(incident, Planning.parse(options)));

  followup
    .command("list")
    .description("list an incident's follow-ups: kept, missed, waiting and to come")
    .argument("<incident>")
    .action(list);

  program.command("inbox").description("list what waits for you, over all incidents").action(inbox);
}

async function plan(incidentId: string, given: z.output<typeof Planning>): Promise<void> {
  const client = ownClient();
  const path = `/v1/incidents/${incidentId}/followup-plan`;
  const owners = given.owner ?? [(await client.get("/v1/me", Named)).id];
  const body = {
    version: await versionAt(path),
    zone: given.zone,
    rule: ruleOf(given),
    owners,
    ...(given.audience !== undefined && { sending: { audienceId: given.audience } }),
  };
  const { followups } = await client.put(path, body, Lines);
  say("Planned. The next follow-ups:");
  for (const each of followups.filter(({ state }) => state === "armed")) say(`  ${told(each)}`);
}

async function list(incidentId: string): Promise<void> {
  const { followups } = await ownClient().get(`/v1/incidents/${incidentId}/followups`, Lines);
  if (followups.length === 0) say("No follow-ups are planned.");
  for (const each of followups) {
    say(`${told(each)}  ${each.missed ? "missed, " : ""}${each.state}  ${each.id}`);
    if (each.problem !== null) say(`  its draft was not submitted: ${each.problem}`);
  }
}

async function inbox(): Promise<void> {
  const { items } = await ownClient().get("/v1/inbox", Items);
  if (items.length === 0) say("Nothing waits for you.");
  for (const { kind, due, sentence, link } of items) {
    say(`${kind}${due === null ? "" : `, due ${due}`}: ${sentence}`);
    say(`  ${link}`);
  }
}

/** The version of the plan that this one replaces; 0 where there is none. */
async function versionAt(path: string): Promise<number> {
  try {
    return (await ownClient().get(path, z.object({ version: z.int() }))).version;
  } catch (error) {
    if (error instanceof ProblemError && error.code === "not-found") return 0;
    throw error;
  }
}

function ruleOf({ dates, every, at, from, until }: z.output<typeof Planning>) {
  if (dates !== undefined)
    return {
      kind: "dates",
      dates: dates.map((local) => ({ date: local.slice(0, 10), time: local.slice(11) })),
    };
  if (every === undefined || from === undefined)
    throw new Error("Give --dates, or --every and --from.");
  return { kind: "cadence", every: everyOf(every), time: at, from, until: untilOf(until) };
}

function everyOf(cadence: string) {
  const [first = "", second = ""] = cadence.split("-");
  if (cadence === "day" || cadence === "week") return { unit: cadence };
  if (first === "month") return { unit: "month", day: second === "last" ? "last" : Number(second) };
  if (second === "weeks") return { unit: "week", weeks: Number(first) };
  throw new Error("Give --every as day, week, 2-weeks, month-31 or month-last.");
}

function untilOf(end: string) {
  if (end === "closed") return end;
  return /^\d+$/.test(end) ? { count: Number(end) } : { date: end };
}

function told({ localDate, localTime, zone }: z.output<typeof Line>): string {
  return `${localDate} ${localTime} ${zone}`;
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const Planning = z.object({
  zone: z.string(),
  dates: z.array(z.string()).optional(),
  every: z.string().optional(),
  at: z.string(),
  from: z.string().optional(),
  until: z.string(),
  owner: z.array(z.string()).optional(),
  audience: z.string().optional(),
});
const Line = z.object({
  id: z.uuid(),
  localDate: z.string(),
  localTime: z.string(),
  zone: z.string(),
  state: z.string(),
  missed: z.boolean(),
  problem: z.string().nullable(),
});
const Lines = z.object({ followups: z.array(Line) });
const Items = z.object({
  items: z.array(
    z.object({
      kind: z.string(),
      due: z.string().nullable(),
      sentence: z.string(),
      link: z.string(),
    }),
  ),
});

import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";

import { Argument, Option } from "commander";
import type { Command } from "commander";

import { z } from "zod";

import { UnknownDecision } from "../domain/delivery.ts";
import { ask, ownClient } from "./client.ts";

/** Deliveries that nobody knows the outcome of, and people whom nothing reached. */
export function unknownCommands(program: Command): void {
  const unknown = program
    .command("unknown")
    .description("list and decide deliveries whose outcome nobody knows");
  unknown
    .command("list")
    .description("what is unknown, for how long, and what happens to it by itself")
    .argument("<incident>")
    .argument("<wave>")
    .addOption(channel())
    .option("--json", "one line of JSON each")
    .action((incident: string, wave: string, options: unknown) =>
      list(waveOf(incident, wave), Listing.parse(options)),
    );
  unknown
    .command("decide")
    .description("say what became of them; resending risks a second copy")
    .argument("<incident>")
    .argument("<wave>")
    .addArgument(new Argument("<decision>").choices(UnknownDecision.options))
    .option("--reason <reason>", "kept in the timeline as a hash")
    .option("--ids <ids...>", "these deliveries")
    .option("--all", "all of the wave, or all that the options below fit")
    .addOption(channel())
    .option("--code <code>", "the code of the attempt, such as ECONNECTION")
    .option("--worker <id>", "the worker that made the attempt")
    .option("--older-than <seconds>", "unknown for at least so long")
    .action((incident: string, wave: string, decision: string, options: unknown) =>
      decide(waveOf(incident, wave), UnknownDecision.parse(decision), Deciding.parse(options)),
    );

  program
    .command("not-reached")
    .description("list people whom no channel reached; with --out, by name, for substitute notice")
    .argument("<incident>")
    .argument("<wave>")
    .option("--out <file>", "write names and reasons here")
    .option("--reason <reason>", "why, for --out; kept in the timeline as a hash")
    .option("--totp <code>", "your authenticator's code, for --out")
    .action((incident: string, wave: string, options: unknown) =>
      notReached(`${waveOf(incident, wave)}/not-reached`, Reaching.parse(options)),
    );
}

async function list(path: string, { channel: by, json }: z.output<typeof Listing>): Promise<void> {
  const client = ownClient();
  const chosen = by === undefined ? "" : `&channel=${by}`;
  for (let after = ""; ;) {
    const query = `limit=${PAGE}${after}${chosen}`;
    const { deliveries } = await client.get(`${path}/deliveries/unknown?${query}`, Unknowns);
    for (const each of deliveries) say(json ? JSON.stringify(each) : sentenceOf(each));
    const last = deliveries.at(-1);
    if (!last || deliveries.length < PAGE) return;
    after = `&after=${last.id}`;
  }
}

function sentenceOf(each: z.output<typeof Unknown>): string {
  const minutes = Math.floor(each.unknownSeconds / 60);
  const where = each.relay === null ? each.channel : `${each.channel} by ${each.relay}`;
  const why = [each.reason, each.code].filter((text) => text !== null).join(" ") || "no code";
  return `${each.id}  ${where}, attempt ${each.attempt}, ${minutes} min, ${why}; ${NEXT[each.next]}`;
}

async function decide(
  path: string,
  decision: UnknownDecision,
  given: z.output<typeof Deciding>,
): Promise<void> {
  const { ids, channel: by, code, worker: workerId, olderThan: olderThanSeconds } = given;
  const filter = {
    ...(by !== undefined && { channel: by }),
    ...(code !== undefined && { code }),
    ...(workerId !== undefined && { workerId }),
    ...(olderThanSeconds !== undefined && { olderThanSeconds }),
  };
  if (ids === undefined && !given.all)
    throw new Error("Say which: --ids with their numbers, or --all, which other options narrow.");
  const reason = await ask(given.reason, "Why?");
  const body = { deliveryIds: ids ?? "all", filter, decision, reason };
  const answer = await ownClient().post(`${path}/deliveries/decisions`, body, Decided);
  say(`${answer.decided} decided.`);
}

async function notReached(path: string, given: z.output<typeof Reaching>): Promise<void> {
  const client = ownClient();
  if (given.out !== undefined) {
    const reason = await ask(given.reason, "Why do you need the names?");
    const totp = await ask(given.totp, "The code your authenticator shows:");
    const file = await client.download(`${path}/export`, totp, { reason });
    await pipeline(file, createWriteStream(given.out, { mode: 0o600, flags: "wx" }));
    return say(`They are in ${given.out}. Delete it when the notice is out.`);
  }
  for (let query = `limit=${PAGE}`; ;) {
    const { people, next } = await client.get(`${path}?${query}`, People);
    for (const { recipientId, tried } of people) {
      const reasons = tried.map((each) => `${each.channel}: ${each.reason ?? "refused"}`);
      say(`${recipientId}  ${reasons.join("; ") || "no channel"}`);
    }
    if (next === null) return;
    query = `limit=${PAGE}&after=${next}`;
  }
}

function waveOf(incident: string, wave: string): string {
  return `/v1/incidents/${incident}/waves/${wave}`;
}

function channel(): Option {
  return new Option("--channel <channel>").choices(Channel.options);
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const PAGE = 1_000;
const NEXT = {
  wait: "receipts have time still",
  look: "its provider is asked next",
  resend: "sent again next",
  person: "waits for a person",
} as const;

const Channel = z.enum(["email", "sms"]);
const Listing = z.object({ channel: Channel.optional(), json: z.boolean().default(false) });
const Deciding = z.object({
  reason: z.string().optional(),
  ids: z.array(z.string()).optional(),
  all: z.boolean().default(false),
  channel: Channel.optional(),
  code: z.string().optional(),
  worker: z.string().optional(),
  olderThan: z.coerce.number().int().min(0).optional(),
});
const Reaching = z.object({
  out: z.string().optional(),
  reason: z.string().optional(),
  totp: z.string().optional(),
});
const Unknown = z.object({
  id: z.string(),
  channel: Channel,
  attempt: z.int(),
  startedAt: z.string(),
  unknownSince: z.string(),
  unknownSeconds: z.int(),
  code: z.string().nullable(),
  reason: z.string().nullable(),
  workerId: z.string(),
  relay: z.string().nullable(),
  next: z.enum(["wait", "look", "resend", "person"]),
});
const Unknowns = z.object({ deliveries: z.array(Unknown) });
const Decided = z.object({ decided: z.int() });
const People = z.object({
  people: z.array(
    z.object({
      recipientId: z.uuid(),
      tried: z.array(z.object({ channel: z.string(), reason: z.string().nullable() })),
    }),
  ),
  next: z.uuid().nullable(),
});

import { Option } from "commander";
import type { Command } from "commander";

import { z } from "zod";

import { ask, ownClient } from "./client.ts";

/** Messages that were held before anybody heard of them, and what failed by our own fault. */
export function heldCommands(program: Command): void {
  const held = program
    .command("held")
    .description("list, release and give up messages that could not be made as they should");
  held
    .command("list")
    .description("why messages of a wave are held, how many, and which")
    .argument("<incident>")
    .argument("<wave>")
    .addOption(because())
    .option("--ids", "the deliveries too")
    .action((incident: string, wave: string, options: unknown) =>
      list(waveOf(incident, wave), Listing.parse(options)),
    );
  for (const [decision, description] of [
    ["release", "make and send them anew; what is still wrong is held again"],
    ["drop", "give this channel up: the next one of the plan follows"],
  ] as const)
    choosing(held.command(decision).description(description))
      .addOption(because())
      .action((incident: string, wave: string, options: unknown) =>
        decide(waveOf(incident, wave), decision, Deciding.parse(options)),
      );

  choosing(
    program
      .command("resend-rejected")
      .description("send again, once, what failed late because of our own account or sender"),
  ).action((incident: string, wave: string, options: unknown) =>
    resend(waveOf(incident, wave), Deciding.parse(options)),
  );
}

async function list(path: string, given: z.output<typeof Listing>): Promise<void> {
  const client = ownClient();
  let after: { after?: string } = {};
  for (let first = true; ; first = false) {
    const query = new URLSearchParams({ limit: String(PAGE), ...after, ...chosen(given) });
    const { reasons, deliveries } = await client.get(`${path}/held?${query.toString()}`, Held);
    if (first && reasons.length === 0) say("Nothing is held.");
    if (first)
      for (const { channel, reason, count } of reasons) say(`${count}  ${channel}  ${reason}`);
    if (!given.ids) return;
    for (const { id, channel, reason } of deliveries) say(`  ${id}  ${channel}  ${reason}`);
    const last = deliveries.at(-1);
    if (!last || deliveries.length < PAGE) return;
    after = { after: last.id };
  }
}

async function decide(
  path: string,
  decision: "release" | "drop",
  given: z.output<typeof Deciding>,
): Promise<void> {
  const body = { ...(await orderOf(given)), ...chosen(given), decision };
  const { decided } = await ownClient().post(`${path}/held/decisions`, body, Decided);
  say(decision === "release" ? `${decided} released.` : `${decided} given up by this channel.`);
}

async function resend(path: string, given: z.output<typeof Deciding>): Promise<void> {
  const body = await orderOf(given);
  const { resent } = await ownClient().post(`${path}/rejected/resend`, body, Resent);
  say(`${resent} will be sent again.`);
}

async function orderOf({ ids, all, reason }: z.output<typeof Deciding>) {
  if (ids === undefined && !all) throw new Error("Say which: --ids with their numbers, or --all.");
  return { deliveryIds: ids ?? "all", reason: await ask(reason, "Why?") };
}

function choosing(command: Command): Command {
  return command
    .argument("<incident>")
    .argument("<wave>")
    .option("--ids <ids...>", "these deliveries")
    .option("--all", "all of the wave")
    .option("--reason <reason>", "kept in the timeline as a hash");
}

function because(): Option {
  return new Option("--because <reason>", "only those held for this reason, such as missing:name");
}

function chosen({ because: only }: { readonly because?: string | undefined }) {
  return only === undefined ? {} : { because: only };
}

function waveOf(incident: string, wave: string): string {
  return `/v1/incidents/${incident}/waves/${wave}`;
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const PAGE = 1_000;
const Listing = z.object({ because: z.string().optional(), ids: z.boolean().default(false) });
const Deciding = z.object({
  because: z.string().optional(),
  ids: z.array(z.string()).optional(),
  all: z.boolean().default(false),
  reason: z.string().optional(),
});
const Held = z.object({
  reasons: z.array(z.object({ channel: z.string(), reason: z.string(), count: z.int() })),
  deliveries: z.array(z.object({ id: z.string(), channel: z.string(), reason: z.string() })),
});
const Decided = z.object({ decided: z.int() });
const Resent = z.object({ resent: z.int() });

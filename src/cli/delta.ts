import { setTimeout as sleep } from "node:timers/promises";

import type { Command } from "commander";

import { z } from "zod";

import { ownClient } from "./client.ts";
import { say } from "./operator.ts";

/** Who must hear something else than they were told, now that more is known. */
export function deltaCommand(program: Command): void {
  program
    .command("delta")
    .description("compare the people who were told with those affected as is known now")
    .argument("<incident>")
    .requiredOption("--told <audience>", "the audience that was told")
    .requiredOption("--current <audience>", "the people affected as is known now")
    .action(compare);
}

async function compare(incident: string, body: { told: string; current: string }): Promise<void> {
  const client = ownClient();
  const path = `/v1/incidents/${incident}/deltas`;
  let delta = await client.post(path, body, Delta);
  say("Comparing…");
  while (delta.groups === null) {
    await sleep(LOOK_AGAIN_MS);
    delta = await client.get(`${path}/${delta.id}`, Delta);
  }
  const { unchanged, ...groups } = delta.groups;
  for (const [group, { people, audienceId, noticeId }] of Object.entries(groups)) {
    say(`${people}  ${WORDS[group] ?? group}`);
    if (audienceId !== null) say(`  audience ${audienceId}`);
    if (noticeId !== null) say(`  notice   ${noticeId}, a draft`);
    else if (people > 0) say("  no draft yet: write one, or have a drafter do it");
  }
  say(`${unchanged.people}  unchanged, of whom ${unchanged.lessData} by less than they were told`);
}

const LOOK_AGAIN_MS = 1_000;
const WORDS: Readonly<Record<string, string>> = {
  "newly-affected": "newly affected: not told yet",
  "more-data": "affected by more than they were told",
  "no-longer": "no longer affected: we were wrong",
};
const Told = z.object({
  people: z.int(),
  audienceId: z.string().nullable(),
  noticeId: z.string().nullable(),
});
const Delta = z.object({
  id: z.string(),
  groups: z
    .object({
      "newly-affected": Told,
      "more-data": Told,
      "no-longer": Told,
      unchanged: z.object({ people: z.int(), lessData: z.int() }),
    })
    .nullable(),
});

import type { Command } from "commander";

import { z } from "zod";

import { ownClient } from "./client.ts";
import { Duties, Duty, printDuties } from "./obligation-print.ts";
import { recordCommands } from "./obligation-record.ts";

/** The legal clocks: what is owed to whom by when, and what people put on record about it. */
export function obligationCommands(program: Command): void {
  const obligation = program
    .command("obligation")
    .description("legal clocks: who must be told by when, and why");
  obligation
    .command("list")
    .description("list the clocks of an incident, or of all open ones")
    .argument("[incident]")
    .option("--scope <version>", "by an older version of the scope")
    .option("--answers <when>", "with that version: the answers of `then` (default) or `now`")
    .option("--full", "with arithmetic, contents and addresses")
    .action((incident: string | undefined, options: unknown) =>
      list(incident, Listing.parse(options)),
    );
  obligation
    .command("why-not")
    .description("say why the rules of affected places ask for nothing")
    .argument("<incident>")
    .action(whyNot);
  obligation
    .command("answer")
    .description("answer a question: yes, no, a number, a place, a time, or not-yet-known")
    .argument("<incident>")
    .argument("<question>")
    .argument("<value>", "a time such as 2026-03-02T14:05+01:00, or a day 2026-03-02")
    .requiredOption("--reason <text>", "how you know; no personal data")
    .option("--zone <zone>", "IANA zone that a time was observed in", ownZone())
    .action((incident: string, question: string, value: string, options: unknown) =>
      answer({ incident, question, value, ...Answering.parse(options) }),
    );
  obligation
    .command("risk")
    .description("decide how great the risk to people is: unlikely, risk or high-risk")
    .argument("<incident>")
    .argument("<level>")
    .requiredOption("--reason <texts...>", "why; no personal data")
    .action((incident: string, level: string, options: unknown) =>
      risk(incident, level, Reasons.parse(options).reason),
    );
  obligation
    .command("review")
    .description("record that you read a rule against its source; shows the rule without --note")
    .argument("<rule>")
    .option("--note <text>", "what you compared it with")
    .action((rule: string, options: unknown) => review(rule, Noting.parse(options).note));
  recordCommands(obligation);
}

async function list(
  incident: string | undefined,
  { scope, answers, full }: z.output<typeof Listing>,
): Promise<void> {
  const client = ownClient();
  if (incident === undefined) {
    const { obligations } = await client.get("/v1/obligations", Clocks);
    if (obligations.length === 0) say("No clock is open.");
    return printDuties(obligations, { full });
  }
  const query = new URLSearchParams({
    ...(scope !== undefined && { scope }),
    ...(answers !== undefined && { answers }),
  });
  const found = await client.get(
    `/v1/incidents/${incident}/obligations?${query.toString()}`,
    Duties,
  );
  const { basis } = found;
  say(
    `By scope version ${basis.scopeVersion}, with the answers of ${basis.answers} (${basis.asOf}).`,
  );
  for (const { words } of found.noRuleKnown) say(`! ${words}`);
  for (const warning of found.warnings) say(`! ${warning}`);
  if (found.obligations.length === 0) say("No rule that is known asks for anything.");
  printDuties(found.obligations, { full });
  if (found.questions.length > 0) say("Open questions (candor obligation answer):");
  for (const { code, asks, obligations } of found.questions)
    say(`  ${code}: ${asks} (${obligations} hang on it)`);
  for (const { id, kind, agreedAt, until } of found.reliefs.filter((r) => r.endedAt === null)) {
    const standing = agreedAt === null ? "waits for a second person" : "counts";
    say(`${kind} ${id}: ${standing}${until === null ? "" : `, until ${until}`}`);
  }
  say(found.note);
}

async function whyNot(incident: string): Promise<void> {
  const { whyNot: rules, noRuleKnown } = await ownClient().get(
    `/v1/incidents/${incident}/obligations`,
    Duties,
  );
  for (const { words } of noRuleKnown) say(`! ${words}`);
  if (rules.length === 0) say("Every rule of the affected places asks for something.");
  for (const { rule, duty, place, because } of rules)
    say(`${place}  ${rule}${duty === null ? "" : `/${duty}`}: ${because}`);
}

async function answer(
  given: z.output<typeof Answering> & Record<"incident" | "question" | "value", string>,
) {
  const client = ownClient();
  const base = `/v1/incidents/${given.incident}/obligations`;
  const { answers, obligations } = await client.get(base, Duties);
  const before = answers.find(
    ({ incidentId, question }) => incidentId === given.incident && question === given.question,
  );
  const version = before?.version ?? 0;
  const { question, reason } = given;
  const value = valueOf(given.value, given.zone);
  await client.post(`${base}/answers`, { question, version, value, reason }, z.unknown());
  const after = await client.get(base, Duties);
  const [were, are] = [obligations, after.obligations].map((all) => all.map(({ id }) => id));
  const gone = were?.filter((id) => !are?.includes(id)) ?? [];
  const added = are?.filter((id) => !were?.includes(id)) ?? [];
  say(`Answered. ${after.questions.length} questions are open.`);
  for (const id of gone) say(`  no longer owed: ${id}`);
  for (const id of added) say(`  owed now: ${id}`);
}

async function risk(incident: string, level: string, reasons: string[]): Promise<void> {
  const client = ownClient();
  const base = `/v1/incidents/${incident}/obligations`;
  const { risk: before } = await client.get(base, Duties);
  const version = before?.version ?? 0;
  const { rules } = await client.post(`${base}/risk`, { version, level, reasons }, Decided);
  say(`Decided, by the text of ${rules.length} rules:`);
  for (const { id, threshold } of rules) say(`  ${id}: ${threshold ?? "no words of its own"}`);
}

async function review(rule: string, note: string | undefined): Promise<void> {
  const client = ownClient();
  const found = await client.get(`/v1/rules/${rule}`, RuleSeen);
  if (note === undefined) return say(JSON.stringify(found, null, 2));
  await client.post(`/v1/rules/${rule}/reviews`, { version: found.version, note }, z.unknown());
  say(`Recorded: you read ${rule}, version ${found.version}.`);
}

/** What was typed, as the API takes it: it says no to what it does not understand. */
function valueOf(typed: string, zone: string): unknown {
  if (/^\d+$/.test(typed)) return Number(typed);
  if (/^\d{4}-\d{2}-\d{2}$/.test(typed)) return { day: typed };
  return /^\d{4}-\d{2}-\d{2}T/.test(typed) ? { at: typed, zone } : typed;
}

function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const Listing = z.object({
  scope: z.string().optional(),
  answers: z.string().optional(),
  full: z.boolean().default(false),
});
const Answering = z.object({ reason: z.string(), zone: z.string() });
const Reasons = z.object({ reason: z.array(z.string()) });
const Noting = z.object({ note: z.string().optional() });
const Clocks = z.object({ obligations: z.array(Duty) });
const Decided = z.object({
  rules: z.array(z.object({ id: z.string(), threshold: z.string().nullable() })),
});
const RuleSeen = z.looseObject({ version: z.string() });

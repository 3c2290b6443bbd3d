import type { Command } from "commander";

import { z } from "zod";

import { ask, ownClient } from "./client.ts";

/** What people ask: the queue, reading, answering and approving. */
export function inquiryCommands(program: Command): void {
  const group = program.command("inquiry").description("questions, complaints and requests");

  group
    .command("list")
    .description("list an incident's inquiries, the most urgent first")
    .argument("<incident>")
    .option("--state <state>", "new, drafted, in-review, answered or closed")
    .action(list);

  group
    .command("enter")
    .description("put a telephone call or a letter into the queue")
    .argument("<incident>")
    .argument("<text>")
    .option("--kind <kind>", "question, complaint, access, erase or correct", "question")
    .option("--channel <channel>", "phone or letter", "phone")
    .option("--recipient <id>", "whom it is from, where that is known")
    .option("--contact <contact>", "where to answer somebody whom we do not know")
    .action(enter);

  group
    .command("open")
    .description("read one inquiry; the timeline keeps that you did")
    .argument("<incident>")
    .argument("<inquiry>")
    .action(open);

  group
    .command("answer")
    .description("write the answer; a second person approves it")
    .argument("<incident>")
    .argument("<inquiry>")
    .argument("<text>")
    .action(answer);

  group
    .command("approve")
    .description("read an answer and approve it, with a fresh code from your authenticator")
    .argument("<incident>")
    .argument("<inquiry>")
    .option("--totp <code>")
    .action(approve);
}

async function list(incidentId: string, options: unknown): Promise<void> {
  const { state } = z.object({ state: z.string().optional() }).parse(options);
  const query = state === undefined ? "" : `?state=${encodeURIComponent(state)}`;
  const { inquiries } = await ownClient().get(base(incidentId) + query, Queue);
  for (const { id, number, kind, channel, state: now, dueAt, late } of inquiries)
    say(`${number}  ${kind} (${channel})  ${now}  due ${dueAt}${late ? "  LATE" : ""}  ${id}`);
  if (inquiries.length === 0) say("There are none.");
}

async function enter(incidentId: string, text: string, options: unknown): Promise<void> {
  const { recipient, ...given } = Entering.parse(options);
  const body = { ...given, text, ...(recipient !== undefined && { recipientId: recipient }) };
  const { id, number } = await ownClient().post(base(incidentId), body, Line);
  say(`Inquiry ${number} (${id})`);
}

async function open(incidentId: string, inquiryId: string): Promise<void> {
  show(await opened(incidentId, inquiryId));
}

async function answer(incidentId: string, inquiryId: string, text: string): Promise<void> {
  const { inquiry } = await opened(incidentId, inquiryId);
  const path = `${base(incidentId)}/${inquiryId}/answer`;
  await ownClient().post(path, { version: inquiry.version, text }, Line);
  say(`The answer to ${inquiry.number} waits for a second person.`);
}

async function approve(incidentId: string, inquiryId: string, options: unknown): Promise<void> {
  const given = z.object({ totp: z.string().optional() }).parse(options);
  const found = await opened(incidentId, inquiryId);
  show(found);
  const totp = await ask(given.totp, "The code your authenticator shows, to approve this answer:");
  const path = `${base(incidentId)}/${inquiryId}/approve`;
  await ownClient().post(path, { version: found.inquiry.version }, Line, { totp });
  say("Approved: the person is told that there is an answer.");
}

function opened(incidentId: string, inquiryId: string) {
  return ownClient().post(`${base(incidentId)}/${inquiryId}/open`, {}, Opened, { once: true });
}

function show({ inquiry, text, contact, answer: reply }: z.output<typeof Opened>): void {
  say(`${inquiry.number}  ${inquiry.kind} (${inquiry.channel})  ${inquiry.state}\n\n${text}\n`);
  if (contact !== null) say(`Answer to: ${contact}\n`);
  if (inquiry.recipientId !== null) say(`Recipient: ${inquiry.recipientId}\n`);
  if (reply !== null) say(`Answer:\n\n${reply}\n`);
}

function base(incidentId: string): string {
  return `/v1/incidents/${incidentId}/inquiries`;
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const Line = z.object({
  id: z.string(),
  number: z.string(),
  kind: z.string(),
  channel: z.string(),
  state: z.string(),
  version: z.int(),
  dueAt: z.string(),
});
const Queue = z.object({ inquiries: z.array(Line.extend({ late: z.boolean() })) });
const Opened = z.object({
  inquiry: Line.extend({ recipientId: z.string().nullable() }),
  text: z.string(),
  contact: z.string().nullable(),
  answer: z.string().nullable(),
});
const Entering = z.object({
  kind: z.string(),
  channel: z.string(),
  recipient: z.string().optional(),
  contact: z.string().optional(),
});

import { setTimeout as sleep } from "node:timers/promises";

import { Presets, SingleBar } from "cli-progress";
import type { Command } from "commander";

import { z } from "zod";

import { Drafted, Named, Wave } from "./answers.ts";
import { ask, ownClient } from "./client.ts";
import { Problem, isToConfirm, tell } from "./lint.ts";
import { Placed, placeLines } from "./variants.ts";

/** What comms and counsel do: preview, submit, approve; and then send and watch. */
export function noticeCommands(program: Command): void {
  program
    .command("preview")
    .description(
      "show a notice as invented people would get it; drafts an initial one if you name none",
    )
    .argument("<incident>")
    .argument("[notice]")
    .action(preview);

  program
    .command("submit")
    .description("submit a notice for approval")
    .argument("<incident>")
    .argument("<notice>")
    .argument("<audience>")
    .option("--consent <rule>", "who may get e-mail: agreed, not-refused or any", "agreed")
    .option("--canary <count>", "how many are sent first", "50")
    .option("--urgent", "before all other waves")
    .option("--deadline <instant>", "when all must have been told, such as 2026-03-05T12:00+01:00")
    .option("--email-hours <hours>", "by each reader's own clock, such as 08:00-21:00")
    .option("--sms-hours <hours>", "the same; a courtesy has 08:00-21:00 unless said: any")
    .action((incident: string, notice: string, audience: string, options: unknown) =>
      submit({ incidentId: incident, noticeId: notice, audienceId: audience }, options),
    );

  program
    .command("approve")
    .description("approve a submission, with a fresh code from your authenticator")
    .argument("<incident>")
    .argument("<submission>")
    .option("--totp <code>")
    .option("--waiver <reason>", "an organisation of one waives four eyes, by name")
    .action((incident: string, id: string, options: unknown) =>
      approve(incident, id, Approving.parse(options)),
    );

  program
    .command("send")
    .description("start sending what was approved, and watch it")
    .argument("<incident>")
    .argument("<submission>")
    .option("--accept <codes>", "findings of the preflight that you know of, with commas")
    .option("--reason <text>", "why you accept them")
    .action((incident: string, submission: string, options: unknown) =>
      send(incident, submission, Sending.parse(options)),
    );

  program
    .command("watch")
    .description("watch a wave until it ends or stops; exits 1 unless it is done")
    .argument("<incident>")
    .argument("<wave>")
    .action(watch);
}

async function preview(incidentId: string, noticeId: string | undefined): Promise<void> {
  const base = `/v1/incidents/${incidentId}/notices`;
  const id = noticeId ?? (await ownClient().post(base, { kind: "initial" }, Drafted)).notice.id;
  const { previews } = await ownClient().get(`${base}/${id}/preview`, Previews);
  for (const { person, variant, language, subject, text } of previews)
    say(
      `── ${person} (${language}${variant === null ? "" : `, ${variant}`}) ──\nSubject: ${subject}\n\n${text}\n`,
    );
  say(`Notice ${id}`);
}

async function submit(
  { incidentId, noticeId, audienceId }: Proposed,
  options: unknown,
): Promise<void> {
  const { consent, canary, emailHours, smsHours, ...when } = Submitting.parse(options);
  const chosen = {
    ...(emailHours && emailHours !== "any" && { email: emailHours }),
    ...(smsHours && smsHours !== "any" && { sms: smsHours }),
  };
  const hours = emailHours ?? smsHours;
  const base = `/v1/incidents/${incidentId}`;
  const { notice } = await ownClient().get(`${base}/notices/${noticeId}`, Drafted);
  const body = {
    noticeId,
    version: notice.version,
    audienceId,
    plan: { consent },
    canary,
    ...(hours !== undefined && { localHours: chosen }),
    ...when,
  };
  const submission = await ownClient().post(`${base}/submissions`, body, Submission);
  describe(submission);
}

async function approve(incidentId: string, id: string, given: z.output<typeof Approving>) {
  const client = ownClient();
  const path = `/v1/incidents/${incidentId}/submissions/${id}`;
  const submission = await client.get(path, Submission);
  describe(submission);
  const totp = await ask(given.totp, "The code your authenticator shows, to approve exactly this:");
  const waiver = given.waiver === undefined ? {} : { waiver: { reason: given.waiver } };
  const body = { binding: submission.binding, ...waiver };
  const { state } = await client.post(`${path}/approve`, body, Submission, { totp });
  say(
    state === "approved" ? "Approved: it may be sent." : "Recorded: one more person must approve.",
  );
}

function describe(shown: z.output<typeof Submission>): void {
  const { id, reach, binding, urgent, deadline, localHours, problems } = shown;
  say(`Submission ${id}`);
  if (urgent) say("  urgent: before all other waves");
  if (deadline !== null) say(`  deadline ${deadline}: it overrides the hours of the day`);
  for (const [channel, { from, to }] of Object.entries(localHours ?? {}))
    say(`  ${channel} from ${from} to ${to} where each reader is`);
  say(`  ${reach.people} people: ${reach.email} by e-mail, ${reach.needsLetter} need a letter,`);
  say(`  ${reach.notReached} not reached, ${reach.excluded} excluded`);
  for (const row of placeLines(shown)) say(row);
  for (const problem of problems)
    if (problem.severity === "must-fix" || isToConfirm(problem)) say(tell(problem));
  say(`  binding ${binding}`);
}

async function send(
  incidentId: string,
  submissionId: string,
  { accept, reason }: z.output<typeof Sending>,
): Promise<void> {
  const base = `/v1/incidents/${incidentId}/waves`;
  const body = {
    submissionId,
    ...(accept !== undefined && { acceptFindings: accept.split(",").map((code) => code.trim()) }),
    ...(reason !== undefined && { reason }),
  };
  const { id } = await ownClient().post(base, body, Named);
  say(`Wave ${id}`);
  await watch(incidentId, id);
}

async function watch(incidentId: string, waveId: string): Promise<void> {
  const format = "  {bar} {value}/{total} {state} {rate}/s";
  const bar = new SingleBar({ format, stream: process.stderr }, Presets.shades_classic);
  bar.start(0, 0, { state: "", rate: 0 });
  for (;;) {
    const wave = await ownClient().get(`/v1/incidents/${incidentId}/waves/${waveId}`, Wave);
    const open = ["planned", "leased", "sending"].reduce((n, s) => n + (wave.counts[s] ?? 0), 0);
    bar.setTotal(wave.total);
    bar.update(wave.total - open, { state: wave.state, rate: Math.round(wave.ratePerSecond) });
    if (["done", "paused", "cancelled"].includes(wave.state)) {
      bar.stop();
      for (const [state, count] of Object.entries(wave.counts)) say(`  ${state} ${count}`);
      for (const warning of wave.warnings) say(`  warning: ${warning}`);
      if (wave.state !== "done") process.exitCode = 1;
      return say(`The wave is ${wave.state}${wave.pausedReason ? `: ${wave.pausedReason}` : ""}.`);
    }
    await sleep(LOOK_MS);
  }
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
}

const LOOK_MS = 500;
const Previews = z.object({
  previews: z.array(
    z.object({
      person: z.string(),
      variant: z.string().nullable(),
      language: z.string(),
      subject: z.string(),
      text: z.string(),
    }),
  ),
});
const Submission = Named.extend({
  ...Placed.shape,
  urgent: z.boolean(),
  deadline: z.string().nullable(),
  localHours: z.record(z.string(), z.object({ from: z.string(), to: z.string() })).nullable(),
  binding: z.string(),
  problems: z.array(Problem),
  state: z.string(),
  reach: z.object({
    people: z.int(),
    email: z.int(),
    needsLetter: z.int(),
    notReached: z.int(),
    excluded: z.int(),
  }),
});
/** `08:00-21:00`, or no hours at all. */
const HoursOption = z
  .string()
  .regex(/^(any|\d\d:\d\d-\d\d:\d\d)$/, "Write hours such as 08:00-21:00, or any.")
  .transform((text) => (text === "any" ? text : { from: text.slice(0, 5), to: text.slice(6) }))
  .optional();
const Submitting = z.object({
  consent: z.string(),
  canary: z.coerce.number(),
  urgent: z.boolean().optional(),
  deadline: z.string().optional(),
  emailHours: HoursOption,
  smsHours: HoursOption,
});
interface Proposed {
  readonly incidentId: string;
  readonly noticeId: string;
  readonly audienceId: string;
}
const Sending = z.object({ accept: z.string().optional(), reason: z.string().optional() });
const Approving = z.object({ totp: z.string().optional(), waiver: z.string().optional() });

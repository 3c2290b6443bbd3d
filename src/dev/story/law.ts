import { finished } from "node:stream/promises";

import { z } from "zod";

import { ProblemError } from "../../cli/client.ts";
import { until } from "./scene.ts";
import type { Scene } from "./scene.ts";

/** What the law asked for in the story, and what came of it. */
export interface LawFigures {
  /** Every clock as it stood at the end, what is due first first. */
  readonly clocks: readonly Clock[];
  /** When the law wants everybody told, as the approved notice bears it, and by which clock. */
  readonly deadline: Deadline;
  /** Variant → how many people get its text; `everybody-else` is the text without one. */
  readonly variants: Readonly<Record<string, number>>;
  readonly filing: Filed;
}

/** The report to the authority. */
export interface Filed {
  readonly obligation: string;
  readonly state: string;
  readonly reference: string;
  /** Where its two files lie. */
  readonly files: readonly string[];
}

/**
 * Answer what the rules ask of the clinic and of this breach, each with the reason. Without an
 * answer every duty that hangs on it stands.
 */
export async function answerQuestions({ cast, screen }: Scene, incidentId: string): Promise<void> {
  screen?.begin("The questions of the law are answered, each with its reason");
  const { client } = cast.responder;
  const path = `/v1/incidents/${incidentId}/obligations/answers`;
  for (const [question, value, reason] of ANSWERS)
    await client.post(path, { question, version: 0, value, reason }, z.unknown());
}

/** Every clock of the incident, what is due first first. */
export async function clocksOf({ cast }: Scene, incidentId: string): Promise<Clock[]> {
  const path = `/v1/incidents/${incidentId}/obligations`;
  const { obligations } = await cast.responder.client.get(path, Shown);
  return obligations;
}

/** Show the clocks; answers the earliest of those to the people themselves. */
export async function showClocks(scene: Scene, incidentId: string): Promise<Clock> {
  const clocks = await clocksOf(scene, incidentId);
  const first = clocks.find(({ to, due }) => to === "individuals" && due !== null);
  if (!first?.due) throw new Error("No law says until when the people must be told.");
  scene.screen?.begin(
    `${clocks.length} legal clocks run; the people must be told by ${first.due.inWords}`,
  );
  return first;
}

/** The deadline of what was submitted. It is that of the law, or the story is wrong. */
export function deadlineOf(first: Clock, { deadline, legalClock }: Submitted): Deadline {
  if (deadline === null || deadline !== first.due?.at || legalClock?.obligation !== first.id)
    throw new Error(`The deadline is ${deadline}, and the law's is ${first.due?.at}.`);
  return { at: deadline, obligation: first.id };
}

/** Everybody who can be told has been: list the others, and record the wave as the evidence. */
export async function markTold(scene: Scene, incidentId: string, waveId: string): Promise<void> {
  const { cast, screen } = scene;
  screen?.begin("Who was not reached is listed, and the wave is recorded as the evidence");
  const { client, code } = cast.responder;
  const base = `/v1/incidents/${incidentId}`;
  const asked = { reason: "Substitute notice to whom nothing reached." };
  const list = `${base}/waves/${waveId}/not-reached/export`;
  await finished((await client.download(list, await code(), asked)).resume());
  const open = await clocksOf(scene, incidentId);
  const body = {
    obligations: open.filter(({ to }) => to === "individuals").map(({ id }) => id),
    waveId,
    notReachedListed: true,
  };
  // Whose letter came back waits for a sweep to see that no channel is left.
  const patientUntil = Date.now() + PATIENCE_MS;
  await until(async () => {
    try {
      return [await client.post(`${base}/obligations/evidence`, body, z.unknown())];
    } catch (error) {
      const wait = error instanceof ProblemError && error.code === "wrong-state";
      if (!wait || Date.now() > patientUntil) throw error;
      return undefined;
    }
  });
}

/** The clocks as lines for people to read: those to the people and of the report, and a count of the rest. */
export function clockLines({ clocks, deadline, variants, filing }: LawFigures): string[] {
  const told = clocks.filter(({ to, id }) => to === "individuals" || SHOWN.test(id));
  const rest = clocks.length - told.length;
  const texts = Object.entries(variants).map(([variant, people]) => `${variant} ${people}`);
  return [
    ...told.flatMap(({ id, who, rule, due, because, state }) => [
      `  ${due ? due.inWords : "without delay"} · ${who} (${rule}) · ${state}`,
      `    ${because}${id === deadline.obligation ? " The deadline of the wave." : ""}`,
    ]),
    `  and ${rest} more, to other authorities, the media and credit bureaus`,
    `texts      ${texts.join(" · ")}`,
    `filing     ${filing.obligation} ${filing.state}, reference ${filing.reference}`,
  ];
}

const PATIENCE_MS = 60_000;
/** What the law asks that is not in the facts, and what the clinic says. */
const ANSWERS = [
  ["hipaa-covered-entity", "yes", "We treat patients and bill their insurers electronically."],
  ["low-probability-of-compromise", "no", "Somebody had the records in hand."],
  ["hipaa-exception-applies", "no", "It was somebody from outside."],
  ["hipaa-rules-followed", "no", "The text for Massachusetts leaves out what HIPAA asks for."],
  ["federal-rules-followed", "no", "We keep to the rules of the states, which are stricter."],
  ["harm-not-likely", "no", "Nobody can rule out misuse."],
  ["accessed-but-not-acquired", "no", "The records were taken."],
  ["inadvertent-by-authorised", "no", "It was somebody from outside."],
  ["paper-only", "no", "The records are electronic."],
  ["agencies-named-by-ocabr", "no", "The office has not answered yet."],
  ["credit-bureau", "no", "We are a clinic."],
  ["glba-institution", "no", "We are a clinic."],
  ["nydfs-covered-entity", "no", "We are a clinic."],
  ["us-listed-company", "no", "We have no shares on a market."],
  ["cyber-insurance", "no", "We have no policy for this."],
  ["contract-event", "no", "No contract of ours speaks of patients’ records."],
] as const;

const Clock = z
  .object({
    id: z.string(),
    to: z.string(),
    who: z.string(),
    rule: z.object({ name: z.string() }),
    clock: z.object({
      state: z.string(),
      due: z.object({ at: z.string(), inWords: z.string() }).nullable(),
      because: z.string(),
    }),
  })
  .transform(({ rule, clock, ...duty }) => ({ ...duty, rule: rule.name, ...clock }));
export type Clock = z.output<typeof Clock>;
const Shown = z.object({ obligations: z.array(Clock) });

/** What a submission says of the law. */
export const Submitted = z.object({
  id: z.uuid(),
  deadline: z.string().nullable(),
  legalClock: z.object({ obligation: z.string() }).nullable(),
  variants: z.array(z.object({ variant: z.string().nullable(), people: z.int() })),
});
export type Submitted = z.output<typeof Submitted>;

interface Deadline {
  readonly at: string;
  readonly obligation: string;
}

/** The report to HHS, and what New York asks once that was made. */
const SHOWN = /^us-hipaa\/regulator|^us-ny-gbl-899-aa\/regulator-5/;

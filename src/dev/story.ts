import { fileReport } from "./story/filing.ts";
import { followUp, planFollowUps } from "./story/followup.ts";
import type { FollowUps } from "./story/followup.ts";
import { clocksOf, deadlineOf, markTold, showClocks } from "./story/law.ts";
import type { LawFigures, Submitted } from "./story/law.ts";
import { mailLetters } from "./story/letters.ts";
import type { Letters } from "./story/letters.ts";
import { askAndAnswer } from "./story/mine.ts";
import type { Inquiries } from "./story/mine.ts";
import { publish } from "./story/page.ts";
import type { Mark, Post } from "./story/post.ts";
import type { Scene } from "./story/scene.ts";
import { declare, importPeople } from "./story/start.ts";
import { survey } from "./story/survey.ts";
import { approve, send, waveOf, write } from "./story/wave.ts";
import type { Wave } from "./story/wave.ts";

/** How the story ended: the figures the demo prints as JSON, and where to look. */
export interface Ending<F = Figures> {
  readonly figures: F;
  readonly noticeCode: string;
  readonly file: string;
}

/** The first notice, and what became of it. */
export interface Figures {
  readonly incidentId: string;
  readonly rows: number;
  readonly imported: number;
  readonly merged: number;
  readonly badRows: number;
  readonly deliveries: {
    readonly email: Reached;
    /** People who were left for a letter. */
    readonly needsLetter: number;
    readonly excluded: number;
  };
  readonly sms: Reached & { readonly delivered: number };
  readonly seconds: number;
}

interface Reached {
  readonly accepted: number;
  readonly rejected: number;
  readonly unknown: number;
}

/** All that the demo plays. */
export interface AllFigures extends Figures {
  /** What became of the SMS of the follow-up: the laws of these people let no first notice go by SMS. */
  readonly sms: Figures["sms"];
  /** Where everyone stands at the end with the first notice; together they are `imported`. */
  readonly people: Readonly<Record<string, number>>;
  readonly letters: Letters;
  readonly followUps: FollowUps;
  readonly inquiries: Inquiries;
  readonly surveyAnswers: number;
  readonly law: LawFigures;
}

/** What the whole story needs beside its scene. */
export interface Town {
  readonly publicUrl: string;
  /** What people find in their mailboxes; where we cannot see it nobody asks and nobody answers. */
  readonly post: Post | undefined;
  /** While the survey is open and everybody who wants to has answered; given where invitations began. */
  readonly whileOpen?: (before: Mark | undefined) => Promise<void>;
}

/** Play one breach from the declaration to the last message, over the HTTP API alone. */
export async function play(scene: Scene): Promise<Ending> {
  const started = performance.now();
  const incidentId = await declare(scene);
  const imported = await importPeople(scene, incidentId);
  const first = await tell(scene, { incidentId, audienceId: imported.audienceId });
  const figures = figuresOf(incidentId, imported, first.wave);
  return ending(scene, first.noticeCode, { ...figures, seconds: secondsSince(started) });
}

/**
 * Play it to its end: the public page, by SMS and letter whom no mail reaches, a question and
 * its answer, a survey, and the follow-up that was promised.
 */
export async function playAll(
  scene: Scene,
  { publicUrl, post, whileOpen }: Town,
): Promise<Ending<AllFigures> & { readonly page: string }> {
  const started = performance.now();
  const incidentId = await declare(scene);
  const page = await publish(scene, incidentId);
  const imported = await importPeople(scene, incidentId);
  const { audienceId } = imported;
  await planFollowUps(scene, incidentId, audienceId);
  const clock = await showClocks(scene, incidentId);

  const since = post?.mark();
  const channels = ["email", "sms", "letter"];
  const { wave, noticeCode, law } = await tell(scene, { incidentId, audienceId, channels });
  const waiting = wave.people["needs-letter"] ?? 0;
  const letters =
    waiting > 0
      ? await mailLetters(scene, incidentId, wave.id)
      : { made: 0, mailed: 0, returned: 0 };
  await markTold(scene, incidentId, wave.id);
  const filing = await fileReport(scene, incidentId);
  const inquiries =
    post && since
      ? await askAndAnswer(scene, incidentId, { post, since, publicUrl })
      : { asked: 0, answered: 0 };
  const around = { incidentId, audienceId, publicUrl, post };
  const surveyAnswers = await survey(scene, { ...around, ...(whileOpen && { look: whileOpen }) });
  const { channels: again, ...followUps } = await followUp(scene, incidentId, audienceId);
  const { people } = await waveOf(scene, incidentId, wave.id);
  const figures = {
    ...figuresOf(incidentId, imported, wave),
    sms: smsOf(again),
    people,
    letters,
    followUps,
    inquiries,
    surveyAnswers,
    law: {
      clocks: await clocksOf(scene, incidentId),
      deadline: deadlineOf(clock, law),
      variants: readersOf(law),
      filing,
    },
    seconds: secondsSince(started),
  };
  return { ...ending(scene, noticeCode, figures), page };
}

interface First {
  readonly incidentId: string;
  readonly audienceId: string;
  readonly channels?: readonly string[];
}

async function tell(scene: Scene, { incidentId, ...to }: First) {
  const { screen, onProgress } = scene;
  screen?.begin("The notice is drafted and submitted");
  const { submissionId, codes, law } = await write(scene, incidentId, { kind: "initial", ...to });
  screen?.begin("Two others approve exactly this text, these people and this plan");
  await approve(scene, `/v1/incidents/${incidentId}/submissions/${submissionId}`, 2);
  screen?.begin("Sending: first a canary, then everyone");
  const { channels } = to;
  const started = {
    submissionId,
    ...(channels && { channels }),
    ...(onProgress && { onProgress }),
  };
  const wave = await send(scene, incidentId, started);
  return { wave, noticeCode: codes["en"] ?? "", law };
}

function readersOf({ variants }: Submitted): Record<string, number> {
  return Object.fromEntries(
    variants.map(({ variant, people }) => [variant ?? "everybody-else", people]),
  );
}

function figuresOf(
  incidentId: string,
  imported: Awaited<ReturnType<typeof importPeople>>,
  { counts, channels }: Wave,
) {
  const { rowsRead: rows, rowsBad: badRows, peopleAdded, merged } = imported;
  const of = (channel: string, state: string) => channels[channel]?.[state] ?? 0;
  return {
    incidentId,
    rows,
    imported: peopleAdded,
    merged,
    badRows,
    deliveries: {
      email: {
        accepted: of("email", "accepted") + of("email", "delivered"),
        rejected: of("email", "rejected"),
        unknown: of("email", "unknown"),
      },
      needsLetter: counts["needs-letter"] ?? 0,
      excluded: counts["excluded"] ?? 0,
    },
    sms: smsOf(channels),
  };
}

function smsOf({ sms = {} }: Wave["channels"]) {
  const { accepted = 0, delivered = 0, rejected = 0, unknown = 0 } = sms;
  return { accepted, delivered, rejected, unknown };
}

function ending<F>({ file }: Scene, noticeCode: string, figures: F): Ending<F> {
  return { file, noticeCode, figures };
}

function secondsSince(started: number): number {
  return Math.round((performance.now() - started) / 100) / 10;
}

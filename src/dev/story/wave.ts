import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { Drafted, Named } from "../../cli/answers.ts";
import type { Member } from "../cast.ts";
import { Submitted as Law } from "./law.ts";
import type { Submitted as AsSubmitted } from "./law.ts";
import { from, until } from "./scene.ts";
import type { Scene } from "./scene.ts";
import { divide, withDates } from "./variants.ts";

/** To whom and how a notice goes. */
export interface Sending {
  readonly kind: "initial" | "invitation";
  readonly audienceId: string;
  /** From the sensitivity of the incident, unless said. */
  readonly channels?: readonly string[];
}

/** A wave to be. */
export interface Started extends Pick<Sending, "channels"> {
  readonly submissionId: string;
  readonly onProgress?: Scene["onProgress"];
}

/** A notice on its way to its approvers. */
export interface Proposed {
  readonly submissionId: string;
  /** Language → the code that shows its wording on `/check`. */
  readonly codes: Readonly<Record<string, string>>;
  /** What it says of the law. */
  readonly law: AsSubmitted;
}

/** Draft a notice from the shipped texts, with the variants that it needs, and submit it. */
export async function write(
  scene: Scene,
  incidentId: string,
  { kind, audienceId, channels }: Sending,
): Promise<Proposed> {
  const { client } = scene.cast.responder;
  const base = `/v1/incidents/${incidentId}`;
  const { notice } = await client.post(`${base}/notices`, { kind }, Drafted);
  const path = `${base}/notices/${notice.id}`;
  const ready =
    kind === "initial"
      ? await divide(scene, { path, version: notice.version, change: withDates })
      : notice.version;
  const { version } = await client.get(path, Written);
  const law = await client.post(
    `${base}/submissions`,
    {
      noticeId: notice.id,
      version: ready,
      audienceId,
      // The story is told at any hour, and nobody of it sleeps.
      localHours: {},
      ...(channels && { plan: { channels }, canary: CANARY }),
    },
    Law,
  );
  return { submissionId: law.id, codes: version.codes, law };
}

/** Approve what `path` shows, by as many people as it needs, the `first`th of the cast first. */
export async function approve({ cast }: Scene, path: string, first = 0): Promise<void> {
  for (const { client, code } of from(cast.approvers, first)) {
    const { binding, state } = await client.get(path, Submitted);
    if (state === "approved" || state === "published") return;
    await client.post(`${path}/approve`, { binding }, z.unknown(), { totp: await code() });
  }
}

/** Start a wave and see it through: until it is done, and what the providers owe has come. */
export async function send(
  { cast, screen }: Scene,
  incidentId: string,
  { submissionId, channels, onProgress }: Started,
): Promise<Wave> {
  const { client } = cast.responder;
  const base = `/v1/incidents/${incidentId}/waves`;
  const { id } = await client.post(base, { submissionId }, Named);
  let seen = "";
  let since = performance.now();
  return until(async () => {
    const now = await client.get(`${base}/${id}`, Wave);
    const open = OPEN.reduce((sum, state) => sum + (now.counts[state] ?? 0), 0);
    screen?.progress(now.total - open, now.total, leftOf(now));
    await onProgress?.(now.total - open, now.total);
    if (now.state === "paused") await judgeCanary(cast.approvers, `${base}/${id}`, now);
    const told = JSON.stringify(now.counts);
    if (told !== seen) since = performance.now();
    seen = told;
    if (now.state !== "done") return undefined;
    return isSettled(now, channels) || performance.now() - since > PATIENCE_MS ? now : undefined;
  });
}

/** How a wave stands now. */
export function waveOf({ cast }: Scene, incidentId: string, waveId: string): Promise<Wave> {
  return cast.responder.client.get(`/v1/incidents/${incidentId}/waves/${waveId}`, Wave);
}

/** Chance may put three dead mailboxes among the first few: two people look, and let it go on. */
async function judgeCanary(approvers: readonly Member[], path: string, now: Wave): Promise<void> {
  if (now.pausedReason !== "canary") throw new Error(`The wave paused: ${now.pausedReason}.`);
  for (const { client } of approvers) {
    const body = { reason: "The few rejected addresses are known to be old." };
    const { agreed } = await client.post(`${path}/resume`, body, z.object({ agreed: z.string() }));
    if (agreed === "agreed") return;
  }
  await sleep(PAUSE_MS);
}

/** Every SMS has its report, and where letters are the last way everybody else failed is on it. */
function isSettled({ channels, people }: Wave, plan: readonly string[] = []): boolean {
  if (channels["sms"]?.["accepted"]) return false;
  return !plan.includes("letter") || !people["rejected"];
}

function leftOf({ state, ratePerSecond, secondsLeft }: Wave): string {
  const left = secondsLeft === null ? "" : `, ${secondsLeft} s left`;
  return `${state} ${Math.round(ratePerSecond)}/s${left}`;
}

const counts = z.record(z.string(), z.int());
/** How a wave stands, by deliveries, by channel, and by people. */
const Wave = z.object({
  id: z.uuid(),
  state: z.string(),
  pausedReason: z.string().nullable(),
  total: z.int(),
  counts,
  channels: z.record(z.string(), counts),
  people: counts,
  ratePerSecond: z.number(),
  secondsLeft: z.number().nullable(),
});
export type Wave = z.output<typeof Wave>;

const OPEN = ["planned", "leased", "sending"];
const CANARY = 20;
/** A provider that says nothing for so long has nothing more to say. */
const PATIENCE_MS = 10_000;
const PAUSE_MS = 500;

const Written = z.object({ version: z.object({ codes: z.record(z.string(), z.string()) }) });
const Submitted = z.object({ binding: z.string(), state: z.string() });

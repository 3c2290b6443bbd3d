import { z } from "zod";

import { Drafted, Named } from "../../cli/answers.ts";
import { KINDS } from "../breach.ts";
import { approve, send } from "./wave.ts";
import type { Wave } from "./wave.ts";
import { until } from "./scene.ts";
import type { Scene } from "./scene.ts";
import { divide } from "./variants.ts";

export interface FollowUps {
  /** Follow-ups that were approved and sent. */
  readonly sent: number;
  readonly email: number;
  readonly sms: number;
  readonly needsLetter: number;
}

/** Promise news for the next full minute, and again in a week. Plans are made in minutes. */
export async function planFollowUps(
  { cast, screen }: Scene,
  incidentId: string,
  audienceId: string,
): Promise<void> {
  screen?.begin("Follow-ups are planned: the first falls due at the next full minute");
  const { client } = cast.responder;
  const { id } = await client.get("/v1/me", z.object({ id: z.uuid() }));
  const soon = new Date(Math.ceil((Date.now() + LEAD_MS) / MINUTE_MS) * MINUTE_MS);
  const plan = {
    version: 0,
    zone: "Etc/UTC",
    rule: {
      kind: "dates",
      dates: [
        { date: soon.toISOString().slice(0, 10), time: soon.toISOString().slice(11, 16) },
        { date: new Date(soon.getTime() + WEEK_MS).toISOString().slice(0, 10), time: "09:00" },
      ],
    },
    owners: [id],
    sending: { audienceId, plan: { channels: CHANNELS }, canary: 0 },
  };
  await client.put(`/v1/incidents/${incidentId}/followup-plan`, plan, z.unknown());
}

/** Wait until the first is due; its draft, made by a worker, is approved and sent to everyone. */
export async function followUp(
  scene: Scene,
  incidentId: string,
  audienceId: string,
): Promise<FollowUps & Pick<Wave, "channels">> {
  const { cast, screen } = scene;
  screen?.begin("The follow-up falls due, and its draft awaits approval");
  const { client } = cast.responder;
  const base = `/v1/incidents/${incidentId}`;
  const line = await until(async () => {
    const { followups } = await client.get(`${base}/followups`, Lines);
    const [first] = followups;
    // What was published just before may have kept the promise already; the draft is made all the same.
    if (!first?.firedAt) return undefined;
    return first;
  });
  const submissionId = line.submissionId ?? (await parted(scene, { incidentId, audienceId, line }));
  screen?.begin("Two others approve the follow-up, and it is sent to everyone");
  await approve(scene, `${base}/submissions/${submissionId}`, 0);
  const { channels, people } = await send(scene, incidentId, { submissionId, channels: CHANNELS });
  const reached = (channel: string) =>
    (channels[channel]?.["accepted"] ?? 0) + (channels[channel]?.["delivered"] ?? 0);
  return {
    channels,
    sent: 1,
    email: reached("email"),
    sms: reached("sms"),
    needsLetter: people["needs-letter"] ?? 0,
  };
}

/**
 * The page tells everybody what happened; a notice may not tell it to people in Massachusetts. So its
 * draft was refused: they get a text without it, and the responder submits both.
 */
async function parted(scene: Scene, { incidentId, audienceId, line }: Refused): Promise<string> {
  const { state, problem, noticeId } = line;
  if (problem !== "template-refused" || noticeId === null)
    throw new Error(`The follow-up is ${state}: ${problem ?? "not submitted"}.`);
  const { client } = scene.cast.responder;
  const base = `/v1/incidents/${incidentId}`;
  const path = `${base}/notices/${noticeId}`;
  const { notice } = await client.get(path, Drafted);
  const { what, whatZh, whatRu } = KINDS[scene.breach.kind];
  const change = (source: string) =>
    [what, whatZh, whatRu].reduce((text, words) => text.replace(words, ""), source);
  const version = await divide(scene, { path, version: notice.version, change });
  const sending = { audienceId, plan: { channels: CHANNELS }, canary: 0 };
  const { id } = await client.post(`${base}/submissions`, { noticeId, version, ...sending }, Named);
  return id;
}

const CHANNELS = ["email", "sms", "letter"];
const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;
const LEAD_MS = 3_000;
const Line = z.object({
  state: z.string(),
  firedAt: z.string().nullable(),
  noticeId: z.uuid().nullable(),
  submissionId: z.uuid().nullable(),
  problem: z.string().nullable(),
});
const Lines = z.object({ followups: z.array(Line) });

interface Refused {
  readonly incidentId: string;
  readonly audienceId: string;
  readonly line: z.output<typeof Line>;
}

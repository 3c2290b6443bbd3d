import { z } from "zod";

import { Named } from "../../cli/answers.ts";
import { customer } from "./customer.ts";
import type { Mark, Post } from "./post.ts";
import { from } from "./scene.ts";
import type { Scene } from "./scene.ts";
import { approve, send, write } from "./wave.ts";

interface Surveying {
  readonly incidentId: string;
  readonly audienceId: string;
  readonly publicUrl: string;
  /** Where the invitations arrive; nobody answers where we cannot see them. */
  readonly post: Post | undefined;
  /** While the survey is open and everybody who wants to has answered. */
  readonly look?: (before: Mark | undefined) => Promise<void>;
}

/**
 * Ask everybody how we did: a survey, opened by a second person, an invitation, and a tenth of
 * those invited answer on the public pages. Answers how many answers were released.
 */
export async function survey(scene: Scene, around: Surveying): Promise<number> {
  const { cast, screen } = scene;
  const { incidentId, audienceId, publicUrl, post, look } = around;
  screen?.begin("A survey is opened, and the invitation approved and sent");
  const { client } = cast.responder;
  const surveys = `/v1/incidents/${incidentId}/surveys`;
  const closesAt = new Date(Date.now() + WEEK_MS).toISOString();
  const { id } = await client.post(surveys, { audienceId, closesAt }, Named);
  const [opener] = from(cast.approvers, 5);
  const totp = (await opener?.code()) ?? "";
  await opener?.client.post(`${surveys}/${id}/open`, {}, z.unknown(), { totp });
  const before = post?.mark();
  const channels = ["email", "sms"];
  const sending = { kind: "invitation", audienceId, channels } as const;
  const { submissionId } = await write(scene, incidentId, sending);
  await approve(scene, `/v1/incidents/${incidentId}/submissions/${submissionId}`, 6);
  await send(scene, incidentId, { submissionId, channels });

  screen?.begin("A tenth of the people invited answer on the public pages");
  if (post && before) {
    const mail = await post.mail(before, INVITED_MAX);
    const texts = [...mail.map(({ text }) => text), ...post.sms(before, INVITED_MAX)];
    const tenth = texts.flatMap((text) => PASS.exec(text) ?? []).filter((_, i) => i % 10 === 0);
    for (const [i, pass] of tenth.entries()) {
      await answer(publicUrl, pass, i);
      screen?.progress(i + 1, tenth.length, "answers");
    }
  }
  await look?.(before);

  screen?.begin("The survey is closed, and its answers are released together");
  await client.post(`${surveys}/${id}/close`, {}, z.unknown());
  const { answers } = await client.get(`${surveys}/${id}/results`, Results);
  return answers ?? 0;
}

/** One person: reads the page, ticks, perhaps writes a line, and sends it off. */
async function answer(publicUrl: string, pass: string, i: number): Promise<void> {
  const visitor = customer(publicUrl, i + 1);
  const form = await visitor.send("/survey", { code: pass });
  if (form.status !== 200) throw new Error(`The survey answers ${form.status}.`);
  const ratings = { clear: rating(i), trusted: rating(i + 1), soon: rating(i + 2) };
  const remark: Record<string, string> = i % 4 === 0 ? { remark: "Please write sooner." } : {};
  const thanks = await visitor.send(form.path, { ...ratings, ...remark });
  if (!thanks.path.startsWith("/survey/thanks")) throw new Error("The answer was not taken.");
}

function rating(i: number): string {
  return String(1 + ((i * 3) % 5));
}

const PASS = /\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b/;
const WEEK_MS = 7 * 24 * 3_600_000;
/** In a large demo the tenth of the first few thousand answers. */
const INVITED_MAX = 2_000;
const Results = z.object({ answers: z.int().nullable() });

import { createSurvey, openSurvey, passFor } from "../../src/actions/feedback/survey.ts";
import type { SurveyPath } from "../../src/actions/feedback/survey.ts";
import { NewSurvey } from "../../src/domain/feedback/survey.ts";
import { givenFrozenAudience } from "./audience.ts";
import type { Served } from "./http.ts";
import { givenIncident } from "./incident.ts";
import { somePeople } from "./wave.ts";
import type { World } from "./world.ts";

export interface GivenSurvey extends SurveyPath {
  readonly audienceId: string;
  readonly recipientIds: readonly string[];
  /** Each person's pass, in the order of `recipientIds`. */
  readonly passes: readonly string[];
}

export interface SurveyOptions {
  readonly people: number;
  readonly breakdown?: NewSurvey["breakdown"];
  readonly opened?: boolean;
}

/** A survey that the drafter made and, unless said, the approver opened; it ends in 30 days. */
export async function givenSurvey(
  w: World,
  { people, breakdown = "none", opened = true }: SurveyOptions,
): Promise<GivenSurvey> {
  const incidentId = (await givenIncident(w)).id;
  const audience = await givenFrozenAudience(w, incidentId, somePeople(people));
  const { id: audienceId, recipientIds } = audience;
  const closesAt = new Date(w.clock.now().getTime() + 30 * 86_400_000).toISOString();
  const given = NewSurvey.parse({ audienceId, breakdown, closesAt });
  const surveyId = await createSurvey(w.ctx, w.staff.drafter, incidentId, given);
  if (opened) await openSurvey(w.ctx, w.staff.approver, { incidentId, surveyId });
  const keys = await w.ctx.vault.keys(surveyId);
  const passes = recipientIds.map((id) => passFor(keys, id));
  return { incidentId, surveyId, audienceId, recipientIds, passes };
}

/** The feedback database as the server's superuser, who reads pages and may order a checkpoint. */
export function asSuperuser(w: World): string {
  const url = new URL(w.config.DATABASE_URL);
  url.pathname = new URL(w.config.FEEDBACK_URL).pathname;
  return url.href;
}

/** Send a filled-in form of the survey page; each person from a network of their own. */
export function sendAnswer(
  door: Served,
  pass: string | undefined,
  fields: Readonly<Record<string, string>>,
  { language = "en", network = nextNetwork() } = {},
) {
  return door.call("POST", `/survey/${pass}?language=${language}`, {
    raw: new URLSearchParams(fields).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", "x-forwarded-for": network },
  });
}

function nextNetwork(): string {
  networks += 1;
  return `10.${networks >> 8}.${networks & 255}.1`;
}

let networks = 0;

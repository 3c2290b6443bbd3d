import { freezeAudience } from "../../src/actions/audience/lifecycle.ts";
import { sealPerson } from "../../src/actions/audience/sealing.ts";
import { submit } from "../../src/actions/approval/submit.ts";
import type { NewSubmission } from "../../src/actions/approval/submit.ts";
import { start } from "../../src/actions/wave/start.ts";
import { Plan } from "../../src/domain/approval.ts";
import type { Person } from "../../src/domain/audience/person.ts";
import * as recipients from "../../src/store/audience/recipient.ts";
import { aPerson, givenAudience } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { givenApproval, givenNotice } from "../support/notice.ts";
import type { World } from "../support/world.ts";

export interface Crowd {
  readonly incidentId: string;
  readonly audienceId: string;
  readonly count: number;
}

/** An incident whose notice is as long as a real one. */
export async function givenPlace(w: World): Promise<string> {
  const { id } = await givenIncident(w);
  await givenScope(w, id, FACTS);
  return id;
}

/** A frozen audience of so many invented people, each sealed as an import seals them; at home anywhere. */
export async function givenCrowd(
  w: World,
  incidentId: string,
  count: number,
  home: (i: number) => Pick<Person, "country" | "region"> = () => ({}),
): Promise<Crowd> {
  const audienceId = await givenAudience(w, incidentId);
  const keys = await w.ctx.vault.keys(incidentId);
  const anybody = aPerson();
  let writing: Promise<unknown> = Promise.resolve();
  for (let from = 0; from < count; from += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) =>
      sealPerson(keys, audienceId, {
        ...anybody,
        ...home(from + i),
        email: `person${from + i}@example.com`,
        name: `Person Number ${from + i}`,
      }),
    );
    await writing;
    writing = recipients.add(w.sql, { audienceId, incidentId }, batch);
  }
  await writing;
  await w.sql`analyze recipient`;
  await freezeAudience(w.ctx, w.staff.responder, incidentId, audienceId);
  return { incidentId, audienceId, count };
}

/** A notice to this crowd, approved by as many people as it needs; ready to be started. */
export async function givenApproved(
  w: World,
  { incidentId, audienceId }: Crowd,
  more: Partial<Pick<NewSubmission, "urgent" | "canary">> = {},
): Promise<{ incidentId: string; submissionId: string }> {
  const { notice } = await givenNotice(w, incidentId);
  const submission = await submit(w.ctx, w.staff.drafter, incidentId, {
    noticeId: notice.id,
    version: notice.version,
    audienceId,
    plan: Plan.omit({ channels: true }).parse({}),
    canary: 50,
    ...more,
  });
  for (const person of [w.staff.approver, w.staff.approver2].slice(0, submission.approvalsNeeded))
    await givenApproval(w, person, submission);
  return { incidentId, submissionId: submission.id };
}

/** Start it; answers the wave's id. */
export async function startApproved(
  w: World,
  approved: { incidentId: string; submissionId: string },
): Promise<string> {
  return (await start(w.ctx, w.staff.responder, approved)).id;
}

const BATCH = 5_000;
const FACTS: Parameters<typeof givenScope>[2] = {
  // Long enough to make messages of about 8 kB, as those of a real notice are.
  whatWeDo:
    "We closed the way in, told the police, and check every system it led to. Outside experts " +
    "look at copies of the machines that were touched, and at the records of the three months " +
    "before. All keys and passwords between our systems were replaced on the first night, and " +
    "nobody signs in from outside without a second factor any more. We watch for the data on the " +
    "places where such data is sold. What we learn we say on our own page first, with the day and " +
    "the hour, and we say there too what we do not know yet. Nothing you buy from us is affected, " +
    "and nobody of ours will call you about this by themselves.",
  actions: ["Change your password.", "Read your statements.", "Hang up on callers."],
  contactLines: [
    { kind: "phone", value: "+1 202 555 0164", hours: "8:00 to 20:00", zone: "America/New_York" },
  ],
};

import { randomBytes, randomUUID } from "node:crypto";

import { createSurvey } from "../../src/actions/feedback/survey.ts";
import { trust } from "../../src/actions/interchange/processor.ts";
import { enter } from "../../src/actions/inquiry/enter.ts";
import { add } from "../../src/actions/task.ts";
import type { Filing } from "../../src/domain/filing.ts";
import { NewSurvey } from "../../src/domain/feedback/survey.ts";
import {
  keyFingerprint,
  publicBytes,
  signingKey,
} from "../../src/domain/interchange/processor-notice.ts";
import { Entered } from "../../src/domain/inquiry.ts";
import { insert as insertFiling } from "../../src/store/filing.ts";
import { insert as insertDelta } from "../../src/store/notice/delta.ts";
import { givenAudience, givenFrozenAudience, givenUpload } from "./audience.ts";
import { givenPlan, stored } from "./followup.ts";
import { aReader, givenMade } from "./letter.ts";
import { givenPublished, givenUpdate } from "./publication.ts";
import { givenStarted, somePeople } from "./wave.ts";
import type { World } from "./world.ts";

/** An incident with one of everything, a wave under way among it. */
export async function givenEverything(w: World): Promise<Readonly<Record<string, string>>> {
  const { recipientIds, ...ids } = await givenStarted(w, {
    people: [...somePeople(3), aReader()],
  });
  const { incidentId } = ids;
  const task = { title: "Call the vendor", phase: "open", ownerRole: "responder" } as const;
  const { id: taskId } = await add(w.ctx, w.staff.responder, incidentId, task);
  const surveyId = await givenSurveyOf(w, incidentId);
  await givenPublished(w, incidentId);
  const { id: updateId } = await givenUpdate(w, incidentId, { kind: "update" });
  // Uploads belong to an audience that is still open; the walk visits it by its own ids.
  const audienceId = await givenAudience(w, incidentId);
  const { uploadId } = await givenUpload(w, { incidentId, audienceId }, LIST);
  const { path, batch } = await givenMade(w, ids);
  await givenPlan(w, incidentId);
  const [followup] = await stored(w, incidentId);
  const { id: inquiryId } = await enter(w.ctx, w.staff.drafter, incidentId, Entered.parse(A_CALL));
  const letters = { batchId: path.batchId, fileId: batch.files[0]?.id ?? "" };
  return {
    ...ids,
    surveyId,
    updateId,
    audienceId,
    uploadId,
    taskId,
    inquiryId,
    reliefId: await givenRelief(w, incidentId),
    ruleId: "us-hipaa",
    filingId: await givenFiling(w, incidentId),
    processorId: await givenProcessor(w),
    deltaId: await givenDelta(w, { incidentId, told: ids.audienceId, current: audienceId }),
    followupId: followup?.id ?? "",
    recipientId: recipientIds[0] ?? "",
    ownerId: w.staff.drafter.staffId,
    ...letters,
  };
}

/** A survey that another person made, of more people than the wave goes to. */
async function givenSurveyOf(w: World, incidentId: string): Promise<string> {
  const { id: audienceId } = await givenFrozenAudience(w, incidentId, somePeople(5));
  const given = NewSurvey.parse({ audienceId, closesAt: CLOSES_AT });
  return createSurvey(w.ctx, w.staff.drafter, incidentId, given);
}

/** A hold that nobody agreed to yet, of a duty that may not be owed any more. */
async function givenRelief(w: World, incidentId: string): Promise<string> {
  const [row] = await w.sql<{ id: string }[]>`
    insert into obligation_relief (id, incident_id, kind, obligations, asked_by, since, until,
                                   reason, proposed_by, proposed_at)
    values (gen_random_uuid(), ${incidentId}, 'hold', '{us-hipaa/individuals/full}', 'Police', ${w.clock.now()},
            ${w.clock.now()}::timestamptz + interval '9 days', 'An arrest.',
            ${w.staff.counsel.staffId}, ${w.clock.now()})
    returning id`;
  return row?.id ?? "";
}

/** A filing for a duty that may not be owed any more. */
async function givenFiling(w: World, incidentId: string): Promise<string> {
  const { staffId } = w.staff.responder;
  const filing: Filing = {
    id: randomUUID(),
    incidentId,
    obligation: "us-hipaa/regulator/initial",
    ruleVersion: "000000000000",
    form: "hhs",
    kind: "initial",
    state: "draft",
    version: 1,
    scopeVersion: null,
    reference: null,
    filedAt: null,
    createdBy: staffId,
    createdAt: w.clock.now(),
    editedBy: staffId,
    approvedBy: null,
    approvedAt: null,
  };
  const keys = await w.ctx.vault.keys(incidentId);
  const words = { given: {}, approved: null, receipt: null };
  await insertFiling(w.sql, filing, keys.seal("filing", filing.id, words));
  return filing.id;
}

/** A comparison that nobody has made yet. */
async function givenDelta(
  w: World,
  { incidentId, told, current }: Readonly<Record<"incidentId" | "told" | "current", string>>,
): Promise<string> {
  const asked = { askedBy: w.staff.counsel.staffId, askedAt: w.clock.now() };
  const id = randomUUID();
  await insertDelta(w.sql, { id, incidentId, toldId: told, currentId: current, ...asked });
  return id;
}

async function givenProcessor(w: World): Promise<string> {
  const publicKey = publicBytes(signingKey(randomBytes(32)));
  const { id } = await trust(w.ctx, w.staff.counsel, {
    name: "Example Hosting",
    key: publicKey.toString("base64url"),
    fingerprint: keyFingerprint(publicKey),
  });
  return id;
}

/** A list of one person. */
export const LIST = "email,name\nfirst@example.com,First Person\n";
/** What a caller tells. */
export const A_CALL = { kind: "question", channel: "phone", text: "Was my card in it?" };
const CLOSES_AT = "2027-01-01T00:00Z";

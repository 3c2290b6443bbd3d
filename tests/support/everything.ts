import { createSurvey } from "../../src/actions/feedback/survey.ts";
import { enter } from "../../src/actions/inquiry/answer.ts";
import { add } from "../../src/actions/task.ts";
import { NewSurvey } from "../../src/domain/feedback/survey.ts";
import { Entered } from "../../src/domain/inquiry.ts";
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

/** A list of one person. */
export const LIST = "email,name\nfirst@example.com,First Person\n";
/** What a caller tells. */
export const A_CALL = { kind: "question", channel: "phone", text: "Was my card in it?" };
const CLOSES_AT = "2027-01-01T00:00Z";

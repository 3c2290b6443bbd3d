import { approve } from "../../src/actions/approval.ts";
import { submit } from "../../src/actions/approval/submit.ts";
import type { SubmissionView } from "../../src/actions/approval/view.ts";
import { draft } from "../../src/actions/notice/draft.ts";
import type { Drafted, NewNotice } from "../../src/actions/notice/draft.ts";
import { Plan } from "../../src/domain/approval.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import type { Actor } from "../../src/domain/staff.ts";
import type { World } from "./world.ts";

/** A source that may be used; say only what the test is about. */
export function aSource(over: { front?: Partial<Record<string, string>>; body?: string } = {}) {
  const front = {
    title: "Notice of data breach",
    subject: "Notice of data breach at {{organisation}}",
    discreet_subject: "A message from {{organisation}}",
    sms: "Type {{check_address}} and enter {{notice_code}}.",
    ...over.front,
  };
  const lines = Object.entries(front).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `---\n${lines.join("\n")}\n---\n${over.body ?? BODY}`;
}

/** A draft by the drafter from the shipped initial notice. */
export function givenNotice(
  w: World,
  incidentId: string,
  over: Partial<NewNotice> = {},
): Promise<Drafted> {
  return draft(w.ctx, w.staff.drafter, incidentId, { kind: "initial", ...over });
}

export interface Proposal {
  readonly incidentId: string;
  readonly audienceId: string;
  readonly plan?: Partial<Plan>;
  readonly canary?: number;
}

/** A notice that the drafter submitted and nobody has approved. */
export async function givenSubmission(
  w: World,
  { incidentId, audienceId, plan = {}, canary = 50 }: Proposal,
): Promise<SubmissionView> {
  const { notice } = await givenNotice(w, incidentId);
  return submit(w.ctx, w.staff.drafter, incidentId, {
    noticeId: notice.id,
    version: notice.version,
    audienceId,
    plan: { ...Plan.omit({ channels: true }).parse({}), ...plan },
    canary,
  });
}

/** A notice approved by as many people as it needs. Answers the submission's id. */
export async function givenApprovedNotice(w: World, proposal: Proposal): Promise<string> {
  const submission = await givenSubmission(w, proposal);
  const people = [w.staff.approver, w.staff.approver2].slice(0, submission.approvalsNeeded);
  for (const person of people) await givenApproval(w, person, submission);
  return submission.id;
}

/** One person's approval of a submission as they were shown it. */
export function givenApproval(
  w: World,
  person: Actor,
  { id, incidentId, binding }: Pick<SubmissionView, "id" | "incidentId" | "binding">,
): Promise<SubmissionView> {
  return approve(w.ctx, person, { incidentId, submissionId: id }, { binding });
}

/** "done", or the code of the refusal. Anything else thrown fails the test. */
export async function outcomeOf(act: Promise<unknown>): Promise<string> {
  try {
    await act;
    return "done";
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

const BODY = `{{#if name}}Dear {{name}},{{else}}Hello,{{/if}}

## What happened

{{what_happened}}

## What information was involved

{{data_elements}}

## What we are doing

{{what_we_do}}

## What you can do

{{actions}}

## For more information

{{contact_lines}}

Type {{check_address}} and enter {{notice_code}}.
`;

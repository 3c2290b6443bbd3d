import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { approvedSubmission } from "../../src/actions/approval.ts";
import { get, ofNotice, submit } from "../../src/actions/approval/submit.ts";
import { freezeAudience } from "../../src/actions/audience/lifecycle.ts";
import { edit } from "../../src/actions/notice/draft.ts";
import { get as getNotice } from "../../src/actions/notice/read.ts";
import { update } from "../../src/actions/incident.ts";
import { Plan } from "../../src/domain/approval.ts";
import type { Actor } from "../../src/domain/staff.ts";
import { givenAudience, givenFrozenAudience, givenImported } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import {
  aSource,
  givenApproval,
  givenNotice,
  givenSubmission,
  outcomeOf,
} from "../support/notice.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let incidentId: string;
let audienceId: string;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());
beforeEach(async () => {
  incidentId = (await givenIncident(w)).id;
  audienceId = (await givenFrozenAudience(w, incidentId, [{}, {}, {}])).id;
});

const proposed = () => givenSubmission(w, { incidentId, audienceId });
const start = (submissionId: string, of = incidentId) =>
  outcomeOf(w.sql.begin((tx) => approvedSubmission(w.ctx, tx, of, submissionId)));

/** A frozen audience of that many people, none of whom anybody needs to see. */
async function givenCount(count: number): Promise<string> {
  const id = randomUUID();
  await w.sql`
    insert into audience (id, incident_id, name, state, merge_rule, count, digest, created_by, created_at)
    values (${id}, ${incidentId}, 'Many', 'frozen', 1, ${count}, ${Buffer.alloc(32)},
            ${w.staff.responder.staffId}, ${w.clock.now()})`;
  return id;
}

describe("submitting", () => {
  test("shows an approver the numbers and puts the notice under review", async () => {
    const { id } = await givenFrozenAudience(w, incidentId, [
      { language: "en" },
      { language: "en", agreed: "no", postal: { lines: ["1 Quay Street"] } },
      { language: "de", agreed: "unknown" },
      { language: "de", agreed: "no" },
    ]);
    audienceId = id;
    const view = await proposed();
    expect(view).toMatchObject({
      state: "waiting",
      approvalsNeeded: 1,
      canary: 50,
      changed: [],
      audience: { count: 4 },
      reach: { people: 4, email: 1, needsLetter: 1, notReached: 2, excluded: 0 },
    });
    expect(view.reach.languages).toMatchObject([
      { language: "de", noticeLanguage: "en", people: 2, email: 0, notReached: 2 },
      { language: "en", noticeLanguage: "en", people: 2, email: 1, needsLetter: 1 },
    ]);
    const { notice } = await getNotice(w.ctx, { incidentId, noticeId: view.noticeId });
    expect(notice.state).toBe("in-review");
    const plan: Partial<Plan> = { consent: "not-refused", channels: ["email"] };
    const other = await givenSubmission(w, { incidentId, audienceId, plan });
    expect(other.reach).toMatchObject({ email: 2, needsLetter: 0, notReached: 2 });
    expect(other.binding).not.toBe(view.binding);
  });

  test("the answer counts a suppressed person as excluded", async () => {
    const { id, recipientIds } = await givenFrozenAudience(w, incidentId, [{}, {}]);
    await w.sql`
      insert into suppression (incident_id, recipient_id, reason, created_by, created_at)
      values (${incidentId}, ${recipientIds[0] ?? ""}, 'deceased', ${w.staff.counsel.staffId}, ${w.clock.now()})`;
    audienceId = id;
    expect((await proposed()).reach).toMatchObject({ people: 2, email: 1, excluded: 1 });
  });

  test.each([
    ["an audience that is still open", async () => givenAudience(w, incidentId), "wrong-state"],
    [
      "another incident's audience",
      async () => {
        const other = (await givenIncident(w)).id;
        return (await givenFrozenAudience(w, other, [{}])).id;
      },
      "not-found",
    ],
    ["an audience of nobody", async () => givenCount(0), "audience-empty"],
    ["an unknown audience", async () => randomUUID(), "not-found"],
  ])("%s is refused", async (_what, audience, code) => {
    audienceId = await audience();
    expect(await outcomeOf(proposed())).toBe(code);
  });

  test("a text with problems that must be fixed is refused with their lines", async () => {
    const languages = { en: aSource({ body: "## What happened\n\nClick here.\n" }) };
    const { notice } = await givenNotice(w, incidentId, { languages });
    const given = {
      noticeId: notice.id,
      version: 1,
      audienceId,
      plan: Plan.parse({ channels: ["email", "letter"] }),
      canary: 0,
    };
    await expect(submit(w.ctx, w.staff.drafter, incidentId, given)).rejects.toMatchObject({
      code: "template-refused",
      fields: expect.arrayContaining([expect.objectContaining({ code: "click", line: 9 })]),
    });
  });

  test("a text written on facts that changed is refused until it is saved again", async () => {
    const { notice } = await givenNotice(w, incidentId);
    await givenScope(w, incidentId, { how: "A window was broken." });
    const given = {
      noticeId: notice.id,
      audienceId,
      plan: Plan.parse({ channels: ["email", "letter"] }),
      canary: 0,
    };
    const submitAt = (version: number) =>
      outcomeOf(submit(w.ctx, w.staff.drafter, incidentId, { ...given, version }));
    expect(await submitAt(1)).toBe("facts-changed");
    await edit(w.ctx, w.staff.drafter, { incidentId, noticeId: notice.id }, { version: 1 });
    expect(await submitAt(1)).toBe("stale-version");
    expect(await submitAt(2)).toBe("done");
    expect(await submitAt(3)).toBe("wrong-state");
  });
});

describe("approving", () => {
  test("by a second person makes the notice ready, and its wave may start", async () => {
    const submission = await proposed();
    expect(await start(submission.id)).toBe("approval-missing");
    const view = await givenApproval(w, w.staff.approver, submission);
    expect(view).toMatchObject({
      state: "approved",
      approvals: [{ staffId: w.staff.approver.staffId, waiver: null }],
    });
    expect(await start(submission.id)).toBe("done");
    expect(await get(w.ctx, incidentId, submission.id)).toEqual(view);
    expect(await ofNotice(w.ctx, incidentId, submission.noticeId)).toEqual([view]);
  });

  test("by the author, an earlier author, the uploader or the submitter is refused", async () => {
    audienceId = await givenAudience(w, incidentId);
    await givenImported(
      w,
      { incidentId, audienceId },
      "email,name,agreed\nana@example.com,Ana,yes\n",
    );
    await freezeAudience(w.ctx, w.staff.responder, incidentId, audienceId);
    const { notice } = await givenNotice(w, incidentId);
    const noticePath = { incidentId, noticeId: notice.id };
    await edit(w.ctx, w.staff.counsel, noticePath, { version: 1 });
    const submission = await submit(w.ctx, w.staff.approver2, incidentId, {
      noticeId: notice.id,
      version: 2,
      audienceId,
      plan: Plan.parse({ channels: ["email", "letter"] }),
      canary: 0,
    });
    const asApprover = (actor: Actor): Actor => ({
      ...actor,
      roles: ["approver"],
      settledRoles: ["approver"],
    });
    for (const person of [w.staff.drafter, w.staff.counsel, w.staff.responder, w.staff.approver2])
      expect(await outcomeOf(givenApproval(w, asApprover(person), submission))).toBe("four-eyes");
    expect(await outcomeOf(givenApproval(w, w.staff.approver, submission))).toBe("done");
  });

  test("with a second token of the same person counts once", async () => {
    audienceId = await givenCount(10_001);
    const submission = await proposed();
    const first = await givenApproval(w, w.staff.approver, submission);
    const again = { ...w.staff.approver, requestId: randomUUID() };
    expect(await givenApproval(w, again, submission)).toEqual(first);
    expect(first.approvals).toHaveLength(1);
    expect(await start(submission.id)).toBe("approval-missing");
  });

  test("by a role that is younger than 24 hours is refused", async () => {
    const young = { ...w.staff.approver, settledRoles: [] };
    expect(await outcomeOf(givenApproval(w, young, await proposed()))).toBe("not-allowed");
  });

  test("many times at once has one effect and gives one answer", async () => {
    const submission = await proposed();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => givenApproval(w, w.staff.approver, submission)),
    );
    expect(new Set(answers.map((each) => JSON.stringify(each))).size).toBe(1);
    const rows = await w.sql`select from approval where submission_id = ${submission.id}`;
    expect(rows).toHaveLength(1);
    const entries = await w.sql`
      select from timeline
       where subject = ${`submission:${submission.id}`} and action = 'submission.approve'`;
    expect(entries).toHaveLength(1);
  });

  test("something else than what was shown is refused", async () => {
    const submission = { ...(await proposed()), binding: "0".repeat(64) };
    expect(await outcomeOf(givenApproval(w, w.staff.approver, submission))).toBe("stale-version");
  });

  test("in another incident's name is not found", async () => {
    const submission = await proposed();
    const other = { ...submission, incidentId: (await givenIncident(w)).id };
    expect(await outcomeOf(givenApproval(w, w.staff.approver, other))).toBe("not-found");
    expect(await start(submission.id, other.incidentId)).toBe("not-found");
    expect(await outcomeOf(get(w.ctx, other.incidentId, submission.id))).toBe("not-found");
  });

  test("another submission's binding approves nothing here", async () => {
    const [one, two] = [await proposed(), await proposed()];
    const mixed = { ...one, binding: two.binding };
    expect(await outcomeOf(givenApproval(w, w.staff.approver, mixed))).toBe("stale-version");
  });

  test("keeps the promises of the approved text", async () => {
    await givenScope(w, incidentId, { whatWeDo: "We write to you again by 14 March 2026." });
    const submission = await proposed();
    expect(submission.commitments).toEqual([]);
    const view = await givenApproval(w, w.staff.approver, submission);
    expect(view.commitments).toEqual([
      { position: 0, sentence: "We write to you again by 14 March 2026.", dueOn: "2026-03-14" },
    ]);
  });
});

describe("two people must approve", () => {
  test.each([
    [10_000, 1],
    [10_001, 2],
  ])("%i people need %i", async (count, needed) => {
    audienceId = await givenCount(count);
    const submission = await proposed();
    expect(submission.approvalsNeeded).toBe(needed);
    await givenApproval(w, w.staff.approver, submission);
    expect(await start(submission.id)).toBe(needed === 1 ? "done" : "approval-missing");
    if (needed === 2) await givenApproval(w, w.staff.counsel, submission);
    expect(await start(submission.id)).toBe("done");
  });

  test("special-category data, however few people", async () => {
    incidentId = (await givenIncident(w, { dataElements: ["medical"] })).id;
    audienceId = (await givenFrozenAudience(w, incidentId, [{ exposure: ["medical"] }])).id;
    const submission = await proposed();
    expect(submission.approvalsNeeded).toBe(2);
    expect((await givenApproval(w, w.staff.approver, submission)).state).toBe("waiting");
    expect((await givenApproval(w, w.staff.approver2, submission)).state).toBe("approved");
    expect(await start(submission.id)).toBe("done");
  });

  test("also where the incident was judged more sensitive after one approved", async () => {
    const submission = await proposed();
    await givenApproval(w, w.staff.approver, submission);
    const [row] = await w.sql<
      { version: number }[]
    >`select version from incident where id = ${incidentId}`;
    await update(w.ctx, w.staff.responder, incidentId, {
      version: row?.version ?? 0,
      sensitivity: "special-category",
      reason: "It shows who is a patient.",
    });
    expect(await start(submission.id)).toBe("facts-changed");
    expect((await get(w.ctx, incidentId, submission.id)).changed).toEqual(["sensitivity"]);
  });
});

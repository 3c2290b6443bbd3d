import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { approve, approvedSubmission, sendBack } from "../../src/actions/approval.ts";
import { get, submit } from "../../src/actions/approval/submit.ts";
import { importUpload } from "../../src/actions/audience.ts";
import { freezeAudience } from "../../src/actions/audience/lifecycle.ts";
import { confirmImport } from "../../src/actions/audience/upload.ts";
import { edit, withdraw } from "../../src/actions/notice/draft.ts";
import { get as getNotice } from "../../src/actions/notice/read.ts";
import { Plan } from "../../src/domain/approval.ts";
import type { Actor } from "../../src/domain/staff.ts";
import { givenAudience, givenFrozenAudience, givenUpload } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import {
  givenApproval,
  givenApprovedNotice,
  givenNotice,
  givenSubmission,
  outcomeOf,
} from "../support/notice.ts";
import { givenActor, world } from "../support/world.ts";
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
const path = (submission: { id: string }) => ({ incidentId, submissionId: submission.id });
const start = (submissionId: string, of = incidentId) =>
  outcomeOf(w.sql.begin((tx) => approvedSubmission(w.ctx, tx, of, submissionId)));

describe("after an approval", () => {
  test("a new text needs a new one", async () => {
    const submissionId = await givenApprovedNotice(w, { incidentId, audienceId });
    const { noticeId } = await get(w.ctx, incidentId, submissionId);
    const { notice } = await getNotice(w.ctx, { incidentId, noticeId });
    await edit(w.ctx, w.staff.drafter, { incidentId, noticeId }, { version: notice.version });
    expect(await start(submissionId)).toBe("approval-missing");
    expect((await get(w.ctx, incidentId, submissionId)).state).toBe("closed");
  });

  test("a changed fact that the text quotes stops it, and another does not", async () => {
    const submissionId = await givenApprovedNotice(w, { incidentId, audienceId });
    await givenScope(w, incidentId, { sector: "retail" });
    expect(await start(submissionId)).toBe("done");
    await givenScope(w, incidentId, { how: "A window was broken." });
    expect(await start(submissionId)).toBe("facts-changed");
    const view = await get(w.ctx, incidentId, submissionId);
    expect(view).toMatchObject({ state: "outdated", changed: ["how"] });
    await givenScope(w, incidentId, { how: "not-yet-known" });
    expect(await start(submissionId)).toBe("done");
  });

  test("another mail layout stops it", async () => {
    const submissionId = await givenApprovedNotice(w, { incidentId, audienceId });
    const mail = { ...w.ctx.templates.mail, version: "other" };
    const later = { ...w.ctx, templates: { ...w.ctx.templates, mail } };
    const run = w.sql.begin((tx) => approvedSubmission(later, tx, incidentId, submissionId));
    expect(await outcomeOf(run)).toBe("facts-changed");
  });

  test("an audience that was tampered with stops it", async () => {
    const submissionId = await givenApprovedNotice(w, { incidentId, audienceId });
    await w.sql.begin(async (tx) => {
      await tx`alter table audience disable trigger audience_frozen`;
      await tx`update audience set digest = ${Buffer.alloc(32, 1)} where id = ${audienceId}`;
      await tx`alter table audience enable trigger audience_frozen`;
    });
    expect(await start(submissionId)).toBe("facts-changed");
  });

  test.each([
    ["mode", { mode: "all" }],
    ["set of channels", { channels: ["sms", "letter", "email"] }],
    ["agreement asked of people", { consent: "any" }],
  ])("another %s than was approved stops it", async (_, plan) => {
    const submissionId = await givenApprovedNotice(w, { incidentId, audienceId });
    await w.sql`
      update submission set plan = plan || ${w.sql.json(plan)} where id = ${submissionId}`;
    expect(await start(submissionId)).toBe("facts-changed");
  });

  test("another canary or window than was approved stops it", async () => {
    const first = await givenApprovedNotice(w, { incidentId, audienceId });
    await w.sql`update submission set canary = canary + 1 where id = ${first}`;
    expect(await start(first)).toBe("facts-changed");
    const second = await givenApprovedNotice(w, { incidentId, audienceId });
    const window = { notAfter: "2036-01-01T00:00:00.000Z" };
    await w.sql`update submission set send_window = ${w.sql.json(window)} where id = ${second}`;
    expect(await start(second)).toBe("facts-changed");
  });

  test("withdrawing the notice stops it", async () => {
    const submissionId = await givenApprovedNotice(w, { incidentId, audienceId });
    const { noticeId } = await get(w.ctx, incidentId, submissionId);
    const { notice } = await getNotice(w.ctx, { incidentId, noticeId });
    await withdraw(w.ctx, w.staff.drafter, { incidentId, noticeId }, notice.version);
    expect(await start(submissionId)).toBe("approval-missing");
  });

  test("an edit racing the start leaves exactly one of them done first", async () => {
    const submissionId = await givenApprovedNotice(w, { incidentId, audienceId });
    const { noticeId } = await get(w.ctx, incidentId, submissionId);
    const { notice } = await getNotice(w.ctx, { incidentId, noticeId });
    const order: string[] = [];
    await Promise.all([
      start(submissionId).then((outcome) => order.push(`start ${outcome}`)),
      edit(w.ctx, w.staff.drafter, { incidentId, noticeId }, { version: notice.version }).then(() =>
        order.push("edit"),
      ),
    ]);
    expect(["start approval-missing", "start done"]).toContain(
      order.find((each) => each !== "edit"),
    );
    expect(await start(submissionId)).toBe("approval-missing");
  });

  test.each([
    ["left", (id: string) => w.sql`update staff set disabled_at = now() where id = ${id}`],
    ["lost the role", (id: string) => w.sql`delete from role_grant where staff_id = ${id}`],
  ])("one whose giver has %s counts no longer, and another takes its place", async (_, leave) => {
    const submission = await proposed();
    const leaver = await givenActor(w.ctx, ["approver"]);
    await givenApproval(w, leaver, submission);
    expect(await start(submission.id)).toBe("done");
    await leave(leaver.staffId);
    expect(await start(submission.id)).toBe("approval-missing");
    const shown = await get(w.ctx, incidentId, submission.id);
    expect(shown).toMatchObject({ state: "waiting", approvals: [{ standing: false }] });
    await givenApproval(w, w.staff.approver, submission);
    expect(await start(submission.id)).toBe("done");
  });

  test("it may start only within the window that was approved", async () => {
    const { notice } = await givenNotice(w, incidentId);
    const at = (hours: number) => new Date(w.clock.now().getTime() + hours * 3_600_000);
    const submission = await submit(w.ctx, w.staff.drafter, incidentId, {
      noticeId: notice.id,
      version: 1,
      audienceId,
      plan: Plan.parse({ channels: ["email", "letter"] }),
      sendWindow: { notBefore: at(1), notAfter: at(2) },
      canary: 0,
    });
    await givenApproval(w, w.staff.approver, submission);
    expect(await start(submission.id)).toBe("wrong-state");
    w.clock.advance(1.5 * 3_600_000);
    expect(await start(submission.id)).toBe("done");
    w.clock.advance(3_600_000);
    expect(await start(submission.id)).toBe("wrong-state");
  });
});

test("nobody approves people whose columns they named themselves", async () => {
  audienceId = await givenAudience(w, incidentId);
  const place = { incidentId, audienceId };
  const { uploadId, mapping } = await givenUpload(w, place, "email\na@example.com\n");
  const order = { mapping, defaultLanguage: "en", defaultExposure: ["name" as const] };
  await confirmImport(w.ctx, w.staff.counsel, { ...place, uploadId }, order);
  await importUpload(w.ctx, uploadId);
  await freezeAudience(w.ctx, w.staff.responder, incidentId, audienceId);
  const submission = await proposed();
  expect(await outcomeOf(givenApproval(w, w.staff.counsel, submission))).toBe("four-eyes");
  expect(await outcomeOf(givenApproval(w, w.staff.approver, submission))).toBe("done");
});

describe("sending back", () => {
  test("makes the notice a draft again, with the comment", async () => {
    const submission = await proposed();
    const view = await sendBack(w.ctx, w.staff.approver, path(submission), "Say who to call.");
    expect(view.state).toBe("closed");
    const shown = await getNotice(w.ctx, { incidentId, noticeId: submission.noticeId });
    expect(shown.notice.state).toBe("draft");
    expect(shown.comments).toMatchObject([{ comment: "Say who to call.", number: 1 }]);
    expect(await outcomeOf(givenApproval(w, w.staff.approver, submission))).toBe(
      "approval-missing",
    );
    expect(await outcomeOf(sendBack(w.ctx, w.staff.approver, path(submission), "Again."))).toBe(
      "wrong-state",
    );
  });
});

describe("an organisation of one", () => {
  test("may waive the second person with a reason that every answer shows", async () => {
    const alone = await world();
    try {
      const me: Actor = {
        ...alone.staff.counsel,
        roles: ["responder", "drafter", "approver", "counsel"],
        settledRoles: ["responder", "drafter", "approver", "counsel"],
      };
      const team = { ...alone, staff: { ...alone.staff, responder: me, drafter: me } };
      const incident = (await givenIncident(team)).id;
      const audience = await givenFrozenAudience(team, incident, [{}]);
      const submission = await givenSubmission(team, {
        incidentId: incident,
        audienceId: audience.id,
      });
      const at = { incidentId: incident, submissionId: submission.id };
      const waiver = { reason: "I am the only person who works here." };
      const given = { binding: submission.binding, waiver };

      expect(await outcomeOf(approve(alone.ctx, me, at, given))).toBe("four-eyes");
      await alone.sql`
        update staff set disabled_at = ${alone.clock.now()} where id <> ${me.staffId}`;
      expect(await outcomeOf(approve(alone.ctx, me, at, { binding: given.binding }))).toBe(
        "four-eyes",
      );
      expect((await approve(alone.ctx, me, at, given)).state).toBe("approved");
      const shown = await get(alone.ctx, incident, submission.id);
      expect(shown.approvals).toMatchObject([{ staffId: me.staffId, waiver: waiver.reason }]);
      const ready = alone.sql.begin((tx) =>
        approvedSubmission(alone.ctx, tx, incident, submission.id),
      );
      expect(await outcomeOf(ready)).toBe("done");
    } finally {
      await alone.close();
    }
  });
});

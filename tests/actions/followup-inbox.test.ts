import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { approve } from "../../src/actions/approval.ts";
import { skip } from "../../src/actions/followup.ts";
import { sweep } from "../../src/actions/followup/tick.ts";
import { start } from "../../src/actions/wave/start.ts";
import type { Actor } from "../../src/domain/staff.ts";
import { inbox } from "../../src/views/inbox.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  givenDaily,
  givenPlan,
  givenPublished,
  stored,
} from "../support/followup.ts";
import { givenIncident } from "../support/incident.ts";
import { givenSubmission } from "../support/notice.ts";
import { givenClaimed } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
  w.clock.set(new Date(Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS));
});
afterAll(() => w.close());

const TOLD = { en: { title: "What is new", body: "We know more." } };
const PLAN = { mode: "first-reachable", consent: "agreed" } as const;

/** A time `hours` before or after the real one: views of the page read the database's clock. */
function real(hours: number): Date {
  return new Date(Date.now() + hours * HOUR_MS);
}

async function promiseOf(incidentId: string) {
  const [row] = await w.sql`
    select due_at, zone, missed from next_update where incident_id = ${incidentId}`;
  return row;
}

/** Follow-ups at these hours from the real now, as if planned and fired long ago. */
async function givenDue(...hours: number[]): Promise<string> {
  const { id } = await givenIncident(w);
  const { id: planId } = await givenPlan(w, id, { inMs: hours.map((_, n) => (n + 400) * DAY_MS) });
  await w.sql`update followup_plan set created_at = ${real(-1_000)} where id = ${planId}`;
  for (const [n, hour] of hours.entries())
    await w.sql`
      update followup set due_at = ${real(hour)}, state = 'fired', fired_at = ${real(hour)}
       where plan_id = ${planId} and occurrence = ${n}`;
  return id;
}

async function keptOf(incidentId: string): Promise<boolean[]> {
  const rows = await w.sql<{ kept: boolean }[]>`
    select followup_kept_at(f) is not null as kept from followup f
     where incident_id = ${incidentId} order by due_at`;
  return rows.map(({ kept }) => kept);
}

describe("the promise on the page", () => {
  test("is the next follow-up, and a missed one while none was kept since", async () => {
    const { id } = await givenIncident(w);
    expect(await promiseOf(id)).toBeUndefined();
    await givenPlan(w, id, { inMs: [DAY_MS, 2 * DAY_MS], zone: "UTC" });
    const due = new Date(w.clock.now().getTime() + DAY_MS).toISOString();
    expect(await promiseOf(id)).toEqual({ dueAt: due, zone: "UTC", missed: false });

    const past = await givenDue(-30, 40);
    expect(await promiseOf(past)).toMatchObject({ missed: true });
    await givenPublished(w, past, TOLD, real(-1));
    expect(await promiseOf(past)).toMatchObject({ missed: false });
    await w.sql`update incident set state = 'closed' where id = ${past}`;
    expect(await promiseOf(past)).toBeUndefined();
  });

  test("is withdrawn by skipping it", async () => {
    const id = await givenDue(-30, 18);
    const followupId = (await stored(w, id))[0]?.id ?? "";
    await skip(w.ctx, w.staff.drafter, { incidentId: id, followupId }, "Nothing new.");
    expect(await promiseOf(id)).toMatchObject({ missed: false });
  });

  test.each<[string, number[], number, boolean[]]>([
    ["a day before, for a single one", [10], -13, [true]],
    ["over a day before, for a single one", [10], -15, [false]],
    ["just after the first of two a day apart", [-2, 22], -1, [true, false]],
    ["nearer to the second of two a day apart", [-13, 11], 0, [true, true]],
    ["late, and nearer to the next", [-30, 18], -1, [true, true]],
    ["late, after two that were missed", [-60, -30, 100], -1, [true, true, false]],
    ["before both of two that are eight hours apart", [1, 9], 0, [true, false]],
    ["long before", [-30, -20], -60, [false, false]],
  ])("is kept by an update published %s", async (_what, due, published, kept) => {
    const id = await givenDue(...due);
    await givenPublished(w, id, TOLD, real(published));
    expect(await keptOf(id)).toEqual(kept);
  });

  test("is kept when the wave of its notice begins, and not before", async () => {
    const { id } = await givenIncident(w);
    const audience = await givenFrozenAudience(w, id, [{}]);
    await givenPlan(w, id, { sending: { audienceId: audience.id, plan: PLAN } });
    w.clock.advance(HOUR_MS);
    await sweep(w.ctx);
    const [followup] = await stored(w, id);
    const submissionId = followup?.submissionId ?? "";
    const path = { incidentId: id, submissionId };
    const [row] = await w.sql<{ binding: Buffer }[]>`
      select binding from submission where id = ${submissionId}`;
    await approve(w.ctx, w.staff.approver, path, { binding: row?.binding.toString("hex") ?? "" });
    expect(await keptOf(id)).toEqual([false]);
    expect(await kindsFor(w.staff.drafter, id)).toEqual(["followup-drafted"]);
    await start(w.ctx, w.staff.responder, path);
    expect(await keptOf(id)).toEqual([true]);
    expect(await kindsFor(w.staff.drafter, id)).toEqual([]);
  });
});

async function itemsFor(person: Actor, incidentId: string) {
  const items = await inbox(w.sql, person, w.clock.now());
  return items.filter((item) => item.incidentId === incidentId);
}

async function kindsFor(person: Actor, incidentId: string): Promise<string[]> {
  return (await itemsFor(person, incidentId)).map(({ kind }) => kind);
}

describe("the inbox", () => {
  test("has a follow-up for its owners alone, and says what is to be done", async () => {
    const { id } = await givenIncident(w);
    await givenPublished(
      w,
      id,
      { en: { title: "News", body: "Reply with your password." } },
      real(-48),
    );
    const audience = await givenFrozenAudience(w, id, [{}]);
    await givenPlan(w, id, { sending: { audienceId: audience.id, plan: PLAN } });
    w.clock.advance(HOUR_MS);
    await sweep(w.ctx);
    const [item] = await itemsFor(w.staff.drafter, id);
    const [followup] = await stored(w, id);
    expect(item).toMatchObject({
      kind: "followup-drafted",
      subjectId: followup?.id,
      link: `/v1/incidents/${id}/notices/${followup?.noticeId}`,
    });
    expect(item?.sentence).toContain("problems that must be fixed");
    expect(await kindsFor(w.staff.responder, id)).toEqual([]);

    w.clock.advance(25 * HOUR_MS);
    expect(await kindsFor(w.staff.counsel, id)).toEqual(["followup-missed"]);
    await w.sql`update incident set state = 'closed' where id = ${id}`;
    expect(await kindsFor(w.staff.counsel, id)).toEqual([]);
  });

  test("has one that was offered", async () => {
    const { id } = await givenIncident(w);
    await givenDaily(w, id);
    w.clock.advance(DAY_MS + HOUR_MS);
    await sweep(w.ctx);
    const [item, ...more] = await itemsFor(w.staff.drafter, id);
    expect(more).toEqual([]);
    expect(item).toMatchObject({ kind: "followup-offered", link: `/v1/incidents/${id}/followups` });
  });

  test("has what awaits approval for those who may give it", async () => {
    const { id } = await givenIncident(w);
    const audience = await givenFrozenAudience(w, id, [{}]);
    const submission = await givenSubmission(w, { incidentId: id, audienceId: audience.id });
    await w.sql`
      insert into upload (id, audience_id, incident_id, state, format, shape, uploaded_by, uploaded_at)
      values (${randomUUID()}, ${audience.id}, ${id}, 'imported', 'csv', '',
              ${w.staff.counsel.staffId}, ${w.clock.now()})`;
    const { approver, approver2, counsel, drafter, auditor } = w.staff;
    expect(await kindsFor(approver, id)).toEqual(["submission"]);
    for (const other of [counsel, drafter, auditor]) expect(await kindsFor(other, id)).toEqual([]);
    const fresh = { ...approver2, settledRoles: [] };
    expect(await kindsFor(fresh, id)).toEqual([]);
    const path = { incidentId: id, submissionId: submission.id };
    // Who wrote it may not approve it, whoever submitted it.
    const { staffId } = w.staff.responder;
    await w.sql`update submission set submitted_by = ${staffId} where id = ${submission.id}`;
    const author = { ...drafter, roles: ["approver"], settledRoles: ["approver"] } as const;
    expect(await kindsFor(author, id)).toEqual([]);
    expect(await kindsFor(approver2, id)).toEqual(["submission"]);
    await approve(w.ctx, approver, path, { binding: submission.binding });
    expect(await kindsFor(approver2, id)).toEqual([]);
  });

  test("has updates of the page, inquiries, unknown deliveries and tasks", async () => {
    const { incidentId: id } = await givenClaimed(w);
    await w.sql`update delivery set state = 'unknown' from wave where wave.id = wave_id and incident_id = ${id}`;
    const { approver, counsel, drafter, responder, admin } = w.staff;
    await givenPublished(w, id, TOLD);
    await w.sql`
      update publication_update
         set state = 'in-review', number = null, published_at = null,
             submitted_by = ${drafter.staffId}, submitted_at = ${w.clock.now()}
       where incident_id = ${id}`;
    for (const [state, days] of [
      ["new", 1],
      ["new", 30],
      ["in-review", 30],
    ] as const)
      await w.sql`
        insert into inquiry (id, incident_id, number, kind, channel, state, sealed, language, due_at,
                             created_at, drafted_by)
        values (${randomUUID()}, ${id}, ${randomUUID()}, 'question', 'web', ${state}, '', 'en',
                ${new Date(w.clock.now().getTime() + days * DAY_MS)}, ${w.clock.now()},
                ${counsel.staffId})`;
    await w.sql`
      insert into task (id, incident_id, position, title, phase, owner_role, owner)
      values (${randomUUID()}, ${id}, 0, 'Call', 'open', 'responder', ${responder.staffId})`;

    const sorted = async (person: Actor) => (await kindsFor(person, id)).toSorted();
    expect(await sorted(approver)).toEqual(["inquiry", "publication", "unknown-deliveries"]);
    expect(await sorted(counsel)).toEqual(["inquiry", "publication", "unknown-deliveries"]);
    expect(await sorted(drafter)).toEqual(["inquiry"]);
    expect(await sorted(responder)).toEqual(["inquiry", "task"]);
    expect(await sorted(admin)).toEqual([]);
    const [first] = await itemsFor(counsel, id);
    expect(first).toMatchObject({ kind: "inquiry", sentence: "An inquiry is due for an answer." });
  });
});

import { randomUUID } from "node:crypto";

import PostalMime from "postal-mime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { setPlan, skip, take } from "../../src/actions/followup.ts";
import { sweep } from "../../src/actions/followup/tick.ts";
import { sendMessages } from "../../src/actions/message.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import type { Actor } from "../../src/domain/staff.ts";
import { inbox } from "../../src/views/inbox.ts";
import { givenAudience, givenFrozenAudience } from "../support/audience.ts";
import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  givenDaily,
  givenPlan,
  givenPublished,
  localAt,
  stored,
  tellings,
} from "../support/followup.ts";
import { givenIncident } from "../support/incident.ts";
import { outcomeOf } from "../support/notice.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
  // Messages expire by the database's own clock.
  w.clock.set(new Date(Math.ceil(Date.now() / MINUTE_MS) * MINUTE_MS));
});
afterAll(() => w.close());

const TOLD = {
  en: { title: "What is new", body: "We now know *how* it began. {{name}} is no field here." },
};

async function textOf(noticeId: string | null): Promise<Record<string, string>> {
  const [row] = await w.sql<{ languages: Record<string, string> }[]>`
    select languages from notice_version where notice_id = ${noticeId}`;
  return row?.languages ?? {};
}

async function actionsOf(incidentId: string): Promise<string[]> {
  const rows = await w.sql<{ action: string }[]>`
    select action from timeline where incident_id = ${incidentId} and action like 'followup.%'
     order by seq`;
  return rows.map(({ action }) => action);
}

describe("a follow-up that falls due", () => {
  test("is drafted from the newest update, submitted, and its owners are told once", async () => {
    const { id } = await givenIncident(w);
    const audience = await givenFrozenAudience(w, id, [{}, {}]);
    await givenPublished(w, id, { en: { title: "Old", body: "Old news." } });
    await givenPublished(w, id, TOLD);
    await givenPlan(w, id, { sending: { audienceId: audience.id, plan: PLAN, canary: 0 } });
    await sweep(w.ctx);
    expect((await stored(w, id)).map(({ state }) => state)).toEqual(["armed"]);

    w.clock.advance(HOUR_MS);
    const before = w.email.sent.length;
    await sweep(w.ctx);
    await sweep(w.ctx);
    const [followup] = await stored(w, id);
    expect(followup).toMatchObject({ state: "fired", problem: null });
    const text = (await textOf(followup?.noticeId ?? null))["en"];
    expect(text).toContain("We now know *how* it began. {\\{name}} is no field here.");
    expect(text).not.toContain("Old news");
    const [submission] = await w.sql`
      select s.audience_id, s.canary, s.submitted_by, n.state from submission s
        join notice n on n.id = s.notice_id where s.id = ${followup?.submissionId ?? null}`;
    expect(submission).toEqual({
      audienceId: audience.id,
      canary: 0,
      submittedBy: w.staff.drafter.staffId,
      state: "in-review",
    });

    const owners = [w.staff.drafter.staffId, w.staff.counsel.staffId];
    const keys = owners.map((staffId) => `${followup?.id}/${staffId}`).toSorted();
    expect((await tellings(w)).filter((key) => key.startsWith(followup?.id ?? "?"))).toEqual(keys);
    await sendMessages(w.ctx, { workerId: randomUUID(), mayWrite: () => true });
    const mails = w.email.sent.slice(before);
    expect(mails.map(({ to }) => to).toSorted()).toEqual(
      owners.map((staffId) => `${staffId}@example.org`).toSorted(),
    );
    const { text: told } = await PostalMime.parse(mails[0]?.message ?? "");
    expect(told).toContain("awaits approval");
    // Nobody affected was written to, and nothing may be: it is not approved.
    expect(await w.sql`select from wave where incident_id = ${id}`).toHaveLength(0);
    expect(await actionsOf(id)).toEqual(["followup.plan", "followup.fire"]);
  });

  test("is drafted in each language that the update was published in", async () => {
    const { id } = await givenIncident(w);
    const zh = { title: "最新情况", body: "我们现在知道了更多。" };
    await givenPublished(w, id, { ...TOLD, zh });
    await givenPlan(w, id);
    w.clock.advance(HOUR_MS);
    await sweep(w.ctx);
    const [followup] = await stored(w, id);
    const text = await textOf(followup?.noticeId ?? null);
    expect(Object.keys(text).toSorted()).toEqual(["en", "zh"]);
    expect(text["zh"]).toContain("## 最新情况");
    expect(followup).toMatchObject({ submissionId: null, problem: null });
  });

  test("has the shipped text where nothing was published yet", async () => {
    const { id } = await givenIncident(w);
    await givenPlan(w, id);
    w.clock.advance(HOUR_MS + 15 * MINUTE_MS);
    await sweep(w.ctx);
    const [followup] = await stored(w, id);
    expect(followup?.state).toBe("fired");
    expect(await textOf(followup?.noticeId ?? null)).toEqual({
      en: w.ctx.templates.notice("update", "en"),
    });
  });

  test.each([
    ["problems that must be fixed", "Please reply with your password.", "template-refused", true],
    ["what no notice may hold", "Read [this](https://evil.example.com).", "update-refused", false],
  ])("with %s stays a draft, and says so", async (_what, body, problem, kept) => {
    const { id } = await givenIncident(w);
    const audience = await givenFrozenAudience(w, id, [{}]);
    await givenPublished(w, id, { en: { title: "News", body } });
    await givenPlan(w, id, { sending: { audienceId: audience.id, plan: PLAN } });
    w.clock.advance(HOUR_MS);
    await sweep(w.ctx);
    const [followup] = await stored(w, id);
    expect(followup).toMatchObject({ state: "fired", submissionId: null, problem });
    expect((await textOf(followup?.noticeId ?? null))["en"]?.includes(body)).toBe(kept);
    const [notice] = await w.sql`select state from notice where id = ${followup?.noticeId ?? null}`;
    expect(notice?.["state"]).toBe("draft");
    expect(await w.sql`select from submission where incident_id = ${id}`).toHaveLength(0);
  });

  test("is told to everybody who may act on it where no owner is left, and waits for them", async () => {
    const [gone, demoted, left] = await Promise.all(
      ["Gone", "Demoted", "Left"].map((name) =>
        givenActor(w.ctx, ["responder"], `${name} Example`),
      ),
    );
    if (!gone || !demoted || !left) throw new Error("There are too few people.");
    const owned = async (owners: string[]) => {
      const { id } = await givenIncident(w);
      await givenPlan(w, id, { owners });
      return id;
    };
    const nobodys = await owned([gone.staffId, demoted.staffId]);
    const somebodys = await owned([gone.staffId, left.staffId]);
    await w.sql`update staff set disabled_at = ${w.clock.now()} where id = ${gone.staffId}`;
    await w.sql`update role_grant set role = 'auditor' where staff_id = ${demoted.staffId}`;
    w.clock.advance(HOUR_MS);
    await sweep(w.ctx);

    const told = async (incidentId: string) => {
      const [first] = await stored(w, incidentId);
      const keys = (await tellings(w)).map((key) => key.split("/"));
      return keys.filter(([of]) => of === first?.id).map(([, who = ""]) => who);
    };
    const waiting = async (actor: Actor) =>
      (await inbox(w.sql, actor, w.clock.now())).map(({ incidentId }) => incidentId);
    const { drafter, counsel, responder, approver } = w.staff;
    const able = [drafter, counsel, responder, left].map(({ staffId }) => staffId);
    expect(await told(nobodys)).toEqual(expect.arrayContaining(able));
    expect(await told(nobodys)).not.toContain(demoted.staffId);
    expect(await told(nobodys)).not.toContain(approver.staffId);
    expect(await told(somebodys)).toEqual([left.staffId]);
    expect(await waiting(drafter)).toContain(nobodys);
    expect(await waiting(drafter)).not.toContain(somebodys);
    expect(await waiting(left)).toEqual(expect.arrayContaining([nobodys, somebodys]));
    expect(await waiting(demoted)).not.toContain(nobodys);
  });

  test("for an audience that is not frozen stays a draft", async () => {
    const { id } = await givenIncident(w);
    const audienceId = await givenAudience(w, id);
    await givenPlan(w, id, { sending: { audienceId, plan: PLAN } });
    w.clock.advance(HOUR_MS);
    await sweep(w.ctx);
    expect((await stored(w, id))[0]).toMatchObject({ state: "fired", problem: "wrong-state" });
  });

  test("that cannot be acted on holds up no other, and is tried again", async () => {
    const broken = await Promise.all(Array.from({ length: 21 }, () => givenIncident(w)));
    const ids = broken.map(({ id }) => id);
    const plans = await Promise.all(ids.map((id) => givenPlan(w, id)));
    const other = await givenIncident(w);
    await givenPlan(w, other.id, { inMs: [HOUR_MS + MINUTE_MS] });
    await w.sql`update followup_plan set rule = '{}' where incident_id = any(${ids})`;
    w.clock.advance(HOUR_MS + MINUTE_MS);
    await sweep(w.ctx);
    const states = async () =>
      (await Promise.all(ids.map((id) => stored(w, id)))).flatMap(([first]) => first?.state ?? []);
    expect(new Set(await states())).toEqual(new Set(["armed"]));
    expect((await stored(w, other.id))[0]?.state).toBe("fired");
    const rule = w.sql.json(plans[0]?.rule ?? null);
    await w.sql`update followup_plan set rule = ${rule} where incident_id = any(${ids})`;
    await sweep(w.ctx);
    expect(await states()).toEqual(ids.map(() => "fired"));
  });

  test("fires once, however many look at the same moment", async () => {
    const ids = await Promise.all(
      Array.from({ length: 8 }, async () => (await givenIncident(w)).id),
    );
    for (const id of ids) await givenPlan(w, id);
    w.clock.advance(HOUR_MS);
    await Promise.all(Array.from({ length: 5 }, () => sweep(w.ctx)));
    await sweep(w.ctx);
    for (const id of ids) {
      expect((await stored(w, id)).map(({ state }) => state)).toEqual(["fired"]);
      expect(await w.sql`select from notice where incident_id = ${id}`).toHaveLength(1);
      expect(await actionsOf(id)).toEqual(["followup.plan", "followup.fire"]);
    }
  });
});

describe("a follow-up that comes too late", () => {
  test("is offered to a person: nothing is drafted until one takes it", async () => {
    const { id } = await givenIncident(w);
    await givenPlan(w, id);
    w.clock.advance(HOUR_MS + 15 * MINUTE_MS + 1);
    await sweep(w.ctx);
    await sweep(w.ctx);
    const [offered] = await stored(w, id);
    expect(offered).toMatchObject({ state: "offered", noticeId: null });
    expect(await w.sql`select from notice where incident_id = ${id}`).toHaveLength(0);
    expect((await tellings(w)).filter((key) => key.startsWith(offered?.id ?? "?"))).toHaveLength(2);

    const path = { incidentId: id, followupId: offered?.id ?? "" };
    const both = [take(w.ctx, w.staff.responder, path), take(w.ctx, w.staff.counsel, path)];
    expect((await Promise.all(both.map(outcomeOf))).toSorted()).toEqual(["done", "wrong-state"]);
    expect((await stored(w, id))[0]).toMatchObject({ state: "fired" });
    expect(await w.sql`select from notice where incident_id = ${id}`).toHaveLength(1);
    expect(await actionsOf(id)).toEqual(["followup.plan", "followup.offer", "followup.take"]);
  });

  test("may be skipped with a reason, which the timeline has by its hash alone", async () => {
    const { id } = await givenIncident(w);
    await givenPlan(w, id);
    w.clock.advance(2 * HOUR_MS);
    await sweep(w.ctx);
    const followupId = (await stored(w, id))[0]?.id ?? "";
    const path = { incidentId: id, followupId };
    const reason = "There was nothing new to say.";
    await skip(w.ctx, w.staff.drafter, path, reason);
    expect((await stored(w, id))[0]).toMatchObject({ state: "skipped", reason });
    expect(await outcomeOf(take(w.ctx, w.staff.drafter, path))).toBe("wrong-state");
    expect(await outcomeOf(skip(w.ctx, w.staff.drafter, path, reason))).toBe("wrong-state");
    const entries = await w.sql`select * from timeline where subject = ${`followup:${followupId}`}`;
    expect(JSON.stringify(entries)).not.toContain("nothing new");
    const foreign = { ...path, incidentId: (await givenIncident(w)).id };
    expect(await outcomeOf(skip(w.ctx, w.staff.drafter, foreign, reason))).toBe("not-found");
  });

  test.each([
    [36 * HOUR_MS, 1],
    [10 * DAY_MS + HOUR_MS, 10],
  ])(
    "after %i ms of outage each that was missed is offered, and none is lost",
    async (ms, missed) => {
      const { id } = await givenIncident(w);
      await givenDaily(w, id);
      expect(await stored(w, id)).toHaveLength(3);
      w.clock.advance(ms);
      await sweep(w.ctx);
      const all = await stored(w, id);
      const due = all.filter(({ dueAt }) => new Date(dueAt) <= w.clock.now());
      expect(due.map(({ state }) => state)).toEqual(Array(missed).fill("offered"));
      expect(all.filter(({ state }) => state === "armed")).toHaveLength(3);
      expect(all.map(({ occurrence }) => occurrence)).toEqual(all.map((_, index) => index));
    },
  );
});

describe("a plan", () => {
  test("that changes while one is due: that one still goes, what was to come is replaced", async () => {
    const { id } = await givenIncident(w);
    await givenPlan(w, id, { inMs: [HOUR_MS, DAY_MS] });
    w.clock.advance(HOUR_MS);
    const given = {
      zone: "Europe/Berlin",
      rule: { kind: "dates" as const, dates: [localAt(w, 2 * DAY_MS)] },
      owners: [w.staff.counsel.staffId],
    };
    for (const version of [0, 2])
      expect(await outcomeOf(setPlan(w.ctx, w.staff.counsel, id, { ...given, version }))).toBe(
        "stale-version",
      );
    await setPlan(w.ctx, w.staff.counsel, id, { ...given, version: 1 });
    await sweep(w.ctx);
    const all = await stored(w, id);
    expect(all.map(({ state }) => state)).toEqual(["fired", "cancelled", "armed"]);
    expect(await actionsOf(id)).toEqual(["followup.plan", "followup.plan", "followup.fire"]);
  });

  test("by two people at once is made by one of them", async () => {
    const { id } = await givenIncident(w);
    const both = await Promise.all([1, 2].map(() => outcomeOf(givenPlan(w, id))));
    expect(both.toSorted()).toEqual(["done", "stale-version"]);
    expect(await stored(w, id)).toHaveLength(1);
  });

  test("ends with its incident: what was to come is cancelled, and no other is made", async () => {
    const { id } = await givenIncident(w);
    await givenDaily(w, id);
    w.clock.advance(DAY_MS + HOUR_MS);
    await sweep(w.ctx);
    await w.sql`update incident set state = 'closed' where id = ${id}`;
    await sweep(w.ctx);
    w.clock.advance(5 * DAY_MS);
    await sweep(w.ctx);
    const all = await stored(w, id);
    expect(all.map(({ state }) => state)).toEqual(Array(4).fill("cancelled"));
    expect((await actionsOf(id)).at(-1)).toBe("followup.end");
    expect(await outcomeOf(givenPlan(w, id))).toBe("wrong-state");
    const path = { incidentId: id, followupId: all[0]?.id ?? "" };
    expect(await outcomeOf(take(w.ctx, w.staff.drafter, path))).toBe("wrong-state");
    expect(await outcomeOf(skip(w.ctx, w.staff.drafter, path, "Closed."))).toBe("wrong-state");
  });

  test("is refused for owners and audiences that are not there, with the field named", async () => {
    const { id } = await givenIncident(w);
    const { drafter, auditor } = w.staff;
    const foreign = await givenFrozenAudience(w, (await givenIncident(w)).id, [{}]);
    for (const [over, field] of [
      [{ owners: [drafter.staffId, randomUUID()] }, "owners.1"],
      [{ owners: [auditor.staffId] }, "owners.0"],
      [{ sending: { audienceId: foreign.id, plan: PLAN } }, "sending.audienceId"],
    ] as const) {
      const refusal = await givenPlan(w, id, {
        ...over,
        owners: [...(over.owners ?? [drafter.staffId])],
      }).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(Refusal);
      expect(refusal).toMatchObject({ fields: [{ field, code: "unknown" }] });
    }
    expect(await stored(w, id)).toEqual([]);
  });

  test("whose zone changed its rules keeps its local time: the instant moves", async () => {
    const { id } = await givenIncident(w);
    await givenPlan(w, id, { inMs: [3 * HOUR_MS, 4 * HOUR_MS] });
    const [moved, newer] = await stored(w, id);
    const wrong = new Date(w.clock.now().getTime() + 2 * HOUR_MS);
    await w.sql`
      update followup set due_at = ${wrong}, tz_version = '2000a' where id = ${moved?.id ?? ""}`;
    await w.sql`
      update followup set due_at = ${wrong}, tz_version = '2999a' where id = ${newer?.id ?? ""}`;
    await sweep(w.ctx);
    const after = new Map((await stored(w, id)).map((each) => [each.id, each.dueAt]));
    expect(after.get(moved?.id ?? "")).toEqual(moved?.dueAt);
    // A worker with older time zone data leaves alone what a newer one computed.
    expect(after.get(newer?.id ?? "")).toEqual(wrong.toISOString());
    expect(await actionsOf(id)).toEqual(["followup.plan", "followup.move"]);
  });
});

const PLAN = { mode: "first-reachable", consent: "agreed" } as const;

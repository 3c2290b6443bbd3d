import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { setPlan } from "../../src/actions/followup.ts";
import { sweep } from "../../src/actions/followup/tick.ts";
import { verify } from "../../src/actions/timeline.ts";
import { alive } from "../../src/dev/process.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { fleet, until } from "../support/fleet.ts";
import type { Fleet } from "../support/fleet.ts";
import { givenPublished, stored } from "../support/followup.ts";
import { givenIncident } from "../support/incident.ts";

/**
 * Five worker processes as in production, one of them frozen in the middle and continued after the
 * others have done its work, and one killed: each follow-up is acted on once, each owner told once.
 */
const FOLLOWUPS = 30;
const LATE = 6;
const WORKERS = 5;

let f: Fleet;
beforeAll(async () => {
  f = await fleet();
});
// What a failed test left would do the next one's work.
afterEach(() => f.endWorkers());
afterAll(() => f.close());

/** Incidents with one follow-up each, due once `fallDue` is called. */
async function givenFollowups(count: number, dueAgoMs: number) {
  const { ctx, staff, sql, clock } = f.w;
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const { id } = await givenIncident(f.w);
    const audience = await givenFrozenAudience(f.w, id, [{}]);
    await givenPublished(f.w, id, { en: { title: "News", body: `We know more (${n}).` } });
    await setPlan(ctx, staff.drafter, id, {
      version: 0,
      zone: "Europe/Berlin",
      rule: { kind: "dates", dates: [{ date: "2027-10-31", time: "02:30" }] },
      owners: [staff.drafter.staffId, staff.counsel.staffId],
      sending: { audienceId: audience.id, plan: { mode: "first-reachable", consent: "agreed" } },
    });
    ids.push(id);
  }
  clock.set(new Date());
  // The instant moves, as if the time had come.
  const fallDue = async () => {
    const due = new Date(Date.now() - dueAgoMs);
    await sql`update followup set due_at = ${due} where incident_id = any(${ids})`;
  };
  return { ids, fallDue };
}

async function count(state: string): Promise<number> {
  const rows = await f.w.sql`select from followup where state = ${state}`;
  return rows.length;
}

test(
  "five workers, one frozen and one killed, act on each follow-up exactly once",
  { timeout: 240_000 },
  async () => {
    f.w.clock.set(new Date());
    const onTime = await givenFollowups(FOLLOWUPS, 0);
    const tooLate = await givenFollowups(LATE, 36 * 3_600_000);
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => f.worker()));
    const [frozen, killed] = workers;
    if (!frozen || !killed) throw new Error("There are too few workers.");

    await onTime.fallDue();
    await until("some have fired", async () => (await count("fired")) > 0);
    process.kill(frozen.pid, "SIGSTOP");
    await killed.kill();
    await tooLate.fallDue();
    const patience = 150_000;
    await until("all were acted on", async () => (await count("armed")) === 0, patience);
    process.kill(frozen.pid, "SIGCONT");
    await f.worker();
    // Everyone has had turns after the end: the continued worker, and one that started late.
    await until("all owners were told", async () => {
      const rows = await f.w.sql`select from message where state in ('planned', 'sending')`;
      return rows.length === 0;
    });
    expect(await f.endWorkers()).toHaveLength(WORKERS + 1);

    expect([await count("fired"), await count("offered")]).toEqual([FOLLOWUPS, LATE]);
    const { sql } = f.w;
    const [made] = await sql`
      select count(*)::int as notices, count(distinct incident_id)::int as incidents,
             count(*) filter (where state = 'in-review')::int as waiting from notice`;
    expect(made).toEqual({ notices: FOLLOWUPS, incidents: FOLLOWUPS, waiting: FOLLOWUPS });
    const entries = await sql`
      select action, count(*)::int as n, count(distinct subject)::int as subjects from timeline
       where action in ('followup.fire', 'followup.offer') group by action order by action`;
    expect(entries).toEqual([
      { action: "followup.fire", n: FOLLOWUPS, subjects: FOLLOWUPS },
      { action: "followup.offer", n: LATE, subjects: LATE },
    ]);
    expect(await sql`select from message where kind = 'followup'`).toHaveLength(
      2 * (FOLLOWUPS + LATE),
    );
    expect(await sql`select from wave`).toHaveLength(0);
    expect(await verify(f.w.ctx)).toMatchObject({ ok: true });

    // The catcher is the witness: nobody was told twice, and nobody affected was written to.
    // The responder, who owns the incident, may have been told of legal clocks besides.
    const { responder } = f.w.staff;
    const mails = f.catcher
      .list(0, 1e6)
      .filter(({ to }) => !to.includes(`${responder.staffId}@example.org`));
    const told = mails.map(({ id }) => id);
    const unknown = await sql`select from message where state = 'unknown'`;
    expect(told.length).toBeGreaterThanOrEqual(2 * (FOLLOWUPS + LATE) - unknown.length);
    expect(told.length).toBeLessThanOrEqual(2 * (FOLLOWUPS + LATE));
    const owners = [f.w.staff.drafter, f.w.staff.counsel].map(
      ({ staffId }) => `${staffId}@example.org`,
    );
    const addresses = new Set(mails.flatMap(({ to }) => to));
    expect([...addresses].toSorted()).toEqual(owners.toSorted());
  },
);

test(
  "a worker frozen with the timeline in its hands loses it, and changes nothing when it wakes",
  { timeout: 120_000 },
  async () => {
    f.w.clock.set(new Date());
    const { ids, fallDue } = await givenFollowups(1, 0);
    const { sql, ctx } = f.w;
    const frozen = await f.worker();
    const fired = async () => (await stored(f.w, ids[0] ?? ""))[0]?.state === "fired";
    const release = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const holding = sql.begin(async (tx) => {
      await tx`select from timeline_head for update`;
      held.resolve();
      await release.promise;
    });
    await held.promise;
    await fallDue();
    f.w.clock.set(new Date());
    await until("the worker waits for the timeline in the middle of it", async () => {
      const rows = await sql`
        select from pg_stat_activity where datname = current_database()
           and wait_event_type = 'Lock' and query like '%timeline_head%'`;
      return rows.length > 0;
    });
    process.kill(frozen.pid, "SIGSTOP");
    release.resolve();
    await holding;
    await until("the frozen worker has it", async () => {
      const rows = await sql`select from timeline_head for update skip locked`;
      return rows.length === 0;
    });
    expect(await fired()).toBe(false);
    await until("another has acted on it", async () => {
      await sweep(ctx);
      return fired();
    });
    process.kill(frozen.pid, "SIGCONT");
    // The library may end the process over its lost connection; a supervisor starts another.
    const [woken] = await sql<{ at: Date }[]>`select now() as at`;
    await until("the worker has had turns again, or is gone", async () => {
      const rows = await sql`select from worker where beat_at > ${woken?.at ?? new Date()}`;
      return rows.length > 0 || !alive(frozen.pid);
    });
    await f.worker();
    expect(await f.endWorkers()).toHaveLength(2);
    expect(await sql`select from notice where incident_id = any(${ids})`).toHaveLength(1);
    const told = await sql`
      select from timeline where incident_id = any(${ids}) and action = 'followup.fire'`;
    expect(told).toHaveLength(1);
    expect(await verify(ctx)).toMatchObject({ ok: true });
  },
);

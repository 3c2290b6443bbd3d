import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { get, submit } from "../../src/actions/approval/submit.ts";
import { prepareWave } from "../../src/actions/delivery/prepare.ts";
import { draft } from "../../src/actions/notice/draft.ts";
import { sweep } from "../../src/actions/wave.ts";
import type { Person } from "../../src/domain/audience/person.ts";
import { deliveries } from "../../src/views/wave.ts";
import { entriesOf, givenApproved, givenStarted, sendDue, states } from "../support/wave.ts";
import type { ApprovedOptions } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const DAYTIME = { from: "08:00", to: "21:00" };

/** Set the clock of the world to the next such hour, as UTC. */
function setHour(utc: string): void {
  const now = w.clock.now();
  const at = new Date(`${now.toISOString().slice(0, 10)}T${utc}:00Z`);
  if (at <= now) at.setUTCDate(at.getUTCDate() + 1);
  w.clock.advance(at.getTime() - now.getTime());
}

function inZones(...people: readonly Partial<Person>[]): Partial<Person>[] {
  return people.map((person, i) => ({
    email: `person-${i}@example.com`,
    phone: `+120255501${String(i).padStart(2, "0")}`,
    agreed: "yes",
    ...person,
  }));
}

/** A legal notice by e-mail with hours, started, and a round of sending. */
async function sent(given: ApprovedOptions) {
  const started = await givenStarted(w, given);
  await sendDue(w, started.waveId, "email", { prepare: prepareWave });
  return started;
}

async function rowsOf(waveId: string) {
  const rows = await deliveries(w.sql, waveId, { limit: 100 });
  return rows.map(({ state, reason }) => [state, reason]);
}

/** In how many minutes each planned delivery of a wave is due, in the order of people. */
async function dueIn(waveId: string): Promise<number[]> {
  const rows = await w.sql<{ minutes: number }[]>`
    select round(extract(epoch from next_at - now()) / 60)::int as minutes
      from delivery where wave_id = ${waveId} and state = 'planned' order by id`;
  return rows.map(({ minutes }) => minutes).toSorted((a, b) => a - b);
}

describe("hours of the day", () => {
  test("are those of each person: by zone, else by country, else by the incident's zone", async () => {
    setHour("05:00");
    const people = inZones(
      { zone: "Asia/Tokyo" },
      { zone: "Asia/Kolkata", country: "GB" },
      // In February it is five in the morning there.
      { country: "GB" },
      { country: "AQ", postal: { lines: ["1"], country: "GB" }, zone: "Europe/London" },
      // The incident's zone is Berlin's.
      {},
    );
    const when = { localHours: { email: DAYTIME } };
    const { waveId } = await sent({ people, when });
    expect((await rowsOf(waveId)).toSorted()).toEqual(
      [
        ["accepted", null],
        ["accepted", null],
        ["planned", "quiet-hours"],
        ["planned", "quiet-hours"],
        ["planned", "quiet-hours"],
      ].toSorted(),
    );
    // Berlin opens first.
    expect(await dueIn(waveId)).toEqual([120, 180, 180]);
  });

  test("put off for no try: the same message goes once they begin", async () => {
    setHour("03:00");
    const people = inZones({ zone: "Europe/London" });
    const { waveId } = await sent({ people, when: { localHours: { email: DAYTIME } } });
    expect(await states(w, waveId)).toEqual({ planned: 1 });
    w.clock.advance(5 * 3_600_000);
    await w.sql`update delivery set next_at = now() where wave_id = ${waveId}`;
    await sendDue(w, waveId, "email", { prepare: prepareWave });
    expect(await rowsOf(waveId)).toEqual([["accepted", null]]);
    const attempts = await w.sql`
      select a.outcome, a.code from attempt a join delivery d on d.id = a.delivery_id
       where d.wave_id = ${waveId} order by a.n`;
    expect(attempts).toMatchObject([
      { outcome: "not-sent", code: "quiet-hours" },
      { outcome: "accepted" },
    ]);
  });

  test("say nothing of another channel", async () => {
    setHour("03:00");
    const people = inZones({ zone: "Europe/London" });
    const { waveId } = await sent({ people, when: { localHours: { sms: DAYTIME } } });
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
  });

  test("give way to a deadline that comes before they begin, and the timeline says so once", async () => {
    setHour("03:00");
    const deadline = new Date(w.clock.now().getTime() + 3 * 3_600_000);
    const people = inZones(
      { zone: "Europe/London" },
      { zone: "Europe/London" },
      { zone: "Asia/Tokyo" },
    );
    const when = { localHours: { email: DAYTIME }, deadline };
    const { waveId } = await sent({ people, when });
    expect((await rowsOf(waveId)).toSorted()).toEqual(
      [
        ["accepted", "despite-hours"],
        ["accepted", "despite-hours"],
        ["accepted", null],
      ].toSorted(),
    );
    await sweep(w.ctx);
    expect(await entriesOf(w, waveId)).toEqual(["wave.start", "wave.override-hours", "wave.end"]);
    const [end] = await w.sql<{ after: Record<string, unknown> }[]>`
      select after from timeline where subject = ${`wave:${waveId}`} and action = 'wave.end'`;
    expect(end?.after).toMatchObject({ despiteHours: 2 });
  });

  test("are what an approver signs, and a courtesy by SMS has some unless it is told not to", async () => {
    const when = { localHours: { email: DAYTIME }, urgent: true, deadline: w.clock.now() };
    const chosen = await givenApproved(w, { people: 1, when });
    expect(await get(w.ctx, chosen.incidentId, chosen.submissionId)).toMatchObject(when);
    await w.sql`update submission set local_hours = null where id = ${chosen.submissionId}`;
    expect(await get(w.ctx, chosen.incidentId, chosen.submissionId)).toMatchObject({
      state: "outdated",
      changed: ["binding"],
    });

    const { notice } = await draft(w.ctx, w.staff.drafter, chosen.incidentId, {
      kind: "invitation",
    });
    const { audienceId, incidentId } = chosen;
    const given = { noticeId: notice.id, audienceId, canary: 0 };
    const plan = { mode: "first-reachable", channels: ["sms"], consent: "agreed" } as const;
    const usual = await submit(w.ctx, w.staff.drafter, incidentId, {
      ...given,
      plan: { ...plan, channels: [...plan.channels] },
      version: notice.version,
    });
    expect(usual).toMatchObject({ localHours: { sms: DAYTIME }, urgent: false, deadline: null });
  });

  test("urgent and deadline are the wave's from the start", async () => {
    const deadline = new Date(w.clock.now().getTime() + 3_600_000);
    const { waveId } = await givenStarted(w, { people: 1, when: { urgent: true, deadline } });
    const [wave] = await w.sql<{ priority: number; deadline: string }[]>`
      select priority, deadline from wave where id = ${waveId}`;
    expect(wave?.priority).toBe(10);
    expect(new Date(wave?.deadline ?? 0)).toEqual(deadline);
  });
});

import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { get } from "../../src/actions/approval/submit.ts";
import { cancel, sweep } from "../../src/actions/wave.ts";
import { moveOn } from "../../src/actions/wave/onward.ts";
import { start } from "../../src/actions/wave/start.ts";
import { prepareWave } from "../../src/actions/delivery/prepare.ts";
import type { Person } from "../../src/domain/audience/person.ts";
import { mayBecome } from "../../src/domain/delivery.ts";
import type { Outcome } from "../../src/domain/delivery.ts";
import { passOn, withRejected } from "../../src/store/delivery/plan.ts";
import { deliveries, progressOf } from "../../src/views/wave.ts";
import {
  entriesOf,
  givenApproved,
  givenStarted,
  givenWave,
  sendDue,
  states,
  suppress,
  watchTransitions,
} from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let transitions: Awaited<ReturnType<typeof watchTransitions>>;
beforeAll(async () => {
  w = await world();
  transitions = await watchTransitions(w);
});
afterAll(() => w.close());
beforeEach(() => {
  w.email.answer(() => ({ kind: "accepted", code: "250" }));
  w.sms.answer(() => ({ kind: "accepted", code: "201", reference: `SM${"0".repeat(32)}` }));
});

const ALL = ["email", "sms", "letter"] as const;
const NOBODY: Outcome = { kind: "rejected", fault: "recipient", code: "550" };
const NO_PHONE: Outcome = { kind: "rejected", fault: "recipient", code: "21614" };
const postal = { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" };
const phone = "+12025550142";

/** Somebody whom every channel reaches. */
const everything = (i: number): Partial<Person> => ({
  email: `everything-${i}@example.com`,
  phone,
  postal,
});
const people = (count: number) => Array.from({ length: count }, (_, i) => everything(i));

async function ways(waveId: string): Promise<string[]> {
  const rows = await deliveries(w.sql, waveId, { limit: 100 });
  return rows.map(({ channel, state }) => `${channel} ${state}`);
}

async function waveOf(incidentId: string, waveId: string) {
  return progressOf(w.sql, incidentId, waveId);
}

async function prefer(incidentId: string, recipientId: string, channel: string, language = "en") {
  await w.sql`
    insert into preference (incident_id, recipient_id, language, channel)
    values (${incidentId}, ${recipientId}, ${language}, ${channel})`;
}

describe("one channel after the other", () => {
  test("goes from e-mail to SMS to letter, and the wave ends when nothing is open", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: people(3), channels: ALL });
    expect(await states(w, waveId)).toEqual({ planned: 3 });
    w.email.answer(() => NOBODY);
    w.sms.answer(() => NO_PHONE);

    await sendDue(w, waveId, "email");
    expect((await waveOf(incidentId, waveId)).state).toBe("sending");
    await sweep(w.ctx);
    expect((await waveOf(incidentId, waveId)).channels).toEqual({
      email: { rejected: 3 },
      sms: { planned: 3 },
    });
    await sendDue(w, waveId, "email");
    await sendDue(w, waveId, "sms");
    await sweep(w.ctx);
    expect(await waveOf(incidentId, waveId)).toMatchObject({
      state: "done",
      total: 9,
      counts: { rejected: 6, "needs-letter": 3 },
      channels: { email: { rejected: 3 }, sms: { rejected: 3 }, letter: { "needs-letter": 3 } },
      people: { "needs-letter": 3 },
    });
    await moveOn(w.ctx);
    expect(await waveOf(incidentId, waveId)).toMatchObject({ total: 9 });
  });

  test("stops at the first that took the message", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: people(2), channels: ALL });
    const before = w.sms.sent.length;
    await sendDue(w, waveId, "email");
    await sweep(w.ctx);
    expect(await waveOf(incidentId, waveId)).toMatchObject({
      state: "done",
      people: { accepted: 2 },
      channels: { email: { accepted: 2 } },
    });
    expect(w.sms.sent).toHaveLength(before);
  });

  test("skips what does not reach a person, and ends rejected where nothing is left", async () => {
    const { waveId, incidentId } = await givenWave(w, {
      people: [
        { email: "no-phone@example.com", postal },
        { email: "no-way@example.com" },
        { email: "refused@example.com", agreed: "no", phone },
        { agreed: "no" },
      ],
      channels: ALL,
    });
    w.email.answer(() => NOBODY);
    await sendDue(w, waveId, "email");
    await sendDue(w, waveId, "sms");
    await sweep(w.ctx);
    const { people: counted, state } = await waveOf(incidentId, waveId);
    expect(counted).toEqual({ accepted: 1, rejected: 1, "needs-letter": 1, "not-reached": 1 });
    expect(state).toBe("done");
  });

  test("waits for what nobody knows: an unknown SMS is no reason to write a letter", async () => {
    const { waveId } = await givenWave(w, { people: people(1), channels: ["sms", "letter"] });
    w.sms.answer(() => ({ kind: "unknown", code: "timeout" }));
    await sendDue(w, waveId, "sms");
    await sweep(w.ctx);
    expect(await ways(waveId)).toEqual(["sms unknown"]);
    expect(await leasedAgain(waveId)).toBe(0);
  });

  test("a person's word that an SMS did not arrive moves its recipient on", async () => {
    const { waveId, incidentId } = await givenWave(w, {
      people: people(1),
      channels: ["sms", "letter"],
    });
    w.sms.answer(() => ({ kind: "unknown", code: "timeout" }));
    await sendDue(w, waveId, "sms");
    await w.sql`
      update delivery set state = 'rejected', reason = 'person-rejected', settled_at = now()
       where wave_id = ${waveId}`;
    await sweep(w.ctx);
    expect(await waveOf(incidentId, waveId)).toMatchObject({ people: { "needs-letter": 1 } });
  });

  test("five that move on at once, again and again, give each person one next delivery", async () => {
    const { waveId } = await givenWave(w, { people: people(40), channels: ALL });
    w.email.answer(() => NOBODY);
    await sendDue(w, waveId, "email");
    for (let round = 0; round < 3; round += 1)
      await Promise.all(Array.from({ length: 5 }, () => moveOn(w.ctx)));
    expect(await states(w, waveId)).toEqual({ rejected: 40, planned: 40 });
    expect(await withRejected(w.sql)).toEqual([]);
  });

  test("a wave does not end before everyone whose delivery was rejected was moved on", async () => {
    const given = { people: people(1), channels: ["email", "letter"] } as const;
    const { waveId, incidentId } = await givenWave(w, given);
    w.email.answer(() => NOBODY);
    await sendDue(w, waveId, "email");
    await w.sql.begin(async (tx) => {
      // Another worker has the row in its hands.
      await tx`select from delivery where wave_id = ${waveId} for update`;
      await sweep(w.ctx);
    });
    expect(await waveOf(incidentId, waveId)).toMatchObject({ state: "sending", total: 1 });
    await sweep(w.ctx);
    expect(await waveOf(incidentId, waveId)).toMatchObject({ state: "done", total: 2 });
  });

  test("a crash between the decision and its writing changes nothing, and it is made again", async () => {
    const { waveId, audienceId } = await givenWave(w, { people: people(3), channels: ALL });
    w.email.answer(() => NOBODY);
    await sendDue(w, waveId, "email");
    const crash = w.sql.begin(async (tx) => {
      const query = { audienceId, mode: "first-reachable", consent: "agreed" } as const;
      const passed = await passOn(tx, waveId, { ...query, noticeClass: "legal", channels: ALL });
      expect(passed).toEqual({ decided: 3, planned: 3, letters: 0 });
      throw new Error("killed");
    });
    await expect(crash).rejects.toThrow("killed");
    expect(await states(w, waveId)).toEqual({ rejected: 3 });
    await moveOn(w.ctx);
    expect(await states(w, waveId)).toEqual({ rejected: 3, planned: 3 });
  });

  test("a wave that ended goes on when a rejection comes late, and a cancelled one does not", async () => {
    const given = { people: people(1), channels: ["email", "sms"] } as const;
    const [late, cancelled] = [await givenWave(w, given), await givenWave(w, given)];
    for (const { waveId } of [late, cancelled]) await sendDue(w, waveId, "email");
    await cancel(w.ctx, w.staff.approver, { ...cancelled, reason: "It was a mistake." });
    await sweep(w.ctx);
    for (const { waveId } of [late, cancelled])
      await w.sql`update delivery set state = 'rejected' where wave_id = ${waveId}`;
    await sweep(w.ctx);
    expect(await states(w, cancelled.waveId)).toEqual({ rejected: 1 });
    expect(await states(w, late.waveId)).toEqual({ rejected: 1, planned: 1 });
    expect(await entriesOf(w, late.waveId)).toEqual(["wave.end", "wave.reopen"]);
    await sendDue(w, late.waveId, "sms");
    await sweep(w.ctx);
    expect(await waveOf(late.incidentId, late.waveId)).toMatchObject({
      state: "done",
      people: { accepted: 1 },
    });
  });
});

describe("every channel at once", () => {
  test("gives a person one delivery by each that reaches them, and counts them once", async () => {
    const { waveId, incidentId } = await givenWave(w, {
      people: [everything(0), { email: "only@example.com" }, { agreed: "no" }],
      channels: ALL,
      mode: "all",
    });
    expect((await ways(waveId)).toSorted()).toEqual([
      "email not-reached",
      "email planned",
      "email planned",
      "letter needs-letter",
      "sms planned",
    ]);
    w.email.answer(() => NOBODY);
    await sendDue(w, waveId, "email");
    await sendDue(w, waveId, "sms");
    await sweep(w.ctx);
    expect(await waveOf(incidentId, waveId)).toMatchObject({
      state: "done",
      total: 5,
      people: { accepted: 1, rejected: 1, "not-reached": 1 },
    });
  });

  test("approvers see how many messages that is, by channel, and the segments of the SMS", async () => {
    const plan = { mode: "all" as const, channels: [...ALL] };
    const approved = await givenApproved(w, { people: [everything(0), everything(1)], plan });
    const { reach } = await get(w.ctx, approved.incidentId, approved.submissionId);
    expect(reach).toMatchObject({ people: 2, email: 2, sms: 2, needsLetter: 2, messages: 6 });
    expect(reach.smsSegments).toBeGreaterThanOrEqual(2);
  });
});

test("a plan by SMS is refused where no provider is set up", async () => {
  const before = { ...w.ctx, sms: undefined };
  const given = givenApproved({ ...w, ctx: before }, { people: 1, plan: { channels: ["sms"] } });
  await expect(given).rejects.toMatchObject({
    fields: [{ field: "plan.channels", code: "no-sms" }],
  });
});

describe("what a person chose", () => {
  test("comes first where the plan has it, and changes nothing where it has not", async () => {
    const channels = ["email", "letter"] as const;
    const first = await givenApproved(w, {
      people: people(3),
      plan: { channels: [...channels] },
    });
    const [a = "", b = ""] = first.recipientIds;
    await prefer(first.incidentId, a, "letter");
    await prefer(first.incidentId, b, "sms");
    const { id } = await start(w.ctx, w.staff.responder, first);
    expect(await states(w, id)).toEqual({ planned: 2, "needs-letter": 1 });
  });

  test("an SMS is the approved text in the language they chose, with a call that names nobody", async () => {
    const started = await givenStarted(w, {
      people: [{ ...everything(0), language: "en" }],
      plan: { channels: ["sms"] },
    });
    const before = w.sms.sent.length;
    await sendDue(w, started.waveId, "sms", { prepare: prepareWave });
    const [sms] = w.sms.sent.slice(before);
    const [row] = await deliveries(w.sql, started.waveId, { limit: 1 });
    expect(row).toMatchObject({ state: "accepted", outcome: "accepted", code: "201" });
    expect(sms).toMatchObject({
      to: phone,
      statusCallback: `https://incident.example.org/callbacks/twilio/${row?.id}/1`,
    });
    expect(sms?.text).toContain(w.config.ORGANISATION);
    const [attempt] = await w.sql`
      select reference, number_hash from attempt where delivery_id = ${row?.id ?? ""}`;
    expect(attempt?.["reference"]).toMatch(/^SM/);
    expect(attempt?.["numberHash"]).toHaveLength(32);
  });
});

describe("a channel that is closed to a person", () => {
  test("who stopped SMS at the provider goes on to the next, and is not tried by SMS again", async () => {
    const given = { people: people(2), channels: ["sms", "letter"] } as const;
    const { waveId, incidentId } = await givenWave(w, given);
    w.sms.answer(({ text }) => (text === stopped ? { ...NO_PHONE, code: "21610" } : NO_PHONE));
    const rows = await w.sql<{ recipientId: string }[]>`
      select recipient_id from delivery where wave_id = ${waveId} order by id`;
    const stopped = rows[0]?.recipientId ?? "";
    await sendDue(w, waveId, "sms");
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ rejected: 2, "needs-letter": 2 });
    const closed = await w.sql`
      select recipient_id, channel from closed_channel where incident_id = ${incidentId}`;
    expect(closed).toMatchObject([{ recipientId: stopped, channel: "sms" }]);
  });

  test("while an SMS waits closes it before it is sent, and the letter follows", async () => {
    const given = { people: people(1), channels: ["sms", "letter"] } as const;
    const { waveId, incidentId, recipientIds } = await givenWave(w, given);
    const before = w.sms.sent.length;
    await w.sql`
      insert into closed_channel (incident_id, recipient_id, channel)
      values (${incidentId}, ${recipientIds[0] ?? ""}, 'sms')`;
    await sendDue(w, waveId, "sms");
    await sweep(w.ctx);
    expect(w.sms.sent).toHaveLength(before);
    expect(await ways(waveId)).toEqual(["sms rejected", "letter needs-letter"]);
  });

  test("does not keep a notice that the law requires from them, and death does", async () => {
    const given = { people: people(2), channels: ["sms", "letter"], suppressed: [0] } as const;
    const { waveId, incidentId, recipientIds } = await givenWave(w, given);
    expect(await states(w, waveId)).toEqual({ excluded: 1, planned: 1 });
    w.sms.answer(() => NO_PHONE);
    await sendDue(w, waveId, "sms");
    await suppress(w, incidentId, recipientIds[1] ?? randomUUID());
    await sweep(w.ctx);
    const { people: counted } = await waveOf(incidentId, waveId);
    expect(counted).toEqual({ excluded: 1, rejected: 1 });
  });
});

async function leasedAgain(waveId: string): Promise<number> {
  const before = w.sms.sent.length;
  await sendDue(w, waveId, "sms");
  return w.sms.sent.length - before;
}

test("every step that a delivery took above is in the table of steps", async () => {
  const taken = (await transitions()).filter(([from, to]) => from !== to);
  expect(taken.length).toBeGreaterThan(3);
  const forced = ["accepted rejected", "unknown rejected"];
  const others = taken.filter((step) => !forced.includes(step.join(" ")));
  expect(others.filter(([from, to]) => !mayBecome(from, to))).toEqual([]);
});

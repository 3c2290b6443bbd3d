import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { edit } from "../../src/actions/notice/draft.ts";
import { sendSlice } from "../../src/actions/delivery/send.ts";
import * as delivery from "../../src/actions/delivery.ts";
import {
  cancel,
  onScopeRevised,
  openBreaker,
  pause,
  resume,
  sweep,
} from "../../src/actions/wave.ts";
import { start } from "../../src/actions/wave/start.ts";
import { mayBecome } from "../../src/domain/delivery.ts";
import { progressOf, progressOfAll } from "../../src/views/wave.ts";
import { readMessage } from "../../src/dev/mailbox.ts";
import { givenScope } from "../support/incident.ts";
import {
  entriesOf,
  givenApproved,
  givenSender,
  givenStarted,
  givenWave,
  leased,
  somePeople,
  states,
  suppress,
  watchTransitions,
} from "../support/wave.ts";
import { prepareWave } from "../../src/actions/delivery/prepare.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let transitions: Awaited<ReturnType<typeof watchTransitions>>;
beforeAll(async () => {
  w = await world();
  transitions = await watchTransitions(w);
});
afterAll(() => w.close());

const BECAUSE = { reason: "The hotline number is wrong." };
const postal = { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" };

async function waveOf(incidentId: string, waveId: string) {
  return progressOf(w.sql, incidentId, waveId);
}

describe("starting", () => {
  test("gives every person of the audience exactly one delivery, by the plan", async () => {
    const people = [
      ...somePeople(3),
      { email: "no-post@example.com", agreed: "unknown" as const },
      { email: "refused@example.com", agreed: "no" as const, postal },
    ];
    const approved = await givenApproved(w, { people });
    await suppress(w, approved.incidentId, approved.recipientIds[0] ?? "");
    const { id } = await start(w.ctx, w.staff.responder, approved);
    expect(await states(w, id)).toEqual({
      planned: 2,
      excluded: 1,
      "needs-letter": 1,
      "not-reached": 1,
    });
    const rows = await w.sql`
      select channel, state from delivery where wave_id = ${id} and state in ('needs-letter', 'excluded')
       order by state`;
    expect(rows).toMatchObject([
      { channel: "email", state: "excluded" },
      { channel: "letter", state: "needs-letter" },
    ]);
    expect(await entriesOf(w, id)).toEqual(["wave.start"]);
  });

  test.for([
    ["agreed", { planned: 1, "not-reached": 2 }],
    ["not-refused", { planned: 2, "not-reached": 1 }],
    ["any", { planned: 3 }],
  ] as const)("mails by the consent rule %s", async ([consent, expected]) => {
    const people = (["yes", "unknown", "no"] as const).map((agreed, i) => ({
      email: `consent-${i}@example.com`,
      agreed,
    }));
    const { waveId } = await givenStarted(w, { people, plan: { consent } });
    expect(await states(w, waveId)).toEqual(expected);
  });

  test("sends no e-mail where the plan has no such channel", async () => {
    const people = [{ ...somePeople(1)[0], postal }];
    const { waveId } = await givenStarted(w, { people, plan: { channels: ["letter"] } });
    expect(await states(w, waveId)).toEqual({ "needs-letter": 1 });
  });

  test("is done once for an approval, however many ask at the same time", async () => {
    const approved = await givenApproved(w, { people: 4 });
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => start(w.ctx, w.staff.responder, approved)),
    );
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const result of results)
      if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "conflict" });
    expect(await progressOfAll(w.sql, approved.incidentId)).toMatchObject([{ total: 4 }]);
  });

  test("raced with an edit sends what was approved or nothing at all", async () => {
    for (let round = 0; round < 5; round += 1) {
      const approved = await givenApproved(w, { people: 2 });
      const [started] = await Promise.allSettled([
        start(w.ctx, w.staff.responder, approved),
        edit(w.ctx, w.staff.drafter, approved, { version: await versionOf(approved.noticeId) }),
      ]);
      if (started.status === "rejected")
        expect(started.reason).toMatchObject({ code: expect.stringMatching(/approval|facts/) });
      else expect(await states(w, started.value.id)).toEqual({ planned: 2 });
    }
  });

  test("raced with a change of facts leaves nothing that could be sent on the old ones", async () => {
    for (let round = 0; round < 5; round += 1) {
      const approved = await givenApproved(w, { people: 2 });
      const { incidentId } = approved;
      const [started] = await Promise.allSettled([
        start(w.ctx, w.staff.responder, approved),
        givenScope(w, incidentId, { whatHappened: `It was more than that (${round}).` }),
      ]);
      if (started.status === "rejected")
        expect(started.reason).toMatchObject({ code: "facts-changed" });
      else expect(await leased(w, started.value.id)).toEqual([]);
    }
  });

  test("refuses another incident's submission", async () => {
    const [one, other] = [
      await givenApproved(w, { people: 1 }),
      await givenApproved(w, { people: 1 }),
    ];
    const crossed = { incidentId: other.incidentId, submissionId: one.submissionId };
    await expect(start(w.ctx, w.staff.responder, crossed)).rejects.toMatchObject({
      code: "not-found",
    });
  });
});

describe("what a person gets", () => {
  test("is the approved notice, with their own data elements and a Message-ID that stays", async () => {
    const people = [
      { email: "ada@example.com", name: "Ada Example", exposure: ["ssn" as const] },
      { email: "eve@example.com", name: "Eve Example", exposure: ["email-address" as const] },
    ];
    const { waveId, incidentId } = await givenStarted(w, { people });
    const before = w.email.sent.length;
    w.email.answer(({ to }) =>
      to === "ada@example.com"
        ? { kind: "transient", code: "451" }
        : { kind: "accepted", code: "250" },
    );
    const sender = await givenSender(w, { prepare: prepareWave });
    for (const sliceId of await leased(w, waveId)) await sendSlice(w.ctx, sender, sliceId);
    w.email.answer(() => ({ kind: "accepted", code: "250" }));
    await w.sql`update delivery set next_at = now() where wave_id = ${waveId}`;
    for (const sliceId of await leased(w, waveId)) await sendSlice(w.ctx, sender, sliceId);
    expect(await states(w, waveId)).toEqual({ accepted: 2 });

    const sent = w.email.sent.slice(before);
    expect(sent.map(({ to }) => to).toSorted()).toEqual([
      "ada@example.com",
      "ada@example.com",
      "eve@example.com",
    ]);
    const read = await Promise.all(sent.map(({ message: raw }) => readMessage({ raw })));
    const ada = read.filter(({ text }) => text.includes("Ada Example"));
    const idOf = (message: (typeof read)[number] | undefined) =>
      message?.headers.find(({ key }) => key === "message-id")?.value;
    expect(ada).toHaveLength(2);
    expect(idOf(ada[0])).toMatch(/^<[0-9a-f]{32}@example\.org>$/);
    expect(idOf(ada[0])).toBe(idOf(ada[1]));
    const eve = read.find(({ text }) => text.includes("Eve Example"));
    expect(idOf(eve)).not.toBe(idOf(ada[0]));
    expect(ada[0]?.text.toLowerCase()).toContain("social security");
    expect(eve?.text).not.toContain("Ada Example");
    expect(ada[0]?.fromName).toBe(w.config.ORGANISATION);
    await sweep(w.ctx);
    expect(await waveOf(incidentId, waveId)).toMatchObject({ state: "done", secondsLeft: 0 });
    expect(await entriesOf(w, waveId)).toEqual(["wave.start", "wave.end"]);
  });

  test("is nothing once the mail layout is another than the approved one", async () => {
    const { waveId, incidentId } = await givenStarted(w, { people: 2 });
    const [sliceId = ""] = await leased(w, waveId);
    const mail = { ...w.ctx.templates.mail, version: "0".repeat(64) };
    const ctx = { ...w.ctx, templates: { ...w.ctx.templates, mail } };
    await sendSlice(ctx, await givenSender(w, { prepare: prepareWave }), sliceId);
    expect(await waveOf(incidentId, waveId)).toMatchObject({
      state: "paused",
      pausedReason: "breaker",
    });
    expect(await states(w, waveId)).toEqual({ planned: 2 });
  });
});

describe("stopping and going on", () => {
  test("a pause stops, two people make it go on, and the timeline says so", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 2 });
    const order = { incidentId, waveId, ...BECAUSE };
    await pause(w.ctx, w.staff.drafter, order);
    expect(await waveOf(incidentId, waveId)).toMatchObject({
      state: "paused",
      pausedReason: "person",
    });
    await expect(pause(w.ctx, w.staff.drafter, order)).rejects.toMatchObject({
      code: "wrong-state",
    });
    await resume(w.ctx, w.staff.approver, order);
    const { wave } = await resume(w.ctx, w.staff.approver2, order);
    expect(wave.state).toBe("sending");
    await expect(resume(w.ctx, w.staff.approver, order)).rejects.toMatchObject({
      code: "wrong-state",
    });
    expect(await entriesOf(w, waveId)).toEqual(["wave.pause", "wave.resume"]);
  });

  test("a pause of a canary goes on as a canary", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 9, canary: 3 });
    const order = { incidentId, waveId, ...BECAUSE };
    await pause(w.ctx, w.staff.counsel, order);
    await resume(w.ctx, w.staff.approver, order);
    expect((await resume(w.ctx, w.staff.approver2, order)).wave.state).toBe("canary");
  });

  test("a change of quoted facts stops the wave, and it cannot go on while they differ", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 2 });
    const whatHappened = "A laptop with a list of customers was stolen from a parked car.";
    await givenScope(w, incidentId, { whatHappened: "Two laptops were stolen." });
    await onScopeRevised(w.ctx, { incidentId });
    await onScopeRevised(w.ctx, { incidentId });
    expect(await waveOf(incidentId, waveId)).toMatchObject({
      state: "paused",
      pausedReason: "facts-changed",
      factsHold: false,
    });
    const order = { incidentId, waveId, ...BECAUSE };
    await expect(resume(w.ctx, w.staff.approver, order)).rejects.toMatchObject({
      code: "facts-changed",
    });
    await givenScope(w, incidentId, { whatHappened });
    await resume(w.ctx, w.staff.approver, order);
    expect((await resume(w.ctx, w.staff.approver2, order)).wave.state).toBe("sending");
    expect(await entriesOf(w, waveId)).toEqual(["wave.pause", "wave.resume"]);
  });

  test("a provider that refuses us stops the wave before a hundred have met the same wall", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 300 });
    const before = w.email.sent.length;
    w.email.answer(() => ({ kind: "rejected", fault: "configuration", code: "535" }));
    const sender = await givenSender(w);
    const slices = await leased(w, waveId);
    await Promise.all(slices.map((sliceId) => sendSlice(w.ctx, sender, sliceId)));
    w.email.answer(() => ({ kind: "accepted", code: "250" }));
    expect(w.email.sent.length - before).toBeLessThan(100);
    expect(await states(w, waveId)).toEqual({ planned: 300 });
    expect(await waveOf(incidentId, waveId)).toMatchObject({
      state: "paused",
      pausedReason: "breaker",
    });
    await openBreaker(w.ctx, { incidentId, waveId }, "535");
    expect(await entriesOf(w, waveId)).toEqual(["wave.pause"]);
  });

  test("a cancelled wave sends nothing more and cannot be brought back", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 150 });
    const [first = "", second = ""] = await leased(w, waveId);
    const sender = await givenSender(w);
    await sendSlice(w.ctx, sender, first);
    const sent = (await states(w, waveId))["accepted"] ?? 0;
    await cancel(w.ctx, w.staff.counsel, { incidentId, waveId, ...BECAUSE });
    await sendSlice(w.ctx, sender, second);
    expect(await states(w, waveId)).toEqual({ accepted: sent, cancelled: 150 - sent });
    const order = { incidentId, waveId, ...BECAUSE };
    await expect(cancel(w.ctx, w.staff.counsel, order)).rejects.toMatchObject({
      code: "wrong-state",
    });
    await expect(resume(w.ctx, w.staff.approver, order)).rejects.toMatchObject({
      code: "wrong-state",
    });
  });

  test("what comes back to a cancelled wave is cancelled too", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 1 });
    const [sliceId = ""] = await leased(w, waveId);
    const cancelling = cancel.bind(null, w.ctx, w.staff.counsel, {
      incidentId,
      waveId,
      ...BECAUSE,
    });
    const send = async () => {
      await cancelling();
      return { kind: "transient", code: "451" } as const;
    };
    await sendSlice({ ...w.ctx, email: { ...w.email, send } }, await givenSender(w), sliceId);
    await delivery.sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ cancelled: 1 });
  });

  test("a wave of another incident is not found", async () => {
    const [one, other] = [await givenWave(w, { people: 1 }), await givenWave(w, { people: 1 })];
    const crossed = { incidentId: other.incidentId, waveId: one.waveId, ...BECAUSE };
    for (const act of [pause, cancel])
      await expect(act(w.ctx, w.staff.counsel, crossed)).rejects.toMatchObject({
        code: "not-found",
      });
    await expect(resume(w.ctx, w.staff.approver, crossed)).rejects.toMatchObject({
      code: "not-found",
    });
    await expect(progressOf(w.sql, other.incidentId, one.waveId)).rejects.toMatchObject({
      code: "not-found",
    });
  });

  test("a person's decision to send again opens an ended wave", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 2 });
    w.email.answer(() => ({ kind: "unknown", code: "ETIMEDOUT" }));
    const sender = await givenSender(w);
    for (const sliceId of await leased(w, waveId)) await sendSlice(w.ctx, sender, sliceId);
    w.email.answer(() => ({ kind: "accepted", code: "250" }));
    await sweep(w.ctx);
    expect(await waveOf(incidentId, waveId)).toMatchObject({ state: "done", unknown: 2 });
    const order = {
      incidentId,
      waveId,
      deliveryIds: "all",
      decision: "resend",
      ...BECAUSE,
    } as const;
    await delivery.decideUnknown(w.ctx, w.staff.approver, order);
    for (const sliceId of await leased(w, waveId)) await sendSlice(w.ctx, sender, sliceId);
    await sweep(w.ctx);
    expect(await waveOf(incidentId, waveId)).toMatchObject({
      state: "done",
      counts: { accepted: 2 },
    });
  });
});

async function versionOf(noticeId: string): Promise<number> {
  const [row] = await w.sql<
    { version: number }[]
  >`select version from notice where id = ${noticeId}`;
  return row?.version ?? 0;
}

test("every step that a delivery took above is in the table of steps", async () => {
  const taken = await transitions();
  expect(taken.length).toBeGreaterThan(3);
  expect(taken.filter(([from, to]) => !mayBecome(from, to))).toEqual([]);
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sendSlice } from "../../src/actions/delivery/send.ts";
import type { Actor } from "../../src/domain/staff.ts";
import { serve } from "../support/http.ts";
import type { Call, Served } from "../support/http.ts";
import { givenToken } from "../support/staff.ts";
import { givenApproved, givenSender, givenStarted, leased } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let served: Served;
beforeAll(async () => {
  w = await world();
  served = await serve(w.ctx);
});
afterAll(async () => {
  await served.close();
  await w.close();
});

async function as(actor: Actor, method: string, path: string, call: Call = {}) {
  return served.call(method, path, { ...call, token: await givenToken(w, actor) });
}

async function givenWavePath(people = 3) {
  const started = await givenStarted(w, { people });
  return { ...started, path: `/v1/incidents/${started.incidentId}/waves/${started.waveId}` };
}

describe("waves over HTTP", () => {
  test("an approved submission is started once, and its progress is shown", async () => {
    const { incidentId, submissionId } = await givenApproved(w, { people: 4, canary: 2 });
    const path = `/v1/incidents/${incidentId}/waves`;
    const started = await as(w.staff.responder, "POST", path, { body: { submissionId } });
    expect(started.status).toBe(201);
    expect(started.json).toMatchObject({ state: "canary", total: 4, counts: { planned: 4 } });
    const again = await as(w.staff.responder, "POST", path, { body: { submissionId } });
    expect(again.json).toMatchObject({ status: 409, code: "conflict" });
    const list = await as(w.staff.auditor, "GET", path);
    expect(list.json["waves"]).toHaveLength(1);
    expect(list.json["waves"][0]).toMatchObject({ id: started.json["id"], canary: { total: 2 } });
  });

  test("progress tells channels and people apart", async () => {
    const plan = { mode: "all" as const, channels: ["email" as const, "sms" as const] };
    const people = [{ email: "both@example.com", phone: "+12025550142" }];
    const { incidentId, waveId } = await givenStarted(w, { people, plan });
    const path = `/v1/incidents/${incidentId}/waves/${waveId}`;
    expect((await as(w.staff.auditor, "GET", path)).json).toMatchObject({
      total: 2,
      counts: { planned: 2 },
      channels: { email: { planned: 1 }, sms: { planned: 1 } },
      people: { planned: 1 },
    });
    const listed = await as(w.staff.auditor, "GET", `${path}/deliveries`);
    expect(listed.text).not.toContain("2025550142");
    expect(listed.json["deliveries"]).toMatchObject([{ channel: "email" }, { channel: "sms" }]);
  });

  test("one person stops a wave, and two make it go on", async () => {
    const { path } = await givenWavePath();
    const body = { reason: "The hotline number is wrong." };
    const paused = await as(w.staff.drafter, "POST", `${path}/pause`, { body });
    expect(paused.json).toMatchObject({ state: "paused", pausedReason: "person" });
    const first = await as(w.staff.approver, "POST", `${path}/resume`, { body });
    expect(first.json).toMatchObject({ agreed: "waiting", wave: { state: "paused" } });
    const second = await as(w.staff.approver2, "POST", `${path}/resume`, { body });
    expect(second.json).toMatchObject({ agreed: "agreed", wave: { state: "sending" } });
    const cancelled = await as(w.staff.counsel, "POST", `${path}/cancel`, { body });
    expect(cancelled.json).toMatchObject({ state: "cancelled", counts: { cancelled: 3 } });
    const late = await as(w.staff.counsel, "POST", `${path}/pause`, { body });
    expect(late.json).toMatchObject({ status: 409, code: "wrong-state" });
  });

  test("unknown deliveries are listed without personal data and decided with a reason", async () => {
    const { path, waveId } = await givenWavePath();
    w.email.answer(() => ({ kind: "unknown", code: "ETIMEDOUT" }));
    const prepare = async () => ({
      compose: () => ({
        from: "notices@example.org",
        to: "x@example.com",
        message: "",
      }),
    });
    for (const sliceId of await leased(w, waveId))
      await sendSlice(w.ctx, await givenSender(w, { prepare }), sliceId);
    w.email.answer(() => ({ kind: "accepted", code: "250" }));

    const listed = await as(w.staff.auditor, "GET", `${path}/deliveries?state=unknown&limit=2`);
    expect(listed.text).not.toContain("@example.com");
    const [one, two] = listed.json["deliveries"];
    expect([one.state, two.state]).toEqual(["unknown", "unknown"]);
    const rest = await as(
      w.staff.auditor,
      "GET",
      `${path}/deliveries?state=unknown&after=${two.id}`,
    );
    expect(rest.json["deliveries"]).toHaveLength(1);

    const decision = { decision: "accepted", reason: "Found in the provider's log." };
    const decided = await as(w.staff.approver, "POST", `${path}/deliveries/decisions`, {
      body: { ...decision, deliveryIds: [one.id] },
    });
    expect(decided.json).toEqual({ decided: 1 });
    const wrong = await as(w.staff.approver, "POST", `${path}/deliveries/decisions`, {
      body: { ...decision, deliveryIds: ["1; drop table delivery"] },
    });
    expect(wrong.json).toMatchObject({ status: 422, code: "invalid-input" });
    const progress = await as(w.staff.auditor, "GET", path);
    expect(progress.json).toMatchObject({ unknown: 2, counts: { accepted: 1, unknown: 2 } });
  });

  test("held messages are listed and decided, by those who may", async () => {
    const { path, waveId } = await givenWavePath();
    await w.sql`
      update delivery set state = 'held', reason = 'missing:name' where wave_id = ${waveId}`;
    const listed = await as(w.staff.auditor, "GET", `${path}/held?limit=1`);
    expect(listed.json["reasons"]).toMatchObject([{ channel: "email", reason: "missing:name" }]);
    expect(listed.json["deliveries"]).toHaveLength(1);
    const body = { deliveryIds: "all", decision: "release", reason: "Put right." };
    const decided = await as(w.staff.approver, "POST", `${path}/held/decisions`, { body });
    expect(decided.json).toEqual({ decided: listed.json["reasons"][0].count });
    const resend = { deliveryIds: "all", reason: "Put right." };
    const resent = await as(w.staff.approver, "POST", `${path}/rejected/resend`, { body: resend });
    expect(resent.json).toEqual({ resent: 0 });
    expect((await as(w.staff.auditor, "GET", path)).json["warnings"]).toEqual([]);
  });

  test("a wave is not found under another incident", async () => {
    const [{ waveId }, other] = [await givenWavePath(), await givenWavePath()];
    const path = `/v1/incidents/${other.incidentId}/waves/${waveId}`;
    for (const each of [path, `${path}/deliveries`])
      expect((await as(w.staff.auditor, "GET", each)).json).toMatchObject({ code: "not-found" });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { decideUnknown } from "../../src/actions/delivery.ts";
import { decideHeld } from "../../src/actions/delivery/held.ts";
import { withdraw } from "../../src/actions/notice/draft.ts";
import { reconcile } from "../../src/actions/receipt/reconcile.ts";
import { resendRejected } from "../../src/actions/receipt/resend.ts";
import { cancel, pause, sweep } from "../../src/actions/wave.ts";
import { sendSlice } from "../../src/actions/delivery/send.ts";
import { deliveries, progressOf } from "../../src/views/wave.ts";
import { givenScope } from "../support/incident.ts";
import { outcomeOf } from "../support/notice.ts";
import {
  givenSender,
  givenStarted,
  givenWave,
  leased,
  sendDue,
  suppress,
} from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());
beforeEach(() => {
  w.email.answer(() => ({ kind: "accepted", code: "250" }));
});

const NOBODY = { kind: "rejected", fault: "recipient", code: "550" } as const;
const postal = { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" };
const everything = {
  email: "ada@example.com",
  agreed: "yes",
  phone: "+12025550142",
  postal,
} as const;

async function ways(waveId: string) {
  const rows = await deliveries(w.sql, waveId, { limit: 100 });
  return rows.map(({ channel, state, reason }) => `${channel} ${state} ${reason}`);
}

function progress({ incidentId, waveId }: { incidentId: string; waveId: string }) {
  return progressOf(w.sql, incidentId, waveId);
}

/** A wave that has ended, of whose one e-mail the rejection comes late. */
async function endedThenRejected<T extends { waveId: string }>(given: T): Promise<T> {
  await sendDue(w, given.waveId, "email");
  await sweep(w.ctx);
  await w.sql`update delivery set state = 'rejected' where wave_id = ${given.waveId}`;
  return given;
}

describe("a rejection that comes late", () => {
  test("of a wave whose facts have changed is where it ends", async () => {
    const given = await givenWave(w, { people: [everything], channels: ["email", "sms"] });
    await endedThenRejected(given);
    await givenScope(w, given.incidentId, { whatHappened: "It was two laptops." });
    await sweep(w.ctx);
    await sweep(w.ctx);
    expect(await progress(given)).toMatchObject({ state: "done", people: { rejected: 1 } });
  });

  test("of a wave whose notice was withdrawn is where it ends", async () => {
    const given = await givenStarted(w, {
      people: [everything],
      plan: { channels: ["email", "sms"] },
    });
    await endedThenRejected(given);
    await withdraw(w.ctx, w.staff.drafter, given, 3);
    await sweep(w.ctx);
    expect(await progress(given)).toMatchObject({ state: "done", people: { rejected: 1 } });
  });
});

describe("an ended wave that may not go on", () => {
  const changed = (incidentId: string) =>
    givenScope(w, incidentId, { whatHappened: "It was two laptops." });
  const late = (waveId: string) =>
    w.sql`update wave set not_after = now() - interval '1 hour' where id = ${waveId}`;

  /** One of two is this, for an hour, and the wave has ended. */
  async function endedWith(state: string) {
    const given = await givenWave(w, { people: 2, channels: ["email"] });
    await sendDue(w, given.waveId, "email");
    await sweep(w.ctx);
    await w.sql`
      update delivery set state = ${state}, settled_at = now() - interval '1 hour',
                          onward = case when ${state} = 'rejected' then false end
       where id = (select min(id) from delivery where wave_id = ${given.waveId})`;
    return given;
  }

  test("is not opened by an e-mail that the rule would send again", async () => {
    const given = await endedWith("unknown");
    await changed(given.incidentId);
    const own = async () => ({ hold: "nothing is composed here" });
    await reconcile(w.ctx, own);
    await sweep(w.ctx);
    const counts = { accepted: 1, unknown: 1 };
    expect(await progress(given)).toMatchObject({ state: "done", counts });
  });

  test.for(["late", "changed"] as const)("is opened by nobody: %s", async (why) => {
    for (const state of ["unknown", "held", "rejected"] as const) {
      const given = await endedWith(state);
      await w.sql`
        insert into receipt (provider, event_id, delivery_id, attempt, status, code, applied_at)
        select 'twilio', gen_random_uuid(), id, attempt, 'failed', '30034', now() from delivery
         where wave_id = ${given.waveId} and state = 'rejected'`;
      await (why === "late" ? late(given.waveId) : changed(given.incidentId));
      const order = { ...given, deliveryIds: "all", reason: "It was put right." } as const;
      const { approver } = w.staff;
      const act = {
        unknown: () => decideUnknown(w.ctx, approver, { ...order, decision: "resend" }),
        held: () => decideHeld(w.ctx, approver, { ...order, decision: "release" }),
        rejected: () => resendRejected(w.ctx, approver, order),
      }[state];
      expect(await outcomeOf(act()), state).toBe("wrong-state");
      await sweep(w.ctx);
      const counts = { accepted: 1, [state]: 1 };
      expect(await progress(given)).toMatchObject({ state: "done", counts });
    }
  });

  test("takes what a person says of it without sending", async () => {
    const given = await endedWith("unknown");
    await late(given.waveId);
    const order = { ...given, deliveryIds: "all", reason: "The relay's log." } as const;
    await decideUnknown(w.ctx, w.staff.approver, { ...order, decision: "accepted" });
    expect(await progress(given)).toMatchObject({ state: "done", counts: { accepted: 2 } });
  });
});

describe("a mailbox that bounced after the plan was made", () => {
  test.for(["legal", "courtesy"])("keeps no %s notice from its owner's phone", async (kind) => {
    const given = await givenWave(w, { people: [everything], channels: ["sms", "email"] });
    await w.sql`
      update notice set class = ${kind} where id in (
        select v.notice_id from notice_version v join wave on wave.notice_version_id = v.id
         where wave.id = ${given.waveId})`;
    await suppress(w, given.incidentId, given.recipientIds[0] ?? "", "hard-bounce");
    await sendDue(w, given.waveId, "sms");
    expect(await ways(given.waveId)).toEqual(["sms accepted null"]);
  });

  test("is not tried again, and the next channel follows", async () => {
    const given = await givenWave(w, { people: [everything], channels: ["email", "sms"] });
    const [sliceId = ""] = await leased(w, given.waveId);
    await suppress(w, given.incidentId, given.recipientIds[0] ?? "", "hard-bounce");
    const before = w.email.sent.length;
    await sendSlice(w.ctx, await givenSender(w), sliceId);
    await sweep(w.ctx);
    expect(await ways(given.waveId)).toEqual(["email rejected hard-bounce", "sms planned null"]);
    expect(w.email.sent).toHaveLength(before);
  });
});

describe("a wave that stands still", () => {
  test("moves people on and sends them nothing", async () => {
    const given = await givenWave(w, {
      people: [everything, everything],
      channels: ["email", "sms"],
    });
    w.email.answer(() => NOBODY);
    await sendDue(w, given.waveId, "email");
    await pause(w.ctx, w.staff.approver, { ...given, reason: "A question from counsel." });
    await sweep(w.ctx);
    expect(await progress(given)).toMatchObject({ state: "paused", people: { planned: 2 } });
    const before = w.sms.sent.length;
    await sendDue(w, given.waveId, "sms");
    expect(w.sms.sent).toHaveLength(before);
  });

  test("for good leaves nobody waiting for a letter", async () => {
    const people = [{ agreed: "no", postal } as const, everything];
    const given = await givenWave(w, { people });
    await cancel(w.ctx, w.staff.approver, { ...given, reason: "It was a mistake." });
    expect(await progress(given)).toMatchObject({ state: "cancelled", people: { cancelled: 2 } });
  });
});

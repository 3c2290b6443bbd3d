import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { decideHeld } from "../../src/actions/delivery/held.ts";
import { resendRejected } from "../../src/actions/receipt/resend.ts";
import { cancel, pause, sweep } from "../../src/actions/wave.ts";
import { MessageHold } from "../../src/domain/delivery/message.ts";
import { heldOf } from "../../src/views/held.ts";
import { deliveries } from "../../src/views/wave.ts";
import { outcomeOf } from "../support/notice.ts";
import { entriesOf, givenWave, sendDue, somePeople, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
beforeEach(() => w.email.answer(() => ({ kind: "accepted", code: "250" })));
afterAll(() => w.close());

const postal = { lines: ["12 Larkspur Lane"], city: "Springvale", postcode: "12345" };
const reason = "The name was put right in the notice's settings.";

/** A wave of which every message is held. */
async function givenHeld(people = 2) {
  const given = await givenWave(w, { people: somePeople(people).map((p) => ({ ...p, postal })) });
  await sendDue(w, given.waveId, "email", {
    prepare: async () => ({
      compose() {
        throw new MessageHold("missing:name");
      },
    }),
  });
  return { ...given, order: { incidentId: given.incidentId, waveId: given.waveId, reason } };
}

async function idsOf(waveId: string): Promise<string[]> {
  return (await deliveries(w.sql, waveId, { limit: 100 })).map(({ id }) => id);
}

describe("held messages", () => {
  test("are seen by reason and page by page, and no person is named", async () => {
    const { waveId } = await givenHeld(3);
    const [first = "", second = "", third = ""] = await idsOf(waveId);
    await w.sql`update delivery set reason = 'phone' where id = ${third}`;
    const page = await heldOf(w.sql, waveId, { limit: 2 });
    expect(page.reasons).toEqual([
      { channel: "email", reason: "missing:name", count: 2 },
      { channel: "email", reason: "phone", count: 1 },
    ]);
    expect(page.deliveries.map(({ id }) => id)).toEqual([first, second]);
    const next = await heldOf(w.sql, waveId, { limit: 2, after: second });
    expect(next.deliveries.map(({ id }) => id)).toEqual([third]);
    const some = await heldOf(w.sql, waveId, { limit: 9, because: "phone" });
    expect(some.deliveries).toEqual([
      { id: third, channel: "email", reason: "phone", canary: false },
    ]);
  });

  test("that are released go out, once, and an ended wave goes on for them", async () => {
    const { waveId, order } = await givenHeld();
    await sweep(w.ctx);
    const [first = ""] = await idsOf(waveId);
    const release = { ...order, decision: "release", deliveryIds: [first] } as const;
    expect(await decideHeld(w.ctx, w.staff.approver, release)).toEqual({ decided: 1 });
    await sendDue(w, waveId, "email");
    expect(await states(w, waveId)).toEqual({ accepted: 1, held: 1 });
    expect(await outcomeOf(decideHeld(w.ctx, w.staff.approver, release))).toBe("conflict");
    await sweep(w.ctx);
    expect(await entriesOf(w, waveId)).toEqual(["wave.end", "delivery.decide-held", "wave.end"]);
  });

  test("that are given up move their people on to the next channel", async () => {
    const { waveId, order } = await givenHeld();
    const drop = { ...order, decision: "drop", deliveryIds: "all" } as const;
    expect(await decideHeld(w.ctx, w.staff.approver, drop)).toEqual({ decided: 2 });
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ rejected: 2, "needs-letter": 2 });
  });

  test("are chosen by their reason, and one that is wrong among many changes nothing", async () => {
    const { waveId, order } = await givenHeld();
    const [first = "", second = ""] = await idsOf(waveId);
    await w.sql`update delivery set reason = 'phone' where id = ${second}`;
    const wrong = { ...order, decision: "drop", deliveryIds: [first, "999999999"] } as const;
    expect(await outcomeOf(decideHeld(w.ctx, w.staff.approver, wrong))).toBe("conflict");
    expect(await states(w, waveId)).toEqual({ held: 2 });
    const all = { ...order, decision: "release", deliveryIds: "all", because: "phone" } as const;
    expect(await decideHeld(w.ctx, w.staff.approver, all)).toEqual({ decided: 1 });
    expect(await states(w, waveId)).toEqual({ held: 1, planned: 1 });
  });

  test("of a paused wave wait for it, and those of a cancelled one are past deciding", async () => {
    const { waveId, order } = await givenHeld();
    const third = await givenWave(w, { people: 1 });
    await pause(w.ctx, w.staff.responder, {
      ...order,
      waveId: third.waveId,
      incidentId: third.incidentId,
    });
    await w.sql`update delivery set state = 'held' where wave_id = ${third.waveId}`;
    const there = { ...order, waveId: third.waveId, incidentId: third.incidentId };
    const release = { decision: "release", deliveryIds: "all" } as const;
    await decideHeld(w.ctx, w.staff.approver, { ...there, ...release });
    await sendDue(w, third.waveId, "email");
    expect(await states(w, third.waveId)).toEqual({ planned: 1 });
    await cancel(w.ctx, w.staff.responder, order);
    const late = decideHeld(w.ctx, w.staff.approver, { ...order, ...release });
    expect(await outcomeOf(late)).toBe("wrong-state");
    expect(await states(w, waveId)).toEqual({ cancelled: 2 });
  });
});

describe("what failed because of our own account", () => {
  const phones = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      email: undefined,
      phone: `+120255501${String(i).padStart(2, "0")}`,
    }));

  /** SMS that were taken and failed later, with these codes. */
  async function givenFailed(...codes: readonly string[]) {
    const given = await givenWave(w, { people: phones(codes.length), channels: ["sms"] });
    w.sms.answer(() => ({ kind: "accepted", code: "201" }));
    await sendDue(w, given.waveId, "sms");
    const ids = await idsOf(given.waveId);
    for (const [i, code] of codes.entries())
      await w.sql`
        insert into receipt (provider, event_id, delivery_id, attempt, status, code, applied_at)
        values ('twilio', gen_random_uuid(), ${ids[i] ?? ""}, 1, 'failed', ${code}, now())`;
    await w.sql`
      update delivery set state = 'rejected', reason = 'undelivered' where wave_id = ${given.waveId}`;
    return { ...given, ids };
  }

  test("is sent again once, and nothing else is", async () => {
    const { incidentId, waveId, ids } = await givenFailed("30034", "30003", "30034");
    await sweep(w.ctx);
    const order = { incidentId, waveId, deliveryIds: "all", reason } as const;
    await w.sql`update delivery set onward = true where id = ${ids[2] ?? ""}`;
    expect(await resendRejected(w.ctx, w.staff.approver, order)).toEqual({ resent: 1 });
    await sendDue(w, waveId, "sms");
    expect(await states(w, waveId)).toEqual({ accepted: 1, rejected: 2 });
    await w.sql`
      update delivery set state = 'rejected' where wave_id = ${waveId} and state = 'accepted'`;
    await w.sql`
      insert into receipt (provider, event_id, delivery_id, attempt, status, code, applied_at)
      values ('twilio', gen_random_uuid(), ${ids[0] ?? ""}, 2, 'failed', '30034', now())`;
    expect(await resendRejected(w.ctx, w.staff.approver, order)).toEqual({ resent: 0 });
    const named = { ...order, deliveryIds: [ids[1] ?? ""] };
    expect(await outcomeOf(resendRejected(w.ctx, w.staff.approver, named))).toBe("conflict");
  });
});

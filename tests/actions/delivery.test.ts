import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import * as delivery from "../../src/actions/delivery.ts";
import { abandon, sendSlice } from "../../src/actions/delivery/send.ts";
import { saveBy } from "../../src/actions/delivery/settlement.ts";
import { mayBecome } from "../../src/domain/delivery.ts";
import { claim, disown } from "../../src/store/delivery/claim.ts";
import { settle } from "../../src/store/delivery/settle.ts";
import { deliveries } from "../../src/views/wave.ts";
import {
  attemptsOf,
  givenClaimed,
  givenSender,
  givenWave,
  leased,
  settledAs,
  states,
  watchTransitions,
  silence,
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

const ACCEPTED = { kind: "accepted", code: "250" } as const;

describe("outcomes", () => {
  test.for([
    [{ kind: "rejected", fault: "recipient", code: "550" }, "rejected", "recipient"],
    [{ kind: "rejected", fault: "content", code: "554" }, "rejected", "content"],
    [{ kind: "throttled", code: "450" }, "planned", "throttled"],
    [{ kind: "transient", code: "ECONNREFUSED" }, "planned", "transient"],
    [{ kind: "unknown", code: "ETIMEDOUT" }, "unknown", null],
  ] as const)("%j leaves the delivery %s", async ([outcome, state, reason]) => {
    const { waveId } = await givenWave(w, { people: 1 });
    const [sliceId = ""] = await leased(w, waveId);
    w.email.answer(() => outcome);
    await sendSlice(w.ctx, await givenSender(w), sliceId);
    w.email.answer(() => ACCEPTED);
    const [row] = await deliveries(w.sql, waveId, { limit: 10 });
    expect(row).toMatchObject({ state, reason, outcome: outcome.kind, code: outcome.code });
    expect(await leased(w, waveId)).toEqual([]);
  });

  test("a gateway that throws leaves the delivery unknown, never unsent", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    const [sliceId = ""] = await leased(w, waveId);
    const send = () => Promise.reject(new Error("A bug."));
    await sendSlice({ ...w.ctx, email: { ...w.email, send } }, await givenSender(w), sliceId);
    expect(await states(w, waveId)).toEqual({ unknown: 1 });
  });

  test("only the worker that sends settles, and only its own attempt", async () => {
    const { waveId, workerId, id } = await givenClaimed(w);
    await settle(w.sql, randomUUID(), [settledAs(id, 1, "accepted")]);
    await settle(w.sql, workerId, [settledAs(id, 2, "accepted")]);
    expect(await states(w, waveId)).toEqual({ sending: 1 });
    await settle(w.sql, workerId, [settledAs(id, 1, "accepted")]);
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
    await settle(w.sql, workerId, [settledAs(id, 1, "unknown")]);
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
    expect(await attemptsOf(w, id)).toMatchObject([{ n: 1, outcome: "accepted" }]);
  });

  test("what a silent worker was sending is unknown after 20 seconds, and not before", async () => {
    const { waveId, workerId, id } = await givenClaimed(w);
    await w.sql`update worker set beat_at = now() - interval '19 seconds' where id = ${workerId}`;
    await delivery.sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ sending: 1 });
    await silence(w, workerId);
    await delivery.sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ unknown: 1 });
    expect(await attemptsOf(w, id)).toMatchObject([{ n: 1, outcome: "unknown" }]);
    await delivery.sweep(w.ctx);
    expect(await leased(w, waveId)).toEqual([]);
  });

  test("an outcome that comes late settles what was called unknown", async () => {
    const { waveId, workerId, id } = await givenClaimed(w);
    await silence(w, workerId);
    await delivery.sweep(w.ctx);
    await settle(w.sql, workerId, [settledAs(id, 1, "accepted")]);
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
    expect(await attemptsOf(w, id)).toMatchObject([
      { outcome: "accepted", possibleDuplicate: false },
    ]);
  });

  test("an outcome that comes after a newer attempt is kept as a possible duplicate", async () => {
    const { waveId, incidentId, workerId, id } = await givenClaimed(w);
    await silence(w, workerId);
    await delivery.sweep(w.ctx);
    const order = { incidentId, waveId, reason: "The provider has no trace of it." };
    await delivery.decideUnknown(w.ctx, w.staff.approver, {
      ...order,
      deliveryIds: [id],
      decision: "resend",
    });
    const [again = ""] = await leased(w, waveId);
    const other = await givenSender(w);
    await claim(w.sql, { sliceId: again, waveId, workerId: other.workerId, rowsMax: 10 });
    await settle(w.sql, workerId, [settledAs(id, 1, "accepted")]);
    expect(await states(w, waveId)).toEqual({ sending: 1 });
    await settle(w.sql, other.workerId, [settledAs(id, 2, "accepted")]);
    expect(await attemptsOf(w, id)).toMatchObject([
      { n: 1, outcome: "accepted", possibleDuplicate: true },
      { n: 2, outcome: "accepted", possibleDuplicate: false },
    ]);
  });

  describe("where an earlier attempt turns out to have been taken", () => {
    const put = { state: "planned", reason: "transient", nextInMs: 0 } as const;
    const refused = { state: "rejected", reason: "recipient", nextInMs: 0 } as const;
    const doubt = { state: "unknown", reason: null, nextInMs: 0 } as const;
    const ends = [
      [{ kind: "transient", code: "451" }, put],
      [{ kind: "rejected", fault: "recipient", code: "550" }, refused],
      [{ kind: "unknown", code: "error" }, doubt],
    ] as const;

    /** One person, written to twice: the first worker fell silent and a person had it sent again. */
    async function givenTwice() {
      const first = await givenClaimed(w);
      await silence(w, first.workerId);
      await delivery.sweep(w.ctx);
      const { incidentId, waveId, id } = first;
      const order = { incidentId, waveId, reason: "No trace of it.", deliveryIds: [id] };
      await delivery.decideUnknown(w.ctx, w.staff.approver, { ...order, decision: "resend" });
      const [sliceId = ""] = await leased(w, waveId);
      const { workerId } = await givenSender(w);
      await claim(w.sql, { sliceId, waveId, workerId, rowsMax: 10 });
      const taken = () => settle(w.sql, first.workerId, [settledAs(id, 1, "accepted")]);
      return { ...first, workerId, taken };
    }

    test.for(ends)("a newer one that ends as %j changes nothing", async ([outcome, verdict]) => {
      const { waveId, id, workerId, taken } = await givenTwice();
      await taken();
      await settle(w.sql, workerId, [{ deliveryId: id, attempt: 2, outcome, verdict }]);
      expect(await states(w, waveId)).toEqual({ accepted: 1 });
      expect(await leased(w, waveId)).toEqual([]);
      const { kind } = outcome;
      expect(await attemptsOf(w, id)).toMatchObject([{ outcome: "accepted" }, { outcome: kind }]);
      const [row] = await w.sql`select reason, settled_at from delivery where id = ${id}`;
      expect(row).toMatchObject({ reason: null, settledAt: expect.any(String) as string });
    });

    test.for([
      ["is put off", ends[0], { accepted: 1 }],
      ["is unknown", ends[2], { accepted: 1 }],
      // Whoever was passed on to another channel meanwhile stays there.
      ["was refused", ends[1], { rejected: 1 }],
    ] as const)("too late, while the newer %s", async ([, [outcome, verdict], expected]) => {
      const { waveId, id, workerId, taken } = await givenTwice();
      await settle(w.sql, workerId, [{ deliveryId: id, attempt: 2, outcome, verdict }]);
      await settle(w.sql, randomUUID(), [settledAs(id, 1, "accepted")]);
      expect(await states(w, waveId)).toEqual({ [verdict.state]: 1 });
      await taken();
      expect(await states(w, waveId)).toEqual(expected);
    });

    test("while the newer one's outcome is being written, that one sees it", async () => {
      const { waveId, id, workerId } = await givenTwice();
      const [outcome, verdict] = ends[0];
      const save = saveBy(w.sql, workerId);
      await asTheFirstIsTaken(id, () => save([{ deliveryId: id, attempt: 2, outcome, verdict }]));
      expect(await states(w, waveId)).toEqual({ accepted: 1 });
    });

    test.for(["is made to stop", "gives back a claim that it did not hear of"] as const)(
      "while the newer one's worker %s, it is not sent again",
      async (how) => {
        const { waveId, id, workerId } = await givenTwice();
        const [row] = await w.sql<{ sliceId: string }[]>`
          select slice_id from delivery where id = ${id}`;
        const given = { sliceId: row?.sliceId ?? "", workerId, known: [] };
        await asTheFirstIsTaken(id, async () =>
          how === "is made to stop"
            ? abandon(w.ctx, workerId)
            : void (await w.sql.begin((tx) => disown(tx, given))),
        );
        expect(await states(w, waveId)).toEqual({ accepted: 1 });
      },
    );

    /** Begin something as the first attempt becomes known as taken; it must wait, and see that. */
    async function asTheFirstIsTaken(id: string, act: () => Promise<void>): Promise<void> {
      let acted = Promise.resolve();
      await w.sql.begin(async (tx) => {
        await tx`update attempt set outcome = 'accepted' where delivery_id = ${id} and n = 1`;
        await tx`select from delivery where id = ${id} for update`;
        acted = act();
        const waits = () => w.sql`
          select from pg_locks l join pg_stat_activity a using (pid)
           where not l.granted and a.datname = current_database()`;
        while ((await waits()).length === 0);
      });
      await acted;
    }

    test("and was reported as failed, the newer one decides", async () => {
      const { waveId, id, workerId, taken } = await givenTwice();
      await taken();
      await w.sql`
        insert into receipt (provider, event_id, delivery_id, attempt, status)
        values ('smtp', ${randomUUID()}, ${id}, 1, 'failed')`;
      const [outcome, verdict] = ends[0];
      await settle(w.sql, workerId, [{ deliveryId: id, attempt: 2, outcome, verdict }]);
      expect(await states(w, waveId)).toEqual({ planned: 1 });
    });

    test.for(["stops", "falls silent"] as const)(
      "a newer one whose worker %s leaves no doubt",
      async (how) => {
        const { waveId, id, workerId, taken } = await givenTwice();
        await taken();
        if (how === "falls silent") await silence(w, workerId);
        await (how === "stops" ? abandon(w.ctx, workerId) : delivery.sweep(w.ctx));
        expect(await states(w, waveId)).toEqual({ accepted: 1 });
        expect((await attemptsOf(w, id))[1]).toMatchObject({ outcome: "unknown" });
      },
    );
  });

  test("a late sign that nothing was sent waits for a person all the same", async () => {
    const { waveId, workerId, id } = await givenClaimed(w);
    await silence(w, workerId);
    await delivery.sweep(w.ctx);
    const outcome = { kind: "not-sent", code: "withheld" } as const;
    const verdict = { state: "planned", reason: "not-sent", nextInMs: 0 } as const;
    await settle(w.sql, workerId, [{ deliveryId: id, attempt: 1, outcome, verdict }]);
    expect(await states(w, waveId)).toEqual({ unknown: 1 });
    expect(await attemptsOf(w, id)).toMatchObject([{ outcome: "not-sent" }]);
  });

  test("a worker made to stop owns up to what it was sending", async () => {
    const { waveId, workerId } = await givenClaimed(w);
    await abandon(w.ctx, workerId);
    expect(await states(w, waveId)).toEqual({ unknown: 1 });
  });
});

describe("a person's decision about unknown deliveries", () => {
  async function givenUnknown() {
    const claimed = await givenClaimed(w);
    await abandon(w.ctx, claimed.workerId);
    const { incidentId, waveId } = claimed;
    return { ...claimed, order: { incidentId, waveId, reason: "Asked the provider." } };
  }

  test.for([
    ["accepted", "accepted"],
    ["rejected", "rejected"],
    ["resend", "planned"],
  ] as const)("%s leaves it %s, with an entry in the timeline", async ([decision, state]) => {
    const { order, waveId } = await givenUnknown();
    const decided = await delivery.decideUnknown(w.ctx, w.staff.approver, {
      ...order,
      deliveryIds: "all",
      decision,
    });
    expect(decided).toEqual({ decided: 1 });
    expect(await states(w, waveId)).toEqual({ [state]: 1 });
    const entries = await w.sql`
      select actor, after from timeline where action = 'delivery.decide' and subject = ${`wave:${waveId}`}`;
    expect(entries).toMatchObject([
      { actor: w.staff.approver.staffId, after: { state, decided: 1 } },
    ]);
  });

  test("is refused whole where one of them is not unknown any more", async () => {
    const { order, id, waveId } = await givenUnknown();
    const twice = { ...order, deliveryIds: [id], decision: "accepted" } as const;
    await delivery.decideUnknown(w.ctx, w.staff.approver, twice);
    await expect(delivery.decideUnknown(w.ctx, w.staff.counsel, twice)).rejects.toMatchObject({
      code: "conflict",
    });
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
  });

  test("reaches no delivery of another wave", async () => {
    const { order } = await givenUnknown();
    const other = await givenUnknown();
    const crossed = { ...order, deliveryIds: [other.id], decision: "accepted" } as const;
    await expect(delivery.decideUnknown(w.ctx, w.staff.approver, crossed)).rejects.toMatchObject({
      code: "conflict",
    });
    const foreign = { ...order, incidentId: other.incidentId };
    await expect(
      delivery.decideUnknown(w.ctx, w.staff.approver, {
        ...foreign,
        deliveryIds: "all",
        decision: "accepted",
      }),
    ).rejects.toMatchObject({ code: "not-found" });
  });
});

test("every step that a delivery took above is in the table of steps", async () => {
  const taken = await transitions();
  expect(taken.length).toBeGreaterThan(3);
  expect(taken.filter(([from, to]) => !mayBecome(from, to))).toEqual([]);
});

import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import * as delivery from "../../src/actions/delivery.ts";
import { sendSlice } from "../../src/actions/delivery/send.ts";
import { onScopeRevised, pause } from "../../src/actions/wave.ts";
import { mayBecome } from "../../src/domain/delivery.ts";
import { MessageHold } from "../../src/domain/delivery/message.ts";
import { claim, disown } from "../../src/store/delivery/claim.ts";
import { settle } from "../../src/store/delivery/settle.ts";
import { giveBack, giveBackAll, leasedCounts } from "../../src/store/delivery/slice.ts";
import { deliveries } from "../../src/views/wave.ts";
import { givenScope } from "../support/incident.ts";
import {
  NO_RATE,
  attemptsOf,
  givenClaimed,
  givenSender,
  givenStarted,
  givenWave,
  leased,
  settledAs,
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

const ACCEPTED = { kind: "accepted", code: "250" } as const;

describe("claiming", () => {
  test("ten claimers at once get each row exactly once", async () => {
    const { waveId } = await givenWave(w, { people: 90 });
    const [sliceId = ""] = await leased(w, waveId);
    const claims = await Promise.all(
      Array.from({ length: 10 }, () =>
        claim(w.sql, { sliceId, waveId, workerId: randomUUID(), rowsMax: 90 }),
      ),
    );
    const ids = claims.flat().map(({ id }) => id);
    expect(ids).toHaveLength(90);
    expect(new Set(ids).size).toBe(90);
  });

  test("a slice that is worked on ten times at once sends each message once", async () => {
    const { waveId, recipientIds } = await givenWave(w, { people: 90 });
    const [sliceId = ""] = await leased(w, waveId);
    const before = w.email.sent.length;
    await Promise.all(
      Array.from({ length: 10 }, async () => sendSlice(w.ctx, await givenSender(w), sliceId)),
    );
    const to = w.email.sent.slice(before).map((email) => email.to.split("@")[0]);
    expect(to.toSorted()).toEqual(recipientIds.toSorted());
    expect(await states(w, waveId)).toEqual({ accepted: 90 });
  });

  test("a job that comes again after its rows were claimed finds nothing, whatever their state", async () => {
    const { waveId, sliceId, workerId, id } = await givenClaimed(w);
    expect(await claim(w.sql, { sliceId, waveId, workerId, rowsMax: 10 })).toEqual([]);
    await settle(w.sql, workerId, [settledAs(id, 1, "accepted")]);
    expect(await claim(w.sql, { sliceId, waveId, workerId, rowsMax: 10 })).toEqual([]);
    expect(await attemptsOf(w, id)).toHaveLength(1);
  });

  test("a job of an earlier lease finds nothing of a later one", async () => {
    const { waveId } = await givenWave(w, { people: 3 });
    const [early = ""] = await leased(w, waveId);
    await w.sql`update slice set leased_at = now() - interval '10 minutes' where id = ${early}`;
    await delivery.sweep(w.ctx);
    const [late = ""] = await leased(w, waveId);
    expect(late).not.toBe(early);
    const workerId = randomUUID();
    expect(await claim(w.sql, { sliceId: early, waveId, workerId, rowsMax: 10 })).toEqual([]);
    expect(await claim(w.sql, { sliceId: late, waveId, workerId, rowsMax: 10 })).toHaveLength(3);
  });

  test("a slice is sent without touching the rows of another", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 150 });
    const [first = "", second = ""] = await leased(w, waveId);
    const [{ rows } = { rows: 0 }] = await w.sql<{ rows: number }[]>`
      select count(*)::int as rows from delivery where slice_id = ${first}`;
    expect(second).not.toBe("");
    await sendSlice(w.ctx, await givenSender(w), first);
    expect(await states(w, waveId)).toEqual({ accepted: rows, leased: 150 - rows });
    const waiting = (await leasedCounts(w.sql)).filter((each) => each.incidentId === incidentId);
    expect(waiting).toMatchObject([{ channel: "email", priority: 100, rows: 150 - rows }]);
  });

  test("knows how often the provider put a delivery off; what we held back does not count", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    const counts: number[] = [];
    for (const outcome of ["not-sent", "transient", "rejected", "throttled", null]) {
      await w.sql`update delivery set next_at = now() where wave_id = ${waveId}`;
      const [sliceId = ""] = await leased(w, waveId);
      const workerId = randomUUID();
      const [row] = await claim(w.sql, { sliceId, waveId, workerId, rowsMax: 1 });
      counts.push(row?.putOff ?? -1);
      await w.sql`
        update attempt set outcome = ${outcome}
         where delivery_id = ${row?.id ?? ""} and n = ${row?.attempt ?? 0}`;
      await w.sql`update delivery set state = 'planned' where wave_id = ${waveId}`;
    }
    expect(counts).toEqual([0, 0, 1, 1, 2]);
  });

  test("the attempt is written down before anything is sent", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    const [sliceId = ""] = await leased(w, waveId);
    const seen: unknown[] = [];
    const ctx = {
      ...w.ctx,
      email: {
        ...w.email,
        send: async () => {
          seen.push(
            ...(await w.sql`
            select d.state, a.n, a.outcome from delivery d join attempt a on a.delivery_id = d.id
             where d.wave_id = ${waveId}`),
          );
          return ACCEPTED;
        },
      },
    };
    await sendSlice(ctx, await givenSender(w), sliceId);
    expect(seen).toEqual([{ state: "sending", n: 1, outcome: null }]);
  });

  test("nothing is called sent before the provider has said so", async () => {
    const { waveId } = await givenWave(w, { people: 4 });
    const [sliceId = ""] = await leased(w, waveId);
    const seen: Record<string, number>[] = [];
    const ctx = {
      ...w.ctx,
      email: {
        ...w.email,
        send: async () => {
          await new Promise((resolve) => setTimeout(resolve, 60));
          seen.push(await states(w, waveId));
          return ACCEPTED;
        },
      },
    };
    await sendSlice(ctx, await givenSender(w), sliceId);
    expect(seen[0]).toEqual({ sending: 4 });
    expect(await states(w, waveId)).toEqual({ accepted: 4 });
  });

  test("a paused wave's rows are not claimed and go back", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 3 });
    const [sliceId = ""] = await leased(w, waveId);
    await pause(w.ctx, w.staff.responder, { incidentId, waveId, reason: "A wrong number." });
    const before = w.email.sent.length;
    await sendSlice(w.ctx, await givenSender(w), sliceId);
    expect(w.email.sent).toHaveLength(before);
    expect(await states(w, waveId)).toEqual({ planned: 3 });
    expect(await leased(w, waveId)).toEqual([]);
  });

  test("once the facts have changed nothing is claimed, even before anyone has paused the wave", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 3 });
    const [sliceId = ""] = await leased(w, waveId);
    await givenScope(w, incidentId, { whatHappened: "It was two laptops." });
    await sendSlice(w.ctx, await givenSender(w), sliceId);
    expect(await states(w, waveId)).toEqual({ planned: 3 });
    await onScopeRevised(w.ctx, { incidentId });
    expect(await leased(w, waveId)).toEqual([]);
  });

  test("facts that the text does not quote may change", async () => {
    const { waveId, incidentId } = await givenWave(w, { people: 3 });
    await givenScope(w, incidentId, { place: "The car park behind the office" });
    await onScopeRevised(w.ctx, { incidentId });
    const [sliceId = ""] = await leased(w, waveId);
    await sendSlice(w.ctx, await givenSender(w), sliceId);
    expect(await states(w, waveId)).toEqual({ accepted: 3 });
  });

  test("people erased or suppressed since the start are excluded with the reason", async () => {
    const { waveId, incidentId, recipientIds } = await givenWave(w, { people: 3 });
    const [sliceId = ""] = await leased(w, waveId);
    await w.sql`delete from recipient where id = ${recipientIds[0] ?? ""}`;
    await suppress(w, incidentId, recipientIds[1] ?? "");
    await sendSlice(w.ctx, await givenSender(w), sliceId);
    const all = await deliveries(w.sql, waveId, { limit: 10 });
    expect(all.map(({ state, reason }) => [state, reason]).toSorted()).toEqual([
      ["accepted", null],
      ["excluded", "deceased"],
      ["excluded", "erased"],
    ]);
  });

  test("a claim whose answer was lost is given back, and rows under way are not", async () => {
    const { waveId } = await givenWave(w, { people: 2 });
    const [sliceId = ""] = await leased(w, waveId);
    const workerId = randomUUID();
    const [known] = await claim(w.sql, { sliceId, waveId, workerId, rowsMax: 1 });
    await claim(w.sql, { sliceId, waveId, workerId, rowsMax: 1 });
    expect(await disown(w.sql, { sliceId, workerId, known: [known?.id ?? ""] })).toBe(1);
    expect(await states(w, waveId)).toEqual({ planned: 1, sending: 1 });
  });

  test("no more is claimed than twice the connections, however many slices are worked on", async () => {
    const { waveId } = await givenWave(w, { people: 200 });
    let most = 0;
    const ctx = {
      ...w.ctx,
      email: {
        ...w.email,
        send: async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          most = Math.max(most, (await states(w, waveId))["sending"] ?? 0);
          return ACCEPTED;
        },
      },
    };
    const sender = await givenSender(w);
    const slices = await leased(w, waveId);
    await Promise.all(slices.map((sliceId) => sendSlice(ctx, sender, sliceId)));
    expect(most).toBeGreaterThan(2);
    expect(most).toBeLessThanOrEqual(2 * w.email.connections);
    expect(await states(w, waveId)).toEqual({ accepted: 200 });
  });
});

describe("limits and stops", () => {
  test("without leave to send, rows go back for later and nothing is claimed", async () => {
    const { waveId } = await givenWave(w, { people: 3 });
    const [sliceId = ""] = await leased(w, waveId);
    await sendSlice(
      w.ctx,
      await givenSender(w, { rate: { ...NO_RATE, take: async () => 0 } }),
      sliceId,
    );
    expect(await states(w, waveId)).toEqual({ planned: 3 });
    expect(await leased(w, waveId)).toEqual([]);
    await w.sql`update delivery set next_at = now() where wave_id = ${waveId}`;
    expect(await leased(w, waveId)).toHaveLength(1);
  });

  test("a worker that was told to stop claims nothing more and gives its slice back", async () => {
    const { waveId } = await givenWave(w, { people: 3 });
    const [sliceId = ""] = await leased(w, waveId);
    const sender = await givenSender(w);
    sender.stopping = true;
    await sendSlice(w.ctx, sender, sliceId);
    expect(await states(w, waveId)).toEqual({ planned: 3 });
  });

  test("a worker without a recent beat claims nothing, so that no try is used up", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    const [sliceId = ""] = await leased(w, waveId);
    const before = w.email.sent.length;
    await sendSlice(w.ctx, await givenSender(w, { mayWrite: () => false }), sliceId);
    expect(w.email.sent).toHaveLength(before);
    const [row] = await deliveries(w.sql, waveId, { limit: 10 });
    expect(row).toMatchObject({ state: "planned", reason: null, outcome: null });
  });

  test("a worker whose beat stops after a claim writes no body and says so", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    const [sliceId = ""] = await leased(w, waveId);
    const before = w.email.sent.length;
    let claimed = false;
    const mayWrite = () => !claimed;
    const prepare = async () => ({
      compose: () => {
        claimed = true;
        return { from: w.config.MAIL_FROM, to: "ann@example.com", message: "\r\n" };
      },
    });
    await sendSlice(w.ctx, await givenSender(w, { mayWrite, prepare }), sliceId);
    expect(claimed).toBe(true);
    expect(w.email.sent).toHaveLength(before);
    const [row] = await deliveries(w.sql, waveId, { limit: 10 });
    expect(row).toMatchObject({ state: "planned", reason: "not-sent", outcome: "not-sent" });
  });

  test("a message that may not be sent as it is, is held before the provider hears of it", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    const [sliceId = ""] = await leased(w, waveId);
    const before = w.email.sent.length;
    const compose = () => {
      throw new MessageHold("address");
    };
    await sendSlice(w.ctx, await givenSender(w, { prepare: async () => ({ compose }) }), sliceId);
    expect(w.email.sent).toHaveLength(before);
    const [row] = await deliveries(w.sql, waveId, { limit: 10, state: "held" });
    expect(row).toMatchObject({ state: "held", reason: "address", outcome: "not-sent" });
  });

  test("a wave that cannot be prepared waits", async () => {
    const { waveId } = await givenWave(w, { people: 2 });
    const [sliceId = ""] = await leased(w, waveId);
    const prepare = () => Promise.reject(new Error("The keystore is away."));
    await sendSlice(w.ctx, await givenSender(w, { prepare }), sliceId);
    expect(await states(w, waveId)).toEqual({ planned: 2 });
  });

  test("a wave whose stored text was changed by force stops, and nobody gets it", async () => {
    const { waveId } = await givenStarted(w, { people: 3 });
    await w.sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`
        update notice_version v
           set languages = replace(v.languages::text, '{{', '{{#if nothing}}{{')::jsonb
          from wave where wave.id = ${waveId} and v.id = wave.notice_version_id`;
    });
    // A process that did not have the approved text in memory.
    vi.resetModules();
    const { prepareWave: prepare } = await import("../../src/actions/delivery/prepare.ts");
    const before = w.email.sent.length;
    const [sliceId = ""] = await leased(w, waveId);
    await sendSlice(w.ctx, await givenSender(w, { prepare }), sliceId);
    expect(w.email.sent).toHaveLength(before);
    expect(await states(w, waveId)).toEqual({ planned: 3 });
    const [wave] = await w.sql`select state, paused_reason from wave where id = ${waveId}`;
    expect(wave).toEqual({ state: "paused", pausedReason: "breaker" });
  });

  test("a new Redis makes every lease void at once", async () => {
    const { waveId } = await givenWave(w, { people: 2 });
    const [sliceId = ""] = await leased(w, waveId);
    await giveBackAll(w.sql);
    expect(await states(w, waveId)).toEqual({ planned: 2 });
    expect(await giveBack(w.sql, [sliceId])).toBe(0);
  });
});

test("every step that a delivery took above is in the table of steps", async () => {
  const taken = await transitions();
  expect(taken.length).toBeGreaterThan(3);
  expect(taken.filter(([from, to]) => !mayBecome(from, to))).toEqual([]);
});

import { setTimeout as sleep } from "node:timers/promises";

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { createSettlement } from "../../src/actions/delivery/settlement.ts";
import { createSlots } from "../../src/actions/delivery/slots.ts";
import type { Settled } from "../../src/store/delivery/settle.ts";
import { createLog } from "../../src/log.ts";
import { settledAs } from "../support/wave.ts";

const CONNECTIONS = 4;

describe("slots", () => {
  test("never let more be claimed and unsettled than twice the connections, and forget none", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ sendMs: fc.nat(2), settleMs: fc.nat(2), empty: fc.boolean() }), {
          minLength: 30,
          maxLength: 60,
        }),
        async (rows) => {
          const slots = createSlots(CONNECTIONS, () => rows.length % 6);
          const left = [...rows];
          const under: Promise<void>[] = [];
          let [open, most] = [0, 0];
          while (left.length > 0) {
            const taken = await slots.take(50);
            expect(taken.count).toBeGreaterThan(0);
            const claimed = left.splice(0, left[0]?.empty ? 1 : taken.count);
            open += taken.count;
            most = Math.max(most, open);
            if (left.length % 3 === 0) await sleep(0);
            taken.claimed(claimed.length);
            open -= taken.count - claimed.length;
            for (const { sendMs, settleMs } of claimed)
              under.push(
                (async () => {
                  await sleep(sendMs);
                  taken.sent();
                  await sleep(settleMs);
                  taken.settled();
                  open -= 1;
                })(),
              );
          }
          await Promise.all(under);
          expect(most).toBeLessThanOrEqual(2 * CONNECTIONS);
          expect(open).toBe(0);
          // Everything is free again.
          const all = await slots.take(50);
          expect(all.count).toBeGreaterThanOrEqual(CONNECTIONS);
        },
      ),
      { numRuns: 15 },
    );
  });

  test("claim nothing ahead of connections on which nothing has moved", async () => {
    const slots = createSlots(CONNECTIONS);
    const taken = await slots.take(50);
    expect(taken.count).toBe(CONNECTIONS);
    taken.claimed(CONNECTIONS);
    const next = slots.take(50);
    const early = await Promise.race([next.then(() => "claimed"), sleep(50, "waits")]);
    expect(early).toBe("waits");
    taken.sent();
    expect((await next).count).toBe(1);
  });

  test("claim one ahead for each connection that takes a message behind another", async () => {
    const slots = createSlots(CONNECTIONS, () => 3);
    expect((await slots.take(50)).count).toBe(CONNECTIONS + 3);
  });

  test("two who wait at the same time get some each, one after the other", async () => {
    const slots = createSlots(CONNECTIONS);
    const first = await slots.take(50);
    const waiting = [slots.take(50), slots.take(50)];
    first.claimed(0);
    for (const each of waiting) {
      const taken = await each;
      expect(taken.count).toBeGreaterThan(0);
      taken.claimed(0);
    }
  });

  test("of rows that were not found are free at once", async () => {
    const slots = createSlots(CONNECTIONS);
    (await slots.take(50)).claimed(0);
    expect((await slots.take(50)).count).toBe(CONNECTIONS);
  });
});

describe("settling", () => {
  const accepted = (id: number) => settledAs(String(id), 1, "accepted");

  test("writes what comes together in one statement, and each outcome once", async () => {
    const batches: string[][] = [];
    const save = async (batch: readonly Settled[]) => {
      batches.push(batch.map(({ deliveryId }) => deliveryId));
      await sleep(1);
    };
    const settlement = createSettlement(save, createLog("silent", "test"), 10);
    await Promise.all(Array.from({ length: 35 }, (_, i) => settlement.add(accepted(i))));
    expect(batches.flat()).toEqual(Array.from({ length: 35 }, (_, i) => String(i)));
    expect(batches.length).toBeLessThanOrEqual(3);
  });

  test("does not wait for company that does not come", async () => {
    const settlement = createSettlement(async () => {}, createLog("silent", "test"), 10);
    const early = await Promise.race([
      settlement.add(accepted(1)).then(() => "written"),
      sleep(5_000, "waits", { ref: false }),
    ]);
    expect(early).toBe("written");
  });

  test("tries again until the database has taken it", async () => {
    let failures = 2;
    const saved: Settled[] = [];
    const save = async (batch: readonly Settled[]) => {
      if (failures-- > 0) throw new Error("away");
      saved.push(...batch);
    };
    await createSettlement(save, createLog("silent", "test"), 10).add(accepted(7));
    expect(saved).toEqual([accepted(7)]);
  });
});

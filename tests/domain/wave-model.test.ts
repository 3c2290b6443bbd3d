import fc from "fast-check";
import { expect, test } from "vitest";

import { planned } from "../support/model/machine.ts";
import type { Machine } from "../support/model/machine.ts";
import { PEOPLE, anyOrders, happen, meaningOf } from "../support/model/order.ts";
import type { Order } from "../support/model/order.ts";
import { ENDING, atRest, before, promise } from "../support/model/promise.ts";

/*
 * The tables and decisions of wave and delivery, driven by everything that can happen to a wave:
 * relays, three workers that die or come back late, a provider's reports, people. Whatever the
 * order, the promise of the send path holds. `MODEL_RUNS` runs more; a failing run prints its
 * seed and path, and `MODEL_SEED` with `MODEL_PATH` runs it again.
 */

const RUNS = Number(process.env["MODEL_RUNS"] ?? 10_000);
const AGAIN = {
  ...(process.env["MODEL_SEED"] && { seed: Number(process.env["MODEL_SEED"]) }),
  ...(process.env["MODEL_PATH"] && { path: process.env["MODEL_PATH"] }),
};

interface Seen {
  commands: number;
}

function command(orders: readonly Order[]): fc.Command<Seen, Machine> {
  // The machine is both: what may happen is asked of it, and what happened is judged from outside.
  return {
    check: () => true,
    run: (seen, m) => orders.forEach((order) => obey(seen, m, order)),
    toString: () => JSON.stringify(orders),
  };
}

function obey(seen: Seen, m: Machine, order: Order): void {
  const meant = meaningOf(m, order);
  if (!meant) return;
  seen.commands += 1;
  const was = before(m);
  promise(m, was, meant, happen(m, meant));
}

test("whatever happens, in any order, the promise holds and the wave comes to rest", () => {
  const seen = { commands: 0 };
  fc.assert(
    fc.property(
      fc.commands([anyOrders.map(command)], { maxCommands: 30, size: "max" }),
      fc.nat(PEOPLE),
      fc.boolean(),
      (commands, canaries, cancelled) => {
        const m = planned(PEOPLE, canaries);
        fc.modelRun(() => ({ model: seen, real: m }), commands);
        if (cancelled) obey(seen, m, { does: "cancel" });
        m.wave.factsHold = true;
        for (const order of ENDING) {
          obey(seen, m, { does: "resume" });
          obey(seen, m, order);
        }
        atRest(m);
      },
    ),
    { numRuns: RUNS, ...AGAIN },
  );
  expect(seen.commands).toBeGreaterThan(5 * RUNS);
}, 120_000);

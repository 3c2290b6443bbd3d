import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { planned } from "../support/model/machine.ts";
import type { Machine } from "../support/model/machine.ts";
import { PEOPLE, anyOrders, happen, meaningOf } from "../support/model/order.ts";
import type { Order } from "../support/model/order.ts";
import { ENDING, atRest, before, promise } from "../support/model/promise.ts";
import {
  adopt,
  closeStore,
  disownAll,
  givenTemplate,
  openStore,
  perform,
  pictureOf,
  pictureOfModel,
} from "../support/model/store.ts";
import type { Store } from "../support/model/store.ts";
import type { GivenWave } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

/*
 * The same orders as in tests/domain/wave-model.test.ts on the real statements: after each, every
 * delivery and attempt is as the model says. `STORE_RUNS` runs more; `MODEL_SEED` and `MODEL_PATH`
 * run a failure again.
 */

const RUNS = Number(process.env["STORE_RUNS"] ?? 50);
const AGAIN = {
  ...(process.env["MODEL_SEED"] && { seed: Number(process.env["MODEL_SEED"]) }),
  ...(process.env["MODEL_PATH"] && { path: process.env["MODEL_PATH"] }),
};

let w: World;
let template: GivenWave;
beforeAll(async () => {
  w = await world();
  template = await givenTemplate(w);
  await w.sql`update wave set state = 'cancelled', ended_at = now()`;
});
afterAll(() => w.close());

let commands = 0;

function command(orders: readonly Order[]): fc.AsyncCommand<Machine, Store> {
  return {
    check: (m) => orders.some((order) => meaningOf(m, order) !== undefined),
    async run(m, s) {
      for (const order of orders) await obey(m, s, order);
    },
    toString: () => JSON.stringify(orders),
  };
}

async function obey(m: Machine, s: Store, order: Order): Promise<void> {
  const meant = meaningOf(m, order);
  if (!meant) return;
  commands += 1;
  const was = before(m);
  if (meant.does === "disown") await disownAll(s, m, meant.worker, meant.slice);
  const { leased, claimed } = await perform(s, meant);
  const expected = happen(m, meant, leased);
  if (claimed) expect(claimed.toSorted(byKey)).toEqual(expected.toSorted(byKey));
  if (meant.does === "sweep") await adopt(s, m);
  expect(await pictureOf(s)).toEqual(pictureOfModel(m));
  promise(m, was, meant, expected);
}

async function rest(m: Machine, s: Store): Promise<void> {
  if (!m.wave.factsHold) await obey(m, s, { does: "change facts" });
  for (const order of ENDING) {
    await obey(m, s, { does: "resume" });
    await obey(m, s, order);
  }
  atRest(m);
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key < b.key ? -1 : 1;
}

test("the store does what the model does, whatever happens", { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.commands([anyOrders.map(command)], { maxCommands: 44, size: "max" }),
      fc.nat(PEOPLE),
      fc.nat(2),
      async (all, canaries, toTheEnd) => {
        const [m, s] = [planned(PEOPLE, canaries), await openStore(w, template, canaries)];
        await adopt(s, m);
        try {
          await fc.asyncModelRun(() => ({ model: m, real: s }), all);
          if (toTheEnd === 0) await rest(m, s);
        } finally {
          await closeStore(s);
        }
      },
    ),
    { numRuns: RUNS, ...AGAIN },
  );
  process.stdout.write(`${commands} commands\n`);
  expect(commands).toBeGreaterThan(20 * RUNS);
});

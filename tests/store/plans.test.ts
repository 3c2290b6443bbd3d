import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, expect, test } from "vitest";

import { connect } from "../../src/store/db.ts";
import type { Database, Sql } from "../../src/store/db.ts";
import { claim } from "../../src/store/delivery/claim.ts";
import { settle, settleAccepted } from "../../src/store/delivery/settle.ts";
import { giveBack, sliceOf } from "../../src/store/delivery/slice.ts";
import { hasOpen } from "../../src/store/wave.ts";
import { givenWave, leased, settledAs, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let kept: Database;
beforeAll(async () => {
  w = await world();
  kept = connect(w.config.DATABASE_URL, 1, "kept");
});
afterAll(async () => {
  await kept.end();
  await w.close();
});

test("plans that are kept read no table whole, though they were made when all were empty", async () => {
  const workerId = randomUUID();
  const empty = { sliceId: randomUUID(), waveId: randomUUID(), workerId, rowsMax: 10 };
  expect(await claim(kept, empty)).toEqual([]);
  await settle(kept, workerId, [settledAs("1", 1, "accepted")]);
  await settleAccepted(kept, workerId, [settledAs("1", 1, "accepted")]);
  expect(await sliceOf(kept, empty.sliceId)).toBeUndefined();
  await giveBack(kept, [empty.sliceId]);

  const { waveId } = await givenWave(w, { people: 1_000 });
  const [sliceId = ""] = await leased(w, waveId);
  const read = await kept.begin(async (tx) => {
    const rows = await claim(tx, { sliceId, waveId, workerId, rowsMax: 10 });
    const settled = rows.map(({ id, attempt }) => settledAs(id, attempt, "accepted"));
    await settleAccepted(tx, workerId, settled.slice(0, 5));
    await settle(tx, workerId, settled);
    await sliceOf(tx, sliceId);
    await giveBack(tx, [sliceId]);
    return { whole: await wholeReads(tx), deliveries: await deliveriesRead(tx) };
  });
  expect(await states(w, waveId)).toMatchObject({ accepted: 10 });
  expect(read.whole).toEqual([]);
  // Those of its own slice, three times: not the thousand that are leased.
  expect(read.deliveries).toBeLessThan(400);
});

test("sending moves rows without a word to any index", async () => {
  const { waveId } = await givenWave(w, { people: 10 });
  const [sliceId = ""] = await leased(w, waveId);
  const workerId = randomUUID();
  const written = await w.sql.begin(async (tx) => {
    const rows = await claim(tx, { sliceId, waveId, workerId, rowsMax: 10 });
    const settled = rows.map(({ id, attempt }) => settledAs(id, attempt, "accepted"));
    await settleAccepted(tx, workerId, settled);
    return tx<{ relname: string; anew: number; quietly: number }[]>`
      select relname, n_tup_upd::int as anew,
             -- A page that others filled has no room: then PostgreSQL cannot write quietly.
             (n_tup_hot_upd + n_tup_newpage_upd)::int as quietly
        from pg_stat_xact_user_tables where relname in ('attempt', 'delivery') order by relname`;
  });
  expect(written).toEqual([
    { relname: "attempt", anew: 10, quietly: 10 },
    { relname: "delivery", anew: 20, quietly: 20 },
  ]);
});

test("whether anything is open is not looked for among all that was sent", async () => {
  await w.sql`delete from delivery`;
  await w.sql`delete from slice`;
  const { waveId } = await givenWave(w, { people: 1_000 });
  await w.sql`analyze delivery`;
  const plain = connect(w.config.DATABASE_URL, 1);
  const open = () =>
    plain.begin(async (tx) => ({ is: await hasOpen(tx, waveId), whole: await wholeReads(tx) }));
  expect(await open()).toEqual({ is: true, whole: expect.not.arrayContaining(["delivery"]) });
  // Since then most were sent, and nobody has told PostgreSQL.
  await w.sql`
    update delivery set state = 'accepted', settled_at = now() where wave_id = ${waveId}`;
  expect(await open()).toEqual({ is: false, whole: expect.not.arrayContaining(["delivery"]) });
  await plain.end();
});

async function deliveriesRead(tx: Sql): Promise<number> {
  const [row] = await tx<{ fetched: number }[]>`
    select idx_tup_fetch::int as fetched from pg_stat_xact_user_tables where relname = 'delivery'`;
  return row?.fetched ?? Number.NaN;
}

/** The tables of more than one row that this transaction has read from end to end. */
async function wholeReads(tx: Sql): Promise<string[]> {
  const rows = await tx<{ relname: string }[]>`
    select relname from pg_stat_xact_user_tables where seq_scan > 0 and relname <> 'engine' order by relname`;
  return rows.map(({ relname }) => relname);
}

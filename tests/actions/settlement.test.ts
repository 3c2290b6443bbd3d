import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sendSlice } from "../../src/actions/delivery/send.ts";
import { saveBy } from "../../src/actions/delivery/settlement.ts";
import { find } from "../../src/store/wave.ts";
import { claim } from "../../src/store/delivery/claim.ts";
import { settle } from "../../src/store/delivery/settle.ts";
import type { Settled } from "../../src/store/delivery/settle.ts";
import { givenSender, givenWave, leased, settledAs, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

/** Deliveries of people that one worker has claimed. */
async function givenClaims(people: number) {
  const { waveId } = await givenWave(w, { people });
  const [sliceId = ""] = await leased(w, waveId);
  const workerId = randomUUID();
  const rows = await claim(w.sql, { sliceId, waveId, workerId, rowsMax: people });
  return { waveId, workerId, ids: rows.map(({ id }) => id) };
}

/** All that is known of a delivery and its attempts, but not when. */
async function written(id: string) {
  const [delivery] = await w.sql`
    select state, reason, attempt, slice_id is null as free, settled_at is null as open
      from delivery where id = ${id}`;
  const attempts = await w.sql`
    select n, outcome, class, code, reference, number_hash, provider, possible_duplicate,
           ended_at is null as open
      from attempt where delivery_id = ${id} order by n`;
  return { delivery, attempts };
}

const said = (id: string): Settled => ({
  ...settledAs(id, 1, "accepted"),
  outcome: { kind: "accepted", code: "250", provider: "main" },
  verdict: { state: "accepted", reason: "hours-overridden", nextInMs: 0 },
  numberHash: "ab12",
});

describe("an accepted message, the short way,", () => {
  const newer = "update delivery set attempt = 2 where id = $1";
  test.each([
    ["as it was claimed", ["select $1"]],
    [
      "with a reference that a receipt brought",
      ["update attempt set reference = 'SM1' where delivery_id = $1"],
    ],
    [
      "called unknown meanwhile",
      [
        "update delivery set state = 'unknown', settled_at = now() where id = $1",
        "update attempt set outcome = 'unknown' where delivery_id = $1",
      ],
    ],
    [
      "planned again meanwhile",
      ["update delivery set state = 'planned', slice_id = null where id = $1"],
    ],
    ["cancelled meanwhile", ["update delivery set state = 'cancelled' where id = $1"]],
    ["delivered already", ["update delivery set state = 'delivered' where id = $1"]],
    [
      "claimed by another worker meanwhile",
      [newer, "update delivery set worker_id = gen_random_uuid() where id = $1"],
    ],
    [
      "planned for a second attempt",
      [newer, "update delivery set state = 'planned' where id = $1"],
    ],
    [
      "sent a second time",
      [newer, "insert into attempt (delivery_id, n, worker_id) values ($1, 2, gen_random_uuid())"],
    ],
  ])("%s, ends as it does the long way", async (_, changes) => {
    const { workerId, ids } = await givenClaims(2);
    const [short = "", long = ""] = ids;
    for (const change of changes) for (const id of ids) await w.sql.unsafe(change, [id]);
    await saveBy(w.sql, workerId)([said(short)]);
    await settle(w.sql, workerId, [said(long)]);
    expect(await written(short)).toEqual(await written(long));
  });

  test("does not end what another worker claimed", async () => {
    const { ids } = await givenClaims(1);
    const before = await written(ids[0] ?? "");
    await saveBy(w.sql, randomUUID())([said(ids[0] ?? "")]);
    expect(await written(ids[0] ?? "")).toEqual(before);
  });

  test("takes the others of its batch along, and nothing changes when all are told again", async () => {
    const { waveId, workerId, ids } = await givenClaims(12);
    const batch = ids
      .toReversed()
      .map((id, i) => settledAs(id, 1, i % 3 === 0 ? "unknown" : "accepted"));
    const save = saveBy(w.sql, workerId);
    await save(batch);
    const once = await Promise.all(ids.map(written));
    expect(await states(w, waveId)).toEqual({ accepted: 8, unknown: 4 });
    await save(batch);
    expect(await Promise.all(ids.map(written))).toEqual(once);
  });
});

test("a wave goes on as soon as its last canary is answered", async () => {
  const { waveId, incidentId } = await givenWave(w, { people: 6, canary: 2 });
  const [canaries = ""] = await leased(w, waveId, 2);
  await sendSlice(w.ctx, await givenSender(w), canaries);
  expect(await find(w.sql, incidentId, waveId)).toMatchObject({
    state: "sending",
    canaryPassed: true,
  });
});

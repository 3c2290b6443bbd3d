import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import * as delivery from "../../src/actions/delivery.ts";
import { decideUnknown } from "../../src/actions/delivery.ts";
import { cancel, sweep } from "../../src/actions/wave.ts";
import { claim } from "../../src/store/delivery/claim.ts";
import { settle } from "../../src/store/delivery/settle.ts";
import * as sweeping from "../../src/store/delivery/sweep.ts";
import {
  entriesOf,
  givenClaimed,
  givenSender,
  givenWave,
  leased,
  sendDue,
  settledAs,
  somePeople,
  states,
  suppress,
  silence,
} from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
beforeEach(() => w.email.answer(() => ({ kind: "accepted", code: "250" })));
afterAll(() => w.close());

const reason = "The notice names the wrong company.";
const postal = { lines: ["12 Larkspur Lane"], city: "Springvale", postcode: "12345" };

function cancelled({ incidentId, waveId }: { incidentId: string; waveId: string }) {
  return cancel(w.ctx, w.staff.counsel, { incidentId, waveId, reason });
}

/** A wave of one whose outcome nobody knows, and that a person had planned again. */
async function givenPlannedAgain() {
  const given = await givenWave(w, { people: 1 });
  w.email.answer(() => ({ kind: "unknown", code: "ETIMEDOUT" }));
  await sendDue(w, given.waveId, "email");
  const { incidentId, waveId } = given;
  const order = { incidentId, waveId, deliveryIds: "all", decision: "resend", reason } as const;
  await decideUnknown(w.ctx, w.staff.approver, order);
  expect(await states(w, waveId)).toEqual({ planned: 1 });
  return given;
}

async function endOf(waveId: string) {
  return w.sql`
    select state, reason, settled_at is not null as settled from delivery where wave_id = ${waveId}`;
}

const STILL_UNKNOWN = [{ state: "unknown", reason: "person-resend", settled: true }];

describe("what may have been sent stays named", () => {
  test("where its wave is cancelled before it is sent again", async () => {
    const wave = await givenPlannedAgain();
    await cancelled(wave);
    expect(await endOf(wave.waveId)).toEqual(STILL_UNKNOWN);
  });

  test("where it comes back to a cancelled wave", async () => {
    const wave = await givenPlannedAgain();
    await cancelled(wave);
    await w.sql`
      update delivery set state = 'planned', settled_at = null where wave_id = ${wave.waveId}`;
    await delivery.sweep(w.ctx);
    expect(await endOf(wave.waveId)).toEqual(STILL_UNKNOWN);
  });

  test("where its person is excluded before it is sent again", async () => {
    const wave = await givenPlannedAgain();
    await suppress(w, wave.incidentId, wave.recipientIds[0] ?? "");
    await sendDue(w, wave.waveId, "email");
    expect(await endOf(wave.waveId)).toEqual(STILL_UNKNOWN);
  });
});

describe("cancelling", () => {
  test("stops at once, though rows are locked, and any worker ends what a crash left", async () => {
    const people = somePeople(3).map((person, i) =>
      i === 0 ? { email: undefined, postal } : person,
    );
    const wave = await givenWave(w, { people });
    const [sliceId = ""] = await leased(w, wave.waveId);
    const { workerId } = await givenSender(w);
    let cancelling: Promise<unknown> = Promise.resolve();
    await w.sql.begin(async (tx) => {
      await tx`select from delivery where wave_id = ${wave.waveId} for update`;
      cancelling = cancelled(wave);
      await expect.poll(() => entriesOf(w, wave.waveId)).toEqual(["wave.cancel"]);
    });
    const claimed = await claim(w.sql, { sliceId, waveId: wave.waveId, workerId, rowsMax: 9 });
    expect(claimed).toEqual([]);
    await cancelling;
    expect(await states(w, wave.waveId)).toEqual({ cancelled: 3 });
    expect(await entriesOf(w, wave.waveId)).toEqual(["wave.cancel", "wave.end"]);

    // As a crash leaves it that came right after the first of them.
    await w.sql`update wave set ended_at = null where id = ${wave.waveId}`;
    await w.sql`
      update delivery set settled_at = null,
             state = case channel when 'letter' then 'needs-letter' else 'planned' end
       where wave_id = ${wave.waveId}`;
    await sweep(w.ctx);
    expect(await states(w, wave.waveId)).toEqual({ cancelled: 3 });
    await sweep(w.ctx);
    const [entry] = await w.sql<{ after: unknown }[]>`
      select after from timeline where subject = ${`wave:${wave.waveId}`} order by seq desc limit 1`;
    expect(entry?.after).toEqual({ state: "cancelled", counts: { cancelled: 3 } });
    expect(await entriesOf(w, wave.waveId)).toEqual(["wave.cancel", "wave.end", "wave.end"]);
  });

  test("reaches what ends as held afterwards", async () => {
    const { id, workerId, ...wave } = await givenClaimed(w);
    await cancelled(wave);
    const held = { state: "held", reason: "missing:name", nextInMs: 0 } as const;
    const outcome = { kind: "not-sent", code: "held" } as const;
    await settle(w.sql, workerId, [{ ...settledAs(id, 1, "unknown"), outcome, verdict: held }]);
    expect(await states(w, wave.waveId)).toEqual({ held: 1 });
    await delivery.sweep(w.ctx);
    expect(await states(w, wave.waveId)).toEqual({ cancelled: 1 });
  });
});

test("what a living worker claimed while its silent one was looked for is left to it", async () => {
  const { id, workerId } = await givenClaimed(w);
  const { workerId: alive } = await givenSender(w);
  await silence(w, workerId);
  let marking: Promise<number> = Promise.resolve(0);
  // The look begins before the claim is there, and locks the row after it.
  await w.sql.unsafe(`
    alter table worker rename to worker_table;
    create function slowly() returns boolean language plpgsql volatile as
      'begin perform pg_advisory_xact_lock(4711); return true; end';
    create view worker as select * from worker_table where slowly()`);
  await w.sql.begin(async (gate) => {
    await gate`select pg_advisory_xact_lock(4711)`;
    marking = w.sql.begin((tx) => sweeping.markUnknown(tx));
    await expect
      .poll(() => w.sql`select from pg_locks where locktype = 'advisory' and not granted`)
      .toHaveLength(1);
    await w.sql`insert into attempt (delivery_id, n, worker_id) values (${id}, 2, ${alive})`;
    await w.sql`update delivery set attempt = 2, worker_id = ${alive} where id = ${id}`;
  });
  expect(await marking).toBe(0);
  await w.sql.unsafe(
    "drop view worker; drop function slowly; alter table worker_table rename to worker",
  );
  const [row] = await w.sql`select state, worker_id from delivery where id = ${id}`;
  expect(row).toEqual({ state: "sending", workerId: alive });
});

import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { prepareWave } from "../../src/actions/delivery/prepare.ts";
import { sendSlice } from "../../src/actions/delivery/send.ts";
import { startClockGuard } from "../../src/actions/recovery/clock.ts";
import { keepReceipts, sweep as sweepReceipts } from "../../src/actions/receipt.ts";
import { reconcile } from "../../src/actions/receipt/reconcile.ts";
import { doubts } from "../../src/actions/recovery/doubt.ts";
import { lockSending, unlockSending } from "../../src/actions/recovery/unlock.ts";
import { witness } from "../../src/actions/recovery/witness.ts";
import type { WitnessPlace } from "../../src/actions/recovery/witness.ts";
import * as timeline from "../../src/actions/timeline.ts";
import { resume, sweep } from "../../src/actions/wave.ts";
import { twilioReceipt } from "../../src/domain/receipt/twilio.ts";
import { fileWitness } from "../../src/gateways/witness.ts";
import * as engine from "../../src/store/engine.ts";
import * as messages from "../../src/store/message.ts";
import { statusOf } from "../../src/views/engine.ts";
import { givenSender, givenStarted, givenWave, leased, sendDue, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let folder: string;
let file: string;
let place: WitnessPlace;

beforeAll(async () => void (w = await world()));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "candor-witness-"));
  file = join(folder, "witness.json");
  place = fileWitness(file);
});
afterEach(async () => {
  // Another database, as far as any witness can tell.
  await w.sql`
    update engine set database_id = null, restores = 0, locked_reason = null, locked_at = null,
                      witnessed_boot = null`;
  await w.sql`update wave set state = 'cancelled', paused_reason = null, ended_at = now()`;
  w.email.sent.length = 0;
  w.email.answer(() => ({ kind: "accepted", code: "250" }));
  await rm(folder, { recursive: true });
});
afterAll(() => w.close());

const own = async () => ({ of: () => ({ own: OWN }) });
const OWN = { personal_code: "ABCD-EFGH-JKMN", survey_code: "", survey_link: "" };
const UNKNOWN = { kind: "unknown", code: "ECONNECTION" } as const;

async function stateOf(waveId: string) {
  const [row] = await w.sql`select state, paused_reason from wave where id = ${waveId}`;
  return row;
}

const look = () => witness(w.ctx, [place]);

/** What a backup of this moment would bring back. */
async function backup(): Promise<() => Promise<void>> {
  await engine.mark(w.sql);
  const [row] = await w.sql<{ seq: string; restores: number; boot: string | null }[]>`
    select attempt_seq as seq, restores, witnessed_boot as boot from engine`;
  if (!row) throw new Error("The engine has no row.");
  return async () => {
    await w.sql`delete from attempt where seq > ${row.seq}`;
    await w.sql`
      update engine set attempt_seq = ${row.seq}, restores = ${row.restores}, locked_reason = null,
                        locked_at = null, locked_facts = null`;
  };
}

/** A wave of ten of which two were sent, witnessed, and the database of before put back. */
async function givenRestored() {
  const wave = await givenWave(w, { people: 10 });
  await look();
  const restore = await backup();
  await w.sql`update delivery set next_at = now() + interval '1 hour' where id in
    (select id from delivery where wave_id = ${wave.waveId} order by id offset 2)`;
  await sendDue(w, wave.waveId, "email");
  expect(w.email.sent).toHaveLength(2);
  await look();
  await restore();
  await w.sql`update delivery set state = 'planned', attempt = 0, settled_at = null, slice_id = null,
                                  next_at = now() where wave_id = ${wave.waveId}`;
  return wave;
}

describe("a database that was restored from a backup", () => {
  test("sends nothing until it is unlocked, and its waves then wait for two people", async () => {
    const { waveId, incidentId } = await givenRestored();
    const [slice = ""] = await leased(w, waveId);
    const { locked, findings } = await look();
    expect([locked, findings]).toEqual([true, ["older"]]);

    await sendSlice(w.ctx, await givenSender(w), slice);
    expect(await leased(w, waveId)).toEqual([]);
    expect(w.email.sent).toHaveLength(2);
    expect((await statusOf(w.sql)).sending).toMatchObject({
      state: "locked",
      reason: "restored",
      facts: { missing: 2 },
    });

    await w.sql`
      update delivery set state = 'sending' where id =
        (select min(id) from delivery where wave_id = ${waveId})`;
    expect(await unlockSending(w.ctx, "Compared with the provider's log")).toEqual({
      paused: 1,
      leased: 0,
      sending: 1,
    });
    expect(await states(w, waveId)).toEqual({ planned: 9, unknown: 1 });
    const [wave] = await w.sql`select state, paused_reason from wave where id = ${waveId}`;
    expect(wave).toMatchObject({ state: "paused", pausedReason: "restored" });
    const order = { incidentId, waveId, reason: "Nobody was written to" };
    expect((await resume(w.ctx, w.staff.approver, order)).agreed).toBe("waiting");
    expect(await leased(w, waveId)).toEqual([]);

    expect((await look()).locked).toBe(false);
    expect((await timeline.verify(w.ctx)).ok).toBe(true);
    const entries = await timeline.ofIncident(w.ctx, incidentId, { limit: 5 });
    expect(entries).toContainEqual(
      expect.objectContaining({ actor: "system:operator", action: "wave.pause" }),
    );
  });

  test("goes on with no wave that had ended either, until two people resume it", async () => {
    const { waveId, incidentId } = await givenStarted(w, {
      people: [
        { email: "lost@example.com", agreed: "yes" },
        { email: "late@example.com", agreed: "yes", phone: "+12025550142" },
      ],
      plan: { channels: ["email", "sms"] },
    });
    w.email.answer(({ to }) =>
      to === "lost@example.com" ? UNKNOWN : { kind: "accepted", code: "250" },
    );
    await sendDue(w, waveId, "email", { prepare: prepareWave, own });
    await sweep(w.ctx);
    expect(await stateOf(waveId)).toEqual({ state: "done", pausedReason: null });
    w.email.sent.length = 0;
    await givenRestored();
    await look();
    // Of the one it is not known what it came to; that of the other is known only now.
    expect((await doubts(w.ctx)).waves).toContainEqual(
      expect.objectContaining({ waveId, state: "done", unknown: 1, rejected: 0 }),
    );
    await unlockSending(w.ctx, "Compared");
    expect(await stateOf(waveId)).toEqual({ state: "done", pausedReason: null });
    await w.sql`
      update delivery set state = 'rejected' where wave_id = ${waveId} and state = 'accepted'`;
    await sweep(w.ctx);
    const stands = { state: "paused", pausedReason: "restored" };
    expect(await stateOf(waveId)).toEqual(stands);
    await w.sql`update delivery set settled_at = now() - interval '1 hour' where state = 'unknown'`;
    await reconcile(w.ctx, own);
    await sweep(w.ctx);
    expect(await stateOf(waveId)).toEqual(stands);
    expect(await states(w, waveId)).toEqual({ planned: 2, rejected: 1 });
    const order = { incidentId, waveId, reason: "Nobody was written to" };
    await resume(w.ctx, w.staff.approver, order);
    await resume(w.ctx, w.staff.approver2, order);
    expect(await leased(w, waveId)).not.toEqual([]);
    // People have judged it: what follows of it later does so by itself.
    await w.sql`update wave set state = 'done' where id = ${waveId}`;
    await w.sql`update delivery set state = 'unknown', settled_at = now() - interval '1 hour'
                 where wave_id = ${waveId} and channel = 'email' and state <> 'rejected'`;
    await w.sql`update attempt set evidence = null`;
    await reconcile(w.ctx, own);
    expect(await stateOf(waveId)).toEqual({ state: "sending", pausedReason: null });
  });

  test("sends nobody an SMS again whose report says that it went out since", async () => {
    const phones = ["+12025550142", "+12025550143", "+12025550144"];
    const { waveId } = await givenWave(w, {
      people: phones.map((phone) => ({ email: undefined, phone })),
      channels: ["sms"],
    });
    const rows = await w.sql<{ id: string }[]>`
      select id from delivery where wave_id = ${waveId} order by id`;
    const say = async (i: number, attempt: number, MessageStatus: string) => {
      const form = { MessageSid: `SM${String(i).repeat(32)}`, MessageStatus };
      const receipt = twilioReceipt({ deliveryId: rows[i]?.id ?? "", attempt }, form);
      await keepReceipts(w.ctx, receipt ? [receipt] : []);
      await sweepReceipts(w.ctx);
    };
    await say(0, 1, "sent");
    await say(1, 2, "undelivered");
    await say(2, 0, "delivered");
    expect(await states(w, waveId)).toEqual({ accepted: 1, planned: 1, rejected: 1 });
    await say(0, 1, "delivered");
    expect(await states(w, waveId)).toEqual({ delivered: 1, planned: 1, rejected: 1 });
    // One that is being sent again here waits for what that comes to.
    await w.sql`update delivery set state = 'sending', attempt = 1 where id = ${rows[2]?.id ?? ""}`;
    await say(2, 2, "delivered");
    expect(await states(w, waveId)).toEqual({ delivered: 1, sending: 1, rejected: 1 });
    await w.sql`update delivery set state = 'unknown' where id = ${rows[2]?.id ?? ""}`;
    await sweepReceipts(w.ctx);
    const ends = await w.sql`
      select state, attempt from delivery where wave_id = ${waveId} order by id`;
    expect([...ends]).toEqual([
      { state: "delivered", attempt: 1 },
      { state: "rejected", attempt: 2 },
      { state: "delivered", attempt: 2 },
    ]);
  });

  test("gives no delivery a number that one of the lost ones had", async () => {
    const { waveId } = await givenRestored();
    const newest = async (id: string) => {
      const [row] = await w.sql`select max(id) as id from delivery where wave_id = ${id}`;
      return Number(row?.["id"]);
    };
    await Promise.all([look(), look()]);
    const fresh = await givenWave(w, { people: 1 });
    const apart = (await newest(fresh.waveId)) - (await newest(waveId));
    expect(apart).toBeGreaterThan(1_000_000_000);
    expect(apart).toBeLessThan(1_100_000_000);
  });

  test("is found out although a person locked sending before", async () => {
    const { waveId } = await givenRestored();
    await lockSending(w.ctx, "We are restoring");
    await look();
    expect((await statusOf(w.sql)).sending.reason).toBe("restored");
    expect(await unlockSending(w.ctx, "Compared")).toMatchObject({ paused: 1 });
    expect(await leased(w, waveId)).toEqual([]);
  });

  test("is found out by any one witness, and none of them is overwritten", async () => {
    await givenRestored();
    const before = await readFile(file, "utf8");
    const empty = fileWitness(join(folder, "empty.json"));
    expect((await witness(w.ctx, [empty, place])).locked).toBe(true);
    expect(await readFile(file, "utf8")).toBe(before);
    expect(await empty.read()).toEqual({});
  });

  test("is found out again where it comes from before an unlocking", async () => {
    const restore = await backup();
    await givenRestored();
    await look();
    await unlockSending(w.ctx, "Compared");
    expect((await look()).locked).toBe(false);
    await restore();
    expect((await look()).locked).toBe(true);
  });

  test("raises no second alarm on another machine once it is unlocked", async () => {
    await givenRestored();
    const other = fileWitness(join(folder, "other.json"));
    for (const [id, mark] of Object.entries(await place.read()))
      await other.write(id, { ...mark, seq: mark.seq + 500 }, w.clock.now());
    await look();
    await unlockSending(w.ctx, "Compared");
    expect((await witness(w.ctx, [other])).locked).toBe(false);
  });
});

describe("a witness", () => {
  test("that lost its memory is no alarm, nor is one that knows another database", async () => {
    await givenWave(w, { people: 1 });
    expect(await look()).toMatchObject({ locked: false, findings: ["new"] });
    await rm(file);
    expect(await look()).toMatchObject({ locked: false, findings: ["new"] });
    const other = { "3f0e6b1c-7a52-4a0a-9a3c-0c5b9f6f2a11": { restores: 7, seq: 7, at: AT } };
    await writeFile(file, JSON.stringify(other));
    expect(await look()).toMatchObject({ locked: false, findings: ["another"] });
    expect(Object.keys(await place.read())).toHaveLength(2);
    await writeFile(file, "{ torn");
    expect(await look()).toMatchObject({ locked: false, findings: ["new"] });
  });

  test("does not take deleted rows for a restore", async () => {
    const { waveId } = await givenWave(w, { people: 3 });
    await sendDue(w, waveId, "email");
    await look();
    await w.sql`delete from attempt`;
    expect(await look()).toMatchObject({ locked: false, findings: ["holds"] });
  });

  test("keeps numbers alone, in a file for its owner", async () => {
    await look();
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const [kept] = Object.values(await place.read());
    expect(Object.keys(kept ?? {}).toSorted()).toEqual(["at", "restores", "seq"]);
  });

  test("is read whatever else stands beside it", async () => {
    const mark = { restores: 0, seq: 7, at: "2026-03-03T10:00:00.000Z" };
    const id = randomUUID();
    const others = { [randomUUID()]: { seq: "x" }, nonsense: mark, __proto__: mark };
    await writeFile(file, JSON.stringify({ ...others, [id]: mark }));
    expect(await place.read()).toEqual({ [id]: mark });
  });

  test("that cannot be read is told of, and compares nothing alone", async () => {
    const broken = fileWitness(folder);
    const { locked, failed } = await witness(w.ctx, [broken]);
    expect([locked, failed.length]).toEqual([false, 1]);
    expect(await engine.isCompared(w.sql)).toBe(false);
    await witness(w.ctx, [broken, place]);
    expect(await engine.isCompared(w.sql)).toBe(true);
  });
});

describe("after the database server was started again", () => {
  test("nothing is leased until a witness was compared", async () => {
    const { waveId } = await givenWave(w, { people: 2 });
    await look();
    // As if it had been compared under an earlier start, and the server were up for seconds.
    await w.sql`update engine set witnessed_boot = now() - interval '1 day'`;
    const [server] = await w.sql`
      select now() > pg_postmaster_start_time() + interval '1 minute' as old`;
    expect((await engine.find(w.sql)).open).toBe(server?.["old"]);
    await look();
    expect((await engine.find(w.sql)).open).toBe(true);
    expect(await leased(w, waveId)).toHaveLength(1);
  });
});

describe("an operator", () => {
  test("stops all sending and lets it go on, with reasons in the timeline", async () => {
    const { waveId } = await givenWave(w, { people: 2 });
    const [head] = await w.sql`select seq from timeline_head`;
    await lockSending(w.ctx, "The provider was broken into");
    await expect(lockSending(w.ctx, "Again")).rejects.toThrow(/locked already/);
    expect(await leased(w, waveId)).toEqual([]);
    await unlockSending(w.ctx, "All clear");
    await expect(unlockSending(w.ctx, "Again")).rejects.toThrow(/not locked/);
    // Nobody restored anything: the wave goes on as it was.
    expect(await leased(w, waveId)).toHaveLength(1);
    const rows = await w.sql`
      select action, reason from timeline 
       where subject = 'engine:sending' and seq > ${head?.["seq"]} order by seq`;
    expect(rows).toMatchObject([
      { action: "engine.lock", reason: "The provider was broken into" },
      { action: "engine.unlock", reason: "All clear" },
    ]);
  });

  test("keeps messages that nobody waits for back, and lets urgent ones go", async () => {
    await lockSending(w.ctx, "Stop");
    for (const urgent of [true, false])
      await messages.insert(w.sql, {
        id: crypto.randomUUID(),
        kind: "test",
        key: `of/${urgent}`,
        channel: "email",
        keyId: crypto.randomUUID(),
        sealed: Buffer.alloc(1),
        urgent,
        expiresAt: new Date(w.clock.now().getTime() + 60_000),
      });
    const order = { workerId: crypto.randomUUID(), rowsMax: 10, now: w.clock.now() };
    expect(await messages.claim(w.sql, order)).toHaveLength(1);
    await unlockSending(w.ctx, "Go");
    expect(await messages.claim(w.sql, order)).toHaveLength(1);
  });
});

describe("a worker's clock", () => {
  test("keeps it from sending while it is over 30 s off", async () => {
    let offMs = 0;
    const guard = await startClockGuard({ ...w.ctx, now: () => new Date(Date.now() + offMs) });
    expect(guard.right()).toBe(true);
    for (const [ms, right] of [
      [45_000, false],
      [-45_000, false],
      [10_000, true],
      [-3_600_000, false],
      [0, true],
    ] as const) {
      offMs = ms;
      await guard.check();
      expect(guard.right()).toBe(right);
    }
    guard.stop();
  });
});

const AT = "2026-03-03T10:00:00.000Z";

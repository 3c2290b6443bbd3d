import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { decideUnknown } from "../../src/actions/delivery.ts";
import { prepareWave } from "../../src/actions/delivery/prepare.ts";
import { keepReceipts, sweep } from "../../src/actions/receipt.ts";
import { pollSilent } from "../../src/actions/receipt/poll.ts";
import { reconcile } from "../../src/actions/receipt/reconcile.ts";
import { sweep as sweepWaves } from "../../src/actions/wave.ts";
import type { FoundSms, SmsQuery } from "../../src/context.ts";
import { nextStep } from "../../src/domain/delivery/reconcile.ts";
import { twilioReceipt } from "../../src/domain/receipt/twilio.ts";
import * as store from "../../src/store/delivery/reconcile.ts";
import { deliveries, progressOf } from "../../src/views/wave.ts";
import { unknownDeliveries } from "../../src/views/unknown.ts";
import { entriesOf, givenStarted, later, sendDue, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const own = async () => ({ of: () => ({ own: OWN }) });
const OWN = { personal_code: "ABCD-EFGH-JKMN", survey_code: "", survey_link: "" };
const UNKNOWN = { kind: "unknown", code: "ECONNECTION" } as const;
const SID = `SM${"c".repeat(32)}`;

let w: World;
let listed: FoundSms[] | "unanswered" | "too-many";
let queries: SmsQuery[];
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());
beforeEach(() => {
  listed = [];
  queries = [];
  w.email.answer(() => UNKNOWN);
  w.sms.answer(() => UNKNOWN);
});

/** Workers of which so many do it at the same time. */
async function reconciled(times = 1): Promise<void> {
  const { sms } = w.ctx;
  const find = async (query: SmsQuery) => {
    queries.push(query);
    return listed;
  };
  const ctx = { ...w.ctx, sms: sms && { ...sms, find } };
  await Promise.all(Array.from({ length: times }, () => reconcile(ctx, own)));
}

/** A wave that was sent once, and nobody knows what became of it. */
async function givenUnknown(channel: "email" | "sms", people = 1) {
  const person = channel === "email" ? {} : { email: undefined, phone: "+12025550142" };
  const given = await givenStarted(w, {
    people: Array.from({ length: people }, (_, i) => ({
      email: `person-${i}@example.com`,
      agreed: "yes" as const,
      ...person,
    })),
    plan: { channels: [channel] },
  });
  const sent = channel === "email" ? w.email.sent : w.sms.sent;
  const before = sent.length;
  await sendDue(w, given.waveId, channel, { prepare: prepareWave, own });
  expect(sent).toHaveLength(before + people);
  expect(await states(w, given.waveId)).toEqual({ unknown: people });
  await sweepWaves(w.ctx);
  return given;
}

async function courtesy(waveId: string): Promise<void> {
  await w.sql`
    update notice set class = 'courtesy' where id in (
      select v.notice_id from notice_version v join wave w on w.notice_version_id = v.id
       where w.id = ${waveId})`;
}

describe("an e-mail that the law requires", () => {
  test("is sent again once, after receipts had their time, under the same Message-ID", async () => {
    const { waveId, incidentId } = await givenUnknown("email", 3);
    expect((await progressOf(w.sql, incidentId, waveId)).state).toBe("done");
    await later(w, 14);
    await reconciled();
    expect(await states(w, waveId)).toEqual({ unknown: 3 });
    await later(w, 2);
    // However many workers do it.
    await reconciled(4);
    expect(await states(w, waveId)).toEqual({ planned: 3 });
    expect(await progressOf(w.sql, incidentId, waveId)).toMatchObject({ state: "sending" });
    const [row] = await deliveries(w.sql, waveId, { limit: 1 });
    expect(row).toMatchObject({ reason: "resent-unknown", attempt: 1 });
    const idsOf = (from: number) =>
      w.email.sent
        .slice(from)
        .map(({ message }) => /^Message-ID: (.*)$/m.exec(message)?.[1])
        .toSorted();
    const first = idsOf(-3);
    await sendDue(w, waveId, "email", { prepare: prepareWave, own });
    expect(idsOf(-3)).toEqual(first);
    expect(new Set(first).size).toBe(3);
    // Still unknown: now it is for a person.
    await later(w, 120);
    await reconciled();
    expect(await states(w, waveId)).toEqual({ unknown: 3 });
    const rows = await unknownDeliveries(w.sql, waveId, { limit: 10 });
    expect(rows.map(({ next }) => next)).toEqual(["person", "person", "person"]);
    expect((await entriesOf(w, waveId)).filter((each) => /resend/.test(each))).toEqual([
      "delivery.resend-unknown",
    ]);
  });

  test("whose second copy is taken is counted as one that may have come twice", async () => {
    const { waveId, incidentId } = await givenUnknown("email", 2);
    await later(w, 16);
    await reconciled();
    w.email.answer(() => ({ kind: "accepted", code: "250" }));
    await sendDue(w, waveId, "email");
    expect(await progressOf(w.sql, incidentId, waveId)).toMatchObject({
      counts: { accepted: 2 },
      unknown: 0,
      possibleDuplicates: 2,
    });
  });

  test("is left alone in a cancelled wave, and one past its window", async () => {
    const [cancelled, late] = [await givenUnknown("email"), await givenUnknown("email")];
    await w.sql`update wave set state = 'cancelled' where id = ${cancelled.waveId}`;
    await w.sql`update wave set not_after = now() - interval '1 hour' where id = ${late.waveId}`;
    await later(w, 60);
    await reconciled();
    for (const { waveId } of [cancelled, late])
      expect(await states(w, waveId)).toEqual({ unknown: 1 });
  });

  test("that is a courtesy waits for a person", async () => {
    const { waveId } = await givenUnknown("email");
    await courtesy(waveId);
    await later(w, 1_000);
    await reconciled();
    expect(await states(w, waveId)).toEqual({ unknown: 1 });
  });
});

describe("an SMS", () => {
  const sentText = () => w.sms.sent.at(-1)?.text ?? "";
  const found = (status: FoundSms["status"], text = sentText(), reference = SID): FoundSms => ({
    reference,
    text,
    status,
    code: null,
  });

  test.for([
    ["queued", "accepted"],
    ["sent", "accepted"],
    ["delivered", "delivered"],
    ["failed", "rejected"],
  ] as const)("that the provider lists as %s is %s", async ([status, state]) => {
    const { waveId } = await givenUnknown("sms");
    const reference = `SM${randomUUID().replaceAll("-", "")}`;
    listed = [found(status, sentText(), reference)];
    await reconciled();
    expect(queries).toEqual([]);
    await later(w, 11);
    await reconciled(3);
    await sweep(w.ctx);
    expect(queries.map(({ to }) => to)).toEqual(["+12025550142"]);
    expect(await states(w, waveId)).toEqual({ [state]: 1 });
    const [attempt] = await w.sql`
      select a.outcome, a.evidence, a.reference from attempt a
        join delivery d on d.id = a.delivery_id where d.wave_id = ${waveId}`;
    expect(attempt).toEqual({ outcome: "accepted", evidence: "found", reference });
  });

  test("that it does not have is sent again, after it said so twice", async () => {
    const { waveId, incidentId } = await givenUnknown("sms");
    await later(w, 11);
    await reconciled(3);
    await reconciled();
    expect(queries).toHaveLength(1);
    expect(await states(w, waveId)).toEqual({ unknown: 1 });
    await later(w, 6);
    await reconciled(3);
    expect(queries).toHaveLength(2);
    expect(await states(w, waveId)).toEqual({ planned: 1 });
    w.sms.answer(() => ({ kind: "accepted", code: "201", reference: SID }));
    await sendDue(w, waveId, "sms", { prepare: prepareWave, own });
    // Nothing was taken before, so nothing came twice.
    expect(await progressOf(w.sql, incidentId, waveId)).toMatchObject({
      counts: { accepted: 1 },
      possibleDuplicates: 0,
    });
  });

  test("is for a person where the list has what nobody can name, or is too long", async () => {
    for (const list of [
      [found("sent", "other words", `SM${"d".repeat(32)}`)],
      "too-many",
    ] as const) {
      const { waveId } = await givenUnknown("sms");
      listed = typeof list === "string" ? list : [...list];
      await later(w, 11);
      await reconciled();
      await later(w, 60);
      await reconciled();
      expect(await states(w, waveId)).toEqual({ unknown: 1 });
      const [row] = await unknownDeliveries(w.sql, waveId, { limit: 1 });
      expect(row?.next).toBe("person");
    }
  });

  test("that another account sent is for a person: its list proves nothing", async () => {
    const { waveId } = await givenUnknown("sms");
    await w.sql`update worker set sms_account = 'AC1' where id in (
      select worker_id from delivery where wave_id = ${waveId})`;
    await later(w, 11);
    await reconciled(2);
    await later(w, 60);
    await reconciled();
    expect(queries).toEqual([]);
    expect(await states(w, waveId)).toEqual({ unknown: 1 });
    const [row] = await unknownDeliveries(w.sql, waveId, { limit: 1 });
    expect(row?.next).toBe("person");
  });

  test("waits while the provider does not answer, without that counting as a look", async () => {
    const { waveId } = await givenUnknown("sms");
    listed = "unanswered";
    for (let i = 0; i < 4; i += 1) {
      await later(w, 11);
      await reconciled();
    }
    expect(queries).toHaveLength(4);
    const [row] = await unknownDeliveries(w.sql, waveId, { limit: 1 });
    expect(row?.next).toBe("wait");
  });

  test("that is found for two people at once is one of them", async () => {
    const { waveId } = await givenUnknown("sms", 2);
    const [one, two] = await deliveries(w.sql, waveId, { limit: 2 });
    const [kept] = await w.sql<{ numberHash: string }[]>`
      select encode(number_hash, 'hex') as number_hash from attempt
       where delivery_id = ${one?.id ?? ""}`;
    const { numberHash = "" } = kept ?? {};
    const sms = { state: "accepted", reference: `SM${"e".repeat(32)}`, numberHash } as const;
    const of = (row: typeof one) => ({ id: row?.id ?? "", attempt: 1 });
    let second = Promise.resolve(true);
    await w.sql.begin(async (tx) => {
      await store.found(tx, of(one), sms);
      second = w.sql.begin((other) => store.found(other, of(two), sms));
      const waits = () => w.sql`
        select from pg_locks l join pg_stat_activity a using (pid)
         where not l.granted and a.datname = current_database()`;
      while ((await waits()).length === 0);
    });
    expect(await second).toBe(false);
    expect(await states(w, waveId)).toEqual({ accepted: 1, unknown: 1 });
  });

  test("of which a receipt came between the look and its end stays as the receipt says", async () => {
    const { waveId } = await givenUnknown("sms");
    const [row] = await deliveries(w.sql, waveId, { limit: 1 });
    await later(w, 11);
    await reconciled();
    await later(w, 6);
    const form = { MessageSid: SID, MessageStatus: "delivered" };
    const receipt = twilioReceipt({ deliveryId: row?.id ?? "", attempt: 1 }, form);
    const heard = (async () => {
      await keepReceipts(w.ctx, receipt ? [receipt] : []);
      await sweep(w.ctx);
    })();
    await Promise.all([heard, reconciled(2)]);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ delivered: 1 });
  });
});

describe("an SMS that was taken, and of which its provider never called", () => {
  const OWN_SID = `SM${"f".repeat(32)}`;
  const reads: string[] = [];
  async function polled(status: string, code: string | null = null, times = 1) {
    reads.length = 0;
    const read = async (reference: string) => {
      if (reference === OWN_SID) reads.push(reference);
      return status === "" ? ("unanswered" as const) : { status, code };
    };
    const ctx = { ...w.ctx, sms: { ...w.sms, read } };
    await Promise.all(Array.from({ length: times }, () => pollSilent(ctx)));
    await sweep(w.ctx);
  }
  async function givenTaken() {
    const given = await givenUnknown("sms");
    await w.sql`update delivery set state = 'accepted' where wave_id = ${given.waveId}`;
    const [row] = await w.sql<{ deliveryId: string }[]>`
      update attempt a set outcome = 'accepted', reference = ${OWN_SID}
        from delivery d where d.id = a.delivery_id and d.wave_id = ${given.waveId}
      returning a.delivery_id`;
    return { ...given, id: row?.deliveryId ?? "" };
  }
  const pass = (minutes: number) => w.sql`
    with d as (update delivery set settled_at = settled_at - ${`${minutes} minutes`}::interval
                where state = 'accepted')
    update attempt set looked_at = looked_at - ${`${minutes} minutes`}::interval`;

  test("is asked for at each age once, however many workers do, until its end is known", async () => {
    const { id, waveId } = await givenTaken();
    const { waveId: other } = await givenUnknown("email");
    await w.sql`update delivery set state = 'accepted' where wave_id = ${other}`;
    await polled("delivered");
    expect(reads).toEqual([]);
    await pass(31);
    await polled("sent", null, 3);
    expect(reads).toEqual([OWN_SID]);
    await pass(60);
    await polled("sent");
    expect(reads).toEqual([]);
    await pass(30);
    await polled("");
    expect(reads).toEqual([OWN_SID]);
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
    await pass(1_400);
    await polled("undelivered", "30003");
    expect(await states(w, waveId)).toEqual({ rejected: 1 });
    // Twilio calls after all: that is the same report.
    const form = { MessageSid: OWN_SID, MessageStatus: "undelivered", ErrorCode: "30003" };
    const called = twilioReceipt({ deliveryId: id, attempt: 1 }, form);
    await keepReceipts(w.ctx, called ? [called] : []);
    const kept = await w.sql`select status from receipt where delivery_id = ${id} order by id`;
    expect([...kept]).toEqual([{ status: "sent" }, { status: "failed" }]);
    await pass(3_000);
    await polled("delivered");
    expect(reads).toEqual([]);
  });
});

test("the table of rules", () => {
  const base = { unknownMs: 3_600_000, resent: false, looks: 0, lookedMs: null };
  const of = (channel: "email" | "sms", noticeClass: "legal" | "courtesy", more = {}) =>
    nextStep({ ...base, channel, noticeClass, ...more });
  expect(of("email", "legal")).toBe("resend");
  expect(of("email", "legal", { unknownMs: 899_999 })).toBe("wait");
  expect(of("email", "legal", { unknownMs: 900_000 })).toBe("resend");
  expect(of("email", "legal", { resent: true })).toBe("person");
  expect(of("email", "courtesy")).toBe("person");
  for (const noticeClass of ["legal", "courtesy"] as const) {
    expect(of("sms", noticeClass)).toBe("look");
    expect(of("sms", noticeClass, { unknownMs: 599_999 })).toBe("wait");
    expect(of("sms", noticeClass, { looks: 1, lookedMs: 299_999 })).toBe("wait");
    expect(of("sms", noticeClass, { looks: 1, lookedMs: 300_000 })).toBe("look");
    expect(of("sms", noticeClass, { looks: 2, lookedMs: 300_000 })).toBe("person");
    expect(of("sms", noticeClass, { resent: true })).toBe("look");
  }
});

describe("a person decides", () => {
  test("about those that a filter fits, and the timeline says which", async () => {
    const { waveId, incidentId } = await givenUnknown("email", 3);
    const order = { incidentId, waveId, deliveryIds: "all", reason: "The relay's log." } as const;
    const decide = (filter: Parameters<typeof decideUnknown>[2]["filter"]) =>
      decideUnknown(w.ctx, w.staff.approver, { ...order, filter, decision: "accepted" });
    expect(await decide({ channel: "sms" })).toEqual({ decided: 0 });
    expect(await decide({ code: "ETIMEDOUT" })).toEqual({ decided: 0 });
    expect(await decide({ workerId: randomUUID() })).toEqual({ decided: 0 });
    expect(await decide({ olderThanSeconds: 600 })).toEqual({ decided: 0 });
    await later(w, 11);
    const [row] = await unknownDeliveries(w.sql, waveId, { limit: 1 });
    const { workerId } = row ?? {};
    const filter = {
      channel: "email",
      code: "ECONNECTION",
      workerId,
      olderThanSeconds: 600,
    } as const;
    expect(await decide(filter)).toEqual({ decided: 3 });
    expect(await states(w, waveId)).toEqual({ accepted: 3 });
    const [entry] = await w.sql<{ after: Record<string, unknown> }[]>`
      select after from timeline where action = 'delivery.decide' order by seq desc limit 1`;
    expect(entry?.after).toMatchObject({ decided: 3, code: "ECONNECTION", olderThanSeconds: 600 });
  });
});

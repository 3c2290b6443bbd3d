import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { prepareWave } from "../../src/actions/delivery/prepare.ts";
import { decideUnknown } from "../../src/actions/delivery.ts";
import { keepReceipts, onSmsWish, sweep } from "../../src/actions/receipt.ts";
import { sweep as sweepWaves } from "../../src/actions/wave.ts";
import { MessageHold } from "../../src/domain/delivery/message.ts";
import { mayBecome } from "../../src/domain/delivery.ts";
import type { Outcome } from "../../src/domain/delivery.ts";
import { twilioReceipt } from "../../src/domain/receipt/twilio.ts";
import { claim } from "../../src/store/delivery/claim.ts";
import { settle } from "../../src/store/delivery/settle.ts";
import { deliveries, progressOf } from "../../src/views/wave.ts";
import {
  givenSender,
  givenStarted,
  givenWave,
  leased,
  sendDue,
  states,
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
beforeEach(() => w.sms.answer(() => ACCEPTED));

const SID = `SM${"a".repeat(32)}`;
const ACCEPTED = { kind: "accepted", code: "201", reference: SID } as const;
const UNKNOWN = { kind: "unknown", code: "timeout" } as const;
const LOST = "30003";

/** A wave of people with phones, of whom the letter knows no address. */
async function givenSms(people = 1, letter = false) {
  const postal = { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" };
  const person = { email: undefined, phone: "+12025550142", ...(letter && { postal }) };
  return givenWave(w, {
    people: Array.from({ length: people }, () => person),
    channels: letter ? ["sms", "letter"] : ["sms"],
  });
}

async function sentSms(outcome: typeof ACCEPTED | typeof UNKNOWN = ACCEPTED) {
  const given = await givenSms();
  w.sms.answer(() => outcome);
  await sendDue(w, given.waveId, "sms");
  return { ...given, id: await onlyId(given.waveId) };
}

async function onlyId(waveId: string): Promise<string> {
  const [row] = await deliveries(w.sql, waveId, { limit: 1 });
  return row?.id ?? "";
}

async function hear(deliveryId: string, status: string, code?: string, attempt = 1): Promise<void> {
  const form = { MessageSid: SID, MessageStatus: status, ...(code && { ErrorCode: code }) };
  const receipt = twilioReceipt({ deliveryId, attempt }, form);
  if (receipt) await keepReceipts(w.ctx, [receipt]);
}

async function effects(deliveryId: string): Promise<string[]> {
  const rows = await w.sql<{ status: string; effect: string | null }[]>`
    select status, effect from receipt where delivery_id = ${deliveryId} order by id`;
  return rows.map(({ status, effect }) => `${status} ${effect}`);
}

describe("a receipt moves its delivery forward", () => {
  test.for([
    [["queued", "sent", "delivered"], "delivered"],
    [["delivered", "sent", "queued"], "delivered"],
    [["sent", "delivered", "sent", "delivered"], "delivered"],
    [["queued"], "accepted"],
    [["queued", "sent", "undelivered"], "rejected"],
    [["undelivered", "sent", "queued"], "rejected"],
    [["failed"], "rejected"],
    [["delivered", "undelivered"], "delivered"],
    [["undelivered", "delivered"], "rejected"],
  ] as const)("%j ends %s, together or one by one", async ([statuses, state]) => {
    const [together, apart] = [await sentSms(), await sentSms()];
    for (const status of statuses) await hear(together.id, status);
    await sweep(w.ctx);
    for (const status of statuses) {
      await hear(apart.id, status);
      await sweep(w.ctx);
    }
    expect(await states(w, together.waveId)).toEqual({ [state]: 1 });
    expect(await states(w, apart.waveId)).toEqual({ [state]: 1 });
  });

  test("a hundred copies by five sweepers are one receipt and one step", async () => {
    const { id, waveId } = await sentSms();
    await Promise.all(Array.from({ length: 100 }, () => hear(id, "delivered")));
    await Promise.all(Array.from({ length: 5 }, () => sweep(w.ctx)));
    expect(await effects(id)).toEqual(["delivered moved"]);
    expect(await states(w, waveId)).toEqual({ delivered: 1 });
  });

  test("who was not reached goes on to the next channel, and the wave goes on with them", async () => {
    const { waveId, incidentId } = await givenSms(2, true);
    await sendDue(w, waveId, "sms");
    await sweepWaves(w.ctx);
    const [first, second] = await deliveries(w.sql, waveId, { limit: 2 });
    await hear(first?.id ?? "", "undelivered", LOST);
    await hear(second?.id ?? "", "delivered");
    await sweep(w.ctx);
    await sweepWaves(w.ctx);
    expect(await progressOf(w.sql, incidentId, waveId)).toMatchObject({
      state: "done",
      people: { delivered: 1, "needs-letter": 1 },
      channels: { sms: { delivered: 1, rejected: 1 }, letter: { "needs-letter": 1 } },
    });
  });

  test("one that blames our sender stops the wave", async () => {
    const { waveId, incidentId } = await givenSms(2);
    const [sliceId = ""] = await leased(w, waveId, 1_000, "sms");
    const { workerId } = await givenSender(w, { channel: "sms" });
    const [row] = await claim(w.sql, { sliceId, waveId, workerId, rowsMax: 1 });
    await settle(w.sql, workerId, [settledAs(row?.id ?? "")]);
    await hear(row?.id ?? "", "undelivered", "30034");
    await sweep(w.ctx);
    const stopped = { state: "paused", pausedReason: "breaker" };
    expect(await progressOf(w.sql, incidentId, waveId)).toMatchObject(stopped);
  });
});

test("an error code that is empty or no number costs us nothing but the code", () => {
  for (const ErrorCode of ["", "none"])
    expect(
      twilioReceipt(
        { deliveryId: "1", attempt: 1 },
        { MessageSid: SID, MessageStatus: "delivered", ErrorCode },
      ),
    ).toMatchObject({ status: "delivered", code: null });
});

describe("a receipt of what nobody knew", () => {
  test("proves that it was taken, and tells us its name", async () => {
    const { id, waveId } = await sentSms(UNKNOWN);
    await hear(id, "queued");
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
    const [attempt] = await w.sql`
      select outcome, reference from attempt where delivery_id = ${id}`;
    expect(attempt).toMatchObject({ outcome: "accepted", reference: SID });
  });

  test("comes before our own answer and waits for it", async () => {
    const { waveId } = await givenSms();
    const [sliceId = ""] = await leased(w, waveId, 1_000, "sms");
    const { workerId } = await givenSender(w, { channel: "sms" });
    const [row] = await claim(w.sql, { sliceId, waveId, workerId, rowsMax: 1 });
    const id = row?.id ?? "";
    await hear(id, "delivered");
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ sending: 1 });
    expect(await effects(id)).toEqual(["delivered null"]);
    await settle(w.sql, workerId, [settledAs(id)]);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ delivered: 1 });
  });

  test("spares a second copy that a person had asked for", async () => {
    const { id, waveId, incidentId } = await sentSms(UNKNOWN);
    await askedAgain({ waveId, incidentId });
    await hear(id, "sent");
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
    expect(await leased(w, waveId, 1_000, "sms")).toEqual([]);
    // Nothing is left of that wish: what fails later moves on.
    await hear(id, "failed", LOST);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ rejected: 1 });
  });

  test("that says it failed leaves a second copy that a person asked for to be sent", async () => {
    const { id, waveId, incidentId } = await sentSms(UNKNOWN);
    await askedAgain({ waveId, incidentId });
    await hear(id, "failed", LOST);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ planned: 1 });
    // Said before that, and heard after it.
    await hear(id, "sent");
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ planned: 1 });
  });

  test("of an older attempt shows that two copies went out", async () => {
    const { id, waveId, incidentId } = await sentSms(UNKNOWN);
    await sentAgain({ waveId, incidentId }, ACCEPTED);
    await hear(id, "sent", undefined, 1);
    await sweep(w.ctx);
    expect(await effects(id)).toEqual(["sent old-attempt"]);
    expect(await progressOf(w.sql, incidentId, waveId)).toMatchObject({
      counts: { accepted: 1 },
      possibleDuplicates: 1,
    });
    await hear(id, "delivered", undefined, 1);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ delivered: 1 });
  });

  test("of no delivery of ours, or of an e-mail, is kept and counted", async () => {
    const { waveId } = await givenWave(w, { people: 1 });
    await sendDue(w, waveId, "email");
    const id = await onlyId(waveId);
    await hear("999999999999", "delivered");
    await hear(id, "delivered");
    await sweep(w.ctx);
    expect(await effects("999999999999")).toEqual(["delivered no-delivery"]);
    expect(await effects(id)).toEqual(["delivered no-delivery"]);
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
  });
});

describe("a receipt of the first attempt, when the second came to nothing", () => {
  const LATER = { kind: "transient", code: "ECONNREFUSED" } as const;

  async function twice() {
    const sent = await sentSms(UNKNOWN);
    await sentAgain(sent, LATER);
    expect(await states(w, sent.waveId)).toEqual({ planned: 1 });
    return sent;
  }
  const due = (waveId: string) =>
    w.sql`update delivery set next_at = now() where wave_id = ${waveId}`;

  test.for([
    ["delivered", "delivered"],
    ["sent", "accepted"],
  ] as const)(
    "%s ends it, planned or leased: nobody gets a second copy",
    async ([status, state]) => {
      for (const isLeased of [false, true]) {
        const { id, waveId, incidentId } = await twice();
        await due(waveId);
        const [sliceId = ""] = isLeased ? await leased(w, waveId, 10, "sms") : [];
        await hear(id, status);
        await sweep(w.ctx);
        expect(await states(w, waveId)).toEqual({ [state]: 1 });
        expect(await effects(id)).toEqual([`${status} moved`]);
        if (isLeased) expect(await claimed(waveId, sliceId)).toEqual([]);
        expect(await leased(w, waveId, 10, "sms")).toEqual([]);
        // One copy went out.
        expect((await progressOf(w.sql, incidentId, waveId)).possibleDuplicates).toBe(0);
      }
    },
  );

  test("that it failed leaves the next try to be made, and later it moves the person on", async () => {
    const { id, waveId } = await twice();
    await hear(id, "failed", LOST);
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ planned: 1 });

    const other = await twice();
    await hear(other.id, "sent");
    await sweep(w.ctx);
    await hear(other.id, "failed", LOST);
    await sweep(w.ctx);
    expect(await states(w, other.waveId)).toEqual({ rejected: 1 });
  });

  test("ends one that is held meanwhile, and proves a look at the provider's list wrong", async () => {
    const { id, waveId } = await twice();
    await due(waveId);
    const compose = () => {
      throw new MessageHold("address");
    };
    await sendDue(w, waveId, "sms", { prepare: async () => ({ compose }) });
    expect(await states(w, waveId)).toEqual({ held: 1 });
    await w.sql`
      update attempt set outcome = 'not-sent', evidence = 'absent'
       where delivery_id = ${id} and n = 1`;
    await hear(id, "sent");
    await sweep(w.ctx);
    expect(await states(w, waveId)).toEqual({ accepted: 1 });
    const [first] = await w.sql`select outcome from attempt where delivery_id = ${id} and n = 1`;
    expect(first).toEqual({ outcome: "accepted" });
  });

  test("races with a claim: either it is sent, and counted as a copy, or it never is", async () => {
    for (let i = 0; i < 6; i += 1) {
      const { id, waveId, incidentId } = await twice();
      await due(waveId);
      const [sliceId = ""] = await leased(w, waveId, 10, "sms");
      await hear(id, "delivered");
      // Both are under way; now one is first, now the other.
      const both = [() => sweep(w.ctx), () => claimed(waveId, sliceId)];
      const [first, second] = i % 2 === 0 ? both : both.toReversed();
      await Promise.all([first?.(), second?.()]);
      const [state = ""] = Object.keys(await states(w, waveId));
      const { possibleDuplicates } = await progressOf(w.sql, incidentId, waveId);
      expect([state, possibleDuplicates]).toEqual(
        state === "sending" ? ["sending", 1] : ["delivered", 0],
      );
    }
  });

  test("that is applied while a claim holds the row waits for it, and finds it sending", async () => {
    const { id, waveId, incidentId } = await twice();
    await due(waveId);
    const [sliceId = ""] = await leased(w, waveId, 10, "sms");
    await hear(id, "delivered");
    let applied: Promise<void> | undefined;
    await w.sql.begin(async (tx) => {
      const { workerId } = await givenSender(w, { channel: "sms" });
      expect(await claim(tx, { sliceId, waveId, workerId, rowsMax: 1 })).toHaveLength(1);
      applied = sweep(w.ctx);
      await vi.waitFor(async () => {
        const waiting = await w.sql`
          select from pg_stat_activity where datname = current_database()
             and wait_event_type = 'Lock'`;
        expect(waiting).toHaveLength(1);
      });
    });
    await applied;
    expect(await states(w, waveId)).toEqual({ sending: 1 });
    expect(await effects(id)).toEqual(["delivered old-attempt"]);
    expect((await progressOf(w.sql, incidentId, waveId)).possibleDuplicates).toBe(1);
  });

  async function claimed(waveId: string, sliceId: string) {
    const { workerId } = await givenSender(w, { channel: "sms" });
    return claim(w.sql, { sliceId, waveId, workerId, rowsMax: 10 });
  }
});

type Of = Readonly<Record<"waveId" | "incidentId", string>>;

/** A person has an SMS sent again of which nobody knows. */
async function askedAgain(wave: Of): Promise<void> {
  const order = { ...wave, deliveryIds: "all", reason: "Nobody knows." } as const;
  await decideUnknown(w.ctx, w.staff.approver, { ...order, decision: "resend" });
}

/** The same, and this comes of it. */
async function sentAgain(wave: Of, outcome: Outcome): Promise<void> {
  await askedAgain(wave);
  w.sms.answer(() => outcome);
  await sendDue(w, wave.waveId, "sms");
}

describe("who answers STOP", () => {
  async function toldBySms(phone: string) {
    const person = { email: undefined, phone };
    const started = await givenStarted(w, { people: [person], plan: { channels: ["sms"] } });
    await sendDue(w, started.waveId, "sms", { prepare: prepareWave });
    return started;
  }
  const wish = (from: string, asked: "stop" | "start") =>
    w.sql.begin((tx) => onSmsWish(w.ctx, tx, { from, wish: asked }));
  const closedOf = (incidentId: string) => w.sql`
    select recipient_id, channel from closed_channel where incident_id = ${incidentId}`;

  test("gets no more SMS in any incident that wrote to the number; START opens it again", async () => {
    const [one, two] = [await toldBySms("+12025550150"), await toldBySms("+12025550150")];
    const other = await toldBySms("+12025550151");
    await wish("+12025550150", "stop");
    await wish("+12025550150", "stop");
    for (const { incidentId, recipientIds } of [one, two])
      expect(await closedOf(incidentId)).toMatchObject([
        { recipientId: recipientIds[0], channel: "sms" },
      ]);
    expect(await closedOf(other.incidentId)).toEqual([]);
    const said = await w.sql`
      select action, after from timeline where incident_id = ${one.incidentId}
         and action like 'recipient.%'`;
    expect(said).toMatchObject([{ action: "recipient.close-sms" }]);
    expect(JSON.stringify(said)).not.toContain("2025550150");
    await wish("+12025550150", "start");
    expect(await closedOf(one.incidentId)).toEqual([]);
  });

  test("whom we never wrote to changes nothing", async () => {
    await wish("+12025550199", "stop");
    const [row] = await w.sql`select count(*)::int as count from closed_channel`;
    await wish("+12025550199", "start");
    expect(row).toEqual((await w.sql`select count(*)::int as count from closed_channel`)[0]);
  });
});

function settledAs(deliveryId: string) {
  const verdict = { state: "accepted", reason: null, nextInMs: 0 } as const;
  return { deliveryId, attempt: 1, outcome: ACCEPTED, verdict };
}

test("every step that a delivery took above is in the table of steps", async () => {
  const taken = await transitions();
  expect(taken.length).toBeGreaterThan(3);
  expect(taken.filter(([from, to]) => !mayBecome(from, to))).toEqual([]);
});

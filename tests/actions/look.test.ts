import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { prepareWave } from "../../src/actions/delivery/prepare.ts";
import { keepReceipts, sweep } from "../../src/actions/receipt.ts";
import { reconcile } from "../../src/actions/receipt/reconcile.ts";
import type { FoundSms } from "../../src/context.ts";
import { twilioReceipt } from "../../src/domain/receipt/twilio.ts";
import * as store from "../../src/store/delivery/reconcile.ts";
import { deliveries } from "../../src/views/wave.ts";
import { givenScope } from "../support/incident.ts";
import { givenStarted, later, sendDue, states } from "../support/wave.ts";
import type { ApprovedOptions } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const own = async () => ({ of: () => ({ own: OWN }) });
const OWN = { personal_code: "ABCD-EFGH-JKMN", survey_code: "", survey_link: "" };
const SID = `SM${"e".repeat(32)}`;
const person = {
  email: undefined,
  phone: "+12025550177",
  agreed: "yes" as const,
  zone: "Europe/London",
};

let w: World;
let asked: number;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());
beforeEach(() => {
  w.sms.answer(() => ({ kind: "unknown", code: "timeout" }));
  asked = 0;
});

/** SMS to one number of which nobody knows what became, long enough ago to be looked for. */
async function givenUnknown(people = 1, when: ApprovedOptions["when"] = {}) {
  const given = await givenStarted(w, {
    people: Array.from({ length: people }, () => person),
    plan: { channels: ["sms"] },
    when,
  });
  await sendDue(w, given.waveId, "sms", { prepare: prepareWave, own });
  expect(await states(w, given.waveId)).toEqual({ unknown: people });
  await later(w, 20);
  return given;
}

/** The provider is asked, and lists the message of our words under these names. */
async function look(...listed: Partial<FoundSms>[]): Promise<void> {
  const { sms } = w.ctx;
  const text = w.sms.sent.at(-1)?.text ?? "";
  const find = async () => {
    asked += 1;
    return listed.map((each) => ({ ...SENT, text, ...each }));
  };
  await reconcile({ ...w.ctx, sms: sms && { ...sms, find } }, own);
  await sweep(w.ctx);
}

const SENT = { reference: SID, status: "sent", code: null } as const;

describe("an SMS whose outcome nobody knows", () => {
  test("is looked for at an hour at which none is sent", async () => {
    const hour = 3_600_000;
    const now = w.clock.now().getTime();
    const evening = Math.ceil(now / (24 * hour)) * 24 * hour + 20 * hour + 50 * 60_000;
    w.clock.advance(evening - now);
    const { waveId } = await givenUnknown(1, {
      localHours: { sms: { from: "08:00", to: "21:00" } },
    });
    w.clock.advance(20 * 60_000);
    await look({ status: "delivered" });
    expect([asked, await states(w, waveId)]).toEqual([1, { delivered: 1 }]);
  });

  test("is not found in one that a report says is another person's", async () => {
    const { waveId } = await givenUnknown(2);
    const [one, two] = await deliveries(w.sql, waveId, { limit: 2 });
    const id = one?.id ?? "";
    // Its worker was lost before it wrote down whose number that was.
    await w.sql`update attempt set number_hash = null where delivery_id = ${id}`;
    const form = { MessageSid: SID, MessageStatus: "delivered" };
    const receipt = twilioReceipt({ deliveryId: id, attempt: 1 }, form);
    await keepReceipts(w.ctx, receipt ? [receipt] : []);
    await sweep(w.ctx);
    await look({});
    expect(asked).toBe(1);
    expect(await states(w, waveId)).toEqual({ delivered: 1, unknown: 1 });
    // Nor where the report came only after the provider's list was compared.
    const late = { state: "accepted", reference: SID, numberHash: "ab" } as const;
    const other = { id: two?.id ?? "", attempt: 1 };
    expect(await w.sql.begin((tx) => store.found(tx, other, late))).toBe(false);
    // Nothing else is listed: the other one was never taken.
    await later(w, 20);
    await look({});
    expect(await states(w, waveId)).toEqual({ delivered: 1, planned: 1 });
  });

  test("is found though a report of its own waits to be applied", async () => {
    const { waveId } = await givenUnknown();
    const [row] = await deliveries(w.sql, waveId, { limit: 1 });
    const form = { MessageSid: SID.replaceAll("e", "d"), MessageStatus: "sent" };
    const receipt = twilioReceipt({ deliveryId: row?.id ?? "", attempt: 1 }, form);
    await keepReceipts(w.ctx, receipt ? [receipt] : []);
    await look({ reference: form.MessageSid, status: "delivered" });
    expect(await states(w, waveId)).toEqual({ delivered: 1 });
  });

  test("that failed because of our account stops its wave, as a report would", async () => {
    const { waveId } = await givenUnknown();
    await look({ reference: SID.replaceAll("e", "a"), status: "failed", code: "30034" });
    expect(await states(w, waveId)).toEqual({ rejected: 1 });
    const [wave] = await w.sql`select state, paused_reason from wave where id = ${waveId}`;
    expect(wave).toEqual({ state: "paused", pausedReason: "breaker" });
  });

  test("is left to a person where it was not taken and its wave may not go on", async () => {
    const { waveId, incidentId } = await givenUnknown();
    await w.sql`update wave set state = 'done', ended_at = now() where id = ${waveId}`;
    await givenScope(w, incidentId, { whatHappened: "Something quite different was learned." });
    await look();
    await later(w, 20);
    await look();
    expect([asked, await states(w, waveId)]).toEqual([2, { unknown: 1 }]);
    const [wave] = await w.sql`select state from wave where id = ${waveId}`;
    expect(wave).toEqual({ state: "done" });
  });
});

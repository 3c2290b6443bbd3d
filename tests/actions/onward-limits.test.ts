import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { withdraw } from "../../src/actions/notice/draft.ts";
import { cancel, pause, sweep } from "../../src/actions/wave.ts";
import { sendSlice } from "../../src/actions/delivery/send.ts";
import { deliveries, progressOf } from "../../src/views/wave.ts";
import { givenScope } from "../support/incident.ts";
import {
  givenSender,
  givenStarted,
  givenWave,
  leased,
  sendDue,
  suppress,
} from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());
beforeEach(() => {
  w.email.answer(() => ({ kind: "accepted", code: "250" }));
});

const NOBODY = { kind: "rejected", fault: "recipient", code: "550" } as const;
const postal = { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" };
const everything = {
  email: "ada@example.com",
  agreed: "yes",
  phone: "+12025550142",
  postal,
} as const;

async function ways(waveId: string) {
  const rows = await deliveries(w.sql, waveId, { limit: 100 });
  return rows.map(({ channel, state, reason }) => `${channel} ${state} ${reason}`);
}

function progress({ incidentId, waveId }: { incidentId: string; waveId: string }) {
  return progressOf(w.sql, incidentId, waveId);
}

/** A wave that has ended, of whose one e-mail the rejection comes late. */
async function endedThenRejected<T extends { waveId: string }>(given: T): Promise<T> {
  await sendDue(w, given.waveId, "email");
  await sweep(w.ctx);
  await w.sql`update delivery set state = 'rejected' where wave_id = ${given.waveId}`;
  return given;
}

describe("a rejection that comes late", () => {
  test("of a wave whose facts have changed opens it again, paused, for people to see", async () => {
    const given = await givenWave(w, { people: [everything], channels: ["email", "sms"] });
    await endedThenRejected(given);
    await givenScope(w, given.incidentId, { whatHappened: "It was two laptops." });
    await sweep(w.ctx);
    expect(await progress(given)).toMatchObject({
      state: "paused",
      pausedReason: "facts-changed",
      people: { planned: 1 },
    });
  });

  test("of a wave whose notice was withdrawn is where it ends", async () => {
    const given = await givenStarted(w, {
      people: [everything],
      plan: { channels: ["email", "sms"] },
    });
    await endedThenRejected(given);
    await withdraw(w.ctx, w.staff.drafter, given, 3);
    await sweep(w.ctx);
    expect(await progress(given)).toMatchObject({ state: "done", people: { rejected: 1 } });
  });
});

describe("a mailbox that bounced after the plan was made", () => {
  test.for(["legal", "courtesy"])("keeps no %s notice from its owner's phone", async (kind) => {
    const given = await givenWave(w, { people: [everything], channels: ["sms", "email"] });
    await w.sql`
      update notice set class = ${kind} where id in (
        select v.notice_id from notice_version v join wave on wave.notice_version_id = v.id
         where wave.id = ${given.waveId})`;
    await suppress(w, given.incidentId, given.recipientIds[0] ?? "", "hard-bounce");
    await sendDue(w, given.waveId, "sms");
    expect(await ways(given.waveId)).toEqual(["sms accepted null"]);
  });

  test("is not tried again, and the next channel follows", async () => {
    const given = await givenWave(w, { people: [everything], channels: ["email", "sms"] });
    const [sliceId = ""] = await leased(w, given.waveId);
    await suppress(w, given.incidentId, given.recipientIds[0] ?? "", "hard-bounce");
    const before = w.email.sent.length;
    await sendSlice(w.ctx, await givenSender(w), sliceId);
    await sweep(w.ctx);
    expect(await ways(given.waveId)).toEqual(["email rejected hard-bounce", "sms planned null"]);
    expect(w.email.sent).toHaveLength(before);
  });
});

describe("a wave that stands still", () => {
  test("moves people on and sends them nothing", async () => {
    const given = await givenWave(w, {
      people: [everything, everything],
      channels: ["email", "sms"],
    });
    w.email.answer(() => NOBODY);
    await sendDue(w, given.waveId, "email");
    await pause(w.ctx, w.staff.approver, { ...given, reason: "A question from counsel." });
    await sweep(w.ctx);
    expect(await progress(given)).toMatchObject({ state: "paused", people: { planned: 2 } });
    const before = w.sms.sent.length;
    await sendDue(w, given.waveId, "sms");
    expect(w.sms.sent).toHaveLength(before);
  });

  test("for good leaves nobody waiting for a letter", async () => {
    const people = [{ agreed: "no", postal } as const, everything];
    const given = await givenWave(w, { people });
    await cancel(w.ctx, w.staff.approver, { ...given, reason: "It was a mistake." });
    expect(await progress(given)).toMatchObject({ state: "cancelled", people: { cancelled: 2 } });
  });
});

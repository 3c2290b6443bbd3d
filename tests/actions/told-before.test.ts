import { afterAll, beforeAll, expect, test } from "vitest";

import { approve, sendBack } from "../../src/actions/approval.ts";
import { viewOf } from "../../src/actions/approval/view.ts";
import { submit } from "../../src/actions/approval/submit.ts";
import { prepareWave } from "../../src/actions/delivery/prepare.ts";
import { cancel, sweep } from "../../src/actions/wave.ts";
import { preflight } from "../../src/actions/wave/preflight.ts";
import { start } from "../../src/actions/wave/start.ts";
import type { Plan } from "../../src/domain/approval.ts";
import * as approvals from "../../src/store/approval.ts";
import * as notices from "../../src/store/notice.ts";
import { outcomeOf } from "../support/notice.ts";
import { givenStarted, sendDue, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const plan: Plan = { mode: "first-reachable", channels: ["email"], consent: "agreed" };

/** A wave whose window ended before its last person's turn, one of three who is unknown. */
async function givenLate() {
  const given = await givenStarted(w, { people: 4, plan });
  const [, second, , last = ""] = given.recipientIds;
  await w.sql`
    update delivery set next_at = now() + interval '1 hour'
     where wave_id = ${given.waveId} and recipient_id = ${last}`;
  await sendDue(w, given.waveId, "email", {
    prepare: prepareWave,
    own: async () => ({
      of: () => ({ own: { personal_code: "A", survey_code: "", survey_link: "" } }),
    }),
  });
  await w.sql`
    update delivery set state = 'unknown'
     where wave_id = ${given.waveId} and recipient_id = ${second ?? ""}`;
  await w.sql`
    update wave set not_after = now() - interval '1 minute' where id = ${given.waveId}`;
  await sweep(w.ctx);
  return { ...given, last };
}

/** The same notice to the same people, submitted and approved again. */
async function approvedAgain(given: Awaited<ReturnType<typeof givenLate>>) {
  const { incidentId, audienceId } = given;
  const was = { incidentId, submissionId: given.submissionId };
  await sendBack(w.ctx, w.staff.approver, was, "The window is over.");
  const { id: noticeId, version } = await notices.find(w.sql, incidentId, given.noticeId);
  const again = { noticeId, version, audienceId, plan, canary: 0 };
  const { id, binding } = await submit(w.ctx, w.staff.drafter, incidentId, again);
  const path = { incidentId, submissionId: id };
  await approve(w.ctx, w.staff.approver, path, { binding });
  return path;
}

async function reachOf({ incidentId, submissionId }: { incidentId: string; submissionId: string }) {
  const found = await approvals.find(w.sql, incidentId, submissionId);
  const { people, email, excluded } = (await viewOf(w.ctx, w.sql, found)).reach;
  return { people, email, excluded };
}

test("a notice submitted again goes to those alone whom its earlier wave did not tell", async () => {
  const first = await givenLate();
  expect(await states(w, first.waveId)).toEqual({ accepted: 2, unknown: 1, planned: 1 });
  const again = await approvedAgain(first);
  expect(await outcomeOf(start(w.ctx, w.staff.responder, again))).toBe("wrong-state");
  const order = { incidentId: first.incidentId, waveId: first.waveId, reason: "It is too late." };
  await cancel(w.ctx, w.staff.responder, order);
  w.clock.advance(60_000);
  // What its approver is shown is what is planned.
  expect(await reachOf(again)).toEqual({ people: 4, email: 1, excluded: 3 });
  expect((await preflight(w.ctx, again)).findings).toEqual(expect.any(Array));
  const { id } = await start(w.ctx, w.staff.responder, again);
  const rows = await w.sql`
    select recipient_id, state, reason from delivery where wave_id = ${id} order by state desc`;
  expect(rows.map(({ state, reason }) => [state, reason])).toEqual([
    ["planned", null],
    ...Array.from({ length: 3 }, () => ["excluded", "told-before"]),
  ]);
  expect(rows[0]).toMatchObject({ recipientId: first.last });
  // What was sent since changes neither what was approved here nor what was approved before.
  await sendDue(w, id, "email");
  expect(await reachOf(again)).toEqual({ people: 4, email: 1, excluded: 3 });
  const before = { incidentId: first.incidentId, submissionId: first.submissionId };
  expect(await reachOf(before)).toEqual({ people: 4, email: 4, excluded: 0 });
});

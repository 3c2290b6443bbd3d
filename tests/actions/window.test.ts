import { afterAll, beforeAll, expect, test } from "vitest";

import { get } from "../../src/actions/approval/submit.ts";
import { withdraw } from "../../src/actions/notice/draft.ts";
import { get as getNotice } from "../../src/actions/notice/read.ts";
import { sendSlice } from "../../src/actions/delivery/send.ts";
import { resume, sweep } from "../../src/actions/wave.ts";
import { start } from "../../src/actions/wave/start.ts";
import { SENSITIVITY_DEFAULTS } from "../../src/domain/element.ts";
import { givenSubmission, outcomeOf } from "../support/notice.ts";
import {
  givenApproved,
  givenSender,
  givenStarted,
  leased,
  somePeople,
  states,
  suppress,
} from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const postal = { lines: ["12 Larkspur Lane"], city: "Springvale", postcode: "12345" };

test("who opted out still gets what the law requires, and a dead mailbox moves on to a letter", async () => {
  const people = somePeople(4).map((person) => ({ ...person, postal }));
  const approved = await givenApproved(w, { people });
  const [optedOut = "", bounced = "", deceased = ""] = approved.recipientIds;
  await suppress(w, approved.incidentId, optedOut, "opted-out");
  await suppress(w, approved.incidentId, bounced, "hard-bounce");
  await suppress(w, approved.incidentId, deceased, "deceased");

  const { reach } = await get(w.ctx, approved.incidentId, approved.submissionId);
  expect(reach).toMatchObject({ people: 4, email: 2, needsLetter: 1, excluded: 1, notReached: 0 });
  const { id } = await start(w.ctx, w.staff.responder, approved);
  expect(await states(w, id)).toEqual({ planned: 2, "needs-letter": 1, excluded: 1 });

  const [sliceId = ""] = await leased(w, id);
  await sendSlice(w.ctx, await givenSender(w), sliceId);
  expect(await states(w, id)).toEqual({ accepted: 2, "needs-letter": 1, excluded: 1 });
});

test("an approval starts a wave within its window, and neither before nor after", async () => {
  const at = (ms: number) => new Date(w.clock.now().getTime() + ms);
  const sendWindow = { notBefore: at(60_000), notAfter: at(120_000) };
  const approved = await givenApproved(w, { people: 1, sendWindow });
  const begin = () => outcomeOf(start(w.ctx, w.staff.responder, approved));
  expect(await begin()).toBe("wrong-state");
  w.clock.advance(121_000);
  expect(await begin()).toBe("wrong-state");
  w.clock.advance(-31_000);
  expect(await begin()).toBe("done");
});

test("a wave whose window ends claims nothing more, pauses as late and cannot go on", async () => {
  const { waveId, incidentId } = await givenStarted(w, { people: 3 });
  const [sliceId = ""] = await leased(w, waveId);
  await w.sql`update wave set not_after = now() - interval '1 second' where id = ${waveId}`;
  await sendSlice(w.ctx, await givenSender(w), sliceId);
  expect(await states(w, waveId)).toEqual({ planned: 3 });
  expect(await leased(w, waveId)).toEqual([]);

  await sweep(w.ctx);
  const [wave] = await w.sql`select state, paused_reason from wave where id = ${waveId}`;
  expect(wave).toEqual({ state: "paused", pausedReason: "late" });
  const again = resume(w.ctx, w.staff.approver, { incidentId, waveId, reason: "Nearly done." });
  expect(await outcomeOf(again)).toBe("wrong-state");
});

test("the plan's first channel is tried first, and without one the sensitivity says which", async () => {
  const people = somePeople(2).map((person, i) => (i === 0 ? { ...person, postal } : person));
  const byPost = await givenApproved(w, { people, plan: { channels: ["letter", "email"] } });
  const first = await start(w.ctx, w.staff.responder, byPost);
  expect(await states(w, first.id)).toEqual({ "needs-letter": 1, planned: 1 });

  const unsaid = await givenSubmission(w, byPost);
  expect(unsaid.plan.channels).toEqual(SENSITIVITY_DEFAULTS.contact.channels);
});

test("a notice that is withdrawn in mid-wave goes to nobody else, and the wave stands still", async () => {
  const { waveId, incidentId, noticeId } = await givenStarted(w, { people: 3 });
  const [sliceId = ""] = await leased(w, waveId);
  const { notice } = await getNotice(w.ctx, { incidentId, noticeId });
  await withdraw(w.ctx, w.staff.drafter, { incidentId, noticeId }, notice.version);
  await sendSlice(w.ctx, await givenSender(w), sliceId);
  expect(await states(w, waveId)).toEqual({ planned: 3 });

  await sweep(w.ctx);
  const [wave] = await w.sql`select state, paused_reason from wave where id = ${waveId}`;
  expect(wave).toEqual({ state: "paused", pausedReason: "person" });
  const again = resume(w.ctx, w.staff.approver, { incidentId, waveId, reason: "Never mind." });
  expect(await outcomeOf(again)).toBe("wrong-state");
});

test("connections plan every statement anew and wait for the disk, whatever the server's default", async () => {
  expect(await w.sql`show plan_cache_mode`).toEqual([{ planCacheMode: "force_custom_plan" }]);
  expect(await w.sql`show synchronous_commit`).toEqual([{ synchronousCommit: "on" }]);
});

import { afterAll, beforeAll, expect, test } from "vitest";

import { withdraw } from "../../src/actions/notice/draft.ts";
import { get as getNotice } from "../../src/actions/notice/read.ts";
import { warningsOf } from "../../src/views/warning.ts";
import { givenStarted, givenWave } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const seen = (waveId: string, sms = true) => warningsOf(w.sql, waveId, { sms });

test("a wave with nothing to say has no warnings", async () => {
  const { waveId } = await givenStarted(w, { people: 2 });
  expect(await seen(waveId)).toEqual([]);
});

test("a notice that is edited or withdrawn in mid-wave shows", async () => {
  const { waveId, incidentId, noticeId } = await givenStarted(w, { people: 2 });
  const path = { incidentId, noticeId };
  const { notice } = await getNotice(w.ctx, path);
  await w.sql`
    insert into notice_version (id, notice_id, number, languages, sender, facts, codes, content_hash,
                                created_by, created_at)
    select gen_random_uuid(), notice_id, number + 1, languages, sender, facts, codes, content_hash,
           created_by, created_at from notice_version where notice_id = ${noticeId}`;
  expect(await seen(waveId)).toEqual(["notice-edited"]);
  await withdraw(w.ctx, w.staff.drafter, path, notice.version);
  expect(await seen(waveId)).toEqual(["notice-withdrawn", "notice-edited"]);
});

test("SMS that wait for a provider nobody set up show", async () => {
  const people = [{ email: undefined, phone: "+12025550142" }];
  const { waveId } = await givenWave(w, { people, channels: ["sms"] });
  expect(await seen(waveId)).toEqual([]);
  expect(await seen(waveId, false)).toEqual(["no-sms-provider"]);
  await w.sql`update wave set state = 'done' where id = ${waveId}`;
  expect(await seen(waveId, false)).toEqual([]);
});

test.for([
  ["planned", "quiet-hours", ["quiet-hours"]],
  ["planned", "rate", ["slowed"]],
  ["held", "missing:name", ["held"]],
  ["accepted", "despite-hours", []],
] as const)("a delivery that is %s for %s shows as %j", async ([state, reason, warnings]) => {
  const { waveId } = await givenWave(w, { people: 1 });
  await w.sql`update delivery set state = ${state}, reason = ${reason} where wave_id = ${waveId}`;
  expect(await seen(waveId)).toEqual(warnings);
});

test("a deadline that was not kept, and one that overrides the hours, show", async () => {
  const { waveId } = await givenWave(w, { people: 1 });
  await w.sql`
    update wave set deadline = now() - interval '1 minute', override_noted_at = now()
     where id = ${waveId}`;
  expect(await seen(waveId)).toEqual(["despite-hours", "deadline-missed"]);
});

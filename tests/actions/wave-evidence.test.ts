import { afterAll, beforeAll, expect, test } from "vitest";

import { assessed } from "../../src/actions/obligation/assess.ts";
import { meetByWave } from "../../src/actions/wave/evidence.ts";
import type { Context } from "../../src/context.ts";
import { givenScope } from "../support/incident.ts";
import { outcomeOf } from "../support/notice.ts";
import { AUTHORITY, PEOPLE, underLaw } from "../support/obligation.ts";
import { givenWave, somePeople } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let ctx: Context;
beforeAll(async () => {
  w = await world();
  ctx = underLaw(w);
});
afterAll(() => w.close());

/** A wave to three people, whose deliveries then stand like this. */
async function given(states: readonly string[], state = "done", country?: string) {
  const people = country === undefined ? 3 : somePeople(3).map((each) => ({ ...each, country }));
  const { incidentId, waveId } = await givenWave(w, { people, channels: ["email"] });
  await givenScope(w, incidentId, { people: [{ jurisdiction: "DE", count: 3 }] });
  const rows = await w.sql<{ id: string }[]>`
    select id from delivery where wave_id = ${waveId} order by id`;
  for (const [i, each] of states.entries())
    await w.sql`
      update delivery set state = ${each}, settled_at = now(), onward = ${each === "rejected" ? false : null}
       where id = ${rows[i]?.id ?? ""}`;
  const endedAt = state === "done" ? w.clock.now() : null;
  await w.sql`update wave set state = ${state}, ended_at = ${endedAt} where id = ${waveId}`;
  return { incidentId, waveId };
}

const evidence = (waveId: string, over = {}) => ({
  obligations: [PEOPLE],
  waveId,
  notReachedListed: false,
  ...over,
});

test("a wave that is done meets what people were owed; the row names it and the counts", async () => {
  const { incidentId, waveId } = await given(["accepted", "delivered", "excluded"]);
  await meetByWave(ctx, w.staff.responder, incidentId, evidence(waveId));
  const { tracked } = await assessed(ctx, w.sql, incidentId);
  const { clock, met } = tracked.find(({ obligation }) => obligation.id === PEOPLE) ?? {};
  expect(clock?.state).toBe("met");
  expect(met).toMatchObject({
    waveId,
    reference: null,
    at: w.clock.now(),
    counts: { told: 2, notReached: 0, excluded: 1, cancelled: 0, decided: 0 },
  });
  const [fact] = await w.sql`
    select after from timeline where incident_id = ${incidentId} and action = 'obligation.meet'`;
  expect(fact?.["after"]).toMatchObject({ records: [{ obligation: PEOPLE, waveId }] });
});

test("a wave to nobody of the place shows nothing of what is owed there", async () => {
  const { incidentId, waveId } = await given(["accepted", "accepted", "accepted"], "done", "FR");
  const refused = meetByWave(ctx, w.staff.responder, incidentId, evidence(waveId));
  await expect(refused).rejects.toMatchObject({
    code: "wrong-state",
    fields: [{ field: "obligations.0", code: "nobody-there" }],
  });
});

test.for([
  ["unknown", "unknown"],
  ["held", "held"],
  ["needs-letter", "letters"],
] as const)("while one is %s it shows nothing", async ([state, field]) => {
  const { incidentId, waveId } = await given(["accepted", "accepted", state]);
  const refused = meetByWave(ctx, w.staff.responder, incidentId, evidence(waveId));
  await expect(refused).rejects.toMatchObject({
    code: "wrong-state",
    fields: [{ field, code: "open" }],
  });
});

test("people not reached must be listed, and are counted", async () => {
  const { incidentId, waveId } = await given(["accepted", "rejected", "not-reached"]);
  const refused = meetByWave(ctx, w.staff.responder, incidentId, evidence(waveId));
  await expect(refused).rejects.toMatchObject({ fields: [{ field: "notReachedListed" }] });
  const listed = evidence(waveId, { notReachedListed: true });
  await meetByWave(ctx, w.staff.responder, incidentId, listed);
  const { tracked } = await assessed(ctx, w.sql, incidentId);
  const { met } = tracked.find(({ obligation }) => obligation.id === PEOPLE) ?? {};
  expect(met?.counts).toMatchObject({ told: 1, notReached: 2 });
});

test("a wave under way, one that told nobody, another incident's and a filing's are refused", async () => {
  const running = await given(["accepted", "accepted", "planned"], "sending");
  const nobody = await given(["cancelled", "cancelled", "excluded"]);
  const by = (incidentId: string, waveId: string, over = {}) =>
    outcomeOf(meetByWave(ctx, w.staff.responder, incidentId, evidence(waveId, over)));
  expect(await by(running.incidentId, running.waveId)).toBe("wrong-state");
  expect(await by(nobody.incidentId, nobody.waveId)).toBe("wrong-state");
  expect(await by(nobody.incidentId, running.waveId)).toBe("not-found");
  const done = await given(["accepted", "accepted", "accepted"]);
  const authority = { obligations: [PEOPLE, AUTHORITY] };
  expect(await by(done.incidentId, done.waveId, authority)).toBe("wrong-state");
  expect(await by(done.incidentId, done.waveId)).toBe("done");
});

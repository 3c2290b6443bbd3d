import { afterAll, beforeAll, expect, test } from "vitest";

import { revise } from "../../src/actions/scope.ts";
import { judge, read } from "../../src/actions/severity.ts";
import { givenIncident } from "../support/incident.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());

test("a severity is what the facts give until a person judges, and outdated when they change", async () => {
  const { id } = await givenIncident(w);
  const { responder, counsel } = w.staff;
  const first = await read(w.ctx, id);
  expect(first).toMatchObject({ version: 0, outdated: false, history: [] });
  const judged = await judge(w.ctx, responder, id, {
    version: 0,
    override: "low",
    reason: "The list was returned unread.",
  });
  expect(judged).toMatchObject({ version: 1, outdated: false, severity: { level: "low" } });
  await revise(w.ctx, responder, id, {
    baseVersion: 1,
    facts: { whatHappened: "It was read after all." },
    reason: "New logs.",
  });
  expect(await read(w.ctx, id)).toMatchObject({ version: 1, scopeVersion: 2, outdated: true });
  const again = await judge(w.ctx, counsel, id, { version: 1, intent: "malicious" });
  expect(again).toMatchObject({ version: 2, outdated: false });
  expect(again.history.map(({ by }) => by)).toEqual([counsel.staffId, responder.staffId]);
});

test("two judgements at once: one counts, the other is told to look again", async () => {
  const { id } = await givenIncident(w);
  const both = await Promise.allSettled(
    [w.staff.responder, w.staff.counsel].map((actor) =>
      judge(w.ctx, actor, id, { version: 0, intent: "accident" }),
    ),
  );
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(both.find(({ status }) => status === "rejected")).toMatchObject({
    reason: { code: "stale-version" },
  });
});

test("what was said is never changed, not even by SQL", async () => {
  const { id } = await givenIncident(w);
  await judge(w.ctx, w.staff.responder, id, { version: 0, intent: "accident" });
  await expect(w.sql`update severity set input = '{}' where incident_id = ${id}`).rejects.toThrow();
  await expect(w.sql`delete from severity where incident_id = ${id}`).rejects.toThrow();
});

import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { update } from "../../src/actions/incident.ts";
import { declare } from "../../src/actions/scope.ts";
import type { Declaration } from "../../src/domain/incident.ts";
import * as timeline from "../../src/store/timeline.ts";
import { list, overview } from "../../src/views/incident.ts";
import { aDeclaration, givenIncident } from "../support/incident.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());

const rows = async (table: string) =>
  (await w.sql<{ n: number }[]>`select count(*)::integer as n from ${w.sql(table)}`)[0]?.n;

describe("declaring an incident", () => {
  test("keeps four facts, knows that it does not know the others, and leaves a trace", async () => {
    const { incident, scope } = await declare(w.ctx, w.staff.responder, aDeclaration());
    const whole = await overview(w.sql, incident.id);
    expect(whole.incident).toEqual(incident);
    expect(whole.scope).toEqual(scope);
    expect(whole.scope.facts.encryption).toBe("not-yet-known");
    expect(whole.sensitivity).toMatchObject({ class: "contact", derived: "contact" });
    expect(whole.tasks).toEqual([]);
    expect(await timeline.ofIncident(w.sql, incident.id, 10)).toEqual([
      expect.objectContaining({
        action: "incident.declare",
        actor: w.staff.responder.staffId,
        after: expect.objectContaining({
          dataElements: ["name:suspected", "email-address:suspected"],
        }),
      }),
    ]);
  });

  test("gives the incident a key of its own", async () => {
    const [one, two] = [await givenIncident(w), await givenIncident(w)];
    const sealed = (await w.ctx.vault.keys(one.id)).seal("recipient", "r", "hello");
    expect((await w.ctx.vault.keys(one.id)).open("recipient", "r", sealed)).toBe("hello");
    const other = await w.ctx.vault.keys(two.id);
    expect(() => other.open("recipient", "r", sealed)).toThrow();
  });

  test("with a runbook loads its steps as tasks, due after awareness", async () => {
    const { id, awareAt } = await givenIncident(w, { runbook: "ransomware" });
    const { tasks, incident } = await overview(w.sql, id);
    const runbook = w.ctx.runbooks.find((each) => each.id === "ransomware");
    expect(incident.runbook).toBe("ransomware");
    expect(tasks).toHaveLength(runbook?.steps.length ?? 0);
    expect(tasks[0]).toMatchObject({
      position: 1,
      ownerRole: "responder",
      owner: w.staff.responder.staffId,
      dueAt: new Date(awareAt.getTime() + 15 * 60_000),
    });
  });

  test.for<[string, Partial<Declaration>, string]>([
    ["an unknown runbook", { runbook: "flood" }, "runbook"],
    ["an awareness in the future", { awareAt: new Date("2026-03-03T10:06:00Z") }, "awareAt"],
    ["a kind of data named twice", { dataElements: ["ssn", "ssn"] }, "dataElements.1"],
  ])("with %s leaves nothing behind", async ([, over, field]) => {
    const before = [await rows("incident"), await rows("scope"), await rows("timeline")];
    await expect(declare(w.ctx, w.staff.responder, aDeclaration(over))).rejects.toMatchObject({
      code: "invalid-input",
      fields: [{ field }],
    });
    expect([await rows("incident"), await rows("scope"), await rows("timeline")]).toEqual(before);
  });

  test("writes no free text into the timeline", async () => {
    const { id } = await givenIncident(w, {
      title: "Canary title 8231947",
      whatHappened: "Canary story 8231947",
    });
    await update(w.ctx, w.staff.responder, id, { version: 1, title: "Canary renamed 8231947" });
    const written = JSON.stringify(await timeline.ofIncident(w.sql, id, 10));
    expect(written).toContain("incident.update");
    expect(written).not.toContain("8231947");
  });
});

describe("changing an incident", () => {
  test("moves state and determination, and the timeline says why", async () => {
    const { id } = await givenIncident(w);
    const after = await update(w.ctx, w.staff.responder, id, {
      version: 1,
      determination: "confirmed",
      state: "containment",
      reason: "The images are in.",
    });
    expect(after).toMatchObject({ version: 2, determination: "confirmed", state: "containment" });
    expect((await overview(w.sql, id)).incident).toEqual(after);
    expect((await timeline.ofIncident(w.sql, id, 1))[0]).toMatchObject({
      action: "incident.update",
      before: { determination: "suspected", state: "open" },
      after: { determination: "confirmed", state: "containment" },
      reason: "The images are in.",
    });
  });

  test("of ten people who change the same version at once, one succeeds", async () => {
    const { id } = await givenIncident(w);
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) =>
        update(w.ctx, w.staff.responder, id, { version: 1, title: `Title ${i}` }),
      ),
    );
    expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const attempt of attempts)
      if (attempt.status === "rejected")
        expect(attempt.reason).toMatchObject({
          code: "stale-version",
          fields: [{ field: "version", message: "The current version is 2." }],
        });
    expect(await timeline.ofIncident(w.sql, id, 10)).toHaveLength(2);
  });

  test("a person's judgement of the sensitivity counts before the derived one", async () => {
    const { id } = await givenIncident(w);
    await update(w.ctx, w.staff.counsel, id, {
      version: 1,
      sensitivity: "special-category",
      reason: "The list is that of a clinic.",
    });
    expect((await overview(w.sql, id)).sensitivity).toMatchObject({
      class: "special-category",
      derived: "contact",
      discreet: true,
    });
  });

  test("owners must hold the role they lead for, and still be here", async () => {
    const { id } = await givenIncident(w);
    const { drafter, counsel, responder } = w.staff;
    const gone = await givenActor(w.ctx, ["approver"]);
    await w.sql`update staff set disabled_at = ${w.clock.now()} where id = ${gone.staffId}`;
    const name = (owners: Record<string, string>) =>
      update(w.ctx, responder, id, { version: 1, owners });

    for (const owners of [
      { drafter: counsel.staffId },
      { approver: gone.staffId },
      { counsel: randomUUID() },
    ])
      await expect(name(owners)).rejects.toMatchObject({
        code: "invalid-input",
        fields: [{ field: `owners.${Object.keys(owners)[0]}`, code: "role-not-held" }],
      });
    await expect(
      name({ drafter: drafter.staffId, counsel: counsel.staffId }),
    ).resolves.toMatchObject({
      owners: {
        responder: responder.staffId,
        drafter: drafter.staffId,
        counsel: counsel.staffId,
      },
    });
  });

  test("that does not exist is not found", async () => {
    const change = update(w.ctx, w.staff.responder, randomUUID(), { version: 1, title: "x" });
    await expect(change).rejects.toMatchObject({ code: "not-found" });
    await expect(overview(w.sql, randomUUID())).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("the list of incidents", () => {
  test("pages from the newest to the oldest without gaps, and counts late tasks", async () => {
    const own = await world();
    try {
      const ids: string[] = [];
      for (const runbook of ["insider", undefined, undefined, undefined, undefined]) {
        ids.unshift((await givenIncident(own, runbook === undefined ? {} : { runbook })).id);
        if (ids.length !== 3) own.clock.advance(60_000); // Two were declared in the same moment.
      }
      const seen: string[] = [];
      for (let after: string | undefined; ; after = seen.at(-1)) {
        const page = await list(own.sql, { limit: 2, after }, own.clock.now());
        if (page.length === 0) break;
        seen.push(...page.map(({ id }) => id));
      }
      expect(seen.toSorted()).toEqual(ids.toSorted());
      expect(seen.at(-1)).toBe(ids.at(-1));
      expect(seen[0]).toBe(ids[0]);

      const lines = await list(own.sql, { limit: 50, state: "open" }, own.clock.now());
      expect(lines).toHaveLength(5);
      expect(lines.at(-1)).toMatchObject({ scopeVersion: 1, tasksOpen: 12 });
      expect(lines.at(-1)?.tasksLate).toBeGreaterThan(0);
      expect(await list(own.sql, { limit: 50, state: "closed" }, own.clock.now())).toEqual([]);
    } finally {
      await own.close();
    }
  });
});

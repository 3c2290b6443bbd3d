import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { update as updateIncident } from "../../src/actions/incident.ts";
import { add, loadRunbook, update } from "../../src/actions/task.ts";
import * as timeline from "../../src/store/timeline.ts";
import { list } from "../../src/views/task.ts";
import { givenIncident } from "../support/incident.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());

const aTask = {
  title: "Call the hotel",
  phase: "containment",
  ownerRole: "responder",
} as const;

describe("a runbook", () => {
  test("loads at any time, and again without doubling or undoing anything", async () => {
    const { id } = await givenIncident(w);
    const load = () => loadRunbook(w.ctx, w.staff.responder, id, "vendor");
    expect(await load()).toEqual({ runbook: "vendor", added: 12 });
    const [task] = await list(w.sql, id);
    const path = { incidentId: id, taskId: task?.id ?? "" };
    await update(w.ctx, w.staff.responder, path, { version: 1, done: true });
    expect(await load()).toEqual({ runbook: "vendor", added: 0 });
    const tasks = await list(w.sql, id);
    expect(tasks).toHaveLength(12);
    expect(tasks.find((each) => each.id === task?.id)?.doneBy).toBe(w.staff.responder.staffId);
  });

  test("loaded ten times at once is there once, beside another", async () => {
    const { id } = await givenIncident(w, { runbook: "insider" });
    const loads = await Promise.all(
      Array.from({ length: 10 }, () => loadRunbook(w.ctx, w.staff.counsel, id, "vendor")),
    );
    expect(loads.reduce((sum, { added }) => sum + added, 0)).toBe(12);
    expect(await list(w.sql, id)).toHaveLength(24);
  });

  test("nobody has written is refused", async () => {
    const { id } = await givenIncident(w);
    await expect(loadRunbook(w.ctx, w.staff.responder, id, "flood")).rejects.toMatchObject({
      code: "invalid-input",
      fields: [{ field: "runbook", code: "unknown" }],
    });
  });
});

describe("a task", () => {
  test("goes to whoever leads for its role unless said", async () => {
    const { id } = await givenIncident(w);
    const { responder, counsel } = w.staff;
    expect(await add(w.ctx, responder, id, aTask)).toMatchObject({
      owner: responder.staffId,
      position: 1,
      dueAt: null,
    });
    expect(await add(w.ctx, responder, id, { ...aTask, ownerRole: "counsel" })).toMatchObject({
      owner: null,
      position: 2,
    });
    const named = { ...aTask, ownerRole: "counsel", owner: counsel.staffId } as const;
    expect(await add(w.ctx, responder, id, named)).toMatchObject({ owner: counsel.staffId });
    await expect(
      add(w.ctx, responder, id, { ...named, ownerRole: "drafter" }),
    ).rejects.toMatchObject({ code: "invalid-input", fields: [{ code: "role-not-held" }] });
  });

  test("added ten times at once gets ten places", async () => {
    const { id } = await givenIncident(w);
    const tasks = await Promise.all(
      Array.from({ length: 10 }, () => add(w.ctx, w.staff.responder, id, aTask)),
    );
    expect(tasks.map(({ position }) => position).toSorted((a, b) => a - b)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  test("is assigned, completed and reopened, and each leaves its verb", async () => {
    const { id } = await givenIncident(w);
    const task = await add(w.ctx, w.staff.counsel, id, { ...aTask, ownerRole: "counsel" });
    const path = { incidentId: id, taskId: task.id };
    const { counsel } = w.staff;
    const dueAt = new Date("2026-03-04T09:00:00Z");
    await update(w.ctx, counsel, path, { version: 1, owner: counsel.staffId, dueAt });
    const done = await update(w.ctx, counsel, path, { version: 2, done: true });
    expect(done).toMatchObject({
      version: 3,
      owner: counsel.staffId,
      dueAt,
      doneAt: w.clock.now(),
      doneBy: counsel.staffId,
    });
    expect(await list(w.sql, id)).toEqual([done]);
    await expect(update(w.ctx, counsel, path, { version: 3, done: true })).rejects.toMatchObject({
      code: "wrong-state",
    });
    const again = await update(w.ctx, counsel, path, { version: 3, done: false, owner: "nobody" });
    expect(again).toMatchObject({ doneAt: null, doneBy: null, owner: null });
    expect((await timeline.ofIncident(w.sql, id, 4)).map(({ action }) => action)).toEqual([
      "task.reopen",
      "task.complete",
      "task.assign",
      "task.add",
    ]);
  });

  test("is given only to somebody who holds its role", async () => {
    const { id } = await givenIncident(w);
    const { id: taskId } = await add(w.ctx, w.staff.responder, id, aTask);
    await expect(
      update(
        w.ctx,
        w.staff.responder,
        { incidentId: id, taskId },
        {
          version: 1,
          owner: w.staff.drafter.staffId,
        },
      ),
    ).rejects.toMatchObject({ fields: [{ field: "owner", code: "role-not-held" }] });
  });

  test("completed by ten people at once is completed by one", async () => {
    const { id } = await givenIncident(w);
    const { id: taskId } = await add(w.ctx, w.staff.responder, id, aTask);
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, () =>
        update(w.ctx, w.staff.responder, { incidentId: id, taskId }, { version: 1, done: true }),
      ),
    );
    expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await timeline.ofIncident(w.sql, id, 10)).toHaveLength(3);
  });

  test("of another incident is not found, whatever one's rights", async () => {
    const [mine, other] = [await givenIncident(w), await givenIncident(w)];
    const { id: taskId } = await add(w.ctx, w.staff.responder, other.id, aTask);
    const path = { incidentId: mine.id, taskId };
    await expect(
      update(w.ctx, w.staff.responder, path, { version: 1, done: true }),
    ).rejects.toMatchObject({ code: "not-found" });
    expect((await list(w.sql, other.id))[0]?.doneAt).toBeNull();
    await expect(list(w.sql, randomUUID())).rejects.toMatchObject({ code: "not-found" });
  });

  test("of a closed incident is neither added nor changed", async () => {
    const { id } = await givenIncident(w);
    const { responder } = w.staff;
    const { id: taskId } = await add(w.ctx, responder, id, aTask);
    const reason = "A false alarm.";
    await updateIncident(w.ctx, responder, id, { version: 1, state: "post-incident", reason });
    await updateIncident(w.ctx, responder, id, { version: 2, state: "closed" });
    for (const attempt of [
      () => add(w.ctx, responder, id, aTask),
      () => loadRunbook(w.ctx, responder, id, "vendor"),
      () => update(w.ctx, responder, { incidentId: id, taskId }, { version: 1, done: true }),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: "wrong-state" });
  });
});

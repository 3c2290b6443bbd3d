import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { ensureIntakeKey, handleIntake, receive, sweepIntake } from "../../src/actions/intake.ts";
import type { IntakeHandlers } from "../../src/actions/intake.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
const seen: unknown[] = [];
const HANDLERS: IntakeHandlers = {
  typed: async (_ctx, _tx, value) => void seen.push(value),
  "typed.badly": async () => {
    throw new Error("no");
  },
};
beforeAll(async () => {
  w = await world();
  await ensureIntakeKey(w.ctx);
});
afterAll(() => w.close());
beforeEach(async () => {
  seen.length = 0;
  await w.sql`delete from intake`;
});

const newest = async () => {
  const [row] = await w.sql<{ id: string; sealed: Buffer }[]>`select id, sealed from intake`;
  return row ?? { id: "", sealed: Buffer.alloc(0) };
};

test("what is typed is sealed at once, and opened once, by a worker", async () => {
  await receive(w.ctx, "typed", { code: "7K2M-9QXT" });
  const { id, sealed } = await newest();
  expect(sealed.includes("7K2M")).toBe(false);
  await Promise.all([1, 2, 3].map(() => handleIntake(w.ctx, HANDLERS, id)));
  expect(seen).toEqual([{ code: "7K2M-9QXT" }]);
  expect((await newest()).id).toBe("");
});

test("a worker hears of it through the outbox", async () => {
  await receive(w.ctx, "typed", {});
  const { id } = await newest();
  const [row] = await w.sql`select kind, ids from outbox order by id desc limit 1`;
  expect(row).toEqual({ kind: "intake.received", ids: { intakeId: id } });
});

test("what fails to be handled stays", async () => {
  await receive(w.ctx, "typed.badly", {});
  const { id } = await newest();
  await expect(handleIntake(w.ctx, HANDLERS, id)).rejects.toThrow("no");
  expect((await newest()).id).toBe(id);
});

test("one kind cannot be passed off as another", async () => {
  await receive(w.ctx, "typed.badly", { code: "x" });
  const { id } = await newest();
  await w.sql`update intake set kind = 'typed' where id = ${id}`;
  await expect(handleIntake(w.ctx, HANDLERS, id)).rejects.toThrow();
  expect(seen).toEqual([]);
});

test("there is one key, whoever starts first, and its private half is sealed", async () => {
  const before = await w.sql`select public_key, sealed_private from intake_key`;
  await Promise.all([1, 2, 3].map(() => ensureIntakeKey(w.ctx)));
  expect(await w.sql`select public_key, sealed_private from intake_key`).toEqual(before);
  expect(before[0]?.["sealedPrivate"].length).toBeGreaterThan(32 + 16);
});

test("what nobody could open in a day is thrown away", async () => {
  await receive(w.ctx, "typed", {});
  await w.sql`insert into intake (id, kind, sealed, received_at)
              values (${randomUUID()}, 'typed', 'x', now() - interval '25 hours')`;
  await sweepIntake(w.ctx);
  expect(await w.sql`select id from intake`).toHaveLength(1);
});

test("what was typed has one length, be it long or short", async () => {
  const lengths = new Set<number>();
  for (const code of ["", "x", "x".repeat(2_000), "字".repeat(900)]) {
    await receive(w.ctx, "typed", { code });
    lengths.add((await newest()).sealed.length);
    await w.sql`delete from intake`;
  }
  expect(lengths.size).toBe(1);
});

test("a flood finds the door closed at 5,000, except for what a provider signed", async () => {
  await w.sql`
    insert into intake (id, kind, sealed)
    select gen_random_uuid(), 'typed', 'x' from generate_series(1, 5000)`;
  await expect(receive(w.ctx, "typed", {})).rejects.toMatchObject({ code: "unavailable" });
  await receive(w.ctx, "sms.wish", {});
  await w.sql`delete from intake`;
  await receive(w.ctx, "typed", {});
});

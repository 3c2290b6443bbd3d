import { afterAll, beforeAll, expect, test } from "vitest";

import { ORGANISATION } from "../../src/context.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

test("two worlds share nothing", async () => {
  const other = await world();
  await other.sql`delete from role_grant`;
  const [count] = await w.sql<{ count: string }[]>`select count(*) from role_grant`;
  expect(Number(count?.count)).toBe(7);
  await other.close();
});

test("a world's vault opens what it sealed", async () => {
  const keys = await w.ctx.vault.keys(ORGANISATION);
  expect(keys.open("staff", "1", keys.seal("staff", "1", { email: "a@example.org" }))).toEqual({
    email: "a@example.org",
  });
});

test("a world's clock stands still until it is moved", () => {
  expect(w.ctx.now()).toEqual(new Date("2026-03-03T10:00:00Z"));
  w.clock.advance(1_000);
  expect(w.ctx.now()).toEqual(new Date("2026-03-03T10:00:01Z"));
});

import { afterAll, beforeAll, expect, test } from "vitest";

import { difference } from "../../src/actions/obligation/difference.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());

const CALIFORNIA = "us-ca-civ-1798.82";

test("a scope that grows and shrinks shows the duties that came, went and moved", async () => {
  const { id } = await givenIncident(w, { dataElements: ["name", "ssn"] });
  const at = (text: string) => ({
    at: new Date(text),
    zone: "America/Los_Angeles",
    precision: "day" as const,
  });
  await givenScope(w, id, {
    people: [{ jurisdiction: "US-CA", count: 500 }],
    role: "controller",
    encryption: "none",
    discoveredAt: at("2026-03-01T20:00Z"),
  });
  await givenScope(w, id, { people: [{ jurisdiction: "US-CA", count: 501 }] });
  const more = await difference(w.ctx, id, {});
  expect([more.from, more.to]).toEqual([2, 3]);
  expect(more.added.map((each) => each.id)).toContain(`${CALIFORNIA}/regulator/initial`);
  expect(more.people).toContainEqual({
    id: `${CALIFORNIA}/individuals/full`,
    before: 500,
    after: 501,
  });
  expect([more.gone, more.moved]).toEqual([[], []]);

  const back = await difference(w.ctx, id, { from: 3, to: 2 });
  expect(back.gone.find((each) => each.id === `${CALIFORNIA}/regulator/initial`)).toMatchObject({
    because: expect.stringContaining("500"),
  });

  await givenScope(w, id, { discoveredAt: at("2026-02-20T20:00Z") });
  const moved = (await difference(w.ctx, id, {})).moved.find((each) =>
    each.id.startsWith(`${CALIFORNIA}/individuals`),
  );
  expect(moved?.before?.toISOString()).toBe("2026-04-01T06:59:59.000Z");
  expect(moved?.after?.toISOString()).toBe("2026-03-23T06:59:59.000Z");

  await givenScope(w, id, { encryption: "full", keyState: "safe" });
  const { gone } = await difference(w.ctx, id, {});
  expect(gone.map((each) => each.id)).toContain(`${CALIFORNIA}/individuals/full`);
  expect(gone.find((each) => each.id.startsWith(CALIFORNIA))?.because).not.toBeNull();
});

test("versions that are not there are refused", async () => {
  const { id } = await givenIncident(w);
  await expect(difference(w.ctx, id, { from: 7 })).rejects.toMatchObject({ code: "not-found" });
});

import { afterAll, beforeAll, expect, test } from "vitest";

import { register } from "../../src/actions/filing/register.ts";
import { meetByFiling } from "../../src/actions/obligation/record.ts";
import { update } from "../../src/actions/incident.ts";
import { REGISTER_COLUMNS, registerCells } from "../../src/domain/filing/register.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());

test("the register has every incident, those that nobody is told of among them", async () => {
  const { id: told } = await givenIncident(w);
  await givenScope(w, told, { people: [{ jurisdiction: "DE", count: 40 }], role: "controller" });
  await meetByFiling(w.ctx, w.staff.counsel, told, {
    obligations: ["eu-gdpr-33/regulator/initial@DE"],
    reference: "LDA-1",
    at: new Date("2026-03-03T09:00Z"),
  });
  const was = await filedThenNotOwed();
  const { id: none } = await givenIncident(w, { awareAt: new Date("2026-03-01T08:00Z") });
  await update(w.ctx, w.staff.responder, none, {
    version: 1,
    determination: "false-positive",
    reason: "It was a drill.",
  });
  const rows = await Array.fromAsync(register(w.ctx));
  expect(rows.map(({ incident }) => incident)).toEqual([none, was, told]);
  const [first, third, second] = rows;
  expect(third?.duties).toContainEqual(
    expect.objectContaining({ to: "no longer owed", state: "met", reference: "LDA-2" }),
  );
  expect(first).toMatchObject({ determination: "false-positive", people: "not-yet-known" });
  expect(second?.duties.find(({ id }) => id.startsWith("eu-gdpr-33/"))).toMatchObject({
    state: "met",
    reference: "LDA-1",
    metAt: "2026-03-03T09:00:00.000Z",
  });
  const cells = second ? registerCells(second) : [];
  expect(cells).toHaveLength(REGISTER_COLUMNS.length);
  expect(cells[7]).toBe("DE 40");
  expect(cells[9]).toBe("not decided");
  expect(cells[12]).toContain("eu-gdpr-33/regulator/initial@DE: met, due");
});

/** An incident that an authority was told of, of which it turned out that nobody lives there. */
async function filedThenNotOwed(): Promise<string> {
  const { id } = await givenIncident(w, { awareAt: new Date("2026-03-01T09:00Z") });
  await givenScope(w, id, { people: [{ jurisdiction: "DE", count: 40 }], role: "controller" });
  await meetByFiling(w.ctx, w.staff.counsel, id, {
    obligations: ["eu-gdpr-33/regulator/initial@DE"],
    reference: "LDA-2",
    at: new Date("2026-03-03T09:00Z"),
  });
  await givenScope(w, id, { people: [{ jurisdiction: "US-AZ", count: 40 }] });
  return id;
}

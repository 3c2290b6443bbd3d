import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { compare, runDelta } from "../../src/actions/notice/delta.ts";
import { Person } from "../../src/domain/audience/person.ts";
import { NewDelta } from "../../src/domain/notice/delta.ts";
import type { Delta } from "../../src/domain/notice/delta.ts";
import * as recipients from "../../src/store/audience/recipient.ts";
import { find } from "../../src/views/delta.ts";
import { givenAudience, givenFrozenAudience } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());

const person = (number: number, exposure: Person["exposure"], over: Partial<Person> = {}) => ({
  email: `delta-${number}@example.com`,
  name: `Delta ${number}`,
  exposure,
  ...over,
});
const TOLD = [
  person(1, ["name"]),
  person(2, ["name", "ssn"]),
  person(3, ["name"]),
  person(4, ["name", "ssn"]),
  person(5, ["name"], { reference: "C-5" }),
];
const NOW = [
  person(1, ["name"]),
  person(2, ["name"]),
  person(3, ["name", "medical"]),
  // The same person by the reference, at a new address.
  person(55, ["name"], { reference: "C-5" }),
  person(6, ["name", "ssn"]),
];

async function givenAsked(drafter = w.staff.counsel) {
  const { id: incidentId } = await givenIncident(w, { dataElements: ["name", "ssn", "medical"] });
  const { id: told } = await givenFrozenAudience(w, incidentId, TOLD);
  const { id: current } = await givenFrozenAudience(w, incidentId, NOW);
  const { id: deltaId } = await compare(w.ctx, drafter, incidentId, { told, current });
  return { incidentId, deltaId, told, current };
}

async function emailsOf(incidentId: string, audienceId: string | null | undefined) {
  const keys = await w.ctx.vault.keys(incidentId);
  const zero = "00000000-0000-0000-0000-000000000000";
  const all = await recipients.page(w.sql, audienceId ?? zero, zero, 100);
  return all
    .map(({ id, sealed }) => Person.parse(keys.open("recipient", id, sealed)).email)
    .toSorted();
}

describe("a comparison", () => {
  test("puts each person into the audience of what changed for them", async () => {
    const { incidentId, deltaId } = await givenAsked();
    await runDelta(w.ctx, { incidentId, deltaId, drafts: "" });
    const { groups, state } = await find(w.sql, incidentId, deltaId);
    expect(state).toBe("done");
    expect(groups?.unchanged).toEqual({ people: 3, lessData: 1 });
    const emails = async (group: "newly-affected" | "more-data" | "no-longer") =>
      emailsOf(incidentId, groups?.[group].audienceId);
    expect(await emails("newly-affected")).toEqual(["delta-6@example.com"]);
    expect(await emails("more-data")).toEqual(["delta-3@example.com"]);
    expect(await emails("no-longer")).toEqual(["delta-4@example.com"]);
  });

  test("knows people again whom only letters reach, whatever was exposed of them", async () => {
    const { id: incidentId } = await givenIncident(w, { dataElements: ["name", "ssn"] });
    const at = (street: string): Person["postal"] => ({
      lines: [street],
      city: "Exampleton",
      postcode: "85001",
      country: "US",
    });
    const neighbour = (
      street: string,
      exposure: Person["exposure"],
      over: Partial<Person> = {},
    ) => ({
      email: undefined,
      name: "Sam Example",
      postal: at(street),
      exposure,
      ...over,
    });
    const { id: told } = await givenFrozenAudience(w, incidentId, [
      neighbour("1 Example St", ["name"]),
      neighbour("2 Example St", ["name"]),
      // Father and son of one name: nothing tells them apart.
      neighbour("3 Example St", ["name"]),
      neighbour("3 Example St", ["name", "ssn"]),
      neighbour("4 Example St", ["name"]),
    ]);
    const { id: current } = await givenFrozenAudience(w, incidentId, [
      neighbour("1 Example St", ["name", "ssn"]),
      neighbour("2 Example St", ["name"], { language: "ru", agreed: "no" }),
      neighbour("3 Example St", ["name"]),
      neighbour("3 Example St", ["name", "ssn"]),
    ]);
    const { id: deltaId } = await compare(w.ctx, w.staff.counsel, incidentId, { told, current });
    await runDelta(w.ctx, { incidentId, deltaId, drafts: "" });
    const { groups } = await find(w.sql, incidentId, deltaId);
    expect(groups).toMatchObject({
      "newly-affected": { people: 0 },
      "more-data": { people: 1 },
      "no-longer": { people: 1 },
      unchanged: { people: 3 },
    });
  });

  test("made twice, and by three workers at once, is made once", async () => {
    const { incidentId, deltaId } = await givenAsked();
    const given = { incidentId, deltaId, drafts: "" };
    await Promise.all([runDelta(w.ctx, given), runDelta(w.ctx, given), runDelta(w.ctx, given)]);
    const first = await find(w.sql, incidentId, deltaId);
    await runDelta(w.ctx, given);
    expect(await find(w.sql, incidentId, deltaId)).toEqual(first);
    const [row] = await w.sql<{ audiences: number }[]>`
      select count(*)::int as audiences from audience where incident_id = ${incidentId}`;
    expect(row?.audiences).toBe(5);
  });

  test("drafts a notice for each group: a first one, an update, and that we were wrong", async () => {
    const { incidentId, deltaId } = await givenAsked();
    await givenScope(w, incidentId, TELLABLE);
    await runDelta(w.ctx, { incidentId, deltaId, drafts: "counsel" });
    const { groups } = await find(w.sql, incidentId, deltaId);
    const kinds = await w.sql<{ id: string; kind: string }[]>`
      select id, kind from notice where incident_id = ${incidentId}`;
    const kindOf = (group: "newly-affected" | "more-data" | "no-longer") =>
      kinds.find(({ id }) => id === groups?.[group].noticeId)?.kind;
    expect([kindOf("newly-affected"), kindOf("more-data"), kindOf("no-longer")]).toEqual([
      "initial",
      "update",
      "correction",
    ]);
    await runDelta(w.ctx, { incidentId, deltaId, drafts: "counsel" });
    expect((await find(w.sql, incidentId, deltaId)).groups).toEqual(groups);
  });

  test("drafts nothing for somebody who may not write notices", async () => {
    const { incidentId, deltaId } = await givenAsked(w.staff.responder);
    const [row] = await w.sql<{ ids: Record<string, string> }[]>`
      select ids from outbox where kind = 'audiences.compare' and ids->>'deltaId' = ${deltaId}`;
    expect(row?.ids).toEqual({ incidentId, deltaId, drafts: "" });
  });

  test("leaves no names of people outside what is sealed", async () => {
    const { incidentId, deltaId } = await givenAsked();
    await runDelta(w.ctx, { incidentId, deltaId, drafts: "" });
    const [row] = await w.sql<{ whole: string }[]>`
      select string_agg(row_to_json(r)::text, '') || (select string_agg(row_to_json(d)::text, '')
        from delta d) as whole from recipient r where incident_id = ${incidentId}`;
    expect(row?.whole).not.toMatch(/delta-\d@|Delta \d/);
  });
});

describe("a comparison is refused", () => {
  const asked = (incidentId: string, given: NewDelta): Promise<Delta> =>
    compare(w.ctx, w.staff.responder, incidentId, NewDelta.parse(given));

  test("of an audience with itself, of an open one, and of another incident's", async () => {
    const { incidentId, told, current } = await givenAsked();
    await expect(asked(incidentId, { told, current: told })).rejects.toMatchObject({
      code: "invalid-input",
    });
    const open = await givenAudience(w, incidentId);
    await expect(asked(incidentId, { told, current: open })).rejects.toMatchObject({
      code: "wrong-state",
      fields: [{ field: "current", code: "open" }],
    });
    const { id: other } = await givenIncident(w);
    await expect(asked(other, { told, current })).rejects.toMatchObject({ code: "not-found" });
  });
});

/** Facts that every shipped text can tell. */
const TELLABLE = {
  how: "Somebody copied a list.",
  whatWeDo: "We closed the way in.",
  actions: ["Look at your account statements."],
};

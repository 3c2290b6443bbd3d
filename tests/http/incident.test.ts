import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { givenIncident } from "../support/incident.ts";
import { Problem, serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenToken } from "../support/staff.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let served: Served;
let token: string;
beforeAll(async () => {
  w = await world();
  served = await serve(w.ctx);
  token = await givenToken(w, w.staff.responder);
});
afterAll(async () => {
  await served.close();
  await w.close();
});

const DECLARATION = {
  title: "Laptop stolen from a car",
  whatHappened: "A laptop with a list of customers was stolen.",
  awareAt: "2026-03-02T09:15+01:00",
  awareZone: "Europe/Berlin",
  dataElements: ["name", "email-address"],
};
const post = (path: string, body: unknown) => served.call("POST", path, { token, body });
const patch = (path: string, body: unknown) => served.call("PATCH", path, { token, body });
const get = (path: string) => served.call("GET", path, { token });

test("an incident is declared, revised, worked on and read over HTTP", async () => {
  const declared = await post("/v1/incidents", { ...DECLARATION, runbook: "misdirected-mail" });
  expect(declared.status).toBe(201);
  const path = `/v1/incidents/${declared.json["incident"].id}`;
  expect(declared.json["incident"]).toMatchObject({
    awareAt: "2026-03-02T08:15:00.000Z",
    determination: "suspected",
  });

  const at = "2026-03-01T20:00:00.000Z";
  const occurredFrom = { at, zone: "Europe/Berlin", precision: "hour" };
  const revision = { baseVersion: 1, facts: { occurredFrom, place: "Berlin" }, reason: "Police." };
  expect(await post(`${path}/scopes`, revision)).toMatchObject({
    status: 201,
    json: { version: 2, facts: { occurredFrom, place: "Berlin", how: "not-yet-known" } },
  });
  expect((await get(`${path}/scopes`)).json["scopes"]).toHaveLength(2);
  expect((await get(`${path}/scopes/1`)).json["facts"].place).toBe("not-yet-known");
  const [difference, explicit] = [
    await get(`${path}/scopes/2/difference`),
    await get(`${path}/scopes/2/difference?from=1`),
  ];
  expect(difference.json).toEqual(explicit.json);
  expect(difference.json["fields"][1]).toEqual({
    field: "place",
    before: "not-yet-known",
    after: "Berlin",
  });

  expect(await patch(path, { version: 1, state: "containment" })).toMatchObject({
    status: 200,
    json: { version: 2, state: "containment" },
  });
  const added = await post(`${path}/tasks`, {
    title: "Call the hotel",
    phase: "containment",
    ownerRole: "responder",
  });
  expect(added.status).toBe(201);
  const task = `${path}/tasks/${added.json["id"]}`;
  expect((await patch(task, { version: 1, done: true })).json["doneAt"]).toBe(
    w.clock.now().toISOString(),
  );
  expect((await post(`${path}/tasks/runbook`, { runbook: "misdirected-mail" })).json).toEqual({
    runbook: "misdirected-mail",
    added: 0,
  });
  expect((await get(`${path}/tasks`)).json["tasks"]).toHaveLength(11);
  expect((await get(path)).json).toMatchObject({
    incident: { version: 2 },
    scope: { version: 2 },
    sensitivity: { class: "contact", channels: ["email", "letter"] },
  });
  expect((await get("/v1/incidents?state=containment&limit=1")).json).toMatchObject({
    incidents: [{ id: declared.json["incident"].id, scopeVersion: 2, tasksOpen: 10 }],
  });
  expect((await get("/v1/runbooks")).json["runbooks"]).toHaveLength(6);
});

describe("bad input is answered with the field, and nothing happens", () => {
  let path: string;
  beforeAll(async () => void (path = `/v1/incidents/${(await givenIncident(w)).id}`));
  const moment = (at: string) => ({ at, zone: "UTC", precision: "day" });

  test.for<[string, string, object, string]>([
    ["an unknown field", "", { ...DECLARATION, colour: "red" }, "colour"],
    ["mass assignment", "", { ...DECLARATION, declaredBy: randomUUID() }, "declaredBy"],
    ["a title of a wrong type", "", { ...DECLARATION, title: 7 }, "title"],
    ["CRLF in the title", "", { ...DECLARATION, title: "a\r\nBcc: b" }, "title"],
    ["NUL in a text", "", { ...DECLARATION, whatHappened: "a\u0000" }, "whatHappened"],
    ["30 February", "", { ...DECLARATION, awareAt: "2026-02-30T10:00:00Z" }, "awareAt"],
    ["a time without a zone", "", { ...DECLARATION, awareAt: "2026-03-01T10:00" }, "awareAt"],
    ["the future", "", { ...DECLARATION, awareAt: "2026-03-04T10:00:00Z" }, "awareAt"],
    ["an unknown kind of data", "", { ...DECLARATION, dataElements: ["shoe"] }, "dataElements.0"],
    [
      "discovery before the start",
      "/scopes",
      {
        baseVersion: 1,
        reason: "x",
        facts: {
          occurredFrom: moment("2026-03-02T00:00Z"),
          discoveredAt: moment("2026-03-01T00:00Z"),
        },
      },
      "facts.discoveredAt",
    ],
    [
      "30 February within a moment",
      "/scopes",
      { baseVersion: 1, reason: "x", facts: { occurredTo: moment("2026-02-30T00:00Z") } },
      "facts.occurredTo.at",
    ],
    ["no reason", "/scopes", { baseVersion: 1, facts: { place: "Berlin" } }, "reason"],
    ["an unknown fact", "/scopes", { baseVersion: 1, reason: "x", facts: { id: 1 } }, "facts.id"],
    ["an unknown runbook", "/tasks/runbook", { runbook: "flood" }, "runbook"],
    [
      "an owner who is no id",
      "/tasks",
      { title: "x", phase: "open", ownerRole: "responder", owner: "me" },
      "owner",
    ],
  ])("%s", async ([, below, body, field]) => {
    const count = async () =>
      (await w.sql<{ n: number }[]>`select count(*)::integer as n from timeline`)[0]?.n;
    const before = await count();
    const answer = await post(below === "" ? "/v1/incidents" : path + below, body);
    expect(answer.status).toBe(422);
    expect(Problem.parse(answer.json).errors.map((each) => each.field)).toContain(field);
    expect(await count()).toBe(before);
  });

  test.for(["state", "version", "declaredAt", "sensitivityOverride", "awareAt"])(
    "an incident's %s cannot be assigned past the rules",
    async (field) => {
      const value = { state: "closed", version: 99 }[field] ?? "2020-01-01T00:00:00Z";
      const answer = await patch(path, { version: 1, [field]: value });
      expect([409, 412, 422]).toContain(answer.status);
      expect((await get(path)).json["incident"]).toMatchObject({ version: 1, state: "open" });
    },
  );

  test("a version that is none, or more than a database counts, is no error of ours", async () => {
    for (const version of ["0", "-1", "1.5", "x", "2147483648", "1e300"])
      expect((await get(`${path}/scopes/${version}`)).status).toBe(422);
    expect((await get(`${path}/scopes/2147483647`)).status).toBe(404);
  });
});

test("what belongs to another incident, or to none, is not found", async () => {
  const [mine, other] = [await givenIncident(w), await givenIncident(w, { runbook: "insider" })];
  const tasks = (await get(`/v1/incidents/${other.id}/tasks`)).json["tasks"];
  const foreign = `/v1/incidents/${mine.id}/tasks/${tasks[0].id}`;
  expect((await patch(foreign, { version: 1, done: true })).status).toBe(404);
  const nowhere = `/v1/incidents/${randomUUID()}`;
  for (const path of ["", "/scopes", "/scopes/1", "/scopes/1/difference", "/tasks"])
    expect((await get(nowhere + path)).status).toBe(404);
  expect((await patch(nowhere, { version: 1, title: "x" })).status).toBe(404);
  expect(
    (await post(`${nowhere}/scopes`, { baseVersion: 1, facts: { place: "x" }, reason: "x" }))
      .status,
  ).toBe(404);
});

test("a stale version is a conflict that names the current one", async () => {
  const { id } = await givenIncident(w);
  await patch(`/v1/incidents/${id}`, { version: 1, title: "Another" });
  const answer = await patch(`/v1/incidents/${id}`, { version: 1, title: "A third" });
  expect(Problem.parse(answer.json)).toMatchObject({
    code: "stale-version",
    errors: [{ field: "version", message: "The current version is 2." }],
  });
});

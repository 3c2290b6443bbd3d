import { afterAll, beforeAll, expect, test } from "vitest";

import type { Actor } from "../../src/domain/staff.ts";
import { Duties, printDuties } from "../../src/cli/obligation-print.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { AUTHORITY, PEOPLE, givenAffected, underLaw } from "../support/obligation.ts";
import { givenToken } from "../support/staff.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let app: Served;
beforeAll(async () => {
  w = await world();
  app = await serve(underLaw(w), { door: "console" });
});
afterAll(async () => {
  await app.close();
  await w.close();
});

async function call(actor: Actor, method: string, path: string, body?: unknown) {
  const token = await givenToken(w, actor);
  return app.call(method, path, { token, ...(body !== undefined && { body }) });
}

test("an incident's duties come with clocks, marks, questions and reasons", async () => {
  const id = await givenAffected(w);
  const path = `/v1/incidents/${id}/obligations`;
  const { status, json } = await call(w.staff.auditor, "GET", path);
  expect(status).toBe(200);
  expect(json["basis"]).toMatchObject({ scopeVersion: 2, answers: "now" });
  const [first] = json["obligations"];
  expect(first).toMatchObject({
    id: AUTHORITY,
    persons: 100,
    clock: { stateWords: "running", left: "72 hours left" },
    latestSafeApproval: null,
  });
  expect(first.clock.due.inWords).toContain("(Europe/Berlin)");
  const people = json["obligations"].find((each: { id: string }) => each.id === PEOPLE);
  expect(people.latestSafeApproval).toMatchObject({ late: false });
  expect(people.marks).toContainEqual({
    mark: "safe-branch",
    words: "a question is open, so the safe branch was taken",
  });
  expect(json["questions"].map(({ code }: { code: string }) => code)).toContain("harm-not-likely");
  expect(json["note"]).toContain("confirm with counsel");
  expect(JSON.stringify(json)).not.toMatch(/compli(es|ant)/);

  const old = await call(w.staff.auditor, "GET", `${path}?scope=1`);
  expect(old.json["basis"]).toMatchObject({ scopeVersion: 1, answers: "then" });
  expect((await call(w.staff.auditor, "GET", `${path}?scope=7`)).status).toBe(404);
});

test("the desk shows the clocks of all open incidents, what is due first first", async () => {
  const early = await givenAffected(w);
  w.clock.advance(3_600_000);
  const late = await givenAffected(w);
  const filed = { obligations: [AUTHORITY], reference: "A-1", at: w.clock.now().toISOString() };
  const met = await call(
    w.staff.responder,
    "POST",
    `/v1/incidents/${late}/obligations/evidence`,
    filed,
  );
  expect([met.status, met.json["obligations"].length > 0]).toEqual([201, true]);
  const { json } = await call(w.staff.responder, "GET", "/v1/obligations");
  const lines: { id: string; incidentId: string; clock: { due: { at: string } | null } }[] =
    json["obligations"];
  const dues = lines.flatMap(({ clock }) => clock.due?.at ?? []);
  expect(dues).toEqual(dues.toSorted());
  const authority = lines.filter(({ id }) => id === AUTHORITY).map((line) => line.incidentId);
  expect(authority).toContain(early);
  expect(authority).not.toContain(late);
});

test("a zone-less time is refused by its field", async () => {
  const id = await givenAffected(w);
  const { status, json } = await call(
    w.staff.responder,
    "POST",
    `/v1/incidents/${id}/obligations/answers`,
    {
      question: "when-determination",
      version: 0,
      value: { at: "2026-03-02T14:05", zone: "Europe/Berlin" },
      reason: "The minutes.",
    },
  );
  expect([status, json["errors"][0].field]).toEqual([422, "value.at"]);
});

test("a rule shows who read it, and of which text", async () => {
  const version = "000000000000";
  const read = { version, note: "Compared with the gazette." };
  const stale = await call(w.staff.counsel, "POST", "/v1/rules/xa-law/reviews", {
    ...read,
    version: "111111111111",
  });
  expect(stale.json["code"]).toBe("stale-version");
  const { status, json } = await call(w.staff.counsel, "POST", "/v1/rules/xa-law/reviews", read);
  expect([status, json["reviews"][0].name]).toEqual([201, "Casey Example"]);
  const id = await givenAffected(w);
  const listed = await call(w.staff.responder, "GET", `/v1/incidents/${id}/obligations`);
  const [first] = listed.json["obligations"];
  expect(first.rule.reviews[0]).toMatchObject({ name: "Casey Example", ofThisText: true });
  expect((await call(w.staff.counsel, "GET", "/v1/rules/no-law")).status).toBe(404);
});

test("the command line tells a clock in words a person can act on", async () => {
  const id = await givenAffected(w);
  const { json } = await call(w.staff.responder, "GET", `/v1/incidents/${id}/obligations`);
  const { obligations } = Duties.parse(json);
  const said: string[] = [];
  const write = process.stdout.write;
  process.stdout.write = (text: string | Uint8Array) => said.push(String(text)) > 0;
  try {
    printDuties(obligations, { full: true });
  } finally {
    process.stdout.write = write;
  }
  const text = said.join("");
  expect(text).toMatch(
    /due \w{3} \d+ March 2026, \d\d:\d\d \(Europe\/Berlin\), 72 hours left {2}\[running\]/,
  );
  expect(text).toContain("the authority (authority, initial), DE, 100 people");
  // What is owed for sure comes before what hangs on a question, whenever it is due.
  expect(text.indexOf(AUTHORITY)).toBeLessThan(text.indexOf("May be owed"));
  expect(text.indexOf("May be owed")).toBeLessThan(text.indexOf(PEOPLE));
  expect(text).toContain("? hangs on: harm-not-likely");
  expect(text).toContain("! a question is open, so the safe branch was taken");
  expect(text).toContain("72 hours after awareness");
  expect(text).toMatch(/approve by \w{3} \d+ March 2026/);
});

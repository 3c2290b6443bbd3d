import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { Problem, serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { codeAt, givenAuthenticator, givenToken } from "../support/staff.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const CANARY = "canary-51c0ffee77@example.org";

let w: World;
let app: Served;
let admin: string;
beforeAll(async () => {
  w = await world();
  app = await serve(w.ctx);
  admin = await givenToken(w, w.staff.admin);
});
afterAll(async () => {
  await app.close();
  await w.close();
});

test("a person is added, takes up the account, confirms an authenticator and makes a second token", async () => {
  const body = { name: "Noor Example", email: "noor@example.org", roles: ["drafter"] };
  const added = await app.call("POST", "/v1/staff", { token: admin, body });
  expect(added.status).toBe(201);
  expect(Object.keys(added.json).toSorted()).toEqual(["expiresAt", "invitation", "staffId"]);

  const { invitation } = added.json;
  const taken = await app.call("POST", "/v1/invitations/accept", {
    body: { invitation, label: "laptop" },
  });
  expect(taken.status).toBe(201);
  const { token, secondFactor } = taken.json;
  const code = () => codeAt(secondFactor.secret, w.clock.now());
  const again = await app.call("POST", "/v1/invitations/accept", {
    body: { invitation, label: "x" },
  });
  expect(again.status).toBe(404);

  const needed = await app.call("POST", "/v1/me/tokens", {
    token,
    body: { label: "phone" },
    headers: { "candor-totp": code() },
  });
  expect(needed.json["code"]).toBe("second-factor-needed");
  const confirmed = await app.call("POST", "/v1/me/second-factor", {
    token,
    body: { code: code() },
  });
  expect(confirmed.json).toEqual({ secondFactor: "confirmed" });
  w.clock.advance(30_000);
  const second = await app.call("POST", "/v1/me/tokens", {
    token,
    body: { label: "phone" },
    headers: { "candor-totp": code() },
  });
  expect(second.status).toBe(201);

  const me = await app.call("GET", "/v1/me", { token: second.json["token"] });
  expect(me.json).toEqual({
    id: added.json["staffId"],
    name: "Noor Example",
    secondFactor: "confirmed",
    roles: ["drafter"],
    settledRoles: [],
  });
  const listed = await app.call("GET", "/v1/me/tokens", { token });
  expect(listed.json["tokens"].map(({ label }: { label: string }) => label).toSorted()).toEqual([
    "laptop",
    "phone",
  ]);
  expect(listed.text).not.toContain("cnt_");

  const revoked = await app.call("DELETE", `/v1/me/tokens/${second.json["id"]}`, { token });
  expect(revoked.status).toBe(204);
  const after = await app.call("GET", "/v1/me", { token: second.json["token"] });
  expect(after.status).toBe(401);
});

test("a code spent with one token is spent for the other token of the same person", async () => {
  const { drafter } = w.staff;
  const code = await givenAuthenticator(w, drafter);
  const [one, two] = [await givenToken(w, drafter), await givenToken(w, drafter)];
  const make = (token: string) =>
    app.call("POST", "/v1/me/tokens", {
      token,
      body: { label: "x" },
      headers: { "candor-totp": code() },
    });
  expect((await make(one)).status).toBe(201);
  expect((await make(two)).json["code"]).toBe("second-factor-wrong");
});

test("two tokens of one admin are one person, who cannot confirm their own grant", async () => {
  const person = await givenActor(w.ctx, ["drafter"]);
  const [one, two] = [await givenToken(w, w.staff.admin), await givenToken(w, w.staff.admin)];
  const path = `/v1/staff/${person.staffId}/roles/approver`;
  expect((await app.call("PUT", path, { token: one })).status).toBe(201);
  const own = await app.call("POST", `${path}/confirmation`, { token: two });
  expect([own.status, own.json["code"]]).toEqual([403, "four-eyes"]);

  const other = await givenToken(w, await givenActor(w.ctx, ["admin"]));
  expect((await app.call("POST", `${path}/confirmation`, { token: other })).status).toBe(200);
  const listed = await app.call("GET", "/v1/staff", { token: other });
  const row = listed.json["staff"].find(({ id }: { id: string }) => id === person.staffId);
  expect(row.roles.map(({ role }: { role: string }) => role)).toEqual(["approver", "drafter"]);
  expect((await app.call("DELETE", path, { token: one })).status).toBe(204);
  expect((await app.call("DELETE", path, { token: one })).status).toBe(404);
});

test("a person disabled in the middle of a session is out with the next request", async () => {
  const person = await givenActor(w.ctx, ["drafter"]);
  const token = await givenToken(w, person);
  expect((await app.call("GET", "/v1/me", { token })).status).toBe(200);
  const path = `/v1/staff/${person.staffId}/disablement`;
  const body = { reason: "left the organisation" };
  expect((await app.call("POST", path, { token: admin, body })).status).toBe(204);
  expect((await app.call("GET", "/v1/me", { token })).status).toBe(401);
  const again = await app.call("POST", `/v1/staff/${person.staffId}/invitations`, { token: admin });
  expect(again.json["code"]).toBe("wrong-state");
});

describe("adding a person", () => {
  const good = { name: "Mika Example", email: "mika@example.org", roles: ["auditor"] };
  test.each([
    {
      name: "a field nobody asked for",
      body: { ...good, id: "x", disabledAt: null },
      fields: ["disabledAt", "id"],
    },
    {
      name: "approval smuggled in",
      body: { ...good, settledRoles: ["approver"] },
      fields: ["settledRoles"],
    },
    { name: "a role there is not", body: { ...good, roles: ["root"] }, fields: ["roles.0"] },
    { name: "no role", body: { ...good, roles: [] }, fields: ["roles"] },
    {
      name: "CRLF in the name",
      body: { ...good, name: "A\r\nBcc: e@example.com" },
      fields: ["name"],
    },
    {
      name: "two addresses",
      body: { ...good, email: "a@example.org, b@example.org" },
      fields: ["email"],
    },
    {
      name: "a line break in the address",
      body: { ...good, email: "a@example.org\r\nx: y" },
      fields: ["email"],
    },
    { name: "everything missing", body: {}, fields: ["email", "name", "roles"] },
  ])("refuses $name and says where", async ({ body, fields }) => {
    const [before] = await w.sql`select count(*)::int as n from staff`;
    const answer = await app.call("POST", "/v1/staff", { token: admin, body });
    expect(answer.status).toBe(422);
    const { errors } = Problem.parse(answer.json);
    expect(errors.map(({ field }) => field).toSorted()).toEqual(fields);
    const [after] = await w.sql`select count(*)::int as n from staff`;
    expect(after?.["n"]).toBe(before?.["n"]);
  });

  test("never repeats an address, in a refusal or anywhere in the database", async () => {
    const body = { name: "Kim Example", email: CANARY, roles: ["auditor"] };
    expect((await app.call("POST", "/v1/staff", { token: admin, body })).status).toBe(201);
    const twice = await app.call("POST", "/v1/staff", { token: admin, body });
    expect(twice.json["code"]).toBe("conflict");
    expect(twice.text).not.toContain("canary");
    const bad = await app.call("POST", "/v1/staff", {
      token: admin,
      body: { ...body, email: `${CANARY} ` },
    });
    expect(bad.text).not.toContain("canary");
    const tables =
      await w.sql`select table_name from information_schema.tables where table_schema = 'public'`;
    for (const { tableName } of tables) {
      const rows = await w.sql`select t::text as line from ${w.sql(String(tableName))} t`;
      const dump = rows.map(({ line }) => String(line)).join("\n");
      expect(dump).not.toContain("canary-51c0ffee77");
      expect(dump).not.toContain(Buffer.from("canary-51c0ffee77").toString("hex"));
    }
  });

  test("happens once under a key, and the invitation is not kept", async () => {
    const headers = { "idempotency-key": "add-lou" };
    const body = { name: "Lou Example", email: "lou@example.org", roles: ["auditor"] };
    const first = await app.call("POST", "/v1/staff", { token: admin, body, headers });
    expect(first.status).toBe(201);
    const again = await app.call("POST", "/v1/staff", { token: admin, body, headers });
    expect([again.status, again.json["code"]]).toEqual([409, "conflict"]);
  });
});

test("accepting an invitation takes no Idempotency-Key, because nobody is signed in yet", async () => {
  const answer = await app.call("POST", "/v1/invitations/accept", {
    body: { invitation: `cni_${"a".repeat(43)}`, label: "x" },
    headers: { "idempotency-key": "k" },
  });
  expect(answer.json["errors"][0]).toMatchObject({ field: "Idempotency-Key" });
});

test("the audit chain verifies over all of this, and an incident without entries is not found", async () => {
  const token = await givenToken(w, w.staff.auditor);
  const verified = await app.call("GET", "/v1/timeline/verification", { token });
  expect(verified.json["ok"]).toBe(true);
  expect(verified.json["entries"]).toBeGreaterThan(5);
  const { entries: seq, head: hash } = verified.json;
  const noted = await app.call("GET", `/v1/timeline/verification?seq=${seq}&hash=${hash}`, {
    token,
  });
  expect(noted.json["ok"]).toBe(true);
  const half = await app.call("GET", `/v1/timeline/verification?seq=${seq}`, { token });
  expect(half.status).toBe(422);
  const none = await app.call("GET", `/v1/incidents/${crypto.randomUUID()}/timeline`, { token });
  expect(none.status).toBe(404);
});

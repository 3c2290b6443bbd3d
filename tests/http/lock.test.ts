import { afterAll, beforeAll, expect, test } from "vitest";

import { connect } from "../../src/store/db.ts";
import type { Database } from "../../src/store/db.ts";
import { Problem, serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenIncident } from "../support/incident.ts";
import { givenToken } from "../support/staff.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let impatient: Database;
let app: Served;
beforeAll(async () => {
  w = await world();
  impatient = connect(w.config.DATABASE_URL, 2, "fresh", 200);
  app = await serve({ ...w.ctx, sql: impatient });
});
afterAll(async () => {
  await app.close();
  await impatient.end();
  await w.close();
});

test("a person is told to try again while somebody else holds the lock, and may", async () => {
  const { id } = await givenIncident(w);
  const token = await givenToken(w, w.staff.responder);
  const change = () =>
    app.call("POST", `/v1/incidents/${id}/tasks`, {
      token,
      headers: { "idempotency-key": "one-task" },
      body: { title: "Call the vendor", phase: "open", ownerRole: "responder" },
    });
  const release = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holding = w.sql.begin(async (tx) => {
    await tx`select from timeline_head for update`;
    held.resolve();
    await release.promise;
  });
  await held.promise;
  const turnedAway = await change();
  expect([turnedAway.status, Problem.parse(turnedAway.json).code]).toEqual([503, "unavailable"]);
  expect(turnedAway.headers.get("retry-after")).toBe("5");
  // Reading goes on all the while.
  expect((await app.call("GET", `/v1/incidents/${id}`, { token })).status).toBe(200);
  release.resolve();
  await holding;
  expect((await change()).status).toBe(201);
});

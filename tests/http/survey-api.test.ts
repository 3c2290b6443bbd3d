import { afterAll, beforeAll, expect, test } from "vitest";

import { releaseAnswers } from "../../src/actions/feedback/release.ts";
import { passFor } from "../../src/actions/feedback/survey.ts";
import { ROUTES } from "../../src/http/routes.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenIncident } from "../support/incident.ts";
import { givenAuthenticator, givenToken } from "../support/staff.ts";
import { sendAnswer } from "../support/survey.ts";
import { somePeople } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let staff: Served;
let door: Served;
beforeAll(async () => {
  w = await world({ TRUSTED_PROXIES: 1 });
  staff = await serve(w.ctx);
  door = await serve(w.ctx, { door: "public" });
});
afterAll(async () => {
  await staff.close();
  await door.close();
  await w.close();
});

test("no route shows one answer, one person's part, or how many answered so far", () => {
  const paths = ROUTES.filter(({ path }) => path.includes("survey")).map(
    ({ method, path }) => `${method} ${path.replace("/v1/incidents/:incidentId", "")}`,
  );
  expect(paths).toEqual([
    "post /surveys",
    "get /surveys",
    "get /surveys/:surveyId",
    "post /surveys/:surveyId/open",
    "post /surveys/:surveyId/close",
    "get /surveys/:surveyId/results",
  ]);
});

test("a drafter makes a survey, an approver opens it, people answer, staff read totals", async () => {
  const incidentId = (await givenIncident(w)).id;
  const audience = await givenFrozenAudience(w, incidentId, somePeople(30));
  const drafter = await givenToken(w, w.staff.drafter);
  const approver = await givenToken(w, w.staff.approver);
  const code = await givenAuthenticator(w, w.staff.approver);
  const base = `/v1/incidents/${incidentId}/surveys`;
  const closesAt = "2026-04-01T18:00+02:00";
  const body = { audienceId: audience.id, breakdown: "language", closesAt };

  const bad = await staff.call("POST", base, { token: drafter, body: { ...body, batchMin: 9 } });
  expect(bad.status).toBe(422);
  const made = await staff.call("POST", base, { token: drafter, body });
  expect(made.status).toBe(201);
  expect(made.json).toMatchObject({ state: "draft", breakdown: "language", invited: null });
  expect(made.text).not.toMatch(/key|private|spent/i);

  const path = `${base}/${made.json["id"]}`;
  const early = await staff.call("POST", `${path}/open`, { token: approver, body: {} });
  expect([early.status, early.json["code"]]).toEqual([401, "second-factor-needed"]);
  const headers = { "candor-totp": code() };
  const opened = await staff.call("POST", `${path}/open`, { token: approver, body: {}, headers });
  expect(opened.json).toMatchObject({ state: "open", invited: 30 });

  const keys = await w.ctx.vault.keys(made.json["id"]);
  const passes = audience.recipientIds.map((id) => passFor(keys, id));
  const before = await staff.call("GET", path, { token: drafter });
  for (const pass of passes.slice(0, 12)) await sendAnswer(door, pass, { clear: "5" });
  for (const pass of passes.slice(12, 20))
    await sendAnswer(door, pass, { clear: "1" }, { language: "zh" });
  expect((await staff.call("GET", path, { token: drafter })).text).toBe(before.text);

  const shown = async () => (await staff.call("GET", `${path}/results`, { token: drafter })).json;
  expect(await shown()).toMatchObject({ answers: null, total: [], texts: [] });
  await releaseAnswers(w.ctx);
  const { answers, total, breakdown } = await shown();
  expect(answers).toBe(12);
  expect(total[0].shares.map(({ percent }: { percent: number }) => percent)).toEqual([
    0, 0, 0, 0, 100, 0,
  ]);
  expect(breakdown.cells.map(({ cell }: { cell: string }) => cell)).toEqual(["en"]);

  const closed = await staff.call("POST", `${path}/close`, { token: drafter, body: {} });
  expect(closed.json).toMatchObject({ state: "closed", finishedAt: expect.any(String) });
  // Eight in Chinese are too few to stand beside the twelve that were shown already: the price of
  // a breakdown is up to nine answers at the end.
  expect(await shown()).toMatchObject({ answers: 12, state: "closed" });
});

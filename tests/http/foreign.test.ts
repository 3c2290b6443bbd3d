import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ROUTES } from "../../src/http/routes.ts";
import type { Route } from "../../src/http/route.ts";
import { givenAudience } from "../support/audience.ts";
import { A_CALL, LIST, givenEverything } from "../support/everything.ts";
import { Problem, serve } from "../support/http.ts";
import type { Answered, Served } from "../support/http.ts";
import { anUpdate } from "../support/publication.ts";
import { givenAuthenticator, givenToken } from "../support/staff.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// Two real incidents, and every route of one tried with the ids of the other.

type Ids = Readonly<Record<string, string>>;

let w: World;
let app: Served;
let token: string;
let code: () => string;
let own: Ids;
let other: Ids;
beforeAll(async () => {
  w = await world();
  app = await serve(w.ctx);
  const everything = await givenActor(w.ctx, ["responder", "drafter", "approver", "counsel"]);
  token = await givenToken(w, everything);
  code = await givenAuthenticator(w, everything);
  own = await givenEverything(w);
  other = await givenEverything(w);
});
afterAll(async () => {
  await app.close();
  await w.close();
});

const OF_AN_INCIDENT = ROUTES.filter(({ path }) => path.includes(":incidentId")).map(
  (route) => [`${route.method.toUpperCase()} ${route.path}`, route] as const,
);

test("the walk covers every route that names more than one thing", () => {
  const named = ROUTES.filter(({ path }) => (path.match(/:\w+Id\b/g) ?? []).length > 1);
  const walked = OF_AN_INCIDENT.map(([, route]) => route);
  expect(named.filter((route) => !walked.includes(route))).toEqual([]);
  expect(walked.length).toBeGreaterThan(45);
});

describe.each(OF_AN_INCIDENT)("%s", (name, route) => {
  const params = [...route.path.matchAll(/:(\w+Id)\b/g)].map(([, param]) => param ?? "");

  test("answers another incident's ids exactly as it answers ids that never were", async () => {
    for (const param of params) {
      const unknown = await ask(route, { ...own, [param]: randomUUID() });
      expect([param, unknown.status]).toEqual([param, 404]);
      if (params.length === 1) continue;
      const foreign = await ask(route, { ...own, [param]: other[param] ?? "" });
      expect([param, foreign.status, essence(foreign)]).toEqual([param, 404, essence(unknown)]);
    }
  });

  test("finds its own, in either spelling of the id", async () => {
    const found = await ask(route, own);
    expect([name, found.status]).not.toEqual([name, 404]);
    expect(found.status === 422 || found.status >= 500).toBe(false);
    if (route.method !== "get" || route.secondFactor) return;
    const upper = Object.entries(own).map(([key, id]) => [key, id.toUpperCase()]);
    const again = await ask(route, Object.fromEntries(upper));
    // Clocks go on in between.
    const still = (text: string) => text.replaceAll(/"(?:asOf|left)":"[^"]*"/g, "");
    const said = (answer: Answered) => (answer.status < 400 ? still(answer.text) : essence(answer));
    expect([again.status, said(again)]).toEqual([found.status, said(found)]);
  });
});

describe("ids in a body", () => {
  test.each(["noticeId", "audienceId"])("a submission refuses another's %s", async (field) => {
    const { noticeId, audienceId } = own;
    const path = `/v1/incidents/${own["incidentId"]}/submissions`;
    const { notice } = (
      await app.call("POST", `/v1/incidents/${own["incidentId"]}/notices`, {
        token,
        body: { kind: "initial" },
      })
    ).json;
    const body = { noticeId: notice.id ?? noticeId, version: 1, audienceId };
    const send = (id: string | undefined) =>
      app.call("POST", path, { token, body: { ...body, [field]: id } });
    const [foreign, unknown] = [await send(other[field]), await send(randomUUID())];
    expect(foreign.status).toBe(404);
    expect(essence(foreign)).toEqual(essence(unknown));
  });

  test("a wave refuses another's submission", async () => {
    const send = (submissionId: string | undefined) =>
      app.call("POST", `/v1/incidents/${own["incidentId"]}/waves`, {
        token,
        body: { submissionId },
      });
    const [foreign, unknown] = [await send(other["submissionId"]), await send(randomUUID())];
    expect(foreign.status).toBe(404);
    expect(essence(foreign)).toEqual(essence(unknown));
  });

  test("a decision moves no delivery of another wave", async () => {
    await w.sql`update delivery set state = 'unknown' where wave_id = ${other["waveId"] ?? ""}`;
    const [row] = await w.sql<{ id: string }[]>`
      select id from delivery where wave_id = ${other["waveId"] ?? ""} limit 1`;
    const body = { decision: "resend", reason: "Nobody got it." };
    // The walk has cancelled the other wave of this incident.
    const { incidentId = "", waveId = "" } = await givenEverything(w);
    const path = `/v1/incidents/${incidentId}/waves/${waveId}/deliveries/decisions`;
    const answers: Answered[] = [];
    for (const id of [row?.id ?? "", "999999999"])
      answers.push(await app.call("POST", path, { token, body: { ...body, deliveryIds: [id] } }));
    expect(answers.map(({ json }) => json["code"])).toEqual(["conflict", "conflict"]);
    const states = await w.sql`
      select distinct state from delivery where wave_id = ${other["waveId"] ?? ""}`;
    expect([...states]).toEqual([{ state: "unknown" }]);
  });
});

test("a file sent to an address in capitals is imported like any other", async () => {
  const { incidentId = "" } = other;
  const audienceId = await givenAudience(w, incidentId);
  const path = `/v1/incidents/${incidentId}/audiences/${audienceId}/uploads`.replaceAll(
    /[0-9a-f-]{36}/g,
    (id) => id.toUpperCase(),
  );
  const sent = await app.call("POST", path, { token, raw: LIST, headers: CSV });
  expect(sent.status).toBe(201);
  const { uploadId, mapping } = sent.json;
  const confirmed = await app.call("POST", `${path}/${String(uploadId).toUpperCase()}/import`, {
    token,
    body: { mapping, defaultLanguage: "en", defaultExposure: ["name"] },
  });
  expect([confirmed.status, confirmed.json["state"]]).toEqual([202, "importing"]);
});

async function ask(route: Route, ids: Ids): Promise<Answered> {
  w.clock.advance(31_000);
  const path = route.path
    .replaceAll(/:(\w+Id)\b/g, (_, param: string) => ids[param] ?? "")
    .replace(":version", "1")
    .replace(":person", "no-name");
  const name = `${route.method.toUpperCase()} ${route.path.replace(/^.*:incidentId/, "")}`;
  const body = BODIES[name]?.(ids) ?? {};
  return app.call(route.method.toUpperCase(), path, {
    token,
    headers: {
      ...(route.body === "stream" && CSV),
      ...(route.secondFactor && { "candor-totp": code() }),
    },
    ...(route.method !== "get" && { raw: route.body === "stream" ? LIST : JSON.stringify(body) }),
  });
}

/** What a problem says, without the id of its request. */
function essence(answer: Answered) {
  const { requestId: _, ...rest } = Problem.parse(answer.json);
  return rest;
}

const CSV = { "content-type": "text/csv" };
const CLOSES_AT = "2027-01-01T00:00Z";
const aPlan = (ownerId = "") => ({
  version: 1,
  zone: "UTC",
  rule: { kind: "dates", dates: [{ date: "2027-02-01", time: "10:00" }] },
  owners: [ownerId],
});
const REASON = () => ({ reason: "Asked by phone." });
/** What each route must be sent to get as far as looking for things. */
const OWED = { obligations: ["us-hipaa/individuals/full"] };
const BODIES: Readonly<Record<string, (ids: Ids) => unknown>> = {
  "PATCH ": () => ({ version: 1, title: "Another title" }),
  "POST /scopes": () => ({
    baseVersion: 1,
    reason: "Found out.",
    facts: { place: "The main office" },
  }),
  "POST /deltas": ({ audienceId = "" }) => ({ told: audienceId, current: audienceId }),
  "PUT /severity": () => ({ version: 0, intent: "accident" }),
  "POST /filings": () => ({ obligation: "us-hipaa/regulator/initial", kind: "initial" }),
  "PUT /filings/:filingId/lines": () => ({ version: 1, given: {} }),
  "POST /filings/:filingId/approve": () => ({ version: 1, digest: "0".repeat(64) }),
  "POST /filings/:filingId/report": () => ({
    version: 1,
    reference: "1",
    at: "2026-03-02T10:00Z",
  }),
  "POST /obligations/answers": () => ({
    question: "harm-not-likely",
    version: 0,
    value: "yes",
    ...REASON(),
  }),
  "POST /obligations/risk": () => ({ version: 0, level: "risk", reasons: ["It is so."] }),
  "POST /obligations/evidence": () => ({ ...OWED, reference: "1", at: "2026-03-02T10:00Z" }),
  "POST /obligations/missed": () => ({ ...OWED, ...REASON() }),
  "POST /obligations/take-back": () => ({
    obligation: OWED.obligations[0],
    kind: "met",
    ...REASON(),
  }),
  "POST /obligations/holds": () => ({
    ...OWED,
    askedBy: "Police",
    until: "2026-04-01T10:00Z",
    ...REASON(),
  }),
  "POST /obligations/not-applicable": () => ({ ...OWED, ...REASON() }),
  "POST /obligations/reliefs/:reliefId/end": REASON,
  "POST /tasks": () => ({ title: "Call", phase: "open", ownerRole: "responder" }),
  "POST /tasks/runbook": () => ({ runbook: "ransomware" }),
  "PATCH /tasks/:taskId": () => ({ version: 1, done: true }),
  "POST /audiences": () => ({ name: "More" }),
  "POST /audiences/:audienceId/uploads/:uploadId/import": () => ({
    mapping: { email: "email", name: "name" },
    defaultLanguage: "en",
    defaultExposure: ["name"],
  }),
  "POST /recipients/:recipientId/reveal": REASON,
  "POST /recipients/:recipientId/erase": REASON,
  "POST /recipients/:recipientId/suppress": () => ({ reason: "deceased" }),
  "POST /audiences/:audienceId/export": REASON,
  "POST /notices": () => ({ kind: "initial" }),
  "PATCH /notices/:noticeId": () => ({ version: 3 }),
  "POST /notices/:noticeId/variants": () => ({ version: 4 }),
  "POST /notices/:noticeId/withdraw": () => ({ version: 4 }),
  "POST /surveys": ({ audienceId }) => ({ audienceId, closesAt: CLOSES_AT }),
  "POST /submissions": ({ noticeId, audienceId }) => ({ noticeId, audienceId, version: 3 }),
  "POST /submissions/:submissionId/send-back": () => ({ comment: "Say more." }),
  "POST /notices/:noticeId/overrides": () => ({
    number: 1,
    findings: ["0".repeat(32)],
    reason: "Counsel agrees to it.",
  }),
  "POST /submissions/:submissionId/approve": () => ({ binding: "0".repeat(64) }),
  "PUT /publication": () => ({ slug: "another-address", version: 1 }),
  "POST /publication/updates": () => anUpdate({ kind: "update" }),
  "PATCH /publication/updates/:updateId": () => ({ version: 2 }),
  "POST /publication/updates/:updateId/submit": () => ({ version: 3 }),
  "POST /publication/updates/:updateId/send-back": () => ({ comment: "Say more." }),
  "POST /publication/updates/:updateId/approve": () => ({ binding: "0".repeat(64) }),
  "POST /publication/updates/:updateId/withdraw": () => ({ version: 5 }),
  "PUT /followup-plan": ({ ownerId }) => aPlan(ownerId),
  "POST /followups/:followupId/skip": REASON,
  "POST /inquiries": () => A_CALL,
  "POST /inquiries/:inquiryId/answer": () => ({ version: 1, text: "No." }),
  "POST /inquiries/:inquiryId/approve": () => ({ version: 2 }),
  "POST /inquiries/:inquiryId/send-back": () => ({ version: 2, ...REASON() }),
  "POST /inquiries/:inquiryId/close": () => ({ version: 2, ...REASON() }),
  "POST /waves": ({ submissionId }) => ({ submissionId }),
  "POST /waves/:waveId/pause": REASON,
  "POST /waves/:waveId/resume": REASON,
  "POST /waves/:waveId/cancel": REASON,
  "POST /waves/:waveId/letter-batches/:batchId/cancel": REASON,
  "POST /waves/:waveId/not-reached/export": REASON,
  "POST /waves/:waveId/held/decisions": () => ({
    deliveryIds: "all",
    decision: "release",
    ...REASON(),
  }),
  "POST /waves/:waveId/rejected/resend": () => ({ deliveryIds: "all", ...REASON() }),
  "POST /waves/:waveId/deliveries/decisions": () => ({
    deliveryIds: "all",
    decision: "resend",
    ...REASON(),
  }),
};

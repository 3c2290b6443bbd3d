import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { givenFrozenAudience } from "../support/audience.ts";
import { Problem, serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenIncident } from "../support/incident.ts";
import { aSource } from "../support/notice.ts";
import { givenAuthenticator, givenToken } from "../support/staff.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let api: Served;
let drafter: string;
let approver: string;
let base: string;
let audienceId: string;

beforeAll(async () => {
  w = await world();
  api = await serve(w.ctx, { door: "console" });
  drafter = await givenToken(w, w.staff.drafter);
  approver = await givenToken(w, w.staff.approver);
  const { id } = await givenIncident(w);
  base = `/v1/incidents/${id}`;
  audienceId = (await givenFrozenAudience(w, id, [{}])).id;
});
afterAll(async () => {
  await api.close();
  await w.close();
});

const post = (path: string, body: unknown, token = drafter, headers = {}) =>
  api.call("POST", base + path, { token, body, headers });

describe("a notice over HTTP", () => {
  test("is drafted, previewed, submitted, and approved with a second factor", async () => {
    const drafted = await post("/notices", { kind: "initial" });
    expect(drafted.status).toBe(201);
    const { id, version } = drafted.json["notice"];
    const shown = await api.call("GET", `${base}/notices/${id}`, { token: approver });
    expect(shown.json).toMatchObject({ notice: { state: "draft" }, problems: [], comments: [] });
    const previews = await api.call("GET", `${base}/notices/${id}/preview`, { token: approver });
    expect(previews.json["previews"]).toHaveLength(3);

    const submitted = await post("/submissions", { noticeId: id, version, audienceId });
    expect(submitted.json).toMatchObject({
      state: "waiting",
      canary: 50,
      plan: { mode: "first-reachable", channels: ["email", "letter"], consent: "agreed" },
      reach: { email: 1 },
    });
    const approve = `/submissions/${submitted.json["id"]}/approve`;
    const { binding } = submitted.json;
    const without = await post(approve, { binding }, approver);
    expect(without.json["code"]).toBe("second-factor-needed");
    const code = await givenAuthenticator(w, w.staff.approver);
    const approved = await post(approve, { binding }, approver, { "candor-totp": code() });
    expect(approved.json).toMatchObject({ state: "approved", approvals: [{ waiver: null }] });
    const listed = await api.call("GET", `${base}/notices/${id}/submissions`, { token: drafter });
    expect(listed.json["submissions"]).toEqual([approved.json]);
    const back = await post(
      `/submissions/${submitted.json["id"]}/send-back`,
      { comment: "No." },
      approver,
    );
    expect(back.json["state"]).toBe("closed");
  });

  test("is previewed as a page whose one style its policy names", async () => {
    const { json } = await post("/notices", { kind: "closing" });
    const path = `${base}/notices/${json["notice"].id}/preview/long-name`;
    const page = await api.call("GET", path, { token: approver });
    expect(page.headers.get("content-type")).toContain("text/html");
    expect(page.headers.get("content-security-policy")).toMatch(
      /^default-src 'none';.*style-src 'sha256-[A-Za-z0-9+/]{43}='$/,
    );
    expect(page.text).toContain('<html lang="en">');
    expect(page.text).toContain("&lt;Tag&gt;");
    expect(page.text).not.toMatch(/ style=|<script|<img/);
    expect((await api.call("GET", `${path}?language=fr`, { token: approver })).status).toBe(404);
  });

  test.each([
    ["an unknown field", { kind: "initial", state: "ready" }, 422],
    ["an unknown kind", { kind: "surprise" }, 422],
    ["a language without wording", { kind: "initial", languages: { tlh: aSource() } }, 422],
    [
      "a syntax tree in place of a source",
      { kind: "initial", languages: { en: { type: "Program", body: [] } } },
      422,
    ],
    ["no language", { kind: "initial", languages: {} }, 422],
    [
      "a hostile source",
      { kind: "initial", languages: { en: aSource({ body: "{{{name}}}" }) } },
      422,
    ],
    ["a source that is too long", { kind: "initial", languages: { en: "x".repeat(65_537) } }, 422],
    [
      "a reply address with a line break",
      { kind: "initial", replyTo: "a@example.org\r\nBcc: b@example.org" },
      422,
    ],
  ])("%s is refused as a problem", async (_what, body, status) => {
    const answer = await post("/notices", body);
    expect(answer.status).toBe(status);
    expect(Problem.parse(answer.json).status).toBe(status);
  });

  test.each([
    ["a binding that is none", { binding: "x" }, 422],
    ["an unknown field", { binding: "0".repeat(64), approved: true }, 422],
    ["a waiver without a reason", { binding: "0".repeat(64), waiver: {} }, 422],
    [
      "a waiver with a short reason",
      { binding: "0".repeat(64), waiver: { reason: "because" } },
      422,
    ],
    ["an unknown submission", { binding: "0".repeat(64) }, 404],
  ])("an approval with %s is refused", async (_what, body, status) => {
    w.clock.advance(60_000);
    const code = await givenAuthenticator(w, w.staff.approver);
    const path = `/submissions/${randomUUID()}/approve`;
    const answer = await post(path, body, approver, { "candor-totp": code() });
    expect(answer.status).toBe(status);
  });

  test.each([
    ["a negative canary", { canary: -1 }],
    ["a channel twice", { plan: { channels: ["email", "email"] } }],
    ["a channel we do not have", { plan: { channels: ["pigeon"] } }],
    ["another consent rule", { plan: { consent: "none" } }],
    ["a window without a zone", { sendWindow: { notBefore: "2026-03-04T10:00" } }],
    ["an unknown field", { approvalsNeeded: 0 }],
  ])("a submission with %s is refused", async (_what, over) => {
    const body = { noticeId: randomUUID(), version: 1, audienceId, ...over };
    expect((await post("/submissions", body)).status).toBe(422);
  });

  test("a text is edited, listed by version, tested and withdrawn", async () => {
    const { json } = await post("/notices", { kind: "update" });
    const path = `${base}/notices/${json["notice"].id}`;
    const edited = await api.call("PATCH", path, {
      token: drafter,
      body: { version: 1, languages: { en: aSource() } },
    });
    expect(edited.json["notice"]).toMatchObject({ version: 2, number: 2 });
    const lines = await api.call("GET", `${path}/versions`, { token: drafter });
    expect(lines.json["versions"].map(({ number }: { number: number }) => number)).toEqual([2, 1]);
    const tested = await api.call("POST", `${path}/test`, { token: drafter, body: {} });
    expect(tested.json).toEqual({ outcome: "accepted" });
    const gone = await api.call("POST", `${path}/withdraw`, {
      token: drafter,
      body: { version: 2 },
    });
    expect(gone.json["state"]).toBe("withdrawn");
    const all = await api.call("GET", `${base}/notices`, { token: drafter });
    expect(all.json["notices"].length).toBeGreaterThan(0);
  });
});

import { randomUUID } from "node:crypto";
import { Writable } from "node:stream";

import { afterEach, beforeEach, expect, test } from "vitest";

import { unsubscribeLinks } from "../../src/actions/inquiry/code.ts";
import { handleIntake } from "../../src/actions/intake.ts";
import { createLog } from "../../src/log.ts";
import { INTAKE_HANDLERS } from "../../workers/intake.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { aVisitor, enterVisit, givenPeople, newestCode, work } from "../support/visit.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// What a stranger tries at *my notice* besides guessing codes.

const EMAIL = "mary.major@example.com";
let w: World;
let door: Served;
let given: Awaited<ReturnType<typeof givenPeople>>;
const mine = () => given.codes[0] ?? "";

beforeEach(async () => {
  w = await world({ TRUSTED_PROXIES: 1 });
  door = await serve(w.ctx, { door: "public" });
  given = await givenPeople(w, [{ email: EMAIL, exposure: ["name"] }]);
});
afterEach(async () => {
  await door.close();
  await w.close();
});

test("what was sent before any worker looked does not leave the visitor waiting for ever", async () => {
  const visitor = aVisitor(door);
  await visitor.post("/my", { code: mine() });
  await visitor.post("/my/code", { code: "00000000" });
  // The later turn first, as another worker may.
  await w.sql`update intake set received_at = received_at - interval '1 hour'
               where kind = 'visit.one-time-code'`;
  const kinds = await w.sql<{ id: string }[]>`select id from intake order by received_at`;
  expect(kinds).toHaveLength(2);
  await handleIntake(w.ctx, INTAKE_HANDLERS, kinds[0]?.id ?? "");
  await work(w);
  const { text } = await visitor.get("/my/notice");
  expect(text).toContain('action="/my/code');
  expect(text).not.toContain("One moment");
});

test.each([
  ["https://evil.example.net", 403],
  ["https://incident.example.org.evil.example.net", 403],
  ["https://incident.example.org", 303],
  ["null", 303],
])(
  "a form from %s, of a browser that names the origin only, is answered %i",
  async (origin, status) => {
    const visitor = aVisitor(door, { headers: { origin } });
    expect((await visitor.post("/my", { code: mine() })).status).toBe(status);
  },
);

test("every form that acts for a visitor is closed to other sites", async () => {
  const own = aVisitor(door);
  await enterVisit(w, own, mine());
  const headers = { "sec-fetch-site": "same-site" };
  const forged = aVisitor(door, { cookie: own.cookie(), headers });
  for (const path of ["code", "notice/preference", "notice/stop", "notice/ask", "leave"]) {
    const { status } = await forged.post(`/my/${path}`, { sure: "yes", kind: "erase", text: "x" });
    expect([path, status]).toEqual([path, 403]);
  }
  await work(w);
  expect(await w.sql`select from suppression`).toEqual([]);
  expect((await own.get("/my/notice")).text).toContain("m•••@e•••.com");
});

test("a visit of somebody and one of nobody have the same lengths in the database", async () => {
  await aVisitor(door).post("/my", { code: mine() });
  await aVisitor(door).post("/my", { code: "0000-0000-0000" });
  const typed = await w.sql`select distinct kind, length(sealed) from intake`;
  expect(typed).toHaveLength(1);
  await work(w);
  const lengths = await w.sql`select distinct length(state), length(reply) from visit`;
  expect(lengths).toHaveLength(1);
});

test("at the level trace the log holds no code, cookie, address, token or word of anybody", async () => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLog("trace", "test", sink);
  Object.assign(w.ctx, { log });
  const loud = await serve(w.ctx, { door: "public" });
  const visitor = aVisitor(loud);
  await enterVisit(w, visitor, mine());
  const oneTime = await newestCode(w);
  await visitor.post("/my/notice/ask", { kind: "question", text: "Was my canary in it?" });
  await visitor.post("/lookup", { email: EMAIL });
  const stop = new URL(
    (await unsubscribeLinks(w.ctx, given.incidentId))(given.recipientIds[0] ?? ""),
  );
  await visitor.post(stop.pathname, "List-Unsubscribe=One-Click");
  const unknown = randomUUID().replaceAll("-", "").repeat(2).slice(0, 43);
  await visitor.get(`/subscriptions/${unknown}`);
  await visitor.get(`/nope/${unknown}?email=${EMAIL}`);
  await visitor.post("/my/code", "x=".repeat(20_000));
  await work(w);
  await loud.close();
  const all = lines.join("\n");
  expect(lines.length).toBeGreaterThan(8);
  const secrets = [mine(), oneTime, oneTime.replace(" ", ""), EMAIL, "canary", unknown];
  const cookie = visitor.cookie().split("=")[1] ?? "none";
  for (const secret of [...secrets, cookie, stop.pathname.slice(6)])
    expect(all.includes(secret)).toBe(false);
});

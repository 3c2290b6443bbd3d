import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { box } from "../../src/gateways/box.ts";
import { InquiryKind } from "../../src/domain/inquiry.ts";
import { ways } from "../../src/store/audience/way.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenScope } from "../support/incident.ts";
import { aVisitor, enterVisit, givenPeople, givenTold, work } from "../support/visit.ts";
import type { Visitor } from "../support/visit.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let door: Served;
let visitor: Visitor;
let place: { incidentId: string; audienceId: string; recipientId: string };

beforeEach(async () => {
  w = await world({ TRUSTED_PROXIES: 1 });
  door = await serve(w.ctx, { door: "public" });
  const { incidentId, audienceId, recipientIds, codes } = await givenPeople(w, [
    { phone: "+12025550123" },
  ]);
  place = { incidentId, audienceId, recipientId: recipientIds[0] ?? "" };
  visitor = aVisitor(door);
  await enterVisit(w, visitor, codes[0] ?? "");
});
afterEach(async () => {
  await door.close();
  await w.close();
});

describe("an open visit", () => {
  test("compares with what the last notice said", async () => {
    expect((await visitor.get("/my/notice")).text).toContain(
      "Our notice to you is still on its way",
    );
    await givenSent(place);
    expect(await lookAnew()).toContain("Nothing has changed.");
    w.clock.advance(60_000);
    await givenScope(w, place.incidentId, {
      dataElements: [
        { element: "name", state: "ruled-out" },
        { element: "email-address", state: "confirmed" },
      ],
    });
    const text = await lookAnew();
    expect(text).toContain("Then: Perhaps exposed: we are still looking into it.");
    expect(text).toContain("Now: Not exposed: we looked and are sure.");
    expect(text).toMatch(
      /<strong>First notice<\/strong>, e-mail: sent \(.*\)<br>Notice code: <span/,
    );
  });

  test("keeps language and channel, and shows them", async () => {
    const { status } = await visitor.post("/my/notice/preference", {
      language: "ru",
      channel: "sms",
    });
    expect(status).toBe(303);
    const text = await look();
    expect(text).toContain("Your choice is saved.");
    expect(text).toMatch(/value="ru" checked/);
    expect(text).toMatch(/value="sms" checked/);
    expect(await w.sql`select language, channel from preference`).toEqual([
      { language: "ru", channel: "sms" },
    ]);
    expect(await wayOf("courtesy")).toMatchObject({ language: "ru", channels: ["sms", "email"] });
    await visitor.post("/my/notice/preference", { language: "xx", channel: "pigeon" });
    await work(w);
    expect(await w.sql`select language, channel from preference`).toEqual([
      { language: "en", channel: null },
    ]);
  });

  test("stops optional messages only where the box is ticked", async () => {
    await visitor.post("/my/notice/stop", {});
    await work(w);
    expect(await w.sql`select from suppression`).toEqual([]);
    await visitor.post("/my/notice/stop", { sure: "yes" });
    expect(await look()).toContain("You get no optional messages.");
    expect(await w.sql`select reason, created_by from suppression`).toEqual([
      { reason: "opted-out", createdBy: null },
    ]);
    expect(await wayOf("courtesy")).toMatchObject({ state: "excluded" });
    expect(await wayOf("legal")).toMatchObject({ state: "planned" });
  });

  test.each(InquiryKind.options)("takes a %s into the queue, with its clock", async (kind) => {
    await visitor.post("/my/notice/ask", { kind, text: "What do you do about it?" });
    const text = await look();
    expect(text).toContain("We have your message.");
    expect(text).toContain("What do you do about it?");
    const [row] =
      await w.sql`select number, state, channel, due_at > now() + '2 days' as clock from inquiry`;
    expect(row).toMatchObject({ state: "new", channel: "web", clock: true });
    expect(row?.["number"]).toMatch(/^Q-[0-9A-HJKMNP-TV-Z]{6}$/);
  });

  test("takes three messages a day, even of ten at once", async () => {
    const ask = (text: string) => visitor.post("/my/notice/ask", { kind: "question", text });
    await Promise.all(Array.from({ length: 10 }, (_, i) => ask(`No. ${i}`)));
    await work(w);
    await ask("One more");
    const text = await look();
    expect(text).toContain("You have written three times in 24 hours.");
    expect(text.match(/<p class="typed">No\. \d<\/p>/g)).toHaveLength(3);
    expect(await w.sql`select from inquiry`).toHaveLength(3);
  });

  test("shows markup as the text it is", async () => {
    await visitor.post("/my/notice/ask", { kind: "question", text: HOSTILE });
    const text = await look();
    expect(text).toContain("&lt;img src&#x3D;x onerror&#x3D;alert(1)&gt;{{constructor}}");
    expect(text).not.toContain("<img");
  });

  test.each([
    ["nothing", ""],
    ["characters that reorder text", "abc\u202Edef"],
    ["a null byte", "abc\u0000def"],
    ["2,001 characters", "x".repeat(2_001)],
  ])("gives back a message with %s", async (_what, text) => {
    const page = await visitor.post("/my/notice/ask", { kind: "complaint", text });
    expect(page.status).toBe(422);
    expect(page.text).toContain('<p><a href="#text">Write between 1 and 2,000 characters');
    expect(page.text).toContain('id="kind-complaint" name="kind" value="complaint" checked');
    await work(w);
    expect(await w.sql`select from inquiry`).toEqual([]);
  });

  test("takes no 10,000 emojis, and no unknown kind", async () => {
    const emojis = await visitor.post("/my/notice/ask", {
      kind: "question",
      text: "😀".repeat(10_000),
    });
    expect(emojis.status).toBe(413);
    expect(emojis.text).toContain("That was too much text");
    const kind = await visitor.post("/my/notice/ask", { kind: "riddle", text: "Hello?" });
    expect(kind.status).toBe(422);
    expect(kind.text).toContain("Choose what it is about.");
    await work(w);
    expect(await w.sql`select from inquiry`).toEqual([]);
  });

  test("ends after half an hour without a click, and after four hours in any case", async () => {
    w.clock.advance(29 * 60_000);
    await visitor.post("/my/notice/preference", { language: "en" });
    await work(w);
    for (let i = 0; i < 7; i += 1) {
      w.clock.advance(29 * 60_000);
      await visitor.post("/my/notice/preference", { language: "en" });
    }
    w.clock.advance(9 * 60_000);
    expect((await visitor.get("/my/notice")).text).toContain("Your visit has ended");
  });

  test("ends when the visitor leaves: a copy of the cookie opens nothing", async () => {
    const copy = aVisitor(door, { cookie: visitor.cookie() });
    expect((await copy.get("/my/notice")).text).toContain("Your data");
    const left = await visitor.post("/my/leave", {});
    expect(left.headers.get("set-cookie")).toMatch(
      /^__Host-candor-visit=;.*Expires=Thu, 01 Jan 1970/,
    );
    expect((await copy.get("/my/notice")).text).toContain("Your visit has ended");
    expect(await w.sql`select from visit`).toEqual([]);
  });
});

describe("a thief", () => {
  test("of the database and every key of ours reads no visit", async () => {
    const [row] = await w.sql<
      { idHash: Buffer; reply: Buffer }[]
    >`select id_hash, reply from visit`;
    const [intake] = await w.sql<
      { sealedPrivate: Buffer }[]
    >`select sealed_private from intake_key`;
    const organisation = await w.ctx.vault.keys("00000000-0000-0000-0000-000000000000");
    const key = organisation.openBytes(
      "intake_key",
      "one",
      intake?.sealedPrivate ?? Buffer.alloc(0),
    );
    const reply = row?.reply ?? Buffer.alloc(0);
    await expect(box.open(key, "visit reply", reply)).rejects.toThrow();
    await expect(box.open(row?.idHash ?? key, "visit reply", reply)).rejects.toThrow();
    const own = Buffer.from(visitor.cookie().split("=")[1] ?? "", "base64url").subarray(32);
    expect(await box.open(own, "visit reply", reply)).toMatchObject({ page: "notice" });
  });

  test.each([
    [
      "an id with another key",
      (secret: Buffer) => Buffer.concat([secret.subarray(0, 32), Buffer.alloc(32, 7)]),
    ],
    [
      "a key with another id",
      (secret: Buffer) => Buffer.concat([Buffer.alloc(32, 7), secret.subarray(32)]),
    ],
    ["half a cookie", (secret: Buffer) => secret.subarray(0, 32)],
  ])("with %s sees the first page", async (_what, forge) => {
    const [name = "", value = ""] = visitor.cookie().split("=");
    const cookie = `${name}=${forge(Buffer.from(value, "base64url")).toString("base64url")}`;
    const { text } = await aVisitor(door, { cookie }).get("/my/notice");
    expect(text).toContain("Your visit has ended");
  });

  test("who puts a second cookie beside it gets neither", async () => {
    const cookie = `${visitor.cookie()}; ${visitor.cookie()}`;
    expect((await aVisitor(door, { cookie }).get("/my/notice")).text).toContain("has ended");
  });
});

test("a scanner that opens every page fifty times changes nothing", async () => {
  const before = await everything(w);
  for (let i = 0; i < 50; i += 1)
    for (const path of ["/my", "/my/code", "/my/notice", "/lookup", "/stop/x"])
      expect((await visitor.get(path)).status).toBe(200);
  await work(w);
  expect(await everything(w)).toEqual(before);
});

/** How a wave would reach the person now. */
async function wayOf(noticeClass: "legal" | "courtesy") {
  const plan = { mode: "first-reachable", channels: ["email", "sms"], consent: "any" } as const;
  const { audienceId } = place;
  const [row] = await w.sql`
    select * from (${ways(w.sql, { ...plan, audienceId, noticeClass }, "few")}) as way`;
  return row;
}

/** The page as it is after the workers have done all there is. */
async function look(): Promise<string> {
  await work(w);
  return (await visitor.get("/my/notice")).text;
}

/** The same, with how things stand now. */
async function lookAnew(): Promise<string> {
  await visitor.post("/my/notice/preference", { language: "en" });
  return look();
}

async function givenSent(told: typeof place): Promise<void> {
  const waveId = await givenTold(w, told);
  await w.sql`
    insert into delivery (wave_id, recipient_id, channel, state, settled_at)
    values (${waveId}, ${told.recipientId}, 'email', 'accepted', ${w.clock.now()})`;
}

/** Row counts and the newest versions of all that a click could change. */
function everything({ sql }: World) {
  return sql`
    select (select count(*) from visit) as visits, (select sum(turn) from visit) as turns,
           (select max(expires_at) from visit) as ends, (select count(*) from intake) as intakes,
           (select count(*) from message) as messages, (select count(*) from suppression) as stops,
           (select count(*) from inquiry) as inquiries, (select count(*) from tally) as tallies,
           (select count(*) from outbox) as outbox, (select max(seq) from timeline) as entries`;
}

const HOSTILE = "<img src=x onerror=alert(1)>{{constructor}}";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenScope } from "../support/incident.ts";
import { aVisitor, enterVisit, givenPeople, newestCode, work } from "../support/visit.ts";
import type { Page } from "../support/visit.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const EMAIL = "mary.major@example.com";
const MINUTE_MS = 60_000;

let w: World;
let door: Served;
let incidentId: string;
let codes: string[];

beforeEach(async () => {
  w = await world({ TRUSTED_PROXIES: 1 });
  door = await serve(w.ctx, { door: "public" });
  const given = await givenPeople(w, [
    { email: EMAIL, phone: "+12025550123", exposure: ["name", "medical"] },
    { email: "other@example.com" },
  ]);
  ({ incidentId, codes } = given);
});
afterEach(async () => {
  await door.close();
  await w.close();
});

const mine = () => codes[0] ?? "";

describe("the way in", () => {
  test("leads by a one-time code to what is one's own, and to nothing else", async () => {
    const visitor = aVisitor(door);
    const began = await visitor.post("/my", { code: mine().toLowerCase().replaceAll("-", " ") });
    expect([began.status, began.headers.get("location")]).toEqual([303, "/my/code?language=en"]);
    expect(began.headers.get("set-cookie")).toMatch(
      /^__Host-candor-visit=[\w-]{128}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    await work(w);
    expect(w.email.sent.map(({ to }) => to)).toEqual([EMAIL]);
    await visitor.post("/my/code", { code: await newestCode(w) });
    await work(w);
    const { status, text } = await visitor.get("/my/notice");
    expect(status).toBe(200);
    expect(text).toContain("<dt>medical information</dt>\n<dd>Exposed: we are sure.</dd>");
    expect(text).toContain("m•••@e•••.com");
    expect(text).not.toContain(EMAIL);
  });

  test("shows the states as they are now, in the language of the page", async () => {
    await givenScope(w, incidentId, {
      dataElements: [
        { element: "name", state: "ruled-out" },
        { element: "medical", state: "suspected" },
      ],
    });
    const visitor = aVisitor(door);
    const { text } = await enterVisit(w, visitor, mine());
    expect(text).toContain("<dd>Not exposed: we looked and are sure.</dd>");
    expect(text).toContain("<dd>Perhaps exposed: we are still looking into it.</dd>");
    const chinese = await visitor.get("/my/notice?language=zh");
    expect(chinese.text).toContain('<html lang="zh-Hans">');
    expect(chinese.text).toContain("<dd>可能已泄露：我们仍在调查。</dd>");
    expect(chinese.text).not.toContain("medical");
  });

  test("is the same by SMS for whoever has no living mailbox", async () => {
    const { recipientIds, codes: own } = await givenPeople(w, [{ phone: "+12025550199" }]);
    await w.sql`insert into suppression (incident_id, recipient_id, reason, created_at)
      select incident_id, id, 'hard-bounce', now() from recipient where id = any (${recipientIds})`;
    await aVisitor(door).post("/my?language=ru", { code: own[0] ?? "" });
    await work(w);
    expect(w.email.sent).toEqual([]);
    expect(w.sms.sent.map(({ to }) => to)).toEqual(["+12025550199"]);
    expect(w.sms.sent[0]?.text).toMatch(/код \d{4} \d{4}, действует 10 минут/);
    await w.sql`insert into closed_channel (incident_id, recipient_id, channel)
      select incident_id, id, 'sms' from recipient where id = any (${recipientIds})`;
    await aVisitor(door).post("/my", { code: own[0] ?? "" });
    await work(w);
    expect([w.email.sent.length, w.sms.sent.length]).toEqual([0, 1]);
  });

  test("asks a network to wait after 30 codes in a minute, and no other", async () => {
    const at = (network: string) => aVisitor(door, { network }).post("/my", { code: "x" });
    const pages = await Promise.all(Array.from({ length: 31 }, (_, i) => at(`198.51.100.${i}`)));
    expect(pages.filter(({ status }) => status === 429)).toHaveLength(1);
    expect((await at("203.0.113.9")).status).toBe(303);
  });

  test("says to wait while no worker has looked, and comes back by itself", async () => {
    const visitor = aVisitor(door);
    await visitor.post("/my?language=zh", { code: mine() });
    const { status, headers, text } = await visitor.get("/my/notice?language=zh");
    expect([status, headers.get("refresh")]).toEqual([200, "1; url=/my/notice?language=zh"]);
    expect(text).toContain("<h1>请稍候</h1>");
  });

  test("is closed to a form of another site", async () => {
    const headers = { "sec-fetch-site": "cross-site" };
    const { status } = await aVisitor(door, { headers }).post("/my", { code: mine() });
    expect(status).toBe(403);
    expect(await w.sql`select from visit`).toEqual([]);
  });
});

describe("a personal code", () => {
  test.each(["", "ZZZZ-ZZZZ-ZZZZ", "x".repeat(500), "<script>", "%00", "' or 1=1 --"])(
    "that is %j is answered like the right one, and then like it again",
    async (wrong) => {
      expect(await traceOf(wrong)).toEqual(await traceOf(mine()));
      expect(w.email.sent).toHaveLength(1);
    },
  );

  test("cut short, or of an erased person, is one that nobody has", async () => {
    const right = await traceOf(mine());
    w.email.sent.length = 0;
    expect(await traceOf(mine().slice(0, -1))).toEqual(right);
    await w.sql`delete from recipient where incident_id = ${incidentId}`;
    expect(await traceOf(mine())).toEqual(right);
    expect(w.email.sent).toEqual([]);
  });

  test("sends at most five one-time codes a day", async () => {
    for (let i = 0; i < 7; i += 1) await aVisitor(door).post("/my", { code: mine() });
    await work(w);
    expect(w.email.sent).toHaveLength(5);
    w.clock.advance(24 * 60 * MINUTE_MS);
    await w.sql`update tally set since = since - interval '1 second'`;
    await aVisitor(door).post("/my", { code: mine() });
    await work(w);
    expect(w.email.sent).toHaveLength(6);
  });

  test("is nowhere in the database in clear, and neither is a one-time code", async () => {
    await enterVisit(w, aVisitor(door), mine());
    const digits = await newestCode(w);
    const tables = await w.sql<{ name: string }[]>`
      select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`;
    for (const { name } of tables) {
      const [row] = await w.sql.unsafe(
        `select coalesce(string_agg(t::text, ' '), '') as all from ${name} t`,
      );
      const all = String(row?.["all"]);
      for (const secret of [mine(), mine().replaceAll("-", ""), digits, digits.replace(" ", "")]) {
        expect(all).not.toContain(secret);
        expect(all).not.toContain(Buffer.from(secret).toString("hex"));
      }
    }
  });
});

describe("a one-time code", () => {
  test("works once: another visit cannot use it, nor the same one after it ended", async () => {
    const visitor = aVisitor(door);
    await enterVisit(w, visitor, mine());
    const used = await newestCode(w);
    const thief = aVisitor(door);
    await thief.post("/my", { code: mine() });
    await work(w);
    expect(await typed(thief, used)).toContain("Tries left: 4");
    await visitor.post("/my/leave", {});
    expect(await typed(visitor, used)).toContain("Your visit has ended");
  });

  test("is worth nothing after ten minutes", async () => {
    const visitor = aVisitor(door);
    await visitor.post("/my", { code: mine() });
    await work(w);
    w.clock.advance(10 * MINUTE_MS);
    expect(await typed(visitor, await newestCode(w))).toContain(
      "The one-time code no longer works",
    );
  });

  test("has five tries, after which not even the right one opens", async () => {
    const visitor = aVisitor(door);
    await visitor.post("/my", { code: mine() });
    await work(w);
    for (const left of [4, 3, 2, 1])
      expect(await typed(visitor, "00000000")).toContain(`Tries left: ${left}`);
    expect(await typed(visitor, "00000000")).toContain("no longer works");
    expect(await typed(visitor, await newestCode(w))).toContain("no longer works");
  });

  test("of fifty at once, with the right one last, opens nothing", async () => {
    const visitor = aVisitor(door);
    await visitor.post("/my", { code: mine() });
    await work(w);
    const guesses = Array.from({ length: 49 }, (_, i) => String(i).padStart(8, "0"));
    await Promise.all(guesses.map((guess) => visitor.post("/my/code", { code: guess })));
    expect(await typed(visitor, await newestCode(w))).toContain("no longer works");
  });
});

/** All that a stranger sees from a personal code to a second wrong one-time code. */
async function traceOf(code: string) {
  const visitor = aVisitor(door);
  const pages: Page[] = [await visitor.post("/my", { code })];
  await work(w);
  pages.push(await visitor.get("/my/code"), await visitor.get("/my/notice"));
  for (let i = 0; i < 2; i += 1) {
    pages.push(await visitor.post("/my/code", { code: "12345678" }));
    await work(w);
    pages.push(await visitor.get("/my/notice"));
  }
  return pages.map(({ status, headers, text }) => ({
    status,
    text,
    headers: [...headers]
      .filter(([name]) => !["date", "candor-request-id"].includes(name))
      .map(([name, value]) => [name, name === "set-cookie" ? value.length : value]),
  }));
}

async function typed(visitor: ReturnType<typeof aVisitor>, code: string): Promise<string> {
  const answer = await visitor.post("/my/code", { code });
  await work(w);
  return answer.status === 303 ? (await visitor.get("/my/notice")).text : answer.text;
}

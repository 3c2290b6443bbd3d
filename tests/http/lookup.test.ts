import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { keepCodes, unsubscribeLinks } from "../../src/actions/inquiry/code.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenIncident } from "../support/incident.ts";
import { aVisitor, givenPeople, givenTold, newestText, work } from "../support/visit.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const DAY_MS = 24 * 3_600_000;
const KNOWN = "mary.major@example.com";
const UNKNOWN = "nobody.here@example.com";

let w: World;
let door: Served;
let given: Awaited<ReturnType<typeof givenPeople>>;

beforeEach(async () => {
  w = await world({ TRUSTED_PROXIES: 1 });
  door = await serve(w.ctx, { door: "public" });
  given = await givenPeople(w, [{ email: KNOWN, exposure: ["medical"] }]);
  await givenTold(w, given);
});
afterEach(async () => {
  await door.close();
  await w.close();
});

let networks = 0;
/** Each from a network of its own, unless said. */
async function ask(email: string, network = `10.0.${(networks += 1)}.1`) {
  const page = await aVisitor(door, { network }).post("/lookup", { email });
  await work(w);
  return page;
}

describe("was I affected?", () => {
  test("answers a known and an unknown address alike", async () => {
    const [known, unknown] = [await ask(KNOWN), await ask(UNKNOWN)];
    expect(known.status).toBe(202);
    expect(unknown.status).toBe(202);
    expect(known.text).toBe(unknown.text);
    expect(headersOf(known)).toEqual(headersOf(unknown));
    expect(known.text).not.toContain(KNOWN);
  });

  test("writes to the known address alone, with the way in and not a word of what was exposed", async () => {
    await ask(UNKNOWN);
    await ask(` ${KNOWN.toUpperCase()} `);
    expect(w.email.sent.map(({ to }) => to.toLowerCase())).toEqual([KNOWN]);
    const text = await newestText(w);
    expect(text).toContain("incident.example.org/my");
    expect(text).toContain(given.codes[0]);
    expect(text).not.toMatch(/medical/i);
  });

  test("counts every spelling of an address as one", async () => {
    const spellings = [KNOWN, KNOWN.toUpperCase(), KNOWN[0]?.toUpperCase() + KNOWN.slice(1)];
    for (const email of spellings) await ask(email);
    expect(w.email.sent).toHaveLength(1);
  });

  test("is closed to a form of another site, which would ask from every network at once", async () => {
    const headers = { "sec-fetch-site": "cross-site" };
    const { status } = await aVisitor(door, { headers }).post("/lookup", { email: KNOWN });
    await work(w);
    expect([status, w.email.sent]).toEqual([403, []]);
  });

  test.each(["", "@", "a@b@c", "x".repeat(400), "<script>@example.com", "a\r\nBcc: b@example.com"])(
    "takes %j for one that it does not know",
    async (email) => {
      expect((await ask(email)).text).toBe((await ask(UNKNOWN)).text);
      expect(w.email.sent).toEqual([]);
    },
  );

  test("says nothing before people are told: no wave, and nothing published", async () => {
    await givenPeople(w, [{ email: "early@example.com" }]);
    await ask("early@example.com");
    expect(w.email.sent).toEqual([]);
  });

  test("does the same work for both: rows of the same kinds, and nothing left of what was typed", async () => {
    const counts = () => w.sql`
      select (select count(*)::int from message) as messages, (select count(*)::int from tally) as tallies,
             (select count(*)::int from intake) as intakes, (select max(seq)::int from timeline) as entries`;
    const [start] = await counts();
    await ask(KNOWN);
    const [afterKnown] = await counts();
    await ask(UNKNOWN);
    const [afterUnknown] = await counts();
    expect(minus(afterUnknown, afterKnown)).toEqual(minus(afterKnown, start));
    expect(minus(afterKnown, start)).toEqual({ messages: 1, tallies: 2, intakes: 0, entries: 0 });
  });

  test("is no mail cannon: one a day, three in all, however many networks ask", async () => {
    for (let day = 0; day < 5; day += 1) {
      for (let i = 0; i < 4; i += 1) await ask(KNOWN);
      w.clock.advance(DAY_MS);
      await w.sql`update message set expires_at = expires_at + interval '1 day' where state = 'planned'`;
    }
    expect(w.email.sent).toHaveLength(3);
  });

  test("writes once where a hundred ask at the same time", async () => {
    const posts = Array.from({ length: 100 }, (_, i) =>
      aVisitor(door, { network: `10.9.${i}.1` }).post("/lookup", { email: KNOWN }),
    );
    await Promise.all(posts);
    await work(w);
    expect(w.email.sent).toHaveLength(1);
  });

  test("takes ten an hour from a network, and others still", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 11; i += 1) statuses.push((await ask(UNKNOWN, `198.51.100.${i}`)).status);
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 202), 429]);
    expect((await ask(UNKNOWN)).status).toBe(202);
  });

  test("names the codes of all who share the mailbox, in every incident", async () => {
    const { id: incidentId } = await givenIncident(w, { awareAt: new Date(Date.now() - 60_000) });
    const second = await givenFrozenAudience(w, incidentId, [
      { email: KNOWN, name: "Ann" },
      { email: KNOWN, name: "Bo" },
    ]);
    await keepCodes(w.ctx, { incidentId, audienceId: second.id });
    await givenTold(w, { incidentId, audienceId: second.id });
    await ask(KNOWN);
    expect((await newestText(w)).match(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/g)).toHaveLength(3);
  });
});

describe("the unsubscribe link", () => {
  const linkOf = async (i = 0) => {
    const link = await unsubscribeLinks(w.ctx, given.incidentId);
    return new URL(link(given.recipientIds[i] ?? "")).pathname;
  };

  test("names nobody, and ends optional follow-ups by one POST without a cookie (RFC 8058)", async () => {
    const path = await linkOf();
    const ids = [given.incidentId, given.recipientIds[0] ?? ""];
    for (const id of ids) {
      expect(path).not.toContain(id);
      const bytes = Buffer.from(path.slice("/stop/".length), "base64url").toString("hex");
      expect(bytes).not.toContain(id.replaceAll("-", ""));
    }
    const page = await aVisitor(door).post(path, "List-Unsubscribe=One-Click");
    expect(page.status).toBe(200);
    await work(w);
    expect(await w.sql`select recipient_id, reason from suppression`).toEqual([
      { recipientId: ids[1], reason: "opted-out" },
    ]);
  });

  test("does nothing when it is looked at, as often as one likes", async () => {
    const path = await linkOf();
    for (let i = 0; i < 50; i += 1) expect((await aVisitor(door).get(path)).status).toBe(200);
    expect(await w.sql`select from intake`).toEqual([]);
  });

  test("answers every token alike, and acts on its own only", async () => {
    const path = await linkOf();
    const flipped = path.slice(0, -8) + (path.at(-8) === "A" ? "B" : "A") + path.slice(-7);
    const wrong = [flipped, path.slice(0, -1), "/stop/x", `/stop/${"y".repeat(5_000)}`];
    const pages = [];
    for (const each of [...wrong, path]) pages.push(await aVisitor(door).post(each, ""));
    expect(new Set(pages.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    await w.sql`delete from recipient`;
    await work(w);
    expect(await w.sql`select from suppression`).toEqual([]);
  });
});

function headersOf({ headers }: { headers: Headers }) {
  return [...headers].filter(([name]) => !["date", "candor-request-id"].includes(name));
}

type Counts = Readonly<Record<string, number>> | undefined;

function minus(a: Counts, b: Counts) {
  return Object.fromEntries(Object.entries(a ?? {}).map(([key, n]) => [key, n - (b?.[key] ?? 0)]));
}

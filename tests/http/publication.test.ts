import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

import type { NewUpdate } from "../../src/domain/publication.ts";
import { connect } from "../../src/store/db.ts";
import { startBrowser } from "../support/browser.ts";
import { DAY_MS, givenPlan } from "../support/followup.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { givenPublished, givenUpdate } from "../support/publication.ts";
import { givenToken } from "../support/staff.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const LANGUAGES: NewUpdate["languages"] = {
  en: {
    title: "Somebody <got> into our shop & took data",
    body: "On **Monday** we found it.\n\n]]> is no end.",
    faq: [{ question: "Do I need a new card?", answer: "Ask *your* bank." }],
  },
  zh: { title: "有人侵入了我们的网店", body: "周一我们发现了此事。", faq: [] },
};

let w: World;
let door: Served;
let incidentId: string;
beforeAll(async () => {
  w = await world();
  const dataElements = ["name", { element: "password", state: "confirmed" }] as const;
  incidentId = (await givenIncident(w, { dataElements: [...dataElements] })).id;
  await givenScope(w, incidentId, {
    place: "Our <online> shop",
    contactLines: [
      {
        kind: "phone",
        value: "+1 202 555 0142",
        hours: "weekdays",
        zone: "America/New_York",
        open: [{ days: [1, 2, 3, 4, 5], from: "08:00", to: "20:00" }],
      },
    ],
  });
  await givenPublished(w, incidentId, { languages: LANGUAGES }, "shop-2026");
  door = await serve(w.ctx, { door: "public" });
});
afterAll(async () => {
  await door.close();
  await w.close();
});

/** A door that has kept nothing yet. */
async function fresh<T>(visit: (door: Served) => Promise<T>, ctx = w.ctx): Promise<T> {
  const served = await serve(ctx, { door: "public" });
  return visit(served).finally(() => served.close());
}
async function page(path = "/incidents/shop-2026") {
  const answer = await fresh((served) => served.call("GET", path));
  return { ...answer, text: answer.text.replaceAll("&#x3D;", "=") };
}

describe("the page of an incident", () => {
  test("tells what is known and what is not, what to do, and whom to call", async () => {
    const { status, text } = await page();
    expect(status).toBe(200);
    for (const words of [
      "<h1>Somebody &lt;got&gt; into our shop &amp; took data</h1>",
      "On <strong>Monday</strong> we found it.",
      "Where it happened: Our &lt;online&gt; shop.",
      "We do not yet know when this began.",
      "Change your password with us now",
      '<dd>Password <span class="tag stateConfirmed">confirmed</span></dd>',
      '<dd>Name <span class="tag stateSuspected">suspected</span></dd>',
      "Ask <em>your</em> bank.",
      '<time datetime="2026-03-03T10:00:00.000Z">3 March 2026 at 11:00</time> (Central European Standard Time)',
    ])
      expect(text).toContain(words);
    expect(text.indexOf("Change your password")).toBeLessThan(text.indexOf("Expect false"));
  });

  test("has no script, loads our style sheet alone, and may be indexed and kept for a moment", async () => {
    const { text, headers } = await page();
    expect(text).not.toMatch(/<script|style=|<img|src=/i);
    expect(text.match(/https?:\/\/[^"<\s]*/g)).toBeNull();
    expect(text).not.toContain('content="noindex"');
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(headers.get("x-robots-tag")).toBeNull();
    expect(headers.get("cache-control")).toMatch(/^public, max-age=\d+/);
    expect(headers.get("vary")).toBe("Accept-Language");
    expect(headers.get("set-cookie")).toBeNull();
  });

  test("says whether a line is open now, from the hours on the wall of its zone", async () => {
    expect((await page()).text).toContain("Closed now</strong>. Opens: <time");
    w.clock.advance(4 * 3_600_000);
    const { text } = await page();
    expect(text).toContain("Open now</strong>, until <time");
    expect(text).toContain("(Eastern Standard Time)");
    w.clock.advance(-4 * 3_600_000);
  });

  test("is in the reader's language, and says where a text is not", async () => {
    const zh = await page("/incidents/shop-2026?language=zh");
    expect(zh.text).toContain('<html lang="zh-Hans">');
    expect(zh.text).toContain("<h1>有人侵入了我们的网店</h1>");
    expect(zh.text).toContain("请立即更改您在我们这里的密码");
    const ru = await page("/incidents/shop-2026?language=ru");
    expect(ru.text).toContain('<h1 lang="en">Somebody');
    expect(ru.text).toContain("Этого обновления пока нет на русском языке.");
    const accepted = await fresh((served) =>
      served.call("GET", "/incidents/shop-2026", {
        headers: { "accept-language": "zh-CN,en;q=0.5" },
      }),
    );
    expect(accepted.headers.get("etag")).toBe(zh.headers.get("etag"));
  });

  test("tells facts in their translation, and says which are in English only", async () => {
    const { id } = await givenIncident(w);
    await givenScope(w, id, {
      how: "A door stood open.",
      place: "Our shop",
      actions: ["Ask for a new badge."],
      translations: { zh: { how: "门开着。" } },
    });
    await givenPublished(w, id, {}, "worded-page");
    const { text } = await page("/incidents/worded-page?language=zh");
    expect(text).toContain("门开着。");
    expect(text).not.toContain("A door stood open.");
    expect(text).toContain('<span lang="en">Where it happened: Our shop.</span>');
    expect(text).toContain(
      '<span lang="en">Ask for a new badge.</span> <span class="meta">（目前只有英文）</span>',
    );
    expect((await page("/incidents/worded-page")).text).not.toContain("so far in");
  });

  test("answers an unchanged copy with 304", async () => {
    await fresh(async (served) => {
      const first = await served.call("GET", "/incidents/shop-2026");
      const etag = first.headers.get("etag") ?? "";
      expect(etag).toMatch(/^"[\w-]{22}"$/);
      const again = await served.call("GET", "/incidents/shop-2026", {
        headers: { "if-none-match": etag, "cache-control": "max-age=0" },
      });
      expect([again.status, again.text]).toEqual([304, ""]);
      const other = await served.call("GET", "/incidents/shop-2026?language=zh", {
        headers: { "if-none-match": etag, "cache-control": "max-age=0" },
      });
      expect(other.status).toBe(200);
    });
  });

  test("does not change with the facts until somebody approves", async () => {
    const { id } = await givenIncident(w);
    await givenPublished(w, id, {}, "facts-page");
    await givenScope(w, id, { place: "Nowhere near" });
    expect((await page("/incidents/facts-page")).text).not.toContain("Nowhere near");
  });

  test("shows corrections beside what they correct, and never a draft", async () => {
    const { id } = await givenIncident(w);
    const first = await givenPublished(w, id, {}, "corrected-page");
    const told = { en: { title: "It was two laptops", body: "We counted again.", faq: [] } };
    await givenPublished(
      w,
      id,
      { kind: "correction", corrects: first.id, languages: told },
      "corrected-page",
    );
    const secret = { en: { title: "Not yet for anybody", body: "x", faq: [] } };
    await givenUpdate(w, id, { kind: "update", languages: secret }, "corrected-page");
    const { text } = await page("/incidents/corrected-page");
    expect(text).toContain("It was two laptops");
    expect(text).toContain('It is corrected by: <a href="#update-2">Update 2</a>');
    expect(text).toContain('Corrects: <a href="#update-1">Update 1</a>');
    expect(text.indexOf('id="update-2"')).toBeLessThan(text.indexOf('id="update-1"'));
    expect(text).not.toContain("Not yet for anybody");
  });

  test.each([
    "nope",
    "incident-that-is-not",
    "x",
    "%00",
    "%2e%2e%2fetc",
    "SHOP-2026",
    "a".repeat(100),
  ])("that is not there has a friendly page: %s", async (slug) => {
    const { status, text, headers } = await page(`/incidents/${slug}`);
    expect(status).toBe(404);
    expect(text).toContain("<h1>There is no such page</h1>");
    expect(text).toContain('href="/incidents/shop-2026?language=en"');
    expect(headers.get("x-robots-tag")).toBe("noindex");
  });

  test("has an address that only something published opens", async () => {
    const { id } = await givenIncident(w);
    await givenUpdate(w, id, {}, "only-a-draft");
    expect((await page("/incidents/only-a-draft")).status).toBe(404);
    expect((await page("/")).text).not.toContain("only-a-draft");
  });
});

test("the promise of the next update stands there, is said to be missed, and goes when it is kept", async () => {
  const { id } = await givenIncident(w);
  await givenPublished(w, id, {}, "promise-page");
  await givenPlan(w, id, { inMs: [2 * DAY_MS] });
  expect((await page("/incidents/promise-page")).text).toContain(
    '<strong><time datetime="2026-03-05T10:00:00.000Z">5 March 2026 at 10:00</time></strong> (Coordinated Universal Time)',
  );
  w.clock.advance(3 * DAY_MS);
  const missed = await page("/incidents/promise-page");
  expect(missed.text).toContain("We missed our own deadline. We promised an update by <time");
  expect(missed.text).not.toContain("We will write here again");
  await givenPublished(w, id, { kind: "update" }, "promise-page");
  const kept = await page("/incidents/promise-page");
  expect(kept.text).not.toMatch(/We missed our own deadline|We will write here again/);
  w.clock.advance(-3 * DAY_MS);
});

test("what was published before a promise does not keep it", async () => {
  const { id } = await givenIncident(w);
  await givenPublished(w, id, {}, "early-page");
  await givenPlan(w, id, { inMs: [3_600_000] });
  expect((await page("/incidents/early-page")).text).toContain("We will write here again");
});

test("the first page lists the incidents and explains check, my notice and lookup", async () => {
  const { status, text } = await page("/?language=en");
  expect(status).toBe(200);
  for (const href of ["/incidents/shop-2026", "/check", "/my", "/lookup"])
    expect(text).toContain(`href="${href}?language=en"`);
  expect((await page("/?language=ru")).text).toContain("Инциденты с персональными данными");
});

describe("feeds", () => {
  test("Atom is escaped, in order, and every address is whole", async () => {
    const { text, headers } = await page("/incidents/shop-2026/feed.atom");
    expect(headers.get("content-type")).toBe("application/atom+xml; charset=utf-8");
    const parsed = await parseXml(text);
    expect(parsed).toMatchObject({
      root: "feed",
      entries: 1,
      title: "Example Organisation: Somebody <got> into our shop & took data",
      entryTitle: "Somebody &lt;got&gt; into our shop &amp; took data",
    });
    expect(parsed.content).toContain("<strong>Monday</strong>");
    for (const href of parsed.links) expect(href).toMatch(/^https:\/\/incident\.example\.org\//);
  });

  test("JSON Feed 1.1 has a language and authors", async () => {
    const { json, headers } = await page("/incidents/shop-2026/feed.json?language=zh");
    expect(headers.get("content-type")).toBe("application/feed+json; charset=utf-8");
    expect(json).toMatchObject({
      version: "https://jsonfeed.org/version/1.1",
      language: "zh-Hans",
      authors: [{ name: "Example Organisation" }],
      feed_url: "https://incident.example.org/incidents/shop-2026/feed.json?language=zh",
      items: [{ title: "有人侵入了我们的网店", content_html: "<p>周一我们发现了此事。</p>\n" }],
    });
    expect(json).not.toHaveProperty("author");
  });

  test("are named by the page, and are not there where it is not", async () => {
    const { text } = await page();
    expect(text).toMatch(
      /rel="alternate" type="application\/atom\+xml"[^>]*href="\/incidents\/shop-2026\/feed.atom\?language=en"/,
    );
    expect((await page("/incidents/nope/feed.atom")).status).toBe(404);
  });
});

test("while the database is away the last good page stands, and says since when", async () => {
  const ctx = { ...w.ctx };
  const away = connect("postgres://nobody@127.0.0.1:9/nothing", 1);
  await fresh(async (served) => {
    await served.call("GET", "/incidents/shop-2026");
    ctx.sql = away;
    await expect
      .poll(async () => (await served.call("GET", "/incidents/shop-2026")).text, {
        timeout: 10_000,
      })
      .toContain("Our database does not answer right now. This copy of the page is from");
    expect((await served.call("GET", "/incidents/never-asked-for")).status).toBe(503);
    ctx.sql = w.ctx.sql;
    await expect
      .poll(async () => (await served.call("GET", "/incidents/shop-2026")).text, {
        timeout: 10_000,
      })
      .not.toContain("Our database does not answer");
  }, ctx);
  await away.end();
});

test("staff preview a draft as the page would be", async () => {
  const { id } = await givenIncident(w);
  const told = { en: { title: "As it would be", body: "Soon.", faq: [] } };
  const update = await givenUpdate(w, id, { languages: told }, "preview-page");
  const console = await serve(w.ctx, { door: "console" });
  const token = await givenToken(w, w.staff.approver);
  const path = `/v1/incidents/${id}/publication/preview`;
  const answer = await console.call("GET", `${path}?updateId=${update.id}&language=en`, { token });
  expect(answer.status).toBe(200);
  expect(answer.text).toContain("<h1>As it would be</h1>");
  expect(answer.text).toContain("<style>");
  expect((await console.call("GET", path, { token })).status).toBe(404);
  await console.close();
});

/** What a browser's own parser reads in it; a document that is not well-formed has another root. */
async function parseXml(text: string) {
  const browser = await startBrowser();
  try {
    const tab = await browser.newPage();
    return Parsed.parse(await tab.evaluate(`(${READ})(${JSON.stringify(text)})`));
  } finally {
    await browser.close();
  }
}

const READ = `(xml) => {
  const read = new DOMParser().parseFromString(xml, "application/xml");
  const words = (path) => read.querySelector(path)?.textContent ?? "";
  return {
    root: read.documentElement.nodeName,
    entries: read.querySelectorAll("entry").length,
    title: words("feed > title"),
    entryTitle: words("entry > title"),
    content: words("entry > content"),
    links: [...read.querySelectorAll("link")].map((link) => link.getAttribute("href") ?? ""),
  };
}`;

const Parsed = z.object({
  root: z.string(),
  entries: z.number(),
  title: z.string(),
  entryTitle: z.string(),
  content: z.string(),
  links: z.array(z.string()).min(1),
});

import { mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import express from "express";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { writeSite } from "../../src/actions/publication/site.ts";
import { POLICY } from "../../src/http/public/page.ts";
import { connect } from "../../src/store/db.ts";
import { faultsAtOnce, faultsOf, frameOf, openPage, startBrowser } from "../support/browser.ts";
import { CLINIC, SLUGS, givenClinic } from "../support/clinic.ts";
import type { Clinic } from "../support/clinic.ts";
import { STATES } from "../support/clinic-pages.ts";
import { serve } from "../support/http.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// Every page of the public door in the other languages; the copies that any web server can
// serve, in each; and a door that has nothing to tell, or no database.

const TAGS: Readonly<Record<string, string>> = { en: "en", zh: "zh-Hans", ru: "ru" };

/** Each page in the state that says most. */
const PAGES = [
  "home",
  "no such page",
  "no such incident",
  "incident",
  "incident, promise missed",
  "subscription, asked",
  "subscription, no address",
  "subscription, wish",
  "subscription, on",
  "check, found",
  "check, unknown",
  "lookup, asked",
  "my",
  "my, ended",
  "one-time code, wrong",
  "my, one moment",
  "my notice",
  "my notice, mistake",
  "stop",
  "survey, used",
  "survey, form",
  "survey, mistake",
  "survey, thanks",
];

let w: World;
let clinic: Clinic;
let browser: Browser;
let folder: string;
let files: { readonly server: Server; readonly url: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "candor-copy-"));
  [w, browser] = await Promise.all([world({ ...CLINIC, PUBLIC_FOLDER: folder }), startBrowser()]);
  clinic = await givenClinic(w);
  await writeSite(w.ctx);
  files = await serveFiles(folder);
});
afterAll(async () => {
  await browser.close();
  files.server.close();
  files.server.closeAllConnections();
  await clinic.close();
  await w.close();
  await rm(folder, { recursive: true });
});

/** A web server that knows nothing but files, and sends our policy with them. */
async function serveFiles(root: string) {
  const app = express().use(
    express.static(root, {
      setHeaders: (res) => void res.setHeader("Content-Security-Policy", POLICY),
    }),
  );
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function sound(language: string) {
  return {
    language: TAGS[language],
    headings: 1,
    title: expect.stringMatching(/\S.* · Larkspur Clinic$/),
    scripts: 0,
    complaints: [],
  };
}

describe.each(["zh", "ru"])("in %s", { timeout: 120_000 }, (language) => {
  test.for(PAGES)("%s is sound", async (name) => {
    const page = await openPage(browser, [clinic.door.url]);
    await STATES[name]?.visit(page, clinic, language);
    expect(await frameOf(page)).toEqual(sound(language));
    expect(await faultsAtOnce(page)).toEqual([]);
  });
});

describe.each(["en", "zh", "ru"])("in %s", { timeout: 120_000 }, (language) => {
  test.for(["", `incidents/${SLUGS.full}/`, `incidents/${SLUGS.missed}/`])(
    "the standing copy of /%s is sound",
    async (path) => {
      const page = await openPage(browser, [files.url]);
      const name = language === "en" ? "index.html" : `index.${language}.html`;
      await page.goto(`${files.url}/${path}${name}`);
      expect(await frameOf(page)).toEqual(sound(language));
      expect(await page.locator("form").count()).toBe(0);
      const look = language === "en" ? faultsOf : faultsAtOnce;
      expect(await look(page)).toEqual([]);
    },
  );
});

test("the pages of a door that has nothing to tell, or no database, are sound", async () => {
  const empty = await world(CLINIC);
  const ctx = { ...empty.ctx };
  const door = await serve(ctx, { door: "public" });
  const page = await openPage(browser, [door.url]);
  await page.goto(door.url);
  expect(await page.locator("main").textContent()).toContain("There is no incident to report.");
  expect(await frameOf(page)).toEqual(sound("en"));
  expect(await faultsOf(page)).toEqual([]);
  ctx.sql = connect("postgres://nobody@127.0.0.1:9/nothing", 1);
  const stale = page.getByText("Our database does not answer right now.");
  await expect
    .poll(async () => page.goto(door.url).then(() => stale.count()), { timeout: 20_000 })
    .toBe(1);
  expect(await frameOf(page)).toEqual(sound("en"));
  expect(await faultsOf(page)).toEqual([]);
  await door.close();
  await ctx.sql.end();
  await empty.close();
}, 120_000);

import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { faultsOf, frameOf, openPage, startBrowser } from "../support/browser.ts";
import { CLINIC, givenClinic } from "../support/clinic.ts";
import type { Clinic } from "../support/clinic.ts";
import { STATES } from "../support/clinic-pages.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// Every page of the public door in every state, as a person meets it: on a narrow screen, a
// phone and a desk, by day and by night.

let w: World;
let clinic: Clinic;
let browser: Browser;

beforeAll(async () => {
  [w, browser] = await Promise.all([world(CLINIC), startBrowser()]);
  clinic = await givenClinic(w);
});
afterAll(async () => {
  await browser.close();
  await clinic.close();
  await w.close();
});

test.for(Object.entries(STATES))(
  "%s is sound",
  { timeout: 120_000 },
  async ([, { heading, says, visit }]) => {
    const page = await openPage(browser, [clinic.door.url]);
    await visit(page, clinic, "en");
    expect(await page.locator("h1").allTextContents()).toEqual([expect.stringContaining(heading)]);
    expect(await page.locator("main").textContent()).toContain(says);
    expect(await frameOf(page)).toEqual({
      language: "en",
      headings: 1,
      title: expect.stringMatching(/\S.* · Larkspur Clinic$/),
      scripts: 0,
      complaints: [],
    });
    expect(await faultsOf(page)).toEqual([]);
  },
);

import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sendTest, TestMail } from "../../src/actions/delivery/test-mail.ts";
import { startCatcher } from "../../src/dev/catcher.ts";
import type { Catcher } from "../../src/dev/catcher.ts";
import { createEmail } from "../../src/gateways/email.ts";
import { ROUTES } from "../../src/http/routes.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import {
  SCREENS,
  faultsAtOnce,
  faultsOf,
  focused,
  openPage,
  startBrowser,
} from "../support/browser.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenIncident } from "../support/incident.ts";
import { givenApprovedNotice } from "../support/notice.ts";
import { givenToken } from "../support/staff.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// The page that checks a notice, the API's, the mail and the caught mail, as a person meets them:
// on a narrow screen, a phone and a desk, by day and by night, by keyboard, and without scripts.
// The rest of the public door: door.test.ts.

let w: World;
let door: Served;
/** The console with every tenth route. */
let few: Served;
let catcher: Catcher;
let browser: Browser;
let code: string;
/** Path of the mail's own page, as staff preview it. */
let mail: string;
let message: string;

beforeAll(async () => {
  [w, browser, catcher] = await Promise.all([
    world({ TRUSTED_PROXIES: 1 }),
    startBrowser(),
    startCatcher(),
  ]);
  door = await serve(w.ctx);
  few = await serve(w.ctx, { routes: ROUTES.filter((_, at) => at % 10 === 0) });
  const incident = await givenIncident(w);
  const audience = await givenFrozenAudience(w, incident.id, [{}]);
  await givenApprovedNotice(w, { incidentId: incident.id, audienceId: audience.id });
  const [notice] = await w.sql<{ id: string; code: string }[]>`
    select notice_id as id, code
      from notice_code join notice_version v on v.id = notice_version_id`;
  code = notice?.code ?? "";
  const place = { incidentId: incident.id, noticeId: notice?.id ?? "" };
  mail = `/v1/incidents/${place.incidentId}/notices/${place.noticeId}/preview/no-name`;
  await sendTest(w.ctx, w.staff.drafter, place, TestMail.parse({}));
  await caught();
  message = `/messages/${catcher.list(0, 1)[0]?.id}`;
});
afterAll(async () => {
  await Promise.all([browser.close(), door.close(), few.close(), catcher.close()]);
  await w.close();
});

/** Hand what the world's provider was given to the catcher, as a worker would. */
async function caught(): Promise<void> {
  const email = createEmail({ url: catcher.smtpUrl, connections: 1, log: w.ctx.log });
  for (const each of w.email.sent) await email.send(each, () => true);
  await email.close();
}

const PAGES: Record<string, (page: Page) => Promise<unknown>> = {
  "check, empty": (page) => page.goto(`${door.url}/check`),
  "check, found": (page) => check(page, code),
  "check, not found": (page) => check(page, "ZZZZ-ZZZZ"),
  "check, busy": async (page) => {
    await page.setExtraHTTPHeaders({ "x-forwarded-for": "203.0.113.9" });
    await tire("203.0.113.9");
    await check(page, code);
  },
  "docs of a few routes": (page) => page.goto(`${few.url}/docs`),
  "the mail": async (page) => {
    const token = await givenToken(w, w.staff.drafter);
    await page.setExtraHTTPHeaders({ authorization: `Bearer ${token}` });
    await page.goto(door.url + mail);
  },
  "caught mail, list": (page) => page.goto(catcher.webUrl),
  "caught mail, message": (page) => page.goto(catcher.webUrl + message),
};

const TITLES: Record<string, string> = {
  "check, empty": "Is this notice from us?",
  "check, found": `Yes, we sent a notice with the code ${/[A-Z0-9]{4}-[A-Z0-9]{4}/.source}`,
  "check, not found": "We do not know this code",
  "check, busy": "Please wait a minute",
  "docs of a few routes": "Candor: the API",
  "the mail": "Notice of data breach",
  "caught mail, list": "Caught mail",
  "caught mail, message": "Notice of data breach",
};

async function check(page: Page, typed: string): Promise<void> {
  await page.goto(`${door.url}/check`);
  await page.getByLabel("Code from your message").fill(typed);
  await page.getByRole("button", { name: "Check" }).click();
  await page.waitForLoadState();
}

/** Use up a network's codes of this minute. */
async function tire(network: string): Promise<void> {
  const ask = { raw: "code=x", headers: { ...FORM, "x-forwarded-for": network } };
  await Promise.all(Array.from({ length: 60 }, () => door.call("POST", "/check", ask)));
}

function open(options: BrowserContextOptions) {
  return openPage(browser, [door.url, few.url, catcher.webUrl], options);
}

describe("every page", { timeout: 120_000 }, () => {
  test.for(Object.keys(PAGES))("is sound on each screen, by day and by night: %s", async (name) => {
    const page = await open({});
    await PAGES[name]?.(page);
    await page
      .getByRole("heading", { name: new RegExp(TITLES[name] ?? "") })
      .first()
      .waitFor();
    const { complaints } = page;
    expect(complaints).toEqual([]);
    expect(await faultsOf(page)).toEqual([]);
  });

  // Every route's part is made alike, so screens and colours are looked at where there are few.
  test("is sound: docs of all routes", async () => {
    const page = await open({});
    await page.goto(`${door.url}/docs`);
    expect(await page.locator("article").count()).toBe(ROUTES.length);
    expect(page.complaints).toEqual([]);
    expect(await faultsAtOnce(page)).toEqual([]);
  });
});

describe("without scripts", () => {
  test("a code can be checked", async () => {
    const page = await open({ javaScriptEnabled: false });
    await check(page, code.toLowerCase());
    expect(await page.locator("h2").first().textContent()).toContain(code);
    expect(await page.locator("article").textContent()).toContain("What happened");
    expect(page.complaints).toEqual([]);
  });

  test("the API can be read, and a part of it opened", async () => {
    const page = await open({ javaScriptEnabled: false });
    await page.goto(`${door.url}/docs`);
    const details = page.locator("article details").first();
    await details.locator("summary").click();
    expect(await details.locator("pre").isVisible()).toBe(true);
    expect(page.complaints).toEqual([]);
  });
});

describe("by keyboard", () => {
  test("tab leads past the skip link to the field and the button, and Enter checks", async () => {
    const page = await open({ viewport: SCREENS.phone });
    await page.goto(`${door.url}/check`);
    const seen = [];
    for (let i = 0; i < 7; i += 1) {
      await page.keyboard.press("Tab");
      seen.push(await focused(page));
    }
    expect(seen).toMatchObject(
      [
        "Skip to the content",
        "Example Organisation",
        "English",
        "简体中文",
        "Русский",
        "",
        "Check",
      ].map((text) => ({ text, outlined: true, inside: true })),
    );
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.type(code);
    await page.keyboard.press("Enter");
    await page.getByText("Yes, we sent a notice").waitFor();
  });

  test("the skip link leads to the content", async () => {
    const page = await open({});
    await page.goto(`${door.url}/check`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toMatchObject({ tag: "INPUT" });
  });
});

const FORM = { "content-type": "application/x-www-form-urlencoded" };

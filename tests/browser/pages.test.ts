import axe from "axe-core";
import type { AxeResults } from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { sendTest, TestMail } from "../../src/actions/delivery/test-mail.ts";
import { startCatcher } from "../../src/dev/catcher.ts";
import type { Catcher } from "../../src/dev/catcher.ts";
import { createEmail } from "../../src/gateways/email.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { SCREENS, startBrowser } from "../support/browser.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenIncident } from "../support/incident.ts";
import { givenApprovedNotice } from "../support/notice.ts";
import { givenToken } from "../support/staff.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// Every page there is, as a person meets it: on a narrow screen, a phone and a desk, by day and
// by night, by keyboard, and without scripts.

let w: World;
let door: Served;
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
  await Promise.all([browser.close(), door.close(), catcher.close()]);
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
  docs: (page) => page.goto(`${door.url}/docs`),
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
  docs: "Candor: the API",
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

/** A page, and everything that a browser complained of or reached for on it. */
async function open(options: BrowserContextOptions): Promise<Page & { complaints: string[] }> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (said) => {
    // The busy page is a 429, and the browser says so.
    if (/\b429\b/.test(said.text())) return;
    complaints.push(`${said.type()}: ${said.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (![door.url, catcher.webUrl].includes(new URL(request.url()).origin))
      complaints.push(`request to ${request.url()}`);
  });
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  return Object.assign(page, { complaints });
}

describe("every page", () => {
  test.for(Object.keys(PAGES))("is sound on each screen, by day and by night: %s", async (name) => {
    const page = await open({});
    await PAGES[name]?.(page);
    await page
      .getByRole("heading", { name: new RegExp(TITLES[name] ?? "") })
      .first()
      .waitFor();
    const { complaints } = page;
    expect(complaints).toEqual([]);
    await page.evaluate(axe.source);
    for (const [screen, size] of Object.entries(SCREENS))
      for (const colorScheme of ["light", "dark"] as const) {
        await page.setViewportSize(size);
        await page.emulateMedia({ colorScheme });
        const found = { sideways: await sideways(page), faults: await faults(page) };
        expect({ screen, colorScheme, ...found }).toEqual({
          screen,
          colorScheme,
          sideways: [],
          faults: [],
        });
      }
    await page.context().close();
  });
});

/** What axe finds against WCAG 2.2 A and AA, in words that lead to the place. */
async function faults(page: Page): Promise<string[]> {
  // The frame of a caught message runs no script; its page is tested as "the mail".
  const options = { iframes: false, runOnly: { type: "tag", values: TAGS } };
  const found = await page.evaluate<AxeResults>(`axe.run(${JSON.stringify(options)})`);
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** Elements that reach beyond the screen's right edge, on a page that scrolls sideways. */
function sideways(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const beyond = [...document.querySelectorAll("body *")].filter(
      (each) => each.getBoundingClientRect().right > clientWidth + 1,
    );
    return ["the page", ...beyond.map((each) => each.outerHTML.slice(0, 120))];
  })()`);
}

describe("without scripts", () => {
  test("a code can be checked", async () => {
    const page = await open({ javaScriptEnabled: false });
    await check(page, code.toLowerCase());
    expect(await page.locator("h2").first().textContent()).toContain(code);
    expect(await page.locator("article").textContent()).toContain("What happened");
    expect(page.complaints).toEqual([]);
    await page.context().close();
  });

  test("the API can be read, and a part of it opened", async () => {
    const page = await open({ javaScriptEnabled: false });
    await page.goto(`${door.url}/docs`);
    const details = page.locator("article details").first();
    await details.locator("summary").click();
    expect(await details.locator("pre").isVisible()).toBe(true);
    expect(page.complaints).toEqual([]);
    await page.context().close();
  });
});

describe("by keyboard", () => {
  test("tab leads past the skip link to the field and the button, and Enter checks", async () => {
    const page = await open({ viewport: SCREENS.phone });
    await page.goto(`${door.url}/check`);
    const seen = [];
    for (let i = 0; i < 3; i += 1) {
      await page.keyboard.press("Tab");
      seen.push(await focused(page));
    }
    expect(seen).toEqual([
      { tag: "A", text: "Skip to the content", outlined: true, inside: true },
      { tag: "INPUT", text: "", outlined: true, inside: true },
      { tag: "BUTTON", text: "Check", outlined: true, inside: true },
    ]);
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.type(code);
    await page.keyboard.press("Enter");
    await page.getByText("Yes, we sent a notice").waitFor();
    await page.context().close();
  });

  test("the skip link leads to the content", async () => {
    const page = await open({});
    await page.goto(`${door.url}/check`);
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await focused(page)).toMatchObject({ tag: "INPUT" });
    await page.context().close();
  });
});

/** What has the focus, and whether a reader can see that it has. */
function focused(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    const it = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(it);
    const { left, right, top } = it.getBoundingClientRect();
    return {
      tag: it.tagName,
      text: it.textContent.trim(),
      outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
      inside: left >= 0 && top >= 0 && right <= innerWidth,
    };
  })()`);
}

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

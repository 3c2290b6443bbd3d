import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { AxeResults } from "axe-core";
import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";

/** The machine's own Chromium; it may run as root, as it does in containers. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM_PATH"] || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none"],
  });
}

/** What a reader may hold: the narrowest screen we promise to serve, a phone, and a desk. */
export const SCREENS = {
  narrow: { width: 320, height: 640 },
  phone: { width: 390, height: 844 },
  desk: { width: 1280, height: 800 },
} as const satisfies Record<string, NonNullable<BrowserContextOptions["viewport"]>>;

/** A page that writes down what the browser complained of and whatever it reached for elsewhere. */
export type Watched = Page & { readonly complaints: string[] };

/**
 * A page for the next reader, from a network of its own and without a cookie: the last reader's,
 * unless it was closed, for a browser that stays need not compile everything again, which is half
 * of the work. So it is for one reader at a time. The page of a refusal is a page like any other,
 * though the browser says that its status was none; so 4xx is no complaint.
 */
export async function openPage(
  browser: Browser,
  origins: readonly string[],
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const key = JSON.stringify([origins, options]);
  const pages = kept.get(browser) ?? new Map<string, Watched>();
  kept.set(browser, pages);
  const last = pages.get(key);
  const page = last && !last.isClosed() ? last : await newPage(browser, origins, options);
  pages.set(key, page);
  // Nothing that the last reader left open comes back by itself.
  await page.goto("about:blank");
  await page.unrouteAll({ behavior: "wait" });
  await page.context().clearCookies();
  await page.setExtraHTTPHeaders({});
  networks += 1;
  const network = `10.${networks >> 8}.${networks & 255}.1`;
  await page.context().setExtraHTTPHeaders({ "x-forwarded-for": network });
  await page.setViewportSize(options.viewport ?? SCREENS.desk);
  await page.emulateMedia({ colorScheme: "light" });
  page.complaints.length = 0;
  return page;
}

async function newPage(
  browser: Browser,
  origins: readonly string[],
  options: BrowserContextOptions,
): Promise<Watched> {
  const context = await browser.newContext({ locale: "en", ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (said) => {
    if (!/status of 4\d\d\b/.test(said.text())) complaints.push(`${said.type()}: ${said.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("request", (request) => {
    if (!origins.includes(new URL(request.url()).origin))
      complaints.push(`request to ${request.url()}`);
  });
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  page.on("response", (response) => {
    if (!response.request().isNavigationRequest() || response.frame() !== page.mainFrame()) return;
    // A redirect shows nothing.
    if (response.status() < 300 || response.status() >= 400)
      complaints.push(...loose(response.headers()["content-security-policy"] ?? ""));
  });
  return Object.assign(page, { complaints });
}

/** What every page has, whatever it says. */
export async function frameOf(page: Watched) {
  return {
    language: await page.locator("html").getAttribute("lang"),
    headings: await page.locator("h1").count(),
    title: await page.title(),
    scripts: await page.locator("script, style, [style], [onclick], img, iframe").count(),
    complaints: page.complaints,
  };
}

let networks = 0;
const kept = new WeakMap<Browser, Map<string, Watched>>();

/** What a content security policy allows that no page of ours needs. */
function loose(policy: string): string[] {
  const wanted = ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"];
  const missing = wanted.filter((each) => !policy.includes(each));
  const unsafe = policy.match(/unsafe-[a-z-]+|\*|\bdata:|\bhttps?:|script-src/g) ?? [];
  return [...missing.map((each) => `the policy lacks ${each}`), ...unsafe];
}

/**
 * What is wrong with a page for somebody who reads it: what axe finds against WCAG 2.2 A and AA
 * and its own best practice, and elements beyond the edge of a page that scrolls sideways; on
 * every screen, by day and by night. What depends on neither is looked at once; a phone shows a
 * page as the narrowest screen does, with its links and fields in other places.
 */
export async function faultsOf(page: Page): Promise<string[]> {
  const found = await faultsAtOnce(page);
  for (const [screen, colorScheme, rules] of LOOKS) {
    await page.setViewportSize(SCREENS[screen]);
    await page.emulateMedia({ colorScheme });
    const faults = await violations(page, { type: "rule", values: rules });
    found.push(...faults.map((fault) => `${screen}, ${colorScheme}: ${fault}`));
  }
  return found;
}

/** The same by day only and with axe on the narrowest screen alone, for a page in another language. */
export async function faultsAtOnce(page: Page): Promise<string[]> {
  await page.emulateMedia({ colorScheme: "light" });
  await page.evaluate(AXE);
  const found: string[] = [];
  for (const screen of ["phone", "desk", "narrow"] as const) {
    await page.setViewportSize(SCREENS[screen]);
    found.push(...(await sideways(page)).map((fault) => `${screen}: ${fault}`));
  }
  found.push(...(await violations(page, { type: "tag", values: TAGS })));
  return found;
}

async function violations(page: Page, runOnly: object): Promise<string[]> {
  // The frame of a caught message runs no script; its page is tested by itself.
  const options = JSON.stringify({ iframes: false, resultTypes: ["violations"], runOnly });
  const results = await page.evaluate<AxeResults>(`axe.run(${options})`);
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

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

/** What has the focus, and whether a reader can see that it has. */
export function focused(page: Page): Promise<Focused> {
  return page.evaluate<Focused>(`(() => {
    const it = document.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(it);
    const { left, right, top, bottom } = it.getBoundingClientRect();
    return {
      tag: it.tagName,
      id: it.id,
      name: it.getAttribute("name") ?? "",
      text: it.textContent.trim(),
      outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
      inside: left >= 0 && right <= innerWidth && bottom > 0 && top < innerHeight,
    };
  })()`);
}

interface Focused {
  readonly tag: string;
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly outlined: boolean;
  /** In the window, and not beyond its sides. */
  readonly inside: boolean;
}

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const COLOURS = ["color-contrast", "link-in-text-block"];
/** Where else to look for what a screen or its colours can break; the narrowest by day had all. */
const LOOKS = [
  ["narrow", "dark", COLOURS],
  ["phone", "light", ["target-size"]],
  ["desk", "light", [...COLOURS, "target-size"]],
  ["desk", "dark", COLOURS],
] as const;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

import axe from "axe-core";
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
 * A page of a browser of its own, from a network of its own. The page of a refusal is a page like
 * any other, though the browser says that its status was none; so 4xx is no complaint.
 */
export async function openPage(
  browser: Browser,
  origins: readonly string[],
  options: BrowserContextOptions = {},
): Promise<Watched> {
  networks += 1;
  const network = `10.${networks >> 8}.${networks & 255}.1`;
  const context = await browser.newContext({
    locale: "en",
    extraHTTPHeaders: { "x-forwarded-for": network },
    ...options,
  });
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
 * every screen, by day and by night. What depends on neither is looked at once.
 */
export async function faultsOf(page: Page): Promise<string[]> {
  const found = await faultsAtOnce(page);
  for (const [screen, size] of Object.entries(SCREENS))
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize(size);
      await page.emulateMedia({ colorScheme });
      const faults = await violations(page, { type: "rule", values: LOOKS });
      found.push(...faults.map((fault) => `${screen}, ${colorScheme}: ${fault}`));
    }
  return found;
}

/** The same by day only and with axe on the narrowest screen alone, for a page in another language. */
export async function faultsAtOnce(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  await page.setViewportSize(SCREENS.narrow);
  const found = await violations(page, { type: "tag", values: TAGS });
  for (const [screen, size] of Object.entries(SCREENS)) {
    await page.setViewportSize(size);
    found.push(...(await sideways(page)).map((fault) => `${screen}: ${fault}`));
  }
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
/** The rules that a screen or its colours can break. */
const LOOKS = ["color-contrast", "target-size", "link-in-text-block"];

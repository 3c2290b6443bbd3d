import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions } from "playwright-core";

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

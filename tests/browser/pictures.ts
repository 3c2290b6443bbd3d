import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { BrowserContextOptions, Page } from "playwright-core";
import { z } from "zod";

import { breaches } from "../../src/dev/breach.ts";
import { startWeb, startWorker } from "../../src/dev/candor.ts";
import { join as joinStaff } from "../../src/dev/cast.ts";
import { peopleFile } from "../../src/dev/people.ts";
import { freePort } from "../../src/dev/process.ts";
import { startStack } from "../../src/dev/stack.ts";
import { play } from "../../src/dev/story.ts";
import { SCREENS, startBrowser } from "../support/browser.ts";

// Makes docs/pictures/*.png: `node tests/browser/pictures.ts`. It plays the demo's story with
// invented people, then photographs what each of them would see.

const FOLDER = fileURLToPath(new URL("../../docs/pictures/", import.meta.url));

const STAFF = [
  { name: "Ines Duarte", email: "ines@example.org", roles: ["responder", "drafter"] },
  { name: "Tomasz Nowak", email: "tomasz@example.org", roles: ["approver"] },
  { name: "Aisha Rahman", email: "aisha@example.org", roles: ["counsel"] },
] as const;

const stack = await startStack({});
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const env = {
  ...stack.env,
  NODE_ENV: "development",
  ORGANISATION: "Larkspur Clinic",
  MAIL_FROM: "notices@larkspur.example.org",
  CONSOLE_URL: url,
  PUBLIC_URL: "https://larkspur.example.org",
  PORT: String(port),
};
const log = (name: string) => join(stack.folder, `${name}.log`);
const parts = [
  await startWeb({ env, logFile: log("web") }),
  await startWorker({ env, logFile: log("worker") }),
];
const browser = await startBrowser();
try {
  const { noticeCode, caught } = await tell();
  await mkdir(FOLDER, { recursive: true });
  const check = (page: Page) => typeCode(page, noticeCode);
  const docs = (page: Page) => page.goto(`${url}/docs`);
  const mail = (page: Page) => page.goto(`${caught}/body`);
  const list = (page: Page) => page.goto(stack.catcher?.webUrl ?? "");
  const { phone, desk } = SCREENS;
  await take("check-phone", check, { viewport: phone });
  await take("check-phone-dark", check, { viewport: phone, colorScheme: "dark" });
  await take("check-desk", check, { viewport: desk });
  await take("docs-desk", docs, { viewport: desk });
  await take("docs-phone", docs, { viewport: phone });
  await take("mail-phone", mail, { viewport: phone });
  await take("mail-phone-dark", mail, { viewport: phone, colorScheme: "dark" });
  await take("mail-desk", mail, { viewport: desk });
  await take("caught-desk", list, { viewport: desk });
} finally {
  await browser.close();
  await Promise.all(parts.map((part) => part.stop()));
  await stack.stop();
}

/** Play the story; where the first caught message is, and the code in it. */
async function tell() {
  const [breach] = breaches();
  if (!breach) throw new Error("There is no breach to play.");
  const file = join(stack.folder, "people.csv");
  await writeFile(file, peopleFile(40, breach.elements).csv, { mode: 0o600 });
  const responder = await joinStaff(env, STAFF[0]);
  const approvers = [await joinStaff(env, STAFF[1]), await joinStaff(env, STAFF[2])];
  const { noticeCode } = await play({ breach, file, cast: { responder, approvers } });
  const [first] = stack.catcher?.list(0, 1) ?? [];
  return { noticeCode, caught: `${stack.catcher?.webUrl}/messages/${first?.id}` };
}

async function typeCode(page: Page, code: string): Promise<void> {
  await page.goto(`${url}/check`);
  await page.getByLabel("Code from your message").fill(code);
  await page.getByRole("button", { name: "Check" }).click();
  await page.waitForLoadState();
}

/** The top of a page: two screens of a phone, one of a desk. */
async function take(
  name: string,
  visit: (page: Page) => Promise<unknown>,
  options: BrowserContextOptions,
): Promise<void> {
  const page = await browser.newPage(options);
  await visit(page);
  const { width, height } = options.viewport ?? SCREENS.desk;
  const shown = width < 600 ? height * 2 : height;
  const whole = z.number().parse(await page.evaluate("document.documentElement.scrollHeight"));
  const png = await page.screenshot({
    fullPage: true,
    clip: { x: 0, y: 0, width, height: Math.min(shown, whole) },
  });
  await writeFile(join(FOLDER, `${name}.png`), png);
  process.stdout.write(`${name} ${Math.round(png.length / 1_024)} KiB\n`);
  await page.close();
}

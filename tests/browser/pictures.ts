import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Page } from "playwright-core";
import type { ProvidedContext } from "vitest";
import type { TestProject } from "vitest/node";
import { z } from "zod";

import { TestMail, sendTest } from "../../src/actions/delivery/test-mail.ts";
import { startCatcher } from "../../src/dev/catcher.ts";
import { createEmail } from "../../src/gateways/email.ts";
import { SCREENS, openPage, startBrowser } from "../support/browser.ts";
import { CLINIC, givenClinic } from "../support/clinic.ts";
import { STATES } from "../support/clinic-pages.ts";
import { serve } from "../support/http.ts";
import { withPalette } from "../support/png.ts";
import servers from "../support/servers.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// Makes docs/pictures/*.png: `npm run pictures`. An invented clinic tells invented people of an
// intrusion; each page is photographed on a phone and on a desk, by day and by night.

const FOLDER = fileURLToPath(new URL("../../docs/pictures/", import.meta.url));

/** Picture → the state of a page of the public door. */
const PAGES: Readonly<Record<string, string>> = {
  home: "home",
  missing: "no such incident",
  incident: "incident",
  "incident-missed": "incident, promise missed",
  "incident-ended": "incident, ended",
  "subscription-asked": "subscription, asked",
  "subscription-wish": "subscription, wish",
  "subscription-on": "subscription, on",
  "subscription-unknown": "subscription, unknown",
  "check-empty": "check",
  check: "check, found",
  "check-unknown": "check, unknown",
  lookup: "lookup",
  "lookup-asked": "lookup, asked",
  my: "my",
  problem: "no such page",
  "my-ended": "my, ended",
  "my-code": "one-time code",
  "my-code-wrong": "one-time code, wrong",
  "my-wait": "my, one moment",
  "my-notice": "my notice",
  "my-notice-mistake": "my notice, mistake",
  stop: "stop",
  "stop-stopped": "stop, stopped",
  survey: "survey",
  "survey-used": "survey, used",
  "survey-form": "survey, form",
  "survey-mistake": "survey, mistake",
  "survey-thanks": "survey, thanks",
};

const only = process.argv.slice(2);
const provided: Partial<ProvidedContext> = {};
const stop = await servers({
  provide: (key: keyof ProvidedContext, value: string) => void (provided[key] = value),
} as Pick<TestProject, "provide"> as TestProject);
const { mainUrl = "", keystoreUrl = "", feedbackUrl = "", redisUrl = "" } = provided;
const on = { mainUrl, keystoreUrl, feedbackUrl, feedbackOn: mainUrl, redisUrl };
const w = await world(CLINIC, on);
const clinic = await givenClinic(w);
const browser = await startBrowser();
try {
  await mkdir(FOLDER, { recursive: true });
  if (only.length === 0)
    for (const name of await readdir(FOLDER))
      if (name.endsWith(".png")) await rm(join(FOLDER, name));
  for (const [name, state] of Object.entries(PAGES))
    await take(name, (page) => STATES[state]?.visit(page, clinic, "en"));
  for (const language of ["zh", "ru"])
    await take(`incident-${language}`, (page) => STATES["incident"]?.visit(page, clinic, language));
  await takeMail(w);
} finally {
  await browser.close();
  await clinic.close();
  await w.close();
  await stop();
}

/** The mail that people get, the page that lists what was caught, and the API's own page. */
async function takeMail({ ctx, staff, sql, email }: World): Promise<void> {
  const [path] = await sql<{ incidentId: string; noticeId: string }[]>`
    select incident_id, id as notice_id from notice limit 1`;
  if (!path) throw new Error("The clinic told nobody.");
  await sendTest(ctx, staff.drafter, path, TestMail.parse({ person: "shared-mailbox" }));
  const catcher = await startCatcher();
  const sender = createEmail({ url: catcher.smtpUrl, connections: 1, log: ctx.log });
  const [notice, ...others] = email.sent.slice(-8).toReversed();
  for (const each of notice ? [notice] : []) await sender.send(each, () => true);
  const message = `${catcher.webUrl}/messages/${catcher.list(0, 1)[0]?.id}/body`;
  for (const each of others) await sender.send(each, () => true);
  await sender.close();
  const console = await serve(ctx);
  await take("docs", (page) => page.goto(`${console.url}/docs`));
  await take("caught", (page) => page.goto(catcher.webUrl), ["desk"]);
  await take("mail", (page) => page.goto(message));
  await console.close();
  await catcher.close();
}

/** The top of a page, two screens of a phone and one of a desk, by day and by night. */
async function take(
  name: string,
  visit: (page: Page) => Promise<unknown> | undefined,
  screens: readonly ("phone" | "desk")[] = ["phone", "desk"],
): Promise<void> {
  if (only.length > 0 && !only.includes(name)) return;
  const page = await openPage(browser, [], { viewport: SCREENS.phone });
  await visit(page);
  for (const screen of screens)
    for (const scheme of ["light", "dark"] as const) {
      await page.setViewportSize(SCREENS[screen]);
      await page.emulateMedia({ colorScheme: scheme });
      const { width, height } = SCREENS[screen];
      const shown = screen === "phone" ? height * 2 : height;
      const whole = z.number().parse(await page.evaluate("document.documentElement.scrollHeight"));
      const clip = { x: 0, y: 0, width, height: Math.min(shown, whole) };
      const png = withPalette(await page.screenshot({ fullPage: true, clip }));
      const file = `${name}-${screen}${scheme === "dark" ? "-dark" : ""}.png`;
      await writeFile(join(FOLDER, file), png);
      process.stdout.write(`${file} ${Math.round(png.length / 1_024)} KiB\n`);
    }
  await page.context().close();
}

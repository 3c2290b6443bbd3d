import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { answer, approve } from "../../src/actions/inquiry/answer.ts";
import { queue } from "../../src/views/inquiry.ts";
import { SCREENS, focused, openPage, startBrowser } from "../support/browser.ts";
import { CLINIC, SLUGS, givenClinic } from "../support/clinic.ts";
import type { Clinic } from "../support/clinic.ts";
import { STATES, openNotice, submit } from "../support/clinic-pages.ts";
import { newestText } from "../support/visit.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// What people come for, from the first page to the last: without scripts, and by keyboard.

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

function opened(javaScriptEnabled = true) {
  return openPage(browser, [clinic.door.url], { javaScriptEnabled, viewport: SCREENS.phone });
}

const press = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();

describe("without scripts", () => {
  test("somebody reads of an incident, subscribes, confirms, and stops", async () => {
    const page = await opened(false);
    await page.goto(clinic.door.url);
    await page.getByRole("link", { name: "Somebody broke into our appointment system" }).click();
    await page.getByRole("heading", { name: "What to do first" }).waitFor();
    const before = w.email.sent.length;
    await page.getByLabel("Your e-mail address").fill("a.reader@example.com");
    await press(page, "Send me the link");
    await page.getByText("Open the link in it").waitFor();
    await expect.poll(() => w.email.sent.length).toBe(before + 1);
    const path = /\/subscriptions\/[\w-]+/.exec(await newestText(w))?.[0] ?? "";
    await page.goto(clinic.door.url + path);
    await press(page, "Yes, write to me");
    await page.getByText("You get one e-mail for each update").waitFor();
    await page.goto(clinic.door.url + path);
    await press(page, "Stop the e-mails");
    await page.getByText("your address is deleted here").waitFor();
    expect(page.complaints).toEqual([]);
  });

  test("somebody opens their notice with two codes, complains, and reads the answer", async () => {
    const page = await opened(false);
    await openNotice(page, clinic, 50);
    await page.getByLabel("A complaint").check();
    await page.getByLabel("Your message").fill("Why did you keep my data?\nI left in 2019.");
    await press(page, "Send");
    await page.getByText("We have your message.").waitFor();
    await answered("complaint", "We should not have.");
    await page.getByLabel("SMS").check();
    await press(page, "Save");
    await page.getByText("Your choice is saved.").waitFor();
    expect(await page.getByText("We should not have.").isVisible()).toBe(true);
    await press(page, "Leave my page");
    await page.getByText("You have left your page").waitFor();
    await page.goto(`${clinic.door.url}/my/notice`);
    await page.getByText("Your visit has ended").waitFor();
    expect(page.complaints).toEqual([]);
  });

  test("the survey is answered by keyboard alone, and leaves no cookie", async () => {
    const page = await opened(false);
    const pass = clinic.passes[2] ?? "";
    await page.goto(`${clinic.door.url}/survey`);
    await page.locator("#code").focus();
    await page.keyboard.type(pass.toLowerCase());
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/survey/${pass}?*`);
    await page.locator("#clear-1").focus();
    await page.keyboard.press("ArrowRight");
    await page.locator("#needed-plain").focus();
    await page.keyboard.press("Space");
    await page.locator("#remark").focus();
    await page.keyboard.type("Write sooner.");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/survey/thanks?*");
    expect(await page.locator("h1").textContent()).toBe("Thank you");
    expect(await page.context().cookies()).toEqual([]);
    expect(page.complaints).toEqual([]);
  });
});

/** Staff answer the newest inquiry of a kind. */
async function answered(kind: string, text: string): Promise<void> {
  const [row] = await w.sql<{ incidentId: string }[]>`
    select incident_id from publication where slug = ${SLUGS.full}`;
  const incidentId = row?.incidentId ?? "";
  const lines = await queue(w.sql, incidentId, { state: "new", now: w.clock.now() });
  const inquiryId = lines.find((line) => line.kind === kind)?.id ?? "";
  await answer(w.ctx, w.staff.drafter, { incidentId, inquiryId }, { version: 1, text });
  await approve(w.ctx, w.staff.approver, { incidentId, inquiryId }, 2);
}

describe("by keyboard", () => {
  test("tab leads over *my notice* in the order it reads, and shows where one is", async () => {
    const page = await opened();
    await openNotice(page, clinic, 51);
    expect(await tabbed(page)).toEqual([
      "Skip to the content",
      "Larkspur Clinic",
      "English",
      "简体中文",
      "Русский",
      "kind-question",
      "text",
      "Send",
      "+1 202 555 0164",
      "+1 202 555 0187",
      "help@larkspur.example.org",
      "language",
      "channel",
      "Save",
      "sure",
      "Stop them",
      "Leave my page",
    ]);
  });

  test("tab leads over the survey question by question", async () => {
    const page = await opened();
    await page.goto(`${clinic.door.url}/survey/${clinic.passes[3]}`);
    const seen = await tabbed(page);
    expect(seen.slice(5, 10)).toEqual([
      "heard-message",
      "clear-1",
      "trusted-1",
      "soon-1",
      "next-1",
    ]);
    expect(seen.at(-1)).toBe("Send my answers");
  });

  test.each([
    ["one-time code, wrong", "code"],
    ["my notice, mistake", "text"],
    ["subscription, no address", "email"],
    ["survey, mistake", "remark"],
  ])("the summary of what is wrong leads to it: %s", async (name, id) => {
    const page = await opened();
    await STATES[name]?.visit(page, clinic, "en");
    const summary = page.getByRole("alert").getByRole("link");
    await summary.focus();
    expect(await focused(page)).toMatchObject({ tag: "A", outlined: true, inside: true });
    await page.keyboard.press("Enter");
    await expect.poll(() => focused(page)).toMatchObject({ id, outlined: true, inside: true });
    expect(await page.locator(`#${id}`).getAttribute("aria-invalid")).toBe("true");
  });

  test("what was typed is still there after a mistake", async () => {
    const page = await opened();
    await STATES["survey, mistake"]?.visit(page, clinic, "en");
    expect(await page.locator("#clear-4").isChecked()).toBe(true);
    expect(await page.locator("#remark").inputValue()).toContain("You were quick.");
    await page.locator("#remark").fill("You were quick.");
    await submit(page);
    expect(await page.locator("h1").textContent()).toBe("Thank you");
  });
});

/** The ids, names or words of everything that tab comes to; each must show that it has the focus. */
async function tabbed(page: Page): Promise<string[]> {
  const seen: string[] = [];
  for (;;) {
    await page.keyboard.press("Tab");
    const { tag, id, name, text, outlined, inside } = await focused(page);
    if (tag === "BODY" || seen.length > 60) return seen;
    seen.push(id || name || text);
    expect({ at: seen.at(-1), outlined, inside }).toMatchObject({ outlined: true, inside: true });
  }
}

import { setTimeout as sleep } from "node:timers/promises";

import type { Page } from "playwright-core";

import { SLUGS } from "./clinic.ts";
import type { Clinic } from "./clinic.ts";
import { newestCode } from "./visit.ts";

/** One page of the public door in one state: how a person gets there, and how they know. */
export interface State {
  /** Its `<h1>` in English, or a part of it. */
  readonly heading: string;
  /** Words in English that only this state has. */
  readonly says: string;
  readonly visit: (page: Page, clinic: Clinic, language: string) => Promise<unknown>;
}

/** Every page of the public door in every state. */
export const STATES: Readonly<Record<string, State>> = {
  home: state("Incidents with personal", "Last update:", at("/")),
  "no such page": state("There is no", "", at("/incident")),
  "no such incident": state("There is no such page", "a slip in it", at("/incidents/none")),
  incident: state("broke into our app", "Ask us on Friday", at(`/incidents/${SLUGS.full}`)),
  "incident, promise missed": state(
    "A laptop with customer data",
    "We missed our own deadline",
    at(`/incidents/${SLUGS.missed}`),
  ),
  "incident, ended": state(
    "A backup tape is lost",
    "The tape was found unopened",
    at(`/incidents/${SLUGS.ended}`),
  ),
  "subscription, asked": state("Look in your mailbox", "Nothing came?", subscribe("a@example.com")),
  "subscription, no address": state("not an e-mail address", "such as name", subscribe("nobody@x")),
  "subscription, wish": state("Shall we write to you", "If it was you", subscription("wish")),
  "subscription, confirmed": state("it is confirmed", "one e-mail for each", subscription("yes")),
  "subscription, on": state("Stop the e-mails", "we delete your address", subscription("on")),
  "subscription, stopped": state("Stopped", "your address is deleted", subscription("no")),
  "subscription, unknown": state("leads to nothing", "not whole", at("/subscriptions/none")),
  check: state("Is this notice from us?", "Type the code from the message", at("/check")),
  "check, found": state("Is this notice from us?", "Compare every word", check()),
  "check, unknown": state("Is this notice from us?", "do not know this code", check("ZZZZ-ZZZZ")),
  lookup: state("Was I affected?", "Type your e-mail address", at("/lookup")),
  "lookup, asked": state("Was I affected?", "We are looking", lookup("mara.sample3@example.com")),
  my: state("My notice", "Type the personal code", at("/my")),
  "my, ended": state("My notice", "Your visit has ended", at("/my/notice")),
  "my, left": state(
    "My notice",
    "You have left",
    act((page) => press(page, "leave")),
  ),
  "one-time code": state("time code", "we have sent", enterCode),
  "one-time code, wrong": state("time code", "Tries left: 4", async (...where) => {
    await enterCode(...where);
    await guess(where[0], 1);
  }),
  "my, too many guesses": state("My notice", "no longer works", async (...where) => {
    await enterCode(...where);
    await guess(where[0], 5);
  }),
  "my, one moment": state("One moment", "We are getting your page", waiting),
  "my notice": state("My notice", "Our answer", (...where) =>
    openNotice(where[0], where[1], 0, where[2]),
  ),
  "my notice, little to show": state("My notice", "still on its way", (...where) =>
    openNotice(where[0], where[1], nextPerson(), where[2]),
  ),
  "my notice, asked": state(
    "My notice",
    "We have your message",
    act((page) => ask(page, "Why?")),
  ),
  "my notice, mistake": state(
    "My notice",
    "was not sent",
    act((page) => ask(page, "Typed\u202Eword")),
  ),
  "my notice, too often": state(
    "My notice",
    "three times in 24 hours",
    act(async (page) => {
      for (const text of ["One.", "Two.", "Three.", "Four."]) await ask(page, text);
    }),
  ),
  "my notice, saved": state(
    "My notice",
    "choice is saved",
    act((page) => press(page, "pref")),
  ),
  "my notice, stopped": state(
    "My notice",
    "You get no optional messages",
    act(async (page) => {
      await page.locator("input[name=sure]").check();
      await press(page, "stop");
    }),
  ),
  stop: state("Stop optional messages", "With this button", toStop),
  "stop, stopped": state("Stop optional messages", "no more optional", async (...where) => {
    await toStop(...where);
    await submit(where[0]);
  }),
  survey: state("How did we do?", "invited you", at("/survey")),
  "survey, unknown": state("How did we do?", "do not know this code", at("/survey/0000")),
  "survey, used": state(
    "How did we do?",
    "been used",
    survey(({ passes }) => passes[0]),
  ),
  "survey, over": state(
    "How did we do?",
    "is over",
    survey(({ closedPass }) => closedPass),
  ),
  "survey, form": state(
    "How did we do?",
    "three minutes",
    survey(({ passes }) => passes[1]),
  ),
  "survey, mistake": state("How did we do?", "look at this again", async (...where) => {
    await survey(({ passes }) => passes[1])(...where);
    const [page] = where;
    await page.locator("#clear-4").check();
    await page.locator("#remark").fill("You were quick.\u202E");
    await submit(page);
  }),
  "survey, thanks": state("Thank you", "Your answers are in", at("/survey/thanks")),
  "subscription, busy": state(
    "wait a little",
    "Many addresses",
    tired(`/incidents/${SLUGS.full}/subscription`, 20, subscribe("a@example.com")),
  ),
  "lookup, busy": state(
    "Was I affected?",
    "wait an hour",
    tired("/lookup", 10, lookup("a@example.com")),
  ),
  "my, busy": state("My notice", "many tries", tired("/my", 30, typing("/my", "0000"))),
  "my, too much text": state("My notice", "too much text", typing("/my", "x".repeat(40_000))),
  "survey, busy": state(
    "How did we do?",
    "Much was sent",
    tired("/survey", 60, typing("/survey", "0000")),
  ),
};

type Visit = State["visit"];

function state(heading: string, says: string, visit: Visit): State {
  return { heading, says, visit };
}

/** Open a path of the door in a language. */
function at(path: string): Visit {
  return (page, { door }, language) => page.goto(`${door.url}${path}?language=${language}`);
}

/** Send the first form there is. */
export async function submit(page: Page, form = "main form"): Promise<void> {
  const loaded = page.waitForEvent("load");
  await page.locator(`${form} button`).first().click();
  await loaded;
}

/** Go there after this network has sent as many forms as it may. */
function tired(path: string, times: number, visit: Visit): Visit {
  return async (...where) => {
    const [page, { door }] = where;
    const send = () => page.request.post(door.url + path, { form: {}, ...ONCE });
    await Promise.all(Array.from({ length: times }, send));
    await visit(...where);
  };
}

/** Type a code, however long. */
function typing(path: string, code: string): Visit {
  return async (...where) => {
    await at(path)(...where);
    await where[0].locator("#code").evaluate((field) => field.removeAttribute("maxlength"));
    await where[0].locator("#code").fill(code);
    await submit(where[0]);
  };
}

function subscribe(email: string): Visit {
  return async (...where) => {
    await at(`/incidents/${SLUGS.full}`)(...where);
    await where[0].locator("#email").fill(email);
    await submit(where[0], "form[action*=subscription]");
  };
}

function subscription(step: "wish" | "yes" | "on" | "no"): Visit {
  return async (...where) => {
    const [page, clinic, language] = where;
    subscribers += 1;
    const path = await clinic.subscriptionPath(`reader${subscribers}@example.com`);
    await at(path)(...where);
    if (step === "wish") return;
    await submit(page);
    if (step === "yes") return;
    await at(path)(page, clinic, language);
    if (step === "no") await submit(page);
  };
}

function check(typed?: string): Visit {
  return async (...where) => {
    const [page, { noticeCode }] = where;
    await at("/check")(...where);
    await page.locator("#code").fill(typed ?? noticeCode);
    await submit(page);
  };
}

function lookup(email: string): Visit {
  return async (...where) => {
    await at("/lookup")(...where);
    await where[0].locator("#email").fill(email);
    await submit(where[0]);
  };
}

function toStop(...where: Parameters<Visit>): Promise<unknown> {
  return at(where[1].stopPath)(...where);
}

function survey(passOf: (clinic: Clinic) => string | undefined): Visit {
  return (...where) => at(`/survey/${passOf(where[1])}`)(...where);
}

/** Type somebody's personal code; each time another's, or the one's who is named. */
async function enterCode(
  page: Page,
  clinic: Clinic,
  language: string,
  person = nextPerson(),
): Promise<void> {
  const { w, codes } = clinic;
  await at("/my")(page, clinic, language);
  await page.locator("#code").fill(codes[person] ?? "");
  const before = w.email.sent.length;
  await submit(page);
  while (w.email.sent.length === before) await sleep(20);
}

async function guess(page: Page, times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    await page.locator("#code").fill("0000 0000");
    await submit(page);
  }
}

/** Type both codes. */
export async function openNotice(
  page: Page,
  clinic: Clinic,
  person = nextPerson(),
  language = "en",
): Promise<void> {
  await enterCode(page, clinic, language, person);
  await page.locator("#code").fill(await newestCode(clinic.w));
  await submit(page);
  await page.locator("#ask").waitFor();
}

/** The page that stands while no worker has answered; it would load itself anew. */
async function waiting(...where: Parameters<Visit>): Promise<void> {
  const [page, clinic, language] = where;
  await enterCode(...where);
  await page.route("**/my/notice?*", async (route) => {
    const response = await route.fetch();
    const { refresh: _, ...headers } = response.headers();
    await route.fulfill({ response, headers });
  });
  await clinic.withoutWorkers(async () => {
    // Where a redirect leads cannot be held back, so nobody follows it here.
    const sent = { form: { code: "0000 0000" }, ...ONCE };
    await page.request.post(`${clinic.door.url}/my/code?language=${language}`, sent);
    await page.goto(`${clinic.door.url}/my/notice?language=${language}`);
  });
}

/** Open one's notice and do something there. */
function act(doIt: (page: Page) => Promise<unknown>): Visit {
  return async (page, clinic, language) => {
    await openNotice(page, clinic, nextPerson(), language);
    await doIt(page);
  };
}

async function ask(page: Page, text: string): Promise<void> {
  await page.locator("#text").fill(text);
  await press(page, "ask");
}

function press(page: Page, part: "ask" | "pref" | "stop" | "leave"): Promise<void> {
  return submit(page, `form[action*="/${part}"]`);
}

function nextPerson(): number {
  persons += 1;
  return persons;
}

/** Follow nothing; a connection that the door closed at that moment is no answer. */
const ONCE = { maxRedirects: 0, maxRetries: 2 };
let persons = 0;
let subscribers = 0;

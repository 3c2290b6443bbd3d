import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

import { startCatcher } from "../../src/dev/catcher.ts";
import type { Catcher } from "../../src/dev/catcher.ts";
import { startTwilio } from "../../src/dev/twilio.ts";
import type { FakeTwilio } from "../../src/dev/twilio.ts";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const ROWS = 400;
const FEW = 150;
const PATIENT = { timeout: 60_000 };
/** A row of somebody whom nobody wrote to. */
const NEWCOMER =
  "P-9,Late Comer,late@example.com,,en,US,1 Heron Way,Springvale,10001,NY,yes,name,self\r\n";
let folder: string;
/** Told once: it takes a minute. */
let whole: Figures;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("`npm run demo --exit --json` tells the whole story, and an outsider counts the same", async () => {
  // It ends with an error where its own check from outside differs.
  const figures = await demo("one.csv", ROWS);
  whole = figures;
  const { rows, imported, merged, badRows, deliveries, sms, letters, people } = figures;
  expect(rows).toBe(ROWS);
  expect(badRows).toBeGreaterThan(10);
  expect(merged).toBeGreaterThan(5);
  expect(imported).toBe(rows - badRows - merged);
  expect(sum(people), "everyone is somewhere").toBe(imported);
  const { email, needsLetter } = deliveries;
  expect(email.rejected, "people who moved are refused by the server").toBeGreaterThan(0);
  expect(sms.rejected, "some numbers get no SMS").toBeGreaterThan(0);
  expect([email.unknown, sms.unknown, sms.accepted]).toEqual([0, 0, 0]);
  expect(letters.made).toBe(needsLetter);
  expect(letters.mailed + letters.returned).toBe(letters.made);
  expect(people["not-reached"]).toBe(imported - email.accepted - letters.made);
  const { needsLetter: again } = figures.followUps;
  const told = { sent: 1, email: email.accepted, sms: sms.delivered, needsLetter: again };
  expect(figures.followUps).toEqual(told);
  expect(again, "the law lets a follow-up go by SMS, and not the first notice").toBeLessThan(
    needsLetter,
  );
  expect(figures.inquiries).toEqual({ asked: 1, answered: 1 });
  const invited = email.accepted + sms.delivered;
  expect(figures.surveyAnswers / invited, "a tenth answered").toBeCloseTo(0.1, 1);
}, 240_000);

describe("the law in the demo", () => {
  const clockOf = (id: string) => whole.law.clocks.find((each) => each.id === id);

  test("the deadline of the wave is the earliest clock to the people", () => {
    const { clocks, deadline } = whole.law;
    const due = clocks.flatMap(({ to, due: at }) => (to === "individuals" && at ? [at.at] : []));
    expect(due.length).toBeGreaterThan(1);
    expect(deadline.at).toBe(due.toSorted()[0]);
    expect(deadline.obligation).toBe("us-ny-gbl-899-aa/individuals/full");
    expect(Date.parse(deadline.at)).toBeGreaterThan(Date.now());
  });

  test("whom the wave told is told, and the report to HHS starts the clock of New York", () => {
    const people = whole.law.clocks.filter(({ to }) => to === "individuals");
    expect(people.map(({ id }) => id).toSorted()).toEqual([
      "us-hipaa/individuals/full",
      "us-ma/individuals/full",
      "us-nj/individuals/full",
      "us-ny-gbl-899-aa/individuals/full",
    ]);
    expect(new Set(people.map(({ state }) => state))).toEqual(new Set(["met"]));
    expect(clockOf("us-hipaa/regulator/initial")?.state).toBe("met");
    expect(clockOf("us-ny-gbl-899-aa/regulator/initial")?.state).toBe("running");
    const next = clockOf("us-ny-gbl-899-aa/regulator-5/initial");
    expect(next?.because).toMatch(/^5 business days after “regulator” was met/);
    expect(next?.due).not.toBeNull();
    expect(clockOf("xx-contract-b2b/customer/initial"), "no contract asks").toBeUndefined();
  });

  test("everybody has a text, and Massachusetts its own", () => {
    const { variants } = whole.law;
    expect(sum(variants)).toBe(whole.imported);
    expect(Object.keys(variants).toSorted()).toEqual(["everybody-else", "us-ma"]);
    expect(variants["us-ma"]).toBeGreaterThan(whole.imported / 10);
  });

  test("the report to HHS lies beside the people file, as PDF and JSON", async () => {
    const { state, reference, files } = whole.law.filing;
    expect(state).toBe("filed");
    const [pdf = "", json = ""] = files;
    expect((await readFile(pdf)).subarray(0, 5).toString()).toBe("%PDF-");
    const report: unknown = JSON.parse(await readFile(json, "utf8"));
    expect(report).toMatchObject({
      form: "hhs",
      state,
      reference,
      organisation: "Larkspur Clinic",
    });
    const { fields } = z.object({ fields: z.array(z.object(FIELD)) }).parse(report);
    const valueOf = (key: string) => fields.find((each) => each.key === key)?.value;
    expect(valueOf("affecting")).toBe("500 or more individuals");
    expect(valueOf("breach-type")).toBe("hacking/IT incident");
    expect(valueOf("individuals")).toBe("6745");
    expect(fields.map(({ value }) => value)).not.toContain("not-yet-known");
  });
});

describe("with mail and SMS at other servers", () => {
  let mail: Catcher;
  let phones: FakeTwilio;
  let figures: Figures;
  beforeAll(async () => {
    phones = await startTwilio();
    const reject = (address: string) => (address.startsWith("gone.") ? 550 : undefined);
    mail = await startCatcher({ reject, sms: phones });
    figures = await demo("two.csv", FEW, {
      SMTP_URL: mail.smtpUrl,
      TWILIO_ACCOUNT_SID: phones.accountSid,
      TWILIO_AUTH_TOKEN: phones.authToken,
      TWILIO_FROM: phones.from,
      TWILIO_BASE_URL: phones.url,
    });
  }, 240_000);
  afterAll(async () => {
    await mail.close();
    await phones.close();
  });

  test("the same messages are there, and nobody asks or answers", async () => {
    expect(await problems()).toEqual([]);
    expect(figures.inquiries).toEqual({ asked: 0, answered: 0 });
    expect(figures.surveyAnswers).toBe(0);
  }, 60_000);

  // Five at a time: it names ten problems at most, and must find these and no other.
  test.for<[readonly string[], (f: Figures) => unknown]>([
    [
      ["imported", "email.accepted", "sms.delivered", "letters.returned", "people.not-reached"],
      (f) => ({
        ...f,
        imported: f.imported + 1,
        deliveries: { ...f.deliveries, email: off(f.deliveries.email, "accepted") },
        sms: off(f.sms, "delivered"),
        letters: off(f.letters, "returned"),
        people: off(f.people, "not-reached"),
      }),
    ],
    [
      ["sms.rejected", "followUps.email", "one-time codes", "surveyAnswers", "variants.us-ma"],
      (f) => ({
        ...f,
        sms: off(f.sms, "rejected"),
        followUps: off(f.followUps, "email"),
        inquiries: off(f.inquiries, "asked"),
        surveyAnswers: 5,
        law: { ...f.law, variants: off(f.law.variants, "us-ma") },
      }),
    ],
  ])("the check notices when figures are not so: %s", PATIENT, async ([names, changed]) => {
    const found = await problems(changed(figures));
    const named = found.map((each) => each.split(": the ledger says")[0]);
    expect(named.toSorted()).toEqual(names.toSorted());
  });

  test.for<[string, RegExp | string, string, RegExp]>([
    ["somebody who is not on the list", /^P-100010,.*\r\n/m, "", /a mail that nobody should get/],
    ["somebody who got nothing", /(?=^P-100010,)/m, NEWCOMER, /1 people got no mail/],
    ["other data than were taken", ";ssn,self", ",self", /a mail names/],
    ["another language", /(^P-100010,.*),en,US/m, "$1,ru,US", /a mail in en instead of ru/],
    ["the text of another place", /(^P-100010,.*),NY,/m, "$1,MA,", /not in the text for MA/],
    ["another phone", /(^P-100003,.*)\+12025550103/m, "$1+12025550104", /SMS to 2 numbers/],
    ["no agreement to e-mail", /(^P-100010,.*),yes,/m, "$1,no,", /a mail that nobody should get/],
  ])("the check notices %s", PATIENT, async ([, from, to, expected]) => {
    const people = await readFile(join(folder, "two.csv"), "utf8");
    const other = people.replace(from, to);
    expect(other).not.toBe(people);
    await writeFile(join(folder, "other.csv"), other);
    expect((await problems(figures, "other.csv")).join("\n")).toMatch(expected);
  });

  /** What the checker finds wrong. */
  async function problems(said: unknown = figures, people = "two.csv"): Promise<string[]> {
    const script = join(ROOT, "scripts/check-messages.mjs");
    const args = [script, join(folder, people), mail.webUrl, JSON.stringify(said)];
    const { stdout } = await run(process.execPath, args).catch((error: unknown) =>
      z.object({ stdout: z.string() }).parse(error),
    );
    return z.object({ problems: z.array(z.string()) }).parse(JSON.parse(stdout)).problems;
  }
});

async function demo(people: string, rows: number, env: Readonly<Record<string, string>> = {}) {
  const { stdout } = await run(
    "npm",
    ["run", "--silent", "demo", "--", "--recipients", String(rows), "--exit", "--json"].concat([
      "--people",
      join(folder, people),
    ]),
    { cwd: ROOT, env: { ...process.env, ...env } },
  );
  return Figures.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
}

function off<T extends Record<string, number>>(figures: T, name: keyof T & string): T {
  return { ...figures, [name]: (figures[name] ?? 0) + 1 };
}

function sum(figures: Readonly<Record<string, number>>): number {
  return Object.values(figures).reduce((total, count) => total + count, 0);
}

const count = z.int();
const FIELD = { key: z.string(), value: z.string() };
const Clock = z.object({
  id: z.string(),
  to: z.string(),
  state: z.string(),
  because: z.string(),
  due: z.object({ at: z.string() }).nullable(),
});
const Figures = z.object({
  rows: count,
  imported: count,
  merged: count,
  badRows: count,
  deliveries: z.object({
    email: z.object({ accepted: count, rejected: count, unknown: count }),
    needsLetter: count,
    excluded: count,
  }),
  sms: z.object({ accepted: count, delivered: count, rejected: count, unknown: count }),
  letters: z.object({ made: count, mailed: count, returned: count }),
  people: z.record(z.string(), count),
  followUps: z.object({ sent: count, email: count, sms: count, needsLetter: count }),
  inquiries: z.object({ asked: count, answered: count }),
  surveyAnswers: count,
  law: z.object({
    clocks: z.array(Clock),
    deadline: z.object({ at: z.string(), obligation: z.string() }),
    variants: z.record(z.string(), count),
    filing: z.object({ state: z.string(), reference: z.string(), files: z.array(z.string()) }),
  }),
});
type Figures = z.output<typeof Figures>;

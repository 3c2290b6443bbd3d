import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";

import PostalMime from "postal-mime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";

import { startWeb, startWorker } from "../../src/dev/candor.ts";
import type { Part } from "../../src/dev/candor.ts";
import { join as joinStaff } from "../../src/dev/cast.ts";
import type { Member } from "../../src/dev/cast.ts";
import { freePort, LOOPBACK } from "../../src/dev/process.ts";
import { startStack } from "../../src/dev/stack.ts";
import type { Stack } from "../../src/dev/stack.ts";

/**
 * The pipeline, told once in the words of the people who use it, through the real doors: HTTP,
 * SMTP, two databases, Redis, a web process and two workers.
 */
let stack: Stack;
let parts: Part[];
let url: string;
let rowan: Member;
let dana: Member;
let avery: Member;

/** What the story has brought forth so far. */
const told = { incident: "", audience: "", notice: "", submission: "", wave: "" };
const any = z.looseObject({});
const Id = z.looseObject({ id: z.uuid() });

beforeAll(async () => {
  stack = await startStack({}, { fast: true, catcher: { delayMs: 20 } });
  url = `http://${LOOPBACK}:${await freePort()}`;
  const env = {
    ...stack.env,
    ...SETTINGS,
    CONSOLE_URL: url,
    PUBLIC_URL: url,
    PORT: new URL(url).port,
  };
  const at = (name: string) => ({ env, logFile: join(stack.folder, `${name}.log`) });
  parts = await Promise.all([startWeb(at("web")), startWorker(at("one")), startWorker(at("two"))]);
  [rowan, dana, avery] = await Promise.all([
    joinStaff(env, { name: "Rowan Example", email: "rowan@example.org", roles: ["responder"] }),
    joinStaff(env, { name: "Dana Example", email: "dana@example.org", roles: ["drafter"] }),
    joinStaff(env, {
      name: "Avery Example",
      email: "avery@example.org",
      roles: ["approver", "auditor"],
    }),
  ]);
}, 120_000);

afterAll(async () => {
  await Promise.all(parts.map((part) => part.stop()));
  await stack.stop();
});

test("at 3 a.m. Rowan declares a breach with four facts", async () => {
  const declared = await rowan.client.post(
    "/v1/incidents",
    {
      title: "Customer list on a public server",
      whatHappened: "A copy of our customer list could be opened by anyone for two days.",
      awareAt: "2026-03-02T03:05+01:00",
      awareZone: "Europe/Berlin",
      dataElements: ["name", "postal-address", "ssn"],
      runbook: "vendor",
    },
    z.looseObject({ incident: Id, scope: z.looseObject({ facts: any }) }),
  );
  told.incident = declared.incident.id;
  expect(declared.scope.facts).toMatchObject({
    place: "not-yet-known",
    encryption: "not-yet-known",
  });
  const { tasks } = await rowan.client.get(
    `/v1/incidents/${told.incident}/tasks`,
    z.object({ tasks: z.array(any) }),
  );
  expect(tasks.length).toBeGreaterThan(5);
});

test("an hour later she knows more, and the scope says what changed", async () => {
  await rowan.client.post(
    `${incident()}/scopes`,
    { baseVersion: 1, reason: "Server log read", facts: FACTS },
    any,
  );
  const { difference } = await rowan.client.get(
    `${incident()}/scopes/2/difference?from=1`,
    z.looseObject({ difference: any }).or(any.transform((found) => ({ difference: found }))),
  );
  expect(JSON.stringify(difference)).toContain("encryption");
});

test("she imports the people; a bad row comes back by line, and the good ones stay", async () => {
  told.audience = (
    await rowan.client.post(`${incident()}/audiences`, { name: "Customers" }, Id)
  ).id;
  const first = await importFile([HEADER, ...PEOPLE, BAD_ROW].join("\r\n"));
  expect(first).toMatchObject({ rowsRead: 203, rowsGood: 202, rowsBad: 1 });
  const { errors } = await rowan.client.get(
    `${audience()}/uploads/${String(first["id"])}/errors`,
    z.object({ errors: z.array(any) }),
  );
  expect(errors).toMatchObject([{ line: 204, column: "E-mail", code: "several-addresses" }]);
});

test("she corrects the row, sends it again and freezes the audience", async () => {
  await importFile(
    [HEADER, BAD_ROW.replace("a@example.com; b@example.com", "late@example.com")].join("\n"),
  );
  const frozen = await rowan.client.post(`${audience()}/freeze`, {}, any);
  expect(frozen).toMatchObject({ state: "frozen", count: 202, agreed: { yes: 171, no: 31 } });
});

test("Dana drafts the notice, sees it as invented people would, and mails it to herself", async () => {
  const { notice } = await dana.client.post(
    `${incident()}/notices`,
    { kind: "initial" },
    z.looseObject({ notice: Id }),
  );
  told.notice = notice.id;
  const { previews } = await dana.client.get(
    `${incident()}/notices/${notice.id}/preview`,
    z.object({ previews: z.array(z.looseObject({ text: z.string(), subject: z.string() })) }),
  );
  expect(previews[0]?.text).toContain("What you can do");
  await dana.client.post(`${incident()}/notices/${notice.id}/test`, {}, any);
  const [mail] = await caught();
  expect(mail).toMatchObject({ to: [{ address: "dana@example.org" }] });
  expect(mail?.subject).toMatch(/^\[Test\]/);
});

test("Avery sends it back with a comment; Dana mends it and submits again", async () => {
  const sent = await submit();
  await avery.client.post(
    `${incident()}/submissions/${sent}/send-back`,
    { comment: "Say sorry sooner." },
    any,
  );
  const view = await dana.client.get(`${incident()}/notices/${told.notice}`, Written);
  expect(view.notice.state).toBe("draft");
  expect(JSON.stringify(view.comments)).toContain("Say sorry sooner.");
  const source = view.version.languages["en"] ?? "";
  await patch(dana, `${incident()}/notices/${told.notice}`, {
    version: view.notice.version,
    languages: {
      en: source.replace("This should not have happened, and we are sorry.", "We are sorry."),
    },
  });
  told.submission = await submit();
});

test("neither the author nor the uploader can approve it, and nothing goes out unapproved", async () => {
  await expect(
    rowan.client.post(`${incident()}/waves`, { submissionId: told.submission }, any),
  ).rejects.toThrow();
  const { binding } = await bound();
  const approval = `${incident()}/submissions/${told.submission}/approve`;
  for (const person of [dana, rowan])
    await expect(
      person.client.post(approval, { binding }, any, { totp: await person.code() }),
    ).rejects.toThrow();
  expect((await caught()).length).toBe(1);
});

test("Avery approves exactly this text, these people and this plan, with a second factor", async () => {
  const { binding, reach } = await bound();
  expect(reach).toMatchObject({ people: 202, email: 171, needsLetter: 31 });
  const approval = `${incident()}/submissions/${told.submission}/approve`;
  await expect(avery.client.post(approval, { binding }, any)).rejects.toThrow();
  const approved = await avery.client.post(approval, { binding }, any, {
    totp: await avery.code(),
  });
  expect(approved).toMatchObject({ state: "approved" });
});

test("Rowan starts the wave: a canary of 50, then everyone, each person once", async () => {
  const started = await rowan.client.post(
    `${incident()}/waves`,
    { submissionId: told.submission },
    z.looseObject({ id: z.uuid(), state: z.string() }),
  );
  expect(started.state).toBe("canary");
  told.wave = started.id;
  const wave = await until(`${incident()}/waves/${told.wave}`, (now) => now["state"] === "done");
  expect(wave).toMatchObject({ counts: { accepted: 171, "needs-letter": 31 }, unknown: 0 });

  const mails = (await caught()).filter((mail) => !mail.subject?.startsWith("[Test]"));
  const addresses = mails.map((mail) => mail.to?.[0]?.address).toSorted();
  expect(addresses).toEqual(agreed().toSorted());
  expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(171);
});

test("each message names that person's data and no other, has no link, and can be checked", async () => {
  const mails = (await caught()).filter((mail) => !mail.subject?.startsWith("[Test]"));
  const one = mails.find((mail) => mail.to?.[0]?.address === "customer7@example.com");
  expect(one?.text).toContain("Dear Customer Number 7,");
  expect(one?.text).toContain("your Social Security number");
  const other = mails.find((mail) => mail.to?.[0]?.address === "customer8@example.com");
  expect(other?.text).not.toContain("Social Security number\r\n");
  expect(listOf(other?.text)).toEqual(["your name", "your postal address"]);
  expect(one?.html).not.toMatch(/href|src=/);

  const code = one?.text?.match(/[0-9A-Z]{4}-[0-9A-Z]{4}/)?.[0] ?? "";
  const page = await fetch(`${url}/check`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", origin: url },
    body: new URLSearchParams({ code }),
  });
  const html = await page.text();
  expect(page.status).toBe(200);
  expect(html).toContain("We are sorry.");
  expect(html).not.toContain("Customer Number");
});

test("the timeline tells it all, holds together, and names nobody affected", async () => {
  const chain = await avery.client.get("/v1/timeline/verification", any);
  expect(chain).toMatchObject({ ok: true });
  const entries = await avery.client.get(`${incident()}/timeline?limit=200`, any);
  const text = JSON.stringify(entries);
  for (const action of [
    "incident.declare",
    "scope.revise",
    "audience.freeze",
    "wave.start",
    "wave.end",
  ])
    expect(text).toContain(action);
  expect(text).not.toMatch(/customer\d+@|Customer Number/);
});

const incident = () => `/v1/incidents/${told.incident}`;
const audience = () => `${incident()}/audiences/${told.audience}`;

async function importFile(file: string) {
  const received = await rowan.client.upload(
    `${audience()}/uploads`,
    Readable.from([Buffer.from(file)]),
    "text/csv",
    z.looseObject({ uploadId: z.uuid(), mapping: any }),
  );
  const path = `${audience()}/uploads/${received.uploadId}`;
  await rowan.client.post(
    `${path}/import`,
    { mapping: received.mapping, defaultLanguage: "en" },
    any,
  );
  return until(path, (now) => now["state"] === "imported");
}

async function submit(): Promise<string> {
  const { notice } = await dana.client.get(`${incident()}/notices/${told.notice}`, Written);
  const body = { noticeId: told.notice, version: notice.version, audienceId: told.audience };
  return (await dana.client.post(`${incident()}/submissions`, body, Id)).id;
}

function bound() {
  const shape = z.looseObject({ binding: z.string(), reach: any });
  return avery.client.get(`${incident()}/submissions/${told.submission}`, shape);
}

async function patch(person: Member, path: string, body: unknown): Promise<void> {
  const response = await fetch(new URL(path, url), {
    method: "PATCH",
    headers: { authorization: `Bearer ${person.token}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status, await response.text()).toBe(200);
}

async function until(path: string, ready: (now: Record<string, unknown>) => boolean) {
  for (let tries = 0; tries < 300; tries += 1) {
    const now = await rowan.client.get(path, any);
    if (ready(now)) return now;
    await sleep(100);
  }
  throw new Error("It did not come to an end.");
}

async function caught() {
  const raw = stack.catcher?.list(0, 1_000) ?? [];
  const mails = await Promise.all(raw.map((message) => PostalMime.parse(message.raw)));
  // Staff are told of legal clocks whenever the sweep comes by.
  return mails.filter(({ subject }) => !subject?.startsWith("A legal clock"));
}

function agreed(): string[] {
  const own = PEOPLE.filter((row) => row.includes(",yes,")).map((row) => row.split(",")[2] ?? "");
  return [...new Set(own), "late@example.com"];
}

function listOf(text = ""): string[] {
  const section = text.replaceAll("\r", "").split("What information was involved")[1] ?? "";
  return [...section.matchAll(/^- (.+)$/gm)].map(([, item = ""]) => item).slice(0, 2);
}

const Written = z.looseObject({
  notice: z.looseObject({ version: z.int(), state: z.string() }),
  version: z.looseObject({ languages: z.record(z.string(), z.string()) }),
  comments: z.array(any),
});

/** 200 customers, one of them twice and one couple with one mailbox. */
const HEADER = "Customer No,Name,E-mail,Street,City,Agreed,Exposure,Favourite colour";
const PEOPLE = [
  ...Array.from({ length: 200 }, (_, i) => {
    const taken = i % 2 === 0 ? "name;postal-address" : "name;ssn";
    const consent = i % 20 < 17 ? "yes" : "no";
    return `C-${i},Customer Number ${i},customer${i}@example.com,${i} Larkspur Lane,Springvale,${consent},${taken},green`;
  }),
  "C-5,CUSTOMER number 5,customer5@example.com,5 Larkspur Lane,Springvale,yes,name;ssn,green",
  "C-900,Partner Number 30,customer30@example.com,30 Larkspur Lane,Springvale,no,name,green",
];
const BAD_ROW =
  "C-901,Late Comer,a@example.com; b@example.com,1 Heron Way,Springvale,yes,name,green";

const FACTS = {
  dataElements: ["name", "postal-address", "ssn"].map((element) => ({
    element,
    state: "confirmed",
  })),
  occurredFrom: { at: "2026-02-27T12:00Z", zone: "Europe/Berlin", precision: "day" },
  occurredTo: { at: "2026-03-01T12:00Z", zone: "Europe/Berlin", precision: "day" },
  discoveredAt: { at: "2026-03-02T02:05Z", zone: "Europe/Berlin", precision: "minute" },
  encryption: "none",
  whatWeDo: "We closed the server and check who opened the list.",
  actions: [
    "Place a free fraud alert with a credit bureau.",
    "Hang up on callers who ask for a number.",
  ],
  contactLines: [
    { kind: "phone", value: "+1 202 555 0164", hours: "8:00 to 20:00", zone: "America/New_York" },
  ],
};

const SETTINGS = {
  NODE_ENV: "test",
  ORGANISATION: "Larkspur Clinic",
  MAIL_FROM: "notices@larkspur.example.org",
  LOG_LEVEL: "info",
};

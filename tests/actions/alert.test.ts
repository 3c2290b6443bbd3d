import PostalMime from "postal-mime";
import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { createWatch } from "../../src/actions/alert.ts";
import { update } from "../../src/actions/incident.ts";
import { sendMessages } from "../../src/actions/message.ts";
import { answer } from "../../src/actions/obligation/answer.ts";
import { meetByFiling, miss } from "../../src/actions/obligation/record.ts";
import type { Context } from "../../src/context.ts";
import { DAY_MS, HOUR_MS } from "../support/followup.ts";
import { AUTHORITY, PEOPLE, givenAffected, underLaw } from "../support/obligation.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let ctx: Context;
beforeAll(async () => {
  w = await world();
  ctx = underLaw(w);
});
afterAll(() => w.close());

/** Each test has its own incident; those of others are closed. */
beforeEach(() => w.sql`update incident set state = 'closed'`);

async function given(): Promise<string> {
  const id = await givenAffected(w);
  // Without the questions of the other law.
  const no = { question: "us-listed-company", version: 0, value: "no", reason: "No." } as const;
  await answer(ctx, w.staff.responder, id, no);
  return id;
}

async function alertsOf(incidentId: string): Promise<string[]> {
  const rows = await w.sql<{ obligation: string; kind: string }[]>`
    select obligation, kind from obligation_alert where incident_id = ${incidentId}
     order by told_at, due_at, kind`;
  return rows.map(({ obligation, kind }) => `${obligation} ${kind}`);
}

/** How many messages there are for each person told. */
async function tellings(): Promise<number[]> {
  const rows = await w.sql<{ n: number }[]>`
    select count(*)::int as n from message where kind = 'clock'
     group by split_part(key, '/', 2)`;
  return rows.map(({ n }) => n);
}

/** What mails say that were not sent before. */
async function mails(): Promise<string[]> {
  const before = w.email.sent.length;
  // Messages expire by the database's own clock.
  await sendMessages(
    { ...ctx, now: w.clock.now },
    { workerId: randomUUID(), mayWrite: () => true },
  );
  const sent = w.email.sent.slice(before);
  return Promise.all(
    sent.map(async ({ message }) => {
      const { subject = "", text = "" } = await PostalMime.parse(message);
      return `${subject}\n${text}`;
    }),
  );
}

test("owners are told at 48, 24 and 4 hours and when it is over, each once", async () => {
  const id = await given();
  const watch = createWatch();
  for (const hours of [0, 23, 1, 1, 23, 20, 3, 1, 1]) {
    w.clock.advance(hours * HOUR_MS);
    await watch(ctx);
    await watch(ctx);
  }
  expect(await alertsOf(id)).toEqual([
    `${AUTHORITY} due-in-48h`,
    `${AUTHORITY} due-in-24h`,
    `${AUTHORITY} due-in-4h`,
    `${AUTHORITY} overdue`,
  ]);
  expect(await tellings()).toEqual([4]);
  const rows = await w.sql`
    select from timeline where incident_id = ${id} and action = 'obligation.alert'`;
  expect(rows).toHaveLength(4);
});

test("after an outage only the last word is said, and how late it is", async () => {
  const id = await given();
  w.clock.advance(75 * HOUR_MS + 12 * 60_000);
  await createWatch()(ctx);
  expect(await alertsOf(id)).toEqual([`${AUTHORITY} overdue`]);
  const told = (await mails()).filter((mail) => mail.includes(id));
  expect(told).toHaveLength(1);
  expect(told[0]).toContain("A legal clock has run out");
  expect(told[0]).toContain("3 hours 12 minutes late");
  expect(told[0]).toContain("(Europe/Berlin)");
});

test("two workers at once, and one that starts anew, tell no one twice", async () => {
  const id = await given();
  w.clock.advance(70 * HOUR_MS);
  const before = (await tellings()).reduce((sum, n) => sum + n, 0);
  await Promise.all([createWatch()(ctx), createWatch()(ctx), createWatch()(ctx)]);
  await createWatch()(ctx);
  expect(await alertsOf(id)).toEqual([`${AUTHORITY} due-in-4h`]);
  expect((await tellings()).reduce((sum, n) => sum + n, 0)).toBe(before + 1);
});

test("a clock that got another due date is told of anew", async () => {
  const id = await given();
  const watch = createWatch();
  w.clock.advance(71 * HOUR_MS);
  await watch(ctx);
  await w.sql`
    update incident set aware_at = aware_at + interval '2 hours', version = version + 1
     where id = ${id}`;
  await watch(ctx);
  const rows = await w.sql`
    select from obligation_alert where incident_id = ${id} and kind = 'due-in-4h'`;
  expect(rows).toHaveLength(2);
});

test("nothing is said of what is met, missed with a reason, or of an incident that is none", async () => {
  const met = await given();
  const filed = { obligations: [AUTHORITY], reference: "LfDI-3", at: w.clock.now() };
  await meetByFiling(ctx, w.staff.responder, met, filed);
  const wrong = await given();
  const change = { version: 1, determination: "false-positive", reason: "A drill." } as const;
  await update(ctx, w.staff.responder, wrong, change);
  const missed = await given();
  w.clock.advance(80 * HOUR_MS);
  const because = { obligations: [AUTHORITY], reason: "Nobody was on call." };
  await miss(ctx, w.staff.responder, missed, because);
  await createWatch()(ctx);
  for (const id of [met, wrong, missed]) expect(await alertsOf(id)).toEqual([]);
});

test("what cannot be assessed holds up no other", async () => {
  const broken = await given();
  const fine = await given();
  await w.sql`update incident set aware_zone = 'Nowhere' where id = ${broken}`;
  w.clock.advance(9 * DAY_MS);
  await createWatch()(ctx);
  expect(await alertsOf(broken)).toEqual([]);
  expect(await alertsOf(fine)).toEqual([`${AUTHORITY} overdue`, `${PEOPLE} due-in-48h`]);
});

import { randomUUID } from "node:crypto";

import PostalMime from "postal-mime";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { ensureIntakeKey, handleIntake } from "../../src/actions/intake.ts";
import { sendMessages } from "../../src/actions/message.ts";
import {
  ask,
  confirm,
  look,
  onAsked,
  stop,
  sweepSubscriptions,
} from "../../src/actions/subscription.ts";
import { tellSubscribers } from "../../src/actions/subscription/tell.ts";
import { givenIncident } from "../support/incident.ts";
import { givenPublished, slugOf } from "../support/publication.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const DAY_MS = 24 * 3_600_000;

let w: World;
let incidentId: string;
beforeAll(async () => {
  w = await world();
  await ensureIntakeKey(w.ctx);
});
afterAll(() => w.close());
beforeEach(async () => {
  incidentId = (await givenIncident(w)).id;
  await givenPublished(w, incidentId);
});

/** What the page does, and then what a worker does with it. Answers the mails it caused. */
async function asks(email: string, language: "en" | "zh" | "ru" = "en") {
  await ask(w.ctx, { slug: slugOf(incidentId), email, language });
  for (const { id } of await w.sql<{ id: string }[]>`select id from intake`)
    await handleIntake(w.ctx, { "subscription.asked": onAsked }, id);
  return mails();
}

/** Send what is due; answers the new mails as text. */
async function mails() {
  const before = w.email.sent.length;
  await sendMessages(w.ctx, { workerId: randomUUID(), mayWrite: () => true });
  return Promise.all(
    w.email.sent.slice(before).map(async ({ to, message }) => {
      const { text = "", headers } = await PostalMime.parse(message);
      const unsubscribe = headers.filter(({ key }) => key.startsWith("list-unsubscribe"));
      return { to, text, unsubscribe: unsubscribe.map(({ value }) => value) };
    }),
  );
}

function tokenIn({ text }: { text: string }): string {
  return /\/subscriptions\/([A-Za-z0-9_-]{43})/.exec(text)?.[1] ?? "";
}

async function subscribed(email: string, language: "en" | "zh" | "ru" = "en"): Promise<string> {
  const [mail] = await asks(email, language);
  const token = tokenIn(mail ?? { text: "" });
  expect(await confirm(w.ctx, token)).toBe(true);
  return token;
}

const rows = () => w.sql`select * from subscription where incident_id = ${incidentId}`;

describe("double opt-in", () => {
  test("counts by the mailbox: other spellings of one address fill it no faster", async () => {
    const spellings = ["m.major+1@example.com", "MMajor@example.com", "mmajor+2@example.com"];
    let asked = 0;
    for (const email of spellings) asked += (await asks(email)).length;
    expect(asked).toBe(1);
  });

  test("writes to nobody who has not said yes in their own mailbox", async () => {
    const [mail] = await asks("ada@example.com");
    expect(mail?.to).toBe("ada@example.com");
    expect(mail?.text.match(/https:\/\/\S+/g)?.length).toBeGreaterThan(0);
    const { id } = await givenPublished(w, incidentId, { kind: "update" });
    await tellSubscribers(w.ctx, { incidentId, updateId: id }, async () => {});
    expect(await mails()).toEqual([]);
    const token = tokenIn(mail ?? { text: "" });
    expect(await look(w.ctx, token)).toBe("asked");
    await confirm(w.ctx, token);
    expect(await look(w.ctx, token)).toBe("on");
  });

  test("keeps the address sealed, and of the link a hash only", async () => {
    const token = await subscribed("canary@example.com");
    const [row] = await rows();
    const dump = JSON.stringify(await w.sql`select * from subscription`) + JSON.stringify(row);
    for (const secret of ["canary", token, Buffer.from(token).toString("hex")])
      expect(dump).not.toContain(secret);
  });

  test("runs out after seven days, and then the address is gone", async () => {
    const [mail] = await asks("late@example.com");
    const token = tokenIn(mail ?? { text: "" });
    w.clock.advance(7 * DAY_MS);
    expect(await look(w.ctx, token)).toBe("unknown");
    expect(await confirm(w.ctx, token)).toBe(false);
    await sweepSubscriptions(w.ctx);
    expect(await rows()).toEqual([]);
  });

  test("a link that is looked at fifty times changes nothing", async () => {
    const [mail] = await asks("scanned@example.com");
    const before = await rows();
    for (let i = 0; i < 50; i += 1) await look(w.ctx, tokenIn(mail ?? { text: "" }));
    expect(await rows()).toEqual(before);
  });
});

describe("nobody can have us fill a mailbox", () => {
  test("an address is asked once a day and three times in all", async () => {
    const counts: number[] = [];
    for (let i = 0; i < 3; i += 1) counts.push((await asks("victim@example.com")).length);
    for (let day = 0; day < 12; day += 1) {
      w.clock.advance(DAY_MS);
      await sweepSubscriptions(w.ctx);
      counts.push((await asks("VICTIM@example.com")).length);
    }
    expect(counts.reduce((sum, n) => sum + n, 0)).toBe(3);
    expect(counts.slice(0, 5)).toEqual([1, 0, 0, 1, 1]);
  });

  test("by many requests at once neither", async () => {
    await Promise.all(
      Array.from({ length: 8 }, () =>
        ask(w.ctx, { slug: slugOf(incidentId), email: "burst@example.com", language: "en" }),
      ),
    );
    const waiting = await w.sql<{ id: string }[]>`select id from intake`;
    expect(waiting).toHaveLength(8);
    await Promise.all(
      waiting.map(({ id }) => handleIntake(w.ctx, { "subscription.asked": onAsked }, id)),
    );
    expect(await mails()).toHaveLength(1);
  });

  test("one who is subscribed is not asked again", async () => {
    await subscribed("twice@example.com");
    w.clock.advance(2 * DAY_MS);
    expect(await asks("twice@example.com")).toEqual([]);
  });

  test.each(["nobody", "a@example.com, b@example.com", ""])("%j gets nothing", async (typed) => {
    expect(await asks(typed)).toEqual([]);
    expect(await rows()).toEqual([]);
  });

  test("a page that is not there asks nobody", async () => {
    await ask(w.ctx, { slug: "no-such-page", email: "x@example.com", language: "en" });
    for (const { id } of await w.sql<{ id: string }[]>`select id from intake`)
      await handleIntake(w.ctx, { "subscription.asked": onAsked }, id);
    expect(await mails()).toEqual([]);
  });
});

describe("an update", () => {
  test("is told once to each, in their language, with the way out", async () => {
    const token = await subscribed("one@example.com", "ru");
    await subscribed("two@example.com");
    const { id } = await givenPublished(w, incidentId, {
      kind: "update",
      languages: {
        en: { title: "We know more", body: "x", faq: [] },
        ru: { title: "Мы знаем больше", body: "x", faq: [] },
      },
    });
    const tell = () => tellSubscribers(w.ctx, { incidentId, updateId: id }, async () => {});
    await Promise.all([tell(), tell()]);
    const sent = await mails();
    expect(sent.map(({ to }) => to).toSorted()).toEqual(["one@example.com", "two@example.com"]);
    const mail = sent.find(({ to }) => to === "one@example.com");
    const russian = mail?.text ?? "";
    expect(russian).toContain("Мы знаем больше");
    expect(russian).toContain(
      `https://incident.example.org/incidents/${slugOf(incidentId)}?language=ru`,
    );
    expect(mail?.unsubscribe.toSorted()).toEqual([
      `<https://incident.example.org/subscriptions/${token}>`,
      "List-Unsubscribe=One-Click",
    ]);
    await tell();
    expect(await mails()).toEqual([]);
  });

  test("is not told to who says yes later, however often the worker runs", async () => {
    const { id } = await givenPublished(w, incidentId, { kind: "update" });
    w.clock.advance(1_000);
    await subscribed("later@example.com");
    await tellSubscribers(w.ctx, { incidentId, updateId: id }, async () => {});
    expect(await mails()).toEqual([]);
  });

  test("reaches many in batches, and says in the timeline how many", async () => {
    const keys = await w.ctx.vault.keys(incidentId);
    const people = Array.from({ length: 450 }, (_, i) => {
      const id = randomUUID();
      const token = Buffer.alloc(32, i % 256).toString("base64url");
      const sealed = keys.seal("subscription", id, { email: `p${i}@example.com`, token });
      const hash = keys.hash("subscription", `p${i}@example.com`);
      const at = w.clock.now();
      return {
        id,
        incidentId,
        addressHash: hash,
        mailboxHash: hash,
        sealed,
        tokenHash: keys.hash("x", id),
        language: "en",
        askedAt: at,
        confirmedAt: at,
      };
    });
    await w.sql`insert into subscription ${w.sql(people)}`;
    const { id } = await givenPublished(w, incidentId, { kind: "update" });
    let beats = 0;
    await tellSubscribers(w.ctx, { incidentId, updateId: id }, async () => void (beats += 1));
    const [count] = await w.sql`
      select count(*)::int as n from message
       where kind = 'publication-update' and key like ${`${id}/%`}`;
    expect(count?.["n"]).toBe(450);
    expect(beats).toBe(2);
    const [entry] = await w.sql`
      select after from timeline where action = 'subscription.tell' order by seq desc limit 1`;
    expect(entry?.["after"]).toEqual({ told: 450 });
    await w.sql`delete from message where state = 'planned'`;
  });
});

describe("stopping", () => {
  test("in the middle of the telling takes back what was not sent yet", async () => {
    const token = await subscribed("quick@example.com");
    await subscribed("stays.on@example.com");
    const { id } = await givenPublished(w, incidentId, { kind: "update" });
    await tellSubscribers(w.ctx, { incidentId, updateId: id }, async () => {});
    await stop(w.ctx, token);
    expect((await mails()).map(({ to }) => to)).toEqual(["stays.on@example.com"]);
  });

  test("erases the row, and can be done twice", async () => {
    const token = await subscribed("gone@example.com");
    for (const _ of [1, 2]) await stop(w.ctx, token);
    expect(await rows()).toEqual([]);
    expect(await look(w.ctx, token)).toBe("unknown");
    const { id } = await givenPublished(w, incidentId, { kind: "update" });
    await tellSubscribers(w.ctx, { incidentId, updateId: id }, async () => {});
    expect(await mails()).toEqual([]);
  });

  test.each(["", "x", "A".repeat(43), "A".repeat(44), "%00".repeat(14)])(
    "a link that leads to nothing stops nobody: %j",
    async (token) => {
      await subscribed("stays@example.com");
      await stop(w.ctx, token);
      expect(await rows()).toHaveLength(1);
    },
  );
});

import { randomUUID } from "node:crypto";

import PostalMime from "postal-mime";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { say, sendMessages } from "../../src/actions/message.ts";
import type { Say } from "../../src/actions/message.ts";
import { startBeat } from "../../src/actions/worker.ts";
import { settle } from "../../src/store/message.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());
beforeEach(async () => {
  await w.sql`delete from message`;
  w.email.sent.length = 0;
  w.sms.sent.length = 0;
  w.email.answer(() => ({ kind: "accepted", code: "250" }));
});

test("a flood of what came too late holds up nothing", async () => {
  const expiresAt = w.clock.now();
  for (let i = 0; i < 45; i += 1)
    await say(w.ctx, w.sql, { ...CONFIRM, key: `late ${i}`, urgent: true, expiresAt });
  await say(w.ctx, w.sql, { ...CONFIRM, key: "in time", urgent: true });
  await sendMessages(w.ctx, { workerId: randomUUID(), mayWrite: () => true });
  expect(w.email.sent).toHaveLength(1);
  const states = await w.sql`
    select state, count(*)::int as n, count(sealed)::int as kept from message
     group by state order by state`;
  expect([...states]).toEqual([
    { state: "accepted", n: 1, kept: 0 },
    { state: "expired", n: 45, kept: 0 },
  ]);
});

const CONFIRM: Say = {
  kind: "test",
  key: "one",
  channel: "email",
  to: "ada@example.org",
  language: "en",
  subject: "Please confirm",
  paragraphs: ["Hello <Ada>,", "https://incident.example.org/subscriptions/abc"],
};
const tell = (more: Partial<Say> = {}) =>
  w.sql.begin((tx) => say(w.ctx, tx, { ...CONFIRM, ...more }));
const sendAll = () => sendMessages(w.ctx, { workerId: randomUUID(), mayWrite: () => true });
const rows = () => w.sql<{ state: string; sealed: Buffer | null; code: string | null }[]>`
  select state, sealed, code from message order by key`;

describe("saying something", () => {
  test("sends one message, in text and HTML, and keeps nothing of it", async () => {
    await tell();
    await sendAll();
    expect(w.email.sent).toHaveLength(1);
    const mail = await PostalMime.parse(w.email.sent[0]?.message ?? "");
    expect(mail).toMatchObject({ subject: "Please confirm", to: [{ address: "ada@example.org" }] });
    expect(mail.text).toContain("Hello <Ada>,");
    expect(mail.html).toContain("Hello &lt;Ada&gt;,");
    expect(await rows()).toMatchObject([{ state: "accepted", sealed: null, code: "250" }]);
  });

  test("says the same thing once, whoever asks and however often", async () => {
    const said = await Promise.all(Array.from({ length: 10 }, () => tell()));
    expect(said.filter(Boolean)).toHaveLength(1);
    await Promise.all(Array.from({ length: 5 }, sendAll));
    expect(w.email.sent).toHaveLength(1);
  });

  test("is undone with the transaction it belongs to", async () => {
    await expect(
      w.sql.begin(async (tx) => {
        await say(w.ctx, tx, CONFIRM);
        throw new Error("undone");
      }),
    ).rejects.toThrow("undone");
    expect(await rows()).toEqual([]);
  });

  test("keeps address and text sealed while it waits", async () => {
    await tell();
    const [row] = await rows();
    expect(row?.sealed?.includes("ada@example.org")).toBe(false);
    expect(row?.sealed?.includes("confirm")).toBe(false);
  });

  test("sends what somebody waits for before all else", async () => {
    await Promise.all(Array.from({ length: 40 }, (_, i) => tell({ key: `update ${i}` })));
    await tell({ key: "code", urgent: true, to: "waiting@example.org" });
    await sendAll();
    const to = w.email.sent.map((each) => each.to);
    expect(to.slice(0, 20)).toContain("waiting@example.org");
    expect(to).toHaveLength(41);
  });

  test("sends an SMS where the channel is SMS", async () => {
    await tell({ channel: "sms", to: "+12025550164", paragraphs: ["Your code is 1234."] });
    await sendAll();
    expect(w.sms.sent).toMatchObject([{ to: "+12025550164", text: "Your code is 1234." }]);
  });

  test("carries a one-click unsubscribe where it is a courtesy", async () => {
    await tell({ unsubscribe: "https://incident.example.org/subscriptions/abc" });
    await sendAll();
    const text = w.email.sent[0]?.message ?? "";
    expect(text).toContain("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n");
    expect(text).toMatch(/List-Unsubscribe: \r\n <https:\/\/incident[.]example[.]org/);
  });
});

describe("when it goes wrong", () => {
  test("a temporary refusal is tried again later, a final one is not", async () => {
    await tell();
    w.email.answer(() => ({ kind: "transient", code: "451" }));
    await sendAll();
    expect(await rows()).toMatchObject([{ state: "planned", code: "451" }]);
    await w.sql`update message set next_at = now()`;
    w.email.answer(() => ({ kind: "rejected", fault: "recipient", code: "550" }));
    await sendAll();
    expect(await rows()).toMatchObject([{ state: "rejected", sealed: null }]);
  });

  test("what nobody can say the outcome of is not sent again", async () => {
    await tell();
    w.email.answer(() => ({ kind: "unknown", code: "closed" }));
    await sendAll();
    await sendAll();
    expect(w.email.sent).toHaveLength(1);
    expect(await rows()).toMatchObject([{ state: "unknown", sealed: null }]);
  });

  test("what a silent worker was sending is unknown; what a live one is sending is not", async () => {
    const live = randomUUID();
    const beat = await startBeat(w.ctx, live);
    await tell({ key: "dead" });
    await tell({ key: "live" });
    await w.sql`update message set state = 'sending', worker_id = ${live} where key = 'live'`;
    await w.sql`update message set state = 'sending', worker_id = ${randomUUID()} where key = 'dead'`;
    await sendAll();
    expect(await rows()).toMatchObject([{ state: "unknown" }, { state: "sending" }]);
    await beat.stop();
  });

  test("one whose text is gone because it was called unknown is not planned again", async () => {
    await tell();
    await w.sql`update message set state = 'unknown', sealed = null, attempt = 1`;
    const [row] = await w.sql<{ id: string }[]>`select id from message`;
    const late = { id: row?.id ?? "", attempt: 1, code: "withheld", nextInMs: 0 };
    await settle(w.sql, { ...late, state: "planned", tried: false });
    expect(await w.sql`select state, attempt from message`).toEqual([
      { state: "unknown", attempt: 1 },
    ]);
    await settle(w.sql, { ...late, state: "accepted", tried: true });
    expect(await w.sql`select state from message`).toEqual([{ state: "accepted" }]);
  });

  test("an outage of all relays uses up no try", async () => {
    await tell();
    w.email.answer(() => ({ kind: "not-sent", code: "relays-open" }));
    for (const _ of Array.from({ length: 12 })) {
      await sendAll();
      await w.sql`update message set next_at = now()`;
    }
    w.email.answer(() => ({ kind: "throttled", code: "450" }));
    await sendAll();
    expect(await w.sql`select state, attempt from message`).toEqual([
      { state: "planned", attempt: 1 },
    ]);
  });

  test("what comes too late is not sent", async () => {
    await tell({ expiresAt: new Date(w.clock.now().getTime() - 1_000) });
    await sendAll();
    expect(w.email.sent).toEqual([]);
    expect(await rows()).toMatchObject([{ state: "expired", sealed: null }]);
  });

  test("an address that cannot be mailed ends the message", async () => {
    await tell({ to: '"a b"@example.org' });
    await sendAll();
    expect(await rows()).toMatchObject([{ state: "rejected", code: "held" }]);
  });
});

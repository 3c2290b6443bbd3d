import { createHash, randomBytes, randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ensureIntakeKey } from "../../src/actions/intake.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenIncident } from "../support/incident.ts";
import { givenPublished } from "../support/publication.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const FORM = "application/x-www-form-urlencoded";

let w: World;
let door: Served;
let incidentId: string;
beforeAll(async () => {
  w = await world({ TRUSTED_PROXIES: 1 });
  await ensureIntakeKey(w.ctx);
  incidentId = (await givenIncident(w)).id;
  await givenPublished(w, incidentId, {}, "laptop-2026");
  door = await serve(w.ctx, { door: "public" });
});
afterAll(async () => {
  await door.close();
  await w.close();
});

/** Post a form as one reader of one network. */
function post(path: string, raw: string, { type = FORM, network = "192.0.2.1" } = {}) {
  return door.call("POST", path, {
    raw,
    headers: { "content-type": type, "x-forwarded-for": network },
  });
}

const typed = (email: string, slug = "laptop-2026", network?: string) =>
  post(
    `/incidents/${slug}/subscription`,
    new URLSearchParams({ email }).toString(),
    network === undefined ? {} : { network },
  );

/** A row as a worker leaves it; the secret of its link. */
async function givenSubscription(state: { confirmed: boolean }): Promise<string> {
  const token = randomBytes(32).toString("base64url");
  const now = w.clock.now();
  await w.sql`
    insert into subscription (id, incident_id, address_hash, mailbox_hash, sealed, token_hash, language,
                              asked_at, confirmed_at)
    values (${randomUUID()}, ${incidentId}, ${randomBytes(32)}, ${randomBytes(32)},
            ${randomBytes(60)},
            ${createHash("sha256").update(token).digest()}, 'en', ${now},
            ${state.confirmed ? now : null})`;
  return token;
}

async function stateOf(token: string): Promise<"gone" | "asked" | "on"> {
  const hash = createHash("sha256").update(token).digest();
  const [row] = await w.sql`select confirmed_at from subscription where token_hash = ${hash}`;
  if (!row) return "gone";
  return row["confirmedAt"] ? "on" : "asked";
}

describe("asking", () => {
  test("gets the same answer for every address and every page, and keeps it sealed", async () => {
    const known = await typed("canary@example.com");
    const unknown = await typed("somebody-else@example.com", "no-such-page");
    expect([known.status, unknown.status]).toEqual([200, 200]);
    expect(known.text).toBe(unknown.text);
    expect(known.text).toContain(
      "If this address can be subscribed, we have sent a message there.",
    );
    const rows = await w.sql<{ kind: string; sealed: Buffer }[]>`select kind, sealed from intake`;
    expect(rows.map(({ kind }) => kind)).toEqual(["subscription.asked", "subscription.asked"]);
    for (const { sealed } of rows) expect(sealed.toString("latin1")).not.toContain("canary");
  });

  test("says so where it is no address", async () => {
    const { status, text } = await typed("nobody");
    expect(status).toBe(422);
    expect(text).toContain('role="alert"');
    expect(text).toContain('<a href="#email">');
    expect(text).not.toContain("nobody");
  });

  test("is slowed down for a network that types many, and for no other", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 21; i += 1)
      statuses.push((await typed(`p${i}@example.com`, "laptop-2026", `198.51.100.${i}`)).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    expect((await typed("x@example.com", "laptop-2026", "203.0.113.9")).status).toBe(200);
  });
});

describe("the link", () => {
  test("looked at fifty times changes nothing; the button says yes", async () => {
    const token = await givenSubscription({ confirmed: false });
    const path = `/subscriptions/${token}`;
    const views = await Promise.all(Array.from({ length: 50 }, () => door.call("GET", path)));
    expect(new Set(views.map(({ text }) => text)).size).toBe(1);
    expect(await stateOf(token)).toBe("asked");
    expect(views[0]?.text).toContain("Yes, write to me");
    expect(views[0]?.headers.get("cache-control")).toBe("no-store");
    expect(views[0]?.headers.get("referrer-policy")).toBe("no-referrer");
    expect((await post(path, "act=confirm")).text).toContain("Thank you, it is confirmed");
    expect(await stateOf(token)).toBe("on");
    expect((await door.call("GET", path)).text).toContain("Stop the e-mails");
  });

  test("in another language keeps it", async () => {
    const token = await givenSubscription({ confirmed: true });
    const { text } = await door.call("GET", `/subscriptions/${token}?language=ru`);
    expect(text).toContain(`action="/subscriptions/${token}?language=ru"`);
    expect(text).toContain("Отписаться");
  });

  test("that leads to nothing looks the same, whatever it was", async () => {
    const late = await givenSubscription({ confirmed: false });
    await w.sql`update subscription set asked_at = ${new Date("2026-01-01T00:00:00Z")}
      where token_hash = ${createHash("sha256").update(late).digest()}`;
    const pages = await Promise.all(
      [late, late.slice(0, 42), `${late}x`, "x", "%00", randomBytes(32).toString("base64url")].map(
        (token) => door.call("GET", `/subscriptions/${token}`),
      ),
    );
    expect(new Set(pages.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    const answers = await Promise.all(
      [late, "x", randomBytes(32).toString("base64url")].map((token) =>
        post(`/subscriptions/${token}`, "act=confirm"),
      ),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(await stateOf(late)).toBe("asked");
  });
});

describe("one click (RFC 8058)", () => {
  const boundary = "----candor";
  const multipart = `--${boundary}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--${boundary}--\r\n`;
  test.each([
    ["a form", "List-Unsubscribe=One-Click", FORM],
    ["a form of parts", multipart, `multipart/form-data; boundary=${boundary}`],
  ])("by %s stops, without a cookie or a page", async (_what, raw, type) => {
    const token = await givenSubscription({ confirmed: true });
    const { status } = await post(`/subscriptions/${token}`, raw, { type });
    expect(status).toBe(200);
    expect(await stateOf(token)).toBe("gone");
    expect((await post(`/subscriptions/${token}`, raw, { type })).status).toBe(200);
  });

  test("never says yes for anybody", async () => {
    const token = await givenSubscription({ confirmed: false });
    await post(`/subscriptions/${token}`, "List-Unsubscribe=One-Click&act=confirm");
    expect(await stateOf(token)).toBe("gone");
  });

  test.each([
    ["nothing", "", FORM],
    ["something else", "act=other", FORM],
    ["both at once", "act=stop&act=confirm", FORM],
    ["JSON", '{"act":"stop"}', "application/json"],
    [
      "other parts",
      multipart.replace("One-Click", "Two-Clicks"),
      `multipart/form-data; boundary=${boundary}`,
    ],
  ])("is not %s", async (_what, raw, type) => {
    const token = await givenSubscription({ confirmed: true });
    await post(`/subscriptions/${token}`, raw, { type });
    expect(await stateOf(token)).toBe("on");
  });

  test("a body of a megabyte is refused with a page", async () => {
    const token = await givenSubscription({ confirmed: true });
    const { status, text } = await post(`/subscriptions/${token}`, `act=${"x".repeat(1_000_000)}`);
    expect(status).toBe(413);
    expect(text).toContain("<h1>");
    expect(await stateOf(token)).toBe("on");
  });
});

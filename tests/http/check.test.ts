import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { givenFrozenAudience } from "../support/audience.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { givenApprovedNotice } from "../support/notice.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let door: Served;
let code: string;

beforeAll(async () => {
  w = await world({ TRUSTED_PROXIES: 1 });
  door = await serve(w.ctx, { door: "public" });
  const incident = await givenIncident(w, { whatHappened: "A <b>laptop</b> was stolen." });
  const audience = await givenFrozenAudience(w, incident.id, [{}]);
  const place = { incidentId: incident.id, audienceId: audience.id };
  const submissionId = await givenApprovedNotice(w, place);
  await givenScope(w, incident.id, { whatHappened: "Something else." });
  const [row] = await w.sql<{ code: string }[]>`
    select code from notice_code join submission s using (notice_version_id)
     where s.id = ${submissionId}`;
  code = row?.code ?? "";
});
afterAll(async () => {
  await door.close();
  await w.close();
});

const ask = (typed: string, network = "192.0.2.1") =>
  door.call("POST", "/check", {
    raw: new URLSearchParams({ code: typed }).toString(),
    headers: { "content-type": "application/x-www-form-urlencoded", "x-forwarded-for": network },
  });

describe("the check page", () => {
  test("shows every word that was sent, as it was sent, whatever is known since", async () => {
    const { status, text } = await ask(code.toLowerCase().replace("-", " "));
    expect(status).toBe(200);
    expect(text).toContain(`Yes, we sent a notice with the code <span class="code">${code}</span>`);
    expect(text).toContain("A &lt;b&gt;laptop&lt;/b&gt; was stolen.");
    expect(text).toContain("Dear [your name],");
    expect(text).toContain("Compare every word");
    expect(text).not.toContain("Something else.");
  });

  test.each(["ZZZZ-ZZZZ", "", "x", "x".repeat(500), "<script>", "' or 1=1 --", "%00"])(
    "says of %j only that the code is not known",
    async (typed) => {
      const { status, text } = await ask(typed);
      expect(status).toBe(200);
      expect(text).toContain("We do not know this code");
      expect(text).toBe((await ask("ZZZZ-ZZZ0")).text);
    },
  );

  test("has one form, one style sheet, and no script, and may load nothing else", async () => {
    const { text, headers } = await door.call("GET", "/check");
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("set-cookie")).toBeNull();
    expect(text).not.toMatch(/<script|style=|<img|http/i);
    expect(text.match(/<form method="post" action="\/check\?language=en">/g)).toHaveLength(1);
    const sheet = await door.call("GET", "/candor.css");
    expect(sheet.headers.get("content-type")).toContain("text/css");
    expect(sheet.text).not.toMatch(/url\(|@import/);
  });

  test("ignores a code in the address", async () => {
    const { text } = await door.call("GET", `/check?code=${code}`);
    expect(text).toBe((await door.call("GET", "/check")).text);
    expect(text).not.toContain(code);
  });

  test.each([
    ["JSON", "application/json", '{"code":"x"}'],
    ["two codes", "application/x-www-form-urlencoded", "code=a&code=b"],
    ["no form at all", "text/plain", "hello"],
  ])("answers %s with the same page", async (_what, type, raw) => {
    const headers = { "content-type": type, "x-forwarded-for": "192.0.3.1" };
    const { status, text } = await door.call("POST", "/check", { raw, headers });
    expect(status).toBe(200);
    expect(text).toContain("We do not know this code");
  });

  test("refuses a body above 1 KiB with the same page", async () => {
    const headers = {
      "content-type": "application/x-www-form-urlencoded",
      "x-forwarded-for": "192.0.4.1",
    };
    const answer = await door.call("POST", "/check", { raw: `code=${"x".repeat(2_000)}`, headers });
    expect(answer.status).toBe(413);
    expect(answer.text).toContain("We do not know this code");
  });

  test("asks a network to wait after 60 codes in a minute, and no other", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 61 }, async (_, i) => (await ask("x", `198.51.100.${i}`)).status),
    );
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
    const busy = await ask(code, "198.51.100.200");
    expect(busy.status).toBe(429);
    expect(Number(busy.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(busy.text).toContain("Please wait a minute");
    expect((await ask(code, "203.0.113.1")).status).toBe(200);
  });
});

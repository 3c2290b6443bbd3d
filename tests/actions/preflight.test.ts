import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { preflight } from "../../src/actions/wave/preflight.ts";
import { start } from "../../src/actions/wave/start.ts";
import type { ProviderCheck } from "../../src/context.ts";
import { claim } from "../../src/store/delivery/claim.ts";
import { settle } from "../../src/store/delivery/settle.ts";
import { givenApproved, givenSender, givenWave, leased, settledAs } from "../support/wave.ts";
import type { ApprovedOptions } from "../support/wave.ts";
import { GOOD_RECORDS, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world({ DKIM_SELECTORS: ["s1", "k._domainkey.relay.example"], EMAIL_RATE_MAX: 10 });
});
afterAll(() => w.close());
beforeEach(() => w.dns.answer(allGood));

const KEY = `v=DKIM1; k=ed25519; p=${Buffer.alloc(32, 7).toString("base64")}`;

function allGood(name: string): readonly string[] {
  return name.includes("._domainkey.") ? [KEY] : GOOD_RECORDS(name);
}

/** As usual, but for these names. */
function known(records: Readonly<Record<string, readonly string[] | "failed">>) {
  w.dns.answer((name) => records[name] ?? allGood(name));
}

async function found(options: Partial<ApprovedOptions> = {}, ctx = w.ctx) {
  const approved = await givenApproved(w, { people: 2, ...options });
  const { findings } = await preflight(ctx, approved);
  return findings.map(({ code, field }) => `${code} ${field}`);
}

describe("preflight", () => {
  test("finds nothing where all is well, and says what it saw", async () => {
    const approved = await givenApproved(w, { people: 2 });
    expect(await preflight(w.ctx, approved)).toEqual({
      findings: [],
      dmarcPolicy: "reject",
      spfLookups: 0,
      ratePerSecond: { email: 10, sms: null },
    });
  });

  test.for([
    ["no SPF record", { "example.org": [] }, ["spf-missing example.org"]],
    ["anybody may send", { "example.org": ["v=spf1 +all"] }, ["spf-open example.org"]],
    [
      "anybody may, by a record that is included",
      { "example.org": ["v=spf1 include:a.example -all"], "a.example": ["v=spf1 all"] },
      ["spf-open example.org"],
    ],
    [
      "who is included does not pass",
      { "example.org": ["v=spf1 -include:a.example -all"], "a.example": ["v=spf1 all"] },
      [],
    ],
    [
      "the record is elsewhere",
      { "example.org": ["v=spf1 redirect=a.example"], "a.example": ["v=spf1 mx ~all"] },
      [],
    ],
    [
      "the included one closes, and this one does not",
      { "example.org": ["v=spf1 include:a.example"], "a.example": ["v=spf1 -all"] },
      ["spf-neutral example.org"],
    ],
    [
      "what is included is not there",
      { "example.org": ["v=spf1 include:a.example -all"], "a.example": [] },
      ["spf-invalid example.org"],
    ],
    [
      "ten look-ups",
      {
        "example.org": ["v=spf1 a a a a a a a a include:a.example -all"],
        "a.example": ["v=spf1 mx -all"],
      },
      [],
    ],
    [
      "eleven look-ups",
      {
        "example.org": ["v=spf1 a a a a a a a a include:a.example -all"],
        "a.example": ["v=spf1 mx ptr -all"],
      },
      ["spf-too-many-lookups example.org"],
    ],
    [
      "a record that includes itself",
      { "example.org": ["v=spf1 include:example.org -all"] },
      ["spf-too-many-lookups example.org"],
    ],
    ["no answer for SPF", { "example.org": "failed" }, ["dns-unreachable example.org"]],
    ["no answer for DMARC", { "_dmarc.org": "failed" }, ["dns-unreachable _dmarc.example.org"]],
    [
      "no DMARC record",
      { "_dmarc.example.org": [], "_dmarc.org": [] },
      ["dmarc-missing _dmarc.example.org"],
    ],
    [
      "a DMARC policy of none",
      { "_dmarc.example.org": ["v=DMARC1; p=none"] },
      ["dmarc-none _dmarc.example.org"],
    ],
    [
      "no key at a selector",
      { "s1._domainkey.example.org": [], "k._domainkey.relay.example": "failed" },
      ["dkim-missing s1._domainkey.example.org", "dns-unreachable k._domainkey.relay.example"],
    ],
  ] as const)("%s", async ([, records, expected]) => {
    known(records);
    expect(await found()).toEqual(expected);
  });

  test("is limited to what the plan sends: letters need no domain", async () => {
    w.dns.answer(() => "failed");
    expect(await found({ plan: { channels: ["letter"] } })).toEqual([]);
  });

  test("warns where nobody said what the relay signs with, and where no rate is known", async () => {
    const { DKIM_SELECTORS: _, ...rest } = w.ctx.config;
    const ctx = { ...w.ctx, config: { ...rest, EMAIL_RATE_MAX: 0 } };
    expect(await found({}, ctx)).toEqual(["dkim-unknown DKIM_SELECTORS", "rate-unknown email"]);
  });

  test("stops for a relay that refuses us, and warns while another lets us in", async () => {
    const withRelays = (relays: ProviderCheck[]) => ({
      ...w.ctx,
      email: { ...w.email, check: async () => relays },
    });
    const [bad, good] = [
      { name: "first", answer: "refuses" },
      { name: "second", answer: "lets-in" },
    ] as const;
    const approved = await givenApproved(w, { people: 2 });
    const alone = await preflight(withRelays([bad]), approved);
    expect(alone.findings).toMatchObject([{ code: "provider-refuses", severity: "stop" }]);
    const both = await preflight(withRelays([bad, good]), approved);
    expect(both.findings).toMatchObject([
      { code: "provider-refuses", severity: "warn", field: "first" },
    ]);
  });

  test("asks the SMS provider where the plan has SMS", async () => {
    const check = async () => ({ name: "twilio", answer: "unreachable" }) as const;
    const ctx = { ...w.ctx, sms: { ...w.sms, check } };
    expect(await found({}, ctx)).toEqual([]);
    const bySms = { plan: { channels: ["sms" as const] }, people: [{ phone: "+12025550142" }] };
    expect(await found(bySms, ctx)).toEqual(
      ["rate-unknown sms", "sms-unreachable twilio"].toReversed(),
    );
    expect(await found(bySms, { ...w.ctx, sms: undefined })).toContain(
      "sms-missing TWILIO_ACCOUNT_SID",
    );
  });

  test("stops for a layout or a host that is not what was approved", async () => {
    const { templates, config } = w.ctx;
    const mail = { ...templates.mail, version: "another" };
    expect(await found({}, { ...w.ctx, templates: { ...templates, mail } })).toEqual([
      "layout-changed notice",
    ]);
    const moved = { ...w.ctx, config: { ...config, PUBLIC_URL: "https://other.example.org" } };
    // A first notice has no link, so it may go out all the same.
    expect(await found({}, moved)).toEqual([]);
  });

  test("compares the end of the window with the speed it can go at", async () => {
    const people = Array.from({ length: 30 }, (_, i) => ({
      email: `p${i}@example.com`,
      agreed: "yes" as const,
    }));
    const until = (seconds: number) => ({
      people,
      sendWindow: { notAfter: new Date(w.clock.now().getTime() + seconds * 1_000) },
    });
    expect(await found(until(3))).toEqual([]);
    expect(await found(until(2))).toEqual(["too-slow email"]);
  });

  test("measures the speed by what providers took lately", async () => {
    const own = await world();
    const { waveId } = await givenWave(own, { people: 120 });
    const { workerId } = await givenSender(own);
    for (const sliceId of await leased(own, waveId)) {
      const rows = await claim(own.sql, { sliceId, waveId, workerId, rowsMax: 100 });
      await settle(
        own.sql,
        workerId,
        rows.map(({ id }) => settledAs(id, 1, "accepted")),
      );
    }
    await own.sql`update attempt set ended_at = now()`;
    const approved = await givenApproved(own, { people: 1 });
    expect((await preflight(own.ctx, approved)).ratePerSecond).toEqual({ email: 12, sms: null });
    await own.sql`update attempt set ended_at = now() - interval '61 minutes'`;
    expect((await preflight(own.ctx, approved)).ratePerSecond).toEqual({ email: null, sms: null });
    await own.close();
  });

  test("refuses another incident's submission", async () => {
    const { submissionId } = await givenApproved(w, { people: 1 });
    const crossed = { incidentId: randomUUID(), submissionId };
    await expect(preflight(w.ctx, crossed)).rejects.toMatchObject({ code: "not-found" });
  });
});

describe("starting a wave", () => {
  test("is refused with the codes of what was found, and nothing is planned", async () => {
    known({ "example.org": ["v=spf1 all"], "s1._domainkey.example.org": [] });
    const approved = await givenApproved(w, { people: 1 });
    await expect(start(w.ctx, w.staff.responder, approved)).rejects.toMatchObject({
      code: "preflight-failed",
      fields: [{ code: "spf-open" }, { code: "dkim-missing" }],
    });
    const some = { ...approved, acceptFindings: ["spf-open" as const], reason: "Known." };
    await expect(start(w.ctx, w.staff.responder, some)).rejects.toMatchObject({
      code: "preflight-failed",
      fields: [{ code: "dkim-missing" }],
    });
    const waves = await w.sql`select from wave where submission_id = ${approved.submissionId}`;
    expect(waves).toHaveLength(0);
  });

  test("goes on past what is accepted by its code, and the timeline keeps that", async () => {
    w.dns.answer(() => "failed");
    const approved = await givenApproved(w, { people: 1 });
    const { id } = await start(w.ctx, w.staff.responder, {
      ...approved,
      acceptFindings: ["dns-unreachable", "too-slow"],
      reason: "Our resolver is down; the records are the same as last week.",
    });
    const [entry] = await w.sql<{ after: Record<string, unknown> }[]>`
      select after from timeline where subject = ${`wave:${id}`} and action = 'wave.start'`;
    expect(entry?.after).toMatchObject({ accepted: ["dns-unreachable"] });
    expect(entry?.after["reasonHash"]).toMatch(/^[0-9a-f]{64}$/);
  });

  test("says that an approval is missing before it asks anybody anything", async () => {
    const asked: string[] = [];
    w.dns.answer((name) => (asked.push(name), []));
    const approved = await givenApproved(w, { people: 1 });
    await w.sql`update notice set state = 'draft' where id = ${approved.noticeId}`;
    await expect(start(w.ctx, w.staff.responder, approved)).rejects.toMatchObject({
      code: "approval-missing",
    });
    expect(asked).toEqual([]);
  });
});

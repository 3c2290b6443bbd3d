import { afterAll, beforeAll, expect, test } from "vitest";

import { startTwilio } from "../../src/dev/twilio.ts";
import type { FakeTwilio } from "../../src/dev/twilio.ts";
import { progressOf } from "../../src/views/wave.ts";
import { fleet } from "../support/fleet.ts";
import type { Fleet } from "../support/fleet.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { givenStarted } from "../support/wave.ts";

const PEOPLE = 150;

let f: Fleet;
let door: Served;
let twilio: FakeTwilio;
beforeAll(async () => {
  twilio = await startTwilio({ callbackOrigin: () => door.url });
  f = await fleet();
  const config = { ...f.w.config, TWILIO_AUTH_TOKEN: [twilio.authToken] };
  door = await serve({ ...f.w.ctx, config }, { door: "public" });
});
afterAll(async () => {
  await f.close();
  await twilio.close();
  await door.close();
});

test("workers that are killed while they send SMS lose nobody and write to nobody twice", async () => {
  const env = {
    TWILIO_ACCOUNT_SID: twilio.accountSid,
    TWILIO_AUTH_TOKEN: twilio.authToken,
    TWILIO_FROM: twilio.from,
    TWILIO_BASE_URL: twilio.url,
    SMS_CONNECTIONS: "4",
    SMS_RATE_MAX: "30",
  };
  const people = Array.from({ length: PEOPLE }, (_, i) => ({
    email: undefined,
    name: `Person ${i}`,
    phone: `+1202555${String(100 + (i % 90)).padStart(4, "0")}`,
    postal: { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" },
  }));
  const started = await givenStarted(f.w, { people, plan: { channels: ["sms", "letter"] } });
  const progress = () => progressOf(f.w.sql, started.incidentId, started.waveId);

  const victim = await f.worker(env);
  await expect.poll(() => twilio.counts.taken, PATIENT).toBeGreaterThan(25);
  await victim.kill();
  const takenByVictim = twilio.counts.taken;
  await f.worker(env);
  await f.worker(env);
  await expect.poll(async () => (await progress()).state, PATIENT).toBe("done");
  await expect.poll(async () => (await progress()).counts.accepted ?? 0, PATIENT).toBe(0);

  const { people: counted, counts, possibleDuplicates } = await progress();
  expect(takenByVictim).toBeLessThan(PEOPLE);
  expect(Object.values(counted).reduce((sum, n) => sum + n, 0)).toBe(PEOPLE);
  // What was cut off in the middle is unknown, or known again by the provider's own word.
  expect(counts.unknown ?? 0).toBeLessThanOrEqual(8);
  expect(counts.delivered).toBe(twilio.counts.taken);
  expect(possibleDuplicates).toBe(0);
  const [row] = await f.w.sql<{ attempts: number; waiting: number }[]>`
    select (select count(*)::int from attempt) as attempts,
           (select count(*)::int from receipt where applied_at is null) as waiting`;
  expect(row?.attempts).toBeLessThanOrEqual(PEOPLE);
  expect(row?.waiting).toBe(0);
}, 120_000);

const PATIENT = { timeout: 90_000, interval: 200 };

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import type { Rate } from "../../src/actions/delivery/pacing.ts";
import type { Outcome } from "../../src/domain/delivery.ts";
import { deliveries } from "../../src/views/wave.ts";
import { NO_RATE, givenWave, leased, sendDue, states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
beforeEach(() => w.email.answer(() => ({ kind: "accepted", code: "250" })));
afterAll(() => w.close());

/** Messages to alternate domains. */
function toDomains(...domains: readonly string[]) {
  let made = 0;
  return async () => ({
    compose: ({ recipientId }: { recipientId: string }) => {
      made += 1;
      const to = `${recipientId}@${domains[made % domains.length] ?? ""}`;
      return { from: w.config.MAIL_FROM, to, message: "\r\n" };
    },
  });
}

/** A rate that puts off what goes to one domain, and notes what it is told and given back. */
function slowTo(domain: string, waitMs: number) {
  const seen = { back: 0, told: [] as [string, string | undefined][] };
  const rate: Rate = {
    ...NO_RATE,
    wait: async (to) => (to === domain ? waitMs : 0),
    giveBack: (count) => void (seen.back += count),
    told: ({ kind }: Outcome, to) => void seen.told.push([kind, to]),
  };
  return { rate, seen };
}

test("messages to a domain that is paused go back until their turn, and no provider hears of them", async () => {
  const { waveId } = await givenWave(w, { people: 10 });
  const { rate, seen } = slowTo("slow.example", 600_000);
  const before = w.email.sent.length;
  await sendDue(w, waveId, "email", { rate, prepare: toDomains("slow.example", "quick.example") });
  expect(w.email.sent.length - before).toBe(5);
  expect(seen.back).toBeGreaterThanOrEqual(5);
  expect(seen.told).toEqual(Array.from({ length: 5 }, () => ["accepted", "quick.example"]));

  const rows = (await deliveries(w.sql, waveId, { limit: 20 })).filter(
    (d) => d.state === "planned",
  );
  expect(rows).toHaveLength(5);
  for (const row of rows)
    expect(row).toMatchObject({ reason: "rate", outcome: "not-sent", code: "rate" });
  // Not due before: no slice is made of them over and over.
  expect(await leased(w, waveId)).toEqual([]);
});

test("waiting for one's turn counts as no try", async () => {
  const { waveId } = await givenWave(w, { people: 1 });
  const { rate } = slowTo("slow.example", 60_000);
  for (let i = 0; i < 12; i += 1) {
    await sendDue(w, waveId, "email", { rate, prepare: toDomains("slow.example") });
    await w.sql`update delivery set next_at = now() where wave_id = ${waveId}`;
  }
  w.email.answer(() => ({ kind: "transient", code: "451" }));
  await sendDue(w, waveId, "email", { prepare: toDomains("slow.example") });
  const [row] = await w.sql<{ minutes: number }[]>`
    select round(extract(epoch from next_at - now()) / 60)::int as minutes
      from delivery where wave_id = ${waveId}`;
  expect(row?.minutes).toBe(1);
  expect(await states(w, waveId)).toEqual({ planned: 1 });
});

test("an attempt that fails in a way nobody foresaw is unknown, and keeps no slot", async () => {
  const { waveId } = await givenWave(w, { people: 30 });
  let failures = 0;
  const told = () => {
    failures += 1;
    if (failures <= 10) throw new Error("Nobody foresaw this.");
  };
  await sendDue(w, waveId, "email", { rate: { ...NO_RATE, told } });
  expect(await states(w, waveId)).toEqual({ unknown: 10, accepted: 20 });
});

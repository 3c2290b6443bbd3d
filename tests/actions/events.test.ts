import { createHash, randomBytes, randomUUID } from "node:crypto";

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { keepReceipts, sweep } from "../../src/actions/receipt.ts";
import { ORGANISATION } from "../../src/context.ts";
import { messageReference } from "../../src/domain/delivery/reference.ts";
import type { Receipt } from "../../src/domain/receipt.ts";
import { isSendgrid } from "../../src/http/public/sendgrid-signature.ts";
import { anySequence, modelOf, receiptOf } from "../support/events.ts";
import type { Said, Sequence } from "../support/events.ts";
import { givenWave } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

/**
 * Forged, replayed and reordered events of all four providers, against a real database: every
 * sequence ends as a simple model says. The door refuses what is not signed (its own tests show
 * that), so a forgery here is what can pass it: a report by mail, which anybody can send, and a
 * signed one about a message that we never made.
 */
const SEQUENCES = 1_500;
const ROUNDS = 3;

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

test(`${SEQUENCES} sequences end as the model says, whatever else was said`, async () => {
  const seed = Number(process.env["SEED"] ?? randomBytes(4).readInt32BE());
  const sequences = fc.sample(anySequence, { numRuns: SEQUENCES, seed });
  const rows = await givenDeliveries(sequences);
  const { hash } = await w.ctx.vault.keys(ORGANISATION);
  for (let round = 0; round < ROUNDS; round += 1) {
    const slices = sequences.map(({ said, start }, i) => {
      const from = Math.floor((said.length * round) / ROUNDS);
      const until = Math.floor((said.length * (round + 1)) / ROUNDS);
      const deliveryId = rows[i]?.id ?? "";
      const place = { deliveryId, attempt: start.attempt, i };
      return said.slice(from, until).flatMap((each, j) => copies(each, from + j, place, hash));
    });
    // One line of each in turn: what is said of a delivery stays in its order, and only of it.
    await keepReceipts(w.ctx, interleaved(slices));
    await Promise.all([sweep(w.ctx), sweep(w.ctx)]);
    // All of it again, from the last to the first: everything was heard before.
    await keepReceipts(w.ctx, interleaved(slices).toReversed());
    await sweep(w.ctx);
  }

  const ends = await w.sql<{ id: string; state: string; closed: boolean; stopped: boolean }[]>`
    select d.id, d.state,
           exists (select from closed_channel c where c.recipient_id = d.recipient_id
                      and c.channel = 'email' and c.reason = 'hard-bounce') as closed,
           exists (select from suppression s where s.recipient_id = d.recipient_id) as stopped
      from delivery d where d.id = any(${rows.map(({ id }) => id)}::bigint[])`;
  const byId = new Map(ends.map((end) => [end.id, end]));
  sequences.forEach((sequence, i) => {
    const model = modelOf(sequence);
    const end = byId.get(rows[i]?.id ?? "");
    expect(
      { state: end?.state, emailClosed: end?.closed, complained: end?.stopped },
      `seed ${seed}: ${JSON.stringify(sequence)}`,
    ).toEqual(model);
  });
  const [waiting] = await w.sql`select count(*)::int from receipt where applied_at is null`;
  expect(waiting).toEqual({ count: 0 });
  const forged = sequences.flatMap(({ said }) => said.filter((each) => each.forged));
  expect(forged.length).toBeGreaterThan(1_000);
});

test("what is heard at once counts as if it had come line by line", async () => {
  const start = { channel: "email", state: "held", attempt: 1 } as const;
  const once = { provider: "ses", back: 0, forged: false, copies: 1 } as const;
  const say = (status: Said["status"]): Said => ({ ...once, status });
  const sequences: Sequence[] = [
    { start, said: [say("complained"), say("failed")] },
    { start, said: [say("failed"), say("complained")] },
    { start, said: [say("failed")] },
  ];
  const rows = await givenDeliveries(sequences);
  const { hash } = await w.ctx.vault.keys(ORGANISATION);
  const lines = sequences.flatMap(({ said }, i) =>
    said.flatMap((each, j) =>
      copies(each, j, { deliveryId: rows[i]?.id ?? "", attempt: 1, i: SEQUENCES + i }, hash),
    ),
  );
  await keepReceipts(w.ctx, lines);
  await sweep(w.ctx);
  const ids = rows.map(({ id }) => id);
  const ends = await w.sql`select state from delivery where id = any(${ids}::bigint[]) order by id`;
  expect(ends.map(({ state }) => state)).toEqual(sequences.map((each) => modelOf(each).state));
  expect(ends.map(({ state }) => state)).toEqual(["rejected", "accepted", "held"]);
});

/** Rows in every state, one for each sequence. */
async function givenDeliveries(sequences: readonly Sequence[]): Promise<{ id: string }[]> {
  const { waveId } = await givenWave(w, { people: 1 });
  const starts = sequences.map(({ start }) => start);
  const made = await w.sql<{ id: string }[]>`
    insert into delivery (wave_id, recipient_id, channel, state, attempt, settled_at, onward)
    select ${waveId}, gen_random_uuid(), g.channel, g.state, g.attempt, now(), g.state = 'rejected'
      from unnest(${starts.map(({ channel }) => channel)}::text[],
                  ${starts.map(({ state }) => state)}::text[],
                  ${starts.map(({ attempt }) => attempt)}::int[])
           with ordinality as g (channel, state, attempt, n)
     order by g.n
    returning id`;
  await w.sql`
    insert into attempt (delivery_id, n, worker_id, outcome)
    select d.id, n, ${randomUUID()}, case when d.state = 'unknown' then 'unknown' else 'accepted' end
      from delivery d cross join lateral generate_series(1, d.attempt) as n
     where d.wave_id = ${waveId}`;
  return [...made].toSorted((a, b) => Number(a.id) - Number(b.id));
}

interface Place {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly i: number;
}

function copies(
  said: Said,
  n: number,
  { deliveryId, attempt, i }: Place,
  hash: Parameters<typeof messageReference>[0],
): Receipt[] {
  const guess = createHash("md5").update(`${i}/${n}`).digest("hex");
  const messageRef = said.forged ? guess : messageReference(hash, deliveryId);
  // A forged SMS report names a delivery that is not there: the rest of it is signed by address.
  const about = said.forged && said.provider === "twilio" ? `9${deliveryId}00000000` : deliveryId;
  const eventId = `${i}/${n}`;
  const receipt = receiptOf(said, { deliveryId: about, attempt, messageRef, eventId });
  return Array.from({ length: said.copies }, () => receipt);
}

/** The first of each list, then the second of each, and so on. */
function interleaved(lists: readonly (readonly Receipt[])[]): Receipt[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, n) => lists.flatMap((list) => list[n] ?? [])).flat();
}

test("no bytes but SendGrid's own pass for signed", () => {
  const key = { keys: [], now: new Date() };
  fc.assert(
    fc.property(fc.uint8Array(), fc.string(), fc.string(), (body, signature, timestamp) => {
      expect(isSendgrid({ ...key, body: Buffer.from(body), signature, timestamp })).toBe(false);
    }),
  );
});

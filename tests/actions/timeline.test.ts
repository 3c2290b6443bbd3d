import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { verify } from "../../src/actions/timeline.ts";
import { entryHash } from "../../src/domain/timeline.ts";
import type { Fact } from "../../src/domain/timeline.ts";
import type { Sql } from "../../src/store/db.ts";
import * as timeline from "../../src/store/timeline.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const LENGTH = 40;
const INCIDENT = "11111111-1111-4111-8111-111111111111";

let w: World;
beforeAll(async () => {
  w = await world();
  for (let i = 1; i <= LENGTH; i += 1) await append(fact(i));
});
afterAll(() => w.close());

test("an untouched chain verifies, page by page too", async () => {
  expect(await verify(w.ctx)).toMatchObject({ ok: true, entries: LENGTH });
  let rows = 0;
  for await (const page of timeline.chain(w.sql, 7)) rows += page.length;
  expect(rows).toBe(LENGTH);
});

test("entries written by 30 transactions at once make one chain", async () => {
  const own = await world();
  try {
    await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        own.sql.begin((tx) => timeline.append(tx, fact(i), own.clock.now())),
      ),
    );
    expect(await verify(own.ctx)).toMatchObject({ ok: true, entries: 30 });
  } finally {
    await own.close();
  }
});

test("a clock that steps back does not turn the order around", async () => {
  const own = await world();
  try {
    await own.sql.begin((tx) => timeline.append(tx, fact(1), own.clock.now()));
    own.clock.advance(-60_000);
    await own.sql.begin((tx) => timeline.append(tx, fact(2), own.clock.now()));
    const [second, first] = await timeline.ofIncident(own.sql, INCIDENT, 10);
    expect(second?.at).toEqual(first?.at);
    expect(await timeline.ofIncident(own.sql, INCIDENT, 10, 2)).toHaveLength(1);
  } finally {
    await own.close();
  }
});

describe("the database refuses", () => {
  test.each([
    "update timeline set action = 'x' where seq = 3",
    "update timeline set action = action",
    "delete from timeline where seq = 3",
    "delete from timeline",
    "truncate timeline",
    "truncate timeline cascade",
  ])("%s", async (statement) => {
    await expect(w.sql.unsafe(statement)).rejects.toMatchObject({ code: "23001" });
    expect(await verify(w.ctx)).toMatchObject({ ok: true, entries: LENGTH });
  });
});

describe("a superuser who switches the triggers off is found out", () => {
  const seq = fc.integer({ min: 1, max: LENGTH });

  test("editing any column of any entry", async () => {
    const column = fc.constantFrom(
      "actor = actor || 'x'",
      "action = 'other.act'",
      "subject = 'incident:other'",
      "reason = coalesce(reason, '') || ' '",
      "request_id = 'other'",
      "incident_id = gen_random_uuid()",
      'before = \'{"state": "closed"}\'',
      "after = '[]'",
      "at = at + interval '1 millisecond'",
      "at = at + interval '1 microsecond'",
      "at = 'infinity'",
      "prev = decode(repeat('ab', 32), 'hex')",
      "hash = sha256(hash)",
      "actor = ''",
    );
    await fc.assert(
      fc.asyncProperty(seq, column, async (at, change) => {
        const found = await afterwards((tx) =>
          tx.unsafe(`update timeline set ${change} where seq = ${at}`),
        );
        expect(found).toMatchObject({ ok: false, seq: at });
      }),
      { numRuns: 60 },
    );
  });

  test("deleting any run of entries, the tail too", async () => {
    await fc.assert(
      fc.asyncProperty(seq, seq, async (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const found = await afterwards(
          (tx) => tx`delete from timeline where seq between ${from} and ${to}`,
        );
        const problem = to === LENGTH ? "head" : "gap";
        expect(found).toEqual({ ok: false, seq: from, problem });
      }),
      { numRuns: 40 },
    );
  });

  test("swapping two entries, or closing the gap after deleting one", async () => {
    await fc.assert(
      fc.asyncProperty(seq, seq, async (a, b) => {
        const swapped = await afterwards(async (tx) => {
          if (a === b) return tx`delete from timeline where seq = ${a}`;
          await tx`update timeline set seq = 1000000 where seq = ${a}`;
          await tx`update timeline set seq = ${a} where seq = ${b}`;
          return tx`update timeline set seq = ${b} where seq = 1000000`;
        });
        expect(swapped).toMatchObject({ ok: false, seq: Math.min(a, b) });
        const closed = await afterwards(async (tx) => {
          await tx`delete from timeline where seq = ${a}`;
          await tx`update timeline set seq = -seq where seq > ${a}`;
          return tx`update timeline set seq = -seq - 1 where seq < 0`;
        });
        expect(closed).toMatchObject({ ok: false, seq: a });
      }),
      { numRuns: 25 },
    );
  });

  test("editing an entry and mending its own hash breaks the next link", async () => {
    const found = await afterwards((tx) => rewrite(tx, 7, 7));
    expect(found).toEqual({ ok: false, seq: 8, problem: "link" });
  });

  test("cutting the tail and winding the head back needs a checkpoint kept elsewhere", async () => {
    const noted = await timeline.head(w.sql);
    const checkpoint = { seq: noted.seq, hash: noted.hash.toString("hex") };
    const cut = async (tx: Sql) => {
      const [last] = await tx`select hash from timeline where seq = 30`;
      await tx`delete from timeline where seq > 30`;
      await tx`update timeline_head set seq = 30, hash = ${last?.["hash"]}`;
    };
    expect(await afterwards(cut)).toMatchObject({ ok: true, entries: 30 });
    expect(await afterwards(cut, checkpoint)).toEqual({
      ok: false,
      seq: 31,
      problem: "checkpoint",
    });
  });

  test("writing the whole chain anew is found by a checkpoint", async () => {
    const noted = await timeline.head(w.sql);
    const checkpoint = { seq: noted.seq, hash: noted.hash.toString("hex") };
    const anew = (tx: Sql) => rewrite(tx, 5, LENGTH);
    expect(await afterwards(anew)).toMatchObject({ ok: true });
    expect(await afterwards(anew, checkpoint)).toEqual({
      ok: false,
      seq: LENGTH,
      problem: "checkpoint",
    });
    expect(await verify(w.ctx, checkpoint)).toMatchObject({ ok: true });
  });
});

/** Tamper, verify in the same transaction, and take it all back. */
async function afterwards(
  tamper: (tx: Sql) => PromiseLike<unknown>,
  checkpoint?: { seq: number; hash: string },
) {
  let found: unknown;
  await w.sql
    .begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tamper(tx);
      const sql = { begin: (_options: string, run: (same: Sql) => unknown) => run(tx) };
      found = await verify({ ...w.ctx, sql: sql as never }, checkpoint);
      throw new RollBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RollBack)) throw error;
    });
  return found;
}

class RollBack extends Error {}

/** Change one entry and write every hash from there to `last` anew, as a forger would. */
async function rewrite(tx: Sql, from: number, last: number) {
  await tx`update timeline set actor = 'forged' where seq = ${from}`;
  const rows = await tx`select * from timeline where seq between ${from} and ${last} order by seq`;
  let prev = rows[0]?.["prev"] as Buffer;
  for (const row of rows) {
    const { seq, at, incidentId, actor, action, subject, before, after, reason, requestId } = row;
    const entry = { seq: Number(seq), at: new Date(at), incidentId, actor, action, subject };
    const hash = entryHash({ ...entry, before, after, reason, requestId }, prev);
    await tx`update timeline set prev = ${prev}, hash = ${hash} where seq = ${seq}`;
    prev = hash;
  }
  if (last === LENGTH) await tx`update timeline_head set hash = ${prev}`;
}

function append(given: Fact) {
  return w.sql.begin((tx) => timeline.append(tx, given, w.clock.now()));
}

function fact(i: number): Fact {
  return {
    incidentId: INCIDENT,
    actor: "system:test",
    action: "thing.change",
    subject: `thing:${i}`,
    before: i === 1 ? null : { count: i - 1 },
    after: { count: i, states: ["open", "ä", null, 1.5] },
    ...(i % 3 === 0 && { reason: "because" }),
  };
}

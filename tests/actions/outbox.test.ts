import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { handle, parkedRows, retryRows } from "../../src/actions/outbox.ts";
import type { Handlers } from "../../src/actions/outbox.ts";
import { JOBS } from "../../src/jobs.ts";
import * as outbox from "../../src/store/outbox.ts";
import { statusOf } from "../../src/views/engine.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
beforeEach(() => w.sql`delete from outbox`);
afterAll(() => w.close());

/** Handlers that all do this. */
function all(act: () => Promise<void>): Handlers {
  const entries = outbox.OutboxKind.options.map((kind) => [kind, act] as const);
  return Object.fromEntries(entries) as unknown as Handlers;
}

async function posted(kind = "scope.revised"): Promise<number> {
  const [row] = await w.sql<{ id: string }[]>`
    insert into outbox (kind, ids) values (${kind}, '{}') returning id`;
  return Number(row?.id);
}

const take = () => w.sql.begin((tx) => outbox.take(tx, 10));
/** As if the time to wait were over. */
const wait = () => w.sql`update outbox set handed_at = handed_at - interval '10 minutes'`;

describe("work that fails every time", () => {
  test("is parked after twenty tries, seen by people, and tried again when they say so", async () => {
    const id = await posted();
    let tries = 0;
    const poison = all(() => {
      tries += 1;
      return Promise.reject(new TypeError("person@example.com has no name"));
    });
    for (let turn = 0; turn < 25; turn += 1) {
      for (const due of await take()) await handle(w.ctx, poison, due);
      await wait();
    }
    expect(tries).toBe(20);
    const [row] = await parkedRows(w.ctx);
    expect(row).toMatchObject({ id, kind: "scope.revised", failures: 20, parkedCode: "TypeError" });
    expect(await statusOf(w.sql)).toMatchObject({ parked: 1, outbox: 0 });
    // A Redis that comes back empty does not start it again.
    await outbox.handAllAgain(w.sql);
    expect(await take()).toEqual([]);

    expect(await retryRows(w.ctx, id + 1)).toBe(0);
    expect(await retryRows(w.ctx, id)).toBe(1);
    for (const due of await take())
      await handle(
        w.ctx,
        all(() => Promise.resolve()),
        due,
      );
    expect(await statusOf(w.sql)).toMatchObject({ parked: 0, outbox: 0 });
  });

  test("is seen too where a version that did not park it gave up", async () => {
    const id = await posted();
    await w.sql`update outbox set failures = 20 where id = ${id}`;
    expect(await parkedRows(w.ctx)).toMatchObject([{ id, parkedCode: null }]);
  });
});

describe("beside a newer version", () => {
  test("work of a kind that we do not know waits for it, untouched", async () => {
    const unknown = await posted("moon.risen");
    const known = await posted();
    expect(await take()).toEqual([known]);
    // A newer relay may hand us its job all the same.
    await handle(
      w.ctx,
      all(() => Promise.reject(new Error("not ours"))),
      unknown,
    );
    const [row] = await w.sql`select * from outbox where id = ${unknown}`;
    expect(row).toMatchObject({ handedAt: null, doneAt: null, failures: 0 });
  });

  test("jobs that carry more than we know are taken all the same", () => {
    const sliceId = "3f0e6b1c-7a52-4a0a-9a3c-0c5b9f6f2a11";
    expect(JOBS["email-smtp"].parse({ sliceId, lane: "fast" })).toEqual({ sliceId });
    expect(JOBS.outbox.parse({ outboxId: 7, from: "newer" })).toEqual({ outboxId: 7 });
  });

  test("rows written as an older version writes them are read", async () => {
    await w.sql`insert into worker (id) values (gen_random_uuid())`;
    await w.sql`update worker set beat_at = now()`;
    expect((await statusOf(w.sql)).workers).toMatchObject([{ trouble: null }]);
  });
});

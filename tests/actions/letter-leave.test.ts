import { randomBytes } from "node:crypto";

import { afterAll, beforeAll, expect, test } from "vitest";

import { downloadFile } from "../../src/actions/delivery/letter-file.ts";
import { makeBatch } from "../../src/actions/delivery/letter-make.ts";
import { sweepLetters } from "../../src/actions/delivery/letter.ts";
import * as suppressions from "../../src/actions/suppression.ts";
import { cancel } from "../../src/actions/wave.ts";
import { batchOf } from "../../src/views/letter.ts";
import {
  aReader,
  downloads,
  givenBatch,
  givenLetterWave,
  givenMade,
  making,
} from "../support/letter.ts";
import { outcomeOf } from "../support/notice.ts";
import { states, suppress } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const A_DAY_MS = 24 * 3_600_000;

test("who was erased or died waits no longer, whether or not anybody else does", async () => {
  const wave = await givenLetterWave(w, [aReader(), aReader()]);
  const { incidentId, waveId, recipientIds } = wave;
  const [gone = "", dead = ""] = recipientIds;
  await suppressions.erase(w.ctx, w.staff.responder, { incidentId, recipientId: gone }, "Asked.");
  await suppress(w, incidentId, dead);
  expect(await outcomeOf(givenBatch(w, wave))).toBe("conflict");
  expect(await states(w, waveId)).toEqual({ excluded: 2 });
});

test("who drops out while the letters are made waits no longer either", async () => {
  const wave = await givenLetterWave(w, [aReader(), aReader()]);
  const { incidentId, waveId, recipientIds } = wave;
  const path = await givenBatch(w, wave);
  await suppress(w, incidentId, recipientIds[0] ?? "");
  await makeBatch(w.ctx, path, making());
  expect((await batchOf(w.sql, path)).counts).toEqual({ made: 1, dropped: 1 });
  expect(await states(w, waveId)).toEqual({ excluded: 1, "needs-letter": 1 });
});

test("one person who cannot be read holds nobody else's letter", async () => {
  const wave = await givenLetterWave(w, [aReader({ name: "Ada Example" }), aReader()]);
  const [broken = ""] = wave.recipientIds;
  await w.sql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`update recipient set sealed = ${randomBytes(200)} where id = ${broken}`;
  });
  const { path, batch } = await givenMade(w, wave);
  expect(batch).toMatchObject({ state: "ready", counts: { made: 1, held: 1 } });
  const held = (await downloads(w, path)).get("held.csv")?.toString() ?? "";
  expect(held).toContain(broken);
  expect(held).toContain("unreadable");
});

test("whose letter was held waits again once the list that names them is gone", async () => {
  const held = aReader({ name: "Sunny 🌞 Example" });
  const wave = await givenLetterWave(w, [aReader(), held]);
  const { path, batch } = await givenMade(w, wave);
  expect(batch.counts).toEqual({ made: 1, held: 1 });
  await downloads(w, path);
  expect(await outcomeOf(givenBatch(w, wave))).toBe("conflict");
  w.clock.advance(A_DAY_MS + 1);
  await sweepLetters(w.ctx);
  expect((await givenMade(w, wave)).batch.counts).toEqual({ held: 1 });
});

test("no letter leaves the house of a wave that is being cancelled", async () => {
  const wave = await givenLetterWave(w, [aReader()]);
  const { path, batch } = await givenMade(w, wave);
  const file = { ...path, fileId: batch.files[0]?.id ?? "" };
  let download: Promise<unknown> = Promise.resolve();
  await w.sql.begin(async (tx) => {
    await tx`update wave set state = 'cancelled' where id = ${wave.waveId}`;
    download = outcomeOf(downloadFile(w.ctx, w.staff.counsel, file));
    await Promise.race([download, someoneWaits()]);
  });
  expect(await download).toBe("wrong-state");
});

test("a letter that may be on its way outlives its wave, one that cannot be does not", async () => {
  const reason = "It was a mistake.";
  const [sent, kept] = [
    await givenLetterWave(w, [aReader()]),
    await givenLetterWave(w, [aReader()]),
  ];
  await downloads(w, (await givenMade(w, sent)).path);
  await givenMade(w, kept);
  for (const wave of [sent, kept]) await cancel(w.ctx, w.staff.responder, { ...wave, reason });
  expect(await states(w, sent.waveId)).toEqual({ "needs-letter": 1 });
  expect(await states(w, kept.waveId)).toEqual({ cancelled: 1 });
});

test("a letter's number is never one that a spreadsheet takes for a number", async () => {
  const rows = await w.sql<{ number: string }[]>`
    select letter_number() as number from generate_series(1, 2000)`;
  expect(rows.filter(({ number }) => !/^[A-Z][0-9A-HJKMNP-TV-Z]{9}$/.test(number))).toEqual([]);
  expect(new Set(rows.map(({ number }) => number)).size).toBe(2_000);
});

/** Resolves once a session of this database waits for a lock. */
async function someoneWaits(): Promise<void> {
  for (;;) {
    const rows = await w.sql`
      select from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`;
    if (rows.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

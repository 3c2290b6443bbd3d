import { afterAll, beforeAll, expect, test } from "vitest";

import { batchOf } from "../../src/views/letter.ts";
import {
  aReader,
  downloads,
  givenLetterWave,
  givenMade,
  rowsOf,
  sendBack,
} from "../support/letter.ts";
import type { BatchPath } from "../support/letter.ts";
import { outcomeOf } from "../support/notice.ts";
import { states } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const HEAD = "letter number,status,date,code\r\n";

test("what was mailed is accepted, what came back or failed is rejected", async () => {
  const { path, numbers } = await givenDownloaded(4);
  const [one, two, three] = numbers;
  const file = `${HEAD}${one},mailed,2026-03-03,\r\n${two},mailed,2026-03-03,\r\n${three},failed,2026-03-03,BAD-ADDR\r\n`;
  expect(await sendBack(w, path, file)).toEqual({
    lines: 3,
    applied: 3,
    known: 0,
    refused: 0,
    errors: [],
  });
  expect(await states(w, path.waveId)).toEqual({ accepted: 2, "needs-letter": 1, rejected: 1 });
  await sendBack(w, path, `${HEAD}${two},returned,2026-03-04,RTS\r\n`);
  expect(await states(w, path.waveId)).toEqual({ accepted: 1, "needs-letter": 1, rejected: 2 });
  expect((await batchOf(w.sql, path)).counts).toEqual({
    failed: 1,
    made: 1,
    mailed: 1,
    returned: 1,
  });
  const reasons = await w.sql`
    select reason from delivery where wave_id = ${path.waveId} and state = 'rejected' order by 1`;
  expect(reasons.map(({ reason }) => reason)).toEqual(["not-mailed", "returned"]);
});

test("a letter mailed and come back in one file ends as come back", async () => {
  const { path, numbers } = await givenDownloaded(1);
  const [one] = numbers;
  const file = `${HEAD}${one},mailed,2026-03-03,\n${one},returned,2026-03-04,\n`;
  expect(await sendBack(w, path, file)).toMatchObject({ applied: 1, refused: 0 });
  expect(await states(w, path.waveId)).toEqual({ rejected: 1 });
});

test("each bad line is named and the others count; the same file again changes nothing", async () => {
  const other = await givenDownloaded(1);
  const { path, numbers } = await givenDownloaded(3);
  const [one, two] = numbers;
  const file =
    `${HEAD}${one},mailed,2026-03-03,\n0000000000,mailed,2026-03-03,\n` +
    `${other.numbers[0]},mailed,2026-03-03,\n${two},mailed,2026-02-31,\n${one},mailed,2026-03-03,\n` +
    `${two},lost,2026-03-03,\n"${two},mailed,2026-03-03,\n${two},mailed,2026-03-03,\n`;
  const answer = await sendBack(w, path, file);
  expect(answer).toMatchObject({ lines: 8, applied: 2, known: 0, refused: 6 });
  expect(answer.errors.map(({ line, field, code }) => [line, field, code])).toEqual([
    [3, "letter number", "number-unknown"],
    [4, "letter number", "other-batch"],
    [5, "date", "day-invalid"],
    [6, "letter number", "duplicate"],
    [7, "status", "status-unknown"],
    [8, "", "line-unreadable"],
  ]);
  expect(await states(w, path.waveId)).toEqual({ accepted: 2, "needs-letter": 1 });
  expect(await states(w, other.path.waveId)).toEqual({ "needs-letter": 1 });

  const entries = () =>
    w.sql`select after from timeline where subject = ${`letters:${path.batchId}`} and action = 'letters.receipts'`;
  expect(await entries()).toMatchObject([{ after: { applied: 2, mailed: 2, refused: 6 } }]);
  expect(await sendBack(w, path, file)).toMatchObject({ applied: 0, known: 2, refused: 6 });
  expect(await entries()).toHaveLength(1);
  expect(await states(w, path.waveId)).toEqual({ accepted: 2, "needs-letter": 1 });
});

test("a file that fails in the middle applies nothing", async () => {
  const { path, numbers } = await givenDownloaded(2);
  const last = numbers.at(-1) ?? "";
  await w.sql.unsafe(`
    create function refuse_one() returns trigger language plpgsql as $$
    begin if new.number = '${last}' then raise exception 'disk full'; end if; return new; end $$;
    create trigger refuse_one before update on letter for each row execute function refuse_one();`);
  const file = `${HEAD}${numbers.map((each) => `${each},mailed,2026-03-03,`).join("\n")}\n`;
  await expect(sendBack(w, path, file)).rejects.toThrow("disk full");
  await w.sql`drop trigger refuse_one on letter`;
  expect(await states(w, path.waveId)).toEqual({ "needs-letter": 2 });
  expect(await sendBack(w, path, file)).toMatchObject({ applied: 2 });
});

test("two uploads of one file at the same time apply it once", async () => {
  const { path, numbers } = await givenDownloaded(3);
  const file = `${HEAD}${numbers.map((each) => `${each},mailed,2026-03-03,`).join("\n")}\n`;
  const both = await Promise.all([sendBack(w, path, file), sendBack(w, path, file)]);
  expect(both.map(({ applied }) => applied).toSorted()).toEqual([0, 3]);
});

test.each([
  ["not CSV", "{}", "application/json", "unsupported-media-type"],
  ["not UTF-8", Buffer.from([0x6c, 0xff, 0xfe]), "text/csv", "file-unreadable"],
  ["empty", "", "text/csv", "file-unreadable"],
  ["above 8 MiB", Buffer.alloc(8 * 2 ** 20 + 1, "a"), "text/csv", "body-too-large"],
] as const)("a file that is %s is refused", async (_, text, type, code) => {
  const { path } = await givenDownloaded(1);
  expect(await outcomeOf(sendBack(w, path, text, type))).toBe(code);
});

test("a batch that nobody downloaded has no receipts", async () => {
  const { path } = await givenMade(w, await givenLetterWave(w, [aReader()]));
  expect(await outcomeOf(sendBack(w, path, HEAD))).toBe("wrong-state");
});

async function givenDownloaded(count: number): Promise<{ path: BatchPath; numbers: string[] }> {
  const people = Array.from({ length: count }, () => aReader());
  const { path } = await givenMade(w, await givenLetterWave(w, people));
  const rows = rowsOf((await downloads(w, path)).get("addresses.csv"));
  return { path, numbers: rows.map((row) => row["letter number"] ?? "") };
}

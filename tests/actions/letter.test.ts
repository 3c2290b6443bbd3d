import { mkdtemp, readdir, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

import { makeBatch } from "../../src/actions/delivery/letter-make.ts";
import {
  cancelBatch,
  discardFiles,
  openBatch,
  sweepLetters,
  unlockBatch,
} from "../../src/actions/delivery/letter.ts";
import { downloadFile } from "../../src/actions/delivery/letter-file.ts";
import { compiledVersion } from "../../src/actions/notice/compiled.ts";
import { cancel } from "../../src/actions/wave.ts";
import { render } from "../../src/domain/notice/render.ts";
import * as notices from "../../src/store/notice.ts";
import * as suppressions from "../../src/actions/suppression.ts";
import { batchOf, batchesOf } from "../../src/views/letter.ts";
import { dump, find } from "../support/scan.ts";
import { givenScope } from "../support/incident.ts";
import {
  CODE,
  aReader,
  downloads,
  givenBatch,
  givenLetterWave,
  givenMade,
  making,
  pagesOf,
  rowsOf,
} from "../support/letter.ts";
import { outcomeOf } from "../support/notice.ts";
import { somePeople, suppress } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const A_DAY_MS = 24 * 3_600_000;

describe("a batch", () => {
  test("holds a letter for everyone who waits for one, and a line in the address file", async () => {
    const ada = aReader({ name: "Ada Example" });
    const wave = await givenLetterWave(w, [...somePeople(2), ada, aReader({ name: "Bo Example" })]);
    const { path, batch } = await givenMade(w, wave);
    expect(batch).toMatchObject({ state: "ready", total: 2, done: 2, counts: { made: 2 } });
    const files = await downloads(w, path);
    expect([...files.keys()].toSorted()).toEqual(["addresses.csv", "letters-en-a4-1.pdf"]);

    const rows = rowsOf(files.get("addresses.csv"));
    expect(rows.map(({ name }) => name).toSorted()).toEqual(["Ada Example", "Bo Example"]);
    const [first, second] = rows.map((row) => row["letter number"] ?? "");
    expect(first).toMatch(/^[0-9A-HJKMNP-TV-Z]{10}$/);
    expect(second).not.toBe(first);
    const pages = await pagesOf(files.get("letters-en-a4-1.pdf") ?? Buffer.alloc(0));
    expect(pages).toHaveLength(rows.reduce((sum, { pages = "" }) => sum + Number(pages), 0));
    expect(pages[0]?.text).toContain(rows[0]?.["name"]);
    expect(pages.filter(({ text }) => text.includes(`Letter ${first}`))).toHaveLength(
      Number(rows[0]?.["pages"]),
    );
    expect((await batchOf(w.sql, path)).state).toBe("downloaded");
  });

  test("says the approved words in the reader's language, on the paper of their country", async () => {
    const us = { lines: ["1600 Elm Avenue"], city: "Springfield", region: "IL", postcode: "62701" };
    const wave = await givenLetterWave(
      w,
      [
        aReader({ name: "Анна Пример", language: "ru" }),
        aReader({
          name: "李四",
          language: "zh-CN",
          postal: { lines: ["长安街 1 号"], city: "北京", country: "CN" },
        }),
        aReader({ name: "Cy Example", language: "en", postal: { ...us, country: "US" } }),
      ],
      { shipped: ["en", "zh", "ru"] },
    );
    const { path } = await givenMade(w, wave);
    const files = await downloads(w, path);
    const text = async (name: string) =>
      (await pagesOf(files.get(name) ?? Buffer.alloc(0))).map((page) => page.text).join("");
    for (const [language, file] of [
      ["ru", "letters-ru-a4-1.pdf"],
      ["zh", "letters-zh-a4-1.pdf"],
      ["en", "letters-en-us-letter-1.pdf"],
    ] as const)
      expect(wordsOf(await text(file))).toContain(wordsOf(await mailed(wave, language)));
    const russian = await text("letters-ru-a4-1.pdf");
    expect(russian).toContain("Анна Пример");
    expect(russian).toContain("украли ноутбук со списком клиентов");
    expect(russian).toContain("3 марта 2026");
    expect(russian).toContain("Страница 1 из");
    const chinese = await text("letters-zh-a4-1.pdf");
    expect(chinese).toContain("李四");
    expect(chinese).toContain("一台存有客户名单的笔记本电脑");
    expect(chinese).toContain("长安街 1 号");
    expect(chinese).toContain("2026年3月3日");
    const english = await text("letters-en-us-letter-1.pdf");
    expect(english).toContain("Springfield, IL 62701");
    expect(english).toContain("March 3, 2026");
  });

  test("holds back what cannot be set, says why and whom, and goes on with the others", async () => {
    const wave = await givenLetterWave(w, [
      aReader({ name: "𠮷田 Example" }),
      aReader({ name: "ليلى Example" }),
      aReader({ name: "Sunny 🌞 Example" }),
      aReader({ name: "Eve Example", postal: { lines: Array(4).fill("Very long ".repeat(19)) } }),
      aReader({ name: "Fine Example" }),
    ]);
    const { path, batch } = await givenMade(w, wave);
    expect(batch.counts).toEqual({ held: 4, made: 1 });
    expect(batch.reasons).toEqual({ "character-missing": 3, "address-too-long": 1 });
    const files = await downloads(w, path);
    expect(rowsOf(files.get("addresses.csv")).map(({ name }) => name)).toEqual(["Fine Example"]);
    const held = rowsOf(files.get("held.csv"));
    expect(held.map(({ reason }) => reason).toSorted()).toEqual([
      "address-too-long",
      "character-missing",
      "character-missing",
      "character-missing",
    ]);
    expect(held.every((row) => row["letter number"]?.length === 10)).toBe(true);
  });

  test("is safe to open in a spreadsheet", async () => {
    const wave = await givenLetterWave(w, [aReader({ name: '=HYPERLINK("http://example.net")' })]);
    const { path } = await givenMade(w, wave);
    const file = (await downloads(w, path)).get("addresses.csv")?.toString();
    expect(file).toContain(`"'=HYPERLINK(`);
  });

  test("leaves out who was erased or died, and keeps who only opted out", async () => {
    const wave = await givenLetterWave(
      w,
      [1, 2, 3, 4].map((n) => aReader({ name: `R${n}` })),
    );
    const { incidentId, recipientIds } = wave;
    const [first = "", second = "", third = ""] = recipientIds;
    const by = w.staff.responder;
    await suppress(w, incidentId, first);
    await suppressions.suppress(w.ctx, by, { incidentId, recipientId: second }, "opted-out");
    const path = await givenBatch(w, wave);
    await suppressions.erase(w.ctx, by, { incidentId, recipientId: third }, "They asked.");
    await makeBatch(w.ctx, path, making());
    expect(await batchOf(w.sql, path)).toMatchObject({
      total: 3,
      counts: { made: 2, dropped: 1 },
      reasons: { erased: 1 },
    });
    const rows = rowsOf((await downloads(w, path)).get("addresses.csv"));
    expect(rows.map(({ name }) => name).toSorted()).toEqual(["R2", "R4"]);
  });

  test("that came to nothing is made anew; nobody is in two that may both be mailed", async () => {
    const wave = await givenLetterWave(w, [aReader(), aReader()]);
    const opened = await Promise.all(
      [1, 2, 3].map(() => outcomeOf(openBatch(w.ctx, w.staff.counsel, wave))),
    );
    expect(opened.toSorted()).toEqual(["conflict", "conflict", "done"]);
    const [{ id: batchId } = { id: "" }] = await batchesOf(w.sql, wave);
    await cancelBatch(w.ctx, w.staff.counsel, { ...wave, batchId }, "Wrong day.");
    const { batch } = await givenMade(w, wave);
    expect(batch.counts).toEqual({ made: 2 });
    expect(await outcomeOf(givenBatch(w, wave))).toBe("conflict");
  });
});

describe("made by workers", () => {
  test("two at once make it once", async () => {
    const wave = await givenLetterWave(
      w,
      Array.from({ length: 5 }, () => aReader()),
    );
    const path = await givenBatch(w, wave);
    const said = await Promise.all([1, 2].map(() => outcomeOf(makeBatch(w.ctx, path, making()))));
    expect(said.filter((each) => each === "done").length).toBeGreaterThan(0);
    expect(said.every((each) => each === "done" || each === "still-running")).toBe(true);
    const { files, counts } = await batchOf(w.sql, path);
    expect(counts).toEqual({ made: 5 });
    expect(files.map(({ letters }) => letters)).toEqual([5, 5]);
    await makeBatch(w.ctx, path, making());
    expect(await batchOf(w.sql, path)).toMatchObject({ files });
  });

  test("one that is killed is followed by another, which starts over", async () => {
    const wave = await givenLetterWave(
      w,
      Array.from({ length: 120 }, () => aReader()),
    );
    const path = await givenBatch(w, wave);
    // Killed after the first hundred: nothing of it ever comes back.
    const stuck = new Promise<void>(() => {});
    await new Promise<void>((halfway) => {
      void makeBatch(w.ctx, path, making({ keepAlive: () => (halfway(), stuck) }));
    });
    const half = await batchOf(w.sql, path);
    expect(half).toMatchObject({ state: "making", done: 100 });
    expect(await outcomeOf(makeBatch(w.ctx, path, making()))).toBe("still-running");

    await w.sql`update letter_batch set beat_at = now() - interval '46 seconds' where id = ${path.batchId}`;
    await makeBatch(w.ctx, path, making());
    const whole = await batchOf(w.sql, path);
    expect(whole).toMatchObject({ state: "ready", counts: { made: 120 } });
    expect(whole.files.map(({ letters }) => letters)).toEqual([120, 120]);
    expect(rowsOf((await downloads(w, path)).get("addresses.csv"))).toHaveLength(120);
  });

  test("one that wakes up after another took over writes nothing more", async () => {
    const wave = await givenLetterWave(
      w,
      Array.from({ length: 120 }, () => aReader()),
    );
    const path = await givenBatch(w, wave);
    let wake = () => {};
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    let first: Promise<string> = Promise.resolve("");
    await new Promise<void>((halfway) => {
      first = outcomeOf(makeBatch(w.ctx, path, making({ keepAlive: () => (halfway(), asleep) })));
    });
    await w.sql`update letter_batch set beat_at = now() - interval '46 seconds' where id = ${path.batchId}`;
    await makeBatch(w.ctx, path, making());
    const before = await batchOf(w.sql, path);
    wake();
    await first;
    expect(await batchOf(w.sql, path)).toEqual(before);
    expect(before.counts).toEqual({ made: 120 });
  });

  test("one that is cancelled meanwhile leaves no file behind", async () => {
    const wave = await givenLetterWave(
      w,
      Array.from({ length: 120 }, () => aReader()),
    );
    const path = await givenBatch(w, wave);
    const keepAlive = () => cancelBatch(w.ctx, w.staff.counsel, path, "A mistake.");
    await makeBatch(w.ctx, path, making({ keepAlive: once(keepAlive) }));
    expect(await batchOf(w.sql, path)).toMatchObject({ state: "cancelled", files: [] });
  });

  test("a code that cannot be had ends the batch and frees its people", async () => {
    const wave = await givenLetterWave(w, [aReader()]);
    const path = await givenBatch(w, wave);
    await makeBatch(w.ctx, path, making({ own: async () => ({ hold: "no-codes" }) }));
    expect(await batchOf(w.sql, path)).toMatchObject({ state: "cancelled", reason: "no-codes" });
    expect((await givenMade(w, wave)).batch.counts).toEqual({ made: 1 });
  });
});

describe("its files", () => {
  test(
    "are sealed where they lie, and nothing is left on the disk",
    { timeout: 120_000 },
    async () => {
      const folder = await mkdtemp(join(tmpdir(), "letters-"));
      vi.stubEnv("TMPDIR", folder);
      const marked = "Zyxwvut Marker";
      const postal = { lines: ["77 Qwertz Lane"], city: "Nowhere", country: "DE" };
      const wave = await givenLetterWave(w, [aReader({ name: marked, postal })]);
      const { path } = await givenMade(w, wave);
      const needles = [marked, "77 Qwertz Lane", "%PDF-1.7"];
      const seen = Buffer.concat([...(await downloads(w, path)).values()]);
      expect(find(["%PDF-1.7", marked], "download", seen)).not.toEqual([]);
      expect(find(needles, "database", await dump(w.config.DATABASE_URL))).toEqual([]);
      expect(await readdir(folder)).toEqual([]);
      vi.unstubAllEnvs();
      await rmdir(folder);
    },
  );

  test("open for whoever showed a code, for a quarter of an hour", async () => {
    const { path, batch } = await givenMade(w, await givenLetterWave(w, [aReader()]));
    const file = { ...path, fileId: batch.files[0]?.id ?? "" };
    const get = (who: "counsel" | "responder") =>
      outcomeOf(downloadFile(w.ctx, w.staff[who], file));
    expect(await get("responder")).toBe("second-factor-needed");
    expect(await get("counsel")).toBe("done");
    w.clock.advance(15 * 60_000);
    expect(await get("counsel")).toBe("second-factor-needed");
    await unlockBatch(w.ctx, w.staff.responder, path);
    expect([await get("counsel"), await get("responder")]).toEqual([
      "second-factor-needed",
      "done",
    ]);
  });

  test("are gone after 24 hours; who was not downloaded waits for a letter again", async () => {
    const fresh = await givenLetterWave(w, [aReader()]);
    const { path } = await givenMade(w, fresh);
    const taken = await givenMade(w, await givenLetterWave(w, [aReader()]));
    await downloads(w, taken.path);
    w.clock.advance(A_DAY_MS - 1);
    await sweepLetters(w.ctx);
    expect((await batchOf(w.sql, path)).files).toHaveLength(2);
    w.clock.advance(2);
    await sweepLetters(w.ctx);
    expect(await batchOf(w.sql, path)).toMatchObject({ state: "expired", files: [] });
    expect(await batchOf(w.sql, taken.path)).toMatchObject({ state: "downloaded", files: [] });
    const chunks = await w.sql`
      select from letter_chunk c left join letter_file f on f.id = c.file_id
       where f.id is null or f.batch_id in (${path.batchId}, ${taken.path.batchId})`;
    expect(chunks).toHaveLength(0);
    expect((await givenMade(w, fresh)).batch.counts).toEqual({ made: 1 });
    expect(await outcomeOf(givenBatch(w, taken.path))).toBe("conflict");
  });

  test("go on demand once they are downloaded", async () => {
    const { path } = await givenMade(w, await givenLetterWave(w, [aReader()]));
    expect(await outcomeOf(discardFiles(w.ctx, w.staff.counsel, path))).toBe("wrong-state");
    await downloads(w, path);
    await discardFiles(w.ctx, w.staff.counsel, path);
    expect(await batchOf(w.sql, path)).toMatchObject({ state: "downloaded", files: [] });
  });

  test("stay shut once somebody dropped out or the text is no longer true", async () => {
    const wave = await givenLetterWave(w, [aReader(), aReader()]);
    const { path, batch } = await givenMade(w, wave);
    const file = { ...path, fileId: batch.files[0]?.id ?? "" };
    const get = () => outcomeOf(downloadFile(w.ctx, w.staff.counsel, file));
    const recipientId = wave.recipientIds[0] ?? "";
    const { incidentId } = wave;
    await suppressions.erase(w.ctx, w.staff.responder, { incidentId, recipientId }, "They asked.");
    expect(await get()).toBe("conflict");
    await cancelBatch(w.ctx, w.staff.counsel, path, "Somebody was erased.");
    const anew = await givenMade(w, wave);
    expect(anew.batch.counts).toEqual({ made: 1 });
    await givenScope(w, incidentId, { whatHappened: "It was worse than we thought." });
    const again = { ...anew.path, fileId: anew.batch.files[0]?.id ?? "" };
    expect(await outcomeOf(downloadFile(w.ctx, w.staff.counsel, again))).toBe("facts-changed");
    expect(await outcomeOf(givenBatch(w, wave))).toBe("facts-changed");
  });

  test("no letters are made of a wave that was cancelled", async () => {
    const wave = await givenLetterWave(w, [aReader()]);
    await cancel(w.ctx, w.staff.responder, { ...wave, reason: "Wrong people." });
    expect(await outcomeOf(givenBatch(w, wave))).toBe("wrong-state");
  });

  test("every step of a batch is in the timeline, without anybody's data", async () => {
    const { path } = await givenMade(w, await givenLetterWave(w, [aReader({ name: "Zed Zulu" })]));
    await downloads(w, path);
    await discardFiles(w.ctx, w.staff.counsel, path);
    const entries = await w.sql`
      select action, after from timeline where subject = ${`letters:${path.batchId}`} order by seq`;
    expect(entries.map(({ action }) => action)).toEqual([
      "letters.request",
      "letters.make",
      "letters.download",
      "letters.download",
      "letters.discard-files",
    ]);
    expect(JSON.stringify(entries)).not.toMatch(/Zed|Elm Street/);
  });
});

/** The same notice as the mail of whoever has this name in this language. */
async function mailed(wave: { noticeId: string }, language: "en" | "ru" | "zh"): Promise<string> {
  const { id } = await notices.version(w.sql, wave.noticeId, 1);
  const { texts } = await compiledVersion(w.ctx, id);
  const name = { ru: "Анна Пример", zh: "李四", en: "Cy Example" }[language];
  const exposure = ["name", "email-address"];
  const own = { personal_code: CODE };
  return render(texts.forPlace(null), language, { name, exposure, sharedMailbox: false, own }).text;
}

/** The words alone: no spaces, list signs, underlines or page feet. */
function wordsOf(text: string): string {
  return text
    .replaceAll(/(Letter|Письмо|信件编号)\s*\w{10}\s*(Page|Страница|第)\s*\d+.*?\d+(\s*页)?/g, "")
    .replaceAll(/[\s•=-]/g, "");
}

function once(act: () => Promise<void>): () => Promise<void> {
  let done = false;
  return async () => {
    if (!done) {
      done = true;
      await act();
    }
  };
}

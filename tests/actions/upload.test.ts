import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { gzipSync } from "node:zlib";

import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { importUpload } from "../../src/actions/audience.ts";
import { freezeAudience } from "../../src/actions/audience/lifecycle.ts";
import { confirmImport, discardUpload, showUpload } from "../../src/actions/audience/upload.ts";
import { overview } from "../../src/views/audience.ts";
import {
  givenAudience,
  givenImported,
  givenUpload,
  peopleOf,
  refusalOf,
} from "../support/audience.ts";
import type { Place } from "../support/audience.ts";
import { givenIncident } from "../support/incident.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let place: Place;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());
beforeEach(async () => {
  const { id: incidentId } = await givenIncident(w);
  place = { incidentId, audienceId: await givenAudience(w, incidentId) };
});

describe("an upload", () => {
  test("answers its columns and the mapping they suggest, and imports nobody", async () => {
    const given = await givenUpload(w, place, "E-mail,Full name,Shoe\na@example.com,Ann,40\n");
    expect(given).toMatchObject({
      format: "csv",
      columns: ["E-mail", "Full name", "Shoe"],
      mapping: { email: "E-mail", name: "Full name" },
      unmapped: ["Shoe"],
    });
    expect(await peopleOf(w, place)).toEqual([]);
  });

  test.each([
    ["a zip renamed .csv", Buffer.from("PK\u0003\u0004rest"), "not-text", 1],
    ["gzip", gzipSync("email\na@example.com\n"), "not-text", 1],
    ["an old workbook", Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 1]), "not-text", 1],
    ["UTF-16 with its mark", Buffer.from("\ufeffemail\na", "utf16le"), "not-text", 1],
    ["UTF-16 without", Buffer.from("email\na", "utf16le"), "nul-byte", 1],
    ["a NUL byte", Buffer.from("email\na@example.com\nb\u0000\n"), "nul-byte", 3],
    ["bytes that are not UTF-8", Buffer.from("email\na\n\xff\n", "latin1"), "not-utf8", 3],
    ["nothing", Buffer.alloc(0), "file-empty", 1],
    ["10,000 columns", Buffer.from(`${"c,".repeat(9_999)}c\n`), "header-not-usable", 1],
    ["a column twice", Buffer.from("email,email\n"), "header-not-usable", 1],
    ["data for a header", Buffer.from("a@example.com,Ann\n"), "header-not-usable", 1],
    [
      "a header that never ends",
      Buffer.from(`"email${"x".repeat(70_000)}`),
      "header-not-usable",
      1,
    ],
  ])("of %s is refused and leaves nothing", async (_, file, code, line) => {
    expect(await refusalOf(givenUpload(w, place, file))).toEqual(["file-unreadable", code, line]);
    const [left] = await w.sql`select count(*)::int as n from upload_chunk c
      join upload u on u.id = c.upload_id where u.audience_id = ${place.audienceId}`;
    expect(left).toEqual({ n: 0 });
  });

  test("of invalid UTF-8 far into the file names the line and leaves nothing", async () => {
    const file = Buffer.concat([
      Buffer.from(`email\n${"a@example.com\n".repeat(200_000)}`),
      Buffer.from([0xc3, 0x28, 0x0a]),
    ]);
    expect(await refusalOf(givenUpload(w, place, file))).toEqual([
      "file-unreadable",
      "not-utf8",
      200_002,
    ]);
    expect((await overview(w.sql, place.incidentId, place.audienceId)).uploads).toEqual([]);
  });

  test("of another media type is refused", async () => {
    expect(await refusalOf(givenUpload(w, place, "x", "application/pdf"))).toEqual([
      "unsupported-media-type",
      undefined,
      undefined,
    ]);
  });

  test("into another incident's audience is not found", async () => {
    const { id: incidentId } = await givenIncident(w);
    expect((await refusalOf(givenUpload(w, { ...place, incidentId }, "email\n")))[0]).toBe(
      "not-found",
    );
  });

  test("that is refused early is still read to its end, so that the sender hears why", async () => {
    const pieces = [Buffer.from("PK\u0003\u0004"), ...Array(50).fill(Buffer.alloc(100_000, 1))];
    const stream = Readable.from(pieces, { objectMode: false });
    expect((await refusalOf(givenUpload(w, place, stream)))[1]).toBe("not-text");
    await finished(stream);
    expect(stream.readableEnded).toBe(true);
  });

  test("whose sender goes away leaves nothing", async () => {
    async function* broken() {
      yield Buffer.from(`email\n${"a@example.com\n".repeat(100_000)}`);
      throw new Error("The connection broke.");
    }
    await expect(givenUpload(w, place, broken())).rejects.toThrow("broke");
    expect((await overview(w.sql, place.incidentId, place.audienceId)).uploads).toEqual([]);
  });

  test("still arriving when its audience is frozen is refused, and leaves nothing", async () => {
    await givenImported(w, place, "email\nfirst@example.com\n");
    async function* slow() {
      yield Buffer.from("email\na@example.com\n");
      await freezeAudience(w.ctx, w.staff.responder, place.incidentId, place.audienceId);
    }
    expect((await refusalOf(givenUpload(w, place, slow())))[0]).toBe("audience-frozen");
    const { uploads } = await overview(w.sql, place.incidentId, place.audienceId);
    expect(uploads.map(({ state }) => state)).toEqual(["imported"]);
  });

  test("discarded while it arrives is refused, and no piece of it is kept", async () => {
    async function* slow() {
      yield Buffer.from(`email\n${"a@example.com\n".repeat(100_000)}`);
      // The stream reads ahead: the first piece may not be stored yet.
      const uploadId = await vi.waitUntil(
        async () => (await overview(w.sql, place.incidentId, place.audienceId)).uploads[0]?.id,
        { timeout: 5_000 },
      );
      const path = { ...place, uploadId };
      await discardUpload(w.ctx, w.staff.responder, path);
      yield Buffer.from("a@example.com\n".repeat(100_000));
    }
    expect((await refusalOf(givenUpload(w, place, slow())))[0]).toBe("wrong-state");
    const [left] = await w.sql`select count(*)::int as n from upload_chunk c
      join upload u on u.id = c.upload_id where u.audience_id = ${place.audienceId}`;
    expect(left).toEqual({ n: 0 });
  });

  test("survives characters cut anywhere by the stream", async () => {
    async function* bytes() {
      for (const byte of Buffer.from("\ufeffemail,name\na@example.com,Zoë 田中 𝒜\n"))
        yield Buffer.from([byte]);
    }
    const { uploadId, mapping } = await givenUpload(w, place, bytes());
    const order = { mapping, defaultLanguage: "en", defaultExposure: ["name" as const] };
    await confirmImport(w.ctx, w.staff.responder, { ...place, uploadId }, order);
    await importUpload(w.ctx, uploadId);
    expect((await peopleOf(w, place))[0]?.person.name).toBe("Zoë 田中 𝒜");
  });

  test("can be discarded, and then neither imported nor discarded again", async () => {
    const { uploadId, mapping } = await givenUpload(w, place, "email\na@example.com\n");
    const path = { ...place, uploadId };
    await discardUpload(w.ctx, w.staff.responder, path);
    expect((await showUpload(w.ctx, path)).state).toBe("refused");
    expect((await refusalOf(discardUpload(w.ctx, w.staff.responder, path)))[0]).toBe("wrong-state");
    const order = { mapping, defaultLanguage: "en", defaultExposure: ["name" as const] };
    expect((await refusalOf(confirmImport(w.ctx, w.staff.responder, path, order)))[0]).toBe(
      "wrong-state",
    );
  });

  test("without a word on exposure is not imported", async () => {
    const { uploadId, mapping } = await givenUpload(w, place, "email\na@example.com\n");
    const path = { ...place, uploadId };
    const order = { mapping, defaultLanguage: "en" };
    expect(await refusalOf(confirmImport(w.ctx, w.staff.responder, path, order))).toEqual([
      "invalid-input",
      "required",
      undefined,
    ]);
  });
});

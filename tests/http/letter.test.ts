import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { makeBatch } from "../../src/actions/delivery/letter-make.ts";
import type { Actor } from "../../src/domain/staff.ts";
import { batchesOf } from "../../src/views/letter.ts";
import { serve } from "../support/http.ts";
import type { Call, Served } from "../support/http.ts";
import { aReader, givenLetterWave, making, rowsOf } from "../support/letter.ts";
import { givenAuthenticator, givenToken } from "../support/staff.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let served: Served;
let folder: string;
let code: () => string;
beforeAll(async () => {
  w = await world();
  served = await serve(w.ctx);
  folder = await mkdtemp(join(tmpdir(), "letters-"));
  code = await givenAuthenticator(w, w.staff.counsel);
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true });
  await w.close();
});

async function as(actor: Actor, method: string, path: string, call: Call = {}) {
  return served.call(method, path, { ...call, token: await givenToken(w, actor) });
}

/** A code is spent once: the next one is half a minute later. */
function totp() {
  w.clock.advance(30_000);
  return { headers: { "candor-totp": code() } };
}

async function givenPath(people = 2) {
  const wave = await givenLetterWave(
    w,
    Array.from({ length: people }, () => aReader()),
  );
  return { wave, path: `/v1/incidents/${wave.incidentId}/waves/${wave.waveId}/letter-batches` };
}

describe("letters over HTTP", () => {
  test("are made with one code, downloaded, mailed and gone", async () => {
    const { wave, path } = await givenPath();
    const { counsel, auditor } = w.staff;
    expect((await as(counsel, "POST", path)).json).toMatchObject({ code: "second-factor-needed" });
    const opened = await as(counsel, "POST", path, totp());
    expect(opened).toMatchObject({ status: 201, json: { state: "making", total: 2, done: 0 } });
    const one = `${path}/${opened.json["id"]}`;
    await makeBatch(w.ctx, { ...wave, batchId: opened.json["id"] }, making());

    const ready = await as(auditor, "GET", one);
    expect(ready.json).toMatchObject({ state: "ready", done: 2, counts: { made: 2 } });
    expect(ready.text).not.toContain("Elm Street");
    const file = (name: string) =>
      ready.json["files"].find((each: { name: string }) => each.name === name).id;
    const pdf = await as(counsel, "GET", `${one}/files/${file("letters-en-a4-1.pdf")}`);
    expect(pdf.status).toBe(200);
    expect(pdf.headers.get("content-type")).toBe("application/pdf");
    expect(pdf.headers.get("content-disposition")).toBe("attachment; filename=letters-en-a4-1.pdf");
    expect(pdf.text.startsWith("%PDF-1.7")).toBe(true);
    const csv = await as(counsel, "GET", `${one}/files/${file("addresses.csv")}`);
    const numbers = rowsOf(Buffer.from(csv.text)).map((row) => row["letter number"]);

    const raw = `letter number,status,date\n${numbers[0]},mailed,2026-03-03\nx,mailed,2026-03-03\n`;
    const told = await as(counsel, "POST", `${one}/receipts`, {
      raw,
      headers: { "content-type": "text/csv; charset=utf-8" },
    });
    expect(told.json).toMatchObject({ applied: 1, refused: 1 });
    expect(told.json["errors"]).toMatchObject([{ line: 3, code: "number-invalid" }]);
    const gone = await as(counsel, "POST", `${one}/discard`);
    expect(gone.json).toMatchObject({ state: "downloaded", files: [], counts: { mailed: 1 } });
    const late = await as(counsel, "GET", `${one}/files/${file("addresses.csv")}`);
    expect(late).toMatchObject({ status: 404, json: { code: "not-found" } });
    const body = { reason: "Too late." };
    expect((await as(counsel, "POST", `${one}/cancel`, { body })).json).toMatchObject({
      code: "conflict",
    });
  });

  test("are for nobody else's download until they show a code of their own", async () => {
    const { wave, path } = await givenPath();
    const { counsel, responder } = w.staff;
    const { json: batch } = await as(counsel, "POST", path, totp());
    const one = `${path}/${batch["id"]}`;
    await makeBatch(w.ctx, { ...wave, batchId: batch["id"] }, making());
    const [{ id }] = (await as(counsel, "GET", one)).json["files"];
    const refused = await as(responder, "GET", `${one}/files/${id}`);
    expect(refused.json).toMatchObject({ status: 401, code: "second-factor-needed" });
    const own = await givenAuthenticator(w, responder);
    w.clock.advance(30_000);
    await as(responder, "POST", `${one}/unlock`, { headers: { "candor-totp": own() } });
    expect((await as(responder, "GET", `${one}/files/${id}`)).status).toBe(200);
  });

  test("are not found under another incident, wave or batch", async () => {
    const [one, other] = [await givenPath(), await givenPath()];
    const { counsel } = w.staff;
    const { json: batch } = await as(counsel, "POST", one.path, totp());
    await makeBatch(w.ctx, { ...one.wave, batchId: batch["id"] }, making());
    const [{ id }] = (await as(counsel, "GET", `${one.path}/${batch["id"]}`)).json["files"];
    const { json: foreign } = await as(counsel, "POST", other.path, totp());
    await makeBatch(w.ctx, { ...other.wave, batchId: foreign["id"] }, making());
    for (const path of [
      `${other.path}/${batch["id"]}`,
      `${other.path}/${batch["id"]}/files/${id}`,
      `${other.path}/${foreign["id"]}/files/${id}`,
    ])
      expect((await as(counsel, "GET", path)).json).toMatchObject({ code: "not-found" });
    for (const act of ["discard", "cancel", "receipts"])
      expect(
        (
          await as(counsel, "POST", `${other.path}/${batch["id"]}/${act}`, {
            ...(act === "cancel" && { body: { reason: "x" } }),
            ...(act === "receipts" && { raw: "", headers: { "content-type": "text/csv" } }),
          })
        ).json,
      ).toMatchObject({ code: "not-found" });
  });
});

describe("letters on the command line", () => {
  test("arrive in a folder that only their owner reads, and receipts go back", async () => {
    const { wave, path } = await givenPath(3);
    w.clock.advance(30_000);
    const out = join(folder, "out");
    const fetched = candor([
      "letters",
      wave.incidentId,
      wave.waveId,
      "--out",
      out,
      "--totp",
      code(),
    ]);
    const batchId = await someBatch(wave);
    await makeBatch(w.ctx, { ...wave, batchId }, making());
    expect(await fetched).toMatchObject({ code: 0, stdout: expect.stringContaining("3 letters") });

    expect((await readdir(out)).toSorted()).toEqual(["addresses.csv", "letters-en-a4-1.pdf"]);
    expect((await stat(join(out, "addresses.csv"))).mode & 0o777).toBe(0o600);
    const rows = rowsOf(await readFile(join(out, "addresses.csv")));
    expect(rows).toHaveLength(3);
    expect((await as(w.staff.counsel, "GET", `${path}/${batchId}`)).json).toMatchObject({
      state: "downloaded",
      files: [],
    });

    const receipts = join(folder, "receipts.csv");
    const lines = rows.map((row) => `${row["letter number"]},mailed,2026-03-03`);
    await writeFile(receipts, `letter number,status,date\n${lines.join("\n")}\nwrong,mailed,x\n`);
    const told = await candor([
      "letters",
      "receipts",
      wave.incidentId,
      wave.waveId,
      batchId,
      receipts,
    ]);
    expect(told).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/3 applied, 0 known before, 1 refused\.\n {2}line 5, letter/),
    });
  });
});

/** The batch of a wave, as soon as there is one. */
async function someBatch(wave: { incidentId: string; waveId: string }): Promise<string> {
  for (;;) {
    const [batch] = await batchesOf(w.sql, wave);
    if (batch) return batch.id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function candor(args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const CANDOR_TOKEN = await givenToken(w, w.staff.counsel);
  const env = { PATH: process.env["PATH"] ?? "", CANDOR_URL: served.url, CANDOR_TOKEN };
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

const CLI = fileURLToPath(new URL("../../src/cli.ts", import.meta.url));

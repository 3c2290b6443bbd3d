import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ROUTES } from "../src/http/routes.ts";
import { connect } from "../src/store/db.ts";
import type { Database } from "../src/store/db.ts";
import { world } from "./support/world.ts";
import type { World } from "./support/world.ts";

/** What we tell people to do at night must work: every query, call and command is tried here. */
const FOLDER = new URL("../runbooks/ops/", import.meta.url);
const RUNBOOKS = readdirSync(FOLDER).map(
  (name) => [name, readFileSync(new URL(name, FOLDER), "utf8")] as const,
);
const fences = (markdown: string, language: string) =>
  [...markdown.matchAll(/```(\w+)\n(.*?)```/gs)]
    .filter(([, found]) => found === language)
    .map(([, , code = ""]) => code);

describe("operators' runbooks", () => {
  let w: World;
  let keystore: Database;
  beforeAll(async () => {
    w = await world();
    keystore = connect(w.config.KEYSTORE_URL, 1);
  });
  afterAll(async () => {
    await keystore.end();
    await w.close();
  });

  test("cover nine cases", () => {
    expect(RUNBOOKS.map(([name]) => name)).toEqual([
      "legal-clock.md",
      "missed-follow-up.md",
      "provider-outage.md",
      "public-door.md",
      "restore.md",
      "root-key-escrow.md",
      "rotate-keys.md",
      "stuck-deliveries.md",
      "wrong-audience.md",
    ]);
  });

  test.for(RUNBOOKS)("%s has the one shape, with something under each heading", ([, markdown]) => {
    const [, ...sections] = markdown.split(/^## /m);
    expect(sections.map((section) => section.split("\n")[0])).toEqual([
      "Symptom",
      "Check",
      "Act",
      "Tell",
      "Undo",
    ]);
    for (const section of sections) expect(section.length).toBeGreaterThan(60);
  });

  test.for(RUNBOOKS)("%s: every query runs", async ([, markdown]) => {
    const queries = fences(markdown, "sql").join("\n").split(";");
    const runnable = queries.map((query) => query.trim()).filter((query) => query !== "");
    expect(runnable.length).toBeGreaterThan(0);
    for (const query of runnable) {
      const sql = /\b(root_key|data_key)\b/.test(query) ? keystore : w.sql;
      await sql.begin(async (tx) => {
        await tx.unsafe(query.replaceAll(/<\w+>/g, randomUUID()));
      });
    }
  });

  test.for(RUNBOOKS)("%s: every call is to a route that exists", ([, markdown]) => {
    const known = ROUTES.map(({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, "*")}`);
    for (const call of fences(markdown, "sh").join("\n").matchAll(CURL)) {
      const path = (call[2] ?? "").replaceAll(/\$\w+/g, "*");
      expect(known).toContain(`${call[1] === undefined ? "get" : "post"} ${path}`);
    }
  });

  test("every command is one that candor has", async () => {
    const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
    const help = async (...args: string[]) =>
      (await promisify(execFile)(process.execPath, [cli, ...args, "--help"])).stdout;
    const top = await help();
    const key = await help("key");
    const used = RUNBOOKS.flatMap(([, markdown]) => [
      ...markdown.matchAll(/(?:^|`)candor (\w+)(?: (\w+))?/gm),
    ]);
    expect(used.length).toBeGreaterThan(5);
    for (const [, command = "", sub = ""] of used) {
      expect(top).toMatch(new RegExp(`^ +${command}\\b`, "m"));
      if (command === "key") expect(key).toMatch(new RegExp(`^ +${sub}\\b`, "m"));
    }
  });
});

const CURL = /curl -sS (-X POST )?"\$CANDOR_URL(\/v1[^"?]*)/g;

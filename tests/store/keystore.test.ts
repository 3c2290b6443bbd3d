import { randomBytes, randomUUID } from "node:crypto";

import { afterAll, beforeAll, expect, test } from "vitest";

import { connect } from "../../src/store/db.ts";
import type { Database } from "../../src/store/db.ts";
import * as keystore from "../../src/store/keystore.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let sql: Database;
beforeAll(async () => {
  w = await world();
  sql = connect(w.config.KEYSTORE_URL, 2);
});
afterAll(async () => {
  await sql.end();
  await w.close();
});

test("a process that still has the replaced root key makes no new key, and reads the old ones", async () => {
  const kept = { id: randomUUID(), rootVersion: 1, wrapped: randomBytes(60) };
  expect(await keystore.keep(sql, kept)).toEqual(kept);
  expect(await keystore.keep(sql, { ...kept, wrapped: randomBytes(60) })).toEqual(kept);
  const late = { ...kept, id: randomUUID() };
  let made: Promise<unknown> = Promise.resolve();
  await sql.begin(async (tx) => {
    await keystore.lock(tx);
    // Asked for during the rotation, it waits for its end and is judged by what is true then.
    made = keystore.keep(sql, late).catch((error: unknown) => error);
    await keystore.addRootKey(tx, 2, randomBytes(32));
  });
  expect(await made).toMatchObject({ message: expect.stringContaining("root key was replaced") });
  await expect(keystore.keep(sql, { ...late, id: randomUUID() })).rejects.toThrow("was replaced");
  expect(await keystore.find(sql, late.id)).toBeUndefined();
  expect(await keystore.keep(sql, { ...kept, rootVersion: 1 })).toEqual(kept);
});

import { readdir, readFile } from "node:fs/promises";

import type { Database } from "./db.ts";

/**
 * Apply, in name order and in one transaction, every migration this database has not seen.
 * Forward only; two processes starting together wait for each other.
 */
export async function migrate(sql: Database, family: "main" | "keystore"): Promise<void> {
  const folder = new URL(`./migrations/${family}/`, import.meta.url);
  const files = (await readdir(folder)).filter((name) => name.endsWith(".sql")).toSorted();
  await sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(${LOCK})`;
    await tx`
      create table if not exists migration (
        name text primary key, applied_at timestamptz not null default now())`;
    const seen = new Set((await tx`select name from migration`).map(({ name }) => String(name)));
    for (const name of files.filter((file) => !seen.has(file))) {
      await tx.unsafe(await readFile(new URL(name, folder), "utf8"));
      await tx`insert into migration ${tx({ name })}`;
    }
  });
}

/** Any constant will do; it only has to be ours. */
const LOCK = 7_261_001;

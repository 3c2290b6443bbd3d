import { readdir, readFile } from "node:fs/promises";

import type { Database } from "./db.ts";

/**
 * Apply, in name order and in one transaction, every migration this database has not seen.
 * Forward only; two processes starting together wait for each other.
 */
export async function migrate(sql: Database, family: Family): Promise<void> {
  const files = await filesOf(family);
  await sql.begin(async (tx) => {
    // However impatient this process is otherwise: another may be migrating a large table.
    await tx`set local lock_timeout = 0`;
    await tx`select pg_advisory_xact_lock(${LOCK})`;
    await tx`
      create table if not exists migration (
        name text primary key, applied_at timestamptz not null default now())`;
    const seen = new Set((await tx`select name from migration`).map(({ name }) => String(name)));
    for (const name of files.filter((file) => !seen.has(file))) {
      await tx.unsafe(await readFile(new URL(name, folderOf(family)), "utf8"));
      await tx`insert into migration ${tx({ name })}`;
    }
  });
}

/** Whether every migration of a family was applied; what a process may ask that must not migrate. */
export async function isMigrated(sql: Database, family: Family): Promise<boolean> {
  const files = await filesOf(family);
  const seen = new Set((await sql`select name from migration`).map(({ name }) => String(name)));
  return files.every((name) => seen.has(name));
}

/** A database of ours: people and incidents, keys, or the answers of surveys. */
export type Family = "main" | "keystore" | "feedback";

async function filesOf(family: Family): Promise<string[]> {
  const files = await readdir(folderOf(family));
  return files.filter((name) => name.endsWith(".sql")).toSorted();
}

function folderOf(family: Family): URL {
  return new URL(`./migrations/${family}/`, import.meta.url);
}

/** Any constant will do; it only has to be ours. */
const LOCK = 7_261_001;

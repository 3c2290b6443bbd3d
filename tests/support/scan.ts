import type { Dirent } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import postgres from "postgres";

/** Every spelling in which a leaked string could lie around. */
export function spellings(text: string): Map<string, string> {
  const bytes = Buffer.from(text);
  const hex = bytes.toString("hex");
  const forms: [string, string][] = [
    ["raw", bytes.toString("latin1")],
    ["case-folded", Buffer.from(text.toLowerCase()).toString("latin1")],
    ["utf-16", Buffer.from(text, "utf16le").toString("latin1")],
    ["hex", hex],
    ["HEX", hex.toUpperCase()],
    ["url", encodeURIComponent(text)],
    ["json", JSON.stringify(text).slice(1, -1)],
    ...[0, 1, 2].map((shift): [string, string] => [`base64+${shift}`, base64Core(bytes, shift)]),
  ];
  return new Map(forms);
}

/** The base64 letters that depend on these bytes alone, whatever stands before and after them. */
function base64Core(bytes: Buffer, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
  const start = Math.ceil((shift * 8) / 6);
  const end = Math.floor(((shift + bytes.length) * 8) / 6);
  return encoded.slice(start, end);
}

/** Where any of these strings stands in any spelling: `place: string (spelling)`. */
export function find(needles: readonly string[], place: string, content: Buffer): string[] {
  const found: string[] = [];
  const text = content.toString("latin1");
  const folded = text.toLowerCase();
  for (const needle of needles)
    for (const [spelling, form] of spellings(needle))
      if ((spelling === "case-folded" ? folded : text).includes(form))
        found.push(`${place}: ${needle} (${spelling})`);
  return found;
}

/** Every file below a folder, except those whose path holds one of `skip`; one that vanishes is none. */
export async function filesBelow(folder: string, skip: readonly string[] = []): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(noneIfGone);
  const below = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (skip.some((part) => `${path}/`.includes(part))) return [];
    if (entry.isDirectory()) return filesBelow(path, skip);
    return entry.isFile() ? [path] : [];
  });
  return (await Promise.all(below)).flat();
}

function noneIfGone(error: NodeJS.ErrnoException): Dirent[] {
  // Other tests drop their databases meanwhile.
  if (error.code === "ENOENT") return [];
  throw error;
}

/** Look for strings in files; one that vanishes meanwhile is no leak. */
export async function findInFiles(
  needles: readonly string[],
  files: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (const path of files) {
    const content = await readFile(path).catch(() => Buffer.alloc(0));
    found.push(...find(needles, path, content));
  }
  return found;
}

/** A dump of every table of a database: each row as PostgreSQL writes it out. */
export async function dump(url: string): Promise<Buffer> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    const tables = await sql<{ name: string }[]>`
      select tablename as name from pg_tables where schemaname = 'public' order by 1`;
    const pieces: Buffer[] = [];
    for (const { name } of tables) {
      // Not COPY: the library's stream of one stands still at times, for ever.
      const rows = sql<{ row: string }[]>`select t::text as row from ${sql(name)} t`;
      for await (const page of rows.cursor(100))
        for (const { row } of page) pieces.push(Buffer.from(`${row}\n`));
    }
    // So that files and write-ahead log hold what memory holds. One for a server is enough, and
    // the feedback role may not ask for it.
    const [role] = await sql`select pg_has_role(current_user, 'pg_checkpoint', 'member') as may`;
    if (role?.["may"] === true) await sql`checkpoint`;
    return Buffer.concat(pieces);
  } finally {
    await sql.end();
  }
}

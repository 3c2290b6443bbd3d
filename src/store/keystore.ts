import type { Sql } from "./db.ts";

/** A data key as it is stored: wrapped by the root key of the named version. */
export interface WrappedKey {
  readonly id: string;
  readonly rootVersion: number;
  readonly wrapped: Buffer;
}

/**
 * Store a wrapped key unless one exists, and return whichever is stored. Throws where the root key
 * was replaced since this process was started: under the old one, which is to be destroyed, the
 * new key would be lost with everything sealed by it.
 */
export async function keep(sql: Sql, key: WrappedKey): Promise<WrappedKey> {
  await sql`
    insert into data_key (id, root_version, wrapped)
    select ${key.id}, ${key.rootVersion}::int, ${key.wrapped}
     where ${key.rootVersion}::int = (select max(version) from root_key)
    on conflict (id) do nothing`;
  const stored = await find(sql, key.id);
  if (!stored)
    throw new Error("The root key was replaced. Restart this process with KEK_FILE set to it.");
  return stored;
}

/** Let nobody store a key until this transaction ends. */
export async function lock(tx: Sql): Promise<void> {
  await tx`lock table data_key in share row exclusive mode`;
}

/** The wrapped key of an incident, if it has one. */
export async function find(sql: Sql, id: string): Promise<WrappedKey | undefined> {
  const [row] = await sql<WrappedKey[]>`
    select id, root_version, wrapped from data_key where id = ${id}`;
  return row;
}

/** Every wrapped key, for rotation. */
export function all(sql: Sql): Promise<WrappedKey[]> {
  return sql<WrappedKey[]>`select id, root_version, wrapped from data_key order by id`;
}

/** Replace a key's wrapping by one under a newer root key. */
export async function rewrap(sql: Sql, key: WrappedKey): Promise<void> {
  await sql`
    update data_key set wrapped = ${key.wrapped}, root_version = ${key.rootVersion}
     where id = ${key.id} and root_version < ${key.rootVersion}`;
}

/** Remove a key for good. Nothing sealed under it opens again. */
export async function remove(sql: Sql, id: string): Promise<void> {
  await sql`delete from data_key where id = ${id}`;
}

/** The root key this keystore was made with: its version, fingerprint and whether escrow is confirmed. */
export async function rootKey(sql: Sql): Promise<RootKeyRow | undefined> {
  const [row] = await sql<RootKeyRow[]>`
    select version, fingerprint, escrow_confirmed_at from root_key order by version desc limit 1`;
  return row;
}

/** Record a root key by its fingerprint. The key itself is never stored here. */
export async function addRootKey(sql: Sql, version: number, fingerprint: Buffer): Promise<void> {
  await sql`
    insert into root_key (version, fingerprint) values (${version}, ${fingerprint})
    on conflict (version) do nothing`;
}

/** An operator proved that the offline copy of the root key exists. */
export async function confirmEscrow(sql: Sql, version: number): Promise<void> {
  await sql`
    update root_key set escrow_confirmed_at = now()
     where version = ${version} and escrow_confirmed_at is null`;
}

/** The server's own identity, to tell whether two URLs lead to one server. */
export async function systemIdentifier(sql: Sql): Promise<string> {
  const [row] = await sql<{ systemIdentifier: string }[]>`
    select system_identifier::text from pg_control_system()`;
  return row?.systemIdentifier ?? "unknown";
}

export interface RootKeyRow {
  readonly version: number;
  readonly fingerprint: Buffer;
  readonly escrowConfirmedAt: string | null;
}

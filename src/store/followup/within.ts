import type { Database, Sql } from "../db.ts";

/** A transaction that is open. */
export type Transaction = Sql & {
  savepoint(run: (inner: Sql) => Promise<unknown>): Promise<unknown>;
};

/**
 * An open transaction as the pool that actions begin theirs on: what they begin becomes a savepoint
 * of it. So one action can do what others do, and all of it holds or none.
 */
export function within(tx: Transaction): Database {
  const get = (target: Transaction, key: string | symbol): unknown =>
    key === "begin"
      ? (run: (inner: Sql) => Promise<unknown>) => target.savepoint(run)
      : Reflect.get(target, key);
  return new Proxy(tx, { get }) as unknown as Database;
}

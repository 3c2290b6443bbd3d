import postgres from "postgres";
import type { z } from "zod";

import { refuse } from "../domain/refusal.ts";

/** A pool or an open transaction: queries do not care which. */
export type Sql = postgres.ISql<{ date: Date }>;
/** The pool. Only an action opens a transaction, with `sql.begin`. */
export type Database = postgres.Sql<{ date: Date }>;

/**
 * Open a pool on a PostgreSQL server. Columns arrive in camelCase; instants
 * arrive as ISO text, the spelling every schema reads; `bigint` arrives as text.
 */
export function connect(url: string, connectionsMax = 10): Database {
  return postgres(url, {
    max: connectionsMax,
    transform: { column: { from: postgres.toCamel, to: postgres.fromCamel } },
    types: { date: INSTANT },
    onnotice: () => {},
    backoff: () => BACKOFF_SECONDS,
    connection: {
      application_name: "candor",
      // A plan made while a table was empty would scan it whole for ever after.
      plan_cache_mode: "force_custom_plan",
      // A claim that a crash of the database forgets would be sent again.
      synchronous_commit: "on",
    },
  });
}

/** The library waits up to 20 s after an outage: as long as a worker may be silent. */
const BACKOFF_SECONDS = 0.5;

const INSTANT = {
  to: 1184,
  from: [1184],
  serialize: (value: Date | string) => (typeof value === "string" ? value : value.toISOString()),
  parse: (text: string) =>
    (text.endsWith("infinity") ? new Date(0) : new Date(text)).toISOString() as unknown as Date,
};

/** Rows are input too: parse them, so a drifted column fails here and not three stages later. */
export async function many<T extends z.ZodType>(
  schema: T,
  query: PromiseLike<readonly unknown[]>,
): Promise<z.output<T>[]> {
  return (await query).map((row) => schema.parse(row));
}

/** The first row, or nothing. */
export async function maybeOne<T extends z.ZodType>(
  schema: T,
  query: PromiseLike<readonly unknown[]>,
): Promise<z.output<T> | undefined> {
  const [row] = await query;
  return row === undefined ? undefined : schema.parse(row);
}

/** The first row; refuses with `not-found` where there is none. */
export async function one<T extends z.ZodType>(
  schema: T,
  query: PromiseLike<readonly unknown[]>,
): Promise<z.output<T>> {
  return (await maybeOne(schema, query)) ?? refuse("not-found", "There is no such record.");
}

import { setTimeout as sleep } from "node:timers/promises";

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
 * Plans are made anew for every statement unless they are `kept`. With `lockMsMax` a statement that
 * waits longer for somebody else's lock fails, for processes with a person at the other end.
 */
export function connect(
  url: string,
  connectionsMax = 10,
  plans: Plans = "fresh",
  lockMsMax = 0,
): Database {
  if (Reflect.get(postgres, "patchedByCandor") !== PATCH) throw new Error(UNPATCHED);
  const sql = postgres(url, {
    max: connectionsMax,
    transform: { column: { from: postgres.toCamel, to: postgres.fromCamel } },
    types: { date: INSTANT },
    onnotice: () => {},
    backoff: () => BACKOFF_SECONDS,
    connection: {
      application_name: "candor",
      lock_timeout: lockMsMax,
      ...PLANS[plans],
      // A claim that a crash of the database forgets would be sent again.
      synchronous_commit: "on",
      // A frozen process must not hold the locks of its open transaction for ever.
      idle_in_transaction_session_timeout: IDLE_MS_MAX,
      // Nor while the server waits for it to take a long answer.
      tcp_user_timeout: IDLE_MS_MAX,
    },
  });
  return endWithConnection(sql);
}

/**
 * Let a pool's transactions end with their connection. Where the server closes one (a restart, or
 * it rested too long), the library only rejects `begin`: what the transaction's code sends after
 * that ends the process by a TypeError, or, once the connection is opened anew for somebody else,
 * runs there outside of any transaction. So nothing more of it is sent.
 */
function endWithConnection(sql: Database): Database {
  const begin = sql.begin.bind(sql);
  return Object.assign(sql, {
    async begin(...given: [Run] | [options: string, run: Run]) {
      const [options, run] = given.length === 1 ? ["", given[0]] : given;
      const state = { over: false };
      try {
        return await begin(options, (tx) => settled(state, guarded(state, tx), run));
      } finally {
        state.over = true;
      }
    },
  });
}

type Transaction = postgres.TransactionSql<{ date: Date }>;
type Run = (tx: Transaction) => unknown;

/** Whether a transaction has come to its end, one way or another. */
interface State {
  over: boolean;
}

function guarded(state: State, tx: Transaction): Transaction {
  return new Proxy(tx, {
    apply(target, self, given) {
      if (state.over) throw new Error("This transaction ended with its connection.");
      return Reflect.apply(target, self, given);
    },
    get(target, key) {
      if (key !== "savepoint") return Reflect.get(target, key);
      return (run: Run) => target.savepoint((inner) => settled(state, guarded(state, inner), run));
    },
  });
}

/** A failure is passed on a turn later, when it is known whether there is still a connection. */
function settled(state: State, tx: Transaction, run: Run): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown) =>
      setImmediate(() => {
        if (!state.over) reject(error);
      });
    Promise.resolve()
      .then(() => run(tx))
      .then(resolve, fail);
  });
}

/**
 * The same pool, whose transactions end well where the connection is cut and only the answer to
 * COMMIT is lost: PostgreSQL is asked on another one what became of it. Costs a question at the end
 * of each transaction, so it is for a person's requests.
 */
export function sureOfCommits(sql: Database): Database {
  const begin = async (...given: [Run] | [options: string, run: Run]) => {
    // What is begun with options only reads.
    if (given.length === 2) return sql.begin(...given);
    const [run] = given;
    let done: { readonly value: unknown; readonly xid: string | null } | undefined;
    try {
      return await sql.begin(async (tx) => {
        const value = await run(tx);
        const [row] = await tx<{ xid: string | null }[]>`
          select pg_current_xact_id_if_assigned()::text as xid`;
        done = { value, xid: row?.xid ?? null };
        return value;
      });
    } catch (error) {
      if (done && (await isCommitted(sql, done.xid).catch(() => false))) return done.value;
      throw error;
    }
  };
  return new Proxy(sql, {
    get: (target, key) => (key === "begin" ? begin : Reflect.get(target, key)),
  });
}

/** One that wrote nothing has no number, and nothing to lose. */
async function isCommitted(sql: Database, xid: string | null): Promise<boolean> {
  if (xid === null) return true;
  for (let tries = 0; tries < ASKED_MAX; tries += 1) {
    const [row] = await sql<{ status: string | null }[]>`
      select pg_xact_status(${xid}::xid8) as status`;
    if (row?.status !== "in progress") return row?.status === "committed";
    // The server has not noticed yet that nobody is there.
    await sleep(ASK_AGAIN_MS);
  }
  return false;
}

export type Plans = keyof typeof PLANS;

const PLANS = {
  /** A plan made while a table was empty would scan it whole for ever after. */
  fresh: { plan_cache_mode: "force_custom_plan" },
  /**
   * For the few statements that send: planning one, and each check of a foreign key in it, takes
   * longer than running it. These plans reach few rows by indexes, however large the tables grow.
   */
  kept: {
    plan_cache_mode: "force_generic_plan",
    enable_seqscan: "off",
    enable_hashjoin: "off",
    enable_mergejoin: "off",
    // In the order of an index, and no further than asked.
    enable_bitmapscan: "off",
  },
} as const;

/**
 * Without it a connection that was lost once never answers again, and one that is frozen between
 * the two halves of a statement is kept for ever: no timeout of the server's runs then.
 */
const PATCH = 2;
const UNPATCHED =
  "node_modules/postgres lacks our patch, because install scripts did not run or it is an older " +
  "one: run `npm ci`, or `npx patch-package` after it.";
/** Nothing of ours rests this long between two statements of one transaction. */
const IDLE_MS_MAX = 30_000;
/** The library waits up to 20 s after an outage: as long as a worker may be silent. */
const BACKOFF_SECONDS = 0.5;

const ASKED_MAX = 30;
const ASK_AGAIN_MS = 100;

const INSTANT = {
  to: 1184,
  from: [1184],
  serialize: (value: Date | string) => (typeof value === "string" ? value : value.toISOString()),
  parse: (text: string) =>
    (text.endsWith("infinity") ? new Date(0) : new Date(text)).toISOString() as unknown as Date,
};

/**
 * What a query finds, in pages of `size` rows, inside a transaction. Each page is a statement of its
 * own: a process that is frozen between two of them rests in its transaction, which ends then. (The
 * library's `cursor` leaves one statement open over all pages, and no time limit runs.)
 */
export async function* pages<Row>(
  tx: Sql,
  query: postgres.PendingQuery<postgres.Row[]>,
  size: number,
): AsyncGenerator<Row[]> {
  // All of it will be read, so it is not planned for the first rows.
  await tx`set local cursor_tuple_fraction = 1`;
  await tx`declare page no scroll cursor for ${query}`;
  for (;;) {
    const rows = await tx.unsafe<(Row & postgres.MaybeRow)[]>(`fetch ${size} from page`);
    if (rows.length > 0) yield rows;
    if (rows.length < size) break;
  }
  await tx`close page`;
}

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

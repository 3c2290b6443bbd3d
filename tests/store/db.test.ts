import { setTimeout as sleep } from "node:timers/promises";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { connect, pages } from "../../src/store/db.ts";
import type { Database } from "../../src/store/db.ts";
import { until } from "../support/fleet.ts";
import { startProxy } from "../support/proxy.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// What happens to a transaction whose connection the server closes. The library alone would send
// the rest of it over the next connection, outside of any transaction.

let w: World;
let sql: Database;
const uncaught: unknown[] = [];
const note = (error: unknown) => void uncaught.push(error);
beforeAll(async () => {
  w = await world();
  await w.sql`create table written (n int)`;
  process.on("uncaughtException", note);
});
afterAll(async () => {
  process.off("uncaughtException", note);
  await w.close();
});
beforeEach(() => void (sql = connect(w.config.DATABASE_URL, 1)));
afterEach(async () => {
  await sql.end({ timeout: 1 });
  const [error] = uncaught.splice(0);
  if (error !== undefined) throw error;
});

/** End, as an operator or a restart would, whatever is in a transaction. */
function closeTransactions() {
  return w.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()
       and (state like 'idle in transaction%' or query like '%pg_sleep%')`;
}

const written = async () => (await w.sql<{ n: number }[]>`select n from written`).map(({ n }) => n);

describe("a transaction whose connection is closed", () => {
  test.for([true, false])("writes nothing any more; reopened meanwhile: %s", async (reopened) => {
    const inside = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const ended = sql
      .begin(async (tx) => {
        await tx`insert into written values (1)`;
        inside.resolve();
        await goOn.promise;
        await tx`insert into written values (2)`;
        await tx`insert into written values (3)`;
      })
      .catch((error: unknown) => error);
    await inside.promise;
    await closeTransactions();
    await sleep(50);
    if (reopened) await sql`select 1`;
    goOn.resolve();
    expect(await ended).toBeInstanceOf(Error);
    await sleep(200);
    expect(await written()).toEqual([]);
    expect(await sql`select 1 as one`).toEqual([{ one: 1 }]);
  });

  test("is refused in the middle of a statement too", async () => {
    const ended = sql
      .begin(async (tx) => {
        await tx`insert into written values (4)`;
        await tx`select pg_sleep(5)`;
        await tx`insert into written values (5)`;
      })
      .catch((error: unknown) => error);
    await sleep(200);
    await closeTransactions();
    expect(await ended).toBeInstanceOf(Error);
    await sleep(200);
    expect(await written()).toEqual([]);
  });
});

test("a process frozen between a statement and its values loses its transaction", async () => {
  const { DATABASE_URL } = w.config;
  await w.sql`create table held as select 1 as n`;
  const proxy = await startProxy(Number(new URL(DATABASE_URL).port));
  const far = connect(proxy.through(DATABASE_URL), 1);
  try {
    await far`select 1`;
    proxy.delay(300);
    const frozen = far.begin(async (tx) => {
      await tx`set local idle_in_transaction_session_timeout = '1s'`;
      await tx`select from held for update`;
      await tx`update held set n = ${2}`;
    });
    frozen.catch(() => {});
    await until("the server has the statement, and waits for its values", async () => {
      const rows = await w.sql`
        select from pg_stat_activity where datname = current_database() and query like 'update held%'`;
      return rows.length > 0;
    });
    proxy.clog();
    await w.sql.begin(async (tx) => {
      await tx`set local lock_timeout = '20s'`;
      expect(await tx`select n from held for update`).toEqual([{ n: 1 }]);
    });
    proxy.cutNow();
    await expect(frozen).rejects.toThrow();
  } finally {
    await far.end({ timeout: 0 });
    await proxy.close();
  }
});

describe("any other transaction", () => {
  test("is kept or undone as ever, savepoints too", async () => {
    const answer = await sql.begin(async (tx) => {
      await tx`insert into written values (6)`;
      await tx
        .savepoint(async (inner) => {
          await inner`insert into written values (7)`;
          throw new Error("back");
        })
        .catch(() => {});
      return 8;
    });
    expect(answer).toBe(8);
    const undone = sql.begin(async (tx) => {
      await tx`insert into written values (9)`;
      throw new Error("no");
    });
    await expect(undone).rejects.toThrow("no");
    await expect(sql.begin((tx) => tx`select 1/0`)).rejects.toMatchObject({ code: "22012" });
    const readOnly = sql.begin("read only", (tx) => tx`insert into written values (10)`);
    await expect(readOnly).rejects.toMatchObject({ code: "25006" });
    expect(await written()).toEqual([6]);
  });
});

describe("pages of a long answer", () => {
  const numbers = (tx: Parameters<typeof pages>[0], most: number) =>
    pages<{ theN: number }>(tx, tx`select n as the_n from generate_series(1, ${most}::int) n`, 10);

  test.for([0, 9, 10, 25])("hold each of %s rows once, in order", async (most) => {
    const found = await sql.begin(async (tx) => {
      const seen: number[][] = [];
      for await (const page of numbers(tx, most)) seen.push(page.map(({ theN }) => theN));
      // And another of the same transaction.
      for await (const page of numbers(tx, 1)) expect(page).toEqual([{ theN: 1 }]);
      return seen;
    });
    expect(found.flat()).toEqual(Array.from({ length: most }, (_, i) => i + 1));
    expect(Math.max(0, ...found.map((page) => page.length))).toBeLessThanOrEqual(10);
  });

  test("leave nothing open that no time limit of the server ends", async () => {
    await sql.begin(async (tx) => {
      for await (const _ of numbers(tx, 25)) {
        const [session] = await w.sql<{ state: string }[]>`
          select state from pg_stat_activity
           where datname = current_database() and query like 'fetch 10 %'`;
        expect(session).toEqual({ state: "idle in transaction" });
        break;
      }
    });
  });
});

import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

import { connect } from "../../src/store/db.ts";
import type { Database } from "../../src/store/db.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// What our patch of the library is for: a connection that is lost while it is asked something, or
// is being opened, refuses what was asked and is of use again.

let w: World;
/** One connection, which so never closes itself. */
let control: Database;
let sql: Database;
const uncaught: unknown[] = [];
const note = (error: unknown) => void uncaught.push(error);
beforeAll(async () => {
  w = await world();
  control = connect(w.config.DATABASE_URL, 1);
  await control`create table pair (n int)`;
  process.on("uncaughtException", note).on("unhandledRejection", note);
});
afterAll(async () => {
  process.off("uncaughtException", note).off("unhandledRejection", note);
  await control.end();
  await w.close();
});
beforeEach(() => void (sql = connect(w.config.DATABASE_URL, CONNECTIONS)));
afterEach(async () => {
  await sql.end({ timeout: 1 });
  const [error] = uncaught.splice(0);
  if (error !== undefined) throw error;
});

const CONNECTIONS = 6;

/** End every connection to this world but the one that asks. */
function closeAll() {
  return control`
    select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`;
}

/** The answer, the code of a refusal, or that there was neither in time. */
function outcome(asked: Promise<unknown>): Promise<unknown> {
  const refused = (error: Error & { code?: string }) => error.code ?? error.message;
  return Promise.race([asked.then(undefined, refused), sleep(PATIENCE_MS, "no answer")]);
}

const PATIENCE_MS = 3_000;
const REFUSALS = ["CONNECTION_CLOSED", "ECONNRESET", "EPIPE", "57P01"];

/** Statements of every kind again and again until told; answers what came back that is wrong. */
function load() {
  const state = { over: false, answered: 0 };
  const wrong: unknown[] = [];
  const plain = (n: number) => sql`select ${n}::int as n`.then(([row]) => row?.["n"]);
  const pair = (n: number) =>
    sql.begin(async (tx) => {
      await tx`insert into pair values (${n})`;
      await tx`insert into pair values (${n})`;
      return n;
    });
  const rows = (n: number) =>
    sql`select i from generate_series(1, 500) i`.then((all) => (all.length === 500 ? n : all));
  async function ask(kind: (n: number) => Promise<unknown>, piped: number) {
    for (let n = 0; !state.over; n += piped) {
      const expected = Array.from({ length: piped }, (_, i) => n + i);
      const got = await Promise.all(expected.map((each) => outcome(kind(each))));
      // Refusals may come at once, and must not keep anything else from its turn.
      await turn();
      state.answered += got.filter((each, i) => each === expected[i]).length;
      wrong.push(
        ...got.filter((each, i) => each !== expected[i] && !REFUSALS.includes(String(each))),
      );
    }
  }
  const all = [
    ask(plain, 1),
    ask(plain, 1),
    ask(plain, 8),
    ask(pair, 1),
    ask(pair, 2),
    ask(rows, 1),
  ];
  return {
    async stop() {
      state.over = true;
      await Promise.all(all);
      return { wrong, answered: state.answered };
    },
  };
}

describe("connections that are closed over and over, whatever they do", () => {
  test("answer or refuse everything they are asked, rightly, and then are all of use", async () => {
    const running = load();
    for (const until = performance.now() + 4_000; performance.now() < until;) {
      await closeAll();
      await sleep(Math.random() * 100);
    }
    const { wrong, answered } = await running.stop();
    expect(wrong).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    const all = Array.from({ length: 4 * CONNECTIONS }, (_, n) =>
      outcome(sql`select ${n}::int as n, pg_sleep(0.02)`.then(([row]) => row?.["n"])),
    );
    expect(await Promise.all(all)).toEqual(all.map((_, n) => n));
    expect(await control`select n from pair group by n having count(*) % 2 = 1`).toEqual([]);
  });
});

describe("a pool that is ending", () => {
  test("ends although the connection of its last statement is closed", async () => {
    const last = outcome(sql`select pg_sleep(20)`);
    await sleep(300);
    const ended = outcome(sql.end({ timeout: 10 }).then(() => "ended"));
    await closeAll();
    expect(await Promise.all([last, ended])).toEqual(["CONNECTION_CLOSED", "ended"]);
  });
});

test("a library that install scripts did not patch is refused", async () => {
  vi.resetModules();
  vi.doMock("postgres", () => ({ default: () => {} }));
  try {
    const unpatched = await import("../../src/store/db.ts");
    expect(() => unpatched.connect(w.config.DATABASE_URL)).toThrow("npx patch-package");
  } finally {
    // The next file of this process must not find that one.
    vi.doUnmock("postgres");
    vi.resetModules();
  }
});

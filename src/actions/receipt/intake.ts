import type { Receipt } from "../../domain/receipt.ts";
import type { Database } from "../../store/db.ts";
import * as receipts from "../../store/receipt.ts";

/** Where reports of providers come in by the thousand. */
export interface ReceiptIntake {
  /**
   * Resolves once these are kept for good: the provider may forget them then. "full" where too
   * many wait, here or to be applied; the provider is to say it again later.
   */
  keep(all: readonly Receipt[]): Promise<"kept" | "full">;
}

interface Waiting {
  readonly receipts: readonly Receipt[];
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * An intake over a database. What comes in while one statement runs goes into the next, so that
 * a commit serves hundreds of requests. Never more than `most` receipts wait in memory.
 */
export function createReceiptIntake(sql: Database, most = WAITING_MAX): ReceiptIntake {
  const queue: Waiting[] = [];
  let waiting = 0;
  let writers = 0;
  let behind = false;
  let lookAt = 0;

  /** Once a second: whether those who apply have fallen too far behind for more. */
  async function look(): Promise<void> {
    if (performance.now() < lookAt) return;
    lookAt = performance.now() + LOOK_MS;
    behind = await receipts.isBehind(sql, BEHIND_MAX);
  }

  async function write(): Promise<void> {
    // A turn of the loop lets requests of the same moment share a statement.
    await new Promise((resolve) => setImmediate(resolve));
    for (let batch = take(queue); batch.length > 0; batch = take(queue)) {
      try {
        await look();
        await receipts.keep(
          sql,
          batch.flatMap((each) => each.receipts),
        );
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
      waiting -= batch.reduce((sum, each) => sum + each.receipts.length, 0);
    }
    writers -= 1;
  }

  return {
    async keep(all) {
      if (all.length === 0) return "kept";
      if (behind) await look();
      if (behind || waiting + all.length > most) return "full";
      waiting += all.length;
      const kept = new Promise<void>((done, failed) => {
        queue.push({ receipts: all, done, failed });
      });
      if (writers < WRITERS_MAX) {
        writers += 1;
        void write();
      }
      await kept;
      return "kept";
    },
  };
}

/** The oldest of what waits, as much as one statement takes. */
function take(queue: Waiting[]): Waiting[] {
  let rows = 0;
  let count = 0;
  while (count < queue.length && rows < BATCH_MAX) rows += queue[count++]?.receipts.length ?? 0;
  return queue.splice(0, count);
}

/** One commits while the other collects. */
const WRITERS_MAX = 2;
const BATCH_MAX = 1_000;
/** Some seconds of the fastest provider; about 20 MB. */
const WAITING_MAX = 20_000;
/** A few minutes of the same. */
const BEHIND_MAX = 500_000;
const LOOK_MS = 1_000;

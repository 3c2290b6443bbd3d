import type { Log } from "../../log.ts";
import type { Database } from "../../store/db.ts";
import {
  isAccepted,
  isAgain,
  lockAll,
  settle,
  settleAccepted,
} from "../../store/delivery/settle.ts";
import type { Settled } from "../../store/delivery/settle.ts";

/** Outcomes on their way into the database. */
export interface Settlement {
  /** Resolves when this outcome is written down. */
  add(settled: Settled): Promise<void>;
}

/**
 * Outcomes are written in batches: as soon as `worthwhile` of them have come together or the
 * oldest has waited for 4 ms, at most two statements at once; what comes in meanwhile waits for one.
 * While the database is away they are kept here and tried again for as long as the process
 * lives, because an outcome that is lost is a delivery that nobody can judge.
 */
export function createSettlement(
  save: (batch: readonly Settled[]) => Promise<void>,
  log: Log,
  worthwhile: number,
): Settlement {
  const waiting: { readonly settled: Settled; readonly done: () => void }[] = [];
  let writing = 0;
  let gathering = false;
  let enough = () => {};

  /** Outcomes of about the same moment share a statement. */
  function gathered(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS);
      enough = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async function run(): Promise<void> {
    if (gathering) return;
    gathering = true;
    while (waiting.length > 0 && writing < AT_ONCE) {
      if (waiting.length < worthwhile) await gathered();
      void write(waiting.splice(0, BATCH_MAX));
    }
    gathering = false;
  }

  async function write(batch: typeof waiting): Promise<void> {
    writing += 1;
    await untilDone(
      () => save(batch.map(({ settled }) => settled)),
      (err) => log.error({ err, outcomes: batch.length }, "settling again"),
    );
    writing -= 1;
    for (const { done } of batch) done();
    await run();
  }

  return {
    add: (settled) =>
      new Promise((done) => {
        waiting.push({ settled, done });
        if (waiting.length >= worthwhile) enough();
        void run();
      }),
  };
}

/** How this worker writes a batch. It may be asked again for one that was written. */
export function saveBy(sql: Database, workerId: string) {
  return async (batch: readonly Settled[]): Promise<void> => {
    const usual = batch.filter(isAccepted).toSorted(byDelivery);
    const done = usual.length === 0 ? [] : await settleAccepted(sql, workerId, usual);
    if (done.length === batch.length) return;
    const known = new Set(done.map(({ id, n }) => `${id}/${n}`));
    const rest = batch.filter(({ deliveryId, attempt }) => !known.has(`${deliveryId}/${attempt}`));
    await saveRest(sql, workerId, rest);
  };
}

/** At once, or in two steps where something was sent before. */
async function saveRest(sql: Database, workerId: string, rest: readonly Settled[]): Promise<void> {
  if (!rest.some(isAgain)) return settle(sql, workerId, rest);
  await sql.begin(async (tx) => {
    await lockAll(tx, rest);
    await settle(tx, workerId, rest);
  });
}

/** Numbers written as text, by their size. */
function byDelivery({ deliveryId: a }: Settled, { deliveryId: b }: Settled): number {
  return a.length - b.length || (a < b ? -1 : 1);
}

/** Do it again until it works, waiting longer each time, at most two seconds. */
export async function untilDone<T>(
  work: () => Promise<T>,
  failed: (error: unknown) => void,
): Promise<T> {
  for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, WAIT_MAX_MS))
    try {
      return await work();
    } catch (error) {
      failed(error);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
}

const GATHER_MS = 4;
/** While one is being written, the next is already on its way. */
const AT_ONCE = 2;
const BATCH_MAX = 200;
const WAIT_MAX_MS = 2_000;

/** A value that was made, and since when it is old, if what it was made from does not answer. */
export interface Copy<T> {
  readonly value: T;
  readonly staleSince: Date | undefined;
}

interface Kept<T> {
  readonly value: T;
  readonly madeAt: Date;
  /** Monotonic, in milliseconds. */
  readonly at: number;
  failedAt: number | undefined;
}

/**
 * Keep what is costly to make. However many ask at once, one makes it; for a second nobody makes it
 * again, and for ten seconds nobody waits for that. When making fails the last good value is
 * answered, with the time it was made. Refuses only what has never been made.
 */
export function createCopies<T>(now: () => Date) {
  const kept = new Map<string, Kept<T>>();
  const running = new Map<string, Promise<T | undefined>>();

  async function remake(key: string, make: () => Promise<T | undefined>): Promise<T | undefined> {
    try {
      const value = await within(make(), PATIENCE_MS);
      if (value === undefined) kept.delete(key);
      else kept.set(key, { value, madeAt: now(), at: performance.now(), failedAt: undefined });
      return value;
    } catch (error) {
      const known = kept.get(key);
      if (known) known.failedAt = performance.now();
      throw error;
    } finally {
      running.delete(key);
    }
  }

  function refreshed(key: string, make: () => Promise<T | undefined>): Promise<T | undefined> {
    const already = running.get(key);
    if (already) return already;
    const started = remake(key, make);
    running.set(key, started);
    return started;
  }

  return async (key: string, make: () => Promise<T | undefined>): Promise<Copy<T> | undefined> => {
    const known = kept.get(key);
    const age = known ? performance.now() - known.at : Infinity;
    const failing = known?.failedAt !== undefined;
    if (known && (age < WORN_MS || failing)) {
      const sinceTry = performance.now() - (known.failedAt ?? known.at);
      if (sinceTry >= FRESH_MS) refreshed(key, make).catch(() => {});
      return { value: known.value, staleSince: failing ? known.madeAt : undefined };
    }
    try {
      const value = await refreshed(key, make);
      return value === undefined ? undefined : { value, staleSince: undefined };
    } catch (error) {
      if (!known) throw error;
      return { value: known.value, staleSince: known.madeAt };
    }
  };
}

/** A database that hangs is as far away as one that is gone. */
async function within<V>(work: Promise<V>, ms: number): Promise<V> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const error = Object.assign(new Error("This took too long."), { code: "ETIMEDOUT" });
    timer = setTimeout(() => reject(error), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

const FRESH_MS = 1_000;
const WORN_MS = 10_000;
const PATIENCE_MS = 2_000;

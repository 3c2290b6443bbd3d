/** How many deliveries one process may have claimed and not yet settled. */
export interface Slots {
  /** Wait until some are free and take up to `most` of them. */
  take(most: number): Promise<number>;
  release(count: number): void;
}

/**
 * A counter with a queue. Waiting until a quarter is free, rather than one, keeps claims from
 * being made row by row.
 */
export function createSlots(total: number): Slots {
  const worthwhile = Math.max(1, Math.floor(total / 4));
  const waiting: (() => void)[] = [];
  let free = total;

  return {
    async take(most) {
      const enough = Math.min(most, worthwhile);
      while (free < enough) await new Promise<void>((resolve) => waiting.push(resolve));
      const taken = Math.min(most, free);
      free -= taken;
      return taken;
    },
    release(count) {
      free += count;
      for (const wake of waiting.splice(0)) wake();
    },
  };
}

/** Chance that can be had again: the same seed gives the same numbers. */
export interface Random {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number from 0 up to, without, this one. */
  below(most: number): number;
  pick<T>(from: readonly T[]): T;
  /** The same things in another order. */
  shuffled<T>(things: readonly T[]): T[];
}

/** Mulberry32, which is enough to choose by. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (most: number) => Math.floor(next() * most);
  return {
    next,
    below,
    pick<T>(from: readonly T[]): T {
      const chosen = from[below(from.length)];
      if (chosen === undefined) throw new Error("There is nothing to pick from.");
      return chosen;
    },
    shuffled<T>(things: readonly T[]): T[] {
      const keyed = things.map((thing) => ({ thing, key: next() }));
      return keyed.toSorted((a, b) => a.key - b.key).map(({ thing }) => thing);
    },
  };
}

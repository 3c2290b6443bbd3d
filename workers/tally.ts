/** How fast messages go each way, as this process sees it. */
export interface Tally {
  count(name: string): void;
  /** Messages a second in the last five to ten seconds. */
  perSecond(name: string): number;
}

/** Two spans of five seconds, the older one thrown away; names stay in this process. */
export function createTally(now: () => number = () => performance.now()): Tally {
  let since = now();
  let current = new Map<string, number>();
  let before = new Map<string, number>();

  function turn(): void {
    const age = now() - since;
    if (age < SPAN_MS) return;
    before = age < 2 * SPAN_MS ? current : new Map<string, number>();
    current = new Map();
    since = now();
  }

  return {
    count(name) {
      turn();
      // A million domains of one address each need no number: they are not counted.
      if (current.size < NAMES_MAX || current.has(name))
        current.set(name, (current.get(name) ?? 0) + 1);
    },
    perSecond(name) {
      turn();
      const sum = (before.get(name) ?? 0) + (current.get(name) ?? 0);
      const seconds = (now() - since + (before.has(name) ? SPAN_MS : 0)) / 1_000;
      return sum / Math.max(1, seconds);
    },
  };
}

const SPAN_MS = 5_000;
const NAMES_MAX = 20_000;

/** The names of buckets that some worker had cut, as known here: at most half a second old. */
export interface Slow {
  has(name: string): boolean;
  isEmpty(): boolean;
  /** This worker has just cut it. */
  add(name: string): void;
}

/** Asks again, in the background, where what is known is old. */
export function createSlow(cutOnes: () => Promise<string[]>): Slow {
  let names: ReadonlySet<string> = new Set();
  const own = new Map<string, number>();
  let looking = false;
  let lookedAt = -Infinity;

  /** While Redis is away what was slow stays so. */
  async function look(): Promise<void> {
    looking = true;
    try {
      const known = await cutOnes();
      // What this worker cut itself may not have been there yet.
      for (const [name, at] of own) if (performance.now() - at > OWN_MS) own.delete(name);
      names = new Set([...known, ...own.keys()]);
    } catch {}
    lookedAt = performance.now();
    looking = false;
  }

  function known(): ReadonlySet<string> {
    if (!looking && performance.now() - lookedAt > LOOK_MS) void look();
    return names;
  }

  return {
    has: (name) => known().has(name),
    isEmpty: () => known().size === 0,
    add(name) {
      own.set(name, performance.now());
      names = new Set([...names, name]);
    },
  };
}

const LOOK_MS = 500;
const OWN_MS = 1_000;

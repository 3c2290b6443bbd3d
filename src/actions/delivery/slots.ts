/** How many deliveries one process may have claimed and not yet settled. */
export interface Slots {
  /** Wait until a claim is worth while; answers of how many, at most `most`. */
  take(most: number): Promise<Taken>;
}

/** Slots for the rows of one claim. */
export interface Taken {
  readonly count: number;
  /** The claim found this many rows, each of which has a slot now; the other slots are free. */
  claimed(rows: number): void;
  /** A provider has answered about one of them: only the outcome is to be written. */
  sent(): void;
  /** That is done too. */
  settled(): void;
}

/**
 * A kill leaves everything `unknown` that is claimed and not settled: never more than twice as
 * many as there are connections. Rows are claimed ahead of the connections only as far as these
 * would stand idle otherwise: as many as are sent until the next claim is answered. That is none
 * where a provider takes its time, and up to one for each connection where it is quick. One that is
 * `pipelined` has two messages under way at a time, the second behind the first, however far away
 * its server is.
 */
export function createSlots(connections: number, pipelined: () => number = () => 0): Slots {
  const waiting: (() => void)[] = [];
  const hold = createHold(connections, pipelined, look);
  let gatheredAt = -Infinity;
  let timer: NodeJS.Timeout | undefined;

  function wake(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const each of waiting.splice(0)) each();
  }

  /** Whether those who wait need wait no longer. */
  function look(): void {
    if (waiting.length === 0) return;
    const free = hold.room();
    if (free >= connections) wake();
    else if (free > 0) timer ??= setTimeout(wake, Math.max(0, gatheredAt - performance.now()));
  }

  /** Something is free, and others that were about to be have been waited for: no claims row by row. */
  function worthwhile(): boolean {
    const free = hold.room();
    return free >= connections || (free > 0 && performance.now() >= gatheredAt);
  }

  return {
    async take(most) {
      // Looked at and taken in one go: others wait too.
      while (!worthwhile()) {
        const woken = new Promise<void>((resolve) => waiting.push(resolve));
        look();
        await woken;
      }
      gatheredAt = performance.now() + GATHER_MS;
      return hold.take(Math.min(most, hold.room()));
    },
  };
}

/** What is claimed and not settled; `changed` is called whenever some of it may have become free. */
function createHold(connections: number, pipelined: () => number, changed: () => void) {
  const pace = createPace();
  let [claiming, sending, settling] = [0, 0, 0];

  return {
    room(): number {
      const ahead = Math.floor(Math.min(connections, Math.max(pace.ahead(), pipelined())));
      const all = 2 * connections - claiming - sending - settling;
      return Math.min(all, connections + ahead - claiming - sending);
    },
    take(count: number): Taken {
      const startedAt = performance.now();
      claiming += count;
      return {
        count,
        claimed(rows) {
          claiming -= count;
          sending += rows;
          pace.claimed(performance.now() - startedAt);
          changed();
        },
        sent() {
          sending -= 1;
          settling += 1;
          pace.sent();
          changed();
        },
        settled() {
          settling -= 1;
          changed();
        },
      };
    },
  };
}

/** How quickly messages go, and how long a claim takes, lately. */
function createPace() {
  let [perMs, claimMs, sent] = [0, 0, 0];
  let since = performance.now();
  return {
    sent: () => void (sent += 1),
    claimed(ms: number): void {
      const now = performance.now();
      // Two claims at the same moment say nothing about a rate.
      if (now - since < 1) return;
      perMs += (sent / (now - since) - perMs) * SMOOTHING;
      claimMs += (ms - claimMs) * SMOOTHING;
      [sent, since] = [0, now];
    },
    /** How many are sent from one claim until the next is answered. */
    ahead: () => perMs * (claimMs + GATHER_MS),
  };
}

/** How long a free connection waits for others, so that one statement claims for all. */
const GATHER_MS = 8;
/** What the newest claim says of the next. */
const SMOOTHING = 0.2;

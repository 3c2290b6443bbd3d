/** A wave that may send now. */
export interface Runnable {
  readonly incidentId: string;
  /** A smaller number goes first. */
  readonly priority: number;
  readonly deadline: Date | null;
}

/** How many rows of one channel may wait in the queue, and which of them do. */
export interface Room {
  readonly most: number;
  readonly waiting: readonly {
    readonly incidentId: string;
    readonly priority: number;
    readonly rows: number;
  }[];
}

/** Rows of one wave that may be handed to the queue now. */
export interface Turn<W> {
  readonly wave: W;
  readonly rowsMax: number;
  /** Whether they go before what waits of other incidents. */
  readonly front: boolean;
}

/**
 * Share the room in a queue among waves, given in the order of their deadlines and starts. The
 * more urgent ones come first: what waits of others takes no room from them. Incidents of the same
 * priority take turns, and each may fill its even share of the room whatever another has filled
 * before: so a wave of a million keeps nobody waiting. Turns and share are larger where a deadline
 * presses. What hardly waits at all goes to the front. Tell each turn how many rows it had; fewer than
 * it might have mean that its wave has no more.
 */
export function* turns<W extends Runnable>(
  waves: readonly W[],
  { most, waiting }: Room,
): Generator<Turn<W>, void, number> {
  let urgent = 0;
  for (const priority of new Set(waves.map((wave) => wave.priority))) {
    const sum = (of: (each: Room["waiting"][number]) => boolean) =>
      waiting.filter(of).reduce((total, { rows }) => total + rows, 0);
    const left = most - urgent - sum((each) => each.priority < priority);
    const lines = linesOf(
      waves.filter((wave) => wave.priority === priority),
      (id) => sum((each) => each.priority === priority && each.incidentId === id),
    );
    urgent += yield* fairTurns(lines, left, left - sum((each) => each.priority === priority));
  }
}

/** What one incident has to send, the most pressing wave first. */
interface Line<W> {
  readonly waves: W[];
  waiting: number;
}

function linesOf<W extends Runnable>(
  waves: readonly W[],
  waitingOf: (incidentId: string) => number,
): Line<W>[] {
  const byIncident = Map.groupBy(waves, ({ incidentId }) => incidentId);
  return [...byIncident].map(([id, own]) => ({ waves: [...own], waiting: waitingOf(id) }));
}

/** Up to their shares first, and after that what others left of the room. */
function* fairTurns<W extends Runnable>(
  lines: readonly Line<W>[],
  room: number,
  unfilled: number,
): Generator<Turn<W>, number, number> {
  const weights = new Map(lines.map((line) => [line, isPressing(line) ? PRESSING_WEIGHT : 1]));
  const whole = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const shareOf = (line: Line<W>) => Math.floor((room * (weights.get(line) ?? 1)) / whole);
  let taken = 0;
  const bounds = [(line: Line<W>) => shareOf(line) - line.waiting, () => unfilled - taken];
  for (const bound of bounds) {
    const queue = [...lines];
    for (let line = queue.shift(); line; line = queue.shift()) {
      const [wave] = line.waves;
      const allowed = bound(line);
      if (!wave || allowed <= 0) continue;
      const front = line.waiting < TURN_ROWS;
      const turn = isPressing(line) ? TURN_ROWS * PRESSING_WEIGHT : TURN_ROWS;
      const rowsMax = queue.length === 0 && !front ? allowed : Math.min(turn, allowed);
      const rows = yield { wave, rowsMax, front };
      taken += rows;
      line.waiting += rows;
      if (rows < rowsMax) line.waves.shift();
      queue.push(line);
    }
  }
  return taken;
}

function isPressing({ waves: [wave] }: Line<Runnable>): boolean {
  return wave !== undefined && wave.deadline !== null;
}

/** Five slices: small enough to take turns within a second, large enough for a claim's cost. */
const TURN_ROWS = 500;
const PRESSING_WEIGHT = 4;

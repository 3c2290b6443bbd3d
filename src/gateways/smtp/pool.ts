import type { Outcome } from "../../domain/delivery.ts";
import { open } from "./open.ts";
import type { Server } from "./open.ts";
import { QUIT_MS } from "./session.ts";
import type { Job, Keeper, Session } from "./session.ts";

export interface PoolOptions<Waiting extends Job> {
  readonly server: Server;
  /** Connections it may have at this moment. */
  readonly connectionsMax: () => number;
  /** A message that waits and may go out here. */
  readonly next: () => Waiting | undefined;
  /** There is room for another message. */
  readonly free: () => void;
  /** A message for which no connection could be opened. */
  readonly unopened: (job: Waiting, outcome: Outcome | "again") => void;
}

export interface Pool<Waiting extends Job> {
  room(): boolean;
  /** How many of its sessions can be given a message while they are sending another. */
  pipelined(): number;
  /** Begin this message. Only where there is room. */
  take(job: Waiting): void;
  close(): Promise<void>;
}

/**
 * The sessions of one relay, kept between messages. A message goes to an idle session, then to a
 * new one, and behind another message only where there may be no more connections.
 */
export function createPool<Waiting extends Job>(options: PoolOptions<Waiting>): Pool<Waiting> {
  const all = new Set<Session>();
  let opening = 0;
  let openAgainAt = 0;
  let closing = false;
  let ended: () => void = () => {};

  const mayOpen = () =>
    all.size + opening < options.connectionsMax() &&
    (all.size === 0 || performance.now() >= openAgainAt);

  const find = (wanted: "idle" | "follow") =>
    all.values().find((session) => session.ready() === wanted);

  async function openFor(job: Waiting): Promise<void> {
    opening += 1;
    const keeper: Keeper = { next: options.next, free, ended: () => {} };
    const session = await open(options.server, keeper);
    opening -= 1;
    if ("kind" in session) {
      // While others work there is no need to fail this one: a server may allow no more of them.
      const again = all.size > 0 && session.kind !== "rejected";
      if (again) openAgainAt = performance.now() + OPEN_PAUSE_MS;
      options.unopened(job, again ? "again" : session);
      return;
    }
    all.add(session);
    keeper.ended = () => {
      all.delete(session);
      options.free();
      if (all.size === 0) ended();
    };
    session.take(job);
    if (closing) session.quit();
  }

  function free(): void {
    options.free();
    if (closing) for (const session of all) session.quit();
  }

  return {
    pipelined: () => all.values().reduce((sum, { pipelined }) => sum + (pipelined ? 1 : 0), 0),
    room: () => find("idle") !== undefined || mayOpen() || find("follow") !== undefined,
    take(job) {
      const idle = find("idle");
      if (idle) idle.take(job);
      else if (mayOpen()) void openFor(job);
      else find("follow")?.take(job);
    },
    async close() {
      closing = true;
      for (const session of all) session.quit();
      const deadline = setTimeout(() => all.forEach((session) => session.drop()), QUIT_MS);
      if (all.size > 0) await new Promise<void>((resolve) => (ended = resolve));
      clearTimeout(deadline);
    },
  };
}

/** How long a relay that refused another connection is not asked for one more. */
const OPEN_PAUSE_MS = 5_000;

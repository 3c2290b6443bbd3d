import type { ClockState, Obligation } from "../obligation.ts";
import { instantWords } from "./calendar.ts";

/** A time for which law enforcement asked us to wait. */
export interface Held {
  readonly since: Date;
  readonly until: Date;
}

/** What people recorded of an obligation. */
export interface ClockRecord {
  /** When it was met, by a filing or a wave. */
  readonly met?: Date;
  /** Why it was missed. */
  readonly missedReason?: string;
  /** A person judged that it is not owed. */
  readonly notApplicable?: boolean;
  readonly holds: readonly Held[];
}

/** How a clock stands. */
export interface Clock {
  readonly state: ClockState;
  /** The last instant on time, holds counted; absent where there is no number or no start. */
  readonly dueAt?: Date;
  /** Until then it stands still. */
  readonly heldUntil?: Date;
  /** How long it has stood still, or will have. */
  readonly heldMs: number;
  /** Until it runs out: of a clock that runs. Never below zero. */
  readonly remainingMs?: number;
  /** Met, but after it had run out. */
  readonly late: boolean;
  /** It ran out, and nobody said why yet. */
  readonly needsReason: boolean;
  /** What holds did to it, in words. */
  readonly because?: string;
}

/**
 * How an obligation's clock stands now. While law enforcement asks us to wait it stands still, so
 * it runs out later by exactly the time held (45 CFR 164.412 and its like let notice wait and say
 * no number for after). Holds of a duty that may not be held, time before the clock began and
 * holds that began when it had run out count for nothing; of holds that overlap each moment counts
 * once. A clock without a number runs until it is met.
 */
export function clockOf(
  { due, mayHold }: Pick<Obligation, "due" | "mayHold">,
  record: ClockRecord,
  now: Date,
): Clock {
  const holds = mayHold ? merged(record.holds) : [];
  const { dueAt, heldMs, counted } = due.at
    ? moved(due.at, due.startedAt, holds)
    : { dueAt: undefined, heldMs: 0, counted: holds };
  const held = counted.find(({ since, until }) => since <= now && now < until);
  const passed = dueAt !== undefined && (record.met ?? now) > dueAt;
  const state = stateOf(record, { held: held !== undefined, passed });
  const running = state === "running" && dueAt !== undefined;
  return {
    state,
    ...(dueAt && { dueAt }),
    ...(state === "paused" && held && { heldUntil: held.until }),
    heldMs,
    ...(running && { remainingMs: dueAt.getTime() - now.getTime() }),
    late: state === "met" && passed,
    needsReason: state === "missed" && record.missedReason === undefined,
    ...(heldMs > 0 && dueAt && { because: heldWords(heldMs, dueAt, due.zone) }),
  };
}

function stateOf(
  { met, notApplicable, missedReason }: ClockRecord,
  { held, passed }: { readonly held: boolean; readonly passed: boolean },
): ClockState {
  if (met) return "met";
  if (notApplicable) return "not-applicable";
  if (passed || missedReason !== undefined) return "missed";
  return held ? "paused" : "running";
}

/** Where the end moves to, hold by hold; one that begins when it has run out moves nothing. */
function moved(end: Date, startedAt: Date | undefined, holds: readonly Held[]) {
  let at = end.getTime();
  const counted: Held[] = [];
  for (const { since, until } of holds) {
    const from = Math.max(since.getTime(), startedAt?.getTime() ?? since.getTime());
    if (from > at || until.getTime() <= from) continue;
    at += until.getTime() - from;
    counted.push({ since, until });
  }
  return { dueAt: new Date(at), heldMs: at - end.getTime(), counted };
}

/** Holds in the order in which they began, those that touch as one. */
function merged(holds: readonly Held[]): Held[] {
  const all: Held[] = [];
  const sorted = holds.toSorted((one, other) => one.since.getTime() - other.since.getTime());
  for (const hold of sorted) {
    const last = all.at(-1);
    if (!last || last.until < hold.since) all.push(hold);
    else if (hold.until > last.until) all.splice(-1, 1, { since: last.since, until: hold.until });
  }
  return all;
}

function heldWords(heldMs: number, dueAt: Date, zone: string): string {
  const minutes = Math.round(heldMs / 60_000);
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  const length = `${hours} h${rest === 0 ? "" : ` ${rest} min`}`;
  return `The clock stands still for ${length} while law enforcement asks us to wait, so it runs out that much later: ${instantWords(dueAt, zone)} ${zone}.`;
}

import { DateTime, IANAZone } from "luxon";

/** A day and a time of day as a clock on the wall shows them, in no zone yet. */
export interface Local {
  /** `YYYY-MM-DD`. */
  readonly date: string;
  /** `HH:MM`. */
  readonly time: string;
}

/**
 * The instant at which clocks in a zone show a local time. A time that comes twice, when clocks go
 * back, is the earlier one: never late. A time that never comes, when they go forward, is the
 * first instant after the gap, and says so.
 */
export function instantOf(local: Local, zone: string): { at: Date; skipped: boolean } {
  const wall = DateTime.fromISO(`${local.date}T${local.time}`, { zone: "utc" }).toMillis();
  const offset = (at: number) => aheadMs(at, zone);
  // Whatever the zone does that day, one of the offsets around it is the one in force.
  const near = [...new Set(AROUND_MS.map((ms) => offset(wall + ms)))].toSorted((a, b) => b - a);
  const shown = near.map((each) => wall - each).find((at) => at + offset(at) === wall);
  if (shown !== undefined) return { at: new Date(shown), skipped: false };
  return { at: new Date(firstAfter(wall, offset)), skipped: true };
}

/** What clocks in a zone show at an instant. */
export function localOf(at: Date, zone: string): Local {
  const there = DateTime.fromJSDate(at, { zone });
  return { date: there.toFormat("yyyy-MM-dd"), time: there.toFormat("HH:mm") };
}

/** The first instant at which clocks show `wall` or later: they jump over it at that instant. */
function firstAfter(wall: number, offset: (at: number) => number): number {
  let [before, after] = [wall - DAY_MS - HALF_DAY_MS, wall + DAY_MS + HALF_DAY_MS];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (middle + offset(middle) < wall) before = middle;
    else after = middle;
  }
  return after;
}

/** How far a zone is ahead of UTC at an instant; both in milliseconds. */
export function aheadMs(at: number, zone: string): number {
  const minute = Math.floor(at / 60_000);
  const known = KNOWN.get(zone) ?? new Map<number, number>();
  const found = known.get(minute);
  if (found !== undefined) return found;
  // Asking Intl takes microseconds, and laws ask for the ends of the same days over and over.
  if (known.size >= KNOWN_MAX) known.clear();
  const ahead = IANAZone.create(zone).offset(at) * 60_000;
  KNOWN.set(zone, known.set(minute, ahead));
  return ahead;
}

/** Zone → minute since 1970 → how far it is ahead then. */
const KNOWN = new Map<string, Map<number, number>>();
const KNOWN_MAX = 5_000;
const DAY_MS = 24 * 3_600_000;
const HALF_DAY_MS = DAY_MS / 2;
/** No zone is further than 14 hours from UTC; one has skipped a whole day. */
const AROUND_MS = [-DAY_MS - HALF_DAY_MS, -HALF_DAY_MS, 0, HALF_DAY_MS, DAY_MS + HALF_DAY_MS];

import { DateTime } from "luxon";

import type { OpenHours } from "../scope.ts";

/** Whether somebody answers now, and when that changes; nothing to change where it never does. */
export interface Openness {
  readonly open: boolean;
  readonly until: Date | undefined;
}

/**
 * Reckon from hours on the wall, in the line's own zone: on the days the clocks change a line
 * opens when the clock shows it. Rows that touch, as a night split at midnight, count as one.
 */
export function opennessAt(open: readonly OpenHours[], zone: string, now: Date): Openness {
  const stretches = stretchesAround(open, zone, now);
  const current = stretches.find(({ from, to }) => from <= now && now < to);
  if (current) {
    const last = stretches.at(-1);
    const never = current === last && stretches.length === 1;
    return { open: true, until: never ? undefined : current.to };
  }
  return { open: false, until: stretches.find(({ from }) => from > now)?.from };
}

interface Stretch {
  readonly from: Date;
  readonly to: Date;
}

/** Every stretch from yesterday to this day next week, those that touch joined. */
function stretchesAround(open: readonly OpenHours[], zone: string, now: Date): Stretch[] {
  const today = DateTime.fromJSDate(now, { zone }).startOf("day");
  const single = DAYS.flatMap((offset) => {
    const day = today.plus({ days: offset });
    return open
      .filter(({ days }) => days.includes(day.weekday))
      .map(({ from, to }) => ({ from: onClock(day, from), to: onClock(day, to) }));
  });
  const joined: Stretch[] = [];
  for (const next of single.toSorted((a, b) => a.from.getTime() - b.from.getTime())) {
    const last = joined.at(-1);
    if (last && next.from <= last.to)
      joined[joined.length - 1] = { from: last.from, to: next.to > last.to ? next.to : last.to };
    else joined.push(next);
  }
  return joined;
}

/** `24:00` is the next day's midnight. A time that the spring leaves out is the one after the gap. */
function onClock(day: DateTime, time: string): Date {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return (hour === 24 ? day.plus({ days: 1 }) : day.set({ hour, minute })).toJSDate();
}

const DAYS = [-1, 0, 1, 2, 3, 4, 5, 6, 7, 8];

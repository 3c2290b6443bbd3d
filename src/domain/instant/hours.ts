import { z } from "zod";

import { instantOf, localOf } from "./local.ts";

const TimeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "Write a time of day such as 08:00.");

/** Hours of one day, by the clocks where somebody is; the last minute is the one before `to`. */
export const Hours = z
  .strictObject({ from: TimeOfDay, to: TimeOfDay })
  .refine(({ from, to }) => minutesOf(to) - minutesOf(from) >= MINUTES_MIN, {
    path: ["to"],
    message: "Leave at least an hour between the two times of a day.",
  });
export type Hours = z.output<typeof Hours>;

/**
 * The first instant from `at` on at which it is within these hours in every one of these IANA
 * zones; `at` itself where it is. Nothing where no such instant comes within two days, as in a
 * country too wide for these hours.
 */
export function nextWithin(hours: Hours, zones: readonly string[], at: Date): Date | undefined {
  let time = at.getTime();
  while (time - at.getTime() <= AHEAD_MS) {
    const next = Math.max(...zones.map((zone) => openingIn(hours, zone, new Date(time)).getTime()));
    if (next === time) return new Date(time);
    time = next;
  }
  return undefined;
}

/**
 * The time zones of a country (ISO 3166-1, two letters), as the Unicode data that comes with Node
 * knows them; none where it knows none.
 */
export function zonesOf(country: string): readonly string[] {
  try {
    return new Intl.Locale(`und-${country}`).getTimeZones() ?? [];
  } catch {
    return [];
  }
}

function openingIn({ from, to }: Hours, zone: string, at: Date): Date {
  const { date, time } = localOf(at, zone);
  if (time >= from && time < to) return at;
  const day = time < from ? date : dayAfter(date);
  return instantOf({ date: day, time: from }, zone).at;
}

function dayAfter(date: string): string {
  return new Date(Date.parse(`${date}T00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}

function minutesOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

const MINUTES_MIN = 60;
const DAY_MS = 24 * 3_600_000;
const AHEAD_MS = 2 * DAY_MS;

import { createRequire } from "node:module";

import type Holidays from "date-holidays";
import { DateTime } from "luxon";
import { z } from "zod";

import type { Library, Place } from "../domain/law.ts";

/**
 * Days off by calendar, as `date-holidays` knows them: whole public holidays alone, with the days on
 * which a place's authorities are closed besides. A day of which that is not sure counts as a
 * working day, and so nothing is due later than it should be.
 */
export function createHolidays(places: readonly Place[]): Library["isHoliday"] {
  const known = new Map<string, ReadonlySet<string>>();
  return (calendar, day) => {
    const year = day.slice(0, 4);
    const key = `${calendar} ${year}`;
    const kept = places.filter(({ holidays }) => holidays === calendar);
    const closed = kept.flatMap((place) => place.closed ?? []);
    const not = new Set(kept.flatMap(({ notHolidays = [] }) => notHolidays));
    const days =
      known.get(key) ??
      new Set([...publicHolidays(calendar, year, not), ...closed.map((date) => `${year}-${date}`)]);
    known.set(key, days);
    return days.has(day);
  };
}

function publicHolidays(calendar: string, year: string, not: ReadonlySet<string>): string[] {
  // Its tables take a tenth of a second to load: only clocks that count business days do so.
  Book ??= Constructor.parse(load("date-holidays"));
  return new Book(calendar, { types: ["public"] }).getHolidays(year).flatMap((holiday) => {
    if (not.has(holiday.name)) return [];
    const first = DateTime.fromISO(holiday.date.slice(0, 10));
    const hours = (holiday.end.getTime() - holiday.start.getTime()) / 3_600_000;
    const length = Math.floor(hours / 24);
    return Array.from({ length }, (_, day) => first.plus({ days: day }).toISODate() ?? "");
  });
}

const load = createRequire(import.meta.url);
const Constructor = z.custom<typeof Holidays>((loaded) => typeof loaded === "function");
let Book: typeof Holidays | undefined;

import { DateTime } from "luxon";

import type { Moment } from "../../instant.ts";
import type { OpenHours } from "../../scope.ts";

/** A moment on the calendar of a zone, in a language; luxon's `toFormat` names its months. */
export function localDate({ at }: Pick<Moment, "at">, zone: string, locale: string): DateTime {
  return DateTime.fromJSDate(at, { zone }).setLocale(locale);
}

/** Whether clocks in both zones show the same time at this moment. */
export function sameClock({ at, zone }: Moment, other: string): boolean {
  return localDate({ at }, zone, "en").offset === localDate({ at }, other, "en").offset;
}

/** The place a zone is named after, as CLDR calls it in a language; nothing for UTC and offsets. */
export function zonePlace(zone: string, locale: string): string | undefined {
  if (!zone.includes("/") || zone.startsWith("Etc/")) return undefined;
  return new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: "shortGeneric" })
    .formatToParts(0)
    .find(({ type }) => type === "timeZoneName")?.value;
}

/** `UTC`, `GMT+5`: zones that are named alike in every language. */
export function bareZone(zone: string): string {
  return zone.replace(/^Etc\//, "");
}

/** Days that follow each other, as the first and the last of each run. Monday is 1. */
export function runsOf(days: OpenHours["days"]): (readonly [first: number, last: number])[] {
  const runs: [number, number][] = [];
  for (const day of days.toSorted((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && run[1] === day - 1) run[1] = day;
    else runs.push([day, day]);
  }
  return runs;
}

/** The name of an ISO weekday in a language. */
export function dayName(day: number, locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { weekday: "long", timeZone: "UTC" });
  return format.format(Date.UTC(2024, 0, day)); // 1 January 2024 was a Monday.
}

/** Whether a line never closes. */
export function alwaysOpen(open: readonly OpenHours[]): boolean {
  const whole = open.filter(({ from, to }) => from === "00:00" && to === "24:00");
  return new Set(whole.flatMap(({ days }) => days)).size === 7;
}

/** Things enumerated as the language does it: "a, b and c". */
export function listOf(items: readonly string[], locale: string): string {
  return new Intl.ListFormat(locale).format(items);
}

/** A full stop where a text of somebody's does not end with one. */
export function sentence(text: string, stop: string): string {
  return /[.!?…。！？]["”’»」』）)]?$/.test(text) ? text : `${text}${stop}`;
}

/** A postal address of several lines, on one. */
export function onOneLine(address: string, comma: string): string {
  return address.replaceAll(/\s*\n\s*/g, comma);
}

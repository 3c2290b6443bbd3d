import { aheadMs, instantOf } from "../instant/local.ts";
import type { Library, Place } from "../law.ts";

/*
 * Days as the law counts them. A day is written `YYYY-MM-DD` and belongs to no zone; a zone is
 * needed only to say when a day begins and ends.
 */

/** Which days somebody works, and where. */
export interface WorkCalendar {
  readonly zone: string;
  /** Whether work is done on a day. */
  readonly isWorkingDay: (day: string) => boolean;
}

/** What clocks on the wall show. */
export interface Wall {
  /** `YYYY-MM-DD`. */
  readonly day: string;
  /** `HH:MM:SS`, and thousandths where there are some. */
  readonly time: string;
}

/** The working days of a place: not its weekend, its public holidays or other days it is closed. */
export function calendarOf(place: Place, isHoliday: Library["isHoliday"]): WorkCalendar {
  const { zone, weekend, holidays, closed = [] } = place;
  return {
    zone,
    isWorkingDay: (day) =>
      !weekend.includes(weekdayOf(day)) &&
      !closed.includes(day.slice(5)) &&
      !(holidays !== undefined && isHoliday(holidays, day)),
  };
}

/** The day so many days later, or earlier. */
export function addDays(day: string, count: number): string {
  return dayAt(msOf(day) + count * DAY_MS);
}

/** The same day so many months later; the last of its month where that is shorter. */
export function addMonths(day: string, count: number): string {
  const [year, month, date] = partsOf(day);
  const first = Date.UTC(year, month - 1 + count, 1);
  const last = new Date(Date.UTC(year, month + count, 0)).getUTCDate();
  return dayAt(first + (Math.min(date, last) - 1) * DAY_MS);
}

/** The last day of the calendar year. */
export function endOfYear(day: string): string {
  return `${day.slice(0, 4)}-12-31`;
}

/** A day of the year after; the last of the month where that is shorter, as 29 February may be. */
export function inYearAfter(day: string, month: number, date: number): string {
  const january = `${partsOf(day)[0] + 1}-01-${String(date).padStart(2, "0")}`;
  return addMonths(january, month - 1);
}

/** This day, or the first working day after it. */
export function workingDayFrom(day: string, { isWorkingDay }: WorkCalendar): string {
  let found = day;
  for (let step = 0; step < STEPS_MAX && !isWorkingDay(found); step += 1) found = addDays(found, 1);
  return found;
}

/** The working day so many working days after a day, which itself does not count. */
export function addWorkingDays(day: string, count: number, calendar: WorkCalendar): string {
  let found = day;
  for (let left = count; left > 0; left -= 1) found = workingDayFrom(addDays(found, 1), calendar);
  return found;
}

/** The last second of a day, by the clocks of a zone; the earlier where it comes twice. */
export function endOfDay(day: string, zone: string): Date {
  return atWall({ day, time: "23:59:59" }, zone);
}

/** The first instant of a day, by the clocks of a zone. */
export function startOfDay(day: string, zone: string): Date {
  return atWall({ day, time: "00:00:00" }, zone);
}

/** The instant at which clocks show this: the earlier of two, the first after where there is none. */
export function atWall({ day, time }: Wall, zone: string): Date {
  return instantOf({ date: day, time }, zone).at;
}

/** What clocks in a zone show at an instant. */
export function wallOf(at: Date, zone: string): Wall {
  const [day = "", time = ""] = new Date(at.getTime() + aheadMs(at.getTime(), zone))
    .toISOString()
    .replace(/(?:\.000)?Z$/, "")
    .split("T");
  return { day, time };
}

/** A day as people read it: `2 Mar 2026`. */
export function dayWords(day: string): string {
  const [year, month, date] = partsOf(day);
  return `${date} ${MONTHS[month - 1] ?? ""} ${year}`;
}

/** An instant as people read it, by the clocks of a zone: `26 Oct 2026 09:00`. */
export function instantWords(at: Date, zone: string): string {
  const { day, time } = wallOf(at, zone);
  return `${dayWords(day)} ${time.slice(0, time.endsWith(":00") ? 5 : 8)}`;
}

/** ISO weekday: Monday is 1. */
export function weekdayOf(day: string): number {
  return new Date(msOf(day)).getUTCDay() || 7;
}

function partsOf(day: string): [year: number, month: number, date: number] {
  return [Number(day.slice(0, 4)), Number(day.slice(5, 7)), Number(day.slice(8, 10))];
}

function msOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function dayAt(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

const DAY_MS = 24 * 3_600_000;
/** No place has more days off in a row; a calendar without any working day must not hang us. */
const STEPS_MAX = 60;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

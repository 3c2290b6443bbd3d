import { describe, expect, test } from "vitest";

import {
  addDays,
  addMonths,
  addWorkingDays,
  atWall,
  calendarOf,
  dayWords,
  endOfDay,
  endOfYear,
  inYearAfter,
  instantWords,
  startOfDay,
  wallOf,
  weekdayOf,
  workingDayFrom,
} from "../../../src/domain/obligation/calendar.ts";

const CALENDAR = calendarOf(
  { code: "DE", zone: "Europe/Berlin", weekend: [6, 7], holidays: "DE", closed: ["12-31"] },
  (calendar, day) => calendar === "DE" && ["2026-12-25", "2027-01-01"].includes(day),
);

test.each([
  ["2026-02-28", 1, "2026-03-01"],
  ["2028-02-28", 1, "2028-02-29"],
  ["2026-12-31", 1, "2027-01-01"],
  ["2026-03-01", -1, "2026-02-28"],
  ["2026-03-28", 2, "2026-03-30"],
])("%s and %i days", (day, count, later) => {
  expect(addDays(day, count)).toBe(later);
});

test.each([
  ["2026-01-31", 1, "2026-02-28"],
  ["2028-01-31", 1, "2028-02-29"],
  ["2028-02-29", 12, "2029-02-28"],
  ["2026-11-30", 3, "2027-02-28"],
  ["2026-08-11", 1, "2026-09-11"],
  ["2026-12-15", 1, "2027-01-15"],
])("%s and %i months", (day, count, later) => {
  expect(addMonths(day, count)).toBe(later);
});

test("the end of a year, and a day of the next", () => {
  expect(endOfYear("2026-03-02")).toBe("2026-12-31");
  expect(inYearAfter("2026-12-31", 2, 1)).toBe("2027-02-01");
  expect(inYearAfter("2026-01-01", 12, 31)).toBe("2027-12-31");
  expect(inYearAfter("2026-05-05", 2, 29)).toBe("2027-02-28");
  expect(inYearAfter("2027-05-05", 2, 29)).toBe("2028-02-29");
});

test("weekdays are ISO’s: Monday is 1, Sunday is 7", () => {
  expect(weekdayOf("2026-11-23")).toBe(1);
  expect(weekdayOf("2026-11-28")).toBe(6);
  expect(weekdayOf("2026-11-29")).toBe(7);
});

describe("working days", () => {
  test("leave out the weekend, holidays and other days on which it is closed", () => {
    expect(addWorkingDays("2026-12-23", 1, CALENDAR)).toBe("2026-12-24");
    expect(addWorkingDays("2026-12-24", 1, CALENDAR)).toBe("2026-12-28");
    expect(addWorkingDays("2026-12-24", 4, CALENDAR)).toBe("2027-01-04");
    expect(addWorkingDays("2026-12-26", 1, CALENDAR)).toBe("2026-12-28");
    expect(workingDayFrom("2026-12-24", CALENDAR)).toBe("2026-12-24");
    expect(workingDayFrom("2026-12-31", CALENDAR)).toBe("2027-01-04");
  });

  test("go by the place’s own weekend and know no holidays where there is no calendar", () => {
    const egypt = calendarOf({ code: "EG", zone: "Africa/Cairo", weekend: [5, 6] }, () => true);
    expect(addWorkingDays("2026-06-04", 1, egypt)).toBe("2026-06-07");
    expect(addWorkingDays("2026-06-04", 3, egypt)).toBe("2026-06-09");
  });

  test("end even where nobody ever works", () => {
    const never = { zone: "UTC", isWorkingDay: () => false };
    expect(workingDayFrom("2026-01-01", never)).toBe("2026-03-02");
  });
});

describe("days and instants", () => {
  test.each([
    ["2026-03-02", "Europe/Berlin", "2026-03-01T23:00:00.000Z", "2026-03-02T22:59:59.000Z"],
    ["2026-10-25", "Europe/Berlin", "2026-10-24T22:00:00.000Z", "2026-10-25T22:59:59.000Z"],
    ["2026-03-08", "America/New_York", "2026-03-08T05:00:00.000Z", "2026-03-09T03:59:59.000Z"],
    // Clocks jump over midnight: the day begins at one.
    ["2026-09-06", "America/Santiago", "2026-09-06T04:00:00.000Z", "2026-09-07T02:59:59.000Z"],
    // The last hour comes twice: the earlier is safe.
    ["2026-04-04", "America/Santiago", "2026-04-04T03:00:00.000Z", "2026-04-05T02:59:59.000Z"],
  ])("%s in %s", (day, zone, start, end) => {
    expect(startOfDay(day, zone).toISOString()).toBe(start);
    expect(endOfDay(day, zone).toISOString()).toBe(end);
  });

  test("what clocks show is turned back into the same instant", () => {
    const at = new Date("2026-08-11T10:00:01.500Z");
    expect(wallOf(at, "Europe/Berlin")).toEqual({ day: "2026-08-11", time: "12:00:01.500" });
    expect(atWall(wallOf(at, "Europe/Berlin"), "Europe/Berlin")).toEqual(at);
    expect(wallOf(new Date("2026-01-01T00:00:00Z"), "America/New_York")).toEqual({
      day: "2025-12-31",
      time: "19:00:00",
    });
  });

  test("a time that comes twice is the earlier; one that never comes is the first after", () => {
    const wall = { day: "2026-10-25", time: "02:30:00" };
    expect(atWall(wall, "Europe/Berlin").toISOString()).toBe("2026-10-25T00:30:00.000Z");
    const never = { day: "2026-03-29", time: "02:30:00" };
    expect(atWall(never, "Europe/Berlin").toISOString()).toBe("2026-03-29T01:00:00.000Z");
  });

  test("in words", () => {
    expect(dayWords("2026-03-02")).toBe("2 Mar 2026");
    expect(dayWords("2026-12-31")).toBe("31 Dec 2026");
    expect(instantWords(new Date("2026-10-26T08:00:00Z"), "Europe/Berlin")).toBe(
      "26 Oct 2026 09:00",
    );
    expect(instantWords(new Date("2026-10-26T22:59:59Z"), "Europe/Berlin")).toBe(
      "26 Oct 2026 23:59:59",
    );
  });
});

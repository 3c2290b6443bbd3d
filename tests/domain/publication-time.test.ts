import { expect, test } from "vitest";

import { nearSpan, shownDay } from "../../src/domain/publication/time.ts";

const NEW_YORK = "America/New_York";
const startsAt = new Date("2026-03-06T21:00:00Z");

test.each([
  ["en", "Friday 6 March, 16:00–18:00", "Eastern Standard Time"],
  ["zh", "3月6日星期五 16:00–18:00", "北美东部标准时间"],
  ["ru", "пятница, 6 марта, 16:00–18:00", "Восточная Америка, стандартное время"],
] as const)("a span of one day says the day once: %s", (language, text, zone) => {
  const endsAt = new Date("2026-03-06T23:00:00Z");
  expect(nearSpan({ startsAt, endsAt }, NEW_YORK, language)).toEqual({ text, zone });
});

test("a span over midnight on the wall of its zone says both days", () => {
  const endsAt = new Date("2026-03-07T06:00:00Z");
  expect(nearSpan({ startsAt, endsAt }, NEW_YORK, "en").text).toBe(
    "Friday 6 March at 16:00 – Saturday 7 March at 01:00",
  );
  expect(nearSpan({ startsAt, endsAt: startsAt }, "Asia/Tokyo", "en").text).toContain("Saturday");
});

test("a day is that of its zone", () => {
  expect(shownDay(new Date("2026-03-06T23:30:00Z"), "Asia/Tokyo", "en")).toBe("7 March 2026");
});

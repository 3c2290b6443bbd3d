import ICAL from "ical.js";
import { describe, expect, test } from "vitest";

import { calendarOf } from "../../../src/domain/interchange/calendar.ts";
import type { Deadline } from "../../../src/domain/interchange/calendar.ts";
import { assess } from "../../../src/domain/obligation/assess.ts";
import { firstFacts } from "../../../src/domain/scope.ts";
import { LIBRARY } from "../../support/law.ts";

const NOW = new Date("2026-03-03T10:00:00.500Z");
const facts = {
  ...firstFacts({
    whatHappened: "Ada Example’s secret",
    dataElements: [{ element: "religion" as const, state: "confirmed" as const }],
  }),
  people: [{ jurisdiction: "DE", count: 3 }],
  role: "controller" as const,
};
const answers = { given: {}, events: {}, met: {}, risk: "high-risk" as const };
const incident = { awareAt: new Date("2026-03-02T08:15:00Z"), awareZone: "Europe/Berlin" };
const { obligations } = assess(incident, facts, LIBRARY, answers);
const obligation = obligations.find(({ id }) => id.startsWith("eu-gdpr-33/regulator/initial"));

function aDeadline(over: Partial<Deadline["clock"]> = {}): Deadline {
  if (!obligation) throw new Error("The GDPR asks to tell an authority.");
  const settled = { ...obligation, questions: [] };
  const clock = { state: "running" as const, needsReason: false, ...over };
  const dueAt = obligation.due.at;
  const incidentId = "6b1f0c66-0d7e-4b83-9c6e-0f3c2c6c1a11";
  return { incidentId, obligation: settled, clock: { ...(dueAt && { dueAt }), ...clock } };
}

/** The events as another program reads them. */
function eventsOf(deadlines: readonly Deadline[]) {
  const calendar = new ICAL.Component(ICAL.parse(calendarOf(deadlines, NOW)));
  expect(calendar.getFirstPropertyValue("version")).toBe("2.0");
  return calendar.getAllSubcomponents("vevent").map((each) => new ICAL.Event(each));
}

describe("the calendar", () => {
  test("shows a clock at the second it runs out, and says of what, not of whom", () => {
    const [event] = eventsOf([aDeadline()]);
    expect(event?.startDate.toJSDate()).toEqual(new Date("2026-03-05T08:15:00Z"));
    expect(event?.summary).toBe(
      "Candor: clock of incident 6b1f0c66: EU GDPR 33, authority, initial due",
    );
    expect(event?.description).toBe(
      "Thu 5 March 2026, 09:15 (Europe/Berlin)\neu-gdpr-33/regulator/initial@DE",
    );
    const open = { ...aDeadline().obligation, questions: ["risk"] };
    const [hanging] = eventsOf([{ ...aDeadline(), obligation: open }]);
    expect(hanging?.summary).toBe(`${event?.summary ?? ""} (a question is open)`);
    expect(calendarOf([aDeadline()], NOW)).not.toMatch(/Ada|secret|religio/);
  });

  test("keeps an entry’s name while its time moves, so that calendars move it too", () => {
    const later = new Date("2026-03-09T08:15:00Z");
    const [one, other] = [aDeadline(), aDeadline({ dueAt: later, state: "paused" })].map(
      (each) => eventsOf([each])[0],
    );
    expect(one?.uid).toBe(other?.uid);
    expect(other?.startDate.toJSDate()).toEqual(later);
    expect(other?.summary).toMatch(/due, on hold$/);
  });

  test("leaves out what asks nothing of anybody any more", () => {
    const states = ["met", "not-applicable", "missed"] as const;
    expect(eventsOf(states.map((state) => aDeadline({ state })))).toEqual([]);
    const [overdue] = eventsOf([aDeadline({ state: "missed", needsReason: true })]);
    expect(overdue?.summary).toMatch(/initial overdue$/);
  });

  test("is a calendar with nothing in it where nothing is due", () => {
    expect(eventsOf([])).toEqual([]);
  });

  test("folds lines at 75 octets, within no character, and ends each as RFC 5545 says", () => {
    const long = aDeadline();
    const rule = { ...long.obligation.rule, id: `é,;\\${"规则".repeat(60)}` };
    const deadline = { ...long, obligation: { ...long.obligation, rule } };
    const text = calendarOf([deadline], NOW);
    expect(text.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    for (const line of text.split("\r\n")) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    expect(eventsOf([deadline])[0]?.summary).toContain(`É,;\\${"规则".repeat(60)}, authority`);
  });
});

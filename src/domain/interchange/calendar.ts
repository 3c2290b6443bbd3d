import { createHash } from "node:crypto";

import { RECIPIENT_WORDS, timeIn } from "../obligation/telling.ts";
import type { Clock } from "../obligation/clock.ts";
import type { Obligation } from "../obligation.ts";

/** A clock as a calendar shows it. */
export interface Deadline {
  readonly incidentId: string;
  readonly obligation: Pick<Obligation, "id" | "rule" | "to" | "stage" | "due" | "questions">;
  readonly clock: Pick<Clock, "state" | "dueAt" | "needsReason">;
}

/**
 * The clocks that still ask something of somebody, as an iCalendar feed (RFC 5545): those that run,
 * those on hold, and those that ran out without anybody saying why. A calendar is read by strangers
 * over a shoulder, and its keeper is another company: an entry names the incident by eight digits
 * of its id and the rule by its code; never the title, what happened, or anybody.
 */
export function calendarOf(deadlines: readonly Deadline[], now: Date): string {
  const events = deadlines
    .flatMap((each) => eventOf(each, now))
    .map((lines) => ["BEGIN:VEVENT", ...lines, "END:VEVENT"]);
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Candor//Deadlines//EN",
    "CALSCALE:GREGORIAN",
    "METHOD:PUBLISH",
    "NAME:Candor deadlines",
    "X-WR-CALNAME:Candor deadlines",
    "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
    "X-PUBLISHED-TTL:PT1H",
    ...events.flat(),
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join("");
}

/** What a clock is called in a calendar. */
export function summaryOf({ incidentId, obligation, clock }: Deadline): string {
  const { rule, to, stage, questions } = obligation;
  const state = clock.needsReason ? "overdue" : clock.state === "paused" ? "due, on hold" : "due";
  const open = questions.length > 0 ? " (a question is open)" : "";
  const name = rule.id.toUpperCase().replaceAll("-", " ");
  const what = `${name}, ${RECIPIENT_WORDS[to]}, ${stage}`;
  return `Candor: clock of incident ${incidentId.slice(0, 8)}: ${what} ${state}${open}`;
}

function eventOf(deadline: Deadline, now: Date): string[][] {
  const { incidentId, obligation, clock } = deadline;
  const { dueAt, state, needsReason } = clock;
  if (dueAt === undefined || !(needsReason || state === "running" || state === "paused")) return [];
  const uid = createHash("sha256").update(`${incidentId} ${obligation.id}`).digest("hex");
  return [
    [
      `UID:${uid.slice(0, 32)}@candor.invalid`,
      `DTSTAMP:${utc(now)}`,
      `DTSTART:${utc(dueAt)}`,
      `SUMMARY:${escaped(summaryOf(deadline))}`,
      `DESCRIPTION:${escaped(`${timeIn(dueAt, obligation.due.zone)}\n${obligation.id}`)}`,
      "CLASS:PRIVATE",
      "TRANSP:TRANSPARENT",
      `STATUS:${state === "paused" ? "TENTATIVE" : "CONFIRMED"}`,
    ],
  ];
}

/** `20260305T081500Z` (RFC 5545 3.3.5); a moment late is late, so it is cut to the second. */
function utc(at: Date): string {
  return at
    .toISOString()
    .replace(/[.]\d{3}/, "")
    .replaceAll(/[-:]/g, "");
}

/** Text as RFC 5545 3.3.11 wants it. */
function escaped(text: string): string {
  return text.replaceAll(/[\\;,]/g, "\\$&").replaceAll("\n", "\\n");
}

/** Lines of at most 75 octets, never cut within a character (RFC 5545 3.1). */
function folded(line: string): string {
  const lines: string[] = [];
  let current = "";
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > LINE_OCTETS_MAX) {
      lines.push(current);
      current = " ";
      octets = 1;
    }
    current += character;
    octets += size;
  }
  return [...lines, current].join("\r\n");
}

const LINE_OCTETS_MAX = 75;

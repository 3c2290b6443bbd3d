import { DateTime } from "luxon";

import type { RecipientKind } from "../law.ts";
import type { ClockState, Mark } from "../obligation.ts";

/** What a mark means, for a person who decides by it. */
export const MARK_WORDS: Readonly<Record<Mark, string>> = {
  "safe-branch": "a question is open, so the safe branch was taken",
  "rests-on-recall": "rests on recall: confirm with counsel",
  "start-unknown": "when this rule came into force is not known: confirm with counsel",
  "todays-text": "assessed under today's text, which may not be that of the incident's time",
  voluntary: "voluntary: asked for, not required",
  contractual: "from a contract, not from a law",
};

/** Who is told, in words. */
export const RECIPIENT_WORDS: Readonly<Record<RecipientKind, string>> = {
  individuals: "people affected",
  regulator: "authority",
  csirt: "CSIRT",
  "consumer-reporting-agencies": "consumer reporting agencies",
  media: "media",
  "law-enforcement": "law enforcement",
  controller: "controller",
  customer: "customer",
  "card-brand": "card brand",
  insurer: "insurer",
};

/** Where a clock stands, in words. */
export const STATE_WORDS: Readonly<Record<ClockState, string>> = {
  running: "running",
  paused: "on hold",
  met: "met",
  missed: "missed",
  "not-applicable": "set aside",
};

/** An instant as clocks in a zone show it, with the zone named: `Thu 5 March 2026, 09:15 (Europe/Berlin)`. */
export function timeIn(at: Date, zone: string): string {
  const there = DateTime.fromJSDate(at, { zone }).setLocale("en-GB");
  return `${there.toFormat("ccc d MMMM yyyy, HH:mm")} (${zone})`;
}

/** How long there is until an instant, or since: `53 hours 20 minutes left`, `2 days 5 hours late`. */
export function leftUntil(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  return `${span(Math.abs(ms))} ${ms >= 0 ? "left" : "late"}`;
}

/** A length of time in the two largest units that tell something. */
function span(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  const hours = Math.floor(minutes / 60);
  if (hours >= DAYS_FROM_HOURS) return both([Math.floor(hours / 24), "day"], [hours % 24, "hour"]);
  if (hours > 0) return both([hours, "hour"], [minutes % 60, "minute"]);
  return counted(minutes, "minute");
}

function both(large: readonly [number, string], small: readonly [number, string]): string {
  return small[0] === 0 ? counted(...large) : `${counted(...large)} ${counted(...small)}`;
}

function counted(n: number, unit: string): string {
  return `${n} ${unit}${n === 1 ? "" : "s"}`;
}

/** Below this, laws count in hours, and so do we. */
const DAYS_FROM_HOURS = 73;

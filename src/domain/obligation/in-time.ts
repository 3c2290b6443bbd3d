import type { Rule } from "../law.ts";
import type { Mark, WhyNot } from "../obligation.ts";
import { addMonths } from "./calendar.ts";
import type { Catalogue } from "./catalogue.ts";

/** Whether a rule bound on the day of an incident: the marks it carries then, or why it did not. */
export type InTime = { readonly marks: readonly Mark[] } | Pick<WhyNot, "because" | "upcoming">;

/**
 * Whether a rule applies to an incident of a day. A rule is chosen by that day and not by today.
 * Where the incident is older than all that is known of a law, today's text is taken and marked:
 * a missing history never makes a duty vanish. The text that a newer one replaced gives way from
 * the newer one's first day; a law that is not in force is only announced.
 */
export function inTime(rule: Rule, day: string, rules: Pick<Catalogue, "byId" | "newer">): InTime {
  const { from, to } = rule.inForce;
  const starts = from === "start-unknown" ? undefined : from;
  if (rule.status === "no-duty") return { because: noDuty(rule) };
  const pending = PENDING[rule.status];
  const begun = starts !== undefined && starts <= day;
  if (pending !== undefined && !(rule.status === "enacted-not-in-force" && begun))
    return { because: startWords(pending, starts), upcoming: true };
  const next = rules.newer.get(rule.id);
  if (next && bindsFrom(next, day))
    return { because: `Its newer text took over on ${next.inForce.from}: ${next.id}.` };
  if (to !== undefined && to < day) return { because: `It applied until ${to} only.` };
  const older = rule.replaces === undefined ? undefined : rules.byId.get(rule.replaces);
  if (starts !== undefined && day < starts && older)
    return { because: `It applies from ${starts}; before, its older text does: ${older.id}.` };
  return { marks: marksOf(rule, day, starts) };
}

function bindsFrom({ inForce, status }: Rule, day: string): boolean {
  const binding = PENDING[status] === undefined || status === "enacted-not-in-force";
  return binding && inForce.from !== "start-unknown" && inForce.from <= day;
}

function marksOf({ status, provenance }: Rule, day: string, starts: string | undefined): Mark[] {
  const before = starts !== undefined && day < starts;
  const stale = addMonths(day, STALE_MONTHS) < `${provenance.asOf}-01`;
  const uncertain = starts === undefined || status === "upheld-but-effective-date-uncertain";
  return [
    ...(provenance.established === "recall" ? (["rests-on-recall"] as const) : []),
    ...(uncertain ? (["start-unknown"] as const) : []),
    ...(before || stale ? (["todays-text"] as const) : []),
    ...(status === "voluntary" || status === "contractual" ? [status] : []),
  ];
}

function noDuty({ notes = [], threshold }: Rule): string {
  return threshold ?? notes[0] ?? "No general duty is known there.";
}

function startWords(pending: string, starts: string | undefined): string {
  return starts === undefined ? `${pending}.` : `${pending}: it applies from ${starts}.`;
}

/** What is not in force at all, in words. */
const PENDING: Readonly<Partial<Record<Rule["status"], string>>> = {
  "enacted-not-in-force": "It is enacted and not yet in force",
  "enacted-not-operational": "It is in force on paper and cannot be applied yet",
  "proposal-not-in-force": "It is proposed and not law",
  "bill-not-in-force": "It is a bill and not law",
  "not-in-force": "It is not in force",
};
/** After so long a text may have changed unseen. */
const STALE_MONTHS = 24;

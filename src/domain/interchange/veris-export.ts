import { DateTime } from "luxon";
import { z } from "zod";

import type { Incident } from "../incident.ts";
import { Instant, NOT_YET_KNOWN, Zone } from "../instant.ts";
import type { Moment } from "../instant.ts";
import { ScopeFacts } from "../scope.ts";
import { INDUSTRY_OF, INDUSTRY_UNKNOWN, PRECISIONS, VARIETY_OF } from "./veris-words.ts";

/** The facts that leave with an export: codes, counts and times. What people wrote stays here. */
export const CodedFacts = ScopeFacts.pick({
  dataElements: true,
  occurredFrom: true,
  occurredTo: true,
  discoveredAt: true,
  containedAt: true,
  people: true,
  encryption: true,
  keyState: true,
  sector: true,
  role: true,
});

/**
 * What VERIS has no word for, in its place for extensions (`plus`), so that another Candor reads
 * back exactly what this one knew.
 */
export const Detail = z.strictObject({
  version: z.literal(1),
  awareAt: Instant,
  awareZone: Zone,
  facts: CodedFacts,
});

/**
 * An incident as VERIS 1.4 JSON. What Candor does not know is *Unknown*, as VERIS asks; how it came
 * about and who did it are in free text here, and so are those. No free text leaves: it may name
 * people, and the title may say what nobody should read.
 */
export function verisOf(incident: Incident, facts: ScopeFacts) {
  const start = [facts.occurredFrom, facts.discoveredAt].find(isKnown) ?? awareness(incident);
  const detail: z.input<typeof Detail> = {
    version: 1,
    awareAt: incident.awareAt.toISOString(),
    awareZone: incident.awareZone,
    facts: z.encode(CodedFacts.strip(), facts),
  };
  return {
    schema_version: "1.4.0",
    schema_name: "verisc",
    incident_id: incident.id,
    source_id: "candor",
    security_incident: CERTAINTY[incident.determination],
    summary: "",
    timeline: {
      incident: dateOf(start),
      discovery: spanOf(facts.occurredFrom, facts.discoveredAt),
      containment: spanOf(facts.discoveredAt, facts.containedAt),
    },
    victim: {
      country: ["Unknown"],
      employee_count: "Unknown",
      government: ["Unknown"],
      industry: facts.sector === NOT_YET_KNOWN ? INDUSTRY_UNKNOWN : INDUSTRY_OF[facts.sector],
    },
    actor: { unknown: {} },
    action: { unknown: {} },
    asset: { assets: [{ variety: "Unknown" }], cloud: ["Unknown"] },
    attribute: { confidentiality: confidentialityOf(facts) },
    discovery_method: { unknown: true },
    ...(start !== facts.occurredFrom && { notes: NOT_THE_START }),
    plus: { candor: detail },
  };
}
export type Veris = ReturnType<typeof verisOf>;

function confidentialityOf({ dataElements, people, encryption }: ScopeFacts) {
  const exposed = dataElements.filter(({ state }) => state !== "ruled-out");
  const varieties = new Set(exposed.map(({ element }) => VARIETY_OF[element]));
  const total =
    people === NOT_YET_KNOWN ? undefined : people.reduce((sum, { count }) => sum + count, 0);
  return {
    data_disclosure: disclosureOf(dataElements),
    ...(total !== undefined && { data_total: total }),
    ...(varieties.size > 0 && { data: [...varieties].map((variety) => ({ variety })) }),
    data_victim: ["Unknown"],
    state: STATES[encryption],
  };
}

function disclosureOf(elements: ScopeFacts["dataElements"]): "Yes" | "Potentially" | "No" {
  if (elements.some(({ state }) => state === "confirmed")) return "Yes";
  return elements.some(({ state }) => state === "suspected") ? "Potentially" : "No";
}

/** Year, month and day as far as they are known; VERIS has a time, and no zone to read it in. */
function dateOf({ at, zone, precision }: Moment) {
  const { year, month, day } = DateTime.fromJSDate(at, { zone });
  if (precision === "year") return { year };
  return precision === "month" || precision === "week" ? { year, month } : { year, month, day };
}

/** How long from one moment to another, in the unit of the one that is known less precisely. */
function spanOf(from: ScopeFacts["occurredFrom"], to: ScopeFacts["occurredFrom"]) {
  if (from === NOT_YET_KNOWN || to === NOT_YET_KNOWN) return { unit: "Unknown" as const };
  const coarser = Math.max(PRECISIONS.indexOf(from.precision), PRECISIONS.indexOf(to.precision));
  const { key, unit } = SPANS[PRECISIONS[coarser] ?? "year"];
  const start = DateTime.fromJSDate(from.at, { zone: from.zone });
  const length = DateTime.fromJSDate(to.at, { zone: from.zone }).diff(start, key).as(key);
  return { unit, value: Math.max(0, Math.floor(length)) };
}

function awareness({ awareAt, awareZone }: Incident): Moment {
  return { at: awareAt, zone: awareZone, precision: "minute" };
}

function isKnown(moment: ScopeFacts["occurredFrom"]): moment is Moment {
  return moment !== NOT_YET_KNOWN;
}

const CERTAINTY = {
  suspected: "Suspected",
  confirmed: "Confirmed",
  "false-positive": "False positive",
} as const;
/** Stored is the reading of data that were breached; Candor does not ask whether they moved. */
const STATES: Readonly<Record<ScopeFacts["encryption"], readonly string[]>> = {
  none: ["Stored", "Stored unencrypted"],
  partial: ["Stored", "Stored encrypted", "Stored unencrypted"],
  full: ["Stored", "Stored encrypted"],
  [NOT_YET_KNOWN]: ["Unknown"],
};
const SPANS = {
  minute: { key: "minutes", unit: "Minutes" },
  hour: { key: "hours", unit: "Hours" },
  day: { key: "days", unit: "Days" },
  week: { key: "weeks", unit: "Weeks" },
  month: { key: "months", unit: "Months" },
  year: { key: "years", unit: "Years" },
} as const;
const NOT_THE_START =
  "When it began is not known: timeline.incident is when it was discovered, or when the organisation became aware.";

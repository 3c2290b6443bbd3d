import { DateTime } from "luxon";

import type { ExposedElement } from "../element.ts";
import type { Declaration, Determination } from "../incident.ts";
import { NOT_YET_KNOWN } from "../instant.ts";
import type { Moment } from "../instant.ts";
import { firstFacts } from "../scope.ts";
import type { ScopeFacts } from "../scope.ts";
import { fieldOf, leavesOf } from "./unread.ts";
import type { Unread } from "./unread.ts";
import type { VerisGiven, VerisImport } from "./veris-form.ts";
import { ELEMENT_OF, PRECISIONS, PRECISION_OF, sectorOf } from "./veris-words.ts";

/** What a file says of an incident, in our words. */
export interface ReadIncident {
  readonly declaration: Declaration;
  readonly facts: ScopeFacts;
  readonly determination: Determination;
  /** What was read into it, each a sentence for a person to check. */
  readonly assumed: readonly string[];
  readonly unread: readonly Unread[];
}

/**
 * Read an incident from VERIS. What another Candor wrote beside it (`plus.candor`) is read back
 * as it was; otherwise kinds of data are read from varieties that are coarser, which is said in
 * `assumed`. Every field that says something and was not taken over is in `unread`.
 */
export function readVeris({ veris, zone, awareAt, title }: VerisImport): ReadIncident {
  const detail = veris.plus?.candor;
  const read = detail ? { facts: detail.facts, assumed: [] } : readPlain(veris, zone);
  const assumed: string[] = [...read.assumed];
  const whatHappened = veris.summary?.trim() || "Imported from VERIS, which gave no summary.";
  const facts = {
    ...firstFacts({ whatHappened, dataElements: read.facts.dataElements }),
    ...read.facts,
  };
  if (veris.security_incident === "Near miss")
    assumed.push("A near miss is kept as suspected: decide whether it was a breach.");
  return {
    declaration: {
      title: title ?? titleOf(veris.incident_id),
      whatHappened,
      dataElements: facts.dataElements,
      ...awarenessOf({ awareAt, detail, facts, zone }, assumed),
    },
    facts,
    determination: DETERMINATIONS[veris.security_incident],
    assumed,
    unread: unreadOf(veris, detail !== undefined),
  };
}

type Read = Pick<ReadIncident, "assumed"> & {
  readonly facts: Partial<ScopeFacts> & Pick<ScopeFacts, "dataElements">;
};

function readPlain(veris: VerisGiven, zone: string): Read {
  const { timeline, victim, attribute } = veris;
  const occurredFrom = startOf(timeline.incident, zone);
  const discoveredAt = after(occurredFrom, timeline.discovery);
  const { dataElements, assumed } = elementsOf(veris);
  return {
    facts: {
      dataElements,
      occurredFrom,
      discoveredAt,
      containedAt:
        discoveredAt === NOT_YET_KNOWN ? NOT_YET_KNOWN : after(discoveredAt, timeline.containment),
      encryption: encryptionOf(attribute?.confidentiality?.state ?? []),
      sector: victim?.industry === undefined ? NOT_YET_KNOWN : sectorOf(victim.industry),
    },
    assumed,
  };
}

function startOf(
  { year, month, day, time }: VerisGiven["timeline"]["incident"],
  zone: string,
): Moment {
  const date = DateTime.fromObject({ year, month: month ?? 1, day: day ?? 1 }, { zone });
  if (month === undefined) return { at: date.toJSDate(), zone, precision: "year" };
  if (day === undefined) return { at: date.toJSDate(), zone, precision: "month" };
  if (time === undefined) return { at: date.toJSDate(), zone, precision: "day" };
  const clock = DateTime.fromFormat(`${date.toISODate()} ${time}`, "yyyy-MM-dd hh:mm:ss a", {
    zone,
    locale: "en-US",
  });
  return { at: clock.toJSDate(), zone, precision: "minute" };
}

/** A moment some time after another; as precise as the vaguer of the two. */
function after(
  from: Moment,
  span: VerisGiven["timeline"]["discovery"],
): Moment | typeof NOT_YET_KNOWN {
  const precision = span && PRECISION_OF[span.unit];
  if (!span || span.value === undefined || precision === undefined) return NOT_YET_KNOWN;
  const at = DateTime.fromJSDate(from.at, { zone: from.zone }).plus({
    [span.unit.toLowerCase()]: span.value,
  });
  const vaguer = Math.max(PRECISIONS.indexOf(precision), PRECISIONS.indexOf(from.precision));
  return { at: at.toJSDate(), zone: from.zone, precision: PRECISIONS[vaguer] ?? "year" };
}

function elementsOf({ attribute }: VerisGiven) {
  const { data = [], data_disclosure: disclosed } = attribute?.confidentiality ?? {};
  const state = STATE_OF[disclosed ?? "Unknown"];
  const elements = [...new Set(data.flatMap(({ variety }) => ELEMENT_OF[variety] ?? []))];
  if (elements.length === 0) {
    const dataElements: ExposedElement[] = [{ element: "other", state }];
    return { dataElements, assumed: ["No kind of personal data is named: name those exposed."] };
  }
  const dataElements = elements.map((element): ExposedElement => ({ element, state }));
  return { dataElements, assumed: [COARSE] };
}

function encryptionOf(states: readonly string[]): ScopeFacts["encryption"] {
  const encrypted = states.some((state) => state.endsWith(" encrypted"));
  const readable = states.some((state) => state.endsWith("unencrypted") || state === "Printed");
  if (encrypted && readable) return "partial";
  if (encrypted) return "full";
  return readable ? "none" : NOT_YET_KNOWN;
}

interface Awareness {
  readonly awareAt: Date | undefined;
  readonly detail: { readonly awareAt: Date; readonly awareZone: string } | undefined;
  readonly facts: ScopeFacts;
  readonly zone: string;
}

/** VERIS does not say when we became aware: the earliest that it can have been starts the clocks. */
function awarenessOf({ awareAt, detail, facts, zone }: Awareness, assumed: string[]) {
  if (awareAt !== undefined) return { awareAt, awareZone: zone };
  if (detail !== undefined) return { awareAt: detail.awareAt, awareZone: detail.awareZone };
  const { discoveredAt, occurredFrom } = facts;
  const known = discoveredAt === NOT_YET_KNOWN ? occurredFrom : discoveredAt;
  if (known === NOT_YET_KNOWN) throw new Error("A VERIS incident has a year.");
  const what = discoveredAt === NOT_YET_KNOWN ? "when it began" : "when it was discovered";
  assumed.push(`VERIS does not say when you became aware; taken is ${what}.`);
  return { awareAt: known.at, awareZone: zone };
}

function unreadOf(veris: VerisGiven, hasDetail: boolean): Unread[] {
  const found = leavesOf(veris).flatMap(({ path, value }) => {
    const field = fieldOf(path);
    const pattern = path.map((part) => (/^\d+$/.test(part) ? "*" : part)).join(".");
    if (SAYS_NOTHING.has(value) || isEmpty(value) || pattern.startsWith("plus.candor.")) return [];
    const because = hasDetail ? undefined : NOT_TAKEN[pattern]?.(veris, value);
    if (because !== undefined) return [{ field, because }];
    return READ.has(pattern) ? [] : [{ field, because: "Candor keeps no such fact." }];
  });
  return found.toSorted((one, other) => (one.field < other.field ? -1 : 1));
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function spanUnread(span: VerisGiven["timeline"]["discovery"]): string | undefined {
  if (span === undefined || PRECISION_OF[span.unit] === undefined) return "It tells no time.";
  return span.value === undefined ? "A unit without a number tells no time." : undefined;
}

function titleOf(id: string): string {
  return /^[\w.-]{1,60}$/.test(id) ? `VERIS incident ${id}` : "VERIS incident";
}

const DETERMINATIONS = {
  Confirmed: "confirmed",
  Suspected: "suspected",
  "Near miss": "suspected",
  "False positive": "false-positive",
} as const;
const STATE_OF = {
  Yes: "confirmed",
  Potentially: "suspected",
  Unknown: "suspected",
  No: "ruled-out",
} as const;
const COARSE =
  "Kinds of data in VERIS are coarser than ours: check the list, and name the others exposed.";
/** What VERIS writes where nobody knows. */
const SAYS_NOTHING: ReadonlySet<unknown> = new Set(["Unknown", "", null, false]);
const READ: ReadonlySet<string> = new Set([
  "schema_version",
  "schema_name",
  "incident_id",
  "source_id",
  "security_incident",
  "summary",
  "notes",
  "discovery_method.unknown",
  "timeline.incident.year",
  "timeline.incident.month",
  "timeline.incident.day",
  "timeline.incident.time",
  "timeline.discovery.unit",
  "timeline.discovery.value",
  "timeline.containment.unit",
  "timeline.containment.value",
  "victim.industry",
  "attribute.confidentiality.data_disclosure",
  "attribute.confidentiality.data_total",
  "attribute.confidentiality.data.*.variety",
  "attribute.confidentiality.state.*",
]);
/** Fields that are read, but not whatever they say: why this one was not. */
const NOT_TAKEN: Readonly<
  Record<string, (veris: VerisGiven, value: unknown) => string | undefined>
> = {
  source_id: () => "Where a file comes from is not kept.",
  notes: () => "Notes are not kept; copy what matters into what happened.",
  "timeline.discovery.unit": ({ timeline }) => spanUnread(timeline.discovery),
  "timeline.containment.unit": ({ timeline }) =>
    timeline.discovery?.value === undefined
      ? "It counts from the discovery, which is not known."
      : spanUnread(timeline.containment),
  "timeline.discovery.value": ({ timeline }) => spanUnread(timeline.discovery),
  "timeline.containment.value": ({ timeline }) =>
    timeline.discovery?.value === undefined
      ? "It counts from the discovery, which is not known."
      : spanUnread(timeline.containment),
  "attribute.confidentiality.data_total": () =>
    "Records are not people, and Candor counts people by where they live: enter them.",
  "attribute.confidentiality.data.*.variety": (_veris, value) =>
    Object.hasOwn(ELEMENT_OF, String(value)) ? undefined : "This is no kind of personal data.",
  "attribute.confidentiality.state.*": (_veris, value) =>
    /crypted$|^Printed$|^Stored$/.test(String(value))
      ? undefined
      : "It says nothing of encryption.",
};

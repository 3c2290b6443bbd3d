import type { Element } from "../element.ts";
import type { Incident } from "../incident.ts";
import { NOT_YET_KNOWN } from "../instant.ts";
import type { Library } from "../law.ts";
import type { Answers } from "../obligation.ts";
import type { ScopeFacts } from "../scope.ts";

/** What an assessment reads of an incident. */
export type AssessedIncident = Pick<Incident, "awareAt" | "awareZone">;

/** What an assessment reads of a scope. */
export type AssessedFacts = Pick<
  ScopeFacts,
  | "dataElements"
  | "people"
  | "encryption"
  | "keyState"
  | "sector"
  | "role"
  | "discoveredAt"
  | "occurredFrom"
>;

/** The facts as conditions read them, seen from one place. */
export interface Scene {
  readonly exposed: ReadonlyMap<Element, "suspected" | "confirmed">;
  readonly facts: AssessedFacts;
  readonly answers: Answers;
  /** The place whose people are counted. */
  readonly place: string;
  /** People there; absent where not yet known. */
  readonly persons: number | undefined;
  readonly everywhere: number | undefined;
  /** What a question asks, for people to read. */
  readonly asks: (code: string) => string;
}

/** The kinds of data that were exposed as far as anybody knows; those ruled out were not. */
export function exposedOf({ dataElements }: AssessedFacts): Scene["exposed"] {
  const exposed = new Map<Element, "suspected" | "confirmed">();
  for (const { element, state } of dataElements)
    if (state === "confirmed" || (state === "suspected" && !exposed.has(element)))
      exposed.set(element, state);
  return exposed;
}

/**
 * People per jurisdiction, each once, in the order of their codes; absent where not yet known.
 * A jurisdiction of two codes has the one under which its law is: `US-PR` of `PR`.
 */
export function peopleOf(
  { people }: AssessedFacts,
  places: Library["places"],
): ReadonlyMap<string, number> | undefined {
  if (people === NOT_YET_KNOWN) return undefined;
  const counts = new Map<string, number>();
  for (const { jurisdiction, count } of people) {
    const place = places.get(jurisdiction)?.as ?? jurisdiction;
    counts.set(place, (counts.get(place) ?? 0) + count);
  }
  return new Map([...counts].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

/** How many people these are together. */
export function sumOf(people: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of people.values()) sum += count;
  return sum;
}

/** The country of a jurisdiction: `US` of `US-CA`. */
export function countryOf(jurisdiction: string): string {
  return jurisdiction.slice(0, 2);
}

import { z } from "zod";

import { NOT_YET_KNOWN } from "../instant.ts";
import { Jurisdiction } from "../scope.ts";
import type { ScopeFacts } from "../scope.ts";
import { isPartOf } from "./residence.ts";

/** How many people of a place an audience has; null is a place that is not known. */
export const PlaceCount = z.object({ place: z.string().nullable(), people: z.int() });
export type PlaceCount = z.output<typeof PlaceCount>;

/** A place of which the scope and the audience say different things. */
export const ResidentsDiffer = z.object({
  /** Null: people whose place the audience does not say. */
  place: Jurisdiction.nullable(),
  /** As the scope has it; 0 where it does not name the place. */
  scope: z.int(),
  audience: z.int(),
  message: z.string(),
});
export type ResidentsDiffer = z.output<typeof ResidentsDiffer>;

/**
 * Where the people of an audience live against what the scope says, place by place; nothing while
 * that is not yet known. A place that the scope names whole (`US`) counts all of its parts that it
 * does not name. Duties hang on the scope's counts, messages go to the audience: a difference is a
 * finding about one of the two.
 */
export function residentsDiffer(
  stated: ScopeFacts["people"],
  found: readonly PlaceCount[],
): ResidentsDiffer[] {
  if (stated === NOT_YET_KNOWN) return [];
  const scope = new Map<string, number>();
  for (const { jurisdiction, count } of stated)
    scope.set(jurisdiction, (scope.get(jurisdiction) ?? 0) + count);
  const audience = new Map<string | null, number>();
  for (const { place, people } of found) {
    const at = place === null ? null : (namedFor(place, scope) ?? place);
    audience.set(at, (audience.get(at) ?? 0) + people);
  }
  const places = [...new Set([...scope.keys(), ...audience.keys()])];
  return places
    .map((place) => ({
      place,
      scope: place === null ? 0 : (scope.get(place) ?? 0),
      audience: audience.get(place) ?? 0,
    }))
    .filter((each) => each.scope !== each.audience)
    .toSorted((one, other) => ((one.place ?? "~") < (other.place ?? "~") ? -1 : 1))
    .map((each) => ({ ...each, message: sentence(each) }));
}

/** The place under which the scope counts people of this one. */
function namedFor(place: string, scope: ReadonlyMap<string, number>): string | undefined {
  if (scope.has(place)) return place;
  return [...scope.keys()].find((each) => isPartOf(place, each));
}

function sentence({ place, scope, audience }: Omit<ResidentsDiffer, "message">): string {
  if (place === null)
    return `Of ${people(audience)} in the audience nobody knows where they live. Give country and region, or they are told as the strictest law wants.`;
  if (scope === 0)
    return `The audience has ${people(audience)} of ${place}, which the scope does not name. Name it, or its law is not looked at.`;
  return `The scope says ${people(scope)} of ${place}; the audience has ${audience.toLocaleString("en")}.`;
}

function people(count: number): string {
  return count === 1 ? "1 person" : `${count.toLocaleString("en")} people`;
}

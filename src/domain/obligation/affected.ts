import type { Library, Rule } from "../law.ts";
import type { Answers } from "../obligation.ts";
import { catalogueOf } from "./catalogue.ts";
import { countryOf, sumOf } from "./scene.ts";

/** A rule that an incident brings up, and why it does. */
export interface Considered {
  readonly rule: Rule;
  /** Affected people whom it may protect, per jurisdiction; absent where not yet known. */
  readonly people: ReadonlyMap<string, number> | undefined;
  /** Where we are established, if that is where the rule applies. */
  readonly establishedIn: string | undefined;
}

type People = ReadonlyMap<string, number> | undefined;

/**
 * The rules of the places that an incident touches: those where affected people live, a state's
 * and its federation's; the Union's where a member is touched; those of the place where we are
 * established; and every contract.
 */
export function consideredRules(
  library: Library,
  people: People,
  { establishment }: Pick<Answers, "establishment">,
): Considered[] {
  const { byPlace, unions } = catalogueOf(library);
  const places = new Set(people?.keys());
  if (establishment !== undefined) places.add(establishment);
  const near = new Set([...places].flatMap((place) => [place, countryOf(place)]));
  const national = [...near, CONTRACT].flatMap((place) => byPlace.get(place) ?? []);
  return [...new Set([...national, ...unions])].flatMap((rule) => {
    const lies = within(rule, unions);
    const there = people && only(people, lies);
    const establishedIn =
      establishment !== undefined && lies(establishment) ? establishment : undefined;
    const touched = rule.jurisdiction === CONTRACT || establishedIn !== undefined || there?.size;
    return touched ? { rule, people: there, establishedIn } : [];
  });
}

/**
 * Affected places of whose law the library holds nothing general: no rule of their own, and none
 * of their federation or union but those of some trades.
 */
export function placesWithoutRule(library: Library, places: readonly string[]): string[] {
  const { byPlace, unions } = catalogueOf(library);
  return places.filter((place) => {
    if (byPlace.has(place)) return false;
    const above = [...(byPlace.get(countryOf(place)) ?? []), ...unions.filter(reaches(place))];
    return !above.some(({ sector }) => sector === null);
  });
}

/**
 * Countries for which people are counted although law of their parts is known and may bind: the
 * state in which they live must still be found out.
 */
export function placesInParts(library: Library, places: readonly string[]): string[] {
  const { byPlace } = catalogueOf(library);
  const divided = new Set([...byPlace.keys()].filter(isPart).map(countryOf));
  return places.filter((place) => divided.has(place));
}

/** Whether a jurisdiction is a part of a country: `US-CA`. */
export function isPart(jurisdiction: string): boolean {
  return jurisdiction.length > 2;
}

/** Which jurisdictions a rule is of. */
function within(rule: Rule, unions: readonly Rule[]): (place: string) => boolean {
  if (rule.jurisdiction === CONTRACT) return () => true;
  if (unions.includes(rule)) return reachedBy(rule);
  return (place) => place === rule.jurisdiction || countryOf(place) === rule.jurisdiction;
}

function reaches(place: string): (rule: Rule) => boolean {
  return (rule) => reachedBy(rule)(place);
}

function reachedBy({ appliesIn = [] }: Rule): (place: string) => boolean {
  return (place) => appliesIn.includes(place) || appliesIn.includes(countryOf(place));
}

function only(
  people: ReadonlyMap<string, number>,
  lies: (place: string) => boolean,
): ReadonlyMap<string, number> {
  return new Map([...people].filter(([place]) => lies(place)));
}

/** How many people, where that is known. */
export function countOf(people: People): number | undefined {
  return people && sumOf(people);
}

const CONTRACT = "XX";

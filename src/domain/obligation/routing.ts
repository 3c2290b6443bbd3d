import type { Authority, DutyRule } from "../law.ts";
import type { Considered } from "./affected.ts";
import { countOf, isPart } from "./affected.ts";
import type { Ground } from "./ground.ts";
import { countryOf } from "./scene.ts";

/** One of the places in which a duty is owed. */
export interface Spot {
  readonly place: string;
  /** `@FR` where the duty is owed in several; otherwise nothing. */
  readonly suffix: string;
  /** People whom the duty is about; absent where not yet known. */
  readonly persons: number | undefined;
  readonly authorities: readonly Authority[];
  /** Why here, as a sentence; none where it goes without saying. */
  readonly because: readonly string[];
  readonly open: readonly string[];
}

/**
 * Where a duty is owed, and to which authority. In a union the authority of our establishment
 * leads, where we have one in it; otherwise each authority where affected people live is told
 * (EDPB Guidelines 9/2022, paragraph 73). A duty owed *for each state* counts the people of each.
 */
export function spotsOf(duty: DutyRule, considered: Considered, ground: Ground): readonly Spot[] {
  const { rule, people, establishedIn } = considered;
  if (duty.each === "state") return eachPlace(people, rule.jurisdiction, ground, (place) => place);
  const { routing } = duty;
  if (routing === "each" || (routing === "lead-or-each" && establishedIn === undefined)) {
    const spots = eachPlace(people, rule.jurisdiction, ground, countryOf);
    return routing === "each" ? spots : spots.map((spot) => unled(spot, ground));
  }
  const persons = countOf(people);
  const bare = { suffix: "", persons, because: [], open: [], authorities: [] };
  if (routing === "lead-or-each" && establishedIn !== undefined) {
    const because = [`We are established in ${establishedIn}: the authority there leads.`];
    const authorities = authoritiesOf(ground, establishedIn);
    return [{ ...bare, place: establishedIn, authorities, because }];
  }
  const place = placeOf(considered);
  return [{ ...bare, place, authorities: routing === "own" ? authoritiesOf(ground, place) : [] }];
}

/** Authorities of a place, the likeliest first: its own, then those of its parts or its country. */
export function authoritiesOf({ library }: Pick<Ground, "library">, place: string): Authority[] {
  const country = countryOf(place);
  const rank = (authority: Authority) => {
    if (authority.place === place) return 0;
    const near = isPart(place) ? authority.place === country : countryOf(authority.place) === place;
    return near ? 1 : FAR;
  };
  const found = library.authorities.filter((authority) => rank(authority) < FAR);
  const own = found.filter((authority) => rank(authority) === 0);
  // A part that has an authority of its own does not report to its country's.
  if (isPart(place) && own.length > 0) return own;
  return found.toSorted((one, other) => rank(one) - rank(other));
}

function eachPlace(
  people: Considered["people"],
  whole: string,
  ground: Ground,
  group: (place: string) => string,
): Spot[] {
  if (!people) {
    const nowhere = { persons: undefined, authorities: [], because: [], open: [] };
    return [{ ...nowhere, place: whole, suffix: "" }];
  }
  const counts = new Map<string, number>();
  for (const [place, count] of people)
    counts.set(group(place), (counts.get(group(place)) ?? 0) + count);
  return [...counts].map(([place, persons]) => ({
    place,
    suffix: `@${place}`,
    persons,
    authorities: authoritiesOf(ground, place),
    because: [],
    open: [],
  }));
}

function unled(spot: Spot, { answers }: Ground): Spot {
  const known = answers.establishment !== undefined;
  const because = known
    ? "We are established outside: each authority where affected people live is told."
    : "Where we are established is not yet known: each authority where affected people live is told.";
  return { ...spot, because: [because], open: known ? [] : ["establishment"] };
}

/** The place by whose clocks a rule of a union runs: ours, the only one affected, or its own. */
function placeOf({ rule, people, establishedIn }: Considered): string {
  if (!rule.appliesIn) return rule.jurisdiction;
  if (establishedIn !== undefined) return establishedIn;
  const countries = [...new Set([...(people?.keys() ?? [])].map(countryOf))];
  const [only = rule.jurisdiction, ...others] = countries;
  return others.length === 0 ? only : rule.jurisdiction;
}

const FAR = 2;

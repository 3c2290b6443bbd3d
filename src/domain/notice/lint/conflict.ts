import { isPartOf } from "../../audience/residence.ts";
import type { Content } from "../../law/content.ts";
import type { Obligation } from "../../obligation.ts";

/*
 * Places whose laws cannot be met by one text. Massachusetts forbids to say what happened, which
 * everybody else has a right to read; Rhode Island wants the number of people, Illinois forbids it.
 */

/** Places that one text can serve, and what it must and must not say. */
export interface TextGroup {
  readonly places: readonly string[];
  readonly required: readonly Content[];
  readonly prohibited: readonly Content[];
  /** The title that a law of one of these places prescribes. */
  readonly title?: string;
}

/** Two places that cannot share a text, or one (twice) whose own laws clash. */
export interface Contradiction {
  readonly places: readonly [string, string];
  /** A sentence for the person who writes the texts. */
  readonly because: string;
}

export interface Contradictions {
  /** The first is the text for everybody else: it says most. */
  readonly groups: readonly TextGroup[];
  readonly reasons: readonly Contradiction[];
}

/** What an obligation asks of a text. */
export type Asked = Pick<Obligation, "to" | "place" | "contents" | "prohibited"> & {
  readonly duty: Pick<Obligation["duty"], "title" | "headings">;
};

/**
 * Divide the places of these obligations to individuals into as few groups as first-fit finds in a
 * fixed order, so that no text must say what it must not. Law of a country binds the text of each
 * of its parts. What the laws of one place ask against each other no division mends: it is named
 * as a reason of that place with itself.
 */
export function contradictions(obligations: readonly Asked[]): Contradictions {
  const demands = demandsOf(obligations.filter(({ to }) => to === "individuals"));
  const reasons: Contradiction[] = [];
  const apart = new Set<string>();
  for (const [at, one] of demands.entries())
    for (const other of demands.slice(at)) {
      const because = clash(one, other);
      if (because === undefined) continue;
      reasons.push({ places: [one.place, other.place], because });
      apart.add(`${one.place}/${other.place}`).add(`${other.place}/${one.place}`);
    }
  const groups: Demand[][] = [];
  for (const demand of demands) {
    const fits = (group: readonly Demand[]) =>
      group.every(({ place }) => !apart.has(`${place}/${demand.place}`));
    const group = groups.find(fits);
    if (group) group.push(demand);
    else groups.push([demand]);
  }
  return { groups: groups.map(groupOf), reasons };
}

/** What must not be said together with something forbidden: the thing itself, and all that tells it. */
export function tells(prohibited: Content): readonly Content[] {
  return TELLS[prohibited] ?? [prohibited];
}

/** What the laws of a place ask of the one text that its people read. */
interface Demand {
  readonly place: string;
  readonly required: readonly Content[];
  readonly prohibited: readonly Content[];
  readonly titles: readonly string[];
}

/** The places, those that forbid the least first: the first group is then for everybody else. */
function demandsOf(obligations: readonly Asked[]): Demand[] {
  const places = [...new Set(obligations.map(({ place }) => place))];
  return places
    .map((place) => demandOf(place, obligations))
    .toSorted((a, b) => a.prohibited.length - b.prohibited.length || (a.place < b.place ? -1 : 1));
}

function demandOf(place: string, obligations: readonly Asked[]): Demand {
  const own = obligations.filter((each) => each.place === place || isPartOf(place, each.place));
  const headings = own.flatMap(({ duty }) => duty.headings ?? []);
  return {
    place,
    required: unique([
      ...own.flatMap(({ contents }) => contents),
      ...(headings.includes("what-happened") ? (["what-happened"] as const) : []),
    ]),
    prohibited: unique(own.flatMap(({ prohibited }) => prohibited)),
    titles: unique(own.flatMap(({ duty }) => duty.title ?? [])),
  };
}

function clash(one: Demand, other: Demand): string | undefined {
  const [title, ...others] = unique([...one.titles, ...other.titles].map(plainTitle));
  if (title !== undefined && others.length > 0)
    return `${names(one, other)} prescribe different titles.`;
  return forbids(one, other) ?? (one === other ? undefined : forbids(other, one));
}

function forbids(one: Demand, other: Demand): string | undefined {
  for (const prohibited of one.prohibited) {
    const required = tells(prohibited).find((content) => other.required.includes(content));
    if (required !== undefined)
      return `${one.place} forbids to say what ${other.place} requires (${required}).`;
    if (one !== other && USUAL.includes(prohibited) && !other.prohibited.includes(prohibited))
      return `${one.place} forbids to say what everybody else is told (${prohibited}).`;
  }
  return undefined;
}

function groupOf(demands: readonly Demand[]): TextGroup {
  const [title] = demands.flatMap(({ titles }) => titles);
  return {
    places: demands.map(({ place }) => place).toSorted(),
    required: unique(demands.flatMap(({ required }) => required)).toSorted(),
    prohibited: unique(demands.flatMap(({ prohibited }) => prohibited)).toSorted(),
    ...(title !== undefined && { title }),
  };
}

function names(one: Demand, other: Demand): string {
  return one === other ? `Laws of ${one.place}` : `${one.place} and ${other.place}`;
}

/** Titles are compared as readers would: without case. */
function plainTitle(title: string): string {
  return title.trim().toLowerCase();
}

function unique<T>(all: readonly T[]): T[] {
  return [...new Set(all)];
}

const HOW_MANY: readonly Content[] = [
  "number-of-persons",
  "number-of-persons-in-jurisdiction",
  "categories-and-number-of-persons",
];
const WHAT: readonly Content[] = [
  "nature-of-breach",
  "what-happened",
  "how-it-happened",
  "how-discovered",
  "cause",
  "root-cause",
  "location",
  "suspected-unlawful-or-malicious",
  "affected-systems",
];
const TELLS: Readonly<Partial<Record<Content, readonly Content[]>>> = {
  "nature-of-breach": WHAT,
  "what-happened": WHAT,
  "number-of-persons": HOW_MANY,
  "number-of-persons-in-jurisdiction": HOW_MANY,
};
/** What every reader is told unless a law forbids it. */
const USUAL: readonly Content[] = ["nature-of-breach", "what-happened"];

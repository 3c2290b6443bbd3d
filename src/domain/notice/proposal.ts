import type { Content } from "../law/content.ts";
import { contradictions, tells } from "./lint/conflict.ts";
import type { Asked, Contradiction, TextGroup } from "./lint/conflict.ts";
import { countryOf } from "../audience/residence.ts";
import { Jurisdiction } from "../scope.ts";
import type { Field } from "./fields.ts";
import type { Sources } from "./notice.ts";
import { keyOf, partsOf } from "./split.ts";
import type { Variants } from "./split.ts";

/** Texts of a notice, and for whose places they are. */
interface Texts {
  readonly languages: Sources;
  readonly variants: Variants;
}

interface Proposal extends Texts {
  /** The variants that are new. */
  readonly added: readonly string[];
  /** Why one text is not enough, each a sentence. */
  readonly reasons: readonly Contradiction[];
}

/**
 * The texts that a notice lacks where the laws of places contradict each other: for each group of
 * places that the text for everybody else cannot serve, that text in each of its languages without
 * the sections that say what those places forbid. Nothing that a person wrote is changed, and
 * places that have a variant keep it. It is a draft: what its laws require and it does not say, a
 * person writes, and the linter names.
 */
export function proposeVariants(texts: Texts, obligations: readonly Asked[]): Proposal {
  const { groups, reasons } = contradictions(obligations);
  const taken = new Set(Object.values(texts.variants).flatMap(({ places }) => places));
  const languages: Sources = { ...texts.languages };
  const variants: Variants = { ...texts.variants };
  const added: [string, TextGroup][] = [];
  for (const group of groups.slice(1)) {
    const places = group.places.filter(
      (place) => Jurisdiction.safeParse(place).success && !taken.has(place),
    );
    const code = codeOf(places, variants);
    if (code === undefined) continue;
    added.push([code, group]);
    variants[code] = { places };
    for (const [key, source] of Object.entries(texts.languages)) {
      const { language, variant } = partsOf(key);
      if (variant === null) languages[keyOf(language, code)] = without(source, group.prohibited);
    }
  }
  // Only where the strictest of all is new: a person who wrote it has to say whose it is too.
  const [strictest] = groups.slice(1).toSorted(byProhibited);
  const code = added.find(([, group]) => group === strictest)?.[0];
  const own = code === undefined ? undefined : variants[code];
  const marked = Object.values(variants).some(({ unknown }) => unknown);
  if (code !== undefined && own && !marked) variants[code] = { ...own, unknown: true };
  return { languages, variants, added: added.map(([code]) => code), reasons };
}

function byProhibited(one: TextGroup, other: TextGroup): number {
  return other.prohibited.length - one.prohibited.length;
}

/** A code that is not taken: the place's own, or the country's where there are several. */
function codeOf(places: readonly string[], taken: Variants): string | undefined {
  const [first] = places;
  if (first === undefined) return undefined;
  const base =
    places.length === 1 ? first.toLowerCase() : `${countryOf(first).toLowerCase()}-group`;
  let code = base;
  for (let n = 2; Object.hasOwn(taken, code); n += 1) code = `${base}-${n}`;
  return code;
}

/** A source without the sections (`## …`) and the words that quote what tells the forbidden. */
function without(source: string, prohibited: readonly Content[]): string {
  const forbidden = new Set(prohibited.flatMap((content) => [...tells(content)]));
  const isTold = ([field]: readonly [string, Content]) =>
    new RegExp(`\\{\\{(?:#if +)?${field}\\}\\}`);
  const untold = (table: Telling) => table.filter(([, content]) => forbidden.has(content));
  const sections = untold(SECTIONS).map(isTold);
  const [head = "", ...rest] = source.split(/^(?=## )/m);
  const left = rest.filter((section) => !sections.some((told) => told.test(section)));
  return untold(WORDS).reduce(
    (text, [field]) => text.replaceAll(`{{${field}}}`, ""),
    [head, ...left].join(""),
  );
}

type Telling = readonly (readonly [Field, Content])[];
/** Fields of the scope whose section has nothing else to say, and what they tell. */
const SECTIONS: Telling = [
  ["what_happened", "what-happened"],
  ["how", "how-it-happened"],
];
/** Fields that stand among other words. */
const WORDS: Telling = [
  ["where_it_happened", "location"],
  ["how_many_people", "number-of-persons"],
];

import { canonical } from "../timeline.ts";
import type { Condition, PersonsTest } from "./condition.ts";

/**
 * Whether some facts and answers could meet all of these conditions at once. It knows what tests
 * of persons, sectors and roles say about each other, and that a thing and its opposite do not
 * go together; what the words of questions mean it does not know, and so it errs towards yes.
 */
export function isSatisfiable(conditions: readonly (Condition | undefined)[]): boolean {
  const given = conditions.filter((each) => each !== undefined);
  return cases({ all: given }, true).some(isConsistent);
}

type Leaf = Exclude<Condition, { all: unknown } | { any: unknown } | { not: unknown }>;

interface Literal {
  readonly leaf: Leaf;
  readonly holds: boolean;
}

/** The ways in which a condition can hold, or fail: in each, all of some leaves. */
function cases(condition: Condition, holds: boolean): Literal[][] {
  if ("not" in condition) return cases(condition.not, !holds);
  if ("all" in condition) return joined(condition.all, holds, holds);
  if ("any" in condition) return joined(condition.any, holds, !holds);
  return [[{ leaf: condition, holds }]];
}

function joined(parts: readonly Condition[], holds: boolean, together: boolean): Literal[][] {
  const each = parts.map((part) => cases(part, holds));
  if (!together) return each.flat();
  return each.reduce<Literal[][]>(
    (all, some) => all.flatMap((one) => some.map((other) => [...one, ...other])),
    [[]],
  );
}

function isConsistent(literals: readonly Literal[]): boolean {
  const said = new Map<string, boolean>();
  for (const { leaf, holds } of literals) {
    const key = canonical(leaf);
    if (said.get(key) === !holds) return false;
    said.set(key, holds);
  }
  const held = literals.filter(({ holds }) => holds).map(({ leaf }) => leaf);
  return (
    meet(held.flatMap((leaf) => ("sector" in leaf ? [leaf.sector] : []))) &&
    meet(held.flatMap((leaf) => ("role" in leaf ? [leaf.role] : []))) &&
    countsMeet(literals)
  );
}

/** Whether there is something that is in every one of the lists. */
function meet(lists: readonly (readonly string[])[]): boolean {
  const [first, ...rest] = lists;
  return first === undefined || first.some((one) => rest.every((list) => list.includes(one)));
}

/** Whether some number of people here, and of those everywhere, passes all the tests. */
function countsMeet(literals: readonly Literal[]): boolean {
  const tests = literals.flatMap(({ leaf, holds }) =>
    "persons" in leaf ? [{ ...bounds(leaf.persons, holds), where: leaf.persons.in }] : [],
  );
  const here = tests.filter(({ where }) => where === "place");
  const least = Math.max(0, ...here.map(({ from }) => from));
  // Whoever is affected here is affected everywhere, too.
  const leastInAll = Math.max(0, ...tests.map(({ from }) => from));
  return tests.every(({ where, to }) => (where === "place" ? least : leastInAll) <= to);
}

function bounds({ atLeast, moreThan, fewerThan }: PersonsTest, holds: boolean) {
  const from = atLeast ?? (moreThan === undefined ? 0 : moreThan + 1);
  const range = fewerThan === undefined ? { from, to: Infinity } : { from: 0, to: fewerThan - 1 };
  if (holds) return range;
  return fewerThan === undefined ? { from: 0, to: from - 1 } : { from: fewerThan, to: Infinity };
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import type { Condition, LawRole, PersonsTest } from "../../../src/domain/law/condition.ts";
import { isSatisfiable } from "../../../src/domain/law/reach.ts";

describe("conditions that can be met at once", () => {
  const persons = (test: PersonsTest): Condition => ({ persons: test });
  const one: Condition = { ask: "one" };

  test.each<[name: string, conditions: Condition[], can: boolean]>([
    ["none at all", [], true],
    ["a question and its opposite", [one, { not: one }], false],
    ["a question and another's opposite", [one, { not: { ask: "two" } }], true],
    ["one of two, without either", [{ any: [one, { ask: "two" }] }, { not: one }], true],
    ["one of one, without it", [{ any: [one] }, { not: one }], false],
    ["not both, and one", [{ not: { all: [one, { ask: "two" }] } }, one], true],
    ["neither, and one", [{ not: { any: [one, { ask: "two" }] } }, one], false],
    ["two sectors", [{ sector: ["finance"] }, { sector: ["retail", "other"] }], false],
    ["a sector of two lists", [{ sector: ["finance"] }, { sector: ["retail", "finance"] }], true],
    ["two roles", [{ role: ["controller"] }, { role: ["processor"] }], false],
    [
      "over 500, and fewer than 501",
      [persons({ in: "place", moreThan: 500 }), persons({ in: "place", fewerThan: 501 })],
      false,
    ],
    [
      "500 or more, and fewer than 501",
      [persons({ in: "place", atLeast: 500 }), persons({ in: "place", fewerThan: 501 })],
      true,
    ],
    [
      "500 or more, and not so many",
      [persons({ in: "place", atLeast: 500 }), { not: persons({ in: "place", atLeast: 500 }) }],
      false,
    ],
    [
      "over 500 here, and fewer everywhere",
      [persons({ in: "place", moreThan: 500 }), persons({ in: "everywhere", fewerThan: 501 })],
      false,
    ],
    [
      "fewer than 501 here, and more everywhere",
      [persons({ in: "place", fewerThan: 501 }), persons({ in: "everywhere", moreThan: 500 })],
      true,
    ],
    [
      "over 500 everywhere, and fewer than 100",
      [persons({ in: "everywhere", moreThan: 500 }), persons({ in: "everywhere", fewerThan: 100 })],
      false,
    ],
    [
      "over 499, and not 500 or more",
      [persons({ in: "place", moreThan: 499 }), { not: persons({ in: "place", atLeast: 500 }) }],
      false,
    ],
    [
      "over 498, and not 500 or more",
      [persons({ in: "place", moreThan: 498 }), { not: persons({ in: "place", atLeast: 500 }) }],
      true,
    ],
    ["fewer than nobody", [persons({ in: "place", fewerThan: 0 })], false],
  ])("%s: %j → %s", (_name, conditions, can) => {
    expect(isSatisfiable(conditions)).toBe(can);
  });

  test("are never called impossible where some facts meet them", () => {
    fc.assert(
      fc.property(fc.array(anyCondition, { maxLength: 3 }), anyWorld, (conditions, world) => {
        fc.pre(conditions.every((each) => holds(each, world)));
        expect(isSatisfiable(conditions)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Some facts, in a world where little can be asked. */
interface World {
  readonly yes: readonly string[];
  readonly here: number;
  readonly elsewhere: number;
  readonly role: LawRole;
}

const anyWorld: fc.Arbitrary<World> = fc.record({
  yes: fc.subarray(["one", "two"]),
  here: fc.nat(4),
  elsewhere: fc.nat(4),
  role: fc.constantFrom("controller" as const, "processor" as const),
});

const anyCondition = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom("one", "two").map((ask) => ({ ask })),
    fc
      .record({ in: fc.constantFrom("place" as const, "everywhere" as const), atLeast: fc.nat(6) })
      .map((persons) => ({ persons })),
    fc
      .record({
        in: fc.constantFrom("place" as const, "everywhere" as const),
        fewerThan: fc.nat(6),
      })
      .map((persons) => ({ persons })),
    fc.subarray(["controller", "processor"] as const, { minLength: 1 }).map((role) => ({ role })),
    tie("condition").map((not) => ({ not })),
    fc.array(tie("condition"), { minLength: 1, maxLength: 3 }).map((all) => ({ all })),
    fc.array(tie("condition"), { minLength: 1, maxLength: 3 }).map((any) => ({ any })),
  ),
})).condition;

function holds(condition: Condition, world: World): boolean {
  if ("all" in condition) return condition.all.every((each) => holds(each, world));
  if ("any" in condition) return condition.any.some((each) => holds(each, world));
  if ("not" in condition) return !holds(condition.not, world);
  if ("ask" in condition) return world.yes.includes(condition.ask);
  if ("role" in condition) return condition.role.includes(world.role);
  if (!("persons" in condition)) return false;
  const { in: where, atLeast = 0, fewerThan = Infinity } = condition.persons;
  const count = where === "place" ? world.here : world.here + world.elsewhere;
  return count >= atLeast && count < fewerThan;
}

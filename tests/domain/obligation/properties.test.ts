import fc from "fast-check";
import { expect, test } from "vitest";

import { Element } from "../../../src/domain/element.ts";
import type { ExposedElement } from "../../../src/domain/element.ts";
import { NOT_YET_KNOWN } from "../../../src/domain/instant.ts";
import type { Condition } from "../../../src/domain/law/condition.ts";
import type { Rule } from "../../../src/domain/law.ts";
import type { Assessment } from "../../../src/domain/obligation.ts";
import { LIBRARY } from "../../support/law.ts";
import { assessCase, caseOf } from "../../support/law-case.ts";
import type { LawCase } from "../../support/law-case.ts";

const RUNS = { numRuns: Number(process.env["LAW_RUNS"] ?? 60) };

/** Yearly logs of small breaches, and what Vermont’s law does not ask where credentials alone were exposed. */
const LOSABLE = [
  "us-fcc-64.2011/regulator-2",
  "us-ftc-hbnr/regulator-2",
  "us-hipaa/regulator-2",
  "us-vt/regulator",
  "us-vt/regulator-2",
];

const PLACES = [
  ...new Set(LIBRARY.rules.flatMap(({ jurisdiction, appliesIn }) => appliesIn ?? [jurisdiction])),
].filter((place) => place !== "XX");

const QUESTIONS = [...LIBRARY.questions.values()].flatMap(({ code, kind }) =>
  kind === "yes-no" ? [code] : [],
);

const exposed: fc.Arbitrary<ExposedElement[]> = fc.uniqueArray(
  fc.record({
    element: fc.constantFrom(...Element.options),
    state: fc.constantFrom("suspected", "confirmed", "ruled-out"),
  }),
  { selector: ({ element }) => element, maxLength: 12 },
);

const people = fc.dictionary(
  fc.constantFrom(...PLACES),
  fc.oneof(fc.integer({ min: 1, max: 1_200 }), fc.constantFrom(249, 250, 499, 500, 501, 1_000)),
  { maxKeys: 6 },
);

/** An incident of any kind: some things are told, others not. */
const incident: fc.Arbitrary<LawCase> = fc
  .record({
    aware: fc.date({
      min: new Date("2019-01-01"),
      max: new Date("2027-12-31"),
      noInvalidDate: true,
    }),
    discovered: fc.option(fc.integer({ min: 0, max: 40 * 24 }), { nil: undefined }),
    elements: exposed,
    people,
    encryption: fc.constantFrom(undefined, "none", "partial", "full"),
    keyState: fc.constantFrom(undefined, "safe", "taken"),
    sector: fc.constantFrom(undefined, "health-care", "finance", "telecom", "energy", "retail"),
    role: fc.constantFrom(undefined, "controller", "processor", "joint-controller"),
    answers: fc.dictionary(fc.constantFrom(...QUESTIONS), fc.constantFrom("yes", "no")),
    risk: fc.constantFrom(undefined, "unlikely", "risk", "high-risk"),
    establishment: fc.constantFrom(undefined, "US", "DE-HH", "FR", "IN"),
  })
  .map(({ discovered, encryption, keyState, sector, role, risk, establishment, ...rest }) =>
    caseOf({
      ...rest,
      ...(discovered !== undefined && {
        discovered: new Date(rest.aware.getTime() - discovered * 3_600_000),
      }),
      scope: {
        ...(encryption && { encryption }),
        ...(keyState && { keyState }),
        ...(sector && { sector }),
        ...(role && { role }),
      },
      ...(risk && { risk }),
      ...(establishment && { establishment }),
    }),
  );

test("more people or one more kind of data removes no duty but those whose rule says so", () => {
  const losable = new Set(LIBRARY.rules.flatMap(losableDuties));
  // What the data say today; a rule that joins this list must be meant to.
  expect([...losable].toSorted()).toEqual(LOSABLE);
  fc.assert(
    fc.property(
      incident,
      fc.constantFrom(...PLACES),
      fc.integer({ min: 1, max: 2_000 }),
      fc.constantFrom(...Element.options),
      (before, place, count, element) => {
        const more = {
          ...before,
          people: { ...counts(before), [place]: (counts(before)[place] ?? 0) + count },
        };
        const other = before.elements.filter((each) => typeof each === "object");
        const wider = {
          ...before,
          elements: [
            ...other.filter((each) => each.element !== element),
            { element, state: "suspected" as const },
          ],
        };
        for (const after of [more, wider])
          expect(gone(before, after).filter((id) => !losable.has(dutyOfId(id)))).toEqual([]);
      },
    ),
    RUNS,
  );
});

test("assessing twice, or in another order, is the same", () => {
  fc.assert(
    fc.property(incident, (given) => {
      const turned = {
        ...given,
        elements: given.elements.toReversed(),
        people: Object.fromEntries(Object.entries(counts(given)).toReversed()),
      };
      const once = assessCase(given, LIBRARY);
      expect(assessCase(given, LIBRARY)).toEqual(once);
      expect(assessCase(turned, LIBRARY)).toEqual(once);
    }),
    RUNS,
  );
});

test("a later awareness makes no due time earlier but where a law ends on a working day at noon", () => {
  const noon = new Set(LIBRARY.rules.flatMap(dutiesAtNoon));
  expect([...noon]).toEqual(["eu-dora-19/regulator"]);
  fc.assert(
    fc.property(incident, fc.integer({ min: 1, max: 60 * 24 * 70 }), (given, minutes) => {
      const aware = new Date(instant(given).getTime() + minutes * 60_000);
      const before = dueTimes(assessCase(given, LIBRARY));
      for (const [id, at] of dueTimes(assessCase({ ...given, aware }, LIBRARY))) {
        const earlier = before.get(id);
        if (earlier !== undefined && !noon.has(dutyOfId(id)))
          expect(at, id).toBeGreaterThanOrEqual(earlier);
      }
    }),
    RUNS,
  );
});

test("what is not known removes no duty: telling more only settles questions", () => {
  fc.assert(
    fc.property(incident, fc.constantFrom("yes" as const, "no" as const), (given, answer) => {
      const open = assessCase(given, LIBRARY);
      const [code] = open.questions.filter((each) => QUESTIONS.includes(each));
      if (code === undefined) return;
      const settled = assessCase(
        { ...given, answers: { ...given.answers, [code]: answer } },
        LIBRARY,
      );
      const ids = new Set(open.obligations.map(({ id }) => id));
      expect(settled.obligations.filter(({ id }) => !ids.has(id))).toEqual([]);
      expect(settled.questions).not.toContain(code);
    }),
    RUNS,
  );
});

test("every rule of a touched place either asks for something or says why not", () => {
  fc.assert(
    fc.property(incident, (given) => {
      const { obligations, whyNot } = assessCase(given, LIBRARY);
      const heard = new Set([
        ...obligations.map(({ rule }) => rule.id),
        ...whyNot.map(({ rule }) => rule),
      ]);
      const touched = Object.keys(counts(given));
      for (const rule of LIBRARY.rules)
        if (touched.includes(rule.jurisdiction)) expect(heard, rule.id).toContain(rule.id);
      for (const { because } of whyNot) expect(because).toMatch(/\S[.]$|\S$/);
      for (const { questions, marks } of obligations)
        expect(marks.includes("safe-branch")).toBe(questions.length > 0);
    }),
    RUNS,
  );
});

function gone(before: LawCase, after: LawCase): string[] {
  const now = new Set(assessCase(after, LIBRARY).obligations.map(({ id }) => id));
  return assessCase(before, LIBRARY).obligations.flatMap(({ id }) => (now.has(id) ? [] : [id]));
}

function counts({ people: counted }: LawCase): Readonly<Record<string, number>> {
  return counted === NOT_YET_KNOWN ? {} : counted;
}

function dueTimes({ obligations }: Assessment): Map<string, number> {
  return new Map(
    obligations.flatMap(({ id, due }) => (due.at ? [[id, due.at.getTime()] as const] : [])),
  );
}

function instant({ aware }: LawCase): Date {
  return new Date(aware);
}

function dutyOfId(id: string): string {
  return id.split("/", 2).join("/");
}

/** Duties that a growing incident may remove: tested by *fewer than*, a *not*, or an *unless*. */
function losableDuties({ id, when, unless, duties }: Rule): string[] {
  return duties.flatMap((duty) => {
    const holds = [when, duty.when, ...duty.stages.map((stage) => stage.when)];
    const relieves = unless.filter((each) => !each.duties || each.duties.includes(duty.key));
    const falls =
      holds.some((condition) => condition && shrinks(condition)) ||
      relieves.some((each) => each.when && grows(each.when));
    return falls ? [`${id}/${duty.key}`] : [];
  });
}

/** Whether more people or data can turn a condition from yes to no. */
function shrinks(condition: Condition): boolean {
  if ("all" in condition) return condition.all.some(shrinks);
  if ("any" in condition) return condition.any.some(shrinks);
  if ("not" in condition) return grows(condition.not);
  return "persons" in condition && condition.persons.fewerThan !== undefined;
}

/** Whether more people or data can turn a condition from no to yes. */
function grows(condition: Condition): boolean {
  if ("all" in condition) return condition.all.some(grows);
  if ("any" in condition) return condition.any.some(grows);
  if ("not" in condition) return shrinks(condition.not);
  if ("persons" in condition) return condition.persons.fewerThan === undefined;
  return "elements" in condition;
}

function dutiesAtNoon({ id, duties }: Rule): string[] {
  const rolls = duties.filter(({ stages }) =>
    stages.some(({ due }) => due.limits.some(({ rollForwardTo }) => rollForwardTo !== undefined)),
  );
  return rolls.map(({ key }) => `${id}/${key}`);
}

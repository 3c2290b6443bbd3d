import { describe, expect, test } from "vitest";

import type { ExposedElement } from "../../../src/domain/element.ts";
import type { Condition, LawRole } from "../../../src/domain/law/condition.ts";
import { evaluate } from "../../../src/domain/obligation/condition.ts";
import { exposedOf } from "../../../src/domain/obligation/scene.ts";
import type { Scene } from "../../../src/domain/obligation/scene.ts";
import { both, oneSentence } from "../../../src/domain/obligation/verdict.ts";
import type { LawCase } from "../../support/law-case.ts";
import { answersOf, caseOf, factsOf } from "../../support/law-case.ts";

const YES: Condition = { ask: "told-yes" };
const NO: Condition = { ask: "told-no" };
const OPEN: Condition = { ask: "open" };

function sceneOf(given: Partial<LawCase> = {}, counts: Partial<Scene> = {}): Scene {
  const whole = caseOf({ answers: { "told-yes": "yes", "told-no": "no" }, ...given });
  const facts = factsOf(whole);
  const persons = { place: "DE", persons: 500, everywhere: 900 };
  const asks = (code: string) => `Is it ${code}?`;
  return {
    exposed: exposedOf(facts),
    facts,
    answers: answersOf(whole),
    asks,
    ...persons,
    ...counts,
  };
}

function valueOf(condition: Condition, scene = sceneOf()): string {
  return evaluate(condition, scene).value;
}

describe("Kleene’s logic", () => {
  test.each<[string, Condition, string]>([
    ["yes and yes", { all: [YES, YES] }, "yes"],
    ["yes and no", { all: [YES, NO] }, "no"],
    ["open and no", { all: [OPEN, NO] }, "no"],
    ["open and yes", { all: [OPEN, YES] }, "unknown"],
    ["no or no", { any: [NO, NO] }, "no"],
    ["no or yes", { any: [NO, YES] }, "yes"],
    ["open or yes", { any: [OPEN, YES] }, "yes"],
    ["open or no", { any: [OPEN, NO] }, "unknown"],
    ["not yes", { not: YES }, "no"],
    ["not no", { not: NO }, "yes"],
    ["not open", { not: OPEN }, "unknown"],
  ])("%s", (_, condition, value) => {
    expect(valueOf(condition)).toBe(value);
  });

  test("what decides is the whole reason, and leaves no question open", () => {
    expect(evaluate({ all: [OPEN, YES, NO] }, sceneOf())).toEqual({
      value: "no",
      because: ["“Is it told-no?” was answered no."],
      open: [],
    });
    expect(evaluate({ any: [OPEN, YES] }, sceneOf()).because).toEqual([
      "“Is it told-yes?” was answered yes.",
    ]);
  });

  test("an open *and* rests on what holds too; an open *or* only on what is open", () => {
    const also: Condition = { ask: "open-too" };
    expect(evaluate({ all: [YES, OPEN, OPEN, also] }, sceneOf())).toEqual({
      value: "unknown",
      because: [
        "“Is it told-yes?” was answered yes.",
        "“Is it open?” was not answered yet.",
        "“Is it open-too?” was not answered yet.",
      ],
      open: ["open", "open-too"],
    });
    expect(evaluate({ any: [NO, OPEN] }, sceneOf()).because).toEqual([
      "“Is it open?” was not answered yet.",
    ]);
    expect(evaluate({ any: [NO, NO] }, sceneOf()).because).toHaveLength(1);
  });

  test("two verdicts are joined like an *and*", () => {
    const [yes, no, open] = [YES, NO, OPEN].map((each) => evaluate(each, sceneOf()));
    if (!yes || !no || !open) throw new Error("three");
    expect(both(open, no)).toBe(no);
    expect(both(no, open)).toBe(no);
    expect(both(yes, open)).toMatchObject({ value: "unknown", open: ["open"] });
    expect(both(open, yes).value).toBe("unknown");
    expect(both(yes, yes)).toEqual(yes);
    expect(both(yes, undefined)).toEqual(yes);
    expect(oneSentence(["One.", "Two v. 2.0.", "Three"])).toBe("One; Two v. 2.0; Three.");
  });
});

describe("kinds of data", () => {
  const groups: Condition = { elements: [["name", "ssn"], ["medical"]] };
  const exposed = (...elements: ExposedElement[]) => sceneOf({ elements });

  test("a group must be exposed whole; what is suspected counts, what is ruled out does not", () => {
    const name = { element: "name", state: "confirmed" } as const;
    const ssn = { element: "ssn", state: "suspected" } as const;
    expect(evaluate(groups, exposed(name, ssn))).toMatchObject({
      value: "yes",
      because: ["Exposed: name with Social Security number (suspected)."],
    });
    expect(valueOf(groups, exposed(name))).toBe("no");
    expect(valueOf(groups, exposed(name, { ...ssn, state: "ruled-out" }))).toBe("no");
    expect(evaluate(groups, exposed({ element: "medical", state: "confirmed" })).because).toEqual([
      "Exposed: medical information.",
    ]);
  });

  test("says what it covers, and no more than four of that", () => {
    expect(evaluate(groups, sceneOf()).because).toEqual([
      "It covers other data than were exposed: name with Social Security number; medical information.",
    ]);
    const many: Condition = {
      elements: [["ssn"], ["passport"], ["tax-id"], ["photo"], ["medical"], ["genetic"]],
    };
    expect(evaluate(many, sceneOf()).because[0]).toMatch(/photograph; and 2 more\.$/);
    const four: Condition = { elements: [["ssn"], ["passport"], ["tax-id"], ["photo"]] };
    expect(evaluate(four, sceneOf()).because[0]).toMatch(/; photograph\.$/);
    expect(evaluate(groups, sceneOf({ elements: [] })).because).toEqual([
      "No personal data were exposed.",
    ]);
  });

  test("a kind that is listed twice is as sure as the surer", () => {
    const twice = (first: "suspected" | "confirmed", second: "suspected" | "confirmed") =>
      exposedOf(
        factsOf(
          caseOf({
            elements: [
              { element: "ssn", state: first },
              { element: "ssn", state: second },
            ],
          }),
        ),
      ).get("ssn");
    expect(twice("suspected", "confirmed")).toBe("confirmed");
    expect(twice("confirmed", "suspected")).toBe("confirmed");
    expect(twice("suspected", "suspected")).toBe("suspected");
  });
});

describe("how many people", () => {
  test.each<[string, Condition, string, string]>([
    ["at least, on it", { persons: { in: "place", atLeast: 500 } }, "yes", "500 or more"],
    ["at least, below", { persons: { in: "place", atLeast: 501 } }, "no", "501 or more"],
    ["more than, on it", { persons: { in: "place", moreThan: 500 } }, "no", "more than 500"],
    ["more than, above", { persons: { in: "place", moreThan: 499 } }, "yes", "more than 499"],
    ["fewer than, on it", { persons: { in: "place", fewerThan: 500 } }, "no", "fewer than 500"],
    ["fewer than, below", { persons: { in: "place", fewerThan: 501 } }, "yes", "fewer than 501"],
  ])("%s", (_, condition, value, limit) => {
    expect(evaluate(condition, sceneOf())).toEqual({
      value,
      because: [`500 people in DE; the law speaks of ${limit}.`],
      open: [],
    });
  });

  test("everywhere is not the place; a place with nobody is no place of the incident", () => {
    expect(evaluate({ persons: { in: "everywhere", atLeast: 900 } }, sceneOf()).because).toEqual([
      "900 people in all; the law speaks of 900 or more.",
    ]);
    const nobody = sceneOf({}, { persons: 0 });
    expect(evaluate({ persons: { in: "place", fewerThan: 500 } }, nobody)).toMatchObject({
      value: "no",
      because: ["Nobody in DE is affected."],
    });
    const none = sceneOf({}, { everywhere: 0 });
    expect(valueOf({ persons: { in: "everywhere", fewerThan: 500 } }, none)).toBe("yes");
    const one = sceneOf({}, { persons: 1 });
    expect(evaluate({ persons: { in: "place", atLeast: 1 } }, one).because[0]).toMatch(
      /^1 person in DE;/,
    );
  });

  test("people not yet known leave it open", () => {
    const condition: Condition = { persons: { in: "place", atLeast: 1 } };
    expect(evaluate(condition, sceneOf({}, { persons: undefined }))).toEqual({
      value: "unknown",
      because: ["How many people in DE are affected is not yet known."],
      open: ["people"],
    });
  });
});

describe("whether the data can be read", () => {
  test.each<[LawCase["scope"], string, string, string[]]>([
    [{ encryption: "none" }, "yes", "The data were not encrypted.", []],
    [{ encryption: "none", keyState: "safe" }, "yes", "The data were not encrypted.", []],
    [
      { encryption: "partial", keyState: "safe" },
      "yes",
      "The data were encrypted only in part.",
      [],
    ],
    [{ encryption: "full", keyState: "taken" }, "yes", "The key to the data was taken too.", []],
    [{ keyState: "taken" }, "yes", "The key to the data was taken too.", []],
    [
      { encryption: "full", keyState: "safe" },
      "no",
      "The data were encrypted, and the key is safe.",
      [],
    ],
    [
      { encryption: "full" },
      "unknown",
      "Whether the key to the data was taken is not yet known.",
      ["key-state"],
    ],
    [
      { keyState: "safe" },
      "unknown",
      "Whether the data were encrypted is not yet known.",
      ["encryption"],
    ],
  ])("%j", (scope, value, because, open) => {
    const verdict = evaluate({ readable: true }, sceneOf({ scope }));
    expect(verdict).toEqual({ value, because: [because], open });
  });
});

describe("what we are", () => {
  const sector: Condition = { sector: ["finance", "insurance"] };
  test("our sector", () => {
    expect(evaluate(sector, sceneOf({ scope: { sector: "insurance" } })).because).toEqual([
      "Our sector is insurance.",
    ]);
    expect(evaluate(sector, sceneOf({ scope: { sector: "retail" } }))).toMatchObject({
      value: "no",
      because: ["Our sector is retail, not finance or insurance."],
    });
    expect(evaluate(sector, sceneOf())).toMatchObject({ value: "unknown", open: ["sector"] });
  });

  test.each<[string, LawRole[], { role?: LawCase["scope"]["role"]; makes?: "yes" | "no" }, string]>(
    [
      ["controller", ["controller"], { role: "controller" }, "yes"],
      ["joint controllers are controllers", ["controller"], { role: "joint-controller" }, "yes"],
      ["processor", ["controller"], { role: "processor" }, "no"],
      ["joint controllers are no processors", ["processor"], { role: "joint-controller" }, "no"],
      ["one of two", ["controller", "processor"], { role: "processor" }, "yes"],
      ["not yet known", ["controller"], {}, "unknown"],
      ["who makes it", ["manufacturer"], { role: "controller", makes: "yes" }, "yes"],
      ["who makes nothing", ["manufacturer"], { role: "controller", makes: "no" }, "no"],
      ["whether we make it is asked", ["manufacturer"], { role: "controller" }, "unknown"],
      ["either, by role", ["manufacturer", "controller"], { role: "controller" }, "yes"],
      ["either, open", ["manufacturer", "controller"], { role: "processor" }, "unknown"],
      ["neither", ["manufacturer", "controller"], { role: "processor", makes: "no" }, "no"],
      ["makes it, role open", ["manufacturer", "controller"], { makes: "yes" }, "yes"],
    ],
  )("role: %s", (_, roles, { role, makes }, value) => {
    const answers = makes ? { "product-manufacturer": makes } : {};
    const scene = sceneOf({ scope: role ? { role } : {}, answers });
    expect(valueOf({ role: roles }, scene)).toBe(value);
  });

  test("says whom it binds", () => {
    const scene = sceneOf({ scope: { role: "processor" } });
    expect(evaluate({ role: ["controller"] }, scene).because).toEqual([
      "It binds the controller; we are the processor.",
    ]);
    expect(evaluate({ role: ["processor"] }, scene).because).toEqual(["We are the processor."]);
    expect(evaluate({ role: ["processor"] }, sceneOf()).open).toEqual(["role"]);
  });
});

describe("what a person judges", () => {
  test.each<["risk" | "high-risk", LawCase["risk"], string]>([
    ["risk", "unlikely", "no"],
    ["risk", "risk", "yes"],
    ["risk", "high-risk", "yes"],
    ["high-risk", "unlikely", "no"],
    ["high-risk", "risk", "no"],
    ["high-risk", "high-risk", "yes"],
    ["risk", undefined, "unknown"],
  ])("%s, judged %s", (risk, judged, value) => {
    expect(valueOf({ risk }, sceneOf(judged ? { risk: judged } : {}))).toBe(value);
  });

  test("says what was judged and what it takes", () => {
    const scene = sceneOf({ risk: "risk" });
    expect(evaluate({ risk: "high-risk" }, scene).because).toEqual([
      "The risk to people was judged likely; the duty begins where it is high.",
    ]);
    expect(evaluate({ risk: "risk" }, scene).because).toEqual([
      "The risk to people was judged likely.",
    ]);
    expect(evaluate({ risk: "risk" }, sceneOf()).open).toEqual(["risk"]);
  });

  test("a number is no answer to a question of yes or no; nor is what every object has", () => {
    expect(valueOf({ ask: "open" }, sceneOf({ answers: { open: 3 } }))).toBe("unknown");
    expect(valueOf({ ask: "constructor" })).toBe("unknown");
  });
});

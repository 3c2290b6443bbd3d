import { describe, expect, test } from "vitest";

import type { Element } from "../../src/domain/element.ts";
import { firstFacts } from "../../src/domain/scope.ts";
import type { ScopeFacts } from "../../src/domain/scope.ts";
import { checkSeverity, severityOf } from "../../src/domain/severity.ts";
import type { SeverityInput } from "../../src/domain/severity.ts";

const CALM: SeverityInput = {
  confidentiality: "no-evidence",
  integrity: "unaltered",
  availability: "available",
  intent: "accident",
};

function factsOf(elements: readonly Element[], more: Partial<ScopeFacts> = {}): ScopeFacts {
  const dataElements = elements.map((element) => ({ element, state: "confirmed" as const }));
  return { ...firstFacts({ whatHappened: "A list was lost.", dataElements }), ...more };
}

describe("the figure", () => {
  test.each<[Element[], string, number, number]>([
    [["other"], "simple", 1, 0.25],
    [["name"], "simple", 1, 0.5],
    [["photo"], "simple", 1, 0.5],
    [["email-address"], "simple", 1, 0.75],
    [["name", "email-address"], "simple", 1, 1],
    [["name", "purchase-history"], "behavioural", 2, 0.5],
    [["name", "postal-address", "payment-card"], "financial", 3, 1],
    [["location", "payment-card"], "financial", 3, 0.25],
    [["tax-id"], "financial", 3, 0.75],
    [["name", "payment-card", "medical", "ssn"], "sensitive", 4, 1],
    [["religion"], "sensitive", 4, 0.25],
  ])("of %j is its kind times how easily it leads to a person", (elements, kind, dpc, ease) => {
    const { score, inputs } = severityOf(factsOf(elements), CALM);
    expect(score).toBe(dpc * ease);
    expect(inputs[0]).toEqual({ input: "context", value: kind, adds: dpc, from: "facts" });
    expect(inputs[1]).toMatchObject({ input: "identification", adds: ease, from: "facts" });
  });

  test.each<[SeverityInput, number]>([
    [{ confidentiality: "known-recipients" }, 0.25],
    [{ confidentiality: "unknown-recipients" }, 0.5],
    [{ integrity: "altered-recoverable" }, 0.25],
    [{ integrity: "altered-for-good" }, 0.5],
    [{ availability: "lost-for-a-time" }, 0.25],
    [{ availability: "lost-for-good" }, 0.5],
    [{ intent: "malicious" }, 0.5],
  ])("grows by %j", (said, adds) => {
    const facts = factsOf(["name", "email-address"]);
    expect(severityOf(facts, { ...CALM, ...said }).score).toBe(1 + adds);
  });

  test("takes what nobody has said at its worst, and says so", () => {
    const { score, inputs } = severityOf(factsOf(["name", "email-address"]));
    expect(score).toBe(3);
    expect(inputs.slice(2)).toEqual([
      { input: "confidentiality", value: "unknown-recipients", adds: 0.5, from: "worst-case" },
      { input: "integrity", value: "altered-for-good", adds: 0.5, from: "worst-case" },
      { input: "availability", value: "lost-for-good", adds: 0.5, from: "worst-case" },
      { input: "intent", value: "malicious", adds: 0.5, from: "worst-case" },
    ]);
  });

  test("does not count what was ruled out", () => {
    const facts = factsOf(["name"]);
    const more = { element: "medical", state: "ruled-out" } as const;
    expect(severityOf({ ...facts, dataElements: [...facts.dataElements, more] }, CALM)).toEqual(
      severityOf(facts, CALM),
    );
  });
});

describe("the level", () => {
  test.each<[number, "negligible" | "maximum", SeverityInput, string]>([
    [4, "negligible", { intent: "malicious", integrity: "altered-recoverable" }, "low"],
    [1, "maximum", { intent: "malicious", integrity: "altered-for-good" }, "medium"],
    [2, "maximum", { intent: "malicious", integrity: "altered-recoverable" }, "medium"],
    [3, "maximum", {}, "high"],
    [3, "maximum", { intent: "malicious", integrity: "altered-recoverable" }, "high"],
    [4, "maximum", {}, "very-high"],
  ])(
    "of context %d and %s identification, with %j, is %s",
    (context, identification, said, level) => {
      const reason = "As the analysts found.";
      const input = { ...CALM, context, identification, ...said, reason };
      expect(severityOf(factsOf(["name"]), input)).toMatchObject({ derived: level, level });
    },
  );

  test("is a person's where they judged, with the derived one beside it", () => {
    const input = { ...CALM, override: "high", reason: "They are refugees." } as const;
    expect(severityOf(factsOf(["name"]), input)).toMatchObject({
      derived: "low",
      level: "high",
      reason: "They are refugees.",
    });
  });
});

describe("a flag", () => {
  const people = (count: number) => [{ jurisdiction: "DE", count }];
  test("says that more than a hundred people are affected", () => {
    expect(severityOf(factsOf(["name"], { people: people(100) })).flags).toEqual([]);
    expect(severityOf(factsOf(["name"], { people: [...people(60), ...people(41)] })).flags).toEqual(
      ["over-100-people"],
    );
  });

  test("says that nobody can read the data", () => {
    const flags = (more: Partial<ScopeFacts>) => severityOf(factsOf(["name"], more)).flags;
    expect(flags({ encryption: "full", keyState: "safe" })).toEqual(["unintelligible"]);
    expect(flags({ encryption: "full", keyState: "taken" })).toEqual([]);
    expect(flags({ encryption: "partial", keyState: "safe" })).toEqual([]);
  });
});

describe("a judgement without a reason", () => {
  const facts = factsOf(["name"]);
  test.each<[SeverityInput]>([
    [{ context: 2 }],
    [{ identification: "maximum" }],
    [{ override: "low" }],
  ])("is refused: %j", (input) => {
    expect(() => checkSeverity(facts, input)).toThrow("A judgement needs its reason.");
    expect(() => checkSeverity(facts, { ...input, reason: "Because." })).not.toThrow();
  });

  test("is fine where it says what the facts give", () => {
    expect(() => checkSeverity(facts, { context: 1, identification: "limited" })).not.toThrow();
    expect(() => checkSeverity(facts, CALM)).not.toThrow();
  });
});

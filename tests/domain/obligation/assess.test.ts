import { describe, expect, test } from "vitest";

import { NOT_YET_KNOWN } from "../../../src/domain/instant.ts";
import type { Rule } from "../../../src/domain/law.ts";
import type { LawCase } from "../../support/law-case.ts";
import { assessCase, caseOf, dutyOf, libraryOf, ruleOf } from "../../support/law-case.ts";

function assessOne(rule: Partial<Rule>, given: Partial<LawCase> = {}) {
  return assessCase(caseOf(given), libraryOf([ruleOf(rule)]));
}

function ids(rule: Partial<Rule>, given: Partial<LawCase> = {}): string[] {
  return assessOne(rule, given).obligations.map(({ id }) => id);
}

/** People who are not yet known. */
const UNCOUNTED = { people: NOT_YET_KNOWN } as const;
const OWED = ["xa-law/regulator/initial"];
const UNION: Partial<Rule> = { jurisdiction: "EU", appliesIn: ["DE", "FR", "AT"] };

describe("which rules an incident brings up", () => {
  test.each<[string, Partial<Rule>, Partial<LawCase>, boolean]>([
    ["where people live", {}, {}, true],
    ["not where nobody does", { jurisdiction: "FR" }, {}, false],
    ["a federation’s for a state", { jurisdiction: "US" }, { people: { "US-CA": 1 } }, true],
    ["a state’s", { jurisdiction: "US-CA" }, { people: { "US-CA": 1 } }, true],
    ["no other state’s", { jurisdiction: "US-NY" }, { people: { "US-CA": 1 } }, false],
    ["no state’s for its federation", { jurisdiction: "US-CA" }, { people: { US: 1 } }, false],
    ["the Union’s for a member", UNION, { people: { FR: 1 } }, true],
    ["and for a part of one", UNION, { people: { "DE-BY": 1 } }, true],
    ["not for others", UNION, { people: { NO: 1 } }, false],
    ["where we are established", {}, { people: { FR: 1 }, establishment: "DE" }, true],
    ["in a part of it", {}, { people: { FR: 1 }, establishment: "DE-HH" }, true],
    ["the Union’s where we are", UNION, { people: { US: 1 }, establishment: "AT" }, true],
    ["not where we are not", {}, { people: { FR: 1 }, establishment: "AT" }, false],
    ["contracts always", { jurisdiction: "XX" }, { people: { US: 1 } }, true],
    ["contracts, people unknown", { jurisdiction: "XX" }, UNCOUNTED, true],
    ["ours, people unknown", {}, { ...UNCOUNTED, establishment: "DE" }, true],
    ["none, people unknown", {}, UNCOUNTED, false],
  ])("%s", (_, rule, given, owed) => {
    const assessment = assessOne(rule, given);
    expect(assessment.obligations).toHaveLength(owed ? 1 : 0);
    expect(assessment.whyNot).toEqual([]);
  });

  test("law about people asks for nothing where nobody or nothing of theirs is touched", () => {
    const because = (rule: Partial<Rule>, given: Partial<LawCase>) =>
      assessOne(rule, { establishment: "DE", ...given }).whyNot.map((each) => each.because);
    expect(because({}, { people: {} })).toEqual(["Nobody is affected."]);
    expect(because({}, { elements: [] })).toEqual(["No personal data were exposed."]);
    expect(
      because({ jurisdiction: "US-CA" }, { establishment: "US-CA", people: { DE: 1 } }),
    ).toEqual(["Nobody affected lives in US-CA."]);
    const incident = { about: "incident" as const };
    const nothing = { people: {}, elements: [], establishment: "DE" };
    expect(ids(incident, nothing)).toEqual(OWED);
    const state = { ...incident, jurisdiction: "US-CA" };
    expect(ids(state, { establishment: "US-CA", people: { DE: 1 } })).toEqual(OWED);
    const unknown = { ...UNCOUNTED, establishment: "US-CA" };
    expect(ids({ jurisdiction: "US-CA" }, unknown)).toEqual(OWED);
  });

  test("whom it binds and what it asks decide, and say so", () => {
    const processor = { scope: { role: "processor" as const } };
    expect(assessOne({ role: "controller" }, processor).whyNot).toEqual([
      {
        rule: "xa-law",
        place: "DE",
        because: "It binds the controller; we are the processor.",
      },
    ]);
    const open = assessOne({ role: "controller" }).obligations[0];
    expect(open).toMatchObject({ questions: ["role"], marks: ["safe-branch"] });
    expect(open?.because).toEqual([
      "100 affected in DE.",
      "Our part in the processing is not yet known.",
    ]);
    const when = { all: [{ risk: "risk" as const }, { readable: true as const }] };
    expect(assessOne({ when }, { risk: "unlikely" }).whyNot[0]?.because).toBe(
      "The risk to people was judged unlikely; the duty begins where it is likely.",
    );
    const both = assessOne({ role: "controller", when }).obligations[0];
    expect(both?.questions).toEqual(["role", "risk", "encryption"]);
  });
});

describe("what relieves of a duty", () => {
  const unless = [{ when: { ask: "harm-not-likely" }, because: "No harm." }];
  const yes = { answers: { "harm-not-likely": "yes" as const } };
  const no = { answers: { "harm-not-likely": "no" as const } };

  test("a rule, where the answer is yes; while it is open the duty stands and tells of it", () => {
    expect(assessOne({ unless }, yes)).toMatchObject({
      obligations: [],
      whyNot: [{ rule: "xa-law", place: "DE", because: "No harm." }],
    });
    expect(assessOne({ unless }).obligations[0]).toMatchObject({
      exemptions: ["No harm."],
      questions: ["harm-not-likely"],
      marks: ["safe-branch"],
    });
    expect(assessOne({ unless }, no).obligations[0]).toMatchObject({
      exemptions: [],
      questions: [],
      marks: [],
    });
  });

  test("some duties of a rule, and not the others", () => {
    const duties = [dutyOf(), dutyOf({ key: "individuals", to: "individuals" })];
    const some = unless.map((each) => ({ ...each, duties: ["individuals"] }));
    expect(ids({ duties, unless: some }, yes)).toEqual(OWED);
    expect(assessOne({ duties, unless: some }, yes).whyNot).toEqual([
      { rule: "xa-law", duty: "individuals", place: "DE", because: "No harm." },
    ]);
    const open = assessOne({ duties, unless: some }).obligations;
    expect(open.map(({ exemptions }) => exemptions)).toEqual([["No harm."], []]);
  });

  test("what a person must read is always told and asks nothing", () => {
    const read = { unless: [{ because: "Agencies: another law." }] };
    expect(assessOne(read, yes).obligations[0]).toMatchObject({
      exemptions: ["Agencies: another law."],
      questions: [],
    });
  });
});

describe("duties and stages", () => {
  test("each says why it is not owed", () => {
    const when = { persons: { in: "place" as const, moreThan: 100 } };
    expect(
      assessOne({ duties: [dutyOf({ when }), dutyOf({ key: "media", to: "media" })] }),
    ).toMatchObject({
      obligations: [{ id: "xa-law/media/initial" }],
      whyNot: [
        {
          rule: "xa-law",
          duty: "regulator",
          place: "DE",
          because: "100 people in DE; the law speaks of more than 100.",
        },
      ],
    });
    const [stage] = dutyOf().stages;
    if (!stage) throw new Error("one stage");
    const stages = [stage, { ...stage, stage: "final" as const, when: { ask: "details-missing" } }];
    const complete = assessOne(
      { duties: [dutyOf({ stages })] },
      { answers: { "details-missing": "no" } },
    );
    expect(complete.obligations.map(({ id }) => id)).toEqual(OWED);
    expect(complete.whyNot).toEqual([
      {
        rule: "xa-law",
        duty: "regulator",
        place: "DE",
        because: expect.stringMatching(
          /^Its stage “final” is not owed: “details-missing” was answered no\.$/,
        ),
      },
    ]);
    const open = assessOne({ duties: [dutyOf({ stages })] });
    expect(open.obligations.map(({ questions }) => questions)).toEqual([["details-missing"], []]);
    expect(open.questions).toEqual(["details-missing"]);
  });

  test("carry what the rule says of them", () => {
    const duty = dutyOf({
      contents: ["remedies"],
      prohibited: ["nature-of-breach"],
      methods: ["email"],
    });
    const [found] = assessOne({ duties: [duty], lawEnforcementHold: true }).obligations;
    expect(found).toMatchObject({
      rule: { id: "xa-law", version: "000000000000", status: "in-force", jurisdiction: "DE" },
      to: "regulator",
      who: "the authority",
      contents: ["remedies"],
      prohibited: ["nature-of-breach"],
      duty,
      mayHold: true,
      persons: 100,
      place: "DE",
    });
    expect(assessOne({ duties: [dutyOf()] }).obligations[0]).toMatchObject({
      mayHold: false,
      prohibited: [],
    });
    const delayed = dutyOf({ permittedDelay: ["law-enforcement"] });
    expect(assessOne({ duties: [delayed] }).obligations[0]?.mayHold).toBe(true);
    const other = dutyOf({ permittedDelay: ["determine-scope"] });
    expect(assessOne({ duties: [other] }).obligations[0]?.mayHold).toBe(false);
    const unknown = assessOne({}, { ...UNCOUNTED, establishment: "DE" }).obligations[0];
    expect(unknown).not.toHaveProperty("persons");
    expect(unknown?.because).toEqual(["We are established in DE."]);
  });

  test("are sorted by when they are due, then by name", () => {
    const [stage] = dutyOf().stages;
    if (!stage) throw new Error("one stage");
    const words = { stage: "full" as const, due: { limits: [], from: ["awareness" as const] } };
    const duties = [
      dutyOf({ key: "b", stages: [words, stage] }),
      dutyOf({ key: "a" }),
      dutyOf({
        key: "c",
        stages: [
          {
            ...stage,
            due: {
              limits: [{ amount: 1, unit: "hours", from: ["awareness"] }],
              from: ["awareness"],
            },
          },
        ],
      }),
    ];
    expect(ids({ duties })).toEqual([
      "xa-law/c/initial",
      "xa-law/a/initial",
      "xa-law/b/initial",
      "xa-law/b/full",
    ]);
  });
});

describe("credit monitoring", () => {
  const offer = { months: 12, elements: ["ssn" as const] };
  const months = (more: object, given: Partial<LawCase> = {}) => {
    const [found] = assessOne(
      { duties: [dutyOf({ creditMonitoring: { ...offer, ...more } })] },
      { elements: ["name", "ssn"], ...given },
    ).obligations;
    return [found?.creditMonitoringMonths, found?.questions];
  };

  test("is owed for a name and one of the kinds of data that the law lists", () => {
    expect(months({})).toEqual([12, []]);
    expect(months({}, { elements: ["ssn"] })).toEqual([undefined, []]);
    expect(months({}, { elements: ["name", "passport"] })).toEqual([undefined, []]);
    expect(assessOne({}).obligations[0]).not.toHaveProperty("creditMonitoringMonths");
  });

  test("hangs on its condition, and while that is open it is owed", () => {
    const when = { ask: "source-of-breach" };
    expect(months({ when })).toEqual([12, ["source-of-breach"]]);
    expect(months({ when }, { answers: { "source-of-breach": "no" } })).toEqual([undefined, []]);
    expect(months({ when }, { answers: { "source-of-breach": "yes" } })).toEqual([12, []]);
  });

  test("is owed for longer by some; while that is open, for the longer", () => {
    const otherwise = [{ when: { ask: "credit-bureau" }, months: 42 }];
    expect(months({ otherwise })).toEqual([42, ["credit-bureau"]]);
    expect(months({ otherwise }, { answers: { "credit-bureau": "no" } })).toEqual([12, []]);
    const less = [{ when: { ask: "credit-bureau" }, months: 6 }];
    expect(months({ otherwise: less }, { answers: { "credit-bureau": "yes" } })).toEqual([6, []]);
    expect(months({ otherwise: less })).toEqual([12, ["credit-bureau"]]);
    const twice = [...otherwise, { when: { ask: "severe-impact" }, months: 24 }];
    expect(months({ otherwise: twice }, { answers: { "severe-impact": "yes" } })).toEqual([
      42,
      ["credit-bureau"],
    ]);
  });
});

describe("the whole assessment", () => {
  test("ranks the open questions by how much hangs on them", () => {
    const rules = [
      ruleOf({ id: "xa-a", when: { ask: "severe-impact" } }),
      ruleOf({ id: "xa-b", when: { all: [{ ask: "severe-impact" }, { ask: "minors-affected" }] } }),
      ruleOf({ id: "xa-c", when: { ask: "large-scale" } }),
    ];
    const { questions, asked } = assessCase(caseOf(), libraryOf(rules));
    expect(questions).toEqual(["severe-impact", "large-scale", "minors-affected"]);
    const answers = { "severe-impact": "no" as const };
    const settled = assessCase(caseOf({ answers }), libraryOf(rules));
    expect(settled.questions).toEqual(["large-scale"]);
    expect(settled.asked).toEqual(asked);
    expect(asked).toEqual(["large-scale", "minors-affected", "severe-impact"]);
  });

  test("asks first for people and our own place, without which few rules are looked up", () => {
    const rules = [ruleOf({ jurisdiction: "XX", when: { ask: "severe-impact" } })];
    const questions = (given: Partial<LawCase>) =>
      assessCase(caseOf(given), libraryOf(rules)).questions;
    expect(questions(UNCOUNTED)).toEqual(["people", "establishment", "severe-impact"]);
    expect(questions({ ...UNCOUNTED, establishment: "US" })).toEqual(["people", "severe-impact"]);
    expect(questions({})).toEqual(["severe-impact"]);
  });

  test("is loud about places without a rule, and about what it could not look at", () => {
    const people = { AQ: 2, "US-AS": 3, "US-CA": 4, US: 5, DE: 6, FR: 7, "AT-9": 8, AT: 9 };
    const rules = [
      ruleOf({ id: "us-trade", jurisdiction: "US", sector: "health" }),
      ruleOf({ id: "us-ca", jurisdiction: "US-CA" }),
      ruleOf({ id: "eu-trade", jurisdiction: "EU", appliesIn: ["DE", "FR"], sector: "health" }),
      ruleOf({ id: "eu-all", jurisdiction: "EU", appliesIn: ["FR"] }),
      ruleOf({ id: "at-all", jurisdiction: "AT" }),
    ];
    const library = libraryOf(rules);
    const { noRuleKnown, warnings } = assessCase(caseOf({ people }), library);
    expect(noRuleKnown).toEqual(["AQ", "DE", "US-AS"]);
    expect(warnings).toEqual([
      expect.stringMatching(/^5 affected people are counted for US as a whole/),
    ]);
    expect(assessCase(caseOf(UNCOUNTED), library).warnings).toEqual([
      expect.stringMatching(/^How many people are affected, and where, is not yet known/),
    ]);
    const early = {
      aware: new Date("2026-06-01T08:00Z"),
      discovered: new Date("2026-06-01T08:01Z"),
    };
    expect(assessCase(caseOf(early), library).warnings).toEqual([
      "The discovery is later than the awareness of it. One of the two is wrong.",
    ]);
    const same = { ...early, discovered: early.aware };
    expect(assessCase(caseOf(same), library).warnings).toEqual([]);
  });

  test("reasons come sorted by place, rule and duty", () => {
    const never = { persons: { in: "everywhere" as const, atLeast: 1_000 } };
    const rules = [
      ruleOf({ id: "xb", when: never }),
      ruleOf({
        id: "xa",
        duties: [dutyOf({ key: "b", when: never }), dutyOf({ key: "a", when: never })],
      }),
      ruleOf({ id: "xc", jurisdiction: "AT", when: never }),
    ];
    const people = { DE: 1, AT: 1 };
    const { whyNot } = assessCase(caseOf({ people }), libraryOf(rules));
    expect(whyNot.map(({ rule, duty }) => [rule, duty])).toEqual([
      ["xc", undefined],
      ["xa", "a"],
      ["xa", "b"],
      ["xb", undefined],
    ]);
  });
});

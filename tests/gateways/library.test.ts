import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Holidays from "date-holidays";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { lawPage } from "../../src/domain/law/page.ts";
import { createLibrary, readLibrary } from "../../src/gateways/library.ts";
import { OTHER_RECORDS, US_RECORDS } from "../support/law-records.ts";

describe("the library that ships", () => {
  const library = readLibrary("src/law");
  const ids = library.rules.map(({ id }) => id);

  test("has every record, and the older text of one that both may be in force", () => {
    expect([US_RECORDS.length, OTHER_RECORDS.length]).toEqual([67, 134]);
    const records = [...US_RECORDS, ...OTHER_RECORDS, "us-fcc-64.2011-2007"];
    expect(ids.toSorted()).toEqual(records.toSorted());
  });

  test("has an entry for each state, territory and member of the EEA", () => {
    const codes = [...library.places.keys()];
    expect(codes.filter((code) => code.startsWith("US-"))).toHaveLength(50 + 6);
    const gdpr = library.rules.find(({ id }) => id === "eu-gdpr-33");
    expect(gdpr?.appliesIn).toHaveLength(27);
    expect(codes).toEqual(expect.arrayContaining(["NO", "IS", "LI", ...(gdpr?.appliesIn ?? [])]));
  });

  test("says of each rule how it was established and as of when", () => {
    for (const { provenance } of library.rules) {
      const { established, sources } = provenance;
      expect(sources.length > 0 || established === "recall").toBe(true);
    }
    expect(library.rules.filter(({ provenance }) => provenance.secondCheck)).toHaveLength(93);
    const open = library.rules.flatMap(
      ({ provenance: { secondCheck } }) => secondCheck?.open ?? [],
    );
    expect(open).toHaveLength(35);
  });

  test("names the text of each rule by a hash", () => {
    expect([...library.versions.keys()]).toEqual(ids);
    for (const version of library.versions.values()) expect(version).toMatch(/^[0-9a-f]{12}$/);
    expect(new Set(library.versions.values()).size).toBe(ids.length);
  });

  test("is told of in docs/law.md", () => {
    expect(readFileSync("docs/law.md", "utf8")).toBe(lawPage(library));
  });

  test("keeps calendars that exist", () => {
    const book = new Holidays();
    for (const { holidays } of library.places.values()) {
      const [country = "", state] = holidays?.split(".") ?? [];
      if (holidays === undefined) continue;
      expect(Object.keys(book.getCountries())).toContain(country);
      if (state) expect(Object.keys(book.getStates(country))).toContain(state);
    }
  });

  test.each([
    ["US", "2026-07-03", true],
    ["US", "2026-07-06", false],
    ["US", "2026-07-04", true],
    ["BR", "2026-04-21", true],
    // Carnival is no public holiday there: a doubtful day counts, so nothing is due later.
    ["BR", "2026-02-17", false],
    ["SA", "2026-03-19", true],
    ["SA", "2026-03-22", true],
    ["SA", "2026-03-23", false],
    // Half a day off.
    ["CN", "2026-03-08", false],
    ["JP", "2026-12-28", false],
    ["JP", "2026-12-29", true],
    ["JP", "2027-01-03", true],
    // What date-holidays has wrong: the day and month of 9 October; a holiday that was abolished.
    ["EC", "2026-09-10", false],
    ["CR", "2026-10-09", false],
    ["DE.BY", "2026-01-06", true],
    ["DE", "2026-01-06", false],
  ])("the calendar %s has %s as a day off: %s", (calendar, day, off) => {
    expect(library.isHoliday(calendar, day)).toBe(off);
  });
});

describe("rules of one's own", () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "candor-law-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  const put = (name: string, text: string) => writeFileSync(join(folder, name), text);

  /** The problems of a small library, which a change of a good one brings about. */
  function problemsOf(change: (good: string) => string, more: Record<string, string> = {}) {
    put("rules.yaml", change(GOOD));
    for (const [name, text] of Object.entries(more)) put(name, text);
    try {
      readLibrary(folder);
      return [];
    } catch (error) {
      const [first, ...rest] = String(error).split("\n");
      expect(first).toBe("Error: The law cannot be used:");
      return rest;
    }
  }

  test("are read beside those that ship", () => {
    put("bank.yaml", readFileSync("docs/own-rules.yaml", "utf8"));
    const library = createLibrary("src/law", folder);
    expect(library.rules.at(-1)?.id).toBe("xx-example-bank-dpa");
    expect(library.rules).toHaveLength(US_RECORDS.length + OTHER_RECORDS.length + 2);
    expect(library.questions.has("example-bank-data-affected")).toBe(true);
    expect(library.questions.has("harm-not-likely")).toBe(true);
  });

  test("that do not fit are refused at once; those that ship are read when they are asked for", () => {
    put("us.yaml", "rules:\n  - 1\n");
    expect(() => createLibrary("src/law", folder)).toThrow(
      `${join(folder, "us.yaml")}:2: rules.0: `,
    );
    put("us.yaml", GOOD.replace("ask: one", "ask: two"));
    expect(() => createLibrary("src/law", folder)).toThrow(
      `${join(folder, "us.yaml")}:10: There is no question two`,
    );
    const absent = createLibrary(join(folder, "absent"));
    expect(() => absent.rules).toThrow(/ENOENT/);
    expect(() => absent.isHoliday("US", "2026-07-04")).toThrow(/ENOENT/);
  });

  test("have another version where a word of them changes", () => {
    const version = (text: string) => {
      put("rules.yaml", text);
      return readLibrary(folder).versions.get("xx-one");
    };
    const before = version(GOOD);
    expect(version(GOOD.replace("  - id:", "  # A remark.\n  - id:"))).toBe(before);
    expect(version(GOOD.replace("clause 1", "clause 2"))).not.toBe(before);
  });

  test("that are good are taken", () => expect(problemsOf((good) => good)).toEqual([]));

  test.each<[name: string, change: (good: string) => string, problem: string]>([
    ["no YAML", (good) => good.replace("id: xx-one", "id: [xx-one"), "rules.yaml:4: "],
    [
      "an unknown field",
      (good) => good.replace("    unless:", "    sanctions: none\n    unless:"),
      "rules.yaml:11: rules.0.sanctions: There is no such field.",
    ],
    [
      "an unknown content",
      (good) => good.replace("[contact]", "[contact, weather]"),
      "rules.yaml:26: rules.0.duties.0.contents.1: This content code is not known.",
    ],
    [
      "an unknown kind of data",
      (good) => good.replace("ask: one", "elements: [[name], [shoe-size]]"),
      "rules.yaml:10: rules.0.when.elements.1.0: Invalid option",
    ],
    [
      "a condition of no kind",
      (good) => good.replace("ask: one", "asks: one"),
      "rules.yaml:10: rules.0.when: It has none of the forms that it may have.",
    ],
    [
      "an unknown question",
      (good) => good.replace("when: { ask: one }", "when: { any: [{ ask: one }, { ask: two }] }"),
      "rules.yaml:10: There is no question two (yes-no).",
    ],
    [
      "a question that is no matter of yes or no",
      (good) => good.replace("kind: yes-no", "kind: number"),
      "rules.yaml:10: There is no question one (yes-no).",
    ],
    [
      "a question that nothing asks",
      (good) => good.replace("when: { ask: one }", "when: { readable: true }"),
      "rules.yaml:31: No rule asks the question one.",
    ],
    [
      "a place that is unknown",
      (good) => good.replace("jurisdiction: XX", "jurisdiction: FR"),
      "rules.yaml:4: There is no place FR in places.yaml.",
    ],
    [
      "a union with a member that is unknown",
      (good) => good.replace("jurisdiction: XX", "jurisdiction: XX\n    appliesIn: [FR]"),
      "rules.yaml:4: There is no place FR in places.yaml.",
    ],
    [
      "the same place as one that is unknown",
      (good) => good.replace("code: XX, zone", "code: XX, as: US-PR, zone"),
      "rules.yaml:33: There is no place US-PR in places.yaml.",
    ],
    [
      "an authority of an unknown place",
      (good) =>
        `${good}authorities:\n  - { place: FR, name: CNIL, role: lead, website: null, breachReportUrl: null }\n`,
      "rules.yaml:35: There is no place FR in places.yaml.",
    ],
    [
      "an end before the start",
      (good) => good.replace("from: 2025-01-01", "from: 2025-01-02, to: 2025-01-01"),
      "rules.yaml:9: It ends before it starts, and so never applies.",
    ],
    [
      "facts that cannot be",
      (good) => good.replace("{ ask: one }", "{ all: [{ ask: one }, { not: { ask: one } }] }"),
      "rules.yaml:10: No facts can meet its `when`: the rule is unreachable.",
    ],
    [
      "a duty that no facts meet under its rule",
      (good) => good.replace("who: A", "who: A\n        when: { not: { ask: one } }"),
      "rules.yaml:16: No facts can meet its `when` and the rule's: the duty is unreachable.",
    ],
    [
      "a duty of another role than its rule's",
      (good) => good.replace("who: A", "who: A\n        when: { role: [controller] }"),
      "rules.yaml:16: No facts can meet its `when` and the rule's: the duty is unreachable.",
    ],
    [
      "no duties",
      (good) => good.replace(/ {4}duties:[^]*?(?= {4}lawEnf)/, "    duties: []\n"),
      "rules.yaml:12: It asks for nothing.",
    ],
    [
      "duties where it says there are none",
      (good) => good.replace("status: contractual", "status: no-duty"),
      "rules.yaml:13: A rule of status no-duty has none.",
    ],
    [
      "an exemption of a duty that is not there",
      (good) => good.replace("unless: []", "unless: [{ because: No., duties: [regulator] }]"),
      "rules.yaml:11: There is no duty regulator.",
    ],
    [
      "a stage twice",
      (good) => good.replace("stage: full", "stage: initial"),
      "rules.yaml:17: The stage initial is there twice.",
    ],
    [
      "a clock started by a stage that is not there",
      (good) => good.replace("stage: initial } }] }]", "stage: final } }] }]"),
      "rules.yaml:24: There is no duty xx-one/controller/final.",
    ],
    [
      "an order with a duty that is not there",
      (good) =>
        good.replace(
          "contents:",
          "order: [{ relation: before, of: { duty: media } }]\n        contents:",
        ),
      "rules.yaml:26: There is no duty xx-one/media.",
    ],
    [
      "the older text of no rule",
      (good) => good.replace("    unless:", "    replaces: xx-none\n    unless:"),
      "rules.yaml:11: There is no rule xx-none.",
    ],
  ])("with %s are refused, by file and line", (_name, change, problem) => {
    expect(problemsOf(change).map((each) => each.slice(0, problem.length))).toContain(problem);
  });

  test("that name a thing twice are refused, in one file and in two", () => {
    const twice = GOOD.slice(0, GOOD.indexOf("places:"));
    expect(problemsOf((good) => good, { "second.yaml": twice })).toEqual([
      "second.yaml:3: There is a rule xx-one in rules.yaml already.",
      "second.yaml:31: There is a question one in rules.yaml already.",
    ]);
    const places = "places: [{ code: XX, zone: UTC, weekend: [] }]\n";
    expect(problemsOf((good) => good, { "second.yaml": places })).toEqual([
      "second.yaml:1: There is a place XX in rules.yaml already.",
    ]);
  });

  test("that have a duty twice are refused", () => {
    const duty = / {6}- key:[^]*?(?= {4}lawEnf)/;
    expect(problemsOf((good) => good.replace(duty, "$&$&"))).toContain(
      "rules.yaml:27: The duty controller is there twice.",
    );
  });

  test("whose clocks wait for each other are refused, each of them named", () => {
    const waiting = (good: string) =>
      good.replaceAll("[awareness]", "[{ met: { duty: controller, stage: full } }]");
    expect(problemsOf(waiting)).toEqual([
      "rules.yaml:19: The clock of xx-one/controller/initial never starts: what it waits for waits for it.",
      "rules.yaml:23: The clock of xx-one/controller/full never starts: what it waits for waits for it.",
    ]);
    const orSomething = (good: string) =>
      good.replaceAll("[awareness]", "[discovery, { met: { duty: controller, stage: full } }]");
    expect(problemsOf(orSomething)).toEqual([]);
  });

  test("of which one duty must come before itself are refused", () => {
    const before = "order: [{ relation: before, of: { duty: controller } }]\n        contents:";
    expect(problemsOf((good) => good.replace("contents:", before))).toEqual([
      "rules.yaml:26: controller must come before itself.",
    ]);
  });

  test("of one law must not overlap in force", () => {
    const second = (good: string) =>
      good
        .slice(0, good.indexOf("questions:"))
        .replace("xx-one", "xx-two\n    replaces: xx-one")
        .replace("from: 2025-01-01", "from: 2026-01-01");
    const inForce = (good: string) => good.replaceAll("contractual", "in-force");
    const older = (to: string) => (good: string) =>
      inForce(good).replace("from: 2025-01-01", `from: 2025-01-01, to: ${to}`);
    const problem = "second.yaml:10: It overlaps in force with xx-one, whose text it replaces.";
    const more = { "second.yaml": inForce(second(GOOD)) };
    expect(problemsOf(inForce, more)).toEqual([problem]);
    expect(problemsOf(older("2026-01-01"), more)).toEqual([problem]);
    expect(problemsOf(older("2025-12-31"), more)).toEqual([]);
    const bill = { "second.yaml": second(GOOD).replace("contractual", "bill-not-in-force") };
    expect(problemsOf(inForce, bill)).toEqual([]);
  });

  test("are named with every problem at once, of every file", () => {
    const bad = (good: string) => good.replace("XX", "UK").replace("[contact]", "[weather]");
    const problems = problemsOf(bad, { "second.yaml": "rules: [\n", "third.yml": "rule: []\n" });
    expect(problems.map((each) => each.split(": ").slice(0, 2).join(": "))).toEqual([
      "rules.yaml:4: rules.0.jurisdiction",
      "rules.yaml:26: rules.0.duties.0.contents.0",
      expect.stringMatching(/^second.yaml:\d: /),
      expect.stringMatching(/^third.yml:1: /),
    ]);
  });
});

const GOOD = `rules:
  # A clause.
  - id: xx-one
    jurisdiction: XX
    name: One
    citation: clause 1
    sector: null
    role: processor
    inForce: { from: 2025-01-01 }
    when: { ask: one }
    unless: []
    duties:
      - key: controller
        to: controller
        who: A
        stages:
          - stage: initial
            due:
              limits: [{ amount: 24, unit: hours, from: [awareness] }]
              from: [awareness]
          - stage: full
            due:
              limits:
                [{ amount: 5, unit: months, from: [{ met: { duty: controller, stage: initial } }] }]
              from: [{ met: { duty: controller } }]
        contents: [contact]
    lawEnforcementHold: false
    status: contractual
    provenance: { established: source, asOf: 2026-01, sources: [] }
questions:
  - { code: one, asks: Is it so?, about: incident, kind: yes-no }
places:
  - { code: XX, zone: UTC, weekend: [6, 7] }
`;

import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { ALL } from "../../../src/domain/feedback/answer.ts";
import type { Answer } from "../../../src/domain/feedback/answer.ts";
import { QUESTIONS } from "../../../src/domain/feedback/questions.ts";
import {
  EMPTY,
  OTHER,
  batchesOf,
  counted,
  isDue,
  released,
  scrubbed,
} from "../../../src/domain/feedback/release.ts";
import type { Batch, Tally } from "../../../src/domain/feedback/release.ts";
import { resultsOf } from "../../../src/domain/feedback/results.ts";

describe("batches", () => {
  const open = { closing: false, first: true, batchMin: 10 };
  const closing = { closing: true, first: true, batchMin: 10 };

  test.each<[string, Record<string, number>, Parameters<typeof batchesOf>[1], string[]]>([
    ["nine wait", { en: 9 }, open, []],
    ["ten are enough", { en: 10 }, open, ["en=en"]],
    ["small groups wait on", { en: 25, ru: 9, zh: 3 }, open, ["en=en"]],
    ["a larger batch is asked for", { en: 19 }, { ...open, batchMin: 20 }, []],
    ["at the end ten are enough", { en: 19 }, { ...closing, batchMin: 20 }, ["en=en"]],
    ["small groups go together", { en: 30, ru: 9, zh: 3 }, closing, ["en=en", "other=zh+ru"]],
    ["with the next smallest", { en: 30, ru: 12, zh: 3 }, closing, ["en=en", "other=zh+ru"]],
    ["with the only other one", { en: 30, zh: 1 }, closing, ["other=zh+en"]],
    ["five in all make a total", { en: 3, zh: 2 }, closing, ["all=zh+en"]],
    ["four in all are thrown away", { en: 2, zh: 2 }, closing, []],
    ["five after others too", { en: 5 }, { ...closing, first: false }, []],
    ["ten small ones together", { en: 9, zh: 9 }, closing, ["other=en+zh"]],
  ])("%s", (_what, waiting, how, expected) => {
    const made = batchesOf(new Map(Object.entries(waiting)), how);
    expect(made.map(({ cell, groups }) => `${cell}=${groups.join("+")}`)).toEqual(expected);
  });

  test("are due when ever more wait, because everything is written anew", () => {
    expect([isDue(9, 0, 10), isDue(10, 0, 10), isDue(10, 200, 10)]).toEqual([false, true, true]);
    expect([isDue(49, 1_000, 10), isDue(50, 1_000, 10), isDue(19, 0, 20)]).toEqual([
      false,
      true,
      false,
    ]);
  });
});

/** Everybody's groups as they arrive, and after which of them results are released. */
const arrivals = fc.array(
  fc.record({
    group: fc.oneof(
      { weight: 6, arbitrary: fc.constant("en") },
      { weight: 3, arbitrary: fc.constant("zh") },
      { weight: 1, arbitrary: fc.constant("ru") },
    ),
    look: fc.boolean(),
  }),
  { maxLength: 150 },
);

describe("differences", () => {
  test("of anything ever shown are about ten people or more", () => {
    fc.assert(
      fc.property(arrivals, (people) => {
        for (const [size, only] of smallest(people, batchesOf)) {
          const total = size >= 5 && only;
          expect(size >= 10 || total, `${size} of all`).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test("and the same attack finds single people where everybody waiting is released", () => {
    const naive: typeof batchesOf = (waiting) =>
      [...waiting.keys()].map((group): Batch => ({ cell: group, groups: [group] }));
    const sizes = fc
      .sample(arrivals, 200)
      .flatMap((people) => [...smallest(people, naive)].map(([size]) => size));
    expect(Math.min(...sizes)).toBe(1);
  });
});

/**
 * The sets of people that the attacker cannot take apart further. They know, for every number
 * ever shown, exactly which people it counts (more than anybody really knows). Two people that
 * are in exactly the same numbers add the same to every sum and difference of them, so whatever
 * linear system is solved, it speaks of unions of these sets.
 */
function smallest(
  people: readonly { group: string; look: boolean }[],
  rule: typeof batchesOf,
): [size: number, only: boolean][] {
  const cells = new Map<string, number[]>();
  const seen = people.map((): string[] => []);
  let waiting: number[] = [];
  let tally: Tally = EMPTY;
  const release = (closing: boolean, when: string) => {
    const groupOf = (person: number) => people[person]?.group ?? "";
    const groups = Map.groupBy(waiting, groupOf);
    const sizes = new Map([...groups].map(([group, all]) => [group, all.length]));
    for (const { cell, groups: names } of rule(sizes, {
      closing,
      first: cells.size === 0,
      batchMin: 10,
    })) {
      const batch = names.flatMap((name) => groups.get(name) ?? []);
      cells.set(cell, [...(cells.get(cell) ?? []), ...batch]);
      tally = counted(
        tally,
        cell,
        batch.map(() => blank()),
        QUESTIONS.breach,
      );
      waiting = waiting.filter((person) => !batch.includes(person));
    }
    const shown = shownOf(tally);
    expect(released(tally)).toBe([...cells.values()].flat().length);
    if (shown.answers !== null)
      for (const person of [...cells.values()].flat()) seen[person]?.push(`total ${when}`);
    for (const { cell, answers } of shown.breakdown.cells) {
      expect(cells.get(cell)).toHaveLength(answers);
      for (const person of cells.get(cell) ?? []) seen[person]?.push(`${cell} ${when}`);
    }
  };
  people.forEach(({ look }, person) => {
    waiting.push(person);
    if (look) release(false, String(person));
  });
  release(true, "end");
  const alike = Map.groupBy(seen, (numbers) => numbers.join());
  alike.delete("");
  return [...alike.values()].map((set) => [set.length, alike.size === 1]);
}

describe("results", () => {
  test("of few are not shown, of less than fifty roughly, of more to the percent", () => {
    const of = (n: number) => {
      const answers = Array.from({ length: n }, (_, i) => blank(i < 3 ? "1" : "5"));
      return shownOf(counted(EMPTY, ALL, answers, QUESTIONS.breach));
    };
    const first = (n: number) => of(n).total[0]?.shares.map(({ percent }) => percent);
    expect(of(4)).toMatchObject({ answers: null, total: [], releasedOn: null });
    expect(first(7)).toEqual([45, 0, 0, 0, 55, 0]);
    expect(first(49)).toEqual([5, 0, 0, 0, 95, 0]);
    expect(first(50)).toEqual([6, 0, 0, 0, 94, 0]);
    expect(of(50).breakdown.cells).toEqual([]);
  });

  test("count a question left out, and several choices each", () => {
    const answers = Array.from({ length: 100 }, (_, i) => ({
      group: "en",
      choices: i < 50 ? { needed: ["plain", "person"] } : {},
      texts: {},
    }));
    const { total } = shownOf(counted(EMPTY, "en", answers, QUESTIONS.breach));
    const needed = total.find(({ question }) => question === "needed");
    expect(needed?.shares.filter(({ percent }) => percent > 0)).toEqual([
      { option: "plain", words: "Plainer words", percent: 50 },
      { option: "person", words: "A person to talk to", percent: 50 },
      { option: "skipped", words: "left out", percent: 50 },
    ]);
  });

  test("hold no fewer than ten texts, and the cell of small groups like any other", () => {
    const ten = Array.from({ length: 10 }, () => blank());
    const tally = counted(counted(EMPTY, "en", ten, QUESTIONS.breach), OTHER, ten, []);
    expect(shownOf(tally).breakdown.cells.map(({ cell }) => cell)).toEqual(["en", OTHER]);
    expect(shownOf(tally, 9).texts).toEqual([]);
    expect(shownOf(tally, 10).texts).toHaveLength(10);
  });
});

test.each([
  ["Write to ann.b@example.com please", "Write to [removed] please"],
  ["ann＠example.com", "[removed]"],
  ["call +1 202 555 0142 now", "call [removed] now"],
  ["call (202) 555-0142.", "call ([removed]."],
  ["my card 4111-1111-1111-1111", "my card [removed]"],
  ["电话１３８００１３８０００。", "电话[removed]。"],
  ["in 2026 I waited 12 days, 3 weeks", "in 2026 I waited 12 days, 3 weeks"],
  ["", ""],
])("%j is scrubbed to %j", (given, expected) => {
  expect(scrubbed(given)).toBe(expected);
});

function blank(clear?: string): Answer {
  return { group: "en", choices: clear ? { clear: [clear] } : {}, texts: {} };
}

function shownOf(tally: Tally, texts = 0) {
  return resultsOf({
    survey: {
      id: "5ad1f9f0-8c2d-4f0e-9d0b-0a2f7f1f6c11",
      questionSet: "breach",
      breakdown: "language",
      state: "open",
    },
    tally,
    releasedOn: "2026-03-03",
    texts: Array.from({ length: texts }, String),
  });
}

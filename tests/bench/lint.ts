import { lint } from "../../src/domain/notice/lint.ts";
import { completed } from "../../src/domain/notice/lint/complete.ts";
import type { LawDuty } from "../../src/domain/notice/lint/duty.ts";
import { render } from "../../src/domain/notice/render.ts";
import { PageLanguage } from "../../src/domain/language.ts";
import { readLibrary } from "../../src/gateways/library.ts";
import { ANA, SENDER, TEMPLATES, TRANSLATED, boundIn, compiled } from "../support/compiled.ts";
import { readText } from "../support/lint.ts";
import { shown } from "./row.ts";
import type { Found } from "./row.ts";

const ROUNDS = 30;

/**
 * The shipped initial notice in its three languages, completed, read under every duty to people
 * that the library holds but those that forbid something. The middle of thirty rounds, and the
 * first one, in which nothing is compiled yet.
 */
export async function benchLint(): Promise<Found> {
  const obligations = duties();
  const inputs = PageLanguage.options.map((language) => {
    const raw = TEMPLATES.notice("initial", language) ?? "";
    const source = completed(raw, obligations, readText(raw, { language }));
    const made = render(compiled(source, TRANSLATED, SENDER, language), language, ANA);
    const bound = boundIn(source, TRANSLATED, language);
    return { kind: "initial" as const, source, facts: TRANSLATED, bound, obligations, ...made };
  });
  const times: number[] = [];
  let problems = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const started = performance.now();
    problems = inputs.flatMap((input) => lint(input)).length;
    times.push(performance.now() - started);
  }
  const [first = 0] = times;
  const middle = times.toSorted((a, b) => a - b)[ROUNDS / 2] ?? 0;
  const what = "a notice in three languages linted";
  const note = `the first time ${shown(first)} ms`;
  return {
    rows: [{ what, measured: middle, unit: "ms", floor: 200, note }],
    lines: [`${obligations.length} duties to people; ${problems} problems found.`],
  };
}

function duties(): LawDuty[] {
  const { rules } = readLibrary("src/law");
  return rules.flatMap(({ jurisdiction: place, citation, duties: all }) =>
    all
      .filter(({ to, prohibited = [] }) => to === "individuals" && prohibited.length === 0)
      .map((duty) => ({
        to: duty.to,
        place,
        contents: duty.contents,
        prohibited: [],
        duty,
        rule: { citation },
        ...(duty.creditMonitoring && { creditMonitoringMonths: duty.creditMonitoring.months }),
      })),
  );
}

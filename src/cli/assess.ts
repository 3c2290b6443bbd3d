import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import type { Command } from "commander";
import { z } from "zod";

import { readScopeFile } from "../domain/interchange/scope-file.ts";
import type { WrittenScope } from "../domain/interchange/scope-file.ts";
import type { Library } from "../domain/law.ts";
import { assess } from "../domain/obligation/assess.ts";
import { FACT_QUESTIONS } from "../domain/obligation/condition.ts";
import { MARK_WORDS, RECIPIENT_WORDS, leftUntil, timeIn } from "../domain/obligation/telling.ts";
import type { Answers, Assessment, Obligation } from "../domain/obligation.ts";
import { Refusal, refuse } from "../domain/refusal.ts";
import { readLibrary } from "../gateways/library.ts";

/** `candor assess -f scope.yaml`: the duties of an incident, without a server and without a database. */
export function assessCommand(program: Command): void {
  program
    .command("assess")
    .description("print who must be told of an incident, by when and why; needs no server")
    .requiredOption("-f, --file <file>", "the scope, in YAML: see docs/scope.yaml")
    .option("--law <folder>", "rules of your own beside those that ship", process.env["LAW_FOLDER"])
    .option("--why-not", "also say why rules of affected places ask for nothing")
    .option("--json", "print the whole assessment as JSON")
    .action((options: unknown) => run(Options.parse(options)));
}

/** Assess a file and print. Exit codes: 0 assessed; 2 the scope file is wrong; 1 anything else. */
export async function run({ file, law, whyNot, json }: z.output<typeof Options>): Promise<void> {
  const library = readLibrary(LAW, law);
  const text = await readFile(file, "utf8");
  const now = new Date();
  try {
    const scope = readScopeFile(text, now);
    const assessment = assessed(scope, library);
    const { met } = scope.answers;
    const pretty = () => describe(assessment, library, { now, whyNot, met });
    process.stdout.write(json ? `${JSON.stringify(assessment, null, 2)}\n` : pretty());
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    process.stderr.write(`${error.message}\n${error.fields.map(problemLine(file)).join("")}`);
    process.exitCode = WRONG_FILE;
  }
}

/**
 * The duties. Refuses an answer to a question that no rule of an affected place puts, and a duty
 * that is said to be met and is none.
 */
function assessed(
  { incident, facts, answers, lineOf }: WrittenScope,
  library: Library,
): Assessment {
  const assessment = assess(incident, facts, library, answers);
  const asked = new Set(assessment.asked);
  const owed = new Set(assessment.obligations.map(({ id }) => id));
  const problem = (field: "answers" | "met", key: string, message: string) => {
    const line = lineOf([field, key]);
    return { field: `${field}.${key}`, code: "not-asked", message, line };
  };
  const problems = [
    ...Object.keys(answers.given)
      .filter((code) => !asked.has(code))
      .map((code) =>
        problem("answers", code, library.questions.has(code) ? NOT_HERE : NO_QUESTION),
      ),
    ...Object.keys(answers.met)
      .filter((id) => !owed.has(id))
      .map((id) => problem("met", id, NOT_OWED)),
  ];
  if (problems.length > 0) refuse("invalid-input", "Some of this was not asked for.", problems);
  return assessment;
}

function problemLine(file: string) {
  return ({ line, field, message }: { line?: number; field: string; message: string }) =>
    `${file}:${line ?? 1}: ${field}: ${message}\n`;
}

interface Showing {
  readonly now: Date;
  readonly whyNot: boolean;
  /** Obligation → when it was met. */
  readonly met: Answers["met"];
}

/** An assessment for a person to read. */
export function describe(
  { obligations, questions, noRuleKnown, warnings, whyNot }: Assessment,
  library: Library,
  showing: Showing,
): string {
  const refused = whyNot.filter(({ upcoming }) => upcoming || showing.whyNot);
  return [
    ...warnings.map((warning) => `Warning: ${warning}\n`),
    ...noRuleKnown.map((place) => `No rule is known for ${place}: ask counsel there.\n`),
    summary(obligations),
    ...obligations.map((each) => duty(each, showing)),
    ...section(
      "Questions still open, those on which most hangs first:",
      questions.map(question(library)),
    ),
    ...section(
      showing.whyNot ? "Why other rules ask for nothing:" : "Not in force, or not yet:",
      refused.map(
        (each) =>
          `${each.rule}${each.duty ? `/${each.duty}` : ""} (${each.place}): ${each.because}`,
      ),
    ),
    "\nCandor helps you track; confirm with counsel.\n",
  ].join("");
}

function summary(obligations: readonly Obligation[]): string {
  const open = obligations.filter(({ questions }) => questions.length > 0).length;
  return `${obligations.length} duties, the most urgent first; ${open} of them hang on open questions.\n`;
}

function duty(each: Obligation, showing: Showing): string {
  const { due, rule, to, who, stage, marks, because, authorities, creditMonitoringMonths } = each;
  const { standard, guideline, notBefore } = due;
  const [authority] = authorities;
  const details = [
    `${rule.name} (${rule.citation}), ${each.place}`,
    ...because,
    due.because,
    ...(standard === undefined ? [] : [`In the law's words: ${standard}.`]),
    ...(guideline === undefined ? [] : [`Expected, not required: ${guideline}.`]),
    ...(notBefore === undefined ? [] : [notBefore.because]),
    ...(authority === undefined
      ? []
      : [`Where: ${authority.name}${form(authority.breachReportUrl)}.`]),
    ...(creditMonitoringMonths === undefined
      ? []
      : [`Credit monitoring is owed for ${creditMonitoringMonths} months.`]),
    ...each.exemptions.map((exemption) => `May not be owed: ${exemption}`),
    ...marks.map((mark) => `! ${MARK_WORDS[mark]}`),
  ];
  return [
    `\n${whenDue(each, showing)}\n  ${RECIPIENT_WORDS[to]}: ${who} (${stage})\n`,
    ...details.map((line) => `    ${line}\n`),
    `    id: ${each.id}\n`,
  ].join("");
}

function whenDue(each: Obligation, { now, met }: Showing): string {
  const { at, zone } = each.due;
  const done = met[each.id];
  const left = at && (done === undefined ? leftUntil(at, now) : metWords(done, at));
  return at === undefined ? (done ? "Met" : "No time") : `${timeIn(at, zone)}, ${left}`;
}

function metWords(done: Date, at: Date): string {
  return done > at ? `met, ${leftUntil(at, done)}` : "met";
}

function form(url: string | null): string {
  return url === null ? "" : `, ${url}`;
}

function question({ questions }: Library): (code: string) => string {
  return (code) => {
    const asks = questions.get(code)?.asks ?? FACT_QUESTIONS[code];
    if (asks !== undefined) return `${code}: ${asks}`;
    const event = code.replace(/^when-/, "");
    return `events, ${event}: When was the ${event.replaceAll("-", " ")}?`;
  };
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`\n${title}\n`, ...lines.map((line) => `  ${line}\n`)];
}

const LAW = fileURLToPath(new URL("../law", import.meta.url));
const WRONG_FILE = 2;
const NOT_HERE = "No rule of the places affected asks this.";
const NO_QUESTION = "There is no such question.";
const NOT_OWED = "There is no such duty; write the id as it is printed.";
const Options = z.object({
  file: z.string(),
  law: z.string().optional(),
  whyNot: z.boolean().default(false),
  json: z.boolean().default(false),
});

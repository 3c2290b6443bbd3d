import type { DutyRule, Rule } from "../law.ts";
import type { Condition } from "./condition.ts";
import { clockProblems, orderProblems } from "./clock-check.ts";
import type { DutyRef } from "./due.ts";
import type { LawProblem, Located, LocatedRule } from "./pack.ts";
import { isSatisfiable } from "./reach.ts";
import { asked, refs } from "./walk.ts";

/**
 * What is wrong with files that are each well formed: names that mean nothing or two things,
 * rules that can never fire, texts of a law that overlap, clocks that wait for each other.
 */
export function lawProblems(files: readonly Located[]): LawProblem[] {
  const law = gather(files);
  return [
    ...repeated(files),
    ...law.rules.flatMap((each) => [
      ...ruleProblems(each, law),
      ...each.rule.duties.flatMap((duty, index) => dutyProblems(each, duty, index, law)),
      ...orderProblems(each),
    ]),
    ...clockProblems(law.rules),
    ...unusedQuestions(files, law),
    ...files.flatMap(({ name: file, pack }) =>
      [
        ...pack.authorities.map(({ place }, at) => ({ place, path: ["authorities", at, "place"] })),
        ...pack.places.map(({ code, as = code }, at) => ({
          place: as,
          path: ["places", at, "as"],
        })),
      ]
        .filter(({ place }) => !law.places.has(place))
        .map(({ place, path }) => ({ file, path, message: noPlace(place) })),
    ),
  ];
}

interface Law {
  readonly rules: readonly LocatedRule[];
  readonly byId: ReadonlyMap<string, Rule>;
  readonly places: ReadonlySet<string>;
  readonly questions: ReadonlySet<string>;
}

function gather(files: readonly Located[]): Law {
  const rules = files.flatMap(({ name: file, pack }) =>
    pack.rules.map((rule, index) => ({ file, path: ["rules", index], rule })),
  );
  return {
    rules,
    byId: new Map(rules.map(({ rule }) => [rule.id, rule])),
    places: new Set(files.flatMap(({ pack }) => pack.places.map(({ code }) => code))),
    questions: new Set(
      files.flatMap(({ pack }) =>
        pack.questions.filter(({ kind }) => kind === "yes-no").map(({ code }) => code),
      ),
    ),
  };
}

/** Ids, codes and places that are there twice, in one file or in several. */
function repeated(files: readonly Located[]): LawProblem[] {
  const first = new Map<string, string>();
  return files.flatMap(({ name: file, pack }) => {
    const named = [
      ...pack.rules.map(({ id }, index) => ({ path: ["rules", index, "id"], name: `rule ${id}` })),
      ...pack.questions.map(({ code }, index) => ({
        path: ["questions", index, "code"],
        name: `question ${code}`,
      })),
      ...pack.places.map(({ code }, index) => ({
        path: ["places", index, "code"],
        name: `place ${code}`,
      })),
    ];
    return named.flatMap(({ path, name }) => {
      const before = first.get(name);
      first.set(name, before ?? file);
      return before === undefined
        ? []
        : [{ file, path, message: `There is a ${name} in ${before} already.` }];
    });
  });
}

function ruleProblems({ file, path, rule }: LocatedRule, law: Law): LawProblem[] {
  const { inForce, status, duties, replaces } = rule;
  const at = (message: string, ...more: PropertyKey[]) => ({
    file,
    path: [...path, ...more],
    message,
  });
  const older = replaces === undefined ? undefined : law.byId.get(replaces);
  return [
    ...[rule.jurisdiction, ...(rule.appliesIn ?? [])]
      .filter((place) => !law.places.has(place))
      .map((place) => at(noPlace(place), "jurisdiction")),
    ...(inForce.to !== undefined && inForce.to < inForce.from && inForce.from !== "start-unknown"
      ? [at("It ends before it starts, and so never applies.", "inForce")]
      : []),
    ...((status === "no-duty") === duties.length > 0
      ? [
          at(
            duties.length > 0 ? "A rule of status no-duty has none." : "It asks for nothing.",
            "duties",
          ),
        ]
      : []),
    ...(isSatisfiable([rule.when, roleOf(rule)])
      ? []
      : [at("No facts can meet its `when`: the rule is unreachable.", "when")]),
    ...(replaces !== undefined && older === undefined
      ? [at(`There is no rule ${replaces}.`, "replaces")]
      : []),
    ...(older !== undefined && overlap(older, rule)
      ? [at(`It overlaps in force with ${older.id}, whose text it replaces.`, "inForce")]
      : []),
    ...rule.unless.flatMap((each, index) =>
      (each.duties ?? [])
        .filter((key) => !duties.some((duty) => duty.key === key))
        .map((key) => at(`There is no duty ${key}.`, "unless", index, "duties")),
    ),
    ...asked(rule)
      .filter(({ code }) => !law.questions.has(code))
      .map(({ code, path: where }) => at(`There is no question ${code} (yes-no).`, ...where)),
  ];
}

function dutyProblems(
  { file, path, rule }: LocatedRule,
  duty: DutyRule,
  index: number,
  law: Law,
): LawProblem[] {
  const at = (message: string, ...more: PropertyKey[]) => ({
    file,
    path: [...path, "duties", index, ...more],
    message,
  });
  const stages = duty.stages.map(({ stage }) => stage);
  return [
    ...(rule.duties.findIndex(({ key }) => key === duty.key) < index
      ? [at(`The duty ${duty.key} is there twice.`, "key")]
      : []),
    ...stages
      .filter((stage, i) => stages.indexOf(stage) < i)
      .map((stage) => at(`The stage ${stage} is there twice.`, "stages")),
    ...(isSatisfiable([rule.when, roleOf(rule), duty.when])
      ? []
      : [at("No facts can meet its `when` and the rule's: the duty is unreachable.", "when")]),
    ...refs(duty)
      .filter(({ ref }) => !resolves(ref, rule, law))
      .map(({ ref, path: where }) => at(`There is no ${nameOf(ref, rule)}.`, ...where)),
  ];
}

function unusedQuestions(files: readonly Located[], law: Law): LawProblem[] {
  const used = new Set(law.rules.flatMap(({ rule }) => asked(rule).map(({ code }) => code)));
  return files.flatMap(({ name: file, pack }) =>
    pack.questions
      .map(({ code }, index) => ({ code, path: ["questions", index] }))
      .filter(({ code }) => !used.has(code))
      .map(({ code, path }) => ({ file, path, message: `No rule asks the question ${code}.` })),
  );
}

/** Two texts of one law that would both be in force on some day. */
function overlap(older: Rule, newer: Rule): boolean {
  if (older.status !== "in-force" || newer.status !== "in-force") return false;
  const from = newer.inForce.from === "start-unknown" ? "" : newer.inForce.from;
  return older.inForce.to === undefined || older.inForce.to >= from;
}

function resolves({ rule: id, duty: key, stage }: DutyRef, rule: Rule, law: Law): boolean {
  const of = id === undefined ? rule : law.byId.get(id);
  const duty = of?.duties.find((each) => each.key === key);
  return (
    duty !== undefined && (stage === undefined || duty.stages.some((each) => each.stage === stage))
  );
}

function nameOf({ rule: id, duty, stage }: DutyRef, rule: Rule): string {
  return `duty ${[id ?? rule.id, duty, ...(stage === undefined ? [] : [stage])].join("/")}`;
}

function roleOf({ role }: Rule): Condition | undefined {
  return role === "either" ? undefined : { role: [role] };
}

function noPlace(place: string): string {
  return `There is no place ${place} in places.yaml.`;
}

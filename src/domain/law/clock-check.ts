import type { Rule } from "../law.ts";
import type { Start } from "./due.ts";
import type { LawProblem, LocatedRule } from "./pack.ts";

/** Duties of which each must come before the other. */
export function orderProblems({ file, path, rule }: LocatedRule): LawProblem[] {
  const after = new Map(
    rule.duties.map(({ key, order = [] }) => [
      key,
      order.filter(({ relation }) => relation === "before").map(({ of }) => of.duty),
    ]),
  );
  const reaches = (from: string, to: string, seen: ReadonlySet<string>): boolean =>
    (after.get(from) ?? []).some(
      (next) => next === to || (!seen.has(next) && reaches(next, to, new Set([...seen, next]))),
    );
  return rule.duties.flatMap(({ key }, index) =>
    reaches(key, key, new Set([key]))
      ? [
          {
            file,
            path: [...path, "duties", index, "order"],
            message: `${key} must come before itself.`,
          },
        ]
      : [],
  );
}

/** Limits that can never start, because what starts them waits for them in turn. */
export function clockProblems(rules: readonly LocatedRule[]): LawProblem[] {
  const clocks = rules.flatMap(({ file, path, rule }) =>
    rule.duties.flatMap((duty, d) =>
      duty.stages.flatMap(({ stage, due }, s) => {
        const all = [...due.limits, ...(due.yearDay ? [due.yearDay] : [])];
        const froms = all.length > 0 ? all.map(({ from }) => from) : [due.from];
        return froms.map((from) => ({
          file,
          path: [...path, "duties", d, "stages", s, "due"],
          rule,
          id: `${rule.id}/${duty.key}/${stage}`,
          from,
        }));
      }),
    ),
  );
  const starting = new Set<string>();
  const canStart = (from: readonly Start[], rule: Rule) =>
    from.some((start) => {
      if (typeof start === "string") return true;
      const { rule: of = rule.id, duty, stage } = start.met;
      return [...starting].some((id) =>
        stage === undefined ? id.startsWith(`${of}/${duty}/`) : id === `${of}/${duty}/${stage}`,
      );
    });
  for (let before = -1; before < starting.size;) {
    before = starting.size;
    for (const { id, from, rule } of clocks) if (canStart(from, rule)) starting.add(id);
  }
  return clocks
    .filter(({ from, rule }) => !canStart(from, rule))
    .map(({ file, path, id }) => ({
      file,
      path,
      message: `The clock of ${id} never starts: what it waits for waits for it.`,
    }));
}

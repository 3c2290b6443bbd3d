import { z } from "zod";

import { Authority, Place, Question, Rule } from "../law.ts";

/** What one file of rules may hold. Rules and questions are anybody's; the rest is the library's own. */
export const Pack = z.strictObject({
  rules: z.array(Rule).default([]),
  questions: z.array(Question).default([]),
  places: z.array(Place).default([]),
  authorities: z.array(Authority).default([]),
});
export type Pack = z.output<typeof Pack>;

/** A file of rules, as it was read. */
export interface Located {
  readonly name: string;
  readonly pack: Pack;
}

/** What is wrong, and where: a file, and a path into what it holds. */
export interface LawProblem {
  readonly file: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** A rule, and where it stands. */
export interface LocatedRule {
  readonly file: string;
  readonly path: readonly PropertyKey[];
  readonly rule: Rule;
}

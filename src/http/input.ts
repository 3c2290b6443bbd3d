import type { Request } from "express";
import type { z } from "zod";

import { refuse } from "../domain/refusal.ts";
import type { FieldProblem } from "../domain/refusal.ts";
import type { Route } from "./route.ts";

export interface Input {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/**
 * Path, query and body through the route's schemas. Refuses `invalid-input` with every field
 * that does not fit, of all three at once. Messages say what a field should be and never
 * quote what it was.
 */
export function accept(route: Route, req: Request, body: unknown): Input {
  const params = route.params.safeParse(req.params);
  const query = route.query.safeParse(req.query);
  const content =
    route.body === "stream"
      ? ({ success: true, data: undefined } as const)
      : route.body.safeParse(body);
  if (params.success && query.success && content.success)
    return { params: params.data, query: query.data, body: content.data };

  const issues = [params, query, content].flatMap((part) =>
    part.success ? [] : part.error.issues,
  );
  const problems = issues.flatMap((issue) => explain(issue, []));
  return refuse("invalid-input", "Some fields need attention.", problems.slice(0, PROBLEMS_MAX));
}

function explain(issue: z.core.$ZodIssue, above: readonly PropertyKey[]): FieldProblem[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({
      field: fieldOf([...path, key]),
      code: "unknown-field",
      message: "There is no such field.",
    }));
  const closest = issue.code === "invalid_union" ? closestBranch(issue.errors) : [];
  if (closest.length > 0) return closest.flatMap((inner) => explain(inner, path));
  return [{ field: fieldOf(path), code: codeOf(issue), message: issue.message }];
}

/** The alternative that the caller most likely meant: the one that got furthest inside. */
function closestBranch(branches: readonly z.core.$ZodIssue[][]): readonly z.core.$ZodIssue[] {
  const depth = (issues: readonly z.core.$ZodIssue[]) =>
    Math.max(0, ...issues.map(({ path }) => path.length));
  const [best] = branches.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length);
  return best !== undefined && depth(best) > 0 ? best : [];
}

/** A refinement may name its own code with `params: { code }`; otherwise zod's, in our spelling. */
function codeOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.message.endsWith("received undefined"))
    return "missing";
  if (issue.code !== "custom") return issue.code.replaceAll("_", "-");
  const named: unknown = issue.params?.["code"];
  return typeof named === "string" ? named : "not-valid";
}

/** The path as the caller wrote it. A name that is no plain word may be data, and is not echoed. */
function fieldOf(path: readonly PropertyKey[]): string {
  return path
    .map(String)
    .map((part) => (/^[A-Za-z0-9_-]{1,40}$/.test(part) ? part : "?"))
    .join(".");
}

const PROBLEMS_MAX = 100;

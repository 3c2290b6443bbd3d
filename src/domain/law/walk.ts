import type { DutyRule, Rule } from "../law.ts";
import { DutyRef } from "./due.ts";

/** A place in a rule: keys and positions, from the outside in. */
export type Path = readonly PropertyKey[];

/** Every question that a rule asks, and where. */
export function asked(rule: Rule): { code: string; path: Path }[] {
  return [...nodes(rule)].flatMap(({ node, path }) =>
    "ask" in node && typeof node.ask === "string" ? [{ code: node.ask, path }] : [],
  );
}

/** Every duty that a duty names: what starts its clocks, and what it stands in order with. */
export function refs(duty: DutyRule): { ref: DutyRef; path: Path }[] {
  return [...nodes(duty)].flatMap(({ node, path }) => {
    const { success, data } = DutyRef.safeParse("met" in node ? node.met : undefined);
    const of = DutyRef.safeParse("relation" in node && "of" in node ? node.of : undefined);
    return [...(success ? [data] : []), ...(of.success ? [of.data] : [])].map((ref) => ({
      ref,
      path,
    }));
  });
}

function* nodes(value: unknown, path: Path = []): Generator<{ node: object; path: Path }> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield { node: value, path };
  for (const [key, part] of Object.entries(value))
    yield* nodes(part, [...path, Array.isArray(value) ? Number(key) : key]);
}

import type { DutyRule, Rule } from "../law.ts";
import { DutyRef } from "./due.ts";

/** A place in a rule: keys and positions, from the outside in. */
export type Path = readonly PropertyKey[];

/** Every question that a rule asks, and where. */
export function asked(rule: Rule): { code: string; path: Path }[] {
  return nodes(rule).flatMap(({ node, path }) =>
    "ask" in node && typeof node.ask === "string" ? [{ code: node.ask, path }] : [],
  );
}

/** Every duty that a duty names: what starts its clocks, and what it stands in order with. */
export function refs(duty: DutyRule): { ref: DutyRef; path: Path }[] {
  return nodes(duty).flatMap(({ node, path }) => {
    const named = [
      ...("met" in node ? [node.met] : []),
      ...("relation" in node && "of" in node ? [node.of] : []),
    ];
    return named.flatMap((each) => {
      const { success, data: ref } = DutyRef.safeParse(each);
      return success ? [{ ref, path }] : [];
    });
  });
}

interface Found {
  readonly node: object;
  readonly path: Path;
}

function nodes(value: unknown, path: Path = [], found: Found[] = []): Found[] {
  if (typeof value !== "object" || value === null) return found;
  if (!Array.isArray(value)) found.push({ node: value, path });
  for (const [key, part] of Object.entries(value))
    if (typeof part === "object")
      nodes(part, [...path, Array.isArray(value) ? Number(key) : key], found);
  return found;
}

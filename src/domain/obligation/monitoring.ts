import type { DutyRule } from "../law.ts";
import { evaluate } from "./condition.ts";
import type { Scene } from "./scene.ts";

/** How many months of credit monitoring are owed, and on what that hangs. */
export interface Owed {
  readonly months?: number;
  readonly open: readonly string[];
}

/**
 * The months owed where a name and one of the offer's kinds of data were exposed. Other terms take
 * the place of the usual ones where their condition holds; while that is open, the longer is owed.
 */
export function monitoringOwed(offer: DutyRule["creditMonitoring"], scene: Scene): Owed {
  if (!offer || !scene.exposed.has("name")) return NOTHING;
  if (!offer.elements.some((element) => scene.exposed.has(element))) return NOTHING;
  const owed = offer.when ? evaluate(offer.when, scene) : undefined;
  if (owed?.value === "no") return NOTHING;
  const open = [...(owed?.open ?? [])];
  const possible: number[] = [];
  for (const { when, months } of offer.otherwise ?? []) {
    const { value, open: questions } = evaluate(when, scene);
    if (value === "yes") return { months: Math.max(months, ...possible), open };
    if (value === "unknown") {
      possible.push(months);
      open.push(...questions);
    }
  }
  return { months: Math.max(offer.months, ...possible), open };
}

const NOTHING: Owed = { open: [] };

import type { Element, ExposedElement } from "../element.ts";
import type { MyNotice } from "./visit.ts";

type State = ExposedElement["state"];

/**
 * One person's kinds of data: what we know of each now, beside what our last notice to them
 * rested on. A kind that the person's row names and the scope does not is confirmed: the row
 * itself came out of the data.
 */
export function elementLines(
  exposure: readonly Element[],
  now: readonly ExposedElement[],
  lastTold: readonly ExposedElement[] | undefined,
): MyNotice["elements"] {
  return exposure.map((element) => ({
    element,
    state: stateIn(now, element) ?? "confirmed",
    before: lastTold ? (stateIn(lastTold, element) ?? "confirmed") : null,
  }));
}

function stateIn(elements: readonly ExposedElement[], element: Element): State | undefined {
  return elements.find((each) => each.element === element)?.state;
}

import { countryOf, isPartOf } from "../../audience/residence.ts";
import type { Obligation } from "../../obligation.ts";
import type { Variants } from "../split.ts";

/**
 * The obligations that bind a text: those of the places whose people read it, and of a country
 * whose parts they live in. The text without a variant is bound by all places that have none.
 */
export function bindingText<T extends Pick<Obligation, "place">>(
  obligations: readonly T[],
  variants: Variants,
  variant: string | null,
): T[] {
  const taken = new Set(Object.values(variants).flatMap(({ places }) => places));
  if (variant === null)
    return obligations.filter(({ place }) => !taken.has(place) && !taken.has(countryOf(place)));
  const places = variants[variant]?.places ?? [];
  return obligations.filter(
    ({ place }) =>
      places.some((own) => own === place || isPartOf(own, place)) ||
      // A region without a variant of its own reads the text of its country.
      (places.includes(countryOf(place)) && !taken.has(place)),
  );
}

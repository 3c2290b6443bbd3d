import type { ScopeFacts } from "../scope.ts";
import { compile } from "./compile.ts";
import type { Compilable, CompiledNotice, Layout } from "./compile.ts";
import type { NoticeVersion } from "./notice.ts";
import { splitBy } from "./split.ts";
import type { Split } from "./split.ts";

/** A notice version with all of its texts: what most people get, and the variants for some places. */
export interface CompiledTexts {
  readonly split: Split;
  /** The text of everybody for whom there is no variant comes first. */
  readonly variants: readonly CompiledNotice[];
  /** What a person gets who lives in this place: a look-up, made once for each message. */
  forPlace(place: string | null | undefined): CompiledNotice;
  forVariant(variant: string | null): CompiledNotice;
}

/** Compile every text of a version. Refuses `template-refused` for a source that may not be used. */
export function compileTexts(
  version: Compilable & Pick<NoticeVersion, "variants">,
  facts: ScopeFacts,
  layout: Layout,
): CompiledTexts {
  const others = compile(version, facts, layout);
  const more = Object.keys(version.variants)
    .toSorted()
    .map((code) => compile(version, facts, layout, code));
  const variants = [others, ...more];
  const split = splitBy(version.variants);
  const known = new Map(variants.map((each) => [each.variant, each]));
  const forVariant = (variant: string | null) => known.get(variant) ?? others;
  return { split, variants, forVariant, forPlace: (place) => forVariant(split.of(place)) };
}

import type { Context } from "../../context.ts";
import { isPartOf } from "../../domain/audience/residence.ts";
import type { PlaceCount } from "../../domain/audience/residents.ts";
import { textOf } from "../../domain/notice/lint.ts";
import { forbiddenProblems } from "../../domain/notice/lint/forbidden.ts";
import type { Notice, NoticeVersion } from "../../domain/notice/notice.ts";
import { partsOf, splitBy } from "../../domain/notice/split.ts";
import type { Obligation } from "../../domain/obligation.ts";
import { refuse } from "../../domain/refusal.ts";
import type { FieldProblem } from "../../domain/refusal.ts";
import type { Sql } from "../../store/db.ts";
import type { VersionWithFacts } from "../../store/notice.ts";
import { compiledVersion } from "../notice/compiled.ts";
import { owedToAudience } from "../notice/gate.ts";

interface Proposed {
  readonly notice: Pick<Notice, "incidentId" | "kind">;
  readonly version: Pick<NoticeVersion, "id" | "variants">;
  /** Where the people of the audience live. */
  readonly places: readonly PlaceCount[];
}

/**
 * Refuses a text for people whom it may not be told. The scope says by whose law a text is judged;
 * here the audience is looked at: people of a place that the scope does not name and whose law
 * forbids what they would read, and people of unknown place of whom nobody said what they read.
 */
export async function requirePlacesServed(
  ctx: Context,
  tx: Sql,
  { notice, version, places }: Proposed,
): Promise<void> {
  const problems = [
    ...unmarked(version, places),
    ...(await forbidden(ctx, tx, { notice, version, places })),
  ];
  if (problems.length > 0)
    refuse("template-refused", "Some people would read what is not for their place.", problems);
}

function unmarked({ variants }: Proposed["version"], places: readonly PlaceCount[]) {
  if (Object.values(variants).some(({ unknown }) => unknown)) return [];
  const { isGuess } = splitBy(variants);
  const count = sumOf(places.filter(({ place }) => isGuess(place)));
  if (count === 0) return [];
  return [
    {
      field: "variants",
      code: "place-unknown",
      message: `Of ${count} people nobody knows in which of these places they live. Mark the variant that leaves most unsaid with unknown: true, or find out.`,
    },
  ];
}

async function forbidden(
  ctx: Context,
  tx: Sql,
  { notice, version: { id }, places }: Proposed,
): Promise<FieldProblem[]> {
  const { incidentId, kind } = notice;
  const { more, unnamed } = await owedToAudience(ctx, tx, incidentId, places);
  if (more.length === 0) return [];
  const { version } = await compiledVersion(ctx, id, tx);
  return unnamed.flatMap(({ jurisdiction, count }) =>
    problemsIn(version, kind, { place: jurisdiction, obligations: more }).map((field) => ({
      field,
      code: "place-not-named",
      message: `The audience has ${count} people of ${jurisdiction}, which the scope does not name, and the law there forbids what this text says. Name the place in the scope, and draft a variant.`,
    })),
  );
}

/** The texts that people of a place may read and that say what its law forbids. */
function problemsIn(
  { languages, variants, facts: bound, scopeFacts: facts }: VersionWithFacts,
  kind: Notice["kind"],
  { place, obligations }: { place: string; obligations: readonly Obligation[] },
): string[] {
  const own = obligations.filter((each) => each.place === place || isPartOf(place, each.place));
  const variant = splitBy(variants).of(place);
  return Object.entries(languages).flatMap(([key, source]) => {
    const parts = partsOf(key);
    if (parts.variant !== variant) return [];
    const text = textOf({ kind, language: parts.language, source, facts, bound });
    const found = forbiddenProblems(own, text);
    return found.some(({ severity }) => severity === "must-fix") ? [`languages.${key}`] : [];
  });
}

function sumOf(places: readonly PlaceCount[]): number {
  return places.reduce((sum, { people }) => sum + people, 0);
}

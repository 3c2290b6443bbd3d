import type { Context } from "../../context.ts";
import type { PlaceCount } from "../../domain/audience/residents.ts";
import { NOT_YET_KNOWN } from "../../domain/instant.ts";
import type { Notice, NoticeVersion } from "../../domain/notice/notice.ts";
import { saysForbidden } from "../../domain/notice/proposal.ts";
import { partsOf, splitBy } from "../../domain/notice/split.ts";
import type { Obligation } from "../../domain/obligation.ts";
import { answersOf } from "../../domain/obligation/answer.ts";
import { assess } from "../../domain/obligation/assess.ts";
import { refuse } from "../../domain/refusal.ts";
import type { FieldProblem } from "../../domain/refusal.ts";
import * as recipients from "../../store/audience/recipient.ts";
import type { Sql } from "../../store/db.ts";
import { assessed } from "../obligation/assess.ts";

interface Proposed {
  readonly notice: Pick<Notice, "incidentId">;
  readonly version: Pick<NoticeVersion, "languages" | "variants">;
  readonly audienceId: string;
}

/**
 * Refuses a text for people whom it may not be told. The scope says by whose law a text is judged;
 * here the audience is looked at: people of a place that the scope does not name and whose law
 * forbids what they would read, and people of unknown place of whom nobody said what they read.
 */
export async function requirePlacesServed(
  ctx: Context,
  tx: Sql,
  { notice: { incidentId }, version, audienceId }: Proposed,
): Promise<void> {
  const places = await recipients.places(tx, audienceId);
  const problems = [
    ...unmarked(version, places),
    ...(await forbidden(ctx, tx, { incidentId, version, places })),
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

interface Judged extends Pick<Proposed, "version"> {
  readonly incidentId: string;
  readonly places: readonly PlaceCount[];
}

async function forbidden(
  ctx: Context,
  tx: Sql,
  { incidentId, version, places }: Judged,
): Promise<FieldProblem[]> {
  const found = await assessed(ctx, tx, incidentId);
  const { people } = found.scope.facts;
  const stated = people === NOT_YET_KNOWN ? [] : people;
  const named = new Set(stated.map(({ jurisdiction }) => jurisdiction));
  const more = places.flatMap(({ place, people: count }) =>
    place === null || named.has(place) ? [] : [{ jurisdiction: place, count }],
  );
  if (more.length === 0) return [];
  const given = answersOf(found.answered, found.decision, []);
  const facts = { ...found.scope.facts, people: [...stated, ...more] };
  const { obligations } = assess(found.incident, facts, ctx.library, given);
  return more.flatMap(({ jurisdiction, count }) =>
    problemsIn(version, jurisdiction, obligations).map((field) => ({
      field,
      code: "place-not-named",
      message: `The audience has ${count} people of ${jurisdiction}, which the scope does not name, and the law there forbids what this text says. Name the place in the scope, and draft a variant.`,
    })),
  );
}

/** The texts that people of a place may read and that say what its law forbids. */
function problemsIn(
  { languages, variants }: Proposed["version"],
  place: string,
  obligations: readonly Obligation[],
): string[] {
  const own = obligations.filter((each) => each.to === "individuals" && each.place === place);
  const prohibited = own.flatMap((each) => each.prohibited);
  const variant = splitBy(variants).of(place);
  return Object.entries(languages).flatMap(([key, source]) =>
    partsOf(key).variant === variant && saysForbidden(source, prohibited)
      ? [`languages.${key}`]
      : [],
  );
}

function sumOf(places: readonly PlaceCount[]): number {
  return places.reduce((sum, { people }) => sum + people, 0);
}

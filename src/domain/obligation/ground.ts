import { NOT_YET_KNOWN } from "../instant.ts";
import type { Library, Place } from "../law.ts";
import type { Answers } from "../obligation.ts";
import type { FieldProblem } from "../refusal.ts";
import { wallOf } from "./calendar.ts";
import { countryOf, exposedOf, peopleOf, sumOf } from "./scene.ts";
import type { AssessedFacts, AssessedIncident, Scene } from "./scene.ts";
import { begin, earliestOf, firstInstant } from "./start.ts";

/** What an assessment goes by, read once. */
export interface Ground {
  readonly incident: AssessedIncident;
  readonly facts: AssessedFacts;
  readonly library: Library;
  readonly answers: Answers;
  readonly exposed: Scene["exposed"];
  /** Affected people per jurisdiction; absent where not yet known. */
  readonly people: ReadonlyMap<string, number> | undefined;
  readonly everywhere: number | undefined;
  /** The day by which law is chosen: of discovery or of awareness, whichever came first. */
  readonly day: string;
}

/** Read the facts for an assessment. */
export function groundOf(
  incident: AssessedIncident,
  facts: AssessedFacts,
  library: Library,
  answers: Answers,
): Ground {
  const people = peopleOf(facts, library.places);
  const everywhere = people && sumOf(people);
  const exposed = exposedOf(facts);
  const day = dayOfIncident(incident, facts, answers);
  return { incident, facts, library, answers, exposed, people, everywhere, day };
}

/** The facts as they look from one place. */
export function sceneOf(ground: Ground, place: string, persons: number | undefined): Scene {
  const { exposed, facts, answers, everywhere, library } = ground;
  const asks = (code: string) => library.questions.get(code)?.asks ?? code;
  return { exposed, facts, answers, place, persons, everywhere, asks };
}

/**
 * The place by whose days a clock runs. A contract's are those of where we are; a place that the
 * library does not know is its country, or has the incident's zone and a weekend of two days.
 */
export function clockPlace(ground: Ground, place: string): Place {
  const { library, answers, incident } = ground;
  const { places } = library;
  const where = place === "XX" ? (answers.establishment ?? place) : place;
  const known = places.get(where) ?? places.get(countryOf(where));
  if (known && known.code !== "XX") return known;
  return { code: place, weekend: [6, 7], ...known, zone: incident.awareZone };
}

/** Nobody is aware of what nobody discovered: says so where the facts of an incident claim it. */
export function awareTooEarly(
  { awareAt }: AssessedIncident,
  { discoveredAt }: Pick<AssessedFacts, "discoveredAt">,
): FieldProblem | undefined {
  if (discoveredAt === NOT_YET_KNOWN) return undefined;
  if (firstInstant(earliestOf(discoveredAt), discoveredAt.zone) <= awareAt) return undefined;
  const message = "The discovery is later than the awareness of it. One of the two is wrong.";
  return { field: "discoveredAt", code: "after-awareness", message };
}

function dayOfIncident(incident: AssessedIncident, facts: AssessedFacts, answers: Answers): string {
  const zone = incident.awareZone;
  const known = { incident, facts, answers, rule: "", suffix: "", zone };
  const first = begin(["discovery", "awareness"], known);
  if ("waitsFor" in first) return wallOf(incident.awareAt, zone).day;
  return "day" in first.begins
    ? first.begins.day
    : wallOf(firstInstant(first.begins, zone), zone).day;
}

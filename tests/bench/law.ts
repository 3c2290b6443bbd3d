import { Element } from "../../src/domain/element.ts";
import { assess } from "../../src/domain/obligation/assess.ts";
import { firstFacts } from "../../src/domain/scope.ts";
import { createLibrary, readLibrary } from "../../src/gateways/library.ts";
import { median, shown } from "./row.ts";
import type { Found } from "./row.ts";

const PLACES = 100;
const ELEMENTS = 30;
const ROUNDS = 30;

/**
 * An incident with people in a hundred jurisdictions and thirty kinds of data, assessed under every
 * rule that ships while no question is answered, so that nearly every duty stands. The middle of
 * thirty rounds; what is read and built once is told beside it.
 */
export async function benchLaw(): Promise<Found> {
  const started = performance.now();
  readLibrary("src/law");
  const read = performance.now() - started;
  const library = createLibrary("src/law");
  const places = [...new Set(library.rules.map(({ jurisdiction }) => jurisdiction))]
    .filter((place) => place !== "EU" && place !== "XX" && place !== "US")
    .slice(0, PLACES);
  const facts = {
    ...firstFacts({
      whatHappened: "A benchmark.",
      dataElements: Element.options
        .slice(0, ELEMENTS)
        .map((element) => ({ element, state: "confirmed" as const })),
    }),
    people: places.map((jurisdiction, i) => ({ jurisdiction, count: 1_000 + i })),
  };
  if (places.length < PLACES || facts.dataElements.length < ELEMENTS)
    throw new Error(`Only ${places.length} places and ${facts.dataElements.length} kinds of data.`);
  const incident = { awareAt: new Date("2026-10-14T20:30Z"), awareZone: "Europe/Berlin" };
  const answers = { given: {}, events: {}, met: {} };

  const times: number[] = [];
  let duties = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const from = performance.now();
    duties = assess(incident, facts, library, answers).obligations.length;
    times.push(performance.now() - from);
  }
  const [first = 0, ...warm] = times;
  const what = `${PLACES} jurisdictions × ${ELEMENTS} kinds of data assessed`;
  const note = `the first time ${shown(first)} ms, after reading the library in ${shown(read)} ms`;
  return {
    rows: [{ what, measured: median(warm), unit: "ms", floor: 50, note }],
    lines: [`${library.rules.length} rules, ${duties} duties.`],
  };
}

import type { Library, Rule } from "../law.ts";
import { Jurisdiction } from "../scope.ts";

/**
 * The library as a page of Markdown: which rules there are, how each was established, and what is
 * in doubt. Says nothing that the rules do not say.
 */
export function lawPage(library: Library): string {
  const { rules } = library;
  const places = [...new Set(rules.map(({ jurisdiction }) => jurisdiction))];
  return `${[
    "# The law that Candor knows",
    "",
    "Made from `src/law/` by `npm run law`; do not edit it. Candor helps you track what you may owe",
    "to whom by when; confirm with counsel.",
    "",
    summary(rules, places.length),
    "",
    "*How established*: `source`, the main facts were read in a source; `source+recall`, some were;",
    "`recall`, none was. *As of*: the month in which it was believed true. *Second check*: fields that",
    "an independent look agreed with, of those it looked at. *Reviewed*: by whom, where the rule’s file",
    "says so; what your people read and record with `candor obligation review` is shown with each duty.",
    ...places
      .toSorted()
      .flatMap((place) => [
        "",
        `## ${titleOf(place, library)}`,
        "",
        "| rule | citation | in force | how established | as of | second check | reviewed |",
        "|---|---|---|---|---|---|---|",
        ...rules.filter(({ jurisdiction }) => jurisdiction === place).map(row),
      ]),
    "",
    "## Open doubts",
    "",
    ...rules.flatMap(({ id, provenance: { secondCheck } }) =>
      (secondCheck?.open ?? []).map(
        ({ field, note }) => `- \`${id}\`, ${field}: ${note.replace(/\.$/, "")}.`,
      ),
    ),
    "",
    "## No rule known",
    "",
    "Candor says so wherever people there are affected: ask counsel there.",
    "",
    `${placesWithoutRule(library)
      .map((place) => titleOf(place, library))
      .join(", ")}.`,
    "",
    ...OWN,
  ].join("\n")}\n`;
}

/** Countries, and parts of them that we have an entry for, in which no rule of the library applies. */
function placesWithoutRule({ rules, places }: Library): string[] {
  const covered = new Set(
    rules.flatMap(({ jurisdiction, appliesIn = [] }) => [jurisdiction, ...appliesIn]),
  );
  const letters = Array.from({ length: 26 }, (_, i) => String.fromCodePoint(65 + i));
  const countries = letters.flatMap((first) => letters.map((second) => first + second));
  const states = [...places.keys()].filter((code) => code.startsWith("US-"));
  return [...countries.filter(isCountry), ...states].filter(
    (code) => !covered.has(places.get(code)?.as ?? code),
  );
}

function isCountry(code: string): boolean {
  // A code that was given up is read as the one that took its place: `BU` as `MM`.
  return Jurisdiction.safeParse(code).success && new Intl.Locale(`und-${code}`).region === code;
}

function summary(rules: readonly Rule[], places: number): string {
  const count = (test: (rule: Rule) => unknown) => rules.filter((rule) => test(rule)).length;
  const by = (how: Rule["provenance"]["established"]) =>
    count(({ provenance }) => provenance.established === how);
  const doubts = rules.flatMap(({ provenance }) => provenance.secondCheck?.open ?? []).length;
  return [
    `${rules.length} rules of ${places} jurisdictions, with`,
    `${rules.flatMap(({ duties }) => duties).length} duties.`,
    `Established by source: ${by("source")}; by source and recall: ${by("source+recall")};`,
    `by recall alone: ${by("recall")}. Checked a second time:`,
    `${count(({ provenance }) => provenance.secondCheck)}, with ${doubts} doubts left open.`,
    `Reviewed by a named person: ${count(({ provenance }) => provenance.reviewedBy)}.`,
  ].join(" ");
}

function row({ id, name, citation, status, inForce, provenance }: Rule): string {
  const { established, confidence, asOf, secondCheck, reviewedBy, reviewedOn } = provenance;
  const since = inForce.from === "start-unknown" ? "start unknown" : `from ${inForce.from}`;
  const until = inForce.to === undefined ? "" : ` to ${inForce.to}`;
  const cells = [
    `\`${id}\` ${name}`,
    citation,
    status === "in-force" ? `${since}${until}` : `${status}, ${since}${until}`,
    confidence === undefined ? established : `${established} (${confidence})`,
    asOf,
    secondCheck === undefined ? "no" : `${secondCheck.agree} of ${secondCheck.fields}`,
    reviewedBy === undefined ? "nobody" : [reviewedBy, reviewedOn].join(" "),
  ];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
}

function titleOf(place: string, { places }: Library): string {
  const name = places.get(place)?.name;
  if (place === "XX") return "Contracts (XX)";
  const country = NAMES.of(place.slice(0, 2)) ?? "";
  return `${name === undefined ? country : `${country}, ${name}`} (${place})`;
}

const NAMES = new Intl.DisplayNames("en", { type: "region" });

const OWN = [
  "## Rules of your own",
  "",
  "`LAW_FOLDER` names a folder of YAML files that are read beside these: clauses of contracts, card",
  "brands, insurers. They have the same form and are checked alike; a file that does not fit stops",
  "the start, and every problem is named with its file and line. Ids of rules and codes of questions",
  "must be new. `docs/own-rules.yaml` is one to start from.",
];

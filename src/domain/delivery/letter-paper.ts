import type { Person } from "../audience/person.ts";
import type { Wording } from "../notice/wording/shape.ts";

/** The paper of a letter: US Letter where that is what offices and envelopes use, otherwise A4. */
export type Paper = "a4" | "us-letter";

/** Where things stand on a page, in points from its upper left corner. */
export interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly right: number;
  /** Where text begins on the first page, below the address, and on the others. */
  readonly bodyTop: number;
  readonly nextTop: number;
  /** No line of text goes below this. */
  readonly bodyBottom: number;
  /** Baseline of the page number. */
  readonly footer: number;
  /** What the window of the envelope shows whole, however the sheet slides in it. */
  readonly address: Zone;
  /** Who sends it: a line in the same window (A4), or lines in a window of their own. */
  readonly sender: Zone & { readonly size: number; readonly linesMax: number };
  /** Date and letter number, beside the address. */
  readonly facts: { readonly left: number; readonly top: number };
}

export interface Zone {
  readonly left: number;
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * A4 by DIN 5008 form B: the address field starts 20 mm from the left and 45 mm from the top and
 * is 85 × 45 mm, its uppermost 5 mm for the sender. US Letter, folded in three, for a #10
 * envelope with two windows: the lower one, 1/2 inch from the left and 5/8 inch from the bottom,
 * 1 1/8 inch high, shows 1.92 to 3.04 inches of the sheet; the upper one 0.17 to 1.04 inches.
 */
export const SHEETS: Readonly<Record<Paper, Sheet>> = {
  a4: {
    width: mm(210),
    height: mm(297),
    left: mm(25),
    right: mm(190),
    bodyTop: mm(101),
    nextTop: mm(25),
    bodyBottom: mm(269),
    footer: mm(282),
    address: { left: mm(25), width: mm(77), top: mm(51), bottom: mm(89) },
    sender: { left: mm(25), width: mm(77), top: mm(46), bottom: mm(50), size: 7, linesMax: 1 },
    facts: { left: mm(125), top: mm(51) },
  },
  "us-letter": {
    width: inch(8.5),
    height: inch(11),
    left: inch(0.75),
    right: inch(7.6),
    bodyTop: inch(3.85),
    nextTop: inch(1),
    bodyBottom: inch(9.95),
    footer: inch(10.45),
    address: { left: inch(0.75), width: inch(3.5), top: inch(1.95), bottom: inch(3.02) },
    sender: {
      left: inch(0.75),
      width: inch(3.1),
      top: inch(0.4),
      bottom: inch(1.02),
      size: 8.5,
      linesMax: 4,
    },
    facts: { left: inch(4.9), top: inch(1.95) },
  },
};

/** The paper for a country's letter boxes and printers. */
export function paperFor(country: string | undefined): Paper {
  return country !== undefined && US_LETTER.has(country) ? "us-letter" : "a4";
}

/**
 * The lines of an address, the country last and in English capitals, as international mail wants
 * it (UPU S42 leaves the rest to each country; where we know no rule, postcode before city).
 * Nothing where there is no postal address.
 */
export function addressLines(
  { name, relation, postal, country: home }: Person,
  wording: Pick<Wording, "guardian" | "estate">,
): string[] {
  if (!postal) return [];
  const country = postal.country ?? home;
  const addressed =
    name === undefined || relation === "self" ? name : capital(wording[relation](name));
  const { postcode, city, region } = postal;
  const place =
    country !== undefined && CITY_FIRST.has(country)
      ? [[city, region].filter(Boolean).join(", "), postcode]
      : [postcode, [city, region].filter(Boolean).join(", ")];
  return [
    addressed ?? "",
    ...postal.lines,
    place.filter(Boolean).join(" "),
    country === undefined ? "" : (COUNTRIES.of(country) ?? country).toUpperCase(),
  ]
    .map(tidy)
    .filter((line) => line !== "");
}

/** How a file of a batch is called. */
export function fileName(file: {
  readonly kind: "letters" | "addresses" | "held";
  readonly language: string | null;
  readonly paper: string | null;
  readonly part: number;
}): string {
  const { kind, language, paper, part } = file;
  return kind === "letters" ? `letters-${language}-${paper}-${part}.pdf` : `${kind}.csv`;
}

/** Text for one line: composed characters, and nothing that breaks, hides or reorders it. */
export function tidy(text: string): string {
  return text.normalize("NFC").replaceAll(INVISIBLE, "").replaceAll(/\s+/g, " ").trim();
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function mm(millimetres: number): number {
  return (millimetres * 72) / 25.4;
}

function inch(inches: number): number {
  return inches * 72;
}

/** CLDR: where paper is US Letter. */
const US_LETTER: ReadonlySet<string> = new Set(
  "US CA MX PR GU VI AS MP UM PH CL CO CR GT NI PA SV VE BZ".split(" "),
);
const CITY_FIRST: ReadonlySet<string> = new Set("US CA AU GB IE NZ IN PR GU VI AS MP".split(" "));
const COUNTRIES = new Intl.DisplayNames("en", { type: "region" });
// oxlint-disable-next-line no-control-regex
const INVISIBLE = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u00ad\u200b\u2060\ufeff]/g;

import { Element } from "../element.ts";
import { Day, Zone } from "../instant.ts";
import { emailOf, holdsSeveral } from "./address.ts";
import { unguarded } from "./cells.ts";
import type { Field } from "./columns.ts";
import { isCountry } from "./country.ts";
import type { Fault, FaultCode } from "./fault.ts";
import { canonicalLanguage, PreferredChannel, Relation } from "./person.ts";
import type { Agreed, Person, Postal } from "./person.ts";
import { phoneOf } from "./phone.ts";

/** How the rows of one file are to be read. */
export interface RowPlan {
  /** Position of each mapped field's column. */
  readonly columns: ReadonlyMap<Field, number>;
  /** Cells a row must have. */
  readonly width: number;
  readonly defaultLanguage: string;
  readonly defaultCountry: string | undefined;
  /** For rows that do not say what was exposed. */
  readonly defaultExposure: readonly Element[];
  /** The file is our own report of bad rows: take off the apostrophes it put before formulas. */
  readonly guarded: boolean;
}

/**
 * The person a row describes, or everything that is wrong with it. Values are tidied, never
 * guessed: text is NFC and trimmed of spaces, addresses, phones and codes take their one form.
 */
export function readRow(
  cells: readonly string[],
  plan: RowPlan,
): { readonly person: Person } | { readonly faults: readonly Fault[] } {
  if (cells.length !== plan.width) return { faults: [{ field: "", code: "columns-differ" }] };
  const faults: Fault[] = [];
  const person = personOf(valuesOf(cells, plan, faults), plan);
  if (faults.length > 0) return { faults };
  if (!isSomebody(person)) return { faults: [{ field: "", code: "row-empty" }] };
  if (person.exposure.length === 0)
    return { faults: [{ field: "exposure", code: "exposure-missing" }] };
  return { person };
}

function personOf(row: Values, plan: RowPlan): Person {
  const country = row.read("country", countryOf, "country-unknown") ?? plan.defaultCountry;
  const region = row.text("region", 200);
  const parts = [row.text("givenName", 99), row.text("familyName", 99)];
  const joined = parts.filter((part) => part !== undefined).join(" ");
  return {
    email: row.read("email", emailOf, emailFault),
    phone: row.read("phone", (cell) => phoneOf(cell, country), "phone-invalid"),
    name: row.text("name", 200) ?? (joined === "" ? undefined : joined),
    language: row.read("language", language, "language-unknown") ?? plan.defaultLanguage,
    country,
    region,
    postal: postalOf(row, country, region),
    zone: row.read("zone", (cell) => (zone(cell) ? cell : undefined), "zone-unknown"),
    preferredChannel: row.read("preferredChannel", channelOf, "channel-unknown"),
    agreed: row.read("agreed", agreedOf, "agreed-unknown") ?? "unknown",
    agreedSince: row.read("agreedSince", dayOf, "day-invalid"),
    exposure: row.read("exposure", exposureOf, "exposure-unknown") ?? [...plan.defaultExposure],
    relation: row.read("relation", relationOf, "relation-unknown") ?? "self",
    reference: row.text("reference", 200),
  };
}

/** The cells of one row by field. What is wrong with them goes to `faults`. */
interface Values {
  read<T>(
    field: Field,
    parse: (cell: string) => T | undefined,
    code: FaultCode | ((cell: string) => FaultCode),
  ): T | undefined;
  text(field: Field, max: number): string | undefined;
  /** Text in which line breaks stand for lines. */
  lines(field: Field, max: number): string[];
}

function valuesOf(cells: readonly string[], plan: RowPlan, faults: Fault[]): Values {
  function cellOf(field: Field): string {
    const index = plan.columns.get(field);
    const given = index === undefined ? "" : (cells[index] ?? "");
    return (plan.guarded ? unguarded(given) : given).replace(SPACES_AROUND, "");
  }

  function read<T>(
    field: Field,
    parse: (cell: string) => T | undefined,
    code: FaultCode | ((cell: string) => FaultCode),
  ): T | undefined {
    const cell = cellOf(field);
    if (cell === "") return undefined;
    const hostile = HOSTILE.test(cell);
    const value = hostile ? undefined : parse(cell);
    if (value === undefined) {
      const found = typeof code === "string" ? code : code(cell);
      faults.push({ field, code: hostile ? "control-character" : found });
    }
    return value;
  }

  function lines(field: Field, max: number): string[] {
    const split = cellOf(field).normalize("NFC").split(/\r?\n/);
    const filled = split.map((line) => line.trim()).filter((line) => line !== "");
    if (filled.some((line) => HOSTILE.test(line)))
      faults.push({ field, code: "control-character" });
    else if (filled.length > max || filled.some((line) => line.length > 200))
      faults.push({ field, code: "too-long" });
    return filled;
  }

  const text = (field: Field, max: number) =>
    read(field, (cell) => atMost(cell.normalize("NFC"), max), "too-long");
  return { read, text, lines };
}

function atMost(text: string, max: number): string | undefined {
  return text.length > max ? undefined : text;
}

function postalOf(row: Values, country?: string, region?: string): Postal | undefined {
  const lines = [...row.lines("addressLine1", 3), ...row.lines("addressLine2", 1)];
  const city = row.text("city", 200);
  const postcode = row.text("postcode", 40);
  return lines.length === 0 ? undefined : { lines, city, postcode, region, country };
}

function isSomebody(person: Person): boolean {
  const { email, phone, name, postal, reference } = person;
  return [email, phone, name, postal, reference].some((value) => value !== undefined);
}

function emailFault(cell: string): FaultCode {
  return holdsSeveral(cell) ? "several-addresses" : "email-invalid";
}

function countryOf(cell: string): string | undefined {
  const code = cell.toUpperCase();
  return isCountry(code) ? code : undefined;
}

function channelOf(cell: string) {
  return PreferredChannel.safeParse(CHANNELS.get(cell.toLowerCase())).data;
}

function agreedOf(cell: string): Agreed | undefined {
  return AGREED.get(cell.toLowerCase());
}

function dayOf(cell: string): string | undefined {
  return Day.safeParse(cell).data;
}

function relationOf(cell: string) {
  return Relation.safeParse(cell.toLowerCase()).data;
}

function exposureOf(cell: string): Element[] | undefined {
  const named = new Set<Element>();
  for (const part of cell.split(/[;|,]/)) {
    const code = part.trim().toLowerCase();
    const element = ELEMENTS.get(code);
    if (element !== undefined) named.add(element);
    else if (code !== "") return undefined;
  }
  return sortElements(named);
}

/** Elements in the order of their table, each once. */
export function sortElements(elements: Iterable<Element>): Element[] {
  return [...new Set(elements)].toSorted((a, b) => (RANK.get(a) ?? 0) - (RANK.get(b) ?? 0));
}

/** Remember answers for the few distinct values a column of a million cells holds. */
function remembered<T>(answer: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const fresh = answer(text);
    // A copy of the key: the cell itself would hold on to the whole piece of file it was cut from.
    if (known.size < 1_000) known.set(Buffer.from(text).toString(), fresh);
    return fresh;
  };
}

const language = remembered(canonicalLanguage);
const zone = remembered((text) => Zone.safeParse(text).success);

const SPACES_AROUND = /^[ \u00a0]+|[ \u00a0]+$/g;
/** What `line` of `../text.ts` refuses. */
const HOSTILE =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u;

const ELEMENTS: ReadonlyMap<string, Element> = new Map(Element.options.map((code) => [code, code]));
const RANK: ReadonlyMap<Element, number> = new Map(Element.options.map((code, i) => [code, i]));
const AGREED: ReadonlyMap<string, Agreed> = new Map<string, Agreed>([
  ...["yes", "y", "true", "1"].map((word) => [word, "yes"] as const),
  ...["no", "n", "false", "0"].map((word) => [word, "no"] as const),
  ["unknown", "unknown"],
]);
const CHANNELS: ReadonlyMap<string, string> = new Map([
  ...["email", "e-mail"].map((word) => [word, "email"] as const),
  ...["sms", "text", "phone"].map((word) => [word, "sms"] as const),
  ...["letter", "post", "postal mail"].map((word) => [word, "letter"] as const),
]);

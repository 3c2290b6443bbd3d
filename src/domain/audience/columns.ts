import { z } from "zod";

import { refuse } from "../refusal.ts";
import type { FieldProblem } from "../refusal.ts";

const HEADER_LENGTH_MAX = 200;

/** A field of a row, as a mapping names it. */
export const Field = z.enum([
  "email",
  "phone",
  "name",
  "givenName",
  "familyName",
  "language",
  "country",
  "region",
  "addressLine1",
  "addressLine2",
  "city",
  "postcode",
  "zone",
  "preferredChannel",
  "agreed",
  "agreedSince",
  "exposure",
  "relation",
  "reference",
]);
export type Field = z.output<typeof Field>;

/** Which column holds which field. */
export const Mapping = z.partialRecord(Field, z.string().min(1).max(HEADER_LENGTH_MAX));
export type Mapping = z.output<typeof Mapping>;

/**
 * The column names of a file, tidied: NFC, trimmed, an empty one named by its position.
 * Refuses more than 200 columns, a name twice, names that are too long or hold controls, and a
 * first line that is data: column names are kept, and people's addresses must not be.
 */
export function readHeaders(cells: readonly string[]): string[] {
  const headers = cells.map((cell, i) => cell.normalize("NFC").trim() || `column ${i + 1}`);
  const unreadable = (sentence: string) =>
    refuse("file-unreadable", sentence, [
      { field: "file", code: "header-not-usable", message: sentence, line: 1 },
    ]);
  if (headers.length > COLUMNS_MAX)
    unreadable(`The first line has more than ${COLUMNS_MAX} columns.`);
  if (new Set(headers).size < headers.length)
    unreadable("Two columns have the same name. Rename or remove one.");
  if (headers.some((header) => header.length > HEADER_LENGTH_MAX || /\p{Cc}/u.test(header)))
    unreadable("A column name is too long or holds a control character.");
  if (headers.some((header) => /@|^\+?\d[\d\s()./-]{5,}$/.test(header)))
    unreadable("The first line looks like data. Put the column names there.");
  return headers;
}

/** The mapping that the column names suggest. Each column and each field is used once at most. */
export function guessMapping(headers: readonly string[]): Mapping {
  const guessed = new Map<Field, string>();
  for (const header of headers) {
    const field = FIELD_BY_SYNONYM.get(plain(header));
    if (field !== undefined && !guessed.has(field)) guessed.set(field, header);
  }
  return Object.fromEntries(guessed);
}

/** The columns that no field takes. They are named in the report and never stored. */
export function unmapped(headers: readonly string[], mapping: Mapping): string[] {
  const used = new Set(Object.values(mapping));
  return headers.filter((header) => !used.has(header));
}

/**
 * The positions a confirmed mapping stands for. Refuses a column the file does not have, a
 * column given to two fields, and a mapping that leaves nobody anything to be known by.
 */
export function columnsOf(headers: readonly string[], mapping: Mapping): Map<Field, number> {
  const position = new Map(headers.map((header, index) => [header, index]));
  const taken = new Set<string>();
  const problems: FieldProblem[] = [];
  const columns = new Map<Field, number>();
  for (const field of Field.options) {
    const header = mapping[field];
    if (header === undefined) continue;
    const index = position.get(header);
    const problem = (code: string, message: string) =>
      problems.push({ field: `mapping.${field}`, code, message });
    if (index === undefined) problem("column-unknown", "The file has no column of this name.");
    else if (taken.has(header)) problem("column-taken", "Another field already takes this column.");
    else columns.set(field, index);
    taken.add(header);
  }
  if (problems.length === 0 && !IDENTIFYING.some((field) => columns.has(field)))
    problems.push({
      field: "mapping",
      code: "nobody-identified",
      message: "Map at least one of e-mail, phone, name, address or reference.",
    });
  if (problems.length > 0) refuse("invalid-input", "The mapping does not fit the file.", problems);
  return columns;
}

/** Whether a file is one of our own reports of bad rows, corrected and sent again. */
export function isErrorReport(headers: readonly string[]): boolean {
  return headers.includes(REPORT_COLUMNS.codes);
}

/** Columns that a report of bad rows adds to the file's own. */
export const REPORT_COLUMNS = {
  line: "candor line",
  codes: "candor codes",
  advice: "candor advice",
} as const;

function plain(header: string): string {
  return header
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, "");
}

const COLUMNS_MAX = 200;
const IDENTIFYING: readonly Field[] = [
  "email",
  "phone",
  "name",
  "givenName",
  "familyName",
  "addressLine1",
  "reference",
];

/** What lists in the wild call each field; compared without case, spaces and punctuation. */
const SYNONYMS: Record<Field, readonly string[]> = {
  email: ["email", "e-mail address", "email address", "mail", "email id", "contact email"],
  phone: [
    "phone",
    "phone number",
    "telephone",
    "tel",
    "mobile",
    "mobile number",
    "mobile phone",
    "cell",
    "cell phone",
    "contact number",
  ],
  name: ["name", "full name", "customer name", "patient name", "display name", "contact name"],
  givenName: ["given name", "first name", "forename"],
  familyName: ["family name", "last name", "surname"],
  language: ["language", "lang", "locale", "preferred language", "language code"],
  country: ["country", "country code", "country of residence"],
  region: ["region", "state", "province", "state or province", "county"],
  addressLine1: [
    "address line 1",
    "address",
    "address 1",
    "street",
    "street address",
    "postal address",
    "mailing address",
  ],
  addressLine2: ["address line 2", "address 2", "apartment", "unit", "street 2"],
  city: ["city", "town", "locality"],
  postcode: ["postcode", "postal code", "zip", "zip code"],
  zone: ["zone", "time zone", "timezone", "tz"],
  preferredChannel: ["preferred channel", "channel", "contact preference", "preferred contact"],
  agreed: [
    "agreed",
    "agreed to electronic notice",
    "electronic consent",
    "e-consent",
    "consent",
    "email consent",
  ],
  agreedSince: ["agreed since", "consent date", "agreed on", "consent since"],
  exposure: [
    "exposure",
    "exposed",
    "exposed data",
    "data elements",
    "elements",
    "exposed elements",
    "data exposed",
  ],
  relation: ["relation", "relationship", "capacity"],
  reference: [
    "reference",
    "ref",
    "id",
    "customer id",
    "customer number",
    "customer reference",
    "account number",
    "account id",
    "patient id",
    "member id",
    "record number",
    "client id",
  ],
};
const FIELD_BY_SYNONYM: ReadonlyMap<string, Field> = new Map(
  Field.options.flatMap((field) =>
    [field, ...SYNONYMS[field]].map((synonym) => [plain(synonym), field] as const),
  ),
);

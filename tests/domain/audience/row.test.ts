import { expect, test } from "vitest";

import {
  columnsOf,
  Field,
  guessMapping,
  isErrorReport,
  Mapping,
  readHeaders,
  unmapped,
} from "../../../src/domain/audience/columns.ts";
import { isCountry } from "../../../src/domain/audience/country.ts";
import { FaultCode, FAULTS } from "../../../src/domain/audience/fault.ts";
import { maskEmail, maskPerson, maskPhone } from "../../../src/domain/audience/mask.ts";
import { canonicalLanguage, Person } from "../../../src/domain/audience/person.ts";
import { readRow } from "../../../src/domain/audience/row.ts";
import type { RowPlan } from "../../../src/domain/audience/row.ts";
import { Refusal } from "../../../src/domain/refusal.ts";

/** Read one row given by field, as a file with just those columns. */
function row(cells: Partial<Record<Field, string>>, plan: Partial<RowPlan> = {}) {
  const fields = Field.options.filter((field) => cells[field] !== undefined);
  return readRow(
    fields.map((field) => cells[field] ?? ""),
    {
      columns: new Map(fields.map((field, index) => [field, index])),
      width: fields.length,
      defaultLanguage: "en",
      defaultCountry: undefined,
      defaultExposure: ["name"],
      guarded: false,
      ...plan,
    },
  );
}
const personOf = (...given: Parameters<typeof row>) => {
  const result = row(...given);
  return "person" in result ? result.person : result.faults;
};

test("a full row becomes a person in canonical form", () => {
  const person = personOf({
    email: " Jane@EXAMPLE.com ",
    phone: "030 901820",
    givenName: "Jane",
    familyName: "Example",
    language: "DE-at",
    country: "de",
    region: "Bayern",
    addressLine1: "Beispielweg 1\nHinterhaus",
    addressLine2: "3. Stock",
    city: "Musterstadt",
    postcode: "01234",
    zone: "Europe/Berlin",
    preferredChannel: "Letter",
    agreed: "Y",
    agreedSince: "2024-02-29",
    exposure: "ssn; name|email-address",
    relation: "Guardian",
    reference: "K-1",
  });
  expect(person).toEqual({
    email: "Jane@example.com",
    phone: "+4930901820",
    name: "Jane Example",
    language: "de-AT",
    country: "DE",
    region: "Bayern",
    postal: {
      lines: ["Beispielweg 1", "Hinterhaus", "3. Stock"],
      city: "Musterstadt",
      postcode: "01234",
      region: "Bayern",
      country: "DE",
    },
    zone: "Europe/Berlin",
    preferredChannel: "letter",
    agreed: "yes",
    agreedSince: "2024-02-29",
    exposure: ["name", "email-address", "ssn"],
    relation: "guardian",
    reference: "K-1",
  });
  expect(Person.parse(person)).toEqual(person);
});

test("defaults fill what a row does not say", () => {
  const person = personOf({ name: "Jane" }, { defaultLanguage: "fr", defaultCountry: "CA" });
  expect(person).toMatchObject({
    language: "fr",
    country: "CA",
    agreed: "unknown",
    exposure: ["name"],
    relation: "self",
  });
});

test.each([
  [{ email: "a@example.com, e@example.org" }, "email", "several-addresses"],
  [{ email: "nobody" }, "email", "email-invalid"],
  [{ email: "a@example.com\r\n" }, "email", "control-character"],
  [{ phone: "12", country: "US" }, "phone", "phone-invalid"],
  [{ name: "A\r\nBcc: e@example.org" }, "name", "control-character"],
  [{ name: "A\u202eB" }, "name", "control-character"],
  [{ name: "\ud800" }, "name", "control-character"],
  [{ name: "x".repeat(201) }, "name", "too-long"],
  [{ name: "x", language: "klingonese" }, "language", "language-unknown"],
  [{ name: "x", country: "Germany" }, "country", "country-unknown"],
  [{ name: "x", country: "XX" }, "country", "country-unknown"],
  [{ name: "x", zone: "Mars/Base" }, "zone", "zone-unknown"],
  [{ name: "x", preferredChannel: "pigeon" }, "preferredChannel", "channel-unknown"],
  [{ name: "x", agreed: "maybe" }, "agreed", "agreed-unknown"],
  [{ name: "x", agreedSince: "2026-02-30" }, "agreedSince", "day-invalid"],
  [{ name: "x", exposure: "name;horoscope" }, "exposure", "exposure-unknown"],
  [{ name: "x", exposure: "constructor" }, "exposure", "exposure-unknown"],
  [{ name: "x", relation: "neighbour" }, "relation", "relation-unknown"],
  [{ addressLine1: "a\nb\nc\nd" }, "addressLine1", "too-long"],
  [{ addressLine1: "a\u0007" }, "addressLine1", "control-character"],
  [{ email: "", name: " " }, "", "row-empty"],
] as const)("%j is bad in %s: %s", (cells, field, code) => {
  expect(row(cells)).toEqual({ faults: [{ field, code }] });
});

test("every fault of a row is named at once", () => {
  expect(row({ email: "x", phone: "y" })).toMatchObject({
    faults: [{ code: "email-invalid" }, { code: "phone-invalid" }],
  });
});

test("a row without exposure is bad where there is no default", () => {
  expect(row({ name: "x" }, { defaultExposure: [] })).toMatchObject({
    faults: [{ field: "exposure", code: "exposure-missing" }],
  });
});

test("a row with other than the header's cells is bad", () => {
  expect(row({ name: "x" }, { width: 3 })).toEqual({
    faults: [{ field: "", code: "columns-differ" }],
  });
});

test("formulas are data", () => {
  expect(personOf({ name: '=HYPERLINK("http://example.org")' })).toMatchObject({
    name: '=HYPERLINK("http://example.org")',
  });
});

test("names keep their letters, composed", () => {
  expect(personOf({ name: "Zoe\u0308 Ōtsuka 田中 عائشة" })).toMatchObject({
    name: "Zoë Ōtsuka 田中 عائشة",
  });
});

test("apostrophes that our own report put are taken off again", () => {
  expect(personOf({ name: "'=x" }, { guarded: true })).toMatchObject({ name: "=x" });
  expect(personOf({ name: "'=x" })).toMatchObject({ name: "'=x" });
});

test("every fault has a code and says what to do", () => {
  expect([...FaultCode.values].toSorted()).toEqual(Object.keys(FAULTS).toSorted());
});

test("headers in the wild are recognised", () => {
  const headers = ["E-Mail", "First Name", "SURNAME", "zip code", "Customer ID", "shoe size"];
  const mapping = guessMapping(headers);
  expect(mapping).toEqual({
    email: "E-Mail",
    givenName: "First Name",
    familyName: "SURNAME",
    postcode: "zip code",
    reference: "Customer ID",
  });
  expect(unmapped(headers, mapping)).toEqual(["shoe size"]);
});

test("headers named after object internals are plain columns", () => {
  const headers = readHeaders(["__proto__", "constructor", "toString", "email"]);
  const mapping = guessMapping(headers);
  expect(mapping).toEqual({ email: "email" });
  expect([...columnsOf(headers, { name: "__proto__", email: "constructor" })]).toEqual([
    ["email", 1],
    ["name", 0],
  ]);
  expect(Object.prototype).not.toHaveProperty("email");
});

test.each([
  [["a", "a"], "twice"],
  [Array.from({ length: 201 }, (_, i) => `c${i}`), "too many"],
  [["x".repeat(201)], "too long"],
  [["a\u0000"], "a control"],
  [["jane@example.com", "Jane"], "data"],
  [["+1 415 555 0100"], "data"],
])("the header %j is refused: %s", (cells) => {
  expect(() => readHeaders(cells)).toThrow(Refusal);
});

test("an empty column name is named by its position", () => {
  expect(readHeaders(["email", " "])).toEqual(["email", "column 2"]);
});

test("a mapping is refused for columns unknown or taken, and for nobody", () => {
  const codes = (mapping: Mapping) => {
    try {
      columnsOf(["a", "b"], mapping);
    } catch (error) {
      return error instanceof Refusal ? error.fields.map(({ code }) => code) : error;
    }
    return [];
  };
  expect(codes({ email: "a", name: "b" })).toEqual([]);
  expect(codes({ email: "c" })).toEqual(["column-unknown"]);
  expect(codes({ email: "a", name: "a" })).toEqual(["column-taken"]);
  expect(codes({ city: "a" })).toEqual(["nobody-identified"]);
  expect(Mapping.safeParse({ admin: "a" }).success).toBe(false);
});

test("our own report is known by its columns", () => {
  expect(isErrorReport(["email", "candor codes"])).toBe(true);
  expect(isErrorReport(["email"])).toBe(false);
});

test("languages and countries are codes", () => {
  expect(canonicalLanguage("pt_br")).toBe("pt-BR");
  expect(canonicalLanguage("english")).toBeUndefined();
  expect(isCountry("DE")).toBe(true);
  expect(isCountry("de")).toBe(false);
});

test("masks keep enough to tell two apart and no more", () => {
  expect(maskEmail("jane@example.com")).toBe("j•••@e•••.com");
  expect(maskPhone("+14155550100")).toBe("+1•••00");
  expect(
    maskPerson({ name: "Ann Example", agreed: "yes", exposure: [], relation: "self" }),
  ).toEqual({ name: "A••• E•••" });
});

/**
 * Invented people for the demo and the tests: example.com, .org and .net addresses, 555-01xx
 * numbers, streets that do not exist. The list is the same for the same count and elements.
 */
export interface PeopleFile {
  readonly csv: string;
  /** Rows that cannot be imported, by one-based line, and why. */
  readonly dirty: readonly { readonly line: number; readonly code: string }[];
}

/** A CSV file of `rows` rows: about 3 % dirty, 2 % duplicates, 20 % without agreement to e-mail. */
export function peopleFile(rows: number, elements: readonly string[]): PeopleFile {
  const dirty: { line: number; code: string }[] = [];
  const lines = [COLUMNS.join(",")];
  for (let i = 0; i < rows; i += 1) {
    const flaw = FLAWS.find(({ every, offset }) => i % every === offset);
    const source = isRepeat(i) ? i - 1 : i;
    const row = person(source, elements);
    if (flaw) dirty.push({ line: i + 2, code: flaw.code });
    lines.push(COLUMNS.map((column) => cell(flaw?.change[column] ?? row[column])).join(","));
  }
  return { csv: `${lines.join("\r\n")}\r\n`, dirty };
}

function person(i: number, elements: readonly string[]): Row {
  const first = FIRST[i % FIRST.length] ?? "";
  const last = LAST[Math.floor(i / FIRST.length) % LAST.length] ?? "";
  const couple = i % 50 === 21 ? i - 1 : i;
  const gone = i % 250 === 4 ? "gone." : "";
  return {
    reference: `P-${String(100_000 + i)}`,
    name: `${first} ${last}`,
    email: `${gone}patient${couple}@${DOMAINS[couple % DOMAINS.length] ?? ""}`,
    phone: `+1202555${String(100 + (i % 100)).padStart(4, "0")}`,
    language: "en",
    country: "US",
    street: `${100 + (i % 900)} ${STREETS[i % STREETS.length] ?? ""}`,
    city: "Springvale",
    postcode: String(10_000 + (i % 80_000)),
    region: "NY",
    agreed: AGREED[i % AGREED.length] ?? "unknown",
    exposure: exposure(i, elements),
    relation: i % 97 === 5 ? "guardian" : "self",
  };
}

/** Which elements of this person were taken: the name always, others by a fixed pattern. */
function exposure(i: number, elements: readonly string[]): string {
  return elements.filter((_, n) => n === 0 || (i >> (n - 1)) % 2 === 0).join(";");
}

/** Row `i` says again, in other letters, what the row before it says. */
function isRepeat(i: number): boolean {
  return i % 50 === 33;
}

function cell(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

const COLUMNS = [
  "reference",
  "name",
  "email",
  "phone",
  "language",
  "country",
  "street",
  "city",
  "postcode",
  "region",
  "agreed",
  "exposure",
  "relation",
] as const;
type Row = Record<(typeof COLUMNS)[number], string>;

/** Every kind of flaw, at its own pace; together about 3 % of rows. */
const FLAWS: readonly {
  readonly every: number;
  readonly offset: number;
  readonly code: string;
  readonly change: Partial<Row>;
}[] = [
  {
    every: 100,
    offset: 7,
    code: "several-addresses",
    change: { email: "a@example.com, b@example.com" },
  },
  { every: 200, offset: 18, code: "email-invalid", change: { email: "not an address" } },
  { every: 200, offset: 29, code: "phone-invalid", change: { phone: "12" } },
  { every: 250, offset: 41, code: "exposure-unknown", change: { exposure: "name;horoscope" } },
  {
    every: 250,
    offset: 66,
    code: "control-character",
    change: { name: "Ada\r\nBcc: x@example.org" },
  },
];

/** One in five has not agreed to electronic notice. */
const AGREED = ["yes", "yes", "yes", "no", "yes", "yes", "yes", "yes", "unknown", "yes"];
const DOMAINS = ["example.com", "example.org", "example.net"];
const STREETS = ["Larkspur Lane", "Quarry Road", "Old Mill Street", "Heron Way", "Cedar Court"];
const FIRST = [
  "Ada",
  "Bao",
  "Chidi",
  "Dmitri",
  "Élodie",
  "Farah",
  "Göran",
  "Hana",
  "Inés",
  "Jürgen",
  "Keiko",
  "Liam",
  "Mária",
  "Nkechi",
  "Oluwaseun",
  "Priya",
  "Quinn",
  "Renée",
  "Søren",
  "Tatiana",
];
const LAST = [
  "Abara",
  "Björk",
  "Castellanos",
  "Dubois",
  "Eriksen",
  "Fontaine",
  "García",
  "Hoàng",
  "Ivanova",
  "Jovanović",
  "Kowalska",
  "Lindqvist",
  "Müller",
  "Nakamura",
  "O’Brien",
  "Petrov",
  "Quispe",
  "Rossi",
  "Šimić",
  "Tanaka",
  "Ueda",
  "Vargas",
  "Wójcik",
  "Xu",
  "Yılmaz",
  "Zhang",
];

/**
 * Invented people for the demo and the tests: example.com, .org and .net addresses, 555-01xx
 * numbers, streets that do not exist. The list is the same for the same count and elements.
 */
export interface PeopleFile {
  readonly csv: string;
  /** Rows that cannot be imported, by one-based line, and why. */
  readonly dirty: readonly { readonly line: number; readonly code: string }[];
}

/**
 * A CSV file of `rows` rows: about 3 % dirty, 2 % duplicates, 20 % without agreement to e-mail,
 * a third of people without a phone, a few without any way to them. One in ten reads Chinese and
 * one in ten Russian. One in seven lives in Massachusetts, one in seven in New Jersey.
 */
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
  const couple = i % 50 === 21 ? i - 1 : i;
  const gone = i % 250 === 4 ? "gone." : "";
  const language = i % 100 === 51 ? "fr" : (LANGUAGES[(i + Math.floor(i / 10)) % 10] ?? "en");
  const post = i % 150 === 38 ? NOWHERE : postOf(i);
  return {
    ...post,
    reference: `P-${String(100_000 + i)}`,
    name: nameOf(i, language),
    email: i % 20 === 18 ? "" : `${gone}patient${couple}@${DOMAINS[couple % DOMAINS.length] ?? ""}`,
    phone: phoneOf(i),
    language,
    agreed: AGREED[i % AGREED.length] ?? "unknown",
    exposure: exposure(i, elements),
    relation: i % 97 === 5 ? "guardian" : "self",
  };
}

function nameOf(i: number, language: string): string {
  const { first, last, join } = NAMES.find((each) => each.language === language) ?? LATIN;
  return join(
    first[i % first.length] ?? "",
    last[Math.floor(i / first.length) % last.length] ?? "",
  );
}

/** By what it ends with the fake Twilio knows whom it reaches; see `twilio-script.ts`. */
function phoneOf(i: number): string {
  if (Math.floor(i / 5) % 3 === 1) return "";
  const ending = UNREACHED.get(i % 600) ?? 100 + (i % PHONES);
  return `+1202555${String(ending).padStart(4, "0")}`;
}

function postOf(i: number) {
  return {
    country: "US",
    street: `${100 + (i % 900)} ${STREETS[i % STREETS.length] ?? ""}`,
    city: "Springvale",
    postcode: String(10_000 + (i % 80_000)),
    region: HOMES[i % HOMES.length] ?? "NY",
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

/** Place in the file, again and again → the end of a number whose SMS does not arrive. */
const UNREACHED = new Map([
  [13, 196],
  [103, 197],
  [223, 198],
  [343, 199],
]);
/** A prime, so that people of one name do not share a phone. */
const PHONES = 89;
const NOWHERE = { country: "US", street: "", city: "", postcode: "", region: "" };
const HOMES = ["NY", "NY", "MA", "NY", "NY", "NJ", "NY"];
const LANGUAGES = ["en", "en", "zh", "en", "en", "ru", "en", "en", "en", "en"];
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
const LATIN = {
  first: FIRST,
  last: LAST,
  join: (first: string, last: string) => `${first} ${last}`,
};
const NAMES = [
  {
    language: "zh",
    first: ["伟", "芳", "秀英", "敏", "静", "丽华", "强", "磊", "建国", "晓明", "玉兰"],
    last: ["王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马"],
    join: (first: string, last: string) => `${last}${first}`,
  },
  {
    language: "ru",
    first: "Алексей Мария Николай Ольга Пётр Юлия Фёдор Галина Игорь Елена Степан".split(" "),
    last: "Шевченко Бондарь Гончар Дорош Коваль Мельник Ткач Кравец Лисица Мороз Зима Весна Чумак".split(
      " ",
    ),
    join: (first: string, last: string) => `${first} ${last}`,
  },
];

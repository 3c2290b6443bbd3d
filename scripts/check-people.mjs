// Who is in a people file, and by which way each of them must be told: written a second time, on
// purpose. Shares no code with what it checks.

/** Everyone whom the rows of the file are about, and how many rows were bad. */
export function readPeople(csv) {
  const rows = records(csv);
  const good = rows.filter(isClean);
  const people = merge(good);
  return {
    rows: rows.length,
    badRows: rows.length - good.length,
    merged: good.length - people.length,
    people,
  };
}

/**
 * What becomes of a notice to a person, channel by channel until one reaches them: what is sent,
 * what is taken and then not delivered, what is refused, and where it ends.
 */
export function wayOf(person, channels, stopped = false) {
  const seen = { mail: false, sms: "", refused: [], end: "not-reached" };
  for (const channel of channels) {
    if (channel === "email" && person.agreed === "yes" && person.email !== "") {
      if (!person.email.startsWith("gone.")) return { ...seen, mail: true, end: "email" };
      seen.refused.push("email");
    }
    if (channel === "sms" && person.phone !== "" && !(stopped && hasStopped(person))) {
      const fate = PHONES[person.phone.slice(-4)] ?? "delivered";
      if (fate !== "refused") seen.sms = fate;
      if (fate === "delivered") return { ...seen, end: "sms" };
      seen.refused.push("sms");
    }
    if (channel === "letter" && person.street !== "") return { ...seen, end: "letter" };
  }
  return seen.refused.length > 0 ? { ...seen, end: "rejected" } : seen;
}

/** The language a person is written to in: theirs, where there is a text in it. */
export function languageOf({ language }) {
  const [main] = language.toLowerCase().split("-");
  return main === "zh" || main === "ru" ? main : "en";
}

/**
 * Whether a text may say what happened: Massachusetts forbids it, and somebody of whom nobody knows
 * where they live may live there.
 */
export function mayReadWhatHappened({ region }) {
  return region !== "MA" && region !== "";
}

/** Numbers by their end: what the provider that sends to nobody does with them. */
const PHONES = { "0196": "refused", "0197": "refused", "0198": "undelivered", "0199": "refused" };

/** Who answered STOP is not written to by SMS again. */
function hasStopped({ phone }) {
  return phone.endsWith("0196");
}

/** A row that a careful person would accept: at most one address, a real phone, known elements, a one-line name. */
function isClean(row) {
  const address = row.email === "" || /^[a-z0-9.]+@[a-z0-9.]+$/i.test(row.email);
  const phone = row.phone === "" || /^\+\d{8,15}$/.test(row.phone);
  const elements = row.exposure.split(";").every((code) => code !== "horoscope");
  return address && phone && elements && !/[\r\n]/.test(row.name);
}

/** The same reference, or the same address or phone and name, is one person; what was taken adds up. */
function merge(all) {
  const byKey = new Map();
  const found = [];
  for (const row of all) {
    const keys = [`r:${row.reference}|${row.relation}`];
    const same = `${row.name}|${row.relation}`;
    if (row.email !== "") keys.push(`e:${row.email}|${same}`.toLowerCase());
    if (row.phone !== "") keys.push(`p:${row.phone}|${same}`.toLowerCase());
    const known = keys.map((key) => byKey.get(key)).find(Boolean);
    const person = known ?? { ...row, exposure: new Set() };
    if (!known) found.push(person);
    for (const code of row.exposure.split(";")) person.exposure.add(code);
    for (const key of keys) byKey.set(key, person);
  }
  return found;
}

/** RFC 4180, by hand. */
function records(text) {
  const table = [];
  let row = [];
  let value = "";
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (quoted && c === '"' && text[i + 1] === '"') {
      value += '"';
      i += 1;
    } else if (c === '"') quoted = !quoted;
    else if (!quoted && c === ",") {
      row.push(value);
      value = "";
    } else if (!quoted && c === "\n") {
      table.push([...row, value.replace(/\r$/, "")]);
      row = [];
      value = "";
    } else value += c;
  }
  const [header, ...rest] = table;
  return rest.map((cells) => Object.fromEntries(header.map((name, n) => [name, cells[n] ?? ""])));
}

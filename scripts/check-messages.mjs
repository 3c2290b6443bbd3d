// Checks a demo from outside: it knows the people file and the catcher's API, and nothing of Candor.
// Usage: node scripts/check-messages.mjs people.csv http://127.0.0.1:PORT '{"accepted":…}'
// For every person who may be mailed there is one message, to that person alone, naming that
// person's data elements and no others. Prints one line of JSON; exits 1 if anything differs.
import { readFile } from "node:fs/promises";

const [file, catcher, ledgerText] = process.argv.slice(2);
if (!file || !catcher)
  throw new Error("Usage: check-messages.mjs people.csv http://127.0.0.1:PORT");

// What a notice calls each element: written here a second time, on purpose. Mail names the
// sensitive ones by their class only.
const WORDING = {
  name: "your name",
  "phone-number": "your phone number",
  "postal-address": "your postal address",
  "date-of-birth": "your date of birth",
  ssn: "your Social Security number",
  medical: "your sensitive personal information",
  "health-insurance": "your sensitive personal information",
};

const rows = records(await readFile(file, "utf8"));
const good = rows.filter(isClean);
const people = merge(good);
const mailable = people.filter((person) => person.agreed === "yes");
const messages = await allMessages(catcher);
const problems = [];

// Couples share a mailbox: match messages to people by address and greeting.
const waiting = new Map();
for (const person of mailable) {
  const key = person.email.toLowerCase();
  waiting.set(key, [...(waiting.get(key) ?? []), person]);
}
for (const { to, text } of messages) {
  const candidates = waiting.get(to.toLowerCase()) ?? [];
  const at = candidates.findIndex(({ name }) => text.includes(name));
  if (at < 0) {
    problems.push("a message that nobody should get, or a second one");
    continue;
  }
  const [person] = candidates.splice(at, 1);
  const named = listed(text).join(" + ");
  const expected = sorted([...person.exposure].map((code) => WORDING[code])).join(" + ");
  if (named !== expected) problems.push(`a message names ${named} instead of ${expected}`);
}
const unsent = [...waiting.values()].flat();
const gone = unsent.filter(({ email }) => email.startsWith("gone.")).length;
if (unsent.length !== gone) problems.push(`${unsent.length - gone} people got no message`);

const seen = {
  people: people.length,
  badRows: rows.length - good.length,
  merged: good.length - people.length,
  messages: messages.length,
  refusedByTheServer: gone,
  notMailable: people.length - mailable.length,
};
if (ledgerText) compareLedger(JSON.parse(ledgerText));
console.log(
  JSON.stringify({ ok: problems.length === 0, ...seen, problems: problems.slice(0, 10) }),
);
process.exit(problems.length === 0 ? 0 : 1);

/** The demo's own figures must be the ones counted here. */
function compareLedger({ rows: read, imported, merged, badRows, deliveries }) {
  const { accepted, rejected, unknown } = deliveries.email;
  const pairs = [
    ["rows", read, rows.length],
    ["imported", imported, seen.people],
    ["merged", merged, seen.merged],
    ["badRows", badRows, seen.badRows],
    ["accepted", accepted, seen.messages],
    ["rejected", rejected, gone],
    ["unknown", unknown, 0],
    ["needsLetter", deliveries.needsLetter, seen.notMailable],
    ["excluded", deliveries.excluded, 0],
  ];
  for (const [name, said, counted] of pairs)
    if (said !== counted) problems.push(`${name}: the ledger says ${said}, counted ${counted}`);
}

/** A row that a careful person would accept: one address, a real phone, known elements, a one-line name. */
function isClean(row) {
  const address = /^[a-z0-9.]+@[a-z0-9.]+$/i.test(row.email);
  const phone = /^\+\d{8,15}$/.test(row.phone);
  const elements = row.exposure.split(";").every((code) => code !== "horoscope");
  return address && phone && elements && !/[\r\n]/.test(row.name);
}

/** The same reference, or the same address and name, is one person; what was taken adds up. */
function merge(all) {
  const byKey = new Map();
  const found = [];
  for (const row of all) {
    const keys = [
      `r:${row.reference}|${row.relation}`,
      `e:${row.email}|${row.name}|${row.relation}`.toLowerCase(),
    ];
    const known = keys.map((key) => byKey.get(key)).find(Boolean);
    const person = known ?? { ...row, exposure: new Set() };
    if (!known) found.push(person);
    for (const code of row.exposure.split(";")) person.exposure.add(code);
    for (const key of keys) byKey.set(key, person);
  }
  return found;
}

/** The items of the list below "What information was involved". */
function listed(text) {
  const [, section = ""] = text.replaceAll("\r\n", "\n").split("What information was involved\n");
  const list = section.split("\n\n").find((part) => part.startsWith("- ")) ?? "";
  const items = list.split(/^- /m).slice(1);
  return sorted(items.map((item) => item.replaceAll(/\s+/g, " ").trim()));
}

/** Each once, in one order. */
function sorted(items) {
  return [...new Set(items)].toSorted();
}

async function allMessages(url) {
  const list = [];
  for (;;) {
    const page = await (await fetch(`${url}/api/messages?offset=${list.length}&limit=500`)).json();
    for (const { id } of page.messages)
      list.push(await readMessage(`${url}/api/messages/${id}/raw`));
    if (list.length >= page.total || page.messages.length === 0) return list;
  }
}

/** Just enough MIME for our own two-part messages: recipient, and the decoded plain text. */
async function readMessage(url) {
  const raw = (await (await fetch(url)).text()).replaceAll("\r\n", "\n");
  const headers = raw.slice(0, raw.indexOf("\n\n")).replaceAll(/\n[ \t]+/g, " ");
  const to = headers.match(/^To:.*?([^\s<>"]+@[^\s<>"]+?)>?$/im)?.[1] ?? "";
  const boundary = headers.match(/boundary="?([^";]+)"?/i)?.[1] ?? "";
  const part =
    raw.split(`--${boundary}`).find((piece) => /content-type: text\/plain/i.test(piece)) ?? "";
  const cut = part.indexOf("\n\n");
  const body = part.slice(cut + 2);
  const base64 = /content-transfer-encoding: base64/i.test(part.slice(0, cut));
  return { to, text: base64 ? Buffer.from(body, "base64").toString() : quotedPrintable(body) };
}

function quotedPrintable(body) {
  const bytes = body
    .replaceAll(/=\n/g, "")
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString();
}

/** RFC 4180, by hand: this checker shares no code with what it checks. */
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

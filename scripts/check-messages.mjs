// Checks a demo from outside: it knows the people file, the catcher's API for mail and SMS, and
// the public pages, and nothing of Candor.
// Usage: node scripts/check-messages.mjs people.csv http://127.0.0.1:CATCHER '{"imported":…}'
//        [--page http://127.0.0.1:PUBLIC/incidents/…] [--passes-used 77]
// Every person gets each notice once, by the first way that reaches them, in their language,
// naming their data elements and no others, in the text of the place where they live; and there is no other message. Prints one line of
// JSON; exits 1 if anything differs.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { allMail, allSms } from "./check-mail.mjs";
import { myNoticeProblems, pageProblems } from "./check-pages.mjs";
import { languageOf, mayReadWhatHappened, readPeople, wayOf } from "./check-people.mjs";
import { ELEMENTS, WHAT_HAPPENED, flatten, kindOf, listed, sorted } from "./check-words.mjs";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { page: { type: "string" }, "passes-used": { type: "string", default: "0" } },
});
const [file, catcher, ledgerText] = positionals;
if (!file || !catcher || !ledgerText)
  throw new Error("Usage: check-messages.mjs people.csv http://127.0.0.1:CATCHER '{…}'");

/**
 * Kind of notice → the channels that were approved for it, in order. The first one may not go by SMS:
 * 45 CFR 164.404(d) does not name it.
 */
const WAVES = {
  initial: ["email", "letter"],
  update: ["email", "sms", "letter"],
  invitation: ["email", "sms"],
};
const ledger = JSON.parse(ledgerText);
const { people, ...read } = readPeople(await readFile(file, "utf8"));
const mail = (await allMail(catcher)).map((each) => ({ ...each, what: kindOf(each.text) }));
const sms = (await allSms(catcher)).map((each) => ({ ...each, what: kindOf(each.body) }));
const problems = [];

const first = new Map();
const personal = new Map();
const passes = new Map();
for (const kind of Object.keys(WAVES)) {
  checkMail(kind);
  checkSms(kind);
}
const asker = checkOthers();
if (new Set(passes.values()).size < passes.size) problems.push("two people got the same pass");
if (new Set(personal.values()).size < personal.size) problems.push("two people got the same code");
checkLedger();
if (values.page) {
  const { page } = values;
  problems.push(...(await pageProblems(page, people)));
  const text = first.get(asker);
  const around = { catcher, seen: mail.length, page, person: asker, text };
  if (text) problems.push(...(await myNoticeProblems(around)));
}

const seen = { people: people.length, ...read, messages: mail.length, sms: sms.length };
console.log(
  JSON.stringify({ ok: problems.length === 0, ...seen, problems: problems.slice(0, 10) }),
);
process.exit(problems.length === 0 ? 0 : 1);

/** Couples share a mailbox: match mail to people by address and greeting. */
function checkMail(kind) {
  const waiting = new Map();
  for (const person of people.filter((each) => wayOf(each, WAVES[kind]).mail)) {
    const key = person.email.toLowerCase();
    waiting.set(key, [...(waiting.get(key) ?? []), person]);
  }
  for (const message of mail.filter(({ what }) => what?.kind === kind)) {
    const candidates = waiting.get(message.to) ?? [];
    const at = candidates.findIndex(({ name }) => message.text.includes(name));
    if (at < 0) problems.push(`${kind}: a mail that nobody should get, or a second one`);
    else checkOne(kind, message, candidates.splice(at, 1)[0]);
  }
  const unsent = [...waiting.values()].flat().length;
  if (unsent > 0) problems.push(`${kind}: ${unsent} people got no mail`);
}

function checkOne(kind, { text, oneClick, what }, person) {
  const language = languageOf(person);
  if (what.language !== language)
    problems.push(`${kind}: a mail in ${what.language} instead of ${language}`);
  if (oneClick !== (kind === "invitation")) problems.push(`${kind}: one click can stop it or not`);
  const link = text.match(/https?:\/\/\S+/)?.[0];
  const code = text.match(/\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){2}\b(?!-)/g)?.at(-1);
  if ((personal.get(person) ?? code) !== code) problems.push(`${kind}: another personal code`);
  personal.set(person, code);
  if (kind === "initial") first.set(person, text);
  if (kind === "invitation") {
    passes.set(person, link);
    const page = new URL(values.page ?? link ?? "http://none.invalid");
    if (!link?.startsWith(`${page.origin}/survey/`)) problems.push(`${kind}: the link is ${link}`);
    return;
  }
  if (link) problems.push(`${kind}: a notice has a link`);
  const tells = flatten(text).includes(flatten(WHAT_HAPPENED[what.language]));
  const may = mayReadWhatHappened(person);
  if (tells !== may)
    problems.push(`${kind}: a mail is not in the text for ${person.region || "an unknown place"}`);
  const named = listed(text, what.language).join(" + ");
  const taken = [...person.exposure].map((element) => ELEMENTS[language][element]);
  const expected = sorted(taken).join(" + ");
  if (named !== expected) problems.push(`${kind}: a mail names ${named} instead of ${expected}`);
}

/** Numbers are shared by several people: count by number, language and fate. */
function checkSms(kind) {
  const tally = new Map();
  const count = (key, n) => tally.set(key, (tally.get(key) ?? 0) + n);
  for (const person of people) {
    const fate = wayOf(person, WAVES[kind], kind !== "initial").sms;
    if (fate) count(`${person.phone} ${languageOf(person)} ${fate}`, 1);
  }
  for (const { to, status, what } of sms.filter((each) => each.what?.kind === kind)) {
    // What the fake reports the wrong way round ends as queued.
    const fate = status === "queued" ? "delivered" : status;
    count(`${to} ${what.language} ${fate}`, -1);
  }
  const differing = [...tally.values()].filter((n) => n !== 0).length;
  if (differing > 0) problems.push(`${kind}: SMS to ${differing} numbers are too many or too few`);
}

/** Codes, answers and the word to the owner of a follow-up. Answers the person who asked. */
function checkOthers() {
  const stray = [...mail, ...sms].filter(({ what }) => what === undefined).length;
  if (stray > 0) problems.push(`${stray} messages are of no known kind`);
  const of = (kind) => mail.filter(({ what }) => what?.kind === kind);
  const { asked, answered } = ledger.inquiries;
  expect("one-time codes", of("code").length, asked + answered);
  expect("mails about answers", of("answered").length, answered);
  expect("mails to owners of follow-ups", of("due").length, ledger.followUps.sent);
  const known = new Map(people.map((person) => [person.email.toLowerCase(), person]));
  const deadlines = [...of("due"), ...of("clock")];
  if (deadlines.some(({ to }) => known.has(to))) problems.push("a customer was told of a deadline");
  const to = new Set([...of("code"), ...of("answered")].map((each) => each.to));
  if (to.size > 1) problems.push("codes went to several people");
  const [address] = to;
  return known.get(address);
}

/** The demo's own figures must be the ones counted here. */
function checkLedger() {
  const ways = people.map((person) => wayOf(person, WAVES.initial));
  const ended = (end) => ways.filter((way) => way.end === end).length;
  const refused = (channel) => ways.filter((way) => way.refused.includes(channel)).length;
  const again = people.map((person) => wayOf(person, WAVES.update, true));
  const endedAgain = (end) => again.filter((way) => way.end === end).length;
  const letters = ended("letter");
  const returned = Math.floor(letters / 25);
  const used = Number(values["passes-used"]);
  const { email } = ledger.deliveries;
  expect("rows", ledger.rows, read.rows);
  expect("imported", ledger.imported, people.length);
  expect("merged", ledger.merged, read.merged);
  expect("badRows", ledger.badRows, read.badRows);
  expectAll("email", email, { accepted: ended("email"), rejected: refused("email"), unknown: 0 });
  expect("needsLetter", ledger.deliveries.needsLetter, letters);
  expect("excluded", ledger.deliveries.excluded, 0);
  const rejected = again.filter((way) => way.refused.includes("sms")).length;
  const sms = { accepted: 0, delivered: endedAgain("sms"), rejected, unknown: 0 };
  expectAll("sms", ledger.sms, sms);
  expectAll("letters", ledger.letters, { made: letters, mailed: letters - returned, returned });
  expectAll("people", ledger.people, {
    accepted: ended("email") + letters - returned,
    rejected: ended("rejected") + returned,
    "not-reached": ended("not-reached"),
  });
  expectAll("followUps", ledger.followUps, {
    sent: 1,
    email: endedAgain("email"),
    sms: endedAgain("sms"),
    needsLetter: endedAgain("letter"),
  });
  const told = people.filter(mayReadWhatHappened).length;
  const variants = { "everybody-else": told, "us-ma": people.length - told };
  expectAll("variants", ledger.law.variants, variants);
  // Fewer than five answers are shown to nobody.
  expect("surveyAnswers", ledger.surveyAnswers, used < 5 ? 0 : used);
}

function expectAll(name, said, counted) {
  for (const key of new Set([...Object.keys(said), ...Object.keys(counted)]))
    expect(`${name}.${key}`, said[key] ?? 0, counted[key] ?? 0);
}

function expect(name, said, counted) {
  if (said !== counted) problems.push(`${name}: the ledger says ${said}, counted ${counted}`);
}

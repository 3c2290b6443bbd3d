// Counts from outside how many survey passes have been used, while the survey is open: opens the
// page of every pass that people were sent by mail or SMS, which changes nothing, and reads what
// it says. Mail before the `seen`th is older than the survey.
// Usage: node scripts/check-survey.mjs http://127.0.0.1:CATCHER http://127.0.0.1:PUBLIC [seen]
import { allMail, allSms, inTurns } from "./check-mail.mjs";

const [catcher, publicUrl, seen = "0"] = process.argv.slice(2);
if (!catcher || !publicUrl)
  throw new Error("Usage: check-survey.mjs http://127.0.0.1:CATCHER http://127.0.0.1:PUBLIC");

const PASS = /\b[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\b/;
/** As many by mail, and as many by SMS, as a large demo lets answer from. */
const LOOKED_AT_MAX = 2_000;

const mail = passesIn((await allMail(catcher, Number(seen))).map(({ text }) => text));
const sms = passesIn((await allSms(catcher)).map(({ body }) => body));
const found = await inTurns([...mail, ...sms], look);
const used = found.filter((status) => status === 409).length;
const open = found.filter((status) => status === 200).length;
if (used + open !== found.length) throw new Error(`Some passes opened neither: ${found.join(" ")}`);
console.log(JSON.stringify({ used, open }));

function passesIn(texts) {
  return texts.flatMap((text) => text.match(PASS)?.[0] ?? []).slice(0, LOOKED_AT_MAX);
}

/** Each from a network of its own, as the demo's customers are. */
async function look(pass, n) {
  const from = `10.${n >> 8}.${n & 255}.9`;
  const page = await fetch(`${publicUrl}/survey/${pass}`, { headers: { "x-forwarded-for": from } });
  await page.text();
  return page.status;
}

// Opens the public pages as a reader would, for the checks from outside.
import { allMail } from "./check-mail.mjs";
import { ANSWER, FULL, PAGE, QUESTION, kindOf } from "./check-words.mjs";

/** What is wrong with an incident's page in its three languages: the update, the promise, whose it is. */
export async function pageProblems(page, people) {
  const problems = [];
  for (const [language, sentences] of Object.entries(PAGE)) {
    const html = await (await fetch(`${page}?language=${language}`)).text();
    const missing = sentences.filter((each) => !html.includes(each));
    if (missing.length > 0)
      problems.push(`the page in ${language} does not say: ${missing.join(" ")}`);
    const [, promised = ""] =
      html.match(/class="note">[^<]*<strong><time datetime="([^"]+)"/) ?? [];
    const days = (Date.parse(promised) - Date.now()) / DAY_MS;
    if (!promised.endsWith("T09:00:00.000Z") || !(days > 5 && days < 8))
      problems.push(`the page in ${language} promises the next update by "${promised}"`);
    if (/<script|\ssrc=|style=/i.test(html)) problems.push("the page loads or runs something");
    const named = people.filter(({ name, email, reference }) =>
      [name, email, reference].some((each) => each !== "" && html.includes(each)),
    );
    if (named.length > 0) problems.push(`the page names ${named.length} people`);
  }
  return problems;
}

/**
 * Go through *my notice* as the person who asked: both codes, then what is there. A third
 * one-time code is sent for this, and nothing else changes. `seen` is how much mail there was.
 */
export async function myNoticeProblems({ catcher, seen, page, person, text }) {
  const home = new URL("/", page);
  const [personal = ""] = text.match(/\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}\b/) ?? [];
  const cookie = await post(new URL("/my", home), { code: personal });
  const code = await newCode(catcher, seen, person.email.toLowerCase());
  await post(new URL("/my/code", home), { code }, cookie);
  const html = await notice(new URL("/my/notice", home), cookie);
  const problems = [];
  if (!html.includes(QUESTION)) problems.push("my notice does not show the question");
  if (!html.includes(ANSWER)) problems.push("my notice does not show the answer");
  const [data = ""] = html.match(/<h2 id="data">[\s\S]*?<\/section>/) ?? [];
  const labels = [...data.matchAll(/<dt>([^<]*)<\/dt>/g)].map(([, label]) => label);
  const shown = labels.map((label) => label.toLowerCase()).toSorted();
  const taken = [...person.exposure].map((element) => FULL[element]).toSorted();
  if (shown.join() !== taken.join()) problems.push(`my notice names ${shown}, not ${taken}`);
  return problems;
}

async function post(url, form, cookie = "") {
  const answer = await fetch(url, {
    method: "POST",
    redirect: "manual",
    headers: { cookie },
    body: new URLSearchParams(form),
  });
  await answer.text();
  return answer.headers.get("set-cookie")?.split(";")[0] ?? cookie;
}

async function newCode(catcher, seen, to) {
  return patiently(async () => {
    const fresh = await allMail(catcher, seen);
    const mail = fresh.find((each) => each.to === to && kindOf(each.text)?.kind === "code");
    return mail?.text.match(/\b\d{4} \d{4}\b/)?.[0];
  });
}

async function notice(url, cookie) {
  return patiently(async () => {
    const html = await (await fetch(url, { headers: { cookie } })).text();
    return html.includes('id="inquiries"') ? html : undefined;
  });
}

async function patiently(look) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return "";
}

const DAY_MS = 24 * 3_600_000;
const PATIENCE_MS = 20_000;

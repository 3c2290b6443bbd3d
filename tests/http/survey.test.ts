import { Writable } from "node:stream";

import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";

import { releaseAnswers } from "../../src/actions/feedback/release.ts";
import { results } from "../../src/actions/feedback/results.ts";
import { closeSurvey } from "../../src/actions/feedback/survey.ts";
import { passHash } from "../../src/domain/feedback/pass.ts";
import { createLog } from "../../src/log.ts";
import { serve } from "../support/http.ts";
import type { Served } from "../support/http.ts";
import { dump, filesBelow, find, findInFiles } from "../support/scan.ts";
import { asSuperuser, givenSurvey, sendAnswer } from "../support/survey.ts";
import type { GivenSurvey } from "../support/survey.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let door: Served;
let survey: GivenSurvey;
const lines: string[] = [];
const log = createLog(
  "trace",
  "test",
  new Writable({
    write(line, _encoding, done) {
      lines.push(String(line));
      done();
    },
  }),
);

beforeAll(async () => {
  w = await world({ TRUSTED_PROXIES: 1 });
  door = await serve({ ...w.ctx, log }, { door: "public" });
  survey = await givenSurvey(w, { people: 40 });
});
afterAll(async () => {
  await door.close();
  await w.close();
});

const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** What waits of this test's survey, and which of its passes are spent. */
async function stored({ surveyId } = survey) {
  const [held] = await w.ctx.feedback<{ n: number }[]>`
    select count(*)::int as n from holding where survey_id = ${surveyId}`;
  const [spent] = await w.ctx.feedback<{ n: number }[]>`
    select count(*)::int as n from pass where survey_id = ${surveyId} and spent`;
  return { held: held?.n, spent: spent?.n };
}

describe("the survey page", () => {
  test("asks for the code and leads on to the form, however it is typed", async () => {
    const { text, headers } = await door.call("GET", "/survey");
    expect(text).toContain("Code from your invitation");
    expect(headers.get("set-cookie")).toBeNull();
    const typed = survey.passes[0]?.toLowerCase().replaceAll("-", " ") ?? "";
    const raw = new URLSearchParams({ code: typed }).toString();
    const answer = await door.call("POST", "/survey", { raw, headers: FORM });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain("How clear was our notice to you?");
  });

  test.each([
    ["en", "How anonymous is this?", "2 April 2026"],
    ["zh", "这份问卷有多匿名？", "2026年4月2日"],
    ["ru", "Насколько это анонимно?", "2 апреля 2026"],
  ])("says in %s what it protects against and until when it is open", async (code, says, date) => {
    const page = await door.call("GET", `/survey/${survey.passes[0]}?language=${code}`);
    expect(page.status).toBe(200);
    expect(page.text).toContain(says);
    expect(page.text).toContain(date);
    expect(page.text).not.toMatch(/<script|style=|<img|\shref="http/i);
    expect(page.headers.get("set-cookie")).toBeNull();
    expect(page.headers.get("referrer-policy")).toBe("no-referrer");
    expect(page.headers.get("cache-control")).toBe("no-store");
  });

  test("is opened 50 times by a scanner without effect", async () => {
    const before = await stored();
    const looks = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        door.call(i % 5 === 0 ? "HEAD" : "GET", `/survey/${survey.passes[1]}`),
      ),
    );
    expect(new Set(looks.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await stored()).toEqual(before);
  });

  test("shows the form again with everything typed where something is wrong, and spends nothing", async () => {
    const before = await stored();
    const long = "long enough ".repeat(60);
    const fields = { clear: "4", "needed.person": "yes", remark: long };
    const { status, text } = await sendAnswer(door, survey.passes[2], fields);
    expect(status).toBe(422);
    expect(text).toContain('role="alert"');
    expect(text).toContain('href="#remark"');
    expect(text).toContain(`>\n${long}</textarea>`);
    expect(text).toMatch(/id="clear-4"[^>]* checked/);
    expect(text).toMatch(/id="needed-person"[^>]* checked/);
    expect(await stored()).toEqual(before);
  });

  test.each([
    ["nothing at all", {}],
    ["a rating there is not", { clear: "6" }],
    ["an option there is not", { checked: "code2" }],
    ["another value in a box", { "needed.person": "no" }],
    ["turned text", { remark: "abc \u202E def" }],
  ])("does not take %s", async (_what, fields) => {
    const before = await stored();
    expect((await sendAnswer(door, survey.passes[2], fields)).status).toBe(422);
    expect(await stored()).toEqual(before);
  });

  test.each([
    ["0 bytes", "", FORM, 422],
    ["1 MB", `remark=${"x".repeat(1_000_000)}`, FORM, 413],
    ["JSON", '{"clear":"5"}', { "content-type": "application/json" }, 422],
    ["a thousand fields", "a=1&".repeat(1_000), FORM, 413],
  ])("answers %s with a page, and the pass is still good", async (_what, raw, headers, status) => {
    const before = await stored();
    const answer = await door.call("POST", `/survey/${survey.passes[3]}`, { raw, headers });
    expect(answer.status).toBe(status);
    expect(answer.text).toContain('role="alert"');
    expect(await stored()).toEqual(before);
    expect((await door.call("GET", `/survey/${survey.passes[3]}`)).status).toBe(200);
  });

  test("takes one of 50 answers that come at once with the same pass", async () => {
    const before = await stored();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => sendAnswer(door, survey.passes[4], { clear: "5" })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(49);
    expect(await stored()).toEqual({
      held: (before.held ?? 0) + 1,
      spent: (before.spent ?? 0) + 1,
    });
    const again = await door.call("GET", `/survey/${survey.passes[4]}`);
    expect(again.status).toBe(409);
    expect(again.text).toContain("This code has been used already");
  });

  test("knows an unknown pass as little as one of a survey that is not open", async () => {
    const draft = await givenSurvey(w, { people: 5, opened: false });
    const asked = ["0000-0000-0000-0000", draft.passes[0], survey.recipientIds[0], "%00", "x"];
    const pages = await Promise.all(asked.map((pass) => door.call("GET", `/survey/${pass}`)));
    expect(pages.map(({ status }) => status)).toEqual(asked.map(() => 404));
    expect(new Set(pages.map(({ text }) => text)).size).toBe(1);
    const posts = await Promise.all(asked.map((pass) => sendAnswer(door, pass, { clear: "1" })));
    expect(posts.map(({ status }) => status)).toEqual(asked.map(() => 404));
  });

  test("counts another survey's pass for that survey only", async () => {
    const other = await givenSurvey(w, { people: 5 });
    const before = await stored();
    expect((await sendAnswer(door, other.passes[0], { clear: "1" })).status).toBe(200);
    expect(await stored()).toEqual(before);
    expect(await stored(other)).toEqual({ held: 1, spent: 1 });
  });
});

test("a survey's end is said to everybody alike, and no key tells who answered", async () => {
  const own = await givenSurvey(w, { people: 12 });
  for (const pass of own.passes.slice(0, 3)) await sendAnswer(door, pass, { clear: "2" });
  await closeSurvey(w.ctx, w.staff.drafter, own);
  const pages = await Promise.all(own.passes.map((pass) => door.call("GET", `/survey/${pass}`)));
  expect(new Set(pages.map(({ status }) => status))).toEqual(new Set([410]));
  expect(new Set(pages.map(({ text }) => text)).size).toBe(1);
  expect((await sendAnswer(door, own.passes[5], { clear: "2" })).status).toBe(410);
  expect(await stored(own)).toEqual({ held: 0, spent: 12 });
  const [row] =
    await w.sql`select sealed_private, finished_at from survey where id = ${own.surveyId}`;
  expect(row?.["sealedPrivate"]).toBeNull();
  expect(row?.["finishedAt"]).not.toBeNull();
});

test("pass, hash and answer are in no log, no Redis, and nowhere in the main database", async () => {
  const words = "quillonbrask vexmarrowby tindle";
  const own = await givenSurvey(w, { people: 12 });
  const [first = ""] = own.passes;
  for (const pass of own.passes) await sendAnswer(door, pass, { clear: "3", remark: words });
  await sendAnswer(door, first, { remark: words });
  await releaseAnswers(w.ctx);
  expect((await results(w.ctx, own)).texts).toHaveLength(12);
  const needles = [first, first.replaceAll("-", ""), passHash(first).toString("hex"), words];
  expect(lines.join("")).toContain("POST /survey/:pass");
  expect(find(needles, "log", Buffer.from(lines.join("")))).toEqual([]);
  expect(find(needles, "main", await dump(w.config.DATABASE_URL))).toEqual([]);
  const [hash = "", ...clear] = [needles[2], first, needles[1] ?? "", words];
  expect(find(clear, "feedback", await dump(asSuperuser(w)))).toEqual([]);
  const files = await filesBelow(inject("folder"), ["/data/base/"]);
  const redis = files.filter((path) => path.includes("/redis/"));
  expect(await findInFiles([hash, ...clear], redis)).toEqual([]);
});

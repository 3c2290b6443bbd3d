import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { findSurvey, keepAnswer } from "../../src/actions/feedback/answer.ts";
import { ownWords } from "../../src/actions/feedback/own.ts";
import { destroyKey, releaseAnswers } from "../../src/actions/feedback/release.ts";
import { results } from "../../src/actions/feedback/results.ts";
import {
  closeSurvey,
  createSurvey,
  openSurvey,
  sweepSurveys,
} from "../../src/actions/feedback/survey.ts";
import type { Answer } from "../../src/domain/feedback/answer.ts";
import { NewSurvey } from "../../src/domain/feedback/survey.ts";
import { connect } from "../../src/store/db.ts";
import { feedbackRoleProblem } from "../../src/store/feedback/role.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { givenIncident } from "../support/incident.ts";
import { outcomeOf } from "../support/notice.ts";
import { givenSurvey } from "../support/survey.ts";
import type { GivenSurvey } from "../support/survey.ts";
import { somePeople } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

/** People answer, from the first pass that nobody has used yet. */
async function answer(of: GivenSurvey, from: number, count: number, given: Partial<Answer> = {}) {
  for (const typed of of.passes.slice(from, from + count)) {
    const found = await findSurvey(w.ctx, typed);
    if (found.state !== "open") throw new Error(`This pass is ${found.state}.`);
    const full = { group: "all", choices: { clear: ["5"] }, texts: {}, ...given };
    expect(await keepAnswer(w.ctx, { typed, survey: found.survey, answer: full })).toBe(true);
  }
}

/** How many answers are shown after a release: in all, and in each cell. */
async function shown(of: GivenSurvey) {
  await releaseAnswers(w.ctx);
  const { answers, breakdown, texts } = await results(w.ctx, of);
  const cells = breakdown.cells.map(({ cell, answers: n }) => [cell, n]);
  return { answers, cells: Object.fromEntries(cells), texts: texts.length };
}

describe("a survey", () => {
  test("is opened by another person than its author, and only once", async () => {
    const path = await givenSurvey(w, { people: 6, opened: false });
    expect(await outcomeOf(openSurvey(w.ctx, w.staff.drafter, path))).toBe("four-eyes");
    expect(await outcomeOf(openSurvey(w.ctx, w.staff.approver, path))).toBe("done");
    expect(await outcomeOf(openSurvey(w.ctx, w.staff.approver, path))).toBe("wrong-state");
    const foreign = { ...path, incidentId: randomUUID() };
    expect(await outcomeOf(closeSurvey(w.ctx, w.staff.drafter, foreign))).toBe("not-found");
  });

  test("needs people, a future, and no other that is open", async () => {
    const incidentId = (await givenIncident(w)).id;
    const few = await givenFrozenAudience(w, incidentId, somePeople(4));
    const enough = await givenFrozenAudience(w, incidentId, somePeople(5));
    const make = (audienceId: string, closesAt: string) =>
      createSurvey(w.ctx, w.staff.drafter, incidentId, NewSurvey.parse({ audienceId, closesAt }));
    const later = "2026-04-01T00:00Z";
    expect(await outcomeOf(make(few.id, later))).toBe("wrong-state");
    expect(await outcomeOf(make(enough.id, w.clock.now().toISOString()))).toBe("invalid-input");
    expect(await outcomeOf(make(randomUUID(), later))).toBe("not-found");
    const [one, other] = [await make(enough.id, later), await make(enough.id, later)];
    const open = (surveyId: string) =>
      outcomeOf(openSurvey(w.ctx, w.staff.approver, { incidentId, surveyId }));
    expect(await open(one)).toBe("done");
    expect(await open(other)).toBe("wrong-state");
  });

  test("opens the same after a crash between the two databases: nobody may answer twice", async () => {
    const path = await givenSurvey(w, { people: 12 });
    await answer(path, 0, 1);
    await w.sql`update survey set state = 'draft' where id = ${path.surveyId}`;
    await openSurvey(w.ctx, w.staff.approver, path);
    expect((await findSurvey(w.ctx, path.passes[0] ?? "")).state).toBe("used");
    expect((await findSurvey(w.ctx, path.passes[1] ?? "")).state).toBe("open");
  });

  test("ends by itself, says no pass in the timeline, and destroys its private key", async () => {
    const path = await givenSurvey(w, { people: 12 });
    const keyBefore = (await w.ctx.vault.keys(path.surveyId)).hash("pass", "anybody");
    await answer(path, 0, 3);
    await sweepSurveys(w.ctx);
    expect((await findSurvey(w.ctx, path.passes[5] ?? "")).state).toBe("open");
    const now = w.clock.now();
    w.clock.advance(30 * 86_400_000);
    await Promise.all([sweepSurveys(w.ctx), sweepSurveys(w.ctx)]);
    w.clock.set(now);
    expect((await findSurvey(w.ctx, path.passes[5] ?? "")).state).toBe("closed");
    const entries = await w.sql<{ action: string; actor: string; after: unknown }[]>`
      select action, actor, after from timeline
       where subject = ${`survey:${path.surveyId}`} order by seq`;
    expect(entries.map(({ action }) => action)).toEqual([
      "survey.create",
      "survey.open",
      "survey.close",
      "survey.finish",
    ]);
    // Three of twelve answered: fewer than five, so not even their number is written down.
    expect(entries.at(-1)?.after).toEqual({ answers: null, privateKey: "destroyed" });
    const [row] = await w.sql`select sealed_private from survey where id = ${path.surveyId}`;
    expect(row?.["sealedPrivate"]).toBeNull();

    const told = await w.sql`
      select ids from outbox
       where kind = 'survey.finished' and ids ->> 'surveyId' = ${path.surveyId}`;
    expect(told).toHaveLength(1);
    await destroyKey(w.ctx, path.surveyId);
    // A key made anew is another one: nobody can say any more whose pass was whose.
    const anew = (await w.ctx.vault.keys(path.surveyId)).hash("pass", "anybody");
    expect(anew.equals(keyBefore)).toBe(false);
  });
});

describe("each person's own words", () => {
  test("hold the same pass in the invitation and the reminder, answered or not", async () => {
    const path = await givenSurvey(w, { people: 6 });
    const { incidentId, recipientIds, passes } = path;
    const wave = { incidentId, noticeVersionId: randomUUID(), noticeKind: "invitation" } as const;
    const words = async () => {
      const source = await ownWords(w.ctx, wave);
      if ("hold" in source) throw new Error(source.hold);
      return recipientIds.map((id) => source.of(id));
    };
    const invitation = await words();
    await answer(path, 0, 3);
    expect(await words()).toEqual(
      invitation.map(({ own }) => ({ own, unsubscribe: expect.stringContaining("/stop/") })),
    );
    expect(invitation.map(({ own }) => own.survey_code)).toEqual(passes);
    expect(invitation[0]?.own).toEqual({
      personal_code: expect.stringMatching(/^\w{4}-\w{4}-\w{4}$/),
      survey_code: passes[0],
      survey_link: `https://incident.example.org/survey/${passes[0]}`,
    });
    const update = await ownWords(w.ctx, { ...wave, noticeKind: "update" });
    expect("of" in update && Object.keys(update.of(recipientIds[0] ?? "").own)).toEqual([
      "personal_code",
    ]);
  });

  test("hold an invitation back without an open survey, and from people it does not ask", async () => {
    const draft = await givenSurvey(w, { people: 6, opened: false });
    const wave = { noticeVersionId: randomUUID(), noticeKind: "invitation" } as const;
    expect(await ownWords(w.ctx, { incidentId: draft.incidentId, ...wave })).toEqual({
      hold: "survey-not-open",
    });
    const { incidentId } = await givenSurvey(w, { people: 6 });
    const others = await givenFrozenAudience(w, incidentId, somePeople(2));
    const noticeVersionId = await givenVersionFor(incidentId, others.id);
    expect(
      await ownWords(w.ctx, { incidentId, noticeVersionId, noticeKind: "invitation" }),
    ).toEqual({ hold: "survey-other-audience" });
  });
});

describe("results", () => {
  test("stay as they are until ten of one group wait, and small groups come out at the end", async () => {
    const path = await givenSurvey(w, { people: 60, breakdown: "language" });
    await answer(path, 0, 9, { group: "en" });
    await answer(path, 9, 4, { group: "zh" });
    expect(await shown(path)).toEqual({ answers: null, cells: {}, texts: 0 });
    await answer(path, 13, 1, { group: "en" });
    expect(await shown(path)).toEqual({ answers: 10, cells: { en: 10 }, texts: 0 });
    await answer(path, 14, 5, { group: "en" });
    await answer(path, 19, 3, { group: "ru" });
    expect(await shown(path)).toEqual({ answers: 10, cells: { en: 10 }, texts: 0 });
    await closeSurvey(w.ctx, w.staff.drafter, path);
    expect(await shown(path)).toEqual({ answers: 22, cells: { en: 10, other: 12 }, texts: 0 });
  });

  test("show texts ten at a time, and throw away fewer at the end", async () => {
    const path = await givenSurvey(w, { people: 60 });
    await answer(path, 0, 9, { texts: { remark: "Mail me: ann@example.com" } });
    await answer(path, 9, 1);
    expect(await shown(path)).toEqual({ answers: 10, cells: {}, texts: 0 });
    await answer(path, 10, 10, { texts: { remark: "Good" } });
    expect(await shown(path)).toEqual({ answers: 20, cells: {}, texts: 19 });
    await answer(path, 20, 10, { texts: {} });
    await answer(path, 30, 5, { texts: { remark: "Late" } });
    await closeSurvey(w.ctx, w.staff.drafter, path);
    expect((await shown(path)).answers).toBe(45 - 10);
    const { texts } = await results(w.ctx, path);
    expect(texts.map(({ text }) => text).toSorted()).toEqual([
      ...Array.from({ length: 10 }, () => "Good"),
      ...Array.from({ length: 9 }, () => "Mail me: [removed]"),
    ]);
  });

  test("lose no answer and count none twice while several workers release and people answer", async () => {
    const path = await givenSurvey(w, { people: 120 });
    const everyone = path.passes.map((_, i) => answer(path, i, 1));
    const workers = Array.from({ length: 12 }, () => releaseAnswers(w.ctx));
    await Promise.all([...everyone, ...workers]);
    await closeSurvey(w.ctx, w.staff.drafter, path);
    const { answers, total } = await results(w.ctx, path);
    // What waits at the end may be fewer than ten, which nobody may read.
    expect(answers).toBeGreaterThan(110);
    expect(total[0]?.shares.at(-2)).toMatchObject({ option: "5", percent: 100 });
    const [held] = await w.ctx.feedback`
      select count(*)::int as n from holding where survey_id = ${path.surveyId}`;
    expect(held?.["n"]).toBe(0);
  });

  test("are not lost where the server ends the transaction of their release in the middle", async () => {
    const path = await givenSurvey(w, { people: 12 });
    await answer(path, 0, 12);
    const feedback = connect(w.config.FEEDBACK_URL, 1);
    const opened = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const keys = async (id: string) => {
      if (id === path.incidentId) {
        opened.resolve();
        await ended.promise;
      }
      return w.ctx.vault.keys(id);
    };
    const ctx = { ...w.ctx, feedback, vault: { ...w.ctx.vault, keys } };
    const failed = releaseAnswers(ctx).catch((error: unknown) => error);
    await opened.promise;
    await w.ctx.feedback`
      select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and state = 'idle in transaction'`;
    // The connection is opened anew for somebody else; the release still has it in hand.
    await feedback`select 1`;
    ended.resolve();
    expect(await failed).toBeInstanceOf(Error);
    // The same connection serves both in turn: what the release still sends is done by then.
    for (let turn = 0; turn < 50; turn += 1) await feedback`select 1`;
    await feedback.end();
    expect((await shown(path)).answers).toBe(12);
    const [passes] = await w.ctx.feedback`
      select count(*)::int as n from pass where survey_id = ${path.surveyId}`;
    expect(passes).toEqual({ n: 12 });
  });

  test("leave other surveys' waiting answers and passes as they are", async () => {
    const [one, other] = [
      await givenSurvey(w, { people: 12 }),
      await givenSurvey(w, { people: 12 }),
    ];
    await answer(other, 0, 7);
    await answer(one, 0, 12);
    expect((await shown(one)).answers).toBe(12);
    const [order] = await w.ctx.feedback`
      select array_agg(id order by ctid) = array_agg(id order by id) as random, count(*)::int as n
        from holding where survey_id = ${other.surveyId}`;
    expect(order, "no order of coming is left").toEqual({ random: true, n: 7 });
    await closeSurvey(w.ctx, w.staff.drafter, one);
    await answer(other, 7, 3);
    expect((await shown(other)).answers).toBe(10);
  });
});

describe("the feedback database", () => {
  test("holds no time finer than a day, leads to no person, and names none", async () => {
    const columns = await w.ctx.feedback<{ name: string; type: string; table: string }[]>`
      select table_name as table, column_name as name, data_type as type
        from information_schema.columns where table_schema = 'public' and table_name <> 'migration'`;
    expect(columns.length).toBeGreaterThan(15);
    expect(columns.filter(({ type }) => /time|interval|serial|inet|macaddr/.test(type))).toEqual(
      [],
    );
    const telling =
      /person|people|recipient|token|agent|referr|browser|address|^ip$|_at$|order|seq/;
    expect(columns.filter(({ name, table }) => telling.test(`${table} ${name}`))).toEqual([]);
    const others = await w.ctx.feedback`
      select conname as name from pg_constraint where contype = 'f'
      union all select sequencename from pg_sequences
      union all select tgname from pg_trigger where not tgisinternal
      union all select reltoastrelid::regclass::text from pg_class
       where relname in ('holding', 'remark') and pg_relation_size(reltoastrelid) > 0`;
    expect(others).toEqual([]);
  });

  test("has one transaction number in all rows after a release, and blobs of one size", async () => {
    const path = await givenSurvey(w, { people: 40 });
    await answer(path, 0, 10, { texts: { remark: "short" } });
    await releaseAnswers(w.ctx);
    await answer(path, 10, 10, { texts: { remark: "very ".repeat(90) } });
    const [held] = await w.ctx.feedback`
      select count(distinct length(sealed))::int as sizes from holding`;
    await releaseAnswers(w.ctx);
    const [row] = await w.ctx.feedback`
      select (select count(distinct xmin::text)::int from pass) as passes,
             (select count(distinct xmin::text)::int from remark) as remarks,
             (select count(distinct length(sealed))::int from remark) as sizes,
             (select array_agg(hash) = array_agg(hash order by hash) from pass) as sorted`;
    expect(held).toEqual({ sizes: 1 });
    expect(row).toEqual({ passes: 1, remarks: 1, sizes: 1, sorted: true });
  });

  test("belongs to a role that may read nothing of the main database", async () => {
    const { DATABASE_URL, FEEDBACK_URL } = w.config;
    const [main, role] = [new URL(DATABASE_URL), new URL(FEEDBACK_URL)];
    [main.username, main.password] = [role.username, role.password];
    const sql = connect(main.href, 1);
    await expect(sql`select * from recipient`).rejects.toMatchObject({ code: "42501" });
    await sql.end();
    expect(await feedbackRoleProblem(DATABASE_URL, FEEDBACK_URL)).toBeUndefined();
    expect(await feedbackRoleProblem(DATABASE_URL, DATABASE_URL)).toContain("FEEDBACK_URL");
  });
});

async function givenVersionFor(incidentId: string, audienceId: string): Promise<string> {
  const [noticeId, versionId] = [randomUUID(), randomUUID()];
  const [by, at, hash] = [w.staff.drafter.staffId, w.clock.now(), Buffer.alloc(32)];
  await w.sql`
    insert into notice (id, incident_id, kind, class, state, created_by, created_at)
    values (${noticeId}, ${incidentId}, 'invitation', 'courtesy', 'ready', ${by}, ${at})`;
  await w.sql`
    insert into notice_version (id, notice_id, number, languages, sender, facts, codes, content_hash,
                                created_by, created_at)
    values (${versionId}, ${noticeId}, 1, '{}', '{}', '{}', '{}', ${hash}, ${by}, ${at})`;
  await w.sql`
    insert into submission (id, incident_id, notice_id, notice_version_id, audience_id, plan, canary,
                            facts, binding, approvals_needed, submitted_by, submitted_at)
    values (${randomUUID()}, ${incidentId}, ${noticeId}, ${versionId}, ${audienceId}, '{}', 0, '{}',
            ${hash}, 1, ${by}, ${at})`;
  return versionId;
}

import { randomUUID } from "node:crypto";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { answer, approve, close, sendBack } from "../../src/actions/inquiry/answer.ts";
import { enter } from "../../src/actions/inquiry/enter.ts";
import { open } from "../../src/actions/inquiry/open.ts";
import { keepCodes, personalCodes } from "../../src/actions/inquiry/code.ts";
import { sweepVisits } from "../../src/actions/inquiry/visit.ts";
import type { Entered } from "../../src/domain/inquiry.ts";
import { queue } from "../../src/views/inquiry.ts";
import { serve } from "../support/http.ts";
import { givenIncident } from "../support/incident.ts";
import { outcomeOf } from "../support/notice.ts";
import { aVisitor, enterVisit, givenPeople, newestText, work } from "../support/visit.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let given: Awaited<ReturnType<typeof givenPeople>>;

beforeEach(async () => {
  w = await world();
  given = await givenPeople(w, [{ email: "mary.major@example.com" }]);
});
afterEach(() => w.close());

const aCall: Entered = {
  kind: "question",
  channel: "phone",
  text: "Was my card in it?",
  language: "en",
};

async function givenInquiry(over: Partial<Entered> = {}) {
  const { id } = await enter(w.ctx, w.staff.responder, given.incidentId, { ...aCall, ...over });
  return { incidentId: given.incidentId, inquiryId: id };
}

describe("an answer", () => {
  test("asked on the web, approved by a second person, is told of by mail and read in my notice", async () => {
    const door = await serve(w.ctx, { door: "public" });
    const visitor = aVisitor(door);
    const [code = ""] = given.codes;
    await enterVisit(w, visitor, code);
    await visitor.post("/my/notice/ask", { kind: "question", text: "Was my card in it?" });
    await work(w);
    const [line] = await queue(w.sql, given.incidentId, { state: undefined, now: w.clock.now() });
    const path = { incidentId: given.incidentId, inquiryId: line?.id ?? "" };
    await answer(w.ctx, w.staff.drafter, path, { version: 1, text: "No <b>card</b> was in it." });
    await approve(w.ctx, w.staff.approver, path, 2);
    await work(w);
    const mail = await newestText(w);
    expect(mail).toContain(`There is an answer for you: ${line?.number ?? ""}`);
    expect(mail).toContain("incident.example.org/my");
    expect(mail).not.toMatch(/card/);
    const { text } = await enterVisit(w, aVisitor(door), code);
    expect(text).toContain('<p class="typed">No &lt;b&gt;card&lt;/b&gt; was in it.</p>');
    await door.close();
  });

  test("needs a second person, and says nothing before", async () => {
    const path = await givenInquiry({ recipientId: given.recipientIds[0] });
    const both = await givenActor(w.ctx, ["counsel"]);
    await answer(w.ctx, both, path, { version: 1, text: "No." });
    expect(await outcomeOf(approve(w.ctx, both, path, 2))).toBe("four-eyes");
    expect(await outcomeOf(sendBack(w.ctx, both, path, { version: 2, reason: "x" }))).toBe(
      "four-eyes",
    );
    await work(w);
    expect(w.email.sent).toEqual([]);
    await expect(
      w.sql`update inquiry set state = 'answered', approved_by = drafted_by`,
    ).rejects.toThrow();
  });

  test("is approved as it was read: a newer text asks for a new look", async () => {
    const path = await givenInquiry();
    await answer(w.ctx, w.staff.drafter, path, { version: 1, text: "No." });
    await answer(w.ctx, w.staff.drafter, path, { version: 2, text: "Yes." });
    expect(await outcomeOf(approve(w.ctx, w.staff.approver, path, 2))).toBe("stale-version");
    const both = [w.staff.approver, w.staff.approver2].map((each) =>
      outcomeOf(approve(w.ctx, each, path, 3)),
    );
    expect((await Promise.all(both)).toSorted()).toEqual(["done", "stale-version"]);
  });

  test("goes back and forth, and ends", async () => {
    const path = await givenInquiry();
    expect(await outcomeOf(approve(w.ctx, w.staff.approver, path, 1))).toBe("wrong-state");
    await answer(w.ctx, w.staff.drafter, path, { version: 1, text: "No." });
    await sendBack(w.ctx, w.staff.approver, path, { version: 2, reason: "Too short." });
    const { inquiry, text } = await open(w.ctx, w.staff.drafter, path);
    expect([inquiry.state, text]).toEqual(["drafted", "Was my card in it?"]);
    await close(w.ctx, w.staff.drafter, path, { version: 3, reason: "Said on the telephone." });
    expect(await outcomeOf(answer(w.ctx, w.staff.drafter, path, { version: 4, text: "x" }))).toBe(
      "wrong-state",
    );
  });
});

describe("the queue", () => {
  test("holds calls beside what came by the web, the most urgent first, and no word of them", async () => {
    await givenInquiry({ kind: "access" });
    await givenInquiry({ kind: "complaint" });
    await givenInquiry({ kind: "question", contact: "+1 202 555 0142" });
    w.clock.advance(4 * 86_400_000);
    const lines = await queue(w.sql, given.incidentId, { state: "new", now: w.clock.now() });
    expect(lines.map(({ kind, late }) => [kind, late])).toEqual([
      ["question", true],
      ["complaint", false],
      ["access", false],
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/card|202.?555.?0142|recipientId/);
    const [row] = await w.sql`select string_agg(t::text, ' ') as all from inquiry t`;
    expect(String(row?.["all"])).not.toContain(Buffer.from("Was my card").toString("hex"));
  });

  test("opens one at a time, and the timeline keeps who read it", async () => {
    const path = await givenInquiry({ contact: "+1 202 555 0142" });
    expect(await open(w.ctx, w.staff.counsel, path)).toMatchObject({ contact: "+1 202 555 0142" });
    const rows = await w.sql`
      select actor, action, after::text from timeline where subject = ${`inquiry:${path.inquiryId}`} order by seq`;
    expect(rows.map(({ actor, action }) => [actor, action])).toEqual([
      [w.staff.responder.staffId, "inquiry.enter"],
      [w.staff.counsel.staffId, "inquiry.open"],
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/card|202.?555.?0142/);
  });

  test("knows no inquiry and no person of another incident", async () => {
    const path = await givenInquiry();
    const other = await givenIncident(w, { awareAt: new Date(Date.now() - 60_000) });
    const elsewhere = { ...path, incidentId: other.id };
    expect(await outcomeOf(open(w.ctx, w.staff.counsel, elsewhere))).toBe("not-found");
    const [recipientId] = given.recipientIds;
    const stranger = enter(w.ctx, w.staff.responder, other.id, { ...aCall, recipientId });
    expect(await outcomeOf(stranger)).toBe("not-found");
    expect(await outcomeOf(enter(w.ctx, w.staff.responder, randomUUID(), aCall))).toBe("not-found");
  });
});

describe("what was written", () => {
  test("has the same length in the database, be it a word or a page", async () => {
    await givenInquiry({ text: "?" });
    await givenInquiry({ text: "x".repeat(1_500), contact: "+1 202 555 0142" });
    const rows = await w.sql`select distinct length(sealed) from inquiry`;
    expect(rows).toHaveLength(1);
  });

  test("goes with the person who is erased, and what was answered with it", async () => {
    const path = await givenInquiry({ recipientId: given.recipientIds[0] });
    const other = await givenInquiry();
    await answer(w.ctx, w.staff.drafter, path, { version: 1, text: "No." });
    await sweepVisits(w.ctx);
    expect(await open(w.ctx, w.staff.counsel, path)).toMatchObject({ answer: "No." });
    await w.sql`delete from recipient where id = any (${given.recipientIds})`;
    await sweepVisits(w.ctx);
    const forgotten = await open(w.ctx, w.staff.counsel, path);
    expect(forgotten).toMatchObject({ text: null, contact: null, answer: null });
    expect(forgotten.inquiry).toMatchObject({ recipientId: null, kind: "question" });
    expect(await open(w.ctx, w.staff.counsel, other)).toMatchObject({ text: aCall.text });
  });
});

describe("personal codes", () => {
  test("are the same every time, of 60 bits, and another for everybody", async () => {
    const codeOf = await personalCodes(w.ctx, given.incidentId);
    const codes = Array.from({ length: 10_000 }, () => codeOf(randomUUID()));
    expect(new Set(codes).size).toBe(10_000);
    expect(
      codes.every((code) => /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$/.test(code)),
    ).toBe(true);
    expect((await personalCodes(w.ctx, given.incidentId))(given.recipientIds[0] ?? "")).toBe(
      given.codes[0],
    );
    const other = await givenIncident(w, { awareAt: new Date(Date.now() - 60_000) });
    expect((await personalCodes(w.ctx, other.id))(given.recipientIds[0] ?? "")).not.toBe(
      given.codes[0],
    );
  });

  test("are kept for a whole audience at once, and may be kept again", async () => {
    const [before] = await w.sql`select count(*)::int as n from personal_code`;
    await keepCodes(w.ctx, given);
    expect(await w.sql`select count(*)::int as n from personal_code`).toEqual([before]);
    expect(await w.sql`select ids from outbox where kind = 'audience.frozen'`).toEqual([
      { ids: { incidentId: given.incidentId, audienceId: given.audienceId } },
    ]);
  });
});

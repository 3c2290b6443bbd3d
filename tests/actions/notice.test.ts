import { randomUUID } from "node:crypto";

import PostalMime from "postal-mime";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { sendTest } from "../../src/actions/delivery/test-mail.ts";
import { compiledVersion } from "../../src/actions/notice/compiled.ts";
import { edit, withdraw } from "../../src/actions/notice/draft.ts";
import { preview } from "../../src/actions/notice/preview.ts";
import { get, list, versions } from "../../src/actions/notice/read.ts";
import { checkCode } from "../../src/actions/publication.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { aSource, givenApprovedNotice, givenNotice, outcomeOf } from "../support/notice.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let incidentId: string;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());
beforeEach(async () => void (incidentId = (await givenIncident(w)).id));

describe("drafting a notice", () => {
  test("starts from the shipped text, bound to the facts it quotes", async () => {
    const { notice, version } = await givenNotice(w, incidentId);
    expect(notice).toMatchObject({ state: "draft", version: 1, number: 1, class: "legal" });
    expect(Object.keys(version.facts)).toContain("whatHappened");
    expect(Object.keys(version.facts)).not.toContain("people");
    expect(version.codes["en"]).toMatch(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/);
    const shown = await get(w.ctx, { incidentId, noticeId: notice.id });
    expect(shown.problems).toEqual([]);
    expect(shown.version.contentHash).toBe(version.contentHash.toString("hex"));
    expect(await list(w.ctx, incidentId)).toEqual([notice]);
  });

  test.each([
    ["hostile", { languages: { en: aSource({ body: "{{this}}" }) } }, "template-refused"],
  ])("a text that is %s is refused and nothing is stored", async (_what, over, code) => {
    expect(await outcomeOf(givenNotice(w, incidentId, over))).toBe(code);
    expect(await list(w.ctx, incidentId)).toEqual([]);
  });

  test("the refusal names the language and the line", async () => {
    const languages = { en: aSource(), "en-GB": aSource({ body: "{{this}}" }) };
    await expect(givenNotice(w, incidentId, { languages })).rejects.toMatchObject({
      fields: [{ field: "languages.en-GB", line: 7, code: "not-allowed" }],
    });
  });

  test("an incident of special-category data makes every subject discreet", async () => {
    const medical = await givenIncident(w, { dataElements: ["medical"] });
    const { version } = await givenNotice(w, medical.id);
    expect(version.sender.discreet).toBe(true);
  });

  test("an unknown incident is not found", async () => {
    expect(await outcomeOf(givenNotice(w, randomUUID()))).toBe("not-found");
  });
});

describe("editing a notice", () => {
  test("makes the next version with a new code and leaves the first as it was", async () => {
    const { notice, version } = await givenNotice(w, incidentId);
    const path = { incidentId, noticeId: notice.id };
    const next = await edit(w.ctx, w.staff.drafter, path, {
      version: 1,
      languages: { en: aSource() },
    });
    expect(next.notice).toMatchObject({ version: 2, number: 2, state: "draft" });
    expect(next.version.codes["en"]).not.toBe(version.codes["en"]);
    expect((await versions(w.ctx, path)).versions.map(({ number }) => number)).toEqual([2, 1]);
    expect((await get(w.ctx, path, 1)).version.languages).toEqual(version.languages);
  });

  test("against a version that is no longer the latest is refused", async () => {
    const { notice } = await givenNotice(w, incidentId);
    const path = { incidentId, noticeId: notice.id };
    const both = await Promise.all(
      ["a", "b"].map((title) =>
        outcomeOf(
          edit(w.ctx, w.staff.drafter, path, {
            version: 1,
            languages: { en: aSource({ front: { title } }) },
          }),
        ),
      ),
    );
    expect(both.toSorted()).toEqual(["done", "stale-version"]);
  });

  test("after it was withdrawn is refused", async () => {
    const { notice } = await givenNotice(w, incidentId);
    const path = { incidentId, noticeId: notice.id };
    expect(await withdraw(w.ctx, w.staff.drafter, path, 1)).toMatchObject({ state: "withdrawn" });
    expect(await outcomeOf(edit(w.ctx, w.staff.drafter, path, { version: 2 }))).toBe("wrong-state");
    expect(await outcomeOf(withdraw(w.ctx, w.staff.drafter, path, 2))).toBe("wrong-state");
  });

  test("in another incident's name is not found", async () => {
    const { notice } = await givenNotice(w, incidentId);
    const other = { incidentId: (await givenIncident(w)).id, noticeId: notice.id };
    expect(await outcomeOf(edit(w.ctx, w.staff.drafter, other, { version: 1 }))).toBe("not-found");
    expect(await outcomeOf(get(w.ctx, other))).toBe("not-found");
    expect(await outcomeOf(preview(w.ctx, other))).toBe("not-found");
    expect(await outcomeOf(versions(w.ctx, other))).toBe("not-found");
  });

  test("leaves an entry in the timeline without a word of the text", async () => {
    const { notice } = await givenNotice(w, incidentId);
    const path = { incidentId, noticeId: notice.id };
    await edit(w.ctx, w.staff.drafter, path, {
      version: 1,
      languages: { en: aSource({ body: "Ein Geheimnis" }) },
    });
    const rows = await w.sql<{ action: string; all: string }[]>`
      select action, timeline::text as all from timeline
       where subject = ${`notice:${notice.id}`} order by seq`;
    expect(rows.map(({ action }) => action)).toEqual(["notice.draft", "notice.edit"]);
    expect(rows.map(({ all }) => all).join()).not.toContain("Geheimnis");
  });
});

describe("a version's wording", () => {
  test("stays the same when the facts change afterwards", async () => {
    const { notice, version } = await givenNotice(w, incidentId);
    await givenScope(w, incidentId, { whatHappened: "Something else happened." });
    const [first] = await preview(w.ctx, { incidentId, noticeId: notice.id });
    expect(first?.text).toContain("A laptop with a list of customers");
    const again = await edit(
      w.ctx,
      w.staff.drafter,
      { incidentId, noticeId: notice.id },
      { version: 1 },
    );
    expect(again.version.facts["whatHappened"]).not.toBe(version.facts["whatHappened"]);
    const [second] = await preview(w.ctx, { incidentId, noticeId: notice.id });
    expect(second?.text).toContain("Something else happened.");
  });

  test("says when the mail's layout is no longer the one it was written for", async () => {
    const { version } = await givenNotice(w, incidentId);
    expect((await compiledVersion(w.ctx, version.id)).layoutCurrent).toBe(true);
    const mail = { ...w.ctx.templates.mail, version: "other" };
    const later = { ...w.ctx, templates: { ...w.ctx.templates, mail } };
    expect((await compiledVersion(later, version.id)).layoutCurrent).toBe(false);
  });
});

describe("a preview", () => {
  test("shows three invented people in all forms", async () => {
    const { notice } = await givenNotice(w, incidentId);
    const shown = await preview(w.ctx, { incidentId, noticeId: notice.id });
    expect(shown.map(({ person }) => person)).toEqual(["long-name", "shared-mailbox", "no-name"]);
    const [long, shared, nobody] = shown;
    expect(long?.html).toContain("山田太郎 &lt;Tag&gt;");
    expect(shared?.subject).toBe("Important message from Example Organisation");
    expect(nobody?.text).toContain("\nHello,\n");
    expect(long?.sms).toContain("incident.example.org/check");
  });

  test("of an incident whose data are all ruled out is refused", async () => {
    const { notice } = await givenNotice(w, incidentId);
    await givenScope(w, incidentId, { dataElements: [{ element: "name", state: "ruled-out" }] });
    const path = { incidentId, noticeId: notice.id };
    await edit(w.ctx, w.staff.drafter, path, { version: 1 });
    expect(await outcomeOf(preview(w.ctx, path))).toBe("template-refused");
  });
});

describe("a test mail", () => {
  test("goes to the sender's own address and nowhere else", async () => {
    const { notice, version } = await givenNotice(w, incidentId);
    const path = { incidentId, noticeId: notice.id };
    const before = w.email.sent.length;
    const given = { person: "long-name", language: "en" } as const;
    expect(await sendTest(w.ctx, w.staff.drafter, path, given)).toEqual({ outcome: "accepted" });
    const [mail, ...more] = w.email.sent.slice(before);
    expect(more).toEqual([]);
    expect(mail?.to).toBe(`${w.staff.drafter.staffId}@example.org`);
    const parsed = await PostalMime.parse(mail?.message ?? "");
    expect(parsed.subject).toBe(
      "[Test] Notice of data breach: your personal information at Example Organisation",
    );
    expect(parsed.text).toContain(version.codes["en"]);
    expect(parsed.html).toContain("&lt;Tag&gt;");
  });

  test("the twenty-first in an hour is refused, also when all are sent at once", async () => {
    const { notice } = await givenNotice(w, incidentId);
    const path = { incidentId, noticeId: notice.id };
    const given = { person: "no-name", language: "en" } as const;
    const outcomes = await Promise.all(
      Array.from({ length: 23 }, () => outcomeOf(sendTest(w.ctx, w.staff.counsel, path, given))),
    );
    expect(outcomes.filter((each) => each === "done")).toHaveLength(20);
    expect(outcomes.filter((each) => each === "too-many-requests")).toHaveLength(3);
    w.clock.advance(3_600_001);
    expect(await outcomeOf(sendTest(w.ctx, w.staff.counsel, path, given))).toBe("done");
  });
});

describe("the check page's answer", () => {
  test("is nothing for a draft, and the exact public wording once it is approved", async () => {
    const { version } = await givenNotice(w, incidentId);
    expect(await checkCode(w.ctx, version.codes["en"] ?? "")).toBeUndefined();
    const audience = await givenFrozenAudience(w, incidentId, [{}]);
    const submissionId = await givenApprovedNotice(w, { incidentId, audienceId: audience.id });
    const [row] = await w.sql<{ code: string }[]>`
      select code from notice_code
        join submission s using (notice_version_id) where s.id = ${submissionId}`;
    const found = await checkCode(w.ctx, ` ${row?.code.toLowerCase().replace("-", "")}`);
    expect(found).toMatchObject({ code: row?.code, from: "notices@example.org", language: "en" });
    expect(found?.html).toContain("Dear [your name],");
    expect(await checkCode(w.ctx, "0000-0000")).toBeUndefined();
    expect(await checkCode(w.ctx, "not a code")).toBeUndefined();
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { submit } from "../../src/actions/approval/submit.ts";
import { compiledVersion } from "../../src/actions/notice/compiled.ts";
import { edit } from "../../src/actions/notice/draft.ts";
import type { Drafted } from "../../src/actions/notice/draft.ts";
import { preview } from "../../src/actions/notice/preview.ts";
import { get } from "../../src/actions/notice/read.ts";
import { Plan } from "../../src/domain/approval.ts";
import { renderPublic } from "../../src/domain/notice/render.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { aSource, givenNotice, outcomeOf } from "../support/notice.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let incidentId: string;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());
beforeEach(async () => void (incidentId = (await givenIncident(w)).id));

const RUSSIAN = { ru: { whatHappened: "Из машины украли ноутбук." } };
const BOTH = { ...RUSSIAN, zh: { whatHappened: "一台笔记本电脑在车里被盗。" } };
const languagesOf = ({ version }: Drafted) => Object.keys(version.languages);

async function submitted({ notice }: Drafted) {
  const audience = await givenFrozenAudience(w, incidentId, [{}]);
  return outcomeOf(
    submit(w.ctx, w.staff.drafter, incidentId, {
      noticeId: notice.id,
      version: notice.version,
      audienceId: audience.id,
      plan: Plan.omit({ channels: true }).parse({}),
      canary: 50,
    }),
  );
}

describe("the languages of a first draft", () => {
  test("are those in which its facts can be told: one at first, more once they are translated", async () => {
    expect(languagesOf(await givenNotice(w, incidentId))).toEqual(["en"]);
    await givenScope(w, incidentId, { translations: RUSSIAN });
    expect(languagesOf(await givenNotice(w, incidentId))).toEqual(["en", "ru"]);
    await givenScope(w, incidentId, { translations: BOTH });
    const all = await givenNotice(w, incidentId);
    expect(languagesOf(all)).toEqual(["en", "zh", "ru"]);
    expect((await get(w.ctx, { incidentId, noticeId: all.notice.id })).problems).toEqual([]);
    expect(await submitted(all)).toBe("done");
  });

  test("are less by those whose facts changed since they were translated", async () => {
    await givenScope(w, incidentId, { translations: BOTH });
    await givenScope(w, incidentId, { whatHappened: "Two laptops were stolen." });
    expect(languagesOf(await givenNotice(w, incidentId))).toEqual(["en"]);
  });

  test("are all of them for an invitation, which quotes no facts", async () => {
    const drafted = await givenNotice(w, incidentId, { kind: "invitation" });
    expect(languagesOf(drafted)).toEqual(["en", "zh", "ru"]);
    expect(drafted.notice.class).toBe("courtesy");
    expect((await get(w.ctx, { incidentId, noticeId: drafted.notice.id })).problems).toEqual([]);
  });

  test("follow the language that the facts are written in", async () => {
    await givenScope(w, incidentId, { language: "zh", whatHappened: "一台电脑被盗。" });
    const drafted = await givenNotice(w, incidentId);
    expect(languagesOf(drafted)).toEqual(["zh"]);
    expect(await submitted(drafted)).toBe("done");
  });

  test("are those asked for, and a text in another language than its facts cannot be submitted", async () => {
    const drafted = await givenNotice(w, incidentId, { shipped: ["ru", "en"] });
    expect(languagesOf(drafted)).toEqual(["en", "ru"]);
    const { problems } = await get(w.ctx, { incidentId, noticeId: drafted.notice.id });
    expect(problems.map(({ language, code }) => `${language} ${code}`)).toEqual([
      "ru fact-untranslated",
    ]);
    expect(await submitted(drafted)).toBe("template-refused");
  });
});

describe("a translation", () => {
  const wording = async (versionId: string) =>
    renderPublic((await compiledVersion(w.ctx, versionId)).texts.forPlace(null), "ru").text;

  test("is taken up when the text is saved, and bound by its version", async () => {
    const { notice, version } = await givenNotice(w, incidentId, { shipped: ["ru"] });
    expect(Object.keys(version.facts)).not.toContain("whatHappened.ru");
    await givenScope(w, incidentId, { translations: RUSSIAN });
    const path = { incidentId, noticeId: notice.id };
    const next = await edit(w.ctx, w.staff.drafter, path, { version: 1 });
    expect(Object.keys(next.version.facts)).toContain("whatHappened.ru");
    expect(await wording(version.id)).toContain("A laptop with a list");
    expect(await wording(next.version.id)).toContain("Из машины украли ноутбук.");
    expect(await submitted(next)).toBe("done");
  });

  test("that changes leaves English texts as they are, and stops its own", async () => {
    await givenScope(w, incidentId, { translations: RUSSIAN });
    const languages = { en: aSource() };
    const english = await givenNotice(w, incidentId, { languages });
    const russian = await givenNotice(w, incidentId, { shipped: ["ru"] });
    await givenScope(w, incidentId, { translations: { ru: { whatHappened: "Украли ноутбук." } } });
    expect(await submitted(russian)).toBe("facts-changed");
    expect(await submitted(english)).toBe("done");
    expect(await wording(russian.version.id)).toContain("Из машины украли ноутбук.");
  });
});

test("a preview shows every language, with codes and the time where somebody lives", async () => {
  await givenScope(w, incidentId, {
    translations: BOTH,
    occurredFrom: {
      at: new Date("2026-03-01T22:10:00Z"),
      zone: "Europe/Berlin",
      precision: "minute",
    },
  });
  const { notice } = await givenNotice(w, incidentId);
  const shown = await preview(w.ctx, { incidentId, noticeId: notice.id });
  expect(shown.map(({ language }) => language)).toEqual(
    ["en", "zh", "ru"].toSorted().flatMap((language) => Array(3).fill(language)),
  );
  const [long] = shown;
  expect(long?.text).toContain("incident.example.org/my");
  expect(long?.text).toContain("7K2M-9QXT-4HWP");
  expect(long?.text.replaceAll(/\s+/g, " ")).toContain(
    "on 1 March 2026 at 23:10 (Berlin time; for you: 2 March 2026 at 11:10, Auckland time)",
  );
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { approve } from "../../src/actions/approval.ts";
import { get, submit } from "../../src/actions/approval/submit.ts";
import { prepareWave } from "../../src/actions/delivery/prepare.ts";
import { myNotice } from "../../src/actions/inquiry/mine.ts";
import { draft, edit } from "../../src/actions/notice/draft.ts";
import { preview } from "../../src/actions/notice/preview.ts";
import { checkCode } from "../../src/actions/publication.ts";
import { start } from "../../src/actions/wave/start.ts";
import type { Person } from "../../src/domain/audience/person.ts";
import type { Variants } from "../../src/domain/notice/split.ts";
import { readMessage } from "../../src/dev/mailbox.ts";
import { overview } from "../../src/views/audience.ts";
import {
  givenFrozenAudience,
  givenImported,
  givenAudience,
  peopleOf,
} from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { aReader, downloads, givenLetterWave, givenMade, pagesOf } from "../support/letter.ts";
import { aSource, outcomeOf } from "../support/notice.ts";
import { sendDue } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());

const BODY = aSource().split("---\n").slice(2).join("---\n");
const saying = (words: string) => aSource({ body: `${words}\n\n${BODY}` });
const LANGUAGES = {
  en: saying("Words for everybody else."),
  "en@us-ca": saying("Words for California."),
  "en@us-ma": saying("Words for Massachusetts."),
};
const VARIANTS: Variants = {
  "us-ca": { places: ["US-CA"] },
  "us-ma": { places: ["US-MA"], unknown: true },
};
const PEOPLE = [
  { name: "Cal Example", country: "US", region: "California" },
  { name: "May Example", country: "US", region: "MA" },
  { name: "Dee Example", country: "DE" },
  { name: "Una Example", country: "US" },
  { name: "Nia Example" },
].map((person, i): Partial<Person> => ({ email: `split-${i}@example.com`, ...person }));
const READS = new Map([
  ["split-0@example.com", "Words for California."],
  ["split-1@example.com", "Words for Massachusetts."],
  ["split-2@example.com", "Words for everybody else."],
  ["split-3@example.com", "Words for Massachusetts."],
  ["split-4@example.com", "Words for Massachusetts."],
]);

/** An audience of California, Massachusetts, Germany and two places unknown, and three texts. */
async function givenSplit(people = PEOPLE, kind: "initial" | "update" = "initial") {
  const incidentId = (await givenIncident(w)).id;
  const { id: audienceId, recipientIds } = await givenFrozenAudience(w, incidentId, people);
  const given = { kind, languages: LANGUAGES, variants: VARIANTS } as const;
  const { notice, version } = await draft(w.ctx, w.staff.drafter, incidentId, given);
  const submission = await submit(w.ctx, w.staff.drafter, incidentId, {
    noticeId: notice.id,
    version: notice.version,
    audienceId,
    plan: { mode: "first-reachable", channels: ["email", "letter", "sms"], consent: "agreed" },
    canary: 0,
  });
  return { incidentId, audienceId, recipientIds, notice, version, submission };
}

async function givenStarted(people = PEOPLE, kind: "initial" | "update" = "initial") {
  const given = await givenSplit(people, kind);
  const path = { incidentId: given.incidentId, submissionId: given.submission.id };
  await approve(w.ctx, w.staff.approver, path, { binding: given.submission.binding });
  const { id: waveId } = await start(w.ctx, w.staff.responder, path);
  return { ...given, waveId };
}

describe("an audience whose places need other words", () => {
  test("is shown to the approver in full: each variant, its people and its text", async () => {
    const { submission, version } = await givenSplit();
    const { variants, reach } = submission;
    const shown = variants.map(({ variant, people, placeUnknown, places, texts }) => ({
      variant,
      people,
      placeUnknown,
      places: places.map(({ place }) => place),
      texts: texts.map(({ language, people: readers }) => [language, readers]),
    }));
    expect(shown).toEqual([
      { variant: null, people: 1, placeUnknown: 0, places: ["DE"], texts: [["en", 1]] },
      { variant: "us-ca", people: 1, placeUnknown: 0, places: ["US-CA"], texts: [["en", 1]] },
      {
        variant: "us-ma",
        people: 3,
        placeUnknown: 2,
        places: expect.arrayContaining(["US-MA", "US", null]),
        texts: [["en", 3]],
      },
    ]);
    for (const [at, words] of ["everybody else", "California", "Massachusetts"].entries()) {
      const [text] = variants[at]?.texts ?? [];
      expect(text?.text).toContain(`Words for ${words}.`);
      expect(Object.values(version.codes)).toContain(text?.code);
    }
    expect(reach.people).toBe(5);
    expect(variants.reduce((sum, { people }) => sum + people, 0)).toBe(5);
    expect(reach.languages.map(({ variant, people }) => [variant, people])).toEqual(
      expect.arrayContaining([
        [null, 1],
        ["us-ca", 1],
        ["us-ma", 3],
      ]),
    );
  });

  test("gets each person the mail of their own place, and nobody another's", async () => {
    const { waveId } = await givenStarted();
    const before = w.email.sent.length;
    await sendDue(w, waveId, "email", { prepare: prepareWave });
    const sent = w.email.sent.slice(before);
    expect(sent.map(({ to }) => to).toSorted()).toEqual([...READS.keys()]);
    for (const { to, message: raw } of sent) {
      const mail = await readMessage({ raw });
      for (const part of [mail.text, mail.html])
        expect(
          [...new Set(READS.values())].filter((words) => part.includes(words)),
          to,
        ).toEqual([READS.get(to)]);
    }
  });

  test("gets the SMS of its place too, whose code is that of the variant", async () => {
    const phones = ["California", "Massachusetts", "Hawaii"].map((region, i) => ({
      email: undefined,
      phone: `+1202555010${i}`,
      country: "US",
      region,
    }));
    // No law here lets a first notice go by SMS alone; what follows it may.
    const { waveId, version } = await givenStarted(phones, "update");
    const before = w.sms.sent.length;
    await sendDue(w, waveId, "sms", { prepare: prepareWave });
    const { codes } = version;
    const codeIn = (text: string) => /[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(text)?.[0];
    const sent = w.sms.sent.slice(before).map(({ to, text }) => [to, codeIn(text)]);
    expect(Object.fromEntries(sent)).toEqual({
      "+12025550100": codes["en@us-ca"],
      "+12025550101": codes["en@us-ma"],
      "+12025550102": codes["en"],
    });
  });

  test("gets the letter of its place", async () => {
    const home = { lines: ["1 Elm Avenue"], city: "Springfield", postcode: "01101" };
    const people = [
      aReader({ name: "May Example", postal: { ...home, region: "MA", country: "US" } }),
      aReader({ name: "Dee Example", postal: { ...home, country: "DE" } }),
    ];
    const wave = await givenLetterWave(w, people, { languages: LANGUAGES, variants: VARIANTS });
    const { path } = await givenMade(w, wave);
    const files = await downloads(w, path);
    const text = async (name: string) =>
      (await pagesOf(files.get(name) ?? Buffer.alloc(0))).map((page) => page.text).join("");
    const [american, german] = [
      await text("letters-en-us-letter-1.pdf"),
      await text("letters-en-a4-1.pdf"),
    ];
    expect(american).toContain("Words for Massachusetts.");
    expect(german).toContain("Words for everybody else.");
    expect(`${american}${german}`.match(/Words for/g)).toHaveLength(2);
  });

  test("is given codes whose page shows each the words they got", async () => {
    const { incidentId, recipientIds, waveId } = await givenStarted();
    await sendDue(w, waveId, "email", { prepare: prepareWave });
    for (const [at, recipientId] of recipientIds.entries()) {
      const page = await w.sql.begin((tx) =>
        myNotice(w.ctx, tx, { incidentId, recipientId }, null),
      );
      if (page.page !== "notice") throw new Error("There is no notice.");
      const shown = await checkCode(w.ctx, page.notices[0]?.code ?? "");
      expect(shown?.html).toContain(READS.get(`split-${at}@example.com`));
    }
  });

  test("is bound: another place, another split, or another text is another approval", async () => {
    const { incidentId, audienceId, notice, submission } = await givenSplit();
    const moved = PEOPLE.map((each) => (each.region === "MA" ? { ...each, region: "NY" } : each));
    const other = await givenFrozenAudience(w, (await givenIncident(w)).id, moved);
    const digest = async (id: string) =>
      (await w.sql`select encode(digest, 'hex') as digest from audience where id = ${id}`)[0];
    expect(await digest(other.id)).not.toEqual(await digest(audienceId));

    const path = { incidentId, noticeId: notice.id };
    const variants = { ...VARIANTS, "us-ma": { places: ["US-MA"] } };
    await edit(w.ctx, w.staff.drafter, path, { version: 2, variants });
    const after = await get(w.ctx, incidentId, submission.id);
    expect(after.state).toBe("closed");
    const approving = approve(
      w.ctx,
      w.staff.approver,
      { incidentId, submissionId: submission.id },
      { binding: submission.binding },
    );
    expect(await outcomeOf(approving)).toBe("approval-missing");
  });

  test("is previewed in every variant, and a text for nobody or a place twice is refused", async () => {
    const { incidentId, notice } = await givenSplit();
    const path = { incidentId, noticeId: notice.id };
    const shown = await preview(w.ctx, path);
    expect([...new Set(shown.map(({ variant }) => variant))]).toEqual([null, "us-ca", "us-ma"]);
    expect(shown).toHaveLength(9);
    const without = edit(w.ctx, w.staff.drafter, path, { version: 2, variants: {} });
    expect(await outcomeOf(without)).toBe("invalid-input");
  });
});

describe("where people live", () => {
  test("is read from a file, and what the scope says otherwise is shown", async () => {
    const incidentId = (await givenIncident(w)).id;
    await givenScope(w, incidentId, {
      people: [
        { jurisdiction: "US-MA", count: 2 },
        { jurisdiction: "DE", count: 9 },
      ],
    });
    const audienceId = await givenAudience(w, incidentId);
    const place = { incidentId, audienceId };
    await givenImported(
      w,
      place,
      [
        "reference,email,country,state",
        "1,a@example.com,US,Massachusetts",
        "2,b@example.com,US,MA",
        "3,c@example.com,DE,",
        "4,d@example.com,,",
        // One person in two rows: merged, and their place with them.
        "3,c@example.com,DE,",
      ].join("\n"),
    );
    const { places, residents } = await overview(w.sql, incidentId, audienceId);
    expect(places).toEqual([
      { place: "US-MA", people: 2 },
      { place: "DE", people: 1 },
      { place: null, people: 1 },
    ]);
    expect(residents.map(({ place: at, scope, audience }) => [at, scope, audience])).toEqual([
      ["DE", 9, 1],
      [null, 0, 1],
    ]);
    const opened = await peopleOf(w, place);
    expect(opened.map(({ person }) => person.place).toSorted()).toEqual([
      "DE",
      "US-MA",
      "US-MA",
      undefined,
    ]);
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { importUpload, sweepUploads } from "../../src/actions/audience.ts";
import { freezeAudience, openAudience } from "../../src/actions/audience/lifecycle.ts";
import { errorReport, listErrors } from "../../src/actions/audience/report.ts";
import { showUpload } from "../../src/actions/audience/upload.ts";
import { ofIncident } from "../../src/store/audience/audience.ts";
import { list, overview } from "../../src/views/audience.ts";
import {
  givenAudience,
  givenConfirmed,
  givenFrozenAudience,
  givenImported,
  givenUpload,
  peopleOf,
  refusalOf,
  textOf,
} from "../support/audience.ts";
import type { Place } from "../support/audience.ts";
import { givenIncident } from "../support/incident.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let place: Place;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());
beforeEach(async () => {
  const { id: incidentId } = await givenIncident(w);
  place = { incidentId, audienceId: await givenAudience(w, incidentId) };
});

/** Every line and code that an upload reported. */
async function errorsOf(uploadId: string) {
  const { errors } = await listErrors(
    w.ctx,
    { ...place, uploadId },
    { after: undefined, limit: 999 },
  );
  return errors.map(({ line, column, code }) => `${line} ${column} ${code}`);
}

/** A list with doubles by reference, by address and by phone, and people who share a mailbox. */
function aList(people: number): string[] {
  return Array.from({ length: people }, (_, i) => {
    const who = i % 5 === 4 ? i - 1 : i;
    const phone = `+1415555${String(100 + (who % 100)).padStart(4, "0")}`;
    const reference = i % 3 === 0 ? `R${who}` : "";
    const mailbox = i % 7 === 6 ? 0 : who;
    return `${reference},Person ${who},p${mailbox}@example.com,${phone},${["yes", "no", ""][i % 3]}`;
  });
}
const HEADER = "reference,name,email,phone,agreed";
const fileOf = (rows: readonly string[]) => `${[HEADER, ...rows].join("\r\n")}\r\n`;

async function digestOf(audienceId = place.audienceId) {
  const frozen = await freezeAudience(w.ctx, w.staff.responder, place.incidentId, audienceId);
  return { count: frozen.count, digest: frozen.digest?.toString("hex") };
}

/** The people of an audience without what differs between two audiences of the same people. */
async function contentOf(audienceId = place.audienceId) {
  const people = await peopleOf(w, { ...place, audienceId });
  return people
    .map(({ person, sharedMailbox }) => JSON.stringify({ person, sharedMailbox }))
    .toSorted();
}

describe("an import", () => {
  test("keeps good rows, reports bad ones by line, column and code, and names ignored columns", async () => {
    const file = [
      "email,name,phone,country,junk",
      "a@example.com,Ann,+14155550100,US,secret",
      '"b@example.com, c@example.com",Bob,,,',
      '"d@example.com","Dan\r\nBcc: e@example.org",,,',
      "f@example.com,=HYPERLINK(1),,,",
      "too,few",
      ",,,,x",
      'g@example.com,"Gus,,,',
      "h@example.com,Hal,12,US,",
      `i@example.com,${"x".repeat(300_000)},,,`,
      "j@example.com,Jo,,,",
    ].join("\n");
    const upload = await givenImported(w, place, file);
    expect(upload).toMatchObject({
      state: "imported",
      rowsRead: 10,
      rowsGood: 3,
      rowsBad: 7,
      peopleAdded: 3,
      ignored: ["junk"],
    });
    expect(await errorsOf(upload.id)).toEqual([
      "3 email several-addresses",
      "4 name control-character",
      "7 (row) columns-differ",
      "8 (row) row-empty",
      "9 (row) quote-not-closed",
      "10 phone phone-invalid",
      "11 (row) record-too-long",
    ]);
    const names = (await peopleOf(w, place)).map(({ person }) => person.name);
    expect(names.toSorted()).toEqual(["=HYPERLINK(1)", "Ann", "Jo"]);
    expect(JSON.stringify(await peopleOf(w, place))).not.toContain("secret");
  });

  test("reads a file with a byte order mark, semicolons and object internals for headers", async () => {
    const upload = await givenImported(
      w,
      place,
      "\ufeff__proto__;constructor;E-Mail\nx;y;a@example.com\n",
    );
    expect(upload).toMatchObject({ rowsGood: 1, ignored: ["__proto__", "constructor"] });
  });

  test("reads JSON Lines and names the keys that nobody mapped", async () => {
    const lines = [
      '{"email":"a@example.com","name":"Ann","exposure":["name","ssn"]}',
      '{"email":"b@example.com","shoe":40}',
      "not json",
    ].join("\n");
    const upload = await givenImported(w, place, lines, { contentType: "application/x-ndjson" });
    expect(upload).toMatchObject({ rowsGood: 2, rowsBad: 1, ignored: ["shoe"] });
    expect(await errorsOf(upload.id)).toEqual(["3 (row) not-json"]);
  });

  test("merges by the rule and flags shared mailboxes", async () => {
    const rows = [
      "R1,Ann Lee,a@example.com,,yes",
      "R1,Ann Lee-Smith,,+14155550100,no",
      ",ann  lee,A@example.com,,",
      ",Bob,a@example.com,,yes",
      ",Carl,c@example.com,,",
    ];
    const upload = await givenImported(w, place, fileOf(rows));
    expect(upload).toMatchObject({ rowsGood: 5, peopleAdded: 3, merged: 2 });
    expect(
      (await peopleOf(w, place))
        .map((p) => [p.person.name, p.person.agreed, p.sharedMailbox])
        .toSorted(),
    ).toEqual([
      ["Ann Lee-Smith", "no", true],
      ["Bob", "yes", true],
      ["Carl", "unknown", false],
    ]);
  });

  test("gives the same people whatever the order of the rows and uploads", async () => {
    const rows = aList(60);
    await givenImported(w, place, fileOf(rows));
    const other = { ...place, audienceId: await givenAudience(w, place.incidentId) };
    const shuffled = rows.toSorted((a, b) => (a.slice(-20) < b.slice(-20) ? -1 : 1)).toReversed();
    await givenImported(w, other, fileOf(shuffled.slice(0, 25)));
    await givenImported(w, other, fileOf(shuffled.slice(25)));
    const people = await contentOf();
    expect(await contentOf(other.audienceId)).toEqual(people);
    expect(people.length).toBeLessThan(60);
    expect(people.some((person) => person.includes('"sharedMailbox":true'))).toBe(true);
  });

  test("of the same file again adds nobody", async () => {
    await givenImported(w, place, fileOf(aList(30)));
    const before = await peopleOf(w, place);
    const again = await givenImported(w, place, fileOf(aList(30).toReversed()));
    expect(again).toMatchObject({ rowsGood: 30, peopleAdded: 0, merged: 30 });
    expect(await peopleOf(w, place)).toEqual(before);
  });

  test("that is killed at any batch and started again ends the same", async () => {
    const file = fileOf([...aList(4_500), "bad,row"]);
    const uploadId = await givenConfirmed(w, place, file);
    // Before the first batch, after it, after the second, and before the merge.
    for (const batches of [1, 2, 2, 2]) {
      let left = batches;
      const dying = async () => {
        left -= 1;
        if (left === 0) throw new Error("Killed.");
      };
      await expect(importUpload(w.ctx, uploadId, dying)).rejects.toThrow("Killed.");
    }
    await importUpload(w.ctx, uploadId);
    await importUpload(w.ctx, uploadId);
    const upload = await showUpload(w.ctx, { ...place, uploadId });
    expect(upload).toMatchObject({ state: "imported", rowsRead: 4_501, rowsBad: 1 });
    const ids = (await peopleOf(w, place)).map(({ id }) => id);
    const first = await digestOf();

    // The same audience once more, without a kill and with the rows the other way round: ids and
    // digest are those of the first time.
    await w.sql`alter table audience disable trigger audience_frozen`;
    await w.sql`update audience set state = 'open' where id = ${place.audienceId}`;
    await w.sql`alter table audience enable trigger audience_frozen`;
    await w.sql`delete from recipient where audience_id = ${place.audienceId}`;
    await givenImported(w, place, fileOf(["bad,row", ...aList(4_500).toReversed()]));
    expect((await peopleOf(w, place)).map(({ id }) => id)).toEqual(ids);
    expect(await digestOf()).toEqual(first);
  });

  test("by two workers at once imports every row once", async () => {
    const uploadId = await givenConfirmed(w, place, fileOf(aList(9_000)));
    const both = await Promise.allSettled([
      importUpload(w.ctx, uploadId),
      importUpload(w.ctx, uploadId),
    ]);
    for (const each of both)
      if (each.status === "rejected") expect(each.reason).toMatchObject({ code: "still-running" });
    await importUpload(w.ctx, uploadId);
    const upload = await showUpload(w.ctx, { ...place, uploadId });
    expect(upload).toMatchObject({ state: "imported", rowsRead: 9_000, rowsGood: 9_000 });
    expect(await peopleOf(w, place)).toHaveLength(upload.peopleAdded);
    const [left] = await w.sql`select (select count(*) from upload_chunk)::int as chunks,
      (select count(*) from upload_row where upload_id = ${uploadId})::int as rows`;
    expect(left?.["rows"]).toBe(0);
  });
});

describe("the report of bad rows", () => {
  const FILE = fileOf([
    "'=1,Ann,a@example.com,,yes",
    '=2+2,Bob,"b@example.com; c@example.com",+49,maybe',
    "R3,Carl,carl,,no",
  ]);

  test("can be corrected and uploaded as it is", async () => {
    const upload = await givenImported(w, place, FILE);
    const report = await errorReport(w.ctx, w.staff.responder, { ...place, uploadId: upload.id });
    const csv = await textOf(report.content);
    expect(csv).toContain('"\'=2+2"');
    expect(csv).toContain("email: several-addresses; phone: phone-invalid; agreed: agreed-unknown");
    const corrected = csv
      .replace("b@example.com; c@example.com", "b@example.com")
      .replace("'+49", "'+4930901820")
      .replace("maybe", "yes")
      .replace(",carl,", ",carl@example.com,");
    const again = await givenImported(w, place, corrected);
    expect(await errorsOf(again.id)).toEqual([]);
    expect(again).toMatchObject({ rowsGood: 2, rowsBad: 0, peopleAdded: 2 });
    expect((await peopleOf(w, place)).map(({ person }) => person.reference).toSorted()).toEqual([
      "'=1",
      "=2+2",
      "R3",
    ]);
  });

  test("is paged by a cursor", async () => {
    const upload = await givenImported(w, place, FILE);
    const path = { ...place, uploadId: upload.id };
    const first = await listErrors(w.ctx, path, { after: undefined, limit: 2 });
    const second = await listErrors(w.ctx, path, { after: first.next ?? "", limit: 10 });
    expect([...first.errors, ...second.errors].map(({ line }) => line)).toEqual([3, 3, 3, 4]);
    expect(second.next).toBeNull();
  });

  test("and files nobody imported are forgotten after a day", async () => {
    const done = await givenImported(w, place, FILE);
    const waiting = await givenUpload(w, place, FILE);
    w.clock.advance(25 * 3_600_000);
    await sweepUploads(w.ctx);
    const chunks = await w.sql`select from upload_chunk where upload_id = ${waiting.uploadId}`;
    expect(chunks).toHaveLength(0);
    expect((await showUpload(w.ctx, { ...place, uploadId: waiting.uploadId })).state).toBe(
      "refused",
    );
    const report = await errorReport(w.ctx, w.staff.responder, { ...place, uploadId: done.id });
    const csv = await textOf(report.content);
    expect(csv).not.toContain("carl");
    expect(csv).toContain("email: email-invalid");
  });
});

describe("freezing", () => {
  test("counts the audience, and nobody joins or changes after", async () => {
    await givenImported(w, place, fileOf(aList(10)));
    const { count, digest } = await digestOf();
    expect(count).toBe((await peopleOf(w, place)).length);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect((await refusalOf(digestOf()))[0]).toBe("audience-frozen");
    expect((await refusalOf(givenUpload(w, place, "email\n")))[0]).toBe("audience-frozen");
    const { audienceId } = place;
    for (const change of [
      w.sql`update recipient set agreed = 'yes' where audience_id = ${audienceId}`,
      w.sql`insert into recipient select gen_random_uuid(), audience_id, incident_id, sealed, keys,
              email_index, digest, language, agreed, has_email, has_phone, has_post, shared_mailbox
              from recipient where audience_id = ${audienceId}`,
      w.sql`update audience set count = 0 where id = ${audienceId}`,
    ])
      await expect(change).rejects.toMatchObject({ code: "23001" });
  });

  test("is refused for an empty audience and while an upload is unfinished", async () => {
    expect((await refusalOf(digestOf()))[0]).toBe("audience-empty");
    await givenImported(w, place, "email,name\nnobody,\n");
    expect((await refusalOf(digestOf()))[0]).toBe("audience-empty");
    const uploadId = await givenConfirmed(w, place, "email\na@example.com\n");
    expect((await refusalOf(digestOf()))[0]).toBe("still-running");
    await importUpload(w.ctx, uploadId);
    await givenUpload(w, place, "email\na@example.com\n");
    expect((await refusalOf(digestOf()))[0]).toBe("wrong-state");
  });

  test("refuses an import that was confirmed before", async () => {
    await givenImported(w, place, "email\na@example.com\n");
    const uploadId = await givenConfirmed(w, place, "email\nb@example.com\n");
    await w.sql`update upload set state = 'refused' where id = ${uploadId}`;
    await digestOf();
    await w.sql`update upload set state = 'importing' where id = ${uploadId}`;
    expect((await refusalOf(importUpload(w.ctx, uploadId)))[0]).toBe("audience-frozen");
    expect(await peopleOf(w, place)).toHaveLength(1);
  });
});

test("an audience is shown in counts", async () => {
  const people = [
    { email: "a@example.com", name: "A", agreed: "no" as const, language: "de" },
    { email: "a@example.com", name: "B" },
    { email: undefined, phone: "+14155550100" },
    { email: undefined, postal: { lines: ["1 Example Street"] } },
    { email: undefined, name: "Nobody can reach", agreed: "unknown" as const },
  ];
  const { id } = await givenFrozenAudience(w, place.incidentId, people);
  expect(await overview(w.sql, place.incidentId, id)).toMatchObject({
    state: "frozen",
    people: 5,
    count: 5,
    reachable: { email: 2, phone: 1, post: 1, none: 1 },
    agreed: { yes: 3, no: 1, unknown: 1 },
    sharedMailboxes: 2,
    languages: [
      { language: "en", people: 4 },
      { language: "de", people: 1 },
    ],
  });
  expect((await list(w.sql, place.incidentId)).map(({ state }) => state)).toContain("frozen");
  expect(await ofIncident(w.sql, place.incidentId)).toHaveLength(2);
});

test("an audience of an unknown incident is refused", async () => {
  const nowhere = crypto.randomUUID();
  const opening = openAudience(w.ctx, w.staff.responder, nowhere, { name: "x" });
  expect((await refusalOf(opening))[0]).toBe("not-found");
});

test("no canary is readable in any table, at rest or in mid-import", async () => {
  const canaries = [
    "CanaryReference1",
    "canaryaddress1",
    "CanaryPersonName",
    "CanaryHeaderX",
    "4155550199",
  ];
  const file =
    `${HEADER},CanaryHeaderX\n` +
    "CanaryReference1,CanaryPersonName,canaryaddress1@example.com,+14155550199,yes,x\n" +
    "CanaryReference1,CanaryPersonName Two,canaryaddress1@example.com,+14155550199,maybe,x\n";
  const uploadId = await givenConfirmed(w, place, file);
  let calls = 0;
  await importUpload(w.ctx, uploadId, async () => {
    calls += 1;
    await expectNowhere(canaries);
  });
  expect(calls).toBe(2);
  expect(await peopleOf(w, place)).toHaveLength(1);
  await expectNowhere(canaries);
});

/** Every row of every table as text, and its hex columns as bytes, hold none of these. */
async function expectNowhere(canaries: readonly string[]) {
  const tables = await w.sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'public'
       and table_type = 'BASE TABLE'`;
  let seen = 0;
  for (const { name } of tables) {
    const rows = await w.sql<{ row: string }[]>`select t::text as row from ${w.sql(name)} t`;
    for (const { row } of rows) {
      seen += 1;
      const text = row.toLowerCase();
      for (const canary of canaries)
        for (const form of [canary, Buffer.from(canary).toString("hex"), btoa(canary).slice(0, -2)])
          if (text.includes(form.toLowerCase())) throw new Error(`${name} holds a canary.`);
    }
  }
  expect(seen).toBeGreaterThan(5);
}

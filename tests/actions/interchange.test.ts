import { readFileSync } from "node:fs";
import { Readable } from "node:stream";

import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

import { importHhs } from "../../src/actions/interchange/hhs.ts";
import { exportVeris, importVeris } from "../../src/actions/interchange/veris.ts";
import { makeFeed, ownFeed, readFeed, revokeFeed } from "../../src/actions/interchange/calendar.ts";
import * as timeline from "../../src/actions/timeline.ts";
import { readHhs, zoneIn } from "../../src/domain/interchange/hhs-file.ts";
import { replay, replayReport } from "../../src/domain/interchange/replay.ts";
import { VerisImport } from "../../src/domain/interchange/veris-form.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { serve } from "../support/http.ts";
import { LIBRARY } from "../support/law.ts";
import { VerisIncident } from "../support/veris.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

/** The public list without names, and rows of sizes that it does not have. */
const LIST = readFileSync("tests/data/hhs.csv", "utf8");
const SMALL = [499, 500, 501, 1]
  .map((people, i) => `s${i},VT,${people},09/2${i}/2009,Loss,Paper,No\n`)
  .join("");
const replayed = replay(readHhs(LIST + SMALL, zoneIn(LIBRARY)), LIBRARY);

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const counted = async (table: "incident" | "scope" | "imported_incident") => {
  const [row] = await w.sql<{ n: number }[]>`select count(*)::int as n from ${w.sql(table)}`;
  return row?.n ?? 0;
};

describe("VERIS", () => {
  const veris = {
    schema_version: "1.4.0",
    incident_id: "example-7",
    security_incident: "False positive",
    summary: "Nothing was taken after all.",
    timeline: { incident: { year: 2026, month: 2 } },
    reference: "https://news.example.org/7",
  };
  const given = (over: object = {}) =>
    VerisImport.parse({ veris: { ...veris, ...over }, zone: "Europe/Berlin" });

  test("makes an incident and its scope, once, and never overwrites what people found out", async () => {
    const first = await importVeris(w.ctx, w.staff.responder, given());
    expect(first).toMatchObject({ created: true, changed: false });
    expect(first.notUnderstood.map(({ field }) => field)).toEqual(["reference"]);
    const [stored] = await w.sql`
      select determination, state, facts ->> 'whatHappened' as what
        from incident join scope on incident_id = id where id = ${first.incidentId}`;
    expect(stored).toEqual({
      determination: "false-positive",
      state: "open",
      what: "Nothing was taken after all.",
    });
    const before = await counted("incident");
    const again = await importVeris(w.ctx, w.staff.counsel, given());
    expect(again).toMatchObject({ incidentId: first.incidentId, created: false, changed: false });
    const other = await importVeris(w.ctx, w.staff.counsel, given({ summary: "Something was." }));
    expect(other).toMatchObject({ incidentId: first.incidentId, created: false, changed: true });
    expect(await counted("incident")).toBe(before);
  });

  test("two people with one file make one incident", async () => {
    const body = given({ incident_id: "example-8" });
    const taken = await Promise.all(
      [w.staff.responder, w.staff.counsel].map((actor) => importVeris(w.ctx, actor, body)),
    );
    expect(new Set(taken.map(({ incidentId }) => incidentId)).size).toBe(1);
    expect(taken.map(({ created }) => created).toSorted()).toEqual([false, true]);
  });

  test("knows an incident of its own again", async () => {
    const { id } = await givenIncident(w);
    await givenScope(w, id, { people: [{ jurisdiction: "DE", count: 5 }], encryption: "none" });
    const exported = VerisIncident.parse(JSON.parse(JSON.stringify(await exportVeris(w.ctx, id))));
    const back = VerisImport.parse({ veris: exported, zone: "UTC" });
    const own = await importVeris(w.ctx, w.staff.responder, back);
    expect(own).toMatchObject({ incidentId: id, created: false, notUnderstood: [], assumed: [] });
  });

  test.each([
    ["a time in the future", { timeline: { incident: { year: 2026, month: 4 } } }, "awareAt"],
    [
      "an age in which nobody was told",
      { timeline: { incident: { year: 1970 }, discovery: { unit: "Years", value: 30 } } },
      "veris.timeline.incident",
    ],
  ])("refuses %s by its field, and keeps nothing", async (_name, over, field) => {
    const before = await counted("incident");
    const body = given({ ...over, incident_id: "example-9" });
    await expect(importVeris(w.ctx, w.staff.responder, body)).rejects.toMatchObject({
      code: "invalid-input",
      fields: [{ field }],
    });
    expect(await counted("incident")).toBe(before);
  });

  test.each(["\u0000", "\u202eTurned round", "\ud800"])(
    "takes no summary that could not be read back: %j",
    (summary) => {
      const body = { veris: { ...veris, summary }, zone: "Europe/Berlin" };
      expect(VerisImport.safeParse(body).error?.issues[0]?.path).toEqual(["veris", "summary"]);
      expect(given({ summary: " " }).veris.summary).toBe(" ");
    },
  );

  test("refuses an awareness before the discovery", async () => {
    const discovery = { unit: "Months", value: 1 };
    const timelineOf = { incident: { year: 2025, month: 11 }, discovery };
    const body = { ...given({ timeline: timelineOf, incident_id: "example-10" }) };
    const early = { ...body, awareAt: new Date("2025-11-02T10:00:00Z") };
    await expect(importVeris(w.ctx, w.staff.responder, early)).rejects.toMatchObject({
      fields: [{ field: "awareAt", code: "before-discovery" }],
    });
  });
});

describe("a list in the columns of HHS", () => {
  const header =
    "Number,Name_of_Covered_Entity,State,Individuals_Affected,Date_of_Breach,Type_of_Breach,Location_of_Breached_Information";
  const rows = Array.from(
    { length: 52 },
    (_, i) => `${i},Example ${i},TX,${501 + i},1/2/2012,Loss,Laptop`,
  );
  const sent = (...lines: string[]) => ({
    contentType: "text/csv",
    stream: Readable.from([Buffer.from(lines.join("\n"))], { objectMode: false }),
  });

  test("is kept row by row, each whole or named with its line, and may be sent again", async () => {
    const before = await counted("incident");
    const bad = [
      "52,Ada Example,TX,0,1/2/2012,Loss,Laptop",
      "53,Example,TX,501,1/2/2030,Loss,Laptop",
    ];
    const report = await importHhs(w.ctx, w.staff.responder, sent(header, ...rows, ...bad));
    expect(report).toMatchObject({ rows: 54, created: 52, known: 0, refused: 2, remarks: [] });
    expect(report.errors.map(({ line, code }) => [line, code])).toEqual([
      [54, "not-a-count"],
      [55, "future"],
    ]);
    expect((await counted("incident")) - before).toBe(52);
    const fixed = bad[0]?.replace(",0,", ",900,") ?? "";
    const again = await importHhs(w.ctx, w.staff.responder, sent(header, ...rows, fixed));
    expect(again).toMatchObject({ rows: 53, created: 1, known: 52, refused: 0 });
    const [closed] = await w.sql<{ n: number }[]>`
      select count(*)::int as n from incident join imported_incident on incident_id = id
       where source = 'hhs' and state = 'closed' and determination = 'confirmed'`;
    expect(closed?.n).toBe(53);
    expect((await timeline.verify(w.ctx)).ok).toBe(true);
  });

  test("leaves no name behind in the database", async () => {
    const found = await w.sql`
      select from incident join scope on incident_id = id join imported_incident i using (incident_id)
       where source = 'hhs' and concat(title, facts::text, i::text) like '%Example%'`;
    expect(found).toHaveLength(0);
  });

  test.each([
    ["application/json", "{}", "unsupported-media-type"],
    ["text/csv", "a,b\n1,2\n", "file-unreadable"],
    ["text/csv", `${header}\n${"\n1".repeat(2_001)}`, "body-too-large"],
  ])("is refused where it is none: %s", async (contentType, text, code) => {
    const file = { ...sent(text), contentType };
    await expect(importHhs(w.ctx, w.staff.responder, file)).rejects.toMatchObject({ code });
  });

  /**
   * 45 CFR 164.400 (breaches that occur on or after 23 September 2009), 164.404(b) (individuals,
   * 60 days after discovery), 164.406 (media, more than 500 residents of a state), 164.408(b) (HHS
   * with the individuals, 500 or more) and (c) (fewer: 60 days after the end of the year). Written
   * from the regulation over the raw cells; it shares no code with the product.
   */
  test("makes the duties that SQL reads from the regulation, to the day", async () => {
    const cells = z
      .array(z.array(z.string()))
      .parse(parse(`${LIST}${SMALL}`, { from_line: 2 }))
      .map(([, , people, dates], i) => ({ line: i + 2, people, dates }));
    const wanted = await w.sql<{ line: number; duty: string; due: string }[]>`
      with cell as (
        select (each ->> 'line')::int as line, (each ->> 'people')::bigint as people,
               regexp_split_to_array(each ->> 'dates', ' *- *') as days
          from jsonb_array_elements(${w.sql.json(cells)}) as each
      ), part as (
        select line, people,
               string_to_array(days[1], '/')::int[] as first,
               string_to_array(coalesce(days[2], days[1]), '/')::int[] as final
          from cell
      ), breach as (
        select line, people,
               case when final[2] <= extract(day from make_date(final[3], final[1], 1)
                                                     + interval '1 month - 1 day')
                    then make_date(final[3], final[1], final[2])
                    else make_date(first[3], first[1], first[2]) end as known_on
          from part
      ), duty as (
        select line, 'individuals' as duty, known_on + 60 as due, known_on from breach
        union all
        select line, 'regulator', known_on + 60, known_on from breach where people >= 500
        union all
        select line, 'media', known_on + 60, known_on from breach where people > 500
        union all
        select line, 'regulator-2', make_date(extract(year from known_on)::int, 12, 31) + 60, known_on
          from breach where people < 500
      )
      select line, duty, to_char(due, 'YYYY-MM-DD') as due from duty
       where known_on >= date '2009-09-23' order by line, duty`;
    expect(replayed).toHaveLength(cells.length);
    const got = replayed
      .filter(({ underRule }) => underRule)
      .flatMap(({ line, duties }) =>
        duties.map(({ duty, dueDay }) => ({ line, duty, due: dueDay })),
      );
    expect(got.length).toBeGreaterThan(2_000);
    const inOrder = (all: readonly { line: number; duty: string; due: string | undefined }[]) =>
      all.map(({ line, duty, due }) => `${line} ${duty} ${due ?? "no time"}`).toSorted();
    expect(inOrder(got)).toEqual(inOrder(wanted));
  });
});

test("the report of the committed list is what the list gives, and names nobody", () => {
  const file = readHhs(LIST, zoneIn(LIBRARY));
  expect(file.lines.filter((line) => "problems" in line)).toEqual([]);
  const last = file.lines.at(-1)?.line ?? 0;
  const report = replayReport(
    file,
    replayed.filter(({ line }) => line <= last),
  );
  expect(readFileSync("docs/reports/hhs.md", "utf8")).toBe(report);
});

describe("a calendar address", () => {
  const secretOf = (url: string) => url.split("/").at(-2) ?? "";

  test("reads the deadlines of open incidents, and no more than their clocks", async () => {
    const { id, title } = await givenIncident(w, { title: "Ada Example’s diagnosis" });
    await givenScope(w, id, { people: [{ jurisdiction: "DE", count: 5 }], role: "controller" });
    const { url } = await makeFeed(w.ctx, w.staff.drafter);
    expect(url).toMatch(/^http:\/\/127.0.0.1:8080\/v1\/calendars\/cnc_[\w-]{43}\/deadlines.ics$/);
    const text = await readFeed(w.ctx, secretOf(url));
    expect(text).toContain(`incident ${id.slice(0, 8)}`);
    expect(text).not.toContain(title);
    expect(text).not.toMatch(/Ada|diagnosis|laptop/);
    await w.sql`update incident set state = 'closed' where id = ${id}`;
    expect(await readFeed(w.ctx, secretOf(url))).not.toContain(id.slice(0, 8));
  });

  test("is read by a program that cannot sign in, and by nobody who guesses", async () => {
    const { url } = await makeFeed(w.ctx, w.staff.approver);
    const app = await serve(w.ctx, { door: "console" });
    const { pathname } = new URL(url);
    const right = await app.call("GET", pathname);
    const wrong = await app.call("GET", pathname.replace(/.{8}(?=[/]deadlines)/, "00000000"));
    await app.close();
    expect([right.status, right.headers.get("content-type")]).toEqual([
      200,
      "text/calendar; charset=utf-8",
    ]);
    expect(right.headers.get("cache-control")).toBe("no-store");
    expect([wrong.status, wrong.json["code"]]).toEqual([404, "not-found"]);
  });

  test("is kept as a hash alone, and ends when its owner says, makes another, or a year is over", async () => {
    const owner = await givenActor(w.ctx, ["auditor"]);
    await expect(ownFeed(w.ctx, owner)).rejects.toMatchObject({ code: "not-found" });
    const one = secretOf((await makeFeed(w.ctx, owner)).url);
    const stored = JSON.stringify(await w.sql`select * from calendar_feed`);
    expect(stored).not.toContain(one.slice(4));
    const two = secretOf((await makeFeed(w.ctx, owner)).url);
    await expect(readFeed(w.ctx, one)).rejects.toMatchObject({ code: "not-found" });
    expect(await readFeed(w.ctx, two)).toContain("BEGIN:VCALENDAR");
    await revokeFeed(w.ctx, owner);
    await expect(readFeed(w.ctx, two)).rejects.toMatchObject({ code: "not-found" });
    await expect(revokeFeed(w.ctx, owner)).rejects.toMatchObject({ code: "not-found" });
    const three = secretOf((await makeFeed(w.ctx, owner)).url);
    const then = w.clock.now();
    w.clock.advance(365 * 86_400_000);
    await expect(readFeed(w.ctx, three)).rejects.toMatchObject({ code: "not-found" });
    w.clock.set(then);
  });

  test.each([
    ["the right to read incidents", "delete from role_grant where staff_id = "],
    ["their account", "update staff set disabled_at = now() where id = "],
  ])("stops for whoever loses %s", async (_name, statement) => {
    const owner = await givenActor(w.ctx, ["responder"]);
    const { url } = await makeFeed(w.ctx, owner);
    await w.sql.unsafe(`${statement} '${owner.staffId}'`);
    await expect(readFeed(w.ctx, secretOf(url))).rejects.toMatchObject({ code: "not-found" });
  });
});

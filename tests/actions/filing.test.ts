import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { approve, draft, edit, read, report } from "../../src/actions/filing.ts";
import { fileOf } from "../../src/actions/filing/file.ts";
import { assessed } from "../../src/actions/obligation/assess.ts";
import type { Filing } from "../../src/domain/filing.ts";
import { NOT_YET_KNOWN } from "../../src/domain/instant.ts";
import { list } from "../../src/views/filing.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());

const HHS = "us-hipaa/regulator/initial";
const GDPR = "eu-gdpr-33/regulator/initial@DE";

/** A clinic's breach of 640 people in Arizona. */
async function givenClinic(): Promise<string> {
  const { id } = await givenIncident(w, { dataElements: ["name", "medical"] });
  await givenScope(w, id, {
    people: [{ jurisdiction: "US-AZ", count: 640 }],
    sector: "health-care",
    role: "controller",
    encryption: "none",
    discoveredAt: {
      at: new Date("2026-03-02T07:00Z"),
      zone: "America/Phoenix",
      precision: "minute",
    },
  });
  return id;
}

async function givenCustomers(): Promise<string> {
  const { id } = await givenIncident(w);
  await givenScope(w, id, { people: [{ jurisdiction: "DE", count: 40 }], role: "controller" });
  return id;
}

async function givenApproved(
  incidentId: string,
  obligation: string,
  kind: Filing["kind"] = "initial",
) {
  const { filing, digest } = await draft(w.ctx, w.staff.responder, incidentId, {
    obligation,
    kind,
  });
  const path = { incidentId, filingId: filing.id };
  await approve(w.ctx, w.staff.counsel, path, { version: 1, digest });
  return path;
}

describe("a draft", () => {
  test("for the US health department is filled from the facts, in the portal's fields", async () => {
    const id = await givenClinic();
    const { filing, fields, missing } = await draft(w.ctx, w.staff.responder, id, {
      obligation: HHS,
      kind: "initial",
    });
    expect(filing).toMatchObject({ form: "hhs", state: "draft", version: 1 });
    const values = Object.fromEntries(fields.map(({ key, value }) => [key, value]));
    expect(values).toMatchObject({
      "entity-type": "healthcare provider",
      affecting: "500 or more individuals",
      individuals: "640",
      "media-notice": "yes",
      "breach-start": NOT_YET_KNOWN,
    });
    expect(values["discovery-date"]).toContain("2 Mar 2026");
    expect(missing).toContain("Type of breach");
    expect(missing).not.toContain("Discovery date");
  });

  test("for a European authority says what Article 33(3) asks, in its order", async () => {
    const id = await givenCustomers();
    const { fields, authority } = await draft(w.ctx, w.staff.responder, id, {
      obligation: GDPR,
      kind: "initial",
    });
    expect(fields.map(({ key }) => key).slice(1, 6)).toEqual([
      "nature-of-breach",
      "categories-and-number-of-persons",
      "data-categories",
      "categories-and-number-of-records",
      "dpo-contact",
    ]);
    expect(authority).not.toBe("");
    expect(fields.find(({ key }) => key === "reasons-for-delay")?.value).toBe("Not late.");
  });

  test("keeps what people write over the facts, and gives it back for an empty line", async () => {
    const incidentId = await givenClinic();
    const { filing } = await draft(w.ctx, w.staff.responder, incidentId, {
      obligation: HHS,
      kind: "initial",
    });
    const path = { incidentId, filingId: filing.id };
    const written = await edit(w.ctx, w.staff.counsel, path, {
      version: 1,
      given: { "breach-type": "theft", individuals: "641" },
    });
    const line = (view: typeof written, key: string) =>
      view.fields.find((field) => field.key === key);
    expect(line(written, "breach-type")).toMatchObject({ value: "theft", from: "person" });
    expect(line(written, "individuals")).toMatchObject({ value: "641", from: "person" });
    const back = await edit(w.ctx, w.staff.counsel, path, {
      version: 2,
      given: { individuals: "" },
    });
    expect(line(back, "individuals")).toMatchObject({ value: "640", from: "facts" });
    expect(line(back, "breach-type")).toMatchObject({ value: "theft" });
  });

  test("refuses lines the form does not have, other choices, and an older version", async () => {
    const incidentId = await givenClinic();
    const { filing } = await draft(w.ctx, w.staff.responder, incidentId, {
      obligation: HHS,
      kind: "initial",
    });
    const path = { incidentId, filingId: filing.id };
    const given = { "breach-type": "magic", colour: "red" };
    await expect(edit(w.ctx, w.staff.responder, path, { version: 1, given })).rejects.toMatchObject(
      {
        code: "invalid-input",
        fields: [
          { field: "given.breach-type", code: "choice" },
          { field: "given.colour", code: "unknown" },
        ],
      },
    );
    await expect(
      edit(w.ctx, w.staff.responder, path, { version: 2, given: {} }),
    ).rejects.toMatchObject({ code: "stale-version" });
  });

  test("is for authorities, and for what the facts ask", async () => {
    const id = await givenClinic();
    const begin = (obligation: string) =>
      draft(w.ctx, w.staff.responder, id, { obligation, kind: "initial" });
    await expect(begin("us-hipaa/individuals/full")).rejects.toMatchObject({
      code: "invalid-input",
      fields: [{ code: "not-filed" }],
    });
    await expect(begin(GDPR)).rejects.toMatchObject({ code: "wrong-state" });
    expect(await list(w.sql, id)).toEqual([]);
  });
});

describe("an approved filing", () => {
  test("is approved by somebody who did not write it", async () => {
    const incidentId = await givenCustomers();
    const { filing, digest } = await draft(w.ctx, w.staff.counsel, incidentId, {
      obligation: GDPR,
      kind: "initial",
    });
    const path = { incidentId, filingId: filing.id };
    await expect(
      approve(w.ctx, w.staff.counsel, path, { version: 1, digest }),
    ).rejects.toMatchObject({ code: "four-eyes" });
    expect((await read(w.ctx, path)).filing.state).toBe("draft");
  });

  test("is not approved by somebody who wrote in it before another did", async () => {
    const incidentId = await givenCustomers();
    const { responder, counsel } = w.staff;
    const begun = { obligation: GDPR, kind: "initial" } as const;
    const { filing } = await draft(w.ctx, responder, incidentId, begun);
    const path = { incidentId, filingId: filing.id };
    const given = { "likely-consequences": "None." };
    await edit(w.ctx, counsel, path, { version: 1, given });
    const { digest } = await edit(w.ctx, responder, path, { version: 2, given: {} });
    await expect(approve(w.ctx, counsel, path, { version: 3, digest })).rejects.toMatchObject({
      code: "four-eyes",
    });
  });

  test("says what its approver read: facts that changed since are read again first", async () => {
    const incidentId = await givenCustomers();
    const begun = { obligation: GDPR, kind: "initial" } as const;
    const { filing, digest } = await draft(w.ctx, w.staff.responder, incidentId, begun);
    const path = { incidentId, filingId: filing.id };
    await givenScope(w, incidentId, { people: [{ jurisdiction: "DE", count: 4_000 }] });
    await expect(
      approve(w.ctx, w.staff.counsel, path, { version: 1, digest }),
    ).rejects.toMatchObject({ code: "facts-changed", fields: [{ field: "digest" }] });
    const now = await read(w.ctx, path);
    await approve(w.ctx, w.staff.counsel, path, { version: 1, digest: now.digest });
    expect((await read(w.ctx, path)).digest).toBe(now.digest);
  });

  test("stays as it was when the facts change, says so, and is not written in", async () => {
    const incidentId = await givenCustomers();
    const path = await givenApproved(incidentId, GDPR);
    const before = await read(w.ctx, path);
    await givenScope(w, incidentId, { people: [{ jurisdiction: "DE", count: 900 }] });
    const after = await read(w.ctx, path);
    expect(after.fields).toEqual(before.fields);
    expect([before.outdated, after.outdated]).toEqual([false, true]);
    await expect(
      edit(w.ctx, w.staff.responder, path, { version: 2, given: {} }),
    ).rejects.toMatchObject({ code: "wrong-state" });
  });

  test("meets its obligation once it is reported as filed, with reference and receipt", async () => {
    const incidentId = await givenCustomers();
    const path = await givenApproved(incidentId, GDPR);
    const at = new Date("2026-03-03T09:30:00Z");
    const view = await report(w.ctx, w.staff.responder, path, {
      version: 2,
      reference: "LDA-4711",
      at,
      receipt: "Received with thanks.",
    });
    expect(view).toMatchObject({
      filing: { state: "filed", reference: "LDA-4711", filedAt: at },
      receipt: "Received with thanks.",
    });
    const { tracked } = await assessed(w.ctx, w.sql, incidentId);
    const own = tracked.find(({ obligation }) => obligation.id === GDPR);
    expect(own?.clock.state).toBe("met");
    expect(own?.met).toMatchObject({ reference: "LDA-4711", at });
  });

  test("added to later was in time all the same, under its first reference", async () => {
    const incidentId = await givenCustomers();
    const filed = async (kind: Filing["kind"], reference: string, at: string) =>
      report(w.ctx, w.staff.responder, await givenApproved(incidentId, GDPR, kind), {
        version: 2,
        reference,
        at: new Date(at),
      });
    const before = w.clock.now();
    await filed("initial", "LDA-1", "2026-03-03T09:30:00Z");
    w.clock.set(new Date("2026-03-20T12:00:00Z"));
    await filed("supplement", "LDA-2", "2026-03-20T11:00:00Z");
    const { tracked } = await assessed(w.ctx, w.sql, incidentId);
    w.clock.set(before);
    const own = tracked.find(({ obligation }) => obligation.id === GDPR);
    expect(own?.clock).toMatchObject({ state: "met", late: false });
    expect(own?.met).toMatchObject({ reference: "LDA-1", at: new Date("2026-03-03T09:30:00Z") });
  });

  test("reported twice at once counts once", async () => {
    const incidentId = await givenCustomers();
    const path = await givenApproved(incidentId, GDPR);
    const once = () =>
      report(w.ctx, w.staff.responder, path, {
        version: 2,
        reference: "LDA-4712",
        at: new Date("2026-03-03T09:30:00Z"),
      });
    const both = await Promise.allSettled([once(), once()]);
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("is not filed in the future, nor before it is approved", async () => {
    const incidentId = await givenCustomers();
    const path = await givenApproved(incidentId, GDPR);
    const at = new Date("2026-03-09T09:30:00Z");
    await expect(async () =>
      report(w.ctx, w.staff.responder, path, { version: 2, reference: "LDA-1", at }),
    ).rejects.toMatchObject({ code: "invalid-input" });
    const { filing } = await draft(w.ctx, w.staff.responder, incidentId, {
      obligation: GDPR,
      kind: "supplement",
    });
    const early = { incidentId, filingId: filing.id };
    const now = new Date("2026-03-03T09:30:00Z");
    await expect(
      report(w.ctx, w.staff.responder, early, { version: 1, reference: "LDA-1", at: now }),
    ).rejects.toMatchObject({ code: "wrong-state" });
  });
});

describe("the file of a filing", () => {
  test("is JSON that a machine reads", async () => {
    const incidentId = await givenClinic();
    const path = await givenApproved(incidentId, HHS);
    const { content, filename } = await fileOf(w.ctx, path, "json");
    expect(filename).toMatch(/^filing-[0-9a-f]{8}-approved\.json$/);
    expect(JSON.parse(String(content[0]))).toMatchObject({
      obligation: HHS,
      state: "approved",
      fields: expect.arrayContaining([
        expect.objectContaining({ key: "individuals", value: "640" }),
      ]),
    });
  });

  test("is a PDF with every line, Chinese among them, on as many pages as it takes", async () => {
    const incidentId = await givenCustomers();
    await givenScope(w, incidentId, {
      how: `一台笔记本电脑被盗。${" The disk was copied.".repeat(200)}`,
    });
    const { filing } = await draft(w.ctx, w.staff.responder, incidentId, {
      obligation: GDPR,
      kind: "initial",
    });
    const { content, contentType } = await fileOf(
      w.ctx,
      { incidentId, filingId: filing.id },
      "pdf",
    );
    const [pdf] = content;
    expect(contentType).toBe("application/pdf");
    expect(String(pdf).startsWith("%PDF-1.7")).toBe(true);
    expect(String(pdf)).toContain("/StructTreeRoot");
  });

  test("is no PDF of boxes: letters that no bundled font has are named by their line", async () => {
    const incidentId = await givenCustomers();
    const begun = { obligation: GDPR, kind: "initial" } as const;
    const { filing } = await draft(w.ctx, w.staff.responder, incidentId, begun);
    const path = { incidentId, filingId: filing.id };
    const given = { "likely-consequences": "احتيال", "dpo-contact": "Lyon\u202f: bureau\t2" };
    await edit(w.ctx, w.staff.responder, path, { version: 1, given });
    await expect(fileOf(w.ctx, path, "pdf")).rejects.toMatchObject({
      code: "wrong-state",
      fields: [{ field: "given.likely-consequences", code: "no-letters" }],
    });
    expect((await fileOf(w.ctx, path, "json")).contentType).toBe("application/json");
  });
});

test("the words of a filing are sealed, and shredded with the incident's key", async () => {
  const incidentId = await givenClinic();
  const { filing } = await draft(w.ctx, w.staff.responder, incidentId, {
    obligation: HHS,
    kind: "initial",
  });
  const secret = "Ms Example of the Privacy Office";
  await edit(
    w.ctx,
    w.staff.responder,
    { incidentId, filingId: filing.id },
    {
      version: 1,
      given: { "entity-contact": secret },
    },
  );
  const [row] = await w.sql<{ whole: string }[]>`
    select row_to_json(f)::text as whole from filing f where id = ${filing.id}`;
  expect(row?.whole).not.toContain("Example of the");
  expect(row?.whole).not.toContain(Buffer.from(secret).toString("hex"));
});

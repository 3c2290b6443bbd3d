import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { update } from "../../src/actions/incident.ts";
import { revise } from "../../src/actions/scope.ts";
import { fieldHashes } from "../../src/domain/scope.ts";
import type { Revision } from "../../src/domain/scope.ts";
import * as timeline from "../../src/store/timeline.ts";
import { overview } from "../../src/views/incident.ts";
import { between, version, versions } from "../../src/views/scope.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());

const aRevision = (facts: Revision["facts"], baseVersion = 1): Revision => ({
  baseVersion,
  facts,
  reason: "The forensic report came in.",
});

describe("revising a scope", () => {
  test("makes the next version and leaves the first as it was", async () => {
    const { id } = await givenIncident(w);
    const first = await version(w.sql, id, 1);
    const occurredFrom = {
      at: new Date("2026-02-27T17:00:00Z"),
      zone: "Europe/Berlin",
      precision: "hour",
    } as const;
    const second = await revise(
      w.ctx,
      w.staff.responder,
      id,
      aRevision({ place: "Berlin", occurredFrom, people: [{ jurisdiction: "DE", count: 1200 }] }),
    );
    expect(second).toMatchObject({
      version: 2,
      facts: { ...first.facts, place: "Berlin", occurredFrom, people: [{ count: 1200 }] },
      reason: "The forensic report came in.",
    });
    expect(await version(w.sql, id, 1)).toEqual(first);
    expect(await version(w.sql, id, 2)).toEqual(second);
    expect((await overview(w.sql, id)).scope).toEqual(second);
    expect((await versions(w.sql, id)).map((each) => each.version)).toEqual([2, 1]);
  });

  test("keeps the hash of every fact, also as the database reads it", async () => {
    const { id } = await givenIncident(w);
    const { facts } = await givenScope(w, id, { encryption: "full", keyState: "safe" });
    const hashes = fieldHashes(facts);
    const quoted = { encryption: hashes.encryption, whatHappened: hashes.whatHappened };
    const stillTrue = async (given: Record<string, string>) =>
      (
        await w.sql<{ true: boolean }[]>`
          select (select field_hashes from scope where incident_id = ${id}
                   order by version desc limit 1) @> ${w.sql.json(given)} as true`
      )[0]?.true;
    expect(await stillTrue(quoted)).toBe(true);
    await givenScope(w, id, { place: "Berlin" });
    expect(await stillTrue(quoted)).toBe(true);
    await givenScope(w, id, { encryption: "partial" });
    expect(await stillTrue(quoted)).toBe(false);
  });

  test("tells later stages, and leaves names and hashes in the timeline but no text", async () => {
    const { id } = await givenIncident(w);
    await givenScope(w, id, { place: "Canary place 5512", how: "Canary how 5512" });
    const posted = await w.sql`
      select kind, ids from outbox where ids ->> 'incidentId' = ${id} and done_at is null`;
    expect([...posted]).toEqual([{ kind: "scope.revised", ids: { incidentId: id, version: "2" } }]);
    const [entry] = await timeline.ofIncident(w.sql, id, 1);
    expect(entry).toMatchObject({
      action: "scope.revise",
      subject: `scope:${id}/2`,
      before: { version: 1, facts: { place: expect.any(String), how: expect.any(String) } },
      after: { version: 2, facts: { place: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    });
    expect(JSON.stringify(entry)).not.toMatch(/Canary|forensic/);
  });

  test("of ten revisions of the same version at once, one succeeds", async () => {
    const { id } = await givenIncident(w);
    const attempts = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) =>
        revise(w.ctx, w.staff.responder, id, aRevision({ place: `Site ${i}` })),
      ),
    );
    expect(attempts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const attempt of attempts)
      if (attempt.status === "rejected")
        expect(attempt.reason).toMatchObject({
          code: "stale-version",
          fields: [{ field: "baseVersion", message: "The current version is 2." }],
        });
    expect(await versions(w.sql, id)).toHaveLength(2);
  });

  test.for<[string, Revision["facts"], string]>([
    [
      "discovered before it occurred",
      {
        occurredFrom: { at: new Date("2026-03-02T00:00:00Z"), zone: "UTC", precision: "day" },
        discoveredAt: { at: new Date("2026-03-01T00:00:00Z"), zone: "UTC", precision: "day" },
      },
      "facts.discoveredAt",
    ],
    [
      "contained in the future",
      { containedAt: { at: new Date("2026-03-05T00:00:00Z"), zone: "UTC", precision: "day" } },
      "facts.containedAt",
    ],
    ["nothing that is new", {}, "facts"],
  ])("with %s leaves nothing behind", async ([, facts, field]) => {
    const { id } = await givenIncident(w);
    await expect(revise(w.ctx, w.staff.responder, id, aRevision(facts))).rejects.toMatchObject({
      code: "invalid-input",
      fields: [{ field }],
    });
    expect(await versions(w.sql, id)).toHaveLength(1);
    expect(await timeline.ofIncident(w.sql, id, 10)).toHaveLength(1);
  });

  test("of a closed incident is refused until it is opened again", async () => {
    const { id } = await givenIncident(w);
    const go = (version: number, state: "post-incident" | "closed" | "containment") =>
      update(w.ctx, w.staff.responder, id, { version, state, reason: "A mistake." });
    await go(1, "post-incident");
    await go(2, "closed");
    const attempt = () => revise(w.ctx, w.staff.responder, id, aRevision({ place: "Berlin" }));
    await expect(attempt()).rejects.toMatchObject({ code: "wrong-state" });
    await go(3, "containment");
    await expect(attempt()).resolves.toMatchObject({ version: 2 });
  });

  test("the database itself refuses to change or delete a version", async () => {
    const { id } = await givenIncident(w);
    await expect(w.sql`update scope set reason = 'x' where incident_id = ${id}`).rejects.toThrow();
    await expect(w.sql`delete from scope where incident_id = ${id}`).rejects.toThrow();
    expect(await versions(w.sql, id)).toHaveLength(1);
  });
});

describe("reading versions", () => {
  test("the difference goes between any two, in both directions", async () => {
    const { id } = await givenIncident(w);
    await givenScope(w, id, { place: "Berlin" });
    await givenScope(w, id, {
      dataElements: [
        { element: "name", state: "confirmed" },
        { element: "ssn", state: "suspected" },
      ],
    });
    const forward = await between(w.sql, id, 1, 3);
    expect(forward).toMatchObject({ from: 1, to: 3, reason: "The forensic report came in." });
    expect(forward.fields.map(({ field }) => field)).toEqual(["dataElements", "place"]);
    expect(forward.fields[0]?.rows).toEqual({
      added: [{ element: "ssn", state: "suspected" }],
      removed: [{ element: "email-address", state: "suspected" }],
      changed: [
        {
          before: { element: "name", state: "suspected" },
          after: { element: "name", state: "confirmed" },
        },
      ],
    });
    const back = await between(w.sql, id, 3, 1);
    expect(back.fields[0]?.rows?.removed).toEqual(forward.fields[0]?.rows?.added);
    expect((await between(w.sql, id, 2, 2)).fields).toEqual([]);
  });

  test("a version or an incident that does not exist is not found", async () => {
    const { id } = await givenIncident(w);
    for (const attempt of [
      () => version(w.sql, id, 2),
      () => version(w.sql, randomUUID(), 1),
      () => versions(w.sql, randomUUID()),
      () => between(w.sql, id, 1, 9),
      () => revise(w.ctx, w.staff.responder, randomUUID(), aRevision({ place: "Berlin" })),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: "not-found" });
  });
});

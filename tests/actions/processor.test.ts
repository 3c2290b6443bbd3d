import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { update } from "../../src/actions/incident.ts";
import { open } from "../../src/actions/interchange/processor-open.ts";
import { endTrust, issue, ownKey, trust } from "../../src/actions/interchange/processor.ts";
import type { ExposedElement } from "../../src/domain/element.ts";
import { SignedNotice } from "../../src/domain/interchange/processor-notice.ts";
import { NOT_YET_KNOWN } from "../../src/domain/instant.ts";
import * as incidents from "../../src/store/incident.ts";
import * as scopes from "../../src/store/scope.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// Two organisations, each with its own Candor.
let processor: World;
let controller: World;
beforeAll(async () => {
  processor = await world({ ORGANISATION: "Example Hosting" });
  controller = await world();
  const { key, fingerprint } = await ownKey(processor.ctx);
  const given = { name: "Example Hosting", key, fingerprint };
  await trust(controller.ctx, controller.staff.counsel, given);
});
afterAll(async () => {
  await processor.close();
  await controller.close();
});

const OUR_PEOPLE = [{ jurisdiction: "DE", count: 40 }];

async function givenTheirs(): Promise<string> {
  const { id } = await givenIncident(processor);
  await givenScope(processor, id, {
    role: "processor",
    people: [{ jurisdiction: "FR", count: 9_000 }],
    how: "A key was left on a public server.",
    contactLines: [{ kind: "email", value: "help@hosting.example.com" }],
  });
  return id;
}

async function sent(incidentId: string, people?: typeof OUR_PEOPLE): Promise<SignedNotice> {
  const signed = await issue(processor.ctx, processor.staff.responder, incidentId, { people });
  // As it travels: a file.
  return SignedNotice.parse(JSON.parse(JSON.stringify(signed)));
}

function opened(given: SignedNotice, receivedAt?: Date) {
  return open(controller.ctx, controller.staff.responder, given, receivedAt);
}

describe("a processor's notice", () => {
  test("opens as an incident of ours, aware since it was issued, with its facts", async () => {
    const { incidentId, became } = await opened(await sent(await givenTheirs(), OUR_PEOPLE));
    expect(became).toBe("incident");
    expect(await incidents.find(controller.sql, incidentId)).toMatchObject({
      title: "Breach at our processor Example Hosting",
      awareAt: processor.ctx.now(),
      determination: "suspected",
    });
    const { facts } = await scopes.current(controller.sql, incidentId);
    expect(facts).toMatchObject({
      role: "controller",
      people: OUR_PEOPLE,
      how: "A key was left on a public server.",
      contactLines: NOT_YET_KNOWN,
    });
  });

  test("says nothing of other controllers' people, and not how the processor is reached", async () => {
    // Only its facts: a key and a signature may have any letters.
    const { notice } = await sent(await givenTheirs());
    const signed = JSON.stringify(notice["facts"]);
    expect(signed).not.toContain("9000");
    expect(signed).not.toContain("FR");
    expect(signed).not.toContain("help@hosting");
  });

  test("opened again changes nothing; a later one revises what differs", async () => {
    const theirs = await givenTheirs();
    const first = await sent(theirs, OUR_PEOPLE);
    const { incidentId } = await opened(first);
    expect(await opened(first)).toMatchObject({ incidentId, became: "known" });
    await givenScope(controller, incidentId, { sector: "retail" });
    await givenScope(processor, theirs, { how: "The key was used from abroad." });
    expect(await opened(await sent(theirs, OUR_PEOPLE))).toMatchObject({
      incidentId,
      became: "revision",
    });
    const { facts, version } = await scopes.current(controller.sql, incidentId);
    expect(facts).toMatchObject({ how: "The key was used from abroad.", sector: "retail" });
    expect(version).toBe(3);
    expect(await opened(first)).toMatchObject({ incidentId, became: "known" });
  });

  test("opened by five people at once is one incident", async () => {
    const signed = await sent(await givenTheirs(), OUR_PEOPLE);
    const all = await Promise.all(Array.from({ length: 5 }, () => opened(signed)));
    expect(new Set(all.map(({ incidentId }) => incidentId)).size).toBe(1);
  });

  test("takes nothing from us that people here found out", async () => {
    const theirs = await givenTheirs();
    const { incidentId } = await opened(await sent(theirs, OUR_PEOPLE));
    const dataElements: ExposedElement[] = [
      { element: "name", state: "confirmed" },
      { element: "ssn", state: "suspected" },
    ];
    const place = "Our shop in Bonn";
    const people = [{ jurisdiction: "DE", count: 45 }];
    await givenScope(controller, incidentId, { place, people, dataElements });
    await givenScope(processor, theirs, {
      dataElements: [
        { element: "name", state: "suspected" },
        { element: "photo", state: "suspected" },
      ],
    });
    expect(await opened(await sent(theirs, OUR_PEOPLE))).toMatchObject({ became: "revision" });
    const { facts } = await scopes.current(controller.sql, incidentId);
    expect(facts).toMatchObject({ place, people });
    expect(facts.dataElements).toEqual([
      { element: "name", state: "confirmed" },
      { element: "photo", state: "suspected" },
      { element: "ssn", state: "suspected" },
    ]);
  });

  test("told anew of the same scope is a later one", async () => {
    const theirs = await givenTheirs();
    const { incidentId } = await opened(await sent(theirs));
    expect(await opened(await sent(theirs, OUR_PEOPLE))).toMatchObject({ became: "revision" });
    await update(processor.ctx, processor.staff.responder, theirs, {
      version: 1,
      determination: "confirmed",
      reason: "The log shows it.",
    });
    expect(await opened(await sent(theirs))).toEqual({
      incidentId,
      became: "known",
      determination: "confirmed",
    });
    expect((await scopes.current(controller.sql, incidentId)).facts.people).toEqual(OUR_PEOPLE);
  });

  test("is laid over an incident of which only the first half was kept", async () => {
    const theirs = await givenTheirs();
    // The process ends between the incident and the record of the notice.
    await controller.sql.unsafe(`
      create function ended() returns trigger language plpgsql as $$ begin raise 'ended'; end $$;
      create trigger ended before insert on processor_notice execute function ended()`);
    await expect(opened(await sent(theirs, OUR_PEOPLE))).rejects.toThrow("ended");
    await controller.sql.unsafe("drop trigger ended on processor_notice");
    await givenScope(processor, theirs, { how: "The key was used from abroad." });
    const { incidentId } = await opened(await sent(theirs, OUR_PEOPLE));
    const { facts } = await scopes.current(controller.sql, incidentId);
    expect(facts.how).toBe("The key was used from abroad.");
  });

  test("for one controller is opened by no other", async () => {
    const theirs = await givenTheirs();
    const made = async (key: string) =>
      SignedNotice.parse(
        await issue(processor.ctx, processor.staff.responder, theirs, { controller: key }),
      );
    const { key } = await ownKey(processor.ctx);
    await expect(opened(await made(key))).rejects.toMatchObject({
      code: "not-allowed",
      fields: [{ field: "notice.controller" }],
    });
    const ours = await made((await ownKey(controller.ctx)).key);
    expect(await opened(ours)).toMatchObject({ became: "incident" });
    await expect(made("AAAA")).rejects.toMatchObject({ fields: [{ field: "controller" }] });
  });

  test("that an older one overtook is refused, unopened", async () => {
    const theirs = await givenTheirs();
    const first = await sent(theirs);
    await givenScope(processor, theirs, { how: "Otherwise." });
    await opened(await sent(theirs));
    await expect(opened(first)).rejects.toMatchObject({ code: "conflict" });
  });

  test.each<[string, (signed: SignedNotice) => SignedNotice]>([
    ["its facts", ({ notice, ...rest }) => ({ ...rest, notice: { ...notice, number: 99 } })],
    ["its key", ({ notice, ...rest }) => ({ ...rest, notice: { ...notice, key: "A".repeat(43) } })],
    ["its signature", ({ notice }) => ({ notice, signature: "A".repeat(86) })],
    ["what was added", ({ notice, ...rest }) => ({ ...rest, notice: { ...notice, x: 1 } })],
    [
      "half a character",
      ({ notice, ...rest }) => ({ ...rest, notice: { ...notice, x: "\ud800" } }),
    ],
  ])("with %s changed is refused", async (_, forge) => {
    await expect(opened(forge(await sent(await givenTheirs())))).rejects.toMatchObject({
      code: "invalid-input",
      fields: [{ field: "signature", code: "wrong" }],
    });
  });

  test("of a key that nobody trusts is refused, and names the fingerprint to compare", async () => {
    const other = await world({ ORGANISATION: "Somebody Else" });
    try {
      const { id } = await givenIncident(other);
      const signed = await issue(other.ctx, other.staff.responder, id);
      const { fingerprint } = await ownKey(other.ctx);
      const error = await opened(signed).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: "not-allowed" });
      expect(JSON.stringify(error)).toContain(fingerprint);
      const key = (await ownKey(other.ctx)).key;
      const { counsel } = controller.staff;
      await expect(
        trust(controller.ctx, counsel, { name: "Other", key, fingerprint: "0000" }),
      ).rejects.toMatchObject({ fields: [{ field: "fingerprint", code: "differs" }] });
      const { id: processorId } = await trust(controller.ctx, counsel, {
        name: "Other",
        key,
        fingerprint: fingerprint.replaceAll(" ", ""),
      });
      await endTrust(controller.ctx, counsel, processorId);
      await expect(opened(signed)).rejects.toMatchObject({ code: "not-allowed" });
    } finally {
      await other.close();
    }
  });

  test("did not come before it was issued", async () => {
    const signed = await sent(await givenTheirs());
    await expect(opened(signed, new Date("2026-03-01T00:00Z"))).rejects.toMatchObject({
      fields: [{ field: "receivedAt", code: "before-issue" }],
    });
    controller.clock.set(new Date("2026-03-03T12:00Z"));
    const late = new Date("2026-03-03T11:00Z");
    const { incidentId } = await opened(signed, late);
    expect((await incidents.find(controller.sql, incidentId)).awareAt).toEqual(late);
  });

  test("is not made of an incident in which we are the controller", async () => {
    const { id } = await givenIncident(processor);
    await givenScope(processor, id, { role: "controller" });
    await expect(issue(processor.ctx, processor.staff.responder, id)).rejects.toMatchObject({
      code: "wrong-state",
    });
  });
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { approve, sendBack, submit } from "../../src/actions/publication/approval.ts";
import { draft, edit, setAddress, withdraw } from "../../src/actions/publication/draft.ts";
import { get, overview } from "../../src/actions/publication/view.ts";
import { newestPublished } from "../../src/store/publication.ts";
import { refusalOf } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { outcomeOf } from "../support/notice.ts";
import { anUpdate, givenPublished, givenUpdate, slugOf } from "../support/publication.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
beforeAll(async () => {
  w = await world();
});
afterAll(() => w.close());

const pathOf = ({ incidentId, id }: { incidentId: string; id: string }) => ({
  incidentId,
  updateId: id,
});
const bound = ({ binding }: { binding: string | null }) => ({ binding: binding ?? "" });

describe("the address", () => {
  test("belongs to one incident, may change, and stays once something is published", async () => {
    const [one, other] = [await givenIncident(w), await givenIncident(w)];
    const page = await setAddress(w.ctx, w.staff.drafter, one.id, { slug: "first-name" });
    await setAddress(w.ctx, w.staff.drafter, one.id, {
      slug: "better-name",
      version: page.version,
    });
    const taken = setAddress(w.ctx, w.staff.drafter, other.id, { slug: "better-name" });
    expect(await outcomeOf(taken)).toBe("conflict");
    const stale = setAddress(w.ctx, w.staff.drafter, one.id, { slug: "third-name", version: 1 });
    expect(await outcomeOf(stale)).toBe("stale-version");
    await givenPublished(w, one.id, {}, "better-name");
    const late = setAddress(w.ctx, w.staff.drafter, one.id, { slug: "third-name", version: 2 });
    expect(await outcomeOf(late)).toBe("wrong-state");
  });

  test("comes before the first update", async () => {
    const { id } = await givenIncident(w);
    expect(await outcomeOf(draft(w.ctx, w.staff.drafter, id, anUpdate()))).toBe("not-found");
  });
});

describe("approval", () => {
  test("publishes, and says so to the later stages and the timeline", async () => {
    const { id: incidentId } = await givenIncident(w);
    const update = await givenUpdate(w, incidentId);
    expect(await newestPublished(w.sql, incidentId)).toBeUndefined();
    const published = await approve(w.ctx, w.staff.approver, pathOf(update), bound(update));
    expect(published).toMatchObject({ state: "published", number: 1, changed: [] });
    expect(await newestPublished(w.sql, incidentId)).toMatchObject({
      id: update.id,
      number: 1,
      kind: "initial",
      publishedAt: w.clock.now(),
    });
    const rows = await w.sql`
      select ids from outbox where kind = 'publication.published' and ids->>'incidentId' = ${incidentId}`;
    expect(rows).toMatchObject([{ ids: { incidentId, updateId: update.id } }]);
    const acts = await w.sql`
      select action, after::text as after from timeline
       where incident_id = ${incidentId} and action like 'publication.%' order by seq`;
    expect(acts.map(({ action }) => action)).toEqual([
      "publication.address",
      "publication.draft",
      "publication.submit",
      "publication.publish",
    ]);
    expect(JSON.stringify(acts)).not.toContain("laptop");
  });

  test("again by the same person changes nothing", async () => {
    const update = await givenUpdate(w, (await givenIncident(w)).id);
    for (const _ of [1, 2]) await approve(w.ctx, w.staff.approver, pathOf(update), bound(update));
    expect((await get(w.ctx, pathOf(update))).approvals).toHaveLength(1);
  });

  test("by two at once publishes once", async () => {
    const update = await givenUpdate(w, (await givenIncident(w)).id);
    const outcomes = await Promise.all(
      [w.staff.approver, w.staff.approver2].map((person) =>
        outcomeOf(approve(w.ctx, person, pathOf(update), bound(update))),
      ),
    );
    expect(outcomes.toSorted()).toEqual(["done", "wrong-state"]);
    const { incidentId } = update;
    const rows = await w.sql`
      select from outbox where kind = 'publication.published' and ids->>'incidentId' = ${incidentId}`;
    expect(rows).toHaveLength(1);
  });

  test("is not for who wrote any of it, whatever their roles", async () => {
    const both = await givenActor(w.ctx, ["drafter", "approver"]);
    const { incidentId, id, version } = await givenUpdate(w, (await givenIncident(w)).id);
    const path = { incidentId, updateId: id };
    await edit(w.ctx, both, path, { version, languages: anUpdate().languages });
    await edit(w.ctx, w.staff.drafter, path, { version: version + 1 });
    const update = await submit(w.ctx, w.staff.drafter, path, version + 2);
    expect(await outcomeOf(approve(w.ctx, both, path, bound(update)))).toBe("four-eyes");
    const waived = { ...bound(update), waiver: { reason: "There is nobody else here." } };
    expect(await outcomeOf(approve(w.ctx, both, path, waived))).toBe("four-eyes");
  });

  test("waits for the role to settle", async () => {
    const update = await givenUpdate(w, (await givenIncident(w)).id);
    const young = { ...w.staff.approver, settledRoles: [] };
    expect(await outcomeOf(approve(w.ctx, young, pathOf(update), bound(update)))).toBe(
      "not-allowed",
    );
  });

  test("needs two people for data of a special category", async () => {
    const incident = await givenIncident(w, { dataElements: ["medical"] });
    const update = await givenUpdate(w, incident.id);
    const once = await approve(w.ctx, w.staff.approver, pathOf(update), bound(update));
    expect(once.state).toBe("in-review");
    const twice = await approve(w.ctx, w.staff.approver2, pathOf(update), bound(update));
    expect(twice.state).toBe("published");
  });

  test("covers what was shown and nothing else", async () => {
    const { id: incidentId } = await givenIncident(w);
    const update = await givenUpdate(w, incidentId);
    const wrong = { binding: "0".repeat(64) };
    expect(await outcomeOf(approve(w.ctx, w.staff.approver, pathOf(update), wrong))).toBe(
      "stale-version",
    );
    await edit(w.ctx, w.staff.drafter, pathOf(update), { version: update.version });
    const late = approve(w.ctx, w.staff.approver, pathOf(update), bound(update));
    expect(await outcomeOf(late)).toBe("wrong-state");
  });

  test("an address that changes after it was submitted is not the one approved", async () => {
    const { id: incidentId } = await givenIncident(w);
    const update = await givenUpdate(w, incidentId);
    await setAddress(w.ctx, w.staff.drafter, incidentId, {
      slug: `${slugOf(incidentId)}-x`,
      version: 1,
    });
    const refused = approve(w.ctx, w.staff.approver, pathOf(update), bound(update));
    expect(await outcomeOf(refused)).toBe("facts-changed");
  });

  test("lapses when a fact of the page changes, and comes back with it", async () => {
    const { id: incidentId } = await givenIncident(w);
    const update = await givenUpdate(w, incidentId);
    await givenScope(w, incidentId, { sector: "retail" });
    expect((await get(w.ctx, pathOf(update))).changed).toEqual([]);
    await givenScope(w, incidentId, { place: "Berlin" });
    expect((await get(w.ctx, pathOf(update))).changed).toEqual(["place"]);
    const refused = approve(w.ctx, w.staff.approver, pathOf(update), bound(update));
    expect(await refusalOf(refused)).toEqual(["facts-changed", "changed", undefined]);
    const again = await submit(w.ctx, w.staff.drafter, pathOf(update), update.version);
    const { state } = await approve(w.ctx, w.staff.approver, pathOf(again), bound(again));
    expect(state).toBe("published");
  });
});

test("an organisation of one waives the second person by name, and it shows", async () => {
  const alone = await world();
  const only = await givenActor(alone.ctx, ["responder", "drafter", "approver"]);
  const staff = { ...alone.staff, responder: only, drafter: only };
  const small = { ...alone, staff };
  const update = await givenUpdate(small, (await givenIncident(small)).id);
  const waived = { ...bound(update), waiver: { reason: "There is nobody else here." } };
  const crowded = approve(alone.ctx, only, pathOf(update), waived);
  expect(await outcomeOf(crowded)).toBe("four-eyes");
  await alone.sql`update staff set disabled_at = now() where id <> ${only.staffId}`;
  expect(await outcomeOf(approve(alone.ctx, only, pathOf(update), bound(update)))).toBe(
    "four-eyes",
  );
  const published = await approve(alone.ctx, only, pathOf(update), waived);
  expect(published.state).toBe("published");
  expect(published.approvals).toMatchObject([{ waiver: "There is nobody else here." }]);
  await alone.close();
});

describe("an update", () => {
  test("that is published stays; a correction stands beside it", async () => {
    const { id: incidentId } = await givenIncident(w);
    const first = await givenPublished(w, incidentId);
    expect(await outcomeOf(withdraw(w.ctx, w.staff.drafter, pathOf(first), first.version))).toBe(
      "wrong-state",
    );
    const change = edit(w.ctx, w.staff.drafter, pathOf(first), { version: first.version });
    expect(await outcomeOf(change)).toBe("wrong-state");
    const second = await givenPublished(w, incidentId, { kind: "correction", corrects: first.id });
    expect(second).toMatchObject({ number: 2, corrects: first.id });
    const { updates } = await overview(w.ctx, incidentId);
    expect(updates.map(({ number }) => number)).toEqual([2, 1]);
  });

  test("is given up, or sent back, before anybody has seen it", async () => {
    const { id: incidentId } = await givenIncident(w);
    const update = await givenUpdate(w, incidentId);
    const back = await sendBack(w.ctx, w.staff.approver, pathOf(update), "Say when.");
    expect(back).toMatchObject({ state: "draft", reviewComment: "Say when." });
    await withdraw(w.ctx, w.staff.drafter, pathOf(update), back.version);
    const more = submit(w.ctx, w.staff.drafter, pathOf(update), back.version + 1);
    expect(await outcomeOf(more)).toBe("wrong-state");
  });

  test.each([
    ["a correction of nothing", { kind: "correction" }],
    ["a question hour without its time", { kind: "question-hour" }],
    [
      "news with a question hour",
      {
        kind: "update",
        questionHour: {
          startsAt: new Date("2026-03-05T17:00:00Z"),
          endsAt: new Date("2026-03-05T18:00:00Z"),
          zone: "Europe/Berlin",
        },
      },
    ],
  ] as const)("refuses %s", async (_what, over) => {
    const { id } = await givenIncident(w);
    await setAddress(w.ctx, w.staff.drafter, id, { slug: slugOf(id) });
    const refused = draft(w.ctx, w.staff.drafter, id, anUpdate(over));
    expect((await refusalOf(refused))[0]).toBe("invalid-input");
  });

  test("cannot correct a draft, or what another incident told", async () => {
    const [here, there] = [await givenIncident(w), await givenIncident(w)];
    const pending = await givenUpdate(w, here.id);
    const foreign = await givenPublished(w, there.id);
    for (const [corrects, code] of [
      [pending.id, "wrong-state"],
      [foreign.id, "not-found"],
    ] as const) {
      const refused = draft(
        w.ctx,
        w.staff.drafter,
        here.id,
        anUpdate({ kind: "correction", corrects }),
      );
      expect(await outcomeOf(refused)).toBe(code);
    }
  });

  test("names language and line of what it may not hold", async () => {
    const { id } = await givenIncident(w);
    await setAddress(w.ctx, w.staff.drafter, id, { slug: slugOf(id) });
    const told = { title: "x", body: "One.\n\nTwo <b>x</b>.", faq: [] };
    const refused = draft(w.ctx, w.staff.drafter, id, anUpdate({ languages: { ru: told } }));
    const error: unknown = await refused.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "template-refused",
      fields: [{ field: "languages.ru.body", code: "html", line: 3 }],
    });
  });
});

test("what was approved before it was sent back is not approved again with it", async () => {
  const { id: incidentId } = await givenIncident(w, { dataElements: ["medical"] });
  const first = await givenUpdate(w, incidentId);
  expect(first.approvalsNeeded).toBe(2);
  await approve(w.ctx, w.staff.approver, pathOf(first), bound(first));
  const back = await sendBack(w.ctx, w.staff.approver, pathOf(first), "I saw a mistake.");
  const again = await submit(w.ctx, w.staff.drafter, pathOf(first), back.version);
  const one = await approve(w.ctx, w.staff.approver2, pathOf(first), bound(again));
  expect([one.state, one.approvals.length]).toEqual(["in-review", 1]);
  expect(await newestPublished(w.sql, incidentId)).toBeUndefined();
});

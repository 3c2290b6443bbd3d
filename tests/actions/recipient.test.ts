import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { exportRecipients, listMasked, reveal } from "../../src/actions/audience/recipient.ts";
import { erase, suppress } from "../../src/actions/suppression.ts";
import {
  givenAudience,
  givenFrozenAudience,
  givenImported,
  peopleOf,
  refusalOf,
  textOf,
} from "../support/audience.ts";
import type { Place } from "../support/audience.ts";
import { givenIncident } from "../support/incident.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let place: Place;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());
beforeEach(async () => {
  const { id: incidentId } = await givenIncident(w);
  place = { incidentId, audienceId: await givenAudience(w, incidentId) };
});

describe("a recipient", () => {
  const JANE = { email: "jane@example.com", name: "Jane Example", phone: "+14155550100" };

  test("is listed masked and revealed with a reason, and both are entries in the timeline", async () => {
    const { id, recipientIds } = await givenFrozenAudience(w, place.incidentId, [JANE]);
    const path = { incidentId: place.incidentId, audienceId: id };
    const { recipients } = await listMasked(w.ctx, w.staff.responder, path, {
      after: undefined,
      limit: 10,
    });
    expect(recipients).toMatchObject([
      { email: "j•••@e•••.com", name: "J••• E•••", phone: "+1•••00" },
    ]);
    const who = { incidentId: place.incidentId, recipientId: recipientIds[0] ?? "" };
    const shown = await reveal(w.ctx, w.staff.counsel, who, "She called us.");
    expect(shown.person.email).toBe("jane@example.com");
    const entries = await w.sql<{ action: string }[]>`
      select action from timeline where incident_id = ${place.incidentId}
         and action like 'recipient.%' order by seq`;
    expect(entries.map(({ action }) => action)).toEqual(["recipient.list", "recipient.reveal"]);
  });

  test("is revealed by one person at most twenty times an hour", async () => {
    const { recipientIds } = await givenFrozenAudience(w, place.incidentId, [JANE]);
    const who = { incidentId: place.incidentId, recipientId: recipientIds[0] ?? "" };
    const curious = await givenActor(w.ctx, ["counsel"]);
    for (let n = 0; n < 20; n += 1) await reveal(w.ctx, curious, who, "She called us.");
    const again = () => reveal(w.ctx, curious, who, "Once more.");
    expect((await refusalOf(again()))[0]).toBe("too-many-requests");
    w.clock.advance(3_600_001);
    expect((await again()).person.email).toBe("jane@example.com");
  });

  test("is exported only when a second counsel asks too, safely for a spreadsheet", async () => {
    const { id } = await givenFrozenAudience(w, place.incidentId, [{ ...JANE, name: "=1+1" }]);
    const path = { incidentId: place.incidentId, audienceId: id };
    const second = await givenActor(w.ctx, ["counsel"]);
    const asked = exportRecipients(w.ctx, w.staff.counsel, path, "For the mail house.");
    expect((await refusalOf(asked))[0]).toBe("four-eyes");
    const again = exportRecipients(w.ctx, w.staff.counsel, path, "Again.");
    expect((await refusalOf(again))[0]).toBe("four-eyes");
    const { content } = await exportRecipients(w.ctx, second, path, "Yes.");
    const csv = await textOf(content);
    expect(csv).toContain("jane@example.com");
    expect(csv).toContain(`"'=1+1"`);
  });

  test("who opts out after their mailbox bounced has opted out, and not the other way round", async () => {
    const { recipientIds } = await givenFrozenAudience(w, place.incidentId, [JANE]);
    const who = { incidentId: place.incidentId, recipientId: recipientIds[0] ?? "" };
    for (const reason of ["hard-bounce", "opted-out", "hard-bounce"] as const)
      await suppress(w.ctx, w.staff.responder, who, reason);
    expect(
      await w.sql`select reason from suppression where recipient_id = ${who.recipientId}`,
    ).toEqual([{ reason: "opted-out" }]);
  });

  test("is suppressed once frozen, and not before", async () => {
    const { recipientIds } = await givenFrozenAudience(w, place.incidentId, [JANE]);
    const who = { incidentId: place.incidentId, recipientId: recipientIds[0] ?? "" };
    await suppress(w.ctx, w.staff.responder, who, "deceased");
    await suppress(w.ctx, w.staff.responder, who, "other");
    const rows =
      await w.sql`select reason from suppression where recipient_id = ${who.recipientId}`;
    expect([...rows]).toEqual([{ reason: "deceased" }]);

    await givenImported(w, place, "email\nb@example.com\n");
    const [open] = await peopleOf(w, place);
    const early = suppress(
      w.ctx,
      w.staff.responder,
      { ...who, recipientId: open?.id ?? "" },
      "other",
    );
    expect((await refusalOf(early))[0]).toBe("wrong-state");
  });

  test("is erased from a frozen audience too, and stays erased", async () => {
    const { id, recipientIds } = await givenFrozenAudience(w, place.incidentId, [JANE, {}]);
    const who = { incidentId: place.incidentId, recipientId: recipientIds[0] ?? "" };
    await suppress(w.ctx, w.staff.responder, who, "other");
    await erase(w.ctx, w.staff.counsel, who, "Article 17 request.");
    expect(await peopleOf(w, { ...place, audienceId: id })).toHaveLength(1);
    const rows =
      await w.sql`select reason from suppression where recipient_id = ${who.recipientId}`;
    expect([...rows]).toEqual([{ reason: "erased" }]);
    expect((await refusalOf(erase(w.ctx, w.staff.counsel, who, "x")))[0]).toBe("not-found");
  });

  test("of another incident is not found", async () => {
    const { recipientIds } = await givenFrozenAudience(w, place.incidentId, [JANE]);
    const { id: incidentId } = await givenIncident(w);
    const who = { incidentId, recipientId: recipientIds[0] ?? "" };
    expect((await refusalOf(reveal(w.ctx, w.staff.counsel, who, "x")))[0]).toBe("not-found");
    expect((await refusalOf(suppress(w.ctx, w.staff.responder, who, "other")))[0]).toBe(
      "not-found",
    );
    expect((await refusalOf(erase(w.ctx, w.staff.counsel, who, "x")))[0]).toBe("not-found");
  });
});

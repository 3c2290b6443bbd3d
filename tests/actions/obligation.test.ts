import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { submit } from "../../src/actions/approval/submit.ts";
import { draft } from "../../src/actions/notice/draft.ts";
import { answer, answersEver, decideRisk } from "../../src/actions/obligation/answer.ts";
import { assessed } from "../../src/actions/obligation/assess.ts";
import { meetByFiling, miss, takeBack } from "../../src/actions/obligation/record.ts";
import { agree, endRelief, hold, setAside } from "../../src/actions/obligation/relief.ts";
import { submissionClock } from "../../src/actions/wave/latest.ts";
import type { Context } from "../../src/context.ts";
import { NewAnswer } from "../../src/domain/obligation/answer.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { DAY_MS, HOUR_MS } from "../support/followup.ts";
import { givenScope } from "../support/incident.ts";
import { outcomeOf } from "../support/notice.ts";
import {
  AUTHORITY,
  PEOPLE,
  PEOPLE_AT_RISK,
  givenAffected,
  underLaw,
} from "../support/obligation.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

let w: World;
let ctx: Context;
beforeAll(async () => {
  w = await world();
  ctx = underLaw(w);
});
afterAll(() => w.close());

const HARM = {
  question: "harm-not-likely",
  version: 0,
  value: "yes",
  reason: "The report.",
} as const;
const later = (ms: number) => new Date(w.clock.now().getTime() + ms);

async function clockOf(incidentId: string, id: string) {
  const { tracked } = await assessed(ctx, w.sql, incidentId);
  return tracked.find(({ obligation }) => obligation.id === id)?.clock;
}

async function owed(incidentId: string, asked = {}): Promise<string[]> {
  const { tracked } = await assessed(ctx, w.sql, incidentId, asked);
  return tracked.map(({ obligation }) => obligation.id);
}

async function actionsOf(incidentId: string): Promise<string[]> {
  const rows = await w.sql<{ action: string }[]>`
    select action from timeline where incident_id = ${incidentId} and action like 'obligation.%'
     order by seq`;
  return rows.map(({ action }) => action);
}

describe("answers", () => {
  test("take the place of the safe branch; each is kept, and the newest counts", async () => {
    const id = await givenAffected(w);
    expect(await owed(id)).toContain(PEOPLE);
    await answer(ctx, w.staff.responder, id, HARM);
    expect(await owed(id)).not.toContain(PEOPLE);
    const stale = answer(ctx, w.staff.counsel, id, { ...HARM, value: "no" });
    expect(await outcomeOf(stale)).toBe("stale-version");
    await answer(ctx, w.staff.counsel, id, { ...HARM, version: 1, value: "not-yet-known" });
    expect(await owed(id)).toContain(PEOPLE);
    const ever = await answersEver(ctx, id);
    expect(ever.map(({ version, value }) => [version, value])).toEqual([
      [2, "not-yet-known"],
      [1, "yes"],
    ]);
    expect(await actionsOf(id)).toEqual(["obligation.answer", "obligation.answer"]);
  });

  test("of the organisation are given once for all its incidents", async () => {
    const id = await givenAffected(w);
    const other = await givenAffected(w);
    const secrecy = { ...HARM, question: "us-listed-company", value: "no" } as const;
    const [{ about } = { about: "" }] = [...ctx.library.questions.values()].filter(
      ({ code }) => code === secrecy.question,
    );
    expect(about).toBe("organisation");
    expect(await owed(other)).toContain("xb-law/csirt/initial");
    await answer(ctx, w.staff.responder, id, secrecy);
    expect(await owed(other)).not.toContain("xb-law/csirt/initial");
    // Of this incident only, said anew there.
    await answer(ctx, w.staff.responder, other, { ...secrecy, value: "yes" });
    expect(await owed(id)).not.toContain("xb-law/csirt/initial");
    expect(await owed(other)).toContain("xb-law/csirt/initial");
  });

  test.for([
    [{ ...HARM, question: "was-it-raining" }, "question", "not-asked"],
    [{ ...HARM, value: 7 }, "value", "wrong-kind"],
    [{ ...HARM, question: "when-determination" }, "value", "wrong-kind"],
    [{ ...HARM, question: "when-determination", value: { day: "2999-01-01" } }, "value", "future"],
    [
      { ...HARM, question: "when-discovery", value: { day: "2026-03-03" } },
      "value",
      "after-awareness",
    ],
    [
      { ...HARM, question: "when-awareness", value: { day: "2026-03-01" } },
      "question",
      "not-asked",
    ],
  ] as const)("%j is refused", async ([given, field, code]) => {
    const id = await givenAffected(w);
    const long = later(DAY_MS);
    w.clock.set(new Date("2026-03-09T10:00:00Z"));
    await w.sql`update incident set aware_at = '2026-03-01T10:00Z' where id = ${id}`;
    const refused = answer(ctx, w.staff.responder, id, NewAnswer.parse(given));
    await expect(refused).rejects.toMatchObject({ fields: [{ field, code }] });
    w.clock.set(long);
  });

  test("a time without a zone or an offset is no answer", () => {
    const at = "2026-03-02T14:05+01:00";
    const given = { ...HARM, question: "when-determination" };
    const parse = (value: unknown) => NewAnswer.safeParse({ ...given, value }).success;
    expect(parse({ at, zone: "Europe/Berlin" })).toBe(true);
    expect(parse({ at })).toBe(false);
    expect(parse({ at: "2026-03-02T14:05", zone: "Europe/Berlin" })).toBe(false);
    expect(NewAnswer.safeParse({ ...given, value: "yes", reason: "" }).success).toBe(false);
  });
});

test("the risk is decided under the text of the rules that go by it", async () => {
  const id = await givenAffected(w);
  const decided = await decideRisk(ctx, w.staff.counsel, id, {
    version: 0,
    level: "risk",
    reasons: ["Addresses only."],
  });
  expect(decided.rules).toEqual([
    { id: "xb-law", version: "000000000000", threshold: "A high risk to the rights of people." },
  ]);
  expect(await owed(id)).not.toContain(PEOPLE_AT_RISK);
  const again = decideRisk(ctx, w.staff.counsel, id, { version: 0, level: "risk", reasons: ["x"] });
  expect(await outcomeOf(again)).toBe("stale-version");
});

describe("what relieves of a clock", () => {
  test("a hold pauses it once a second person agrees, until it is over", async () => {
    const id = await givenAffected(w);
    const before = await clockOf(id, PEOPLE);
    const given = {
      obligations: [PEOPLE],
      askedBy: "Police of Example, 17/26",
      until: later(5 * DAY_MS),
      reason: "An arrest is planned.",
    };
    const proposed = await hold(ctx, w.staff.counsel, id, given);
    expect((await clockOf(id, PEOPLE))?.state).toBe("running");
    const path = { incidentId: id, reliefId: proposed.id };
    expect((await agree(ctx, w.staff.counsel, path)).agreed).toBe("waiting");
    expect((await agree(ctx, w.staff.approver, path)).agreed).toBe("agreed");
    const held = await clockOf(id, PEOPLE);
    expect(held).toMatchObject({ state: "paused", heldUntil: given.until });
    expect(Number(held?.dueAt) - Number(before?.dueAt)).toBe(5 * DAY_MS);
    expect((await clockOf(id, AUTHORITY))?.state).toBe("running");

    w.clock.advance(DAY_MS);
    await endRelief(ctx, w.staff.responder, path, "The arrest was made.");
    const after = await clockOf(id, PEOPLE);
    expect(after?.state).toBe("running");
    expect(Number(after?.dueAt) - Number(before?.dueAt)).toBe(DAY_MS);
    expect(await actionsOf(id)).toEqual([
      "obligation.propose-hold",
      "obligation.agree",
      "obligation.end-relief",
    ]);
  });

  test("a hold in the past and one of a rule that knows none are refused", async () => {
    const id = await givenAffected(w);
    const given = { obligations: [PEOPLE], askedBy: "Police", until: later(-1), reason: "x" };
    const past = async () => hold(ctx, w.staff.counsel, id, given);
    await expect(past()).rejects.toMatchObject({ fields: [{ field: "until", code: "past" }] });
    const none = { ...given, obligations: [PEOPLE, PEOPLE_AT_RISK], until: later(DAY_MS) };
    await expect(hold(ctx, w.staff.counsel, id, none)).rejects.toMatchObject({
      fields: [{ field: "obligations.1", code: "no-hold" }],
    });
    const waived = { ...none, obligations: [PEOPLE], waiver: "I am alone." };
    expect(await outcomeOf(hold(ctx, w.staff.counsel, id, waived))).toBe("four-eyes");
  });

  test("a duty is set aside by two people, and taken up again by one", async () => {
    const id = await givenAffected(w);
    const { id: reliefId } = await setAside(ctx, w.staff.approver, id, {
      obligations: [AUTHORITY],
      reason: "The authority said that it needs no report.",
    });
    expect((await clockOf(id, AUTHORITY))?.state).toBe("running");
    await agree(ctx, w.staff.counsel, { incidentId: id, reliefId });
    expect((await clockOf(id, AUTHORITY))?.state).toBe("not-applicable");
    await endRelief(ctx, w.staff.responder, { incidentId: id, reliefId }, "It does.");
    expect((await clockOf(id, AUTHORITY))?.state).toBe("running");
  });
});

describe("what is put on record", () => {
  test("a filing meets a clock; a mistake is taken back", async () => {
    const id = await givenAffected(w);
    const filed = { obligations: [AUTHORITY], reference: "LfDI-1", at: w.clock.now() };
    const soon = async () =>
      meetByFiling(ctx, w.staff.responder, id, { ...filed, at: later(DAY_MS) });
    await expect(soon()).rejects.toMatchObject({ fields: [{ field: "at", code: "future" }] });
    await meetByFiling(ctx, w.staff.responder, id, filed);
    expect(await clockOf(id, AUTHORITY)).toMatchObject({ state: "met", late: false });
    const back = { obligation: AUTHORITY, kind: "met", reason: "Of another incident." } as const;
    await takeBack(ctx, w.staff.responder, id, back);
    expect((await clockOf(id, AUTHORITY))?.state).toBe("running");
    expect(await outcomeOf(takeBack(ctx, w.staff.responder, id, back))).toBe("wrong-state");
  });

  test("what is missed says why, once it is due; it can still be met, late", async () => {
    const id = await givenAffected(w);
    const missed = { obligations: [AUTHORITY], reason: "Nobody was on call." };
    expect(await outcomeOf(miss(ctx, w.staff.responder, id, missed))).toBe("wrong-state");
    w.clock.advance(73 * HOUR_MS);
    expect(await clockOf(id, AUTHORITY)).toMatchObject({ state: "missed", needsReason: true });
    await miss(ctx, w.staff.responder, id, missed);
    expect(await clockOf(id, AUTHORITY)).toMatchObject({ state: "missed", needsReason: false });
    const filed = { obligations: [AUTHORITY], reference: "LfDI-2", at: w.clock.now() };
    await meetByFiling(ctx, w.staff.responder, id, filed);
    expect(await clockOf(id, AUTHORITY)).toMatchObject({ state: "met", late: true });
  });

  test("nothing is recorded of what is not owed, by its place in the list", async () => {
    const id = await givenAffected(w);
    const filed = { obligations: [AUTHORITY, "no/such/full"], reference: "1", at: w.clock.now() };
    await expect(meetByFiling(ctx, w.staff.responder, id, filed)).rejects.toMatchObject({
      code: "wrong-state",
      fields: [{ field: "obligations.1", code: "not-owed" }],
    });
  });
});

test("an older scope version is read with the answers of then, or of now where asked", async () => {
  const id = await givenAffected(w);
  await answer(ctx, w.staff.responder, id, HARM);
  w.clock.advance(HOUR_MS);
  await givenScope(w, id, { people: [{ jurisdiction: "FR", count: 100 }] });
  w.clock.advance(HOUR_MS);
  await answer(ctx, w.staff.responder, id, { ...HARM, version: 1, value: "no" });

  expect(await owed(id)).toEqual([]);
  expect(await owed(id, { scope: 2 })).not.toContain(PEOPLE);
  expect(await owed(id, { scope: 2, answers: "now" })).toContain(PEOPLE);
  const then = await assessed(ctx, w.sql, id, { scope: 2 });
  expect([then.answers, then.asOf]).toEqual(["then", later(-HOUR_MS)]);
  expect(await outcomeOf(assessed(ctx, w.sql, id, { scope: 9 }))).toBe("not-found");
});

describe("a wave's deadline", () => {
  async function submitted(deadline?: Date, incidentId?: string) {
    const id = incidentId ?? (await givenAffected(w));
    const { id: audienceId } = await givenFrozenAudience(w, id, [{}, {}]);
    const { notice } = await draft(ctx, w.staff.drafter, id, { kind: "initial" });
    const view = await submit(ctx, w.staff.drafter, id, {
      noticeId: notice.id,
      version: notice.version,
      audienceId,
      plan: { mode: "first-reachable", channels: ["email", "letter"], consent: "agreed" },
      canary: 0,
      ...(deadline && { deadline }),
    });
    return { view, due: (await clockOf(id, PEOPLE))?.dueAt };
  }

  test("is the earliest clock's to people, where the submitter gives none", async () => {
    const { view, due } = await submitted();
    expect(due).toBeInstanceOf(Date);
    expect(view.deadline).toEqual(due);
    const clock = await submissionClock(ctx, view);
    expect(clock).toMatchObject({ obligation: PEOPLE, dueAt: due, deadline: "in-time" });
    // Less a day for retries and a second for each of two messages.
    expect(Number(due) - Number(clock?.latestSafeApproval)).toBe(DAY_MS + 2_000);
    expect(clock?.late).toBe(false);

    // That it ran out is shown, and what is submitted now goes by the next one.
    w.clock.advance(11 * DAY_MS);
    expect(await submissionClock(ctx, view)).toMatchObject({ obligation: PEOPLE, late: true });
    const again = await submitted(undefined, view.incidentId);
    expect(again.view.deadline).toEqual((await clockOf(view.incidentId, PEOPLE_AT_RISK))?.dueAt);
  });

  test("is the submitter's where they give one; that it is later is said", async () => {
    const soon = await submitted(later(HOUR_MS));
    expect(soon.view.deadline).toEqual(later(HOUR_MS));
    expect((await submissionClock(ctx, soon.view))?.deadline).toBe("in-time");
    const late = await submitted(later(30 * DAY_MS));
    expect((await submissionClock(ctx, late.view))?.deadline).toBe("later-than-the-law");
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { approve } from "../../src/actions/approval.ts";
import { get, submit } from "../../src/actions/approval/submit.ts";
import type { NewSubmission } from "../../src/actions/approval/submit.ts";
import { prepareWave } from "../../src/actions/delivery/prepare.ts";
import { edit } from "../../src/actions/notice/draft.ts";
import { divide } from "../../src/actions/notice/variants.ts";
import { duties } from "../../src/actions/wave/duties.ts";
import { start } from "../../src/actions/wave/start.ts";
import type { Person } from "../../src/domain/audience/person.ts";
import { Refusal } from "../../src/domain/refusal.ts";
import type { Revision } from "../../src/domain/scope.ts";
import { readMessage } from "../../src/dev/mailbox.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { givenNotice } from "../support/notice.ts";
import { sendDue, states, suppress } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

/*
 * Massachusetts (G.L. c. 93H s. 3(b)) forbids to say what happened; California (Civil Code
 * 1798.82(d)) and the GDPR (Article 34(2)) require it. No one text can be right for all three.
 */

let w: World;
let incidentId: string;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());
beforeEach(async () => {
  const dataElements = ["name", "financial-account", "access-code"] as const;
  incidentId = (await givenIncident(w, { dataElements: [...dataElements] })).id;
  await givenScope(w, incidentId, { ...FACTS, people: [CA, MA, DE] });
});

const CA = { jurisdiction: "US-CA", count: 1 };
const MA = { jurisdiction: "US-MA", count: 1 };
const DE = { jurisdiction: "DE", count: 1 };
const FACTS: Revision["facts"] = {
  sector: "retail",
  role: "controller",
  encryption: "none",
  whatWeDo: "We changed all keys.",
  actions: ["Watch your accounts."],
  contactLines: [{ kind: "email", value: "privacy@example.org" }],
};
const postal = { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" };
const PEOPLE: readonly Partial<Person>[] = [
  { email: "ca@example.com", country: "US", region: "CA", postal },
  { email: "ma@example.com", country: "US", region: "MA", postal },
  { email: "de@example.com", country: "DE", postal },
];
const HAPPENED = "A laptop with a list of customers was stolen";

async function givenAudience(people = PEOPLE): Promise<string> {
  return (await givenFrozenAudience(w, incidentId, people)).id;
}

async function givenDivided() {
  const { notice } = await givenNotice(w, incidentId);
  return divide(w.ctx, w.staff.drafter, { incidentId, noticeId: notice.id }, notice.version);
}

function submitted(
  { id, version }: { id: string; version: number },
  audienceId: string,
  plan: Partial<NewSubmission["plan"]> = {},
) {
  return submit(w.ctx, w.staff.drafter, incidentId, {
    noticeId: id,
    version,
    audienceId,
    plan: { mode: "first-reachable", channels: ["email", "letter"], consent: "agreed", ...plan },
    canary: 0,
  });
}

async function startedOf({ id, binding }: Awaited<ReturnType<typeof submitted>>) {
  const path = { incidentId, submissionId: id };
  await approve(w.ctx, w.staff.approver, path, { binding });
  return (await start(w.ctx, w.staff.responder, path)).id;
}

/** Where it was refused, and why, as `languages.en forbidden`. */
async function refusedAt(work: Promise<unknown>): Promise<string[]> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Refusal)) throw new Error("This was not refused.", { cause: error });
  return [...new Set(error.fields.map(({ field, code }) => `${field} ${code}`))];
}

describe("laws that contradict each other", () => {
  test("refuse one text for all, and get a variant drafted with the reasons", async () => {
    const { notice } = await givenNotice(w, incidentId);
    const audienceId = await givenAudience();
    const refused = await refusedAt(submitted(notice, audienceId));
    expect(refused).toEqual(
      expect.arrayContaining([expect.stringMatching(/^languages\.en .*forb/)]),
    );

    const path = { incidentId, noticeId: notice.id };
    const divided = await divide(w.ctx, w.staff.drafter, path, notice.version);
    expect(divided).toMatchObject({
      number: 2,
      added: ["us-ma"],
      variants: { "us-ma": { places: ["US-MA"], unknown: true } },
    });
    expect(divided.reasons.map(({ places }) => places)).toContainEqual(["US-CA", "US-MA"]);
    // Asked again it adds nothing, and makes no version.
    const again = await divide(w.ctx, w.staff.drafter, path, divided.notice.version);
    expect(again).toMatchObject({ number: 2, added: [] });
    const stale = divide(w.ctx, w.staff.drafter, path, notice.version);
    await expect(stale).rejects.toMatchObject({ code: "stale-version" });
  });

  test("are each kept: what is forbidden in one place is told in the others", async () => {
    const { notice } = await givenDivided();
    const waveId = await startedOf(await submitted(notice, await givenAudience()));
    const before = w.email.sent.length;
    await sendDue(w, waveId, "email", { prepare: prepareWave });
    const told = new Map<string, boolean>();
    for (const { to, message: raw } of w.email.sent.slice(before)) {
      const mail = await readMessage({ raw });
      expect(mail.html.includes("laptop")).toBe(mail.text.includes("laptop"));
      told.set(to, mail.text.replaceAll(/\s+/g, " ").includes(HAPPENED));
    }
    expect(Object.fromEntries(told)).toEqual({
      "ca@example.com": true,
      "ma@example.com": false,
      "de@example.com": true,
    });
  });

  test("are looked up for people of a place that the scope does not name", async () => {
    await givenScope(w, incidentId, { people: [CA, DE] });
    const { notice } = await givenNotice(w, incidentId);
    const audienceId = await givenAudience();
    expect(await refusedAt(submitted(notice, audienceId))).toEqual([
      "languages.en place-not-named",
    ]);
    const { warnings } = await duties(w.ctx, incidentId, {});
    expect(warnings.join()).toContain("1 person of US-MA, which the scope does not name");
  });

  test("leave nobody of unknown place to chance", async () => {
    const { notice } = await givenDivided();
    const audienceId = await givenAudience([...PEOPLE, { email: "who@example.com" }]);
    const path = { incidentId, noticeId: notice.id };
    const given = { version: notice.version, variants: { "us-ma": { places: ["US-MA"] } } };
    const { notice: unmarked } = await edit(w.ctx, w.staff.drafter, path, given);
    expect(await refusedAt(submitted(unmarked, audienceId))).toEqual(["variants place-unknown"]);
    const variants = { "us-ma": { places: ["US-MA"], unknown: true as const } };
    const { notice: marked } = await edit(w.ctx, w.staff.drafter, path, {
      version: unmarked.version,
      variants,
    });
    const view = await submitted(marked, audienceId);
    expect(view.variants[1]).toMatchObject({ variant: "us-ma", people: 2, placeUnknown: 1 });
    expect(view.residents).toMatchObject([{ place: null, audience: 1 }]);
  });
});

describe("channels that a law does not permit for a first notice", () => {
  const unsure = PEOPLE.map((person) => ({ ...person, agreed: "unknown" as const }));
  const wide = { channels: ["email", "sms", "letter"], consent: "any" } as const;

  test("are taken from the plan for the people of its place, in numbers, and nobody is sent by them", async () => {
    const people = unsure.map((each) => ({ ...each, phone: "+12025550142" }));
    const { notice } = await givenDivided();
    const audienceId = await givenAudience(people);
    const view = await submitted(notice, audienceId, { ...wide, channels: [...wide.channels] });
    expect(view.reach).toMatchObject({ people: 3, email: 1, sms: 0, needsLetter: 2, barred: 2 });
    const limits = view.limits.map(({ places, email, sms, barred }) => [
      places,
      email,
      sms,
      barred,
    ]);
    expect(limits).toEqual([
      [["US-CA"], "agreed", false, 1],
      [["US-MA"], "agreed", false, 1],
    ]);
    const waveId = await startedOf(view);
    expect(await states(w, waveId)).toEqual({ planned: 1, "needs-letter": 2 });
    const sent = await w.sql`
      select r.place from delivery d join recipient r on r.id = d.recipient_id
       where d.wave_id = ${waveId} and d.channel <> 'letter'`;
    expect(sent).toEqual([{ place: "DE" }]);
  });

  test("are looked at again: a stricter law ends the approval, and a drop-out does not", async () => {
    const { notice } = await givenDivided();
    const { id: audienceId, recipientIds } = await givenFrozenAudience(w, incidentId, unsure);
    const view = await submitted(notice, audienceId, { consent: "not-refused" });
    await suppress(w, incidentId, recipientIds[1] ?? "", "erased");
    await w.sql`delete from recipient where id = ${recipientIds[1] ?? ""}`;
    expect((await get(w.ctx, incidentId, view.id)).changed).toEqual([]);
    // From now on California permits letters only.
    const { rules } = w.ctx.library;
    const stricter = rules.map((rule) => {
      if (rule.id !== "us-ca-civ-1798.82") return rule;
      return { ...rule, duties: rule.duties.map((duty) => ({ ...duty, methods: ["written"] })) };
    });
    const ctx = { ...w.ctx, library: { ...w.ctx.library, rules: stricter } };
    expect((await get(ctx, incidentId, view.id)).changed).toEqual(["plan.limits"]);
  });
});

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { approve } from "../../src/actions/approval.ts";
import { NewSubmission, submit } from "../../src/actions/approval/submit.ts";
import { start } from "../../src/actions/wave/start.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { aSource, givenNotice, outcomeOf } from "../support/notice.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

/* Ways past the law: each was open to one person alone, or to nobody's attention. */

let w: World;
let incidentId: string;
beforeAll(async () => void (w = await world()));
afterAll(() => w.close());
beforeEach(async () => {
  const dataElements = ["name", "financial-account", "access-code"] as const;
  incidentId = (await givenIncident(w, { dataElements: [...dataElements] })).id;
  const facts = { sector: "retail", role: "controller", encryption: "none" } as const;
  await givenScope(w, incidentId, { ...facts, people: [DE] });
});

const DE = { jurisdiction: "DE", count: 1 };
const MA = { jurisdiction: "US-MA", count: 1 };
const postal = { lines: ["12 Elm Street"], city: "Springfield", postcode: "12345" };
const IN_DE = { email: "de@example.com", country: "DE", postal };
const IN_MA = { email: "ma@example.com", country: "US", region: "MA", postal };
const IN_CA = { email: "ca@example.com", country: "US", region: "CA", postal };
const HEADINGS = [
  "What happened",
  "What information was involved",
  "What we are doing",
  "What you can do",
  "For more information",
];
const HACKED = HEADINGS.map((heading) => `## ${heading}\n\nHackers broke into our office.\n`);

/** A correction, which owes no contents: only what is forbidden keeps it back. */
async function proposed(people: readonly object[], channels = ["email", "letter"], ctx = w.ctx) {
  const languages = { en: aSource({ body: HACKED.join("\n") }) };
  const { notice } = await givenNotice(w, incidentId, { kind: "correction", languages });
  const { id: audienceId } = await givenFrozenAudience(w, incidentId, people);
  const plan = { channels, consent: "any" };
  const given = { noticeId: notice.id, version: notice.version, audienceId, plan, canary: 0 };
  return submit(ctx, w.staff.drafter, incidentId, NewSubmission.parse(given));
}

const approved = ({ id, binding }: { id: string; binding: string }) =>
  approve(w.ctx, w.staff.approver, { incidentId, submissionId: id }, { binding });

test("who starts a wave cannot accept alone what a law forbids since it was approved", async () => {
  const view = await proposed([IN_DE]);
  await approved(view);
  await givenScope(w, incidentId, { people: [DE, MA] });
  const accept = { acceptFindings: ["text-must-fix" as const], reason: "We are in a hurry." };
  const given = { incidentId, submissionId: view.id, ...accept };
  expect(await outcomeOf(start(w.ctx, w.staff.responder, given))).toBe("template-refused");
});

test("words that a person wrote are judged for a place that the scope does not name", async () => {
  const run = proposed([IN_DE, IN_MA]);
  await expect(run).rejects.toMatchObject({
    code: "template-refused",
    fields: [{ field: "languages.en", code: "place-not-named" }],
  });
});

test("a law that came between the submission and the approval is looked at", async () => {
  const { library } = w.ctx;
  const rules = library.rules.filter(({ id }) => !id.startsWith("us-ma"));
  const before = { ...w.ctx, library: { ...library, rules } };
  const view = await proposed([IN_DE, IN_MA], ["letter"], before);
  expect(await outcomeOf(approved(view))).toBe("template-refused");
});

test.for([
  ["does not name", [{ ...DE, count: 2 }]],
  ["does not know", "not-yet-known" as const],
] as const)("a place that the scope %s keeps the channels of its law", async ([, people]) => {
  await givenScope(w, incidentId, { people: typeof people === "string" ? people : [...people] });
  const view = await proposed([IN_DE, { ...IN_CA, agreed: "unknown" }]);
  expect(view).toMatchObject({
    limits: [{ places: ["US-CA"], email: "agreed", people: 1, barred: 1 }],
    reach: { email: 1, needsLetter: 1 },
  });
});

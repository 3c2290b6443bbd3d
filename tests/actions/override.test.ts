import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { approve } from "../../src/actions/approval.ts";
import { NewOverride, override } from "../../src/actions/approval/override.ts";
import { get as getSubmission, NewSubmission, submit } from "../../src/actions/approval/submit.ts";
import { edit, withdraw } from "../../src/actions/notice/draft.ts";
import { get } from "../../src/actions/notice/read.ts";
import type { JudgedProblem } from "../../src/domain/notice/lint/override.ts";
import type { Actor } from "../../src/domain/staff.ts";
import { givenFrozenAudience, refusalOf } from "../support/audience.ts";
import { givenIncident, givenScope } from "../support/incident.ts";
import { aSource, givenNotice, outcomeOf } from "../support/notice.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

const REASON = "Counsel has seen the logs and agrees.";
const HEDGING = { en: `${aSource()}\nThere is no evidence of misuse.\n\nWe commence now.\n` };

let w: World;
let incidentId: string;
let noticeId: string;
let other: Actor;
beforeAll(async () => {
  w = await world();
  other = await givenActor(w.ctx, ["approver", "drafter"]);
});
afterAll(() => w.close());
beforeEach(async () => {
  incidentId = (await givenIncident(w)).id;
  noticeId = (await givenNotice(w, incidentId, { languages: HEDGING })).notice.id;
});

const shown = () => get(w.ctx, { incidentId, noticeId });

async function problem(severity: JudgedProblem["severity"] = "must-fix"): Promise<JudgedProblem> {
  const found = (await shown()).problems.find((each) => each.severity === severity);
  if (!found) throw new Error("There is no such problem.");
  return found;
}

async function letStand(actor = w.staff.approver, over: Partial<NewOverride> = {}) {
  const { notice } = await shown();
  const { finding } = await problem();
  const given = { number: notice.number, findings: [finding], reason: REASON, ...over };
  return override(w.ctx, actor, { incidentId, noticeId }, given);
}

async function propose() {
  const { notice } = await shown();
  const { id: audienceId } = await givenFrozenAudience(w, incidentId, [{}]);
  const given = NewSubmission.parse({ noticeId, version: notice.version, audienceId, canary: 0 });
  return submit(w.ctx, w.staff.drafter, incidentId, given);
}

describe("a problem that must be fixed", () => {
  test("keeps a text back until an approver lets it stand; the others read who and why", async () => {
    expect(await refusalOf(propose())).toEqual(["template-refused", "hedge", 31]);
    const { problems } = await letStand();
    const at = w.clock.now();
    const standing = { reason: REASON, staffId: w.staff.approver.staffId, at };
    expect(problems.map(({ code, override: own }) => [code, own])).toEqual([
      ["hedge", standing],
      ["jargon", null],
    ]);

    const submission = await propose();
    const view = await getSubmission(w.ctx, incidentId, submission.id);
    expect(view.problems).toEqual(problems);
    expect((await shown()).problems).toEqual(problems);
    const { binding } = view;
    const path = { incidentId, submissionId: view.id };
    expect(await approve(w.ctx, other, path, { binding })).toMatchObject({ state: "approved" });
  });

  test("is let stand in exactly one version", async () => {
    await letStand();
    const { notice } = await shown();
    await edit(w.ctx, w.staff.drafter, { incidentId, noticeId }, { version: notice.version });
    expect((await problem()).override).toBeNull();
    expect(await outcomeOf(propose())).toBe("template-refused");
    expect(await outcomeOf(letStand(w.staff.approver, { number: 1 }))).toBe("stale-version");
    await letStand();
    expect(await outcomeOf(propose())).toBe("done");
  });

  test("leaves a line in the timeline, with the reason's hash only", async () => {
    await letStand();
    const { finding } = await problem();
    const [entry] = await w.sql<{ actor: string; subject: string; after: object }[]>`
      select actor, subject, after from timeline
       where incident_id = ${incidentId} and action = 'notice.override'`;
    expect(entry).toMatchObject({
      actor: w.staff.approver.staffId,
      subject: `notice:${noticeId}`,
      after: { number: 1, problems: [{ finding, code: "hedge", language: "en", line: 31 }] },
    });
    expect(JSON.stringify(entry)).not.toContain("Counsel");
  });

  test("the first reason is kept, and nobody can change it", async () => {
    await letStand();
    await letStand(other, { reason: "Another reason altogether." });
    expect((await problem()).override).toMatchObject({ reason: REASON });
    await expect(w.sql`update lint_override set reason = 'Something else.'`).rejects.toThrow(
      /append|change/i,
    );
  });
});

describe("an override is refused", () => {
  test("without a reason", async () => {
    const { finding } = await problem();
    const given = { number: 1, findings: [finding] };
    for (const reason of [undefined, "", "short", " ".repeat(20)])
      expect(NewOverride.safeParse({ ...given, reason }).success).toBe(false);
    expect(NewOverride.safeParse({ ...given, reason: REASON }).success).toBe(true);
  });

  test("to whoever wrote the text, and to a role that is younger than 24 hours", async () => {
    const { notice } = await shown();
    await edit(w.ctx, other, { incidentId, noticeId }, { version: notice.version });
    expect(await outcomeOf(letStand(other))).toBe("four-eyes");
    const young = { ...w.staff.approver, settledRoles: [] };
    expect(await outcomeOf(letStand(young))).toBe("not-allowed");
    expect(await outcomeOf(letStand(w.staff.counsel))).toBe("done");
  });

  test("for a problem that this version does not have, and for advice", async () => {
    const { finding } = await problem("advice");
    const findings = ["0".repeat(32), (await problem()).finding, finding];
    await expect(letStand(w.staff.approver, { findings })).rejects.toMatchObject({
      code: "invalid-input",
      fields: [
        { field: "findings.0", code: "not-found" },
        { field: "findings.2", code: "advice" },
      ],
    });
    expect((await problem()).override).toBeNull();
  });

  test("for a notice that was withdrawn, and for another incident's", async () => {
    const { finding } = await problem();
    const elsewhere = { incidentId: (await givenIncident(w)).id, noticeId };
    const given = { number: 1, findings: [finding], reason: REASON };
    expect(await outcomeOf(override(w.ctx, w.staff.approver, elsewhere, given))).toBe("not-found");
    await withdraw(w.ctx, w.staff.drafter, { incidentId, noticeId }, 1);
    expect(await outcomeOf(letStand())).toBe("wrong-state");
  });
});

describe("the law of the places of the people affected", () => {
  const people = (...places: string[]) => ({
    dataElements: [
      { element: "name", state: "confirmed" } as const,
      { element: "ssn", state: "confirmed" } as const,
    ],
    people: places.map((jurisdiction) => ({ jurisdiction, count: 100 })),
    encryption: "none" as const,
    sector: "retail" as const,
    role: "controller" as const,
  });

  test("completes the shipped text, and names what only a person can write", async () => {
    await givenScope(w, incidentId, people("US-NM", "US-CT"));
    const { notice, version } = await givenNotice(w, incidentId);
    noticeId = notice.id;
    expect(version.languages["en"]).toContain("The Fair Credit Reporting Act");
    const open = (await shown()).problems.filter(({ severity }) => severity === "must-fix");
    expect(open.map(({ code, message }) => [code, message.slice(0, 24)])).toEqual([
      ["content-missing", expect.stringContaining("The notice must say this")],
      ["offer-missing", "US-CT: offer 24 months o"],
    ]);
    expect(await outcomeOf(propose())).toBe("template-refused");
  });

  test("counts as it is assessed when somebody approves", async () => {
    await letStand();
    const submission = await propose();
    const path = { incidentId, submissionId: submission.id };
    await givenScope(w, incidentId, { people: people("US-MA").people });
    const given = { binding: submission.binding };
    expect(await outcomeOf(approve(w.ctx, other, path, given))).toBe("template-refused");
  });
});

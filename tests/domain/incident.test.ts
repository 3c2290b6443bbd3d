import { randomUUID } from "node:crypto";

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import {
  DETERMINATION_STEPS,
  Declaration,
  Determination,
  IncidentState,
  STATE_STEPS,
  change,
  declare,
  declaredElements,
  expectNotClosed,
} from "../../src/domain/incident.ts";
import type { Incident } from "../../src/domain/incident.ts";
import type { Actor } from "../../src/domain/staff.ts";
import { aDeclaration } from "../support/incident.ts";

const NOW = new Date("2026-03-03T10:00:00Z");
const actor: Actor = {
  staffId: randomUUID(),
  roles: ["responder"],
  settledRoles: ["responder"],
  requestId: "request-1",
};
const anIncident = (over: Partial<Incident> = {}): Incident => ({
  ...declare(aDeclaration(), actor, randomUUID(), NOW),
  ...over,
});

describe("declaring", () => {
  const sent = {
    title: "Laptop stolen",
    whatHappened: "A laptop was stolen.",
    awareAt: "2026-03-02T09:15+01:00",
    awareZone: "Europe/Berlin",
    dataElements: ["name", { element: "ssn", state: "confirmed" }],
  };

  test("four things are enough, and kinds of data are suspected unless said", () => {
    const declaration = Declaration.parse(sent);
    expect(declare(declaration, actor, randomUUID(), NOW)).toMatchObject({
      version: 1,
      determination: "suspected",
      state: "open",
      awareAt: new Date("2026-03-02T08:15:00Z"),
      awareZone: "Europe/Berlin",
      owners: { responder: actor.staffId },
      declaredAt: NOW,
    });
    expect(declaredElements(declaration)).toEqual([
      { element: "name", state: "suspected" },
      { element: "ssn", state: "confirmed" },
    ]);
  });

  test("somebody who is no responder does not become the lead responder by declaring", () => {
    const counsel: Actor = { ...actor, roles: ["counsel"] };
    expect(declare(aDeclaration(), counsel, randomUUID(), NOW).owners).toEqual({});
  });

  test.for(["title", "whatHappened", "awareAt", "awareZone", "dataElements"])(
    "nothing is declared without %s",
    (field) => {
      const rest = Object.fromEntries(Object.entries(sent).filter(([key]) => key !== field));
      expect(Declaration.safeParse(rest).success).toBe(false);
    },
  );

  test.for([
    ["an unknown field", { severity: "high" }],
    ["an id of one's own choosing", { id: randomUUID() }],
    ["a state of one's own choosing", { state: "closed" }],
    ["30 February", { awareAt: "2026-02-30T10:00:00Z" }],
    ["a time without a zone", { awareAt: "2026-03-02T10:00:00" }],
    ["a day instead of a time", { awareAt: "2026-03-02" }],
    ["a number for a time", { awareAt: 1_772_000_000 }],
    ["a zone nobody knows", { awareZone: "Europe/Atlantis" }],
    ["an offset instead of a zone", { awareZone: "+01:00" }],
    ["a title of two lines", { title: "Stolen\r\nBcc: all@example.com" }],
    ["a title with NUL", { title: "Stolen\u0000laptop" }],
    ["a title that reorders text", { title: "Stolen \u202Epotpal" }],
    ["a blank title", { title: "   " }],
    ["an endless title", { title: "x".repeat(201) }],
    ["no kinds of data", { dataElements: [] }],
    ["an unknown kind of data", { dataElements: ["shoe-size"] }],
    ["an unknown state of a kind", { dataElements: [{ element: "ssn", state: "maybe" }] }],
    ["text instead of a list", { dataElements: "ssn" }],
    ["null for what happened", { whatHappened: null }],
  ])("%s is refused", ([, over]) => {
    expect(Declaration.safeParse({ ...sent, ...(over as object) }).success).toBe(false);
  });

  test.for([
    ["2026-03-03T10:05:00Z", undefined],
    ["2026-03-03T10:05:01Z", "future"],
    ["1990-01-01T00:00:00Z", undefined],
    ["1989-12-31T23:59:59Z", "too-early"],
  ] as const)("becoming aware at %s is answered with %s", ([awareAt, code]) => {
    const attempt = () =>
      declare(aDeclaration({ awareAt: new Date(awareAt) }), actor, randomUUID(), NOW);
    if (code === undefined) expect(attempt().awareAt).toEqual(new Date(awareAt));
    else
      expect(attempt).toThrow(
        expect.objectContaining({
          code: "invalid-input",
          fields: [expect.objectContaining({ field: "awareAt", code })],
        }),
      );
  });
});

describe("changing", () => {
  test.for([
    ["open", "containment", "freely"],
    ["open", "recovery", "never"],
    ["open", "closed", "never"],
    ["containment", "eradication", "freely"],
    ["recovery", "containment", "with-reason"],
    ["recovery", "closed", "never"],
    ["post-incident", "closed", "freely"],
    ["closed", "open", "never"],
    ["closed", "containment", "with-reason"],
  ] as const)("from %s to %s: %s", ([from, to, how]) => {
    const attempt = (reason?: string) =>
      change(anIncident({ state: from }), { version: 1, state: to, ...(reason && { reason }) });
    if (how === "freely") expect(attempt().state).toBe(to);
    else
      expect(() => attempt()).toThrow(
        expect.objectContaining({ code: how === "never" ? "wrong-state" : "invalid-input" }),
      );
    if (how !== "never") expect(attempt("New findings.").state).toBe(to);
  });

  test.for([
    ["suspected", "confirmed", "freely"],
    ["suspected", "false-positive", "with-reason"],
    ["confirmed", "suspected", "never"],
    ["false-positive", "confirmed", "with-reason"],
  ] as const)("a %s incident becomes %s: %s", ([from, to, how]) => {
    const incident = anIncident({ determination: from });
    const attempt = () => change(incident, { version: 1, determination: to });
    if (how === "freely") expect(attempt().determination).toBe(to);
    else expect(attempt).toThrow();
    if (how === "with-reason")
      expect(change(incident, { version: 1, determination: to, reason: "Logs." })).toMatchObject({
        determination: to,
        version: 2,
      });
  });

  test("every state can be reached from open, and every one can be left", () => {
    const reached = new Set<IncidentState>(["open"]);
    for (const state of reached)
      for (const to of IncidentState.options) if (STATE_STEPS[state][to]) reached.add(to);
    expect([...reached].toSorted()).toEqual(IncidentState.options.toSorted());
    for (const from of IncidentState.options)
      expect(Object.keys(STATE_STEPS[from])).not.toHaveLength(0);
    for (const from of Determination.options)
      expect(Object.keys(DETERMINATION_STEPS[from])).not.toHaveLength(0);
  });

  test("a person may judge the sensitivity with a reason, and take the judgement back", () => {
    const judged = change(anIncident(), {
      version: 1,
      sensitivity: "special-category",
      reason: "A shelter for women.",
    });
    expect(judged).toMatchObject({
      sensitivityOverride: "special-category",
      sensitivityReason: "A shelter for women.",
    });
    expect(
      change(judged, { version: 2, sensitivity: "derived", reason: "It was not." }),
    ).toMatchObject({ sensitivityOverride: null, sensitivityReason: null });
    expect(() => change(judged, { version: 2, sensitivity: "ordinary" })).toThrow(
      expect.objectContaining({ fields: [expect.objectContaining({ field: "reason" })] }),
    );
  });

  test("owners of other roles stay", () => {
    const drafter = randomUUID();
    expect(change(anIncident(), { version: 1, owners: { drafter } }).owners).toEqual({
      responder: actor.staffId,
      drafter,
    });
  });

  test("only the version one has seen can be changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.integer({ min: 1 }), (current, seen) => {
        fc.pre(current !== seen);
        expect(() => change(anIncident({ version: current }), { version: seen })).toThrow(
          expect.objectContaining({
            code: "stale-version",
            message: expect.stringContaining(` ${current}.`),
          }),
        );
      }),
    );
  });

  test("only a closed incident refuses work", () => {
    for (const state of IncidentState.options)
      if (state === "closed") expect(() => expectNotClosed({ state })).toThrow(/closed/);
      else expect(() => expectNotClosed({ state })).not.toThrow();
  });
});

test("the schemas can be written as JSON Schema for the API's document", () => {
  expect(z.toJSONSchema(Declaration, { io: "input" })).toMatchObject({
    additionalProperties: false,
    required: ["title", "whatHappened", "awareAt", "awareZone", "dataElements"],
  });
});

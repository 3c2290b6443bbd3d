import { randomUUID } from "node:crypto";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { Actor, Role } from "../../src/domain/staff.ts";
import { ROUTES } from "../../src/http/routes.ts";
import { Problem, serve } from "../support/http.ts";
import type { Answered, Served } from "../support/http.ts";
import { givenToken } from "../support/staff.ts";
import { givenActor, world } from "../support/world.ts";
import type { World } from "../support/world.ts";

/**
 * Who may call what, written down a second time and by hand: the test would prove nothing if
 * it read the product's own table. R responder, D drafter, A approver, L counsel, U auditor,
 * X admin; * asks for no token.
 */
const RIGHTS: Readonly<Record<string, string>> = {
  "POST /v1/invitations/accept": "*",
  "GET /v1/me": "RDALUX",
  "POST /v1/me/second-factor": "RDALUX",
  "GET /v1/me/tokens": "RDALUX",
  "POST /v1/me/tokens": "RDALUX",
  "DELETE /v1/me/tokens/:tokenId": "RDALUX",
  "GET /v1/staff": "X",
  "POST /v1/staff": "X",
  "POST /v1/staff/:staffId/invitations": "X",
  "POST /v1/staff/:staffId/disablement": "X",
  "PUT /v1/staff/:staffId/roles/:role": "X",
  "POST /v1/staff/:staffId/roles/:role/confirmation": "X",
  "DELETE /v1/staff/:staffId/roles/:role": "X",
  "GET /v1/timeline/verification": "LU",
  "GET /v1/status": "RDALU",
  "GET /v1/incidents/:incidentId/timeline": "LU",
  "POST /v1/incidents": "RL",
  "GET /v1/incidents": "RDALU",
  "GET /v1/incidents/:incidentId": "RDALU",
  "PATCH /v1/incidents/:incidentId": "RL",
  "POST /v1/incidents/:incidentId/scopes": "RL",
  "GET /v1/incidents/:incidentId/scopes": "RDALU",
  "GET /v1/incidents/:incidentId/scopes/:version": "RDALU",
  "GET /v1/incidents/:incidentId/scopes/:version/difference": "RDALU",
  "GET /v1/incidents/:incidentId/severity": "RDALU",
  "PUT /v1/incidents/:incidentId/severity": "RL",
  "GET /v1/obligations": "RDALU",
  "GET /v1/incidents/:incidentId/obligations": "RDALU",
  "GET /v1/incidents/:incidentId/obligations/answers": "RDALU",
  "POST /v1/incidents/:incidentId/obligations/answers": "RL",
  "POST /v1/incidents/:incidentId/obligations/risk": "AL",
  "POST /v1/incidents/:incidentId/obligations/evidence": "RL",
  "POST /v1/incidents/:incidentId/obligations/missed": "RL",
  "POST /v1/incidents/:incidentId/obligations/take-back": "RL",
  "POST /v1/incidents/:incidentId/obligations/holds": "AL",
  "POST /v1/incidents/:incidentId/obligations/not-applicable": "AL",
  "POST /v1/incidents/:incidentId/obligations/reliefs/:reliefId/agree": "AL",
  "POST /v1/incidents/:incidentId/obligations/reliefs/:reliefId/end": "RL",
  "GET /v1/rules/:ruleId": "RDALU",
  "POST /v1/rules/:ruleId/reviews": "L",
  "GET /v1/incidents/:incidentId/filings": "RDALU",
  "POST /v1/incidents/:incidentId/filings": "RL",
  "GET /v1/incidents/:incidentId/filings/:filingId": "RDALU",
  "PUT /v1/incidents/:incidentId/filings/:filingId/lines": "RL",
  "POST /v1/incidents/:incidentId/filings/:filingId/approve": "AL",
  "GET /v1/incidents/:incidentId/filings/:filingId/file": "RDALU",
  "POST /v1/incidents/:incidentId/filings/:filingId/report": "RL",
  "POST /v1/interchange/veris": "RL",
  "GET /v1/incidents/:incidentId/veris": "RDALU",
  "POST /v1/interchange/hhs": "RL",
  "GET /v1/me/calendar": "RDALU",
  "POST /v1/me/calendar": "RDALU",
  "POST /v1/me/calendar/end": "RDALU",
  "GET /v1/calendars/:secret/deadlines.ics": "*",
  "GET /v1/register": "LU",
  "GET /v1/incidents/:incidentId/obligations/difference": "RDALU",
  "POST /v1/incidents/:incidentId/deltas": "RL",
  "GET /v1/incidents/:incidentId/deltas/:deltaId": "RDALU",
  "GET /v1/processor-key": "RDALU",
  "GET /v1/processors": "RDALU",
  "POST /v1/processors": "RL",
  "DELETE /v1/processors/:processorId": "RL",
  "POST /v1/incidents/:incidentId/processor-notices": "RL",
  "POST /v1/processor-notices": "RL",
  "GET /v1/runbooks": "RDALU",
  "GET /v1/incidents/:incidentId/tasks": "RDALU",
  "POST /v1/incidents/:incidentId/tasks": "RDAL",
  "POST /v1/incidents/:incidentId/tasks/runbook": "RDAL",
  "PATCH /v1/incidents/:incidentId/tasks/:taskId": "RDAL",
  "POST /v1/incidents/:incidentId/notices": "DL",
  "GET /v1/incidents/:incidentId/notices": "RDALU",
  "GET /v1/incidents/:incidentId/notices/:noticeId": "RDALU",
  "GET /v1/incidents/:incidentId/notices/:noticeId/versions": "RDALU",
  "PATCH /v1/incidents/:incidentId/notices/:noticeId": "DL",
  "POST /v1/incidents/:incidentId/notices/:noticeId/variants": "DL",
  "POST /v1/incidents/:incidentId/notices/:noticeId/withdraw": "DL",
  "GET /v1/incidents/:incidentId/notices/:noticeId/preview": "RDALU",
  "GET /v1/incidents/:incidentId/notices/:noticeId/preview/:person": "RDALU",
  "POST /v1/incidents/:incidentId/notices/:noticeId/test": "RDALU",
  "POST /v1/incidents/:incidentId/submissions": "DL",
  "GET /v1/incidents/:incidentId/notices/:noticeId/submissions": "RDALU",
  "POST /v1/incidents/:incidentId/notices/:noticeId/overrides": "AL",
  "GET /v1/incidents/:incidentId/submissions/:submissionId": "RDALU",
  "GET /v1/incidents/:incidentId/submissions/:submissionId/preflight": "RDALU",
  "POST /v1/incidents/:incidentId/submissions/:submissionId/send-back": "AL",
  "POST /v1/incidents/:incidentId/submissions/:submissionId/approve": "AL",
  "GET /v1/incidents/:incidentId/publication": "RDALU",
  "PUT /v1/incidents/:incidentId/publication": "DL",
  "GET /v1/incidents/:incidentId/publication/preview": "RDALU",
  "POST /v1/incidents/:incidentId/publication/updates": "DL",
  "GET /v1/incidents/:incidentId/publication/updates/:updateId": "RDALU",
  "PATCH /v1/incidents/:incidentId/publication/updates/:updateId": "DL",
  "POST /v1/incidents/:incidentId/publication/updates/:updateId/submit": "DL",
  "POST /v1/incidents/:incidentId/publication/updates/:updateId/send-back": "AL",
  "POST /v1/incidents/:incidentId/publication/updates/:updateId/approve": "AL",
  "POST /v1/incidents/:incidentId/publication/updates/:updateId/withdraw": "DL",
  "POST /v1/incidents/:incidentId/audiences": "RL",
  "GET /v1/incidents/:incidentId/audiences": "RDALU",
  "GET /v1/incidents/:incidentId/audiences/:audienceId": "RDALU",
  "POST /v1/incidents/:incidentId/audiences/:audienceId/freeze": "RL",
  "GET /v1/incidents/:incidentId/audiences/:audienceId/recipients": "RL",
  "POST /v1/incidents/:incidentId/recipients/:recipientId/reveal": "RL",
  "POST /v1/incidents/:incidentId/audiences/:audienceId/export": "L",
  "POST /v1/incidents/:incidentId/recipients/:recipientId/suppress": "RL",
  "POST /v1/incidents/:incidentId/recipients/:recipientId/erase": "RL",
  "POST /v1/incidents/:incidentId/audiences/:audienceId/uploads": "RL",
  "POST /v1/incidents/:incidentId/audiences/:audienceId/uploads/:uploadId/import": "RL",
  "GET /v1/incidents/:incidentId/audiences/:audienceId/uploads/:uploadId": "RDALU",
  "GET /v1/incidents/:incidentId/audiences/:audienceId/uploads/:uploadId/errors": "RL",
  "GET /v1/incidents/:incidentId/audiences/:audienceId/uploads/:uploadId/errors.csv": "RL",
  "POST /v1/incidents/:incidentId/audiences/:audienceId/uploads/:uploadId/discard": "RL",
  "POST /v1/incidents/:incidentId/surveys": "DL",
  "GET /v1/incidents/:incidentId/surveys": "RDAL",
  "GET /v1/incidents/:incidentId/surveys/:surveyId": "RDAL",
  "POST /v1/incidents/:incidentId/surveys/:surveyId/open": "AL",
  "POST /v1/incidents/:incidentId/surveys/:surveyId/close": "DL",
  "GET /v1/incidents/:incidentId/surveys/:surveyId/results": "RDAL",
  "POST /v1/incidents/:incidentId/waves": "RA",
  "GET /v1/incidents/:incidentId/waves": "RDALU",
  "GET /v1/incidents/:incidentId/waves/:waveId": "RDALU",
  "POST /v1/incidents/:incidentId/waves/:waveId/pause": "RDALX",
  "POST /v1/incidents/:incidentId/waves/:waveId/resume": "A",
  "POST /v1/incidents/:incidentId/waves/:waveId/cancel": "RDALX",
  "GET /v1/incidents/:incidentId/waves/:waveId/deliveries": "RDALU",
  "POST /v1/incidents/:incidentId/waves/:waveId/deliveries/decisions": "AL",
  "GET /v1/incidents/:incidentId/waves/:waveId/held": "RDALU",
  "POST /v1/incidents/:incidentId/waves/:waveId/held/decisions": "AL",
  "POST /v1/incidents/:incidentId/waves/:waveId/rejected/resend": "AL",
  "GET /v1/incidents/:incidentId/waves/:waveId/deliveries/unknown": "RDALU",
  "GET /v1/incidents/:incidentId/waves/:waveId/not-reached": "RDALU",
  "POST /v1/incidents/:incidentId/waves/:waveId/not-reached/export": "RL",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches": "RL",
  "GET /v1/incidents/:incidentId/waves/:waveId/letter-batches": "RDALU",
  "GET /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId": "RDALU",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId/unlock": "RL",
  "GET /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId/files/:fileId": "RL",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId/discard": "RL",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId/cancel": "RL",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId/receipts": "RL",
  "PUT /v1/incidents/:incidentId/followup-plan": "RDL",
  "GET /v1/incidents/:incidentId/followup-plan": "RDALU",
  "GET /v1/incidents/:incidentId/followups": "RDALU",
  "POST /v1/incidents/:incidentId/followups/:followupId/take": "RDL",
  "POST /v1/incidents/:incidentId/followups/:followupId/skip": "RDL",
  "GET /v1/inbox": "RDALUX",
  "GET /v1/incidents/:incidentId/inquiries": "RDAL",
  "POST /v1/incidents/:incidentId/inquiries": "RDL",
  "POST /v1/incidents/:incidentId/inquiries/:inquiryId/open": "RDAL",
  "POST /v1/incidents/:incidentId/inquiries/:inquiryId/answer": "RDL",
  "POST /v1/incidents/:incidentId/inquiries/:inquiryId/approve": "AL",
  "POST /v1/incidents/:incidentId/inquiries/:inquiryId/send-back": "AL",
  "POST /v1/incidents/:incidentId/inquiries/:inquiryId/close": "RDL",
};

/** Routes that only a settled role opens, and routes that ask for an authenticator code. */
const SETTLED: ReadonlySet<string> = new Set([
  "POST /v1/incidents/:incidentId/publication/updates/:updateId/send-back",
  "POST /v1/incidents/:incidentId/publication/updates/:updateId/approve",
  "POST /v1/incidents/:incidentId/notices/:noticeId/overrides",
  "POST /v1/incidents/:incidentId/submissions/:submissionId/approve",
  "POST /v1/incidents/:incidentId/filings/:filingId/approve",
  "POST /v1/incidents/:incidentId/recipients/:recipientId/reveal",
  "POST /v1/incidents/:incidentId/audiences/:audienceId/export",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId/unlock",
  "GET /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId/files/:fileId",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId/discard",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId/cancel",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId/receipts",
  "POST /v1/incidents/:incidentId/waves/:waveId/not-reached/export",
  "POST /v1/incidents/:incidentId/surveys/:surveyId/open",
  "POST /v1/incidents/:incidentId/inquiries/:inquiryId/approve",
  "POST /v1/incidents/:incidentId/inquiries/:inquiryId/send-back",
]);
const CODED: ReadonlySet<string> = new Set([
  "POST /v1/processors",
  "POST /v1/incidents/:incidentId/filings/:filingId/approve",
  "POST /v1/incidents/:incidentId/publication/updates/:updateId/approve",
  "GET /v1/incidents/:incidentId/audiences/:audienceId/uploads/:uploadId/errors.csv",
  "POST /v1/me/tokens",
  "POST /v1/me/calendar",
  "POST /v1/incidents/:incidentId/notices/:noticeId/overrides",
  "POST /v1/incidents/:incidentId/submissions/:submissionId/approve",
  "POST /v1/incidents/:incidentId/recipients/:recipientId/reveal",
  "POST /v1/incidents/:incidentId/recipients/:recipientId/erase",
  "POST /v1/incidents/:incidentId/audiences/:audienceId/export",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches",
  "POST /v1/incidents/:incidentId/waves/:waveId/letter-batches/:batchId/unlock",
  "POST /v1/incidents/:incidentId/waves/:waveId/not-reached/export",
  "POST /v1/incidents/:incidentId/surveys/:surveyId/open",
  "POST /v1/incidents/:incidentId/inquiries/:inquiryId/approve",
]);

const LETTERS: Readonly<Record<Role, string>> = {
  responder: "R",
  drafter: "D",
  approver: "A",
  counsel: "L",
  auditor: "U",
  admin: "X",
};

interface Person {
  readonly letter: string;
  readonly good: string;
  readonly unsettled: string;
  readonly ended: Readonly<Record<string, string>>;
}

let w: World;
let app: Served;
const people: Person[] = [];
beforeAll(async () => {
  w = await world();
  app = await serve(w.ctx);
  for (const [role, letter] of Object.entries(LETTERS))
    people.push(await givenPerson([role as Role], letter));
  people.push(await givenPerson([], "-"));
});
afterAll(async () => {
  await app.close();
  await w.close();
});

test("every route has a row here and every row a route", () => {
  expect(ROUTES.map(nameOf).toSorted()).toEqual(Object.keys(RIGHTS).toSorted());
});

test("every route names a permission, and only two ask for no token", () => {
  expect(ROUTES.filter(({ permission }) => !permission)).toEqual([]);
  const open = ROUTES.filter(({ permission }) => permission === "anyone").map(nameOf);
  expect(open).toEqual(["POST /v1/invitations/accept", "GET /v1/calendars/:secret/deadlines.ics"]);
});

test("the routes that ask for a code are the ones listed here", () => {
  expect(
    ROUTES.filter(({ secondFactor }) => secondFactor)
      .map(nameOf)
      .toSorted(),
  ).toEqual([...CODED].toSorted());
});

describe.each(Object.entries(RIGHTS))("%s is for %s", (name, letters) => {
  const [method = "", path = ""] = name.split(" ");
  const call = (token?: string) => app.call(method, filled(path), { token, ...nonsense(method) });
  const may = (letter: string) => letters === "*" || letters.includes(letter);

  test("and nobody without a token that works", async () => {
    // Of somebody who may: whoever may not is refused before and after.
    const whose = people.findLast(({ letter }) => may(letter));
    const ended = Object.values(whose?.ended ?? {});
    expect(ended).toHaveLength(3);
    for (const token of [undefined, "", ...ended]) {
      const answer = await call(token);
      if (letters === "*") expect(codeOf(answer)).not.toBe("not-signed-in");
      else expect([answer.status, codeOf(answer)]).toEqual([401, "not-signed-in"]);
    }
    if (letters === "*") return;
    const guess = await call(`cnt_${randomUUID()}`);
    expect(["not-signed-in", "too-many-requests"]).toContain(codeOf(guess));
  });

  test("and for each role alone", async () => {
    for (const { letter, good, unsettled } of people) {
      expect([letter, refused(await call(good))]).toEqual([letter, !may(letter)]);
      // A role that is not settled opens less than one that is, never more.
      if (!may(letter)) continue;
      expect([letter, refused(await call(unsettled))]).toEqual([letter, SETTLED.has(name)]);
    }
  });
});

test("a code is asked for before anything else happens on the routes that want one", async () => {
  const [before] = await w.sql`select count(*)::int as n from token`;
  const answer = await app.call("POST", "/v1/me/tokens", {
    token: people[0]?.good,
    body: { label: "x" },
  });
  expect(codeOf(answer)).toBe("second-factor-needed");
  const [after] = await w.sql`select count(*)::int as n from token`;
  expect(after?.["n"]).toBe(before?.["n"]);
});

/** Refused for want of rights. A `five-hundred` is never an answer. */
function refused(answer: Answered): boolean {
  expect(answer.status).toBeLessThan(500);
  if (answer.status < 400) return false;
  const { code, status } = Problem.parse(answer.json);
  expect(code).not.toBe("not-signed-in");
  expect(code === "not-allowed").toBe(status === 403 && code !== "four-eyes");
  return code === "not-allowed";
}

function codeOf(answer: Answered): unknown {
  return answer.json["code"];
}

async function givenPerson(roles: readonly Role[], letter: string): Promise<Person> {
  const actor = await givenActor(w.ctx, roles);
  const fresh = await givenActor(w.ctx, roles);
  const later = new Date(w.clock.now().getTime() + 1);
  await w.sql`update role_grant set effective_at = ${later} where staff_id = ${fresh.staffId}`;
  const gone = await givenActor(w.ctx, roles);
  await w.sql`update staff set disabled_at = ${w.clock.now()} where id = ${gone.staffId}`;
  return {
    letter,
    good: await givenToken(w, actor),
    unsettled: await givenToken(w, fresh),
    ended: await endedTokens(actor, gone),
  };
}

async function endedTokens(actor: Actor, gone: Actor) {
  const now = w.clock.now();
  return {
    expired: await givenToken(w, actor, { expiresAt: now }),
    revoked: await givenToken(w, actor, { revokedAt: now }),
    disabled: await givenToken(w, gone),
  };
}

function nameOf({ method, path }: { method: string; path: string }): string {
  return `${method.toUpperCase()} ${path}`;
}

/** A path to things that do not exist, so that no right call changes anything. */
function filled(path: string): string {
  return path
    .replaceAll(/:(\w+Id)\b/g, () => randomUUID())
    .replaceAll(":role", "drafter")
    .replaceAll(/:\w+/g, "1");
}

function nonsense(method: string) {
  return method === "GET" ? {} : { body: { surelyUnknown: 1 } };
}

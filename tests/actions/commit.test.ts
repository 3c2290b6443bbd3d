import { randomUUID } from "node:crypto";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { approve } from "../../src/actions/approval.ts";
import { submit } from "../../src/actions/approval/submit.ts";
import { once } from "../../src/actions/idempotency.ts";
import { draft } from "../../src/actions/notice/draft.ts";
import { add } from "../../src/actions/task.ts";
import { start } from "../../src/actions/wave/start.ts";
import { sendSlice } from "../../src/actions/delivery/send.ts";
import { claim } from "../../src/store/delivery/claim.ts";
import { markUnknown } from "../../src/store/delivery/sweep.ts";
import { connect } from "../../src/store/db.ts";
import type { Database, Sql } from "../../src/store/db.ts";
import { givenFrozenAudience } from "../support/audience.ts";
import { givenIncident } from "../support/incident.ts";
import { startProxy } from "../support/proxy.ts";
import type { Cut, Proxy } from "../support/proxy.ts";
import {
  givenApproved,
  givenSender,
  givenWave,
  leased,
  somePeople,
  states,
} from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

// Where the answer to a COMMIT is lost nobody knows whether it happened. Whoever asks again must
// find that it did, or do it: never both.

let w: World;
let proxy: Proxy;
/** The same database over a wire that can be cut. */
let sql: Database;
let far: World["ctx"];
beforeAll(async () => {
  w = await world();
  proxy = await startProxy(Number(new URL(w.config.DATABASE_URL).port));
});
// A connection says the words of a statement once, and then only its name.
beforeEach(() => {
  sql = connect(proxy.through(w.config.DATABASE_URL), 3);
  far = { ...w.ctx, sql };
});
afterEach(() => sql.end({ timeout: 1 }));
afterAll(async () => {
  await proxy.close();
  await w.close();
});

/** The COMMIT that is never sent, and the answer to it that never comes back. */
const CUTS = {
  // The last statement before it: a connection says the words of a COMMIT once, then its name.
  before: { words: /update timeline_head set/, when: "unanswered" },
  after: { words: /COMMIT\0/, way: "server", when: "before" },
} as const satisfies Record<string, Cut>;

/** Cut the wire at a COMMIT of this, the first unless said, and see that whoever asked is told. */
async function cutAtCommit(...given: Parameters<typeof cutDuring>): Promise<void> {
  expect(await cutDuring(...given)).toMatchObject({
    code: expect.stringMatching(/^(CONNECTION|ECONN)/),
  });
}

/** The same; answers what whoever asked is told, an error too. */
async function cutDuring(
  when: keyof typeof CUTS,
  act: (ctx: World["ctx"]) => Promise<unknown>,
  nth = 1,
): Promise<unknown> {
  const { cuts } = proxy.counts;
  let begun = 0;
  const begin = (run: (tx: Sql) => Promise<unknown>) => {
    begun += 1;
    if (begun === nth) proxy.cutWhen(CUTS[when]);
    return sql.begin(run);
  };
  const watched = new Proxy(sql, {
    get: (target, key) => (key === "begin" ? begin : Reflect.get(target, key)),
  });
  const told = await act({ ...far, sql: watched }).catch((error: unknown) => error);
  expect(proxy.counts.cuts).toBe(cuts + 1);
  return told;
}

describe.for(["before", "after"] as const)("a connection that is cut %s its COMMIT", (when) => {
  test("starts a wave once, whoever asks again", async () => {
    const approved = await givenApproved(w, { people: 3 });
    // The first transaction only looks.
    await cutAtCommit(when, (ctx) => start(ctx, w.staff.responder, approved), 2);
    const again = await start(far, w.staff.responder, approved).then(
      () => "started",
      (error: Error) => error.message,
    );
    expect(again).toMatch(when === "before" ? /^started$/ : /already used/);
    const rows = await w.sql`
      select d.id from wave w join delivery d on d.wave_id = w.id
       where w.submission_id = ${approved.submissionId}`;
    expect(rows).toHaveLength(3);
  });

  test("approves once, whoever asks again", async () => {
    const incidentId = (await givenIncident(w)).id;
    const { id: audienceId } = await givenFrozenAudience(w, incidentId, somePeople(2));
    const { notice } = await draft(w.ctx, w.staff.drafter, incidentId, { kind: "initial" });
    const plan = {
      mode: "first-reachable",
      channels: ["email", "letter"],
      consent: "agreed",
    } as const;
    const { id: submissionId, binding } = await submit(w.ctx, w.staff.drafter, incidentId, {
      noticeId: notice.id,
      version: notice.version,
      audienceId,
      plan: { ...plan, channels: [...plan.channels] },
      canary: 0,
    });
    const act = (ctx: World["ctx"]) =>
      approve(ctx, w.staff.approver, { incidentId, submissionId }, { binding });
    await cutAtCommit(when, act);
    await act(far);
    const rows = await w.sql`select from approval where submission_id = ${submissionId}`;
    expect(rows).toHaveLength(1);
    const entries = await w.sql`
      select from timeline where action = 'submission.approve' and incident_id = ${incidentId}`;
    expect(entries).toHaveLength(1);
  });

  test("does what has a key at most once, and answers where it was done", async () => {
    const { id } = await givenIncident(w);
    const { staffId } = w.staff.responder;
    const title = `Call ${randomUUID()}`;
    const key = randomUUID();
    const task = { title, phase: "open", ownerRole: "responder" } as const;
    const request = { staffId, key, route: "x", content: title, secretAnswer: false };
    const keyed = (ctx: World["ctx"]) =>
      once(ctx, request, async (by) => ({
        status: 201,
        body: await add(by, w.staff.responder, id, task),
      }));
    const first = await cutDuring(when, keyed);
    const again = await keyed(far).catch((error: unknown) => error);
    const rows = await w.sql`select from task where title = ${title}`;
    expect(rows).toHaveLength(when === "before" ? 0 : 1);
    if (when === "before") expect(again).toMatchObject({ code: "conflict" });
    else {
      expect(first).toMatchObject({ status: 201, body: { title } });
      expect(JSON.stringify(again)).toBe(JSON.stringify(first));
    }
  });
});

test("a claim that came through after it was given up does not stay open for ever", async () => {
  const { waveId } = await givenWave(w, { people: 2 });
  const [sliceId = ""] = await leased(w, waveId);
  const { workerId } = await givenSender(w);
  await claim(w.sql, { sliceId, waveId, workerId, rowsMax: 2 });
  await w.sql`
    update attempt set started_at = now() - interval '31 minutes' where delivery_id =
      (select min(id) from delivery where wave_id = ${waveId})`;
  await w.sql`update slice set leased_at = now() - interval '31 minutes'`;
  await markUnknown(w.sql);
  expect(await states(w, waveId)).toEqual({ sending: 1, unknown: 1 });
});

describe("sends nobody twice where the answer is lost to", () => {
  test.for([
    ["a claim of everybody", /SELECT 7\0/],
    ["the outcomes", /UPDATE \d+\0/],
  ] as const)("%s", async ([, words]) => {
    const { waveId } = await givenWave(w, { people: 7 });
    const [slice = ""] = await leased(w, waveId);
    w.email.sent.length = 0;
    const sender = await givenSender({ ...w, ctx: far });
    proxy.cutWhen({ words, way: "server", when: "before" });
    const { cuts } = proxy.counts;
    await sendSlice(far, sender, slice);
    expect(proxy.counts.cuts).toBe(cuts + 1);
    // What a lost claim took was given back, and is due.
    for (const rest of await leased(w, waveId)) await sendSlice(far, sender, rest);
    expect(await states(w, waveId)).toEqual({ accepted: 7 });
    expect(new Set(w.email.sent.map(({ message }) => message)).size).toBe(7);
    expect(w.email.sent).toHaveLength(7);
  });
});

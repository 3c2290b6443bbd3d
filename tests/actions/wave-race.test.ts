import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { decideUnknown } from "../../src/actions/delivery.ts";
import { sendSlice } from "../../src/actions/delivery/send.ts";
import type { Sender } from "../../src/actions/delivery/send.ts";
import { cancel, pause, resume, sweep } from "../../src/actions/wave.ts";
import type { Context } from "../../src/context.ts";
import { mayBecome } from "../../src/domain/delivery.ts";
import type { Outcome } from "../../src/domain/delivery.ts";
import { giveBackAll, lease } from "../../src/store/delivery/slice.ts";
import * as sweeping from "../../src/store/delivery/sweep.ts";
import * as waves from "../../src/store/wave.ts";
import { PEOPLE } from "../support/model/order.ts";
import { closeStore, givenTemplate, openStore } from "../support/model/store.ts";
import type { Store } from "../support/model/store.ts";
import { givenSender, silence, watchTransitions } from "../support/wave.ts";
import type { GivenWave } from "../support/wave.ts";
import { world } from "../support/world.ts";
import type { World } from "../support/world.ts";

/*
 * The real senders of three workers, a relay, a sweep, Redis that is emptied and people who stop,
 * go on, cancel and decide: all at once on one wave, in whatever order the scheduler lets their
 * steps happen. The provider's own list says what was sent. `RACE_RUNS` runs more; `MODEL_SEED`
 * and `MODEL_PATH` run a failure again, as far as the database lets them.
 */

const RUNS = Number(process.env["RACE_RUNS"] ?? 40);
const AGAIN = {
  ...(process.env["MODEL_SEED"] && { seed: Number(process.env["MODEL_SEED"]) }),
  ...(process.env["MODEL_PATH"] && { path: process.env["MODEL_PATH"] }),
};

let w: World;
let template: GivenWave;
let transitions: Awaited<ReturnType<typeof watchTransitions>>;
beforeAll(async () => {
  w = await world();
  template = await givenTemplate(w);
  await w.sql`update wave set state = 'cancelled', ended_at = now()`;
  transitions = await watchTransitions(w);
});
afterAll(() => w.close());

type Kind = "accepted" | "unknown" | "transient";
type Step = (label: string) => Promise<void>;

/** What one run is made of. */
interface Scene {
  readonly ctx: Context;
  readonly store: Store;
  readonly senders: readonly Sender[];
  readonly lost: Set<number>;
  readonly step: Step;
  /** How often the provider took a message for each recipient. */
  readonly taken: Map<string, number>;
  readonly resends: { count: number };
  readonly slices: string[];
}

const outcomes = fc.infiniteStream(
  fc.constantFrom<Kind>("accepted", "accepted", "accepted", "unknown", "transient"),
);

test("nothing is sent twice or lost, however the steps of everybody mix", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      outcomes,
      fc.array(fc.nat(20), { minLength: 9, maxLength: 9 }),
      fc.subarray(["pause", "flush", "lose", "decide", "cancel"] as const),
      async (scheduler, answers, picks, faults) => {
        const store = await openStore(w, template, 0);
        const scene = await givenScene(store, {
          answers,
          step: (l) => scheduler.schedule(Promise.resolve(), l),
        });
        const actors = [
          relay(scene),
          ...scene.senders.map((sender, i) => work(scene, sender, picks.slice(3 * i, 3 * i + 3))),
          ...faults.map((fault) => FAULTS[fault](scene)),
        ];
        try {
          await scheduler.waitFor(Promise.all(actors));
          await rest(scene);
          await judge(scene);
        } finally {
          await closeStore(store);
        }
      },
    ),
    { numRuns: RUNS, ...AGAIN },
  );
  const impossible = (await transitions()).filter(([from, to]) => !mayBecome(from, to));
  expect(impossible).toEqual([]);
}, 600_000);

async function givenScene(
  store: Store,
  { answers, step }: { answers: Iterator<Kind>; step: Step },
): Promise<Scene> {
  const taken = new Map<string, number>();
  const lost = new Set<number>();
  const email = {
    ...w.email,
    async send({ to }: { to: string }, mayWrite: () => boolean): Promise<Outcome> {
      await step("connect");
      if (!mayWrite()) return { kind: "not-sent", code: "stopped" };
      const kind = answers.next().value ?? "accepted";
      const isTaken = kind === "accepted" || kind === "unknown";
      if (isTaken) taken.set(to, (taken.get(to) ?? 0) + 1);
      await step("answer");
      return answerOf(kind);
    },
  };
  const ctx = { ...w.ctx, email };
  const senders = await Promise.all(
    store.workerIds.map((workerId, i) =>
      givenSender({ ...w, ctx }, { workerId, mayWrite: () => !lost.has(i) }),
    ),
  );
  return { ctx, store, senders, lost, step, taken, resends: { count: 0 }, slices: [] };
}

function answerOf(kind: Kind): Outcome {
  return { kind, code: "250" };
}

async function relay({ store, step, slices }: Scene): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) {
    await step("relay");
    slices.push(...(await leaseAll(store, 2)));
  }
}

async function leaseAll({ waveId }: Store, rowsMax: number): Promise<string[]> {
  await w.sql`update delivery set next_at = now() where wave_id = ${waveId} and state = 'planned'`;
  const running = (await waves.running(w.sql)).some(({ id }) => id === waveId);
  if (!running) return [];
  const options = { waveId, channel: "email", canaryOnly: false, rowsMax } as const;
  const leased = await w.sql.begin((tx) => lease(tx, options));
  return leased.map(({ sliceId }) => sliceId);
}

/** Jobs are run more than once, and by several: a slice is taken from anywhere. */
async function work({ ctx, step, slices }: Scene, sender: Sender, picks: readonly number[]) {
  for (const pick of picks) {
    await step("take a job");
    const sliceId = slices[pick % Math.max(1, slices.length)];
    if (sliceId !== undefined) await sendSlice(ctx, sender, sliceId);
  }
}

const FAULTS = {
  async pause({ ctx, store, step }: Scene) {
    await step("pause");
    const paused = await attempt(pause(ctx, w.staff.drafter, order(store)));
    await step("resume");
    if (paused) await goOn(ctx, store);
  },
  async flush({ step }: Scene) {
    await step("flush");
    await giveBackAll(w.sql);
  },
  /** It stops writing bodies well before it is called silent. */
  async lose({ lost, store, step }: Scene) {
    await step("freeze");
    lost.add(0);
    await step("silent");
    await silence(w, store.workerIds[0] ?? "");
    await sweeping.markUnknown(w.sql);
  },
  async decide({ ctx, store, step, resends }: Scene) {
    for (let turn = 0; turn < 3; turn += 1) {
      await step("decide");
      const given = { ...order(store), deliveryIds: "all", decision: "resend" } as const;
      const answer = await attempt(decideUnknown(ctx, w.staff.approver, given));
      resends.count += answer ? answer.decided : 0;
    }
  },
  async cancel({ ctx, store, step }: Scene) {
    for (let turn = 0; turn < 6; turn += 1) await step("wait");
    await attempt(cancel(ctx, w.staff.drafter, order(store)));
  },
};

async function goOn(ctx: Context, store: Store): Promise<void> {
  for (const person of [w.staff.approver, w.staff.approver2])
    await attempt(resume(ctx, person, order(store)));
}

/** All workers are gone; another one sends what is left, and the provider takes it. */
async function rest({ ctx, store, taken }: Scene): Promise<void> {
  for (const workerId of store.workerIds) await silence(w, workerId);
  await sweeping.markUnknown(w.sql);
  await giveBackAll(w.sql);
  await goOn(ctx, store);
  const email = {
    ...w.email,
    send: async ({ to }: { to: string }): Promise<Outcome> => {
      taken.set(to, (taken.get(to) ?? 0) + 1);
      return { kind: "accepted", code: "250" };
    },
  };
  const last = { ...ctx, email };
  const sender = await givenSender({ ...w, ctx: last });
  for (const sliceId of await leaseAll(store, PEOPLE)) await sendSlice(last, sender, sliceId);
  await sweeping.cancelStragglers(w.sql);
  await sweep(ctx);
}

async function judge({ store, taken, resends }: Scene): Promise<void> {
  const rows = await w.sql<{ recipientId: string; state: string; resent: boolean }[]>`
    select recipient_id, state, attempt > 0 as resent from delivery
     where wave_id = ${store.waveId}`;
  const { state } = await waves.find(w.sql, store.incidentId, store.waveId);
  expect(rows).toHaveLength(PEOPLE);
  expect(["done", "cancelled"]).toContain(state);
  let copies = 0;
  for (const { recipientId, state: end } of rows) {
    const times = taken.get(`${recipientId}@example.com`) ?? 0;
    expect(["accepted", "unknown", "cancelled"]).toContain(end);
    if (end === "accepted") expect(times).toBeGreaterThan(0);
    copies += Math.max(0, times - 1);
    // What may have been taken is never called cancelled.
    if (end === "cancelled") expect(times).toBe(0);
  }
  expect(copies).toBeLessThanOrEqual(resends.count);
}

/** A refusal is an answer too: somebody else was first. */
async function attempt<T>(doing: Promise<T>): Promise<T | undefined> {
  return doing.catch((error: unknown) => {
    if (error instanceof Error && error.name === "Refusal") return undefined;
    throw error;
  });
}

function order({ incidentId, waveId }: Store) {
  return { incidentId, waveId, reason: "A test of every order." };
}

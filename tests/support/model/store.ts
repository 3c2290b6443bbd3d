import { randomUUID } from "node:crypto";

import { decideUnknown } from "../../../src/actions/delivery.ts";
import { cancel, pause, resume, sweep } from "../../../src/actions/wave.ts";
import type { Sql } from "../../../src/store/db.ts";
import { claim, disown } from "../../../src/store/delivery/claim.ts";
import { plan } from "../../../src/store/delivery/plan.ts";
import { settle } from "../../../src/store/delivery/settle.ts";
import { expireLeases, giveBack, lease } from "../../../src/store/delivery/slice.ts";
import * as sweeping from "../../../src/store/delivery/sweep.ts";
import { keep } from "../../../src/store/receipt.ts";
import { apply } from "../../../src/store/receipt/apply.ts";
import * as waves from "../../../src/store/wave.ts";
import * as workers from "../../../src/store/worker.ts";
import { ageSlices, givenWave, silence } from "../wave.ts";
import type { GivenWave } from "../wave.ts";
import type { World } from "../world.ts";
import { verdictOf } from "./machine.ts";
import type { InHand, Machine } from "./machine.ts";
import { PEOPLE, WORKERS } from "./order.ts";
import type { Meant } from "./order.ts";

/** One wave in the real store, addressed as the model addresses it. */
export interface Store {
  readonly w: World;
  readonly incidentId: string;
  readonly waveId: string;
  readonly recipientIds: readonly string[];
  readonly workerIds: readonly string[];
  /** Slice ids in the order of the leases; each lease makes one. */
  readonly sliceIds: string[];
  /** Delivery ids by person and channel. */
  readonly ids: Map<string, string>;
}

/** What both are compared by. */
export interface Picture {
  readonly wave: { readonly state: string; readonly canaryPassed: boolean };
  /** By person and channel: state, attempt, whether another channel followed. */
  readonly rows: Readonly<Record<string, string>>;
  /** By person, channel and number: outcome, and whether it may be a second copy. */
  readonly attempts: Readonly<Record<string, string>>;
}

/** A wave to copy: everybody has a mailbox and a phone. */
export function givenTemplate(w: World): Promise<GivenWave> {
  const people = Array.from({ length: PEOPLE }, (_, i) => ({
    email: `person-${i}@example.com`,
    phone: `+1202555014${i}`,
    agreed: "yes" as const,
  }));
  return givenWave(w, { people, channels: ["email", "sms"] });
}

/** A fresh wave to fresh people, in a few statements. */
export async function openStore(w: World, of: GivenWave, canary: number): Promise<Store> {
  const [audienceId, submissionId, waveId] = [randomUUID(), randomUUID(), randomUUID()];
  const recipientIds = Array.from({ length: PEOPLE }, () => randomUUID()).toSorted();
  const workerIds = Array.from({ length: WORKERS }, () => randomUUID());
  await w.sql.begin(async (tx) => {
    await copy(tx, "audience", { id: audienceId, state: "open" }, of.audienceId);
    for (const [i, id] of recipientIds.entries())
      await copy(tx, "recipient", { id, audience_id: audienceId }, of.recipientIds[i] ?? "");
    const [before] = await tx<{ submissionId: string }[]>`
      select submission_id from wave where id = ${of.waveId}`;
    const changes = {
      id: submissionId,
      audience_id: audienceId,
      closed_at: new Date().toISOString(),
    };
    await copy(tx, "submission", changes, before?.submissionId ?? "");
    const state = canary > 0 ? "canary" : "sending";
    const own = { id: waveId, submission_id: submissionId, audience_id: audienceId };
    await copy(tx, "wave", { ...own, state, canary_passed: canary === 0 }, of.waveId);
    await plan(tx, { waveId, audienceId, ...PLAN, canary });
    for (const id of workerIds) await workers.beat(tx, id);
  });
  return {
    w,
    incidentId: of.incidentId,
    waveId,
    recipientIds,
    workerIds,
    sliceIds: [],
    ids: new Map(),
  };
}

/** Leave nothing behind that a sweep would look at. */
export async function closeStore({ w, waveId }: Store): Promise<void> {
  await w.sql`update wave set state = 'cancelled', paused_reason = null, ended_at = now() where id = ${waveId}`;
  await w.sql`delete from receipt`;
  await w.sql`delete from delivery where wave_id = ${waveId}`;
}

/** Copy a row with other values in these columns. */
async function copy(
  tx: Sql,
  table: string,
  changes: Readonly<Record<string, string | boolean>>,
  id: string,
): Promise<void> {
  await tx`
    insert into ${tx(table)}
    select (jsonb_populate_record(t, ${tx.json(changes)})).* from ${tx(table)} t where id = ${id}`;
}

/** Ids, and which deliveries are canaries, are the store's choice: the model is told. */
export async function adopt(s: Store, m: Machine): Promise<void> {
  const rows = await s.w.sql<
    { id: string; recipientId: string; channel: string; canary: boolean }[]
  >`
    select id, recipient_id, channel, canary from delivery where wave_id = ${s.waveId}`;
  for (const { id, recipientId, channel, canary } of rows) {
    const key = `${s.recipientIds.indexOf(recipientId)}/${channel}`;
    const row = m.rows.get(key);
    if (!row) throw new Error(`${key} was not planned.`);
    m.rows.set(key, Object.assign(row, { canary, order: Number(id) }));
    s.ids.set(key, id);
  }
}

/** Let it happen in the store. Answers what a claim took, or a lease. */
export async function perform(s: Store, meant: Meant): Promise<Performed> {
  const { sql } = s.w;
  switch (meant.does) {
    case "lease":
      return { leased: await leaseOne(s, meant) };
    case "claim":
      return { claimed: await claimSome(s, meant) };
    case "settle":
    case "settle again":
      await settleOne(s, meant);
      break;
    case "lose":
      await silence(s.w, s.workerIds[meant.worker] ?? "");
      break;
    case "beat":
      await workers.beat(sql, s.workerIds[meant.worker] ?? "");
      break;
    case "give back":
      await giveBack(sql, [s.sliceIds[meant.slice - 1] ?? ""]);
      break;
    case "tell":
      await tell(s, meant);
      break;
    case "decide":
      await decideUnknown(s.w.ctx, s.w.staff.approver, {
        ...order(s),
        deliveryIds: [idOf(s, meant.key)],
        decision: meant.decision,
      });
      break;
    case "erase":
      await sql`delete from recipient where id = ${s.recipientIds[meant.person] ?? ""}`;
      break;
    case "close":
      await sql`
        insert into closed_channel (incident_id, recipient_id, channel)
        values (${s.incidentId}, ${s.recipientIds[meant.person] ?? ""}, 'sms')
        on conflict do nothing`;
      break;
    case "disown":
      break;
    default:
      await performOnAll(s, meant.does);
  }
  return {};
}

export interface Performed {
  readonly leased?: readonly string[];
  readonly claimed?: readonly InHand[];
}

async function performOnAll(s: Store, does: string): Promise<void> {
  const { ctx, sql, staff } = s.w;
  if (does === "mark unknown") {
    await ageSlices(s.w);
    await sweeping.markUnknown(sql);
  }
  if (does === "expire leases") {
    await sql`update slice set leased_at = now() - interval '10 minutes'`;
    await expireLeases(sql);
  }
  if (does === "apply receipts") await sql.begin((tx) => apply(tx, 1_000));
  if (does === "pause") await pause(ctx, staff.drafter, order(s));
  if (does === "cancel") await cancel(ctx, staff.drafter, order(s));
  if (does === "resume")
    for (const person of [staff.approver, staff.approver2]) await resume(ctx, person, order(s));
  if (does === "change facts")
    await sql`
      update wave w set facts = case when w.facts ? 'other' then f.facts
                                     else '{"other": "fact"}' end
        from submission f where f.id = w.submission_id and w.id = ${s.waveId}`;
  if (does === "sweep") {
    await sweeping.cancelStragglers(sql);
    await sweep(ctx);
  }
}

/** A worker gives back what it never heard of; `known` is what it has in hand. */
export async function disownAll(s: Store, m: Machine, worker: number, slice: number) {
  const known = m.inHand.filter((hand) => hand.worker === worker);
  const ids = known.map(({ key }) => idOf(s, key));
  const sliceId = s.sliceIds[slice - 1] ?? "";
  await disown(s.w.sql, { sliceId, workerId: s.workerIds[worker] ?? "", known: ids });
}

async function leaseOne(s: Store, { channel, most }: Extract<Meant, { does: "lease" }>) {
  const { sql } = s.w;
  await sql`update delivery set next_at = now() where wave_id = ${s.waveId} and state = 'planned'`;
  const [wave] = (await waves.running(sql)).filter(({ id }) => id === s.waveId);
  if (!wave) return [];
  const canaryOnly = wave.state === "canary";
  const options = { waveId: s.waveId, channel, canaryOnly, rowsMax: most };
  const [slice] = await sql.begin((tx) => lease(tx, options));
  if (!slice) return [];
  s.sliceIds.push(slice.sliceId);
  const rows = await sql<{ id: string }[]>`
    select id from delivery where slice_id = ${slice.sliceId}`;
  return rows.map(({ id }) => keyOf(s, id));
}

async function claimSome(s: Store, meant: Extract<Meant, { does: "claim" }>): Promise<InHand[]> {
  const { worker, slice, most } = meant;
  const rows = await claim(s.w.sql, {
    sliceId: s.sliceIds[slice - 1] ?? "",
    waveId: s.waveId,
    workerId: s.workerIds[worker] ?? "",
    rowsMax: most,
  });
  return rows.map(({ id, attempt, putOff }) => ({ worker, key: keyOf(s, id), attempt, putOff }));
}

async function settleOne(s: Store, { hand, outcome }: OfHand): Promise<void> {
  await settle(s.w.sql, s.workerIds[hand.worker] ?? "", [
    {
      deliveryId: idOf(s, hand.key),
      attempt: hand.attempt,
      outcome: outcome.kind === "held" ? { kind: "not-sent", code: "held" } : outcome,
      verdict: verdictOf(hand, outcome),
    },
  ]);
}

async function tell(s: Store, meant: Extract<Meant, { does: "tell" }>): Promise<void> {
  const deliveryId = idOf(s, meant.key);
  await keep(s.w.sql, [
    {
      provider: "twilio",
      eventId: randomUUID(),
      deliveryId,
      attempt: meant.attempt,
      messageRef: null,
      status: meant.status,
      code: null,
      reference: null,
    },
  ]);
}

/** How it stands in the store. */
export async function pictureOf(s: Store): Promise<Picture> {
  const [row] = await s.w.sql<[Pictured]>`
    select w.state, w.canary_passed,
           (select jsonb_agg(jsonb_build_array(id, state, attempt, onward))
              from delivery where wave_id = w.id) as rows,
           (select jsonb_agg(jsonb_build_array(a.delivery_id, a.n, a.outcome, a.possible_duplicate))
              from attempt a join delivery d on d.id = a.delivery_id
             where d.wave_id = w.id) as attempts
      from wave w where w.id = ${s.waveId}`;
  return {
    wave: { state: row.state, canaryPassed: row.canaryPassed },
    rows: Object.fromEntries(
      row.rows.map(([id, state, attempt, onward]) => [
        keyOf(s, String(id)),
        `${state} ${attempt} ${onward ?? "undecided"}`,
      ]),
    ),
    attempts: Object.fromEntries(
      (row.attempts ?? []).map(([id, n, outcome, isCopy]) => [
        `${keyOf(s, String(id))}/${n}`,
        `${outcome ?? "none"} ${isCopy}`,
      ]),
    ),
  };
}

interface Pictured {
  readonly state: string;
  readonly canaryPassed: boolean;
  readonly rows: [number, string, number, boolean | null][];
  readonly attempts: [number, number, string | null, boolean][] | null;
}

/** How it stands in the model. */
export function pictureOfModel({ wave, rows, attempts }: Machine): Picture {
  return {
    wave: { state: wave.state, canaryPassed: wave.canaryPassed },
    rows: Object.fromEntries(
      [...rows.values()].map((row) => [
        row.key,
        `${row.state} ${row.attempt} ${row.onward ?? "undecided"}`,
      ]),
    ),
    attempts: Object.fromEntries(
      [...attempts].map(([name, { outcome, duplicate }]) => [
        name,
        `${outcome ?? "none"} ${duplicate}`,
      ]),
    ),
  };
}

function idOf(s: Store, key: string): string {
  const id = s.ids.get(key);
  if (id === undefined) throw new Error(`There is no delivery ${key}.`);
  return id;
}

function keyOf(s: Store, id: string): string {
  return [...s.ids].find(([, each]) => each === id)?.[0] ?? "unknown";
}

function order({ incidentId, waveId }: Store) {
  return { incidentId, waveId, reason: "A test of every order." };
}

const PLAN = {
  mode: "first-reachable",
  channels: ["email", "sms"],
  consent: "agreed",
  noticeClass: "legal",
} as const;

type OfHand = Extract<Meant, { readonly hand: unknown }>;

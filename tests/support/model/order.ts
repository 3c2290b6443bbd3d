import fc from "fast-check";

import type { Outcome, SentChannel, UnknownDecision } from "../../../src/domain/delivery.ts";
import type { ReceiptStatus } from "../../../src/domain/receipt.ts";
import * as machine from "./machine.ts";
import type { InHand, Machine, Settling } from "./machine.ts";
import { applyReceipts } from "./report.ts";

/** Something that happens, naming everything by its place: the same on the model and the store. */
export type Order =
  | { readonly does: "lease"; readonly channel: SentChannel; readonly most: number }
  | {
      readonly does: "claim";
      readonly worker: number;
      readonly slice: number;
      readonly most: number;
      /** The answer never reaches the worker. */
      readonly unheard: boolean;
    }
  | { readonly does: "settle"; readonly hand: number; readonly outcome: Settling }
  | { readonly does: "settle again"; readonly hand: number }
  | OfWorker
  | { readonly does: "disown"; readonly worker: number; readonly slice: number }
  | { readonly does: "give back"; readonly slice: number }
  | {
      readonly does: "tell";
      readonly sms: number;
      readonly back: number;
      readonly status: ReceiptStatus;
    }
  | { readonly does: "decide"; readonly unknown: number; readonly decision: UnknownDecision }
  | OfPerson
  | OfAll;

interface OfWorker {
  readonly does: "lose" | "beat";
  readonly worker: number;
}

interface OfPerson {
  readonly does: "erase" | "close";
  readonly person: number;
}

interface OfAll {
  readonly does:
    | "mark unknown"
    | "expire leases"
    | "apply receipts"
    | "pause"
    | "resume"
    | "cancel"
    | "change facts"
    | "sweep";
}

export const PEOPLE = 5;
export const WORKERS = 3;

const outcome: fc.Arbitrary<Settling> = fc.oneof(
  { arbitrary: fc.constant<Outcome>({ kind: "accepted", code: "250" }), weight: 4 },
  { arbitrary: fc.constant<Outcome>({ kind: "unknown", code: "ETIMEDOUT" }), weight: 2 },
  fc.constant<Outcome>({ kind: "transient", code: "450" }),
  fc.constant<Outcome>({ kind: "throttled", code: "421" }),
  fc.constant<Outcome>({ kind: "not-sent", code: "stopped" }),
  {
    arbitrary: fc
      .constantFrom("recipient" as const, "content" as const, "configuration" as const)
      .map((fault): Outcome => ({ kind: "rejected", fault, code: "550" })),
    weight: 2,
  },
  fc.constant<Settling>({ kind: "held" }),
);

const worker = fc.nat(WORKERS - 1);
const place = fc.nat(11);
const most = fc.integer({ min: 1, max: PEOPLE });
const does = <T extends Order["does"]>(name: T) => ({ does: fc.constant(name) });

/** Any order; the ones that send are the most frequent. */
export const anyOrder: fc.Arbitrary<Order> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ ...does("lease"), channel: fc.constantFrom("email", "sms"), most }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      ...does("claim"),
      worker,
      slice: place,
      most,
      unheard: fc.oneof({ arbitrary: fc.constant(false), weight: 6 }, fc.constant(true)),
    }),
  },
  { weight: 12, arbitrary: fc.record({ ...does("settle"), hand: place, outcome }) },
  { weight: 2, arbitrary: fc.record({ ...does("settle again"), hand: place }) },
  { weight: 2, arbitrary: fc.record({ ...does("lose"), worker }) },
  { weight: 2, arbitrary: fc.record({ ...does("beat"), worker }) },
  { weight: 2, arbitrary: fc.record({ ...does("disown"), worker, slice: place }) },
  { weight: 1, arbitrary: fc.record({ ...does("give back"), slice: place }) },
  {
    weight: 5,
    arbitrary: fc.record({
      ...does("tell"),
      sms: place,
      back: fc.nat(1),
      status: fc.constantFrom<ReceiptStatus>("queued", "sent", "delivered", "failed"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      ...does("decide"),
      unknown: place,
      decision: fc.constantFrom<UnknownDecision>("accepted", "resend", "rejected"),
    }),
  },
  { weight: 1, arbitrary: fc.record({ ...does("erase"), person: fc.nat(PEOPLE - 1) }) },
  { weight: 1, arbitrary: fc.record({ ...does("close"), person: fc.nat(PEOPLE - 1) }) },
  { weight: 3, arbitrary: fc.record(does("mark unknown")) },
  { weight: 1, arbitrary: fc.record(does("expire leases")) },
  { weight: 4, arbitrary: fc.record(does("apply receipts")) },
  { weight: 1, arbitrary: fc.record(does("pause")) },
  { weight: 2, arbitrary: fc.record(does("resume")) },
  { weight: 1, arbitrary: fc.record(does("change facts")) },
  { weight: 6, arbitrary: fc.record(does("sweep")) },
);

/** A worker is thought dead in the middle of a message, which is sent again; then it comes back. */
const comesBackLate: fc.Arbitrary<Order[]> = fc
  .record({ worker, other: worker, outcome, again: fc.boolean(), known: fc.boolean() })
  .map(({ worker: lost, other, outcome: late, again, known }) => [
    { does: "lease", channel: "email", most: PEOPLE },
    { does: "claim", worker: lost, slice: -1, most: 1, unheard: false },
    { does: "lose", worker: lost },
    { does: "mark unknown" },
    { does: "decide", unknown: -1, decision: known ? "rejected" : "resend" },
    { does: "beat", worker: lost },
    ...(again
      ? ([
          { does: "lease", channel: "email", most: PEOPLE },
          { does: "claim", worker: other, slice: -1, most: PEOPLE, unheard: false },
        ] as const)
      : []),
    { does: "settle", hand: again ? 0 : -1, outcome: late },
  ]);

/** An SMS of which nobody knows is sent again, to no clear end; then the provider tells of the first. */
const toldOfTheFirst: fc.Arbitrary<Order[]> = fc
  .record({
    second: outcome,
    status: fc.constantFrom<ReceiptStatus>("queued", "delivered", "failed"),
    again: fc.constantFrom<Order["does"]>("lease", "sweep"),
    back: fc.nat(1),
  })
  .map(({ second, status, again, back }) => [
    ...one("email", { kind: "rejected", fault: "recipient", code: "550" }),
    { does: "sweep" },
    ...one("sms", { kind: "unknown", code: "timeout" }),
    { does: "decide", unknown: -1, decision: "resend" },
    ...one("sms", second),
    ...(again === "lease" ? [{ does: "lease", channel: "sms", most: PEOPLE } as const] : []),
    { does: "tell", sms: -1, back, status },
    { does: "apply receipts" },
    { does: "tell", sms: -1, back: 1, status: "failed" },
    { does: "apply receipts" },
  ]);

function one(channel: SentChannel, end: Settling): Order[] {
  return [
    { does: "lease", channel, most: 1 },
    { does: "claim", worker: 0, slice: -1, most: 1, unheard: false },
    { does: "settle", hand: -1, outcome: end },
  ];
}

/** One thing, or a few that seldom come in a row by chance. */
export const anyOrders: fc.Arbitrary<readonly Order[]> = fc.oneof(
  { weight: 24, arbitrary: anyOrder.map((order) => [order]) },
  { weight: 2, arbitrary: comesBackLate },
  { weight: 1, arbitrary: toldOfTheFirst },
);

/** An order with its names in full, as things are. */
export type Meant =
  | { readonly does: "lease"; readonly channel: SentChannel; readonly most: number }
  | Extract<Order, { does: "claim" }>
  | OfWorker
  | Extract<Order, { does: "disown" }>
  | Extract<Order, { does: "give back" }>
  | OfPerson
  | OfAll
  | {
      readonly does: "settle" | "settle again";
      readonly hand: InHand;
      readonly outcome: Settling;
    }
  | {
      readonly does: "tell";
      readonly key: string;
      readonly attempt: number;
      readonly status: ReceiptStatus;
    }
  | { readonly does: "decide"; readonly key: string; readonly decision: UnknownDecision };

/** What an order means as things are now; nothing where it has no meaning. */
export function meaningOf(m: Machine, order: Order): Meant | undefined {
  switch (order.does) {
    case "lease":
      return machine.due(m, order.channel).length > 0 ? order : undefined;
    case "claim":
    case "disown":
    case "give back":
      return m.slices > 0 ? { ...order, slice: 1 + at(order.slice, m.slices) } : undefined;
    case "settle": {
      const hand = m.inHand[at(order.hand, m.inHand.length)];
      return hand && { does: "settle", hand, outcome: order.outcome };
    }
    case "settle again": {
      const before = m.settled[at(order.hand, m.settled.length)];
      return before && { does: "settle again", ...before };
    }
    case "tell": {
      const sms = [...m.rows.values()].filter((row) => row.channel === "sms" && row.attempt > 0);
      const row = sms[at(order.sms, sms.length)];
      if (!row) return undefined;
      const attempt = Math.max(1, row.attempt - order.back);
      return { does: "tell", key: row.key, attempt, status: order.status };
    }
    case "decide": {
      const rows = [...m.rows.values()].filter(({ state }) => state === "unknown");
      const row = m.wave.state === "cancelled" ? undefined : rows[at(order.unknown, rows.length)];
      return row && { does: "decide", key: row.key, decision: order.decision };
    }
    default:
      return hasMeaning(m, order.does) ? order : undefined;
  }
}

/** Places wrap around; one below zero is counted from the end. */
function at(place: number, length: number): number {
  return ((place % length) + length) % length;
}

function hasMeaning({ wave }: Machine, does: Order["does"]): boolean {
  if (does === "pause") return wave.state === "canary" || wave.state === "sending";
  if (does === "resume") return wave.state === "paused" && wave.factsHold;
  if (does === "cancel") return wave.state !== "done" && wave.state !== "cancelled";
  return true;
}

/** Let it happen in the model. What the store chose freely is given: the rows of a lease. */
export function happen(m: Machine, meant: Meant, leased?: readonly string[]): InHand[] {
  switch (meant.does) {
    case "lease":
      machine.lease(m, leased ?? machine.due(m, meant.channel).slice(0, meant.most).map(keyOf));
      break;
    case "claim": {
      const rows = machine.claim(m, meant);
      if (!meant.unheard) m.inHand.push(...rows);
      return rows;
    }
    case "settle":
      m.inHand = m.inHand.filter((hand) => hand !== meant.hand);
      m.settled.push(meant);
      machine.settle(m, meant.hand, meant.outcome);
      break;
    case "settle again":
      machine.settle(m, meant.hand, meant.outcome);
      break;
    case "disown":
      machine.disown(m, meant.worker, meant.slice);
      break;
    case "give back":
      machine.endLeases(m, meant.slice);
      break;
    case "tell":
      m.receipts += 1;
      m.told.push({ ...meant, id: m.receipts });
      break;
    case "decide":
      machine.decide(m, meant.key, meant.decision);
      break;
    case "lose":
      m.silent.add(meant.worker);
      break;
    case "beat":
      m.silent.delete(meant.worker);
      break;
    case "erase":
      m.erased.add(meant.person);
      break;
    case "close":
      m.closed.add(meant.person);
      break;
    default:
      happenToAll(m, meant.does);
  }
  return [];
}

function happenToAll(m: Machine, does: OfAll["does"]): void {
  if (does === "mark unknown") machine.markUnknown(m);
  if (does === "expire leases") machine.endLeases(m);
  if (does === "apply receipts") applyReceipts(m);
  if (does === "pause") machine.pause(m, "person");
  if (does === "resume") machine.resume(m);
  if (does === "cancel") machine.cancel(m);
  if (does === "change facts") m.wave.factsHold = !m.wave.factsHold;
  if (does === "sweep") {
    machine.cancelStragglers(m);
    machine.sweepWave(m);
  }
}

function keyOf({ key }: { readonly key: string }): string {
  return key;
}

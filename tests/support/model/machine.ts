import { DECIDED_STATE, OPEN_STATES, after, mayBecome } from "../../../src/domain/delivery.ts";
import type {
  DeliveryState,
  Outcome,
  SentChannel,
  UnknownDecision,
  Verdict,
} from "../../../src/domain/delivery.ts";
import type { ReceiptStatus } from "../../../src/domain/receipt.ts";
import {
  NOTHING_JUDGED,
  canaryVerdict,
  faultsNow,
  stillJudged,
  waveVerdict,
} from "../../../src/domain/wave/brake.ts";
import type { CanaryCounts, Judged } from "../../../src/domain/wave/brake.ts";
import { requireStep, resumedState } from "../../../src/domain/wave.ts";
import type { PausedReason, WaveState } from "../../../src/domain/wave.ts";
import { failedLater, isUnsure, takenBefore } from "./taken.ts";

/** A delivery as far as the promise of the send path speaks of it. */
export interface Row {
  /** Person and channel: unique in a wave. */
  readonly key: string;
  readonly person: number;
  readonly channel: SentChannel;
  canary: boolean;
  /** In which order rows are claimed. */
  order: number;
  state: DeliveryState;
  attempt: number;
  slice: number | undefined;
  worker: number | undefined;
  onward: boolean | undefined;
  /** A person asked for a second copy that has not gone out yet. */
  wanted: boolean;
}

export interface Attempt {
  readonly worker: number;
  outcome: Outcome["kind"] | undefined;
  duplicate: boolean;
  /** The provider said so. */
  failed: boolean;
}

/** What a worker has claimed and not yet written the outcome of. */
export interface InHand {
  readonly worker: number;
  readonly key: string;
  readonly attempt: number;
  readonly putOff: number;
}

export interface Told {
  readonly id: number;
  readonly key: string;
  readonly attempt: number;
  readonly status: ReceiptStatus;
}

/** One wave, its deliveries and everybody who works on them: the reference for the real store. */
export interface Machine {
  readonly rows: Map<string, Row>;
  readonly attempts: Map<string, Attempt>;
  readonly wave: {
    state: WaveState;
    pausedReason: PausedReason | null;
    canaryPassed: boolean;
    judged: Judged;
    factsHold: boolean;
  };
  readonly erased: Set<number>;
  /** People to whom SMS is closed. */
  readonly closed: Set<number>;
  readonly silent: Set<number>;
  inHand: InHand[];
  /** Outcomes that were written, to be written again. */
  readonly settled: { readonly hand: InHand; readonly outcome: Settling }[];
  told: Told[];
  slices: number;
  receipts: number;
}

/** What a worker writes down: a provider's outcome, or that it holds the message. */
export type Settling = Outcome | { readonly kind: "held" };

/** Everybody planned, by e-mail first and by SMS after it. */
export function planned(people: number, canaries: number): Machine {
  const rows = Array.from({ length: people }, (_, person) =>
    newRow({ person, channel: "email", canary: person < canaries, order: person }),
  );
  return {
    rows: new Map(rows.map((row) => [row.key, row])),
    attempts: new Map(),
    wave: {
      state: canaries > 0 ? "canary" : "sending",
      pausedReason: null,
      canaryPassed: canaries === 0,
      judged: NOTHING_JUDGED,
      factsHold: true,
    },
    erased: new Set(),
    closed: new Set(),
    silent: new Set(),
    inHand: [],
    settled: [],
    told: [],
    slices: 0,
    receipts: 0,
  };
}

function newRow(given: Pick<Row, "person" | "channel" | "canary" | "order">): Row {
  return {
    ...given,
    key: `${given.person}/${given.channel}`,
    state: "planned",
    attempt: 0,
    slice: undefined,
    worker: undefined,
    onward: undefined,
    wanted: false,
  };
}

/** Every move goes through the table, or the run fails. None ends but with its second copy unwanted. */
export function move(row: Row, to: DeliveryState): void {
  if (!mayBecome(row.state, to)) throw new Error(`${row.key}: ${row.state} → ${to}`);
  row.state = to;
  row.wanted &&= to === "planned" || to === "leased" || to === "unknown";
}

export function mayClaim({ wave }: Machine): boolean {
  return (wave.state === "canary" || wave.state === "sending") && wave.factsHold;
}

/** Rows that the relay may lease by one channel. */
export function due(m: Machine, channel: SentChannel): Row[] {
  if (!mayClaim(m)) return [];
  return inOrder(m).filter(
    (row) =>
      row.state === "planned" &&
      row.channel === channel &&
      (row.canary || m.wave.state !== "canary"),
  );
}

/** The relay leases these: a new slice. */
export function lease(m: Machine, keys: readonly string[]): number {
  m.slices += 1;
  for (const key of keys) {
    const row = rowOf(m, key);
    move(row, "leased");
    row.slice = m.slices;
  }
  return m.slices;
}

/** A worker claims of a slice; answers what it may send now. */
export function claim(
  m: Machine,
  { worker, slice, most }: { worker: number; slice: number; most: number },
): InHand[] {
  if (!mayClaim(m)) return [];
  const free = inOrder(m).filter(
    (row) =>
      row.slice === slice && row.state === "leased" && (row.canary || m.wave.state === "sending"),
  );
  return free.slice(0, most).flatMap((row) => {
    const closed = row.channel === "sms" && m.closed.has(row.person);
    if (closed || m.erased.has(row.person)) {
      move(
        row,
        m.erased.has(row.person) ? (isUnsure(m, row) ? "unknown" : "excluded") : "rejected",
      );
      return [];
    }
    const putOff = attemptsOf(m, row).filter(({ outcome }) => PUT_OFF.has(outcome)).length;
    move(row, "sending");
    row.attempt += 1;
    row.worker = worker;
    const none = { outcome: undefined, duplicate: false, failed: false };
    m.attempts.set(`${row.key}/${row.attempt}`, { worker, ...none });
    return [{ worker, key: row.key, attempt: row.attempt, putOff }];
  });
}

/** What follows an outcome. */
export function verdictOf({ putOff }: InHand, outcome: Settling): Verdict {
  return outcome.kind === "held"
    ? { state: "held", reason: "address", nextInMs: 0 }
    : after(outcome, putOff + 1);
}

/** A worker writes an outcome down; late, twice or in time. */
export function settle(m: Machine, hand: InHand, outcome: Settling): void {
  const row = rowOf(m, hand.key);
  const attempt = m.attempts.get(`${hand.key}/${hand.attempt}`);
  if (!attempt || attempt.worker !== hand.worker) throw new Error("Nobody made this attempt.");
  const [was, before] = [row.state, attempt.outcome];
  if (before === undefined || before === "unknown") {
    attempt.outcome = outcome.kind === "held" ? "not-sent" : outcome.kind;
    attempt.duplicate = row.attempt > hand.attempt && outcome.kind === "accepted";
  }
  const state = takenBefore(m, hand) ? "accepted" : verdictOf(hand, outcome).state;
  if (row.attempt > hand.attempt) {
    const news = (before === undefined || before === "unknown") && !failedLater(m, hand);
    if (news && state === "accepted" && UNSURE.has(was)) move(row, state);
    return;
  }
  if (row.worker !== hand.worker) return;
  const late =
    (was === "unknown" && (state === "accepted" || state === "rejected")) ||
    // Planned again meanwhile: now it is needless.
    (state === "accepted" && (was === "planned" || was === "leased"));
  if (was !== "sending" && !late) return;
  move(row, state);
  if (state === "planned") row.slice = undefined;
}

const PUT_OFF = new Set<Attempt["outcome"]>(["throttled", "transient"]);
const UNSURE = new Set<DeliveryState>(["planned", "leased", "unknown", "held"]);

/** What silent workers were sending: nobody knows. */
export function markUnknown(m: Machine): void {
  for (const row of m.rows.values()) {
    if (row.state !== "sending" || !m.silent.has(row.worker ?? -1)) continue;
    move(row, takenBefore(m, row) ? "accepted" : "unknown");
    const attempt = m.attempts.get(`${row.key}/${row.attempt}`);
    if (attempt) attempt.outcome ??= "unknown";
  }
}

/** A claim whose answer never came: what this worker does not know of goes back. */
export function disown(m: Machine, worker: number, slice: number): void {
  const known = new Set(m.inHand.filter((hand) => hand.worker === worker).map(({ key }) => key));
  for (const row of m.rows.values()) {
    if (row.slice !== slice || row.worker !== worker || row.state !== "sending") continue;
    if (known.has(row.key)) continue;
    const taken = takenBefore(m, row);
    move(row, taken ? "accepted" : "planned");
    if (!taken) row.slice = undefined;
    const attempt = m.attempts.get(`${row.key}/${row.attempt}`);
    if (attempt) attempt.outcome = "not-sent";
  }
}

/** Leases end: of one slice, or all of them. */
export function endLeases(m: Machine, slice?: number): void {
  for (const row of m.rows.values()) {
    if (row.state !== "leased" || (slice !== undefined && row.slice !== slice)) continue;
    move(row, "planned");
    row.slice = undefined;
  }
}

/** A person decides what became of one delivery. Only of what is unknown, and not once cancelled. */
export function decide(m: Machine, key: string, decision: UnknownDecision): void {
  move(rowOf(m, key), DECIDED_STATE[decision]);
  if (decision === "resend") rowOf(m, key).slice = undefined;
  rowOf(m, key).wanted = decision === "resend";
  if (decision === "resend" && m.wave.state === "done") stepTo(m, "sending");
}

export function pause(m: Machine, reason: PausedReason): void {
  stepTo(m, "paused");
  m.wave.pausedReason = reason;
}

export function resume(m: Machine): void {
  m.wave.canaryPassed ||= m.wave.pausedReason === "canary";
  stepTo(m, resumedState(m.wave));
  m.wave.pausedReason = null;
  m.wave.judged = { ...NOTHING_JUDGED, ...faults(m) };
}

export function cancel(m: Machine): void {
  stepTo(m, "cancelled");
  m.wave.pausedReason = null;
  endOpen(m);
}

function endOpen(m: Machine): void {
  for (const row of m.rows.values())
    if (row.state === "planned" || row.state === "leased" || row.state === "held") {
      move(row, isUnsure(m, row) ? "unknown" : "cancelled");
      row.slice = undefined;
    }
}

/** What came back to a cancelled wave. */
export function cancelStragglers(m: Machine): void {
  if (m.wave.state === "cancelled") endOpen(m);
}

/** Move on who was rejected, then judge the wave once. Answers the rows that are new. */
export function sweepWave(m: Machine): Row[] {
  const fresh = m.wave.state === "cancelled" ? [] : moveOn(m);
  const { wave } = m;
  const rows = [...m.rows.values()];
  const open =
    rows.some(isOpen) || rows.some((row) => row.state === "rejected" && row.onward === undefined);
  if (wave.state !== "canary" && wave.state !== "sending") return fresh;
  if (open && !wave.factsHold) pause(m, "facts-changed");
  else if (wave.state === "sending" && !open) end(m);
  else judge(m);
  return fresh;
}

function moveOn(m: Machine): Row[] {
  const ended = [...m.rows.values()].filter(
    (row) => row.state === "rejected" && row.onward === undefined,
  );
  const fresh = ended.flatMap((row) => {
    const next = nextChannel(m, row);
    row.onward = next !== undefined;
    if (next === undefined) return [];
    const order = Math.max(...[...m.rows.values()].map((each) => each.order)) + 1;
    const made = newRow({ person: row.person, channel: next, canary: row.canary, order });
    m.rows.set(made.key, made);
    return [made];
  });
  if (fresh.length > 0 && m.wave.state === "done") stepTo(m, "sending");
  return fresh;
}

function nextChannel(m: Machine, { person }: Row): SentChannel | undefined {
  if (m.erased.has(person)) return undefined;
  const reaches = m.closed.has(person) ? (["email"] as const) : (["email", "sms"] as const);
  return reaches.find((channel) => !m.rows.has(`${person}/${channel}`));
}

function judge(m: Machine): void {
  m.wave.judged = stillJudged(m.wave.judged, faults(m));
  const said = canaryVerdict(canaryCounts(m), m.wave.judged);
  if (said === "stop") return pause(m, "canary");
  if (m.wave.state === "canary") {
    if (said !== "pass") return;
    stepTo(m, "sending");
    m.wave.canaryPassed = true;
    return;
  }
  const rows = [...m.rows.values()];
  const tried = count(rows, "accepted", "delivered", "rejected", "unknown", "held");
  const counts = { held: count(rows, "held"), complained: 0, tried };
  if (waveVerdict(counts, m.wave.judged)) pause(m, "breaker");
}

function faults(m: Machine) {
  return faultsNow(canaryCounts(m), { held: count([...m.rows.values()], "held"), complained: 0 });
}

function canaryCounts(m: Machine): CanaryCounts {
  const rows = [...m.rows.values()].filter(({ canary }) => canary);
  return {
    open: count(rows, ...OPEN_STATES),
    accepted: count(rows, "accepted", "delivered"),
    rejected: count(rows, "rejected"),
    unknown: count(rows, "unknown"),
    held: count(rows, "held"),
    complained: 0,
  };
}

function count(rows: readonly Row[], ...states: DeliveryState[]): number {
  return rows.filter(({ state }) => states.includes(state)).length;
}

function end(m: Machine): void {
  stepTo(m, "done");
  m.wave.canaryPassed = true;
}

function stepTo(m: Machine, to: WaveState): void {
  requireStep(m.wave.state, to);
  m.wave.state = to;
}

export function isOpen({ state }: Pick<Row, "state">): boolean {
  const open: readonly DeliveryState[] = OPEN_STATES;
  return open.includes(state);
}

export function rowOf(m: Machine, key: string): Row {
  const row = m.rows.get(key);
  if (!row) throw new Error(`There is no delivery ${key}.`);
  return row;
}

export function attemptsOf(m: Machine, { key, attempt }: Row): Attempt[] {
  return Array.from({ length: attempt }, (_, i) => m.attempts.get(`${key}/${i + 1}`)).filter(
    (each) => each !== undefined,
  );
}

function inOrder(m: Machine): Row[] {
  return [...m.rows.values()].toSorted((a, b) => a.order - b.order);
}

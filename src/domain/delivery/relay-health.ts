import type { Outcome } from "../delivery.ts";

/**
 * Which of several relays may be given messages: a circuit breaker each (Nygard, Release It!).
 * Closed, until it cannot be reached, refuses us, puts off most messages or is far slower than
 * the best; then open for a while that doubles each time; then one message tries whether it
 * is well again. Values only: times are milliseconds of any clock that does not go back.
 */
export interface Relays {
  readonly [name: string]: RelayHealth;
}

export interface RelayHealth {
  readonly circuit: "closed" | "open";
  /** Why it was opened. */
  readonly reason: Trouble | undefined;
  /** From when one message may try it, where it is open. */
  readonly tryAt: number;
  /** That one message is on its way. */
  readonly trying: boolean;
  /** Times it was opened since it was last well. */
  readonly openings: number;
  /** What it did with the last messages, oldest first. */
  readonly signs: readonly Sign[];
}

export type Trouble = "unreachable" | "configuration" | "refusals" | "slow";

/** What one message, or one try to connect, told about a relay. */
export interface Sign {
  readonly what: "answered" | "put-off" | "unreachable" | "configuration";
  readonly at: number;
  /** How long it took. */
  readonly ms: number;
}

export function newRelays(names: readonly string[]): Relays {
  return Object.fromEntries(names.map((name) => [name, WELL]));
}

/** What an outcome says about the relay; nothing where we stopped ourselves. */
export function signOf(outcome: Outcome): Sign["what"] | undefined {
  switch (outcome.kind) {
    case "accepted":
      return "answered";
    case "rejected":
      return outcome.fault === "configuration" ? "configuration" : "answered";
    case "throttled":
      return "put-off";
    case "transient":
      return isUnreachable(outcome) ? "unreachable" : "put-off";
    case "unknown":
      return "unreachable";
    case "not-sent":
      return undefined;
  }
}

/** The relay gave no answer at all, and nothing of a body was written: another may be tried. */
export function isUnreachable({ kind, code }: Outcome): boolean {
  return kind === "transient" && !/^\d{3}$/.test(code);
}

/**
 * The relays that may be given a message now. Where none is well, one that is due for a try;
 * else those that only put off or take long, because a slow relay is better than none.
 */
export function usable(relays: Relays, now: number): readonly string[] {
  const names = Object.keys(relays);
  const well = names.filter((name) => relays[name]?.circuit === "closed");
  const due = names.filter((name) => isDue(relays[name] ?? WELL, now));
  if (well.length + due.length > 0) return [...well, ...due];
  return names.filter((name) => SUFFERABLE.has(relays[name]?.reason));
}

/** Whole milliseconds until a relay may be given a message; 0 where one may now. */
export function waitMs(relays: Relays, now: number): number {
  if (usable(relays, now).length > 0) return 0;
  const waits = Object.values(relays).map(({ trying, tryAt }) => (trying ? 0 : tryAt - now));
  return Math.max(TRYING_MS, Math.ceil(Math.min(...waits)));
}

/** A message is being given to this relay. An open one is tried by one message at a time. */
export function given(relays: Relays, name: string, now: number): Relays {
  const health = relays[name];
  if (!health || !isDue(health, now)) return relays;
  return { ...relays, [name]: { ...health, trying: true } };
}

/** What a message told; nothing where `sign` is undefined, except that a try is over. */
export function told(relays: Relays, name: string, sign: Sign | undefined): Relays {
  const health = relays[name];
  if (!health) return relays;
  const others = Object.keys(relays).filter(
    (each) => each !== name && relays[each]?.circuit === "closed",
  );
  if (health.circuit === "open")
    return { ...relays, [name]: tried(health, sign, others.length === 0) };
  if (!sign) return relays;
  const fresh = health.signs.filter(({ at }) => sign.at - at < WINDOW_MS);
  const signs = [...fresh.slice(-(SIGNS_MAX - 1)), sign];
  const reason = troubleOf(
    signs,
    others.map((each) => relays[each] ?? WELL),
  );
  const next = { ...health, signs };
  const pauseMs = others.length === 0 ? LAST_PAUSE_MS : PAUSE_MS;
  return { ...relays, [name]: reason ? opened(next, reason, sign.at, pauseMs) : next };
}

/** What came of an open relay's try. Late news of older messages say only that it is there. */
function tried(health: RelayHealth, sign: Sign | undefined, last: boolean): RelayHealth {
  if (!sign) return { ...health, trying: false };
  const { trying, reason } = health;
  if (!trying && (reason !== "unreachable" || sign.what !== "answered")) return health;
  const pauseMs = last ? LAST_PAUSE_MS : PAUSE_MS;
  if (sign.what === "unreachable") return opened(health, sign.what, sign.at, pauseMs);
  const slow = reason === "slow" && sign.ms > SLOW_MIN_MS;
  if (last || (sign.what === "answered" && !slow)) return { ...WELL, signs: [sign] };
  const still = sign.what === "put-off" ? "refusals" : slow ? "slow" : "configuration";
  return opened(health, still, sign.at, pauseMs);
}

function opened(health: RelayHealth, reason: Trouble, at: number, firstMs: number): RelayHealth {
  const pauseMs = Math.min(firstMs * 2 ** health.openings, PAUSE_MAX_MS);
  const openings = health.openings + 1;
  return { circuit: "open", reason, tryAt: at + pauseMs, trying: false, openings, signs: [] };
}

/**
 * Why a relay should be left out, if it should. The last one is left out only where it cannot be
 * reached: a refusal of us is for people to see, and stops the wave; slow is better than nothing.
 */
function troubleOf(signs: readonly Sign[], others: readonly RelayHealth[]): Trouble | undefined {
  const newest = signs.at(-1);
  const dead =
    signs.length >= FAILURES_MIN && signs.slice(-FAILURES_MIN).every(({ what }) => DEAD.has(what));
  if (dead && newest?.what === "unreachable") return "unreachable";
  if (others.length === 0) return undefined;
  if (dead) return "configuration";
  if (!newest || signs.length < SIGNS_MIN) return undefined;
  if (signs.filter(({ what }) => what !== "answered").length > signs.length / 2) return "refusals";
  if (newest.ms <= SLOW_MIN_MS) return undefined;
  const best = Math.min(...others.map((each) => median(each.signs)));
  const ms = median(signs);
  return ms > SLOW_MIN_MS && ms > SLOW_TIMES * best ? "slow" : undefined;
}

/** Infinite for too few to judge by. */
function median(signs: readonly Sign[]): number {
  if (signs.length < SIGNS_MIN) return Number.POSITIVE_INFINITY;
  const sorted = signs.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.POSITIVE_INFINITY;
}

function isDue({ circuit, tryAt, trying }: RelayHealth, now: number): boolean {
  return circuit === "open" && !trying && now >= tryAt;
}

const WELL: RelayHealth = {
  circuit: "closed",
  reason: undefined,
  tryAt: 0,
  trying: false,
  openings: 0,
  signs: [],
};
const DEAD = new Set<Sign["what"]>(["unreachable", "configuration"]);
const SUFFERABLE = new Set<Trouble | undefined>(["refusals", "slow"]);
const WINDOW_MS = 60_000;
/** Bounds memory; the last ones say enough. */
const SIGNS_MAX = 50;
const SIGNS_MIN = 10;
const FAILURES_MIN = 5;
const SLOW_MIN_MS = 5_000;
const SLOW_TIMES = 5;
const PAUSE_MS = 30_000;
/** Where there is no other, to try again costs nothing but one message's time. */
const LAST_PAUSE_MS = 5_000;
const PAUSE_MAX_MS = 600_000;
/** How long to wait for the answer to a try. */
const TRYING_MS = 1_000;

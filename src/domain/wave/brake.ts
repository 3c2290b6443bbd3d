import { z } from "zod";

const faults = z.int().min(0).default(0);

/**
 * What had gone wrong when two people let a wave go on: they have judged that, and only what comes
 * on top of it stops the wave again.
 */
export const Judged = z.object({
  /** Of the canaries: rejected or held, and complained about. */
  canaryFailed: faults,
  canaryComplained: faults,
  /** Rejected, held or unknown. */
  canaryUntaken: faults,
  /** Of all deliveries. */
  held: faults,
  complained: faults,
  /** Rejected of the newest attempts, and the number of the newest of these. */
  rejected: faults,
  attempts: faults,
});
export type Judged = z.output<typeof Judged>;

/** Nobody has judged anything yet. */
export const NOTHING_JUDGED: Judged = {
  canaryFailed: 0,
  canaryComplained: 0,
  canaryUntaken: 0,
  held: 0,
  complained: 0,
  rejected: 0,
  attempts: 0,
};

/** How the first few of a wave fared. */
export interface CanaryCounts {
  /** Canary deliveries not yet at their end. */
  readonly open: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly unknown: number;
  /** Messages that could not be made as they should. */
  readonly held: number;
  /** Readers who called it abuse. */
  readonly complained: number;
}

/**
 * What the canary says: stop at 2 % that were rejected or held, or more, where there are at least
 * three, so that one bad address of thirty does not stop a notice; stop at two complaints; once all
 * have ended stop where fewer than half of those tried were taken, for nobody knows that the others
 * would be, else go on; otherwise wait. What comes late, a failed SMS or a complaint, says the same
 * after the canary as during it.
 */
export function canaryVerdict(
  counts: CanaryCounts,
  judged: Judged = NOTHING_JUDGED,
): "wait" | "pass" | "stop" {
  const { open, accepted, rejected, unknown, held, complained } = counts;
  const total = open + accepted + rejected + unknown + held;
  const failed = rejected + held - judged.canaryFailed;
  if (failed >= FAULTS_MIN && failed >= total * CANARY_SHARE) return "stop";
  if (complained - judged.canaryComplained >= CANARY_COMPLAINTS) return "stop";
  if (open > 0) return "wait";
  const untaken = rejected + unknown + held - judged.canaryUntaken;
  return untaken > accepted ? "stop" : "pass";
}

/** How a wave fares as a whole. */
export interface WaveCounts {
  readonly held: number;
  readonly complained: number;
  /** Deliveries of which anything is known, these included. */
  readonly tried: number;
}

/**
 * Why a running wave must stop and be looked at, if it must: over 2 % of its messages could not be
 * made, or over 0.3 % were complained about, which is where mailbox providers begin to refuse a
 * sender; three of them at least.
 */
export function waveVerdict(
  { held, complained, tried }: WaveCounts,
  judged: Judged = NOTHING_JUDGED,
): "held" | "complained" | undefined {
  const [newHeld, newComplained] = [held - judged.held, complained - judged.complained];
  if (newHeld >= FAULTS_MIN && newHeld > tried * HELD_SHARE) return "held";
  if (newComplained >= FAULTS_MIN && newComplained > tried * COMPLAINED_SHARE) return "complained";
  return undefined;
}

/** Of the newest attempts of a wave. */
export interface NewestCounts {
  /** Deliveries that have ended with these. */
  readonly tried: number;
  readonly rejected: number;
}

/**
 * Whether a running wave must stop because most of what it sends is rejected now, twenty at least:
 * a relay that refuses everybody would else refuse a whole wave. Who let it go on in spite of so
 * many is asked again at twice as many.
 */
export function newestVerdict(
  { tried, rejected }: NewestCounts,
  judged: Judged = NOTHING_JUDGED,
): "rejected" | undefined {
  const enough = Math.max(REJECTED_MIN, Math.min(2 * judged.rejected, REJECTED_MAX));
  return rejected >= enough && rejected > tried / 2 ? "rejected" : undefined;
}

/** What is wrong with a wave at this moment, so that it can be judged. */
export function faultsNow(
  canary: CanaryCounts,
  { held, complained }: Pick<WaveCounts, "held" | "complained">,
): Omit<Judged, "rejected" | "attempts"> {
  return {
    canaryFailed: canary.rejected + canary.held,
    canaryComplained: canary.complained,
    canaryUntaken: canary.rejected + canary.held + canary.unknown,
    held,
    complained,
  };
}

/** What was judged and is put right since is forgotten: if it comes again that is new. */
export function stillJudged(judged: Judged, now: ReturnType<typeof faultsNow>): Judged {
  return {
    ...judged,
    canaryFailed: Math.min(judged.canaryFailed, now.canaryFailed),
    canaryComplained: Math.min(judged.canaryComplained, now.canaryComplained),
    canaryUntaken: Math.min(judged.canaryUntaken, now.canaryUntaken),
    held: Math.min(judged.held, now.held),
    complained: Math.min(judged.complained, now.complained),
  };
}

/** Beyond how many tried deliveries so few faults say nothing: no more need be counted. */
export function enoughTried({ held, complained }: Omit<WaveCounts, "tried">): number {
  if (held < FAULTS_MIN && complained < FAULTS_MIN) return 0;
  return Math.ceil(Math.max(held / HELD_SHARE, complained / COMPLAINED_SHARE));
}

const FAULTS_MIN = 3;
const CANARY_SHARE = 0.02;
const CANARY_COMPLAINTS = 2;
const HELD_SHARE = 0.02;
const COMPLAINED_SHARE = 0.003;
const REJECTED_MIN = 20;
/** However many were judged: only so many attempts are looked at. */
const REJECTED_MAX = 300;

import { z } from "zod";

import { Instant } from "./instant.ts";
import { refuse } from "./refusal.ts";

/** A wave is one approved version to one audience over a channel plan. */
export const NEXT_STATES = {
  planned: ["canary", "sending", "cancelled"],
  canary: ["sending", "paused", "cancelled", "done"],
  sending: ["paused", "cancelled", "done"],
  paused: ["canary", "sending", "cancelled"],
  /** A person may send again what nobody knows the outcome of. */
  done: ["sending"],
  cancelled: [],
} as const;

export type WaveState = keyof typeof NEXT_STATES;
export const WaveState = z.enum([
  "planned",
  "canary",
  "sending",
  "paused",
  "done",
  "cancelled",
] satisfies WaveState[]);

/** Why a wave stands still. Each needs two people to go on. */
export const PausedReason = z.enum([
  "person",
  "canary",
  "breaker",
  "facts-changed",
  "restored",
  "late",
]);
export type PausedReason = z.output<typeof PausedReason>;

export const Wave = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  submissionId: z.uuid(),
  audienceId: z.uuid(),
  noticeVersionId: z.uuid(),
  version: z.number().int(),
  state: WaveState,
  pausedReason: PausedReason.nullable(),
  canaryPassed: z.boolean(),
  priority: z.number().int(),
  facts: z.record(z.string(), z.string()),
  /** Where the approved window ends; nothing is claimed after it. */
  notAfter: Instant.nullable(),
  startedBy: z.uuid(),
  startedAt: Instant,
  endedAt: Instant.nullable(),
});
export type Wave = z.output<typeof Wave>;

/** Refuses a step the table does not have. */
export function requireStep(from: WaveState, to: WaveState): void {
  const next: readonly WaveState[] = NEXT_STATES[from];
  if (!next.includes(to)) refuse("wrong-state", `This wave is ${from}.`);
}

/** Legal notices go before courtesies; a smaller number goes first. */
export const PRIORITY = { legal: 100, courtesy: 200 } as const;

/** How the first few of a wave fared. */
export interface CanaryCounts {
  /** Canary deliveries not yet at their end. */
  readonly open: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly unknown: number;
}

/**
 * What the canary says: stop at 2 % rejections or more, where there are at least three, so that
 * one bad address of thirty does not stop a notice; go on when all have ended; otherwise wait.
 */
export function canaryVerdict(counts: CanaryCounts): "wait" | "pass" | "stop" {
  const total = counts.open + counts.accepted + counts.rejected + counts.unknown;
  if (counts.rejected >= CANARY_REJECTIONS && counts.rejected >= total * CANARY_SHARE)
    return "stop";
  return counts.open === 0 ? "pass" : "wait";
}

/** Seconds until `left` deliveries are out at `perSecond`; unknown while nothing moves. */
export function secondsLeft(left: number, perSecond: number): number | null {
  if (left === 0) return 0;
  return perSecond > 0 ? Math.ceil(left / perSecond) : null;
}

/** The state a paused wave goes back to. */
export function resumedState(wave: Pick<Wave, "canaryPassed">): "canary" | "sending" {
  return wave.canaryPassed ? "sending" : "canary";
}

const CANARY_SHARE = 0.02;
const CANARY_REJECTIONS = 3;

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
  /** When everybody must have been told. */
  deadline: Instant.nullable(),
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

/**
 * What is urgent goes first, and legal notices before courtesies; a smaller number is sooner. One
 * less goes before others of its kind; 0 would outrank everything in the queue.
 */
export const PRIORITY = { urgent: 10, legal: 100, courtesy: 200 } as const;

/** Seconds until `left` deliveries are out at `perSecond`; unknown while nothing moves. */
export function secondsLeft(left: number, perSecond: number): number | null {
  if (left === 0) return 0;
  return perSecond > 0 ? Math.ceil(left / perSecond) : null;
}

/** The state a paused wave goes back to. */
export function resumedState(wave: Pick<Wave, "canaryPassed">): "canary" | "sending" {
  return wave.canaryPassed ? "sending" : "canary";
}

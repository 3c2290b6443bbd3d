import { refuseField } from "../incident.ts";

/** What must fit between an approval and a due time. */
export interface SendPlan {
  readonly dueAt: Date;
  readonly recipients: number;
  /** Messages per second, as measured. */
  readonly perSecond: number;
  /** What providers allow, each for itself. */
  readonly limits: readonly ProviderLimit[];
  /** For what is put off and tried again after the last first attempt. */
  readonly retryMs: number;
  /** For the people who read and approve. */
  readonly reviewMs: number;
}

export interface ProviderLimit {
  readonly perSecond?: number;
  /** In any 24 hours. */
  readonly perDay?: number;
}

/** Until when a wave may be approved and still end in time. */
export interface LatestApproval {
  /** The last instant at which review may begin. */
  readonly reviewBy: Date;
  /** The last instant at which sending may begin: the latest safe time of approval. */
  readonly approveBy: Date;
  readonly sendingMs: number;
  /** That time has passed. */
  readonly late: boolean;
  /** The sum, for a person to check. */
  readonly because: string;
}

/**
 * The latest safe time of approval: back from the due time through retries, then sending at the
 * measured rate or what a provider allows, whichever is slower, then review. Refuses a rate of
 * zero or less and a negative number of recipients.
 */
export function latestSafeApproval(plan: SendPlan, now: Date): LatestApproval {
  const { dueAt, recipients, retryMs, reviewMs } = plan;
  if (recipients < 0)
    refuseField("recipients", "negative", "A number of recipients is not negative.");
  const sendingMs = Math.ceil(sendingTime(plan));
  const approveAt = dueAt.getTime() - retryMs - sendingMs;
  return {
    reviewBy: new Date(approveAt - reviewMs),
    approveBy: new Date(approveAt),
    sendingMs,
    late: approveAt < now.getTime(),
    because: `Back from the due time: ${lengthOf(retryMs)} for retries, ${lengthOf(sendingMs)} to send ${recipients} and ${lengthOf(reviewMs)} for review.`,
  };
}

function sendingTime({ recipients, perSecond, limits }: SendPlan): number {
  const rates = [perSecond, ...limits.flatMap((limit) => limit.perSecond ?? [])];
  const perDay = Math.min(...limits.flatMap((limit) => limit.perDay ?? []));
  const rate = Math.min(...rates);
  if (!(rate > 0 && perDay > 0)) refuseField("perSecond", "too-low", "A rate is above zero.");
  // The last day's share is sent at the rate; the days before it are used up by the limit.
  const fullDays = Math.max(0, Math.ceil(recipients / perDay) - 1);
  const rest = fullDays === 0 ? recipients : recipients - fullDays * perDay;
  return fullDays * DAY_MS + (rest / rate) * 1_000;
}

function lengthOf(ms: number): string {
  const minutes = Math.ceil(ms / 60_000);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const DAY_MS = 24 * 3_600_000;

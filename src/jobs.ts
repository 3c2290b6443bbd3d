import { z } from "zod";

/**
 * Every queue there is and what its jobs carry: ids, never a copy of a row and never
 * personal data. Redis may lose any of them; PostgreSQL hands them out again. What a newer
 * version adds to a job is left aside: during a deployment both take from the same queues.
 */
export const JOBS = {
  /** Send the deliveries of one slice. One queue per channel and provider. */
  "email-smtp": z.object({ sliceId: z.uuid() }),
  "sms-twilio": z.object({ sliceId: z.uuid() }),
  /** Act on one outbox row; its `kind` picks the action. */
  outbox: z.object({ outboxId: z.coerce.number().int() }),
} as const;

export type JobName = keyof typeof JOBS;

/** All our keys in Redis start with this; the braces keep them in one cluster slot. */
export const PREFIX = "{candor}";

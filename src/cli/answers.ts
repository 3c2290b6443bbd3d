import { z } from "zod";

/** What a client reads of the console's answers; the console says more. */
export const Named = z.object({ id: z.uuid() });

/** A notice just drafted, or shown. */
export const Drafted = z.object({ notice: Named.extend({ version: z.int() }) });

/** A file that arrived: the mapping guessed from its columns, and what nobody mapped. */
export const Received = z.object({
  uploadId: z.uuid(),
  mapping: z.record(z.string(), z.string()),
  unmapped: z.array(z.string()),
});

/** How far an import is. */
export const Upload = z.object({
  state: z.string(),
  rowsRead: z.int(),
  rowsBad: z.int(),
  peopleAdded: z.int(),
  merged: z.int(),
});

/** How a wave stands. */
export const Wave = z.object({
  state: z.string(),
  pausedReason: z.string().nullable(),
  total: z.int(),
  counts: z.record(z.string(), z.int()),
  ratePerSecond: z.number(),
  secondsLeft: z.number().nullable(),
  warnings: z.array(z.string()),
});

import { z } from "zod";

/** Somebody whom a wave did not reach by any channel. */
export const NotReached = z.object({
  recipientId: z.uuid(),
  /** Each channel that was tried, and why it did not lead there; none where there was none. */
  tried: z.array(z.object({ channel: z.string(), reason: z.string().nullable() })),
});
export type NotReached = z.output<typeof NotReached>;

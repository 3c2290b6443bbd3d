import { z } from "zod";

import { Instant } from "../domain/instant.ts";
import { many } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

const TrustedProcessor = z.object({
  id: z.uuid(),
  name: z.string(),
  publicKey: z.instanceof(Buffer),
  trustedAt: Instant,
  endedAt: Instant.nullable(),
});
export type TrustedProcessor = z.output<typeof TrustedProcessor>;

/** Every processor that was ever trusted, by name. */
export function processors(sql: Sql): Promise<TrustedProcessor[]> {
  return many(TrustedProcessor, sql`select * from processor order by name, trusted_at`);
}

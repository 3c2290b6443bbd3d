import { z } from "zod";

/**
 * How far a database has come. It only ever grows, so a smaller mark than one seen before is that
 * of a database restored from a backup: `restores` counts the restores that an operator has put
 * right, `seq` the attempts made.
 */
export const Mark = z.object({ restores: z.int().min(0), seq: z.int().min(0) });
export type Mark = z.output<typeof Mark>;

/** The marks kept in one place outside of the database, by the identity of the database. */
export const Witness = z.record(z.uuid(), Mark.extend({ at: z.iso.datetime() }));
export type Witness = z.output<typeof Witness>;

/** What one witness says of a database. */
export type Finding = "new" | "another" | "holds" | "older";

/**
 * Compare a database's mark with what was kept: it `holds`, or it is `older` than what was seen.
 * `another`: marks of other databases alone were kept there, so there is nothing to compare with.
 */
export function compareMark(databaseId: string, now: Mark, kept: Witness): Finding {
  const seen = kept[databaseId];
  if (!seen) return Object.keys(kept).length > 0 ? "another" : "new";
  return isOlder(now, seen) ? "older" : "holds";
}

/** Whether the first mark was made before the second. */
export function isOlder(one: Mark, other: Mark): boolean {
  if (one.restores !== other.restores) return one.restores < other.restores;
  return one.seq < other.seq;
}

/** Milliseconds by which this machine's clock is ahead of the database's, and what follows from it. */
export function clockVerdict(aheadMs: number): "right" | "off" | "wrong" {
  const off = Math.abs(aheadMs);
  if (off > CLOCK_WRONG_MS) return "wrong";
  return off > CLOCK_OFF_MS ? "off" : "right";
}

const CLOCK_OFF_MS = 2_000;
/** Beyond this, texts and windows would say a wrong time. */
const CLOCK_WRONG_MS = 30_000;

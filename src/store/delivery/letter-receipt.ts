import { z } from "zod";

import type { LetterStatus } from "../../domain/delivery/letter-receipt.ts";
import { many } from "../db.ts";
import type { Sql } from "../db.ts";

/** A letter that a mail house may tell us of. */
const Told = z.object({
  number: z.string(),
  batchId: z.uuid(),
  state: z.enum(["planned", "made", "held", "dropped", "mailed", "returned", "failed"]),
});
export type Told = z.output<typeof Told>;

/** The letters with these numbers, of whatever batch; those of one batch are locked. */
export async function byNumber(
  tx: Sql,
  batchId: string,
  numbers: readonly string[],
): Promise<Told[]> {
  await tx`
    select from letter where batch_id = ${batchId} and number = any(${numbers}::text[])
     order by delivery_id for update`;
  return many(
    Told,
    tx`select number, batch_id, state from letter where number = any(${numbers}::text[])`,
  );
}

/** One thing a mail house says of a letter. */
export interface Telling {
  readonly number: string;
  readonly status: LetterStatus;
  /** `YYYY-MM-DD`. */
  readonly day: string;
  readonly code: string | null;
}

/**
 * Write down what became of letters, and of their deliveries: what was mailed is accepted, what
 * came back or could not be mailed is rejected. A delivery that ended otherwise keeps its end.
 */
export async function tell(tx: Sql, batchId: string, all: readonly Telling[]): Promise<void> {
  await tx`
    with given as materialized (
      select * from unnest(
        ${all.map((t) => t.number)}::text[], ${all.map((t) => t.status)}::text[],
        ${all.map((t) => t.day)}::date[], ${all.map((t) => t.code)}::text[]
      ) as g (number, status, day, code)
    ), told as (
      update letter l set state = g.status, told_on = g.day, told_code = g.code
        from given g where l.batch_id = ${batchId} and l.number = g.number
      returning l.delivery_id, l.state
    )
    update delivery d
       set state = case t.state when 'mailed' then 'accepted' else 'rejected' end,
           reason = case t.state when 'mailed' then null when 'returned' then 'returned'
                                 else 'not-mailed' end,
           settled_at = now()
      from told t
     where d.id = t.delivery_id
       and (d.state = 'needs-letter' or (d.state = 'accepted' and t.state <> 'mailed'))`;
}

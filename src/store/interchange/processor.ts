import { z } from "zod";

import { Instant } from "../../domain/instant.ts";
import { many, one } from "../db.ts";
import type { Sql } from "../db.ts";

/** A processor whose notices we open. */
export const Processor = z.object({
  id: z.uuid(),
  name: z.string(),
  publicKey: z.instanceof(Buffer),
  trustedBy: z.uuid(),
  trustedAt: Instant,
  endedAt: Instant.nullable(),
});
export type Processor = z.output<typeof Processor>;

/** Whoever has this key, locked until the transaction ends: one notice at a time is opened. */
export async function lockByKey(tx: Sql, publicKey: Buffer): Promise<Processor | undefined> {
  const [found] = await many(
    Processor,
    tx`select * from processor where public_key = ${publicKey} for update`,
  );
  return found;
}

/** Trust a key; false where it is known already. */
export async function insert(tx: Sql, processor: Omit<Processor, "endedAt">): Promise<boolean> {
  const { count } = await tx`
    insert into processor (id, name, public_key, trusted_by, trusted_at)
    values (${processor.id}, ${processor.name}, ${processor.publicKey}, ${processor.trustedBy},
            ${processor.trustedAt})
    on conflict (public_key) do nothing`;
  return count === 1;
}

/** Open no more notices of a processor. Refuses `not-found`. */
export function end(tx: Sql, id: string, by: string, at: Date): Promise<Processor> {
  return one(
    Processor,
    tx`
      update processor set ended_by = coalesce(ended_by, ${by}), ended_at = coalesce(ended_at, ${at})
       where id = ${id} returning *`,
  );
}

const Opened = z.object({ number: z.int(), incidentId: z.uuid(), scopeVersion: z.int() });
export type Opened = z.output<typeof Opened>;

/** The notices of one of a processor's incidents that were opened, the newest first. */
export function opened(tx: Sql, processorId: string, theirKey: string): Promise<Opened[]> {
  return many(
    Opened,
    tx`
      select number, incident_id, scope_version from processor_notice
       where processor_id = ${processorId} and their_key = ${theirKey} order by number desc`,
  );
}

/** The number of the last notice that was made of an incident of ours; 0 where none was. */
export async function lastIssued(tx: Sql, incidentId: string): Promise<number> {
  const [row] = await tx<{ number: number }[]>`
    select coalesce(max((after->>'number')::int), 0)::int as number from timeline
     where incident_id = ${incidentId} and action = 'processor-notice.issue'`;
  return row?.number ?? 0;
}

/** Keep that a notice was opened; the caller holds the processor's lock. */
export async function keepOpened(
  tx: Sql,
  given: Opened & { processorId: string; theirKey: string; by: string; at: Date },
): Promise<void> {
  await tx`
    insert into processor_notice (processor_id, their_key, number, incident_id, scope_version,
                                  opened_by, opened_at)
    values (${given.processorId}, ${given.theirKey}, ${given.number}, ${given.incidentId},
            ${given.scopeVersion}, ${given.by}, ${given.at})
    on conflict do nothing`;
}

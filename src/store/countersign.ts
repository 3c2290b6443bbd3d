import { z } from "zod";

import { Instant } from "../domain/instant.ts";
import { Role } from "../domain/staff.ts";
import { maybeOne } from "./db.ts";
import type { Sql } from "./db.ts";

/** The first half of an act that needs two people. */
export interface Asked {
  readonly act: string;
  readonly subjectId: string;
  readonly staffId: string;
  readonly reason: string | null;
  readonly at: Date;
}

/** Record the first half; false where somebody's is there already. */
export async function ask(tx: Sql, asked: Asked): Promise<boolean> {
  const rows = await tx`
    insert into countersign (act, subject_id, staff_id, reason, at)
    values (${asked.act}, ${asked.subjectId}, ${asked.staffId}, ${asked.reason}, ${asked.at})
    on conflict do nothing
    returning act`;
  return rows.length === 1;
}

/** Lock the first half, if there is one, with the settled roles that its giver has now. */
export function lock(tx: Sql, { act, subjectId }: Pick<Asked, "act" | "subjectId">, now: Date) {
  return maybeOne(
    z.object({ staffId: z.uuid(), at: Instant, roles: z.array(Role) }),
    tx`
      select staff_id, at,
             array(select g.role from role_grant g join staff s on s.id = g.staff_id
                    where g.staff_id = c.staff_id and g.effective_at <= ${now}
                      and s.disabled_at is null) as roles
        from countersign c
       where act = ${act} and subject_id = ${subjectId} for update of c`,
  );
}

/** The act was agreed to, or the first half is too old: forget it. */
export async function clear(tx: Sql, act: string, subjectId: string): Promise<void> {
  await tx`delete from countersign where act = ${act} and subject_id = ${subjectId}`;
}

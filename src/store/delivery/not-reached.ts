import { NotReached } from "../../domain/delivery/not-reached.ts";
import { many } from "../db.ts";
import type { Sql } from "../db.ts";

export interface NotReachedPage {
  /** Only ids above this one. */
  readonly after: string;
  readonly limit: number;
}

/** People whom no channel reached, in order of id: every delivery of theirs has ended in vain. */
export function notReached(
  sql: Sql,
  waveId: string,
  { after, limit }: NotReachedPage,
): Promise<NotReached[]> {
  return many(
    NotReached,
    sql`
      select d.recipient_id,
             coalesce(json_agg(json_build_object('channel', d.channel, 'reason', d.reason)
                               order by d.id) filter (where d.state = 'rejected'), '[]') as tried
        from delivery d
       where d.wave_id = ${waveId} and d.recipient_id > ${after}
         and d.recipient_id in (select e.recipient_id from delivery e
                                 where e.wave_id = ${waveId} and ${endsInVain(sql)})
       group by d.recipient_id having ${allInVain(sql)}
       order by d.recipient_id limit ${limit}`,
  );
}

/** How many they are. */
export async function countNotReached(sql: Sql, waveId: string): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int as count from (
      select d.recipient_id from delivery d
       where d.wave_id = ${waveId}
         and d.recipient_id in (select e.recipient_id from delivery e
                                 where e.wave_id = ${waveId} and ${endsInVain(sql)})
       group by d.recipient_id having ${allInVain(sql)}) as people`;
  return row?.count ?? 0;
}

/** As the index has it: nothing led there, or nothing follows a rejection. */
function endsInVain(sql: Sql) {
  return sql`(e.listed = 'not-reached' or (e.listed = 'rejected' and e.onward is false))`;
}

/** Where every channel goes out at once, one of them may still arrive. */
function allInVain(sql: Sql) {
  return sql`bool_and(d.state = 'not-reached' or (d.state = 'rejected' and d.onward is not null))`;
}

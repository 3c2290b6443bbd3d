import type { Sql } from "../db.ts";

export interface Letter {
  readonly recipientId: string;
  readonly sealed: Buffer;
}

/**
 * The sealed data of a wave's `needs-letter` people, page by page. Who was erased or suppressed
 * since the wave was planned is left out, by the rule that a claim goes by.
 */
export async function* lettersOf(
  sql: Sql,
  waveId: string,
  pageSize = 500,
): AsyncGenerator<Letter[]> {
  for (let after = "0"; ;) {
    const rows = await sql<(Letter & { id: string })[]>`
      select d.id, d.recipient_id, r.sealed
        from delivery d
        join recipient r on r.id = d.recipient_id
        join wave w on w.id = d.wave_id
        join notice_version v on v.id = w.notice_version_id
        join notice n on n.id = v.notice_id
       where d.wave_id = ${waveId} and d.state = 'needs-letter' and d.id > ${after}
         and not exists (
           select from suppression s
            where s.incident_id = w.incident_id and s.recipient_id = d.recipient_id
              and (s.reason in ('erased', 'deceased', 'other')
                   or (s.reason = 'opted-out' and n.class = 'courtesy')))
       order by d.id limit ${pageSize}`;
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.id;
  }
}

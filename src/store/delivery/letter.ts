import type { Sql } from "../db.ts";

export interface Letter {
  readonly recipientId: string;
  readonly sealed: Buffer;
}

/** The sealed data of a wave's `needs-letter` people, page by page; the erased are gone. */
export async function* lettersOf(
  sql: Sql,
  waveId: string,
  pageSize = 500,
): AsyncGenerator<Letter[]> {
  for (let after = "0"; ;) {
    const rows = await sql<(Letter & { id: string })[]>`
      select d.id, d.recipient_id, r.sealed
        from delivery d join recipient r on r.id = d.recipient_id
       where d.wave_id = ${waveId} and d.state = 'needs-letter' and d.id > ${after}
       order by d.id limit ${pageSize}`;
    const last = rows.at(-1);
    if (!last) return;
    yield rows;
    after = last.id;
  }
}

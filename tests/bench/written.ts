import type { Database } from "../../src/store/db.ts";
import { shown, table } from "./row.ts";

/** How far the write-ahead log and the counters of the server have come. */
export interface Log {
  readonly bytes: number;
  readonly commits: number;
  readonly flushes: number;
}

export async function logOf(sql: Database): Promise<Log> {
  const [row] = await sql<Log[]>`
    select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as bytes,
           (select xact_commit::float8 from pg_stat_database where datname = current_database())
             as commits,
           (select coalesce(sum(fsyncs), 0)::float8 from pg_stat_io where object = 'wal') as flushes`;
  return row ?? { bytes: 0, commits: 0, flushes: 0 };
}

export interface TableSize {
  readonly name: string;
  readonly rows: number;
  /** With indexes and whatever updates left behind. */
  readonly bytes: number;
}

/** The tables that grow with every message, as they are after sending. */
export async function ledgerSizes(sql: Database): Promise<TableSize[]> {
  return sql<TableSize[]>`
    select name, rows::float8, pg_total_relation_size(name::regclass)::float8 as bytes
      from (select 'recipient' as name, count(*) as rows from recipient
             union all select 'delivery', count(*) from delivery
             union all select 'attempt', count(*) from attempt
             union all select 'receipt', count(*) from receipt) as counted`;
}

/** Sizes a row, and log and commits a message; `log` is before, after planning and after sending. */
export function writtenLines(
  sizes: readonly TableSize[],
  log: readonly Log[],
  { planned, sent }: { planned: number; sent: number },
): string[] {
  const [before, between, after] = log;
  if (!before || !between || !after) return [];
  const rows = sizes
    .filter(({ rows: count }) => count > 0)
    .map(({ name, rows: count, bytes }) => [
      `bytes a ${name}, with indexes`,
      shown(bytes / count),
      `${shown(count)} rows`,
    ]);
  return table(
    ["what", "measured", "over"],
    [
      ...rows,
      [
        "write-ahead log of planning, bytes a delivery",
        shown((between.bytes - before.bytes) / planned),
        `${shown(planned)} deliveries`,
      ],
      [
        "write-ahead log of sending, bytes a message",
        shown((after.bytes - between.bytes) / sent),
        `${shown(sent)} messages`,
      ],
      [
        "commits per 1,000 messages",
        shown((1_000 * (after.commits - between.commits)) / sent),
        "the same",
      ],
      [
        "log flushes (fsync) per 1,000 messages",
        shown((1_000 * (after.flushes - between.flushes)) / sent),
        "the same",
      ],
    ],
  );
}

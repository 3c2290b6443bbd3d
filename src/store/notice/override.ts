import { LintOverride } from "../../domain/notice/lint/override.ts";
import { many } from "../db.ts";
import type { Sql } from "../db.ts";

/** The problems of a version that may stand, in the order of the text. */
export function ofVersion(sql: Sql, noticeVersionId: string): Promise<LintOverride[]> {
  return many(
    LintOverride,
    sql`
      select finding, code, language, line, reason, staff_id, at from lint_override
       where notice_version_id = ${noticeVersionId} order by language, line, finding`,
  );
}

/** Let a problem stand; the first reason given is kept. */
export async function insert(tx: Sql, noticeVersionId: string, given: LintOverride): Promise<void> {
  await tx`
    insert into lint_override
           (notice_version_id, finding, code, language, line, reason, staff_id, at)
    values (${noticeVersionId}, ${given.finding}, ${given.code}, ${given.language}, ${given.line},
            ${given.reason}, ${given.staffId}, ${given.at})
    on conflict do nothing`;
}

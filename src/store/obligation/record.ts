import { ObligationRecord, RuleReview } from "../../domain/obligation/record.ts";
import type { RecordKind } from "../../domain/obligation/record.ts";
import { many } from "../db.ts";
import type { Sql } from "../db.ts";

/**
 * The newest record of each obligation and kind, as it stood then where a moment is given; those
 * taken back among them.
 */
export function newest(sql: Sql, incidentId: string, asOf?: Date): Promise<ObligationRecord[]> {
  return many(
    ObligationRecord,
    sql`
      select distinct on (obligation, kind) * from obligation_record
       where incident_id = ${incidentId} and recorded_at <= ${asOf ?? "infinity"}
       order by obligation, kind, version desc`,
  );
}

/** Keep records, each the next of its obligation and kind. The caller holds the incident's lock. */
export async function insert(
  tx: Sql,
  incidentId: string,
  records: readonly Omit<ObligationRecord, "version">[],
): Promise<void> {
  for (const each of records)
    await tx`
      insert into obligation_record (incident_id, obligation, kind, version, taken_back, at,
                                     reference, wave_id, counts, reason, recorded_by, recorded_at)
      select ${incidentId}, ${each.obligation}, ${each.kind}, coalesce(max(version), 0) + 1,
             ${each.takenBack}, ${each.at}, ${each.reference}, ${each.waveId},
             ${each.counts && tx.json(each.counts)}, ${each.reason}, ${each.recordedBy},
             ${each.recordedAt}
        from obligation_record
       where incident_id = ${incidentId} and obligation = ${each.obligation}
         and kind = ${each.kind}`;
}

/** The newest record of one obligation and kind; nothing where there is none or it is taken back. */
export async function standing(
  tx: Sql,
  incidentId: string,
  obligation: string,
  kind: RecordKind,
): Promise<ObligationRecord | undefined> {
  const all = await newest(tx, incidentId);
  return all.find((r) => r.obligation === obligation && r.kind === kind && !r.takenBack);
}

/** Who reviewed these rules, the newest review first, whatever version they saw. */
export function reviews(sql: Sql, ruleIds: readonly string[]): Promise<RuleReview[]> {
  return many(
    RuleReview,
    sql`
      select r.*, s.name from rule_review r join staff s on s.id = r.reviewed_by
       where r.rule_id = any(${[...ruleIds]}) order by r.reviewed_at desc, r.rule_id`,
  );
}

/** Keep a review; false where this person reviewed this version already. */
export async function review(tx: Sql, given: Omit<RuleReview, "name">): Promise<boolean> {
  const { count } = await tx`
    insert into rule_review (rule_id, version, reviewed_by, reviewed_at, note)
    values (${given.ruleId}, ${given.version}, ${given.reviewedBy}, ${given.reviewedAt},
            ${given.note})
    on conflict do nothing`;
  return count === 1;
}

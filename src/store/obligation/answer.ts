import { z } from "zod";

import { Answered, RiskDecision, StoredAnswer } from "../../domain/obligation/answer.ts";
import { many } from "../db.ts";
import type { Sql } from "../db.ts";

/** The newest answer to each question of an incident, as it stood then where a moment is given. */
export function newest(sql: Sql, incidentId: string, asOf?: Date): Promise<StoredAnswer[]> {
  return many(
    StoredAnswer,
    sql`
      select distinct on (question) * from obligation_answer
       where incident_id = ${incidentId} and answered_at <= ${asOf ?? "infinity"}
       order by question, version desc`,
  );
}

/** The newest answer to each of these questions in other incidents, as it stood then where a moment is given. */
export function elsewhere(
  sql: Sql,
  incidentId: string,
  questions: readonly string[],
  asOf?: Date,
): Promise<StoredAnswer[]> {
  return many(
    StoredAnswer,
    sql`
      select distinct on (question) * from obligation_answer
       where question = any(${[...questions]}) and incident_id <> ${incidentId}
         and answered_at <= ${asOf ?? "infinity"}
       order by question, answered_at desc, version desc`,
  );
}

/** Every answer there ever was, the newest first. */
export function history(sql: Sql, incidentId: string): Promise<StoredAnswer[]> {
  return many(
    StoredAnswer,
    sql`
      select * from obligation_answer where incident_id = ${incidentId}
       order by answered_at desc, question, version desc`,
  );
}

/** Keep an answer. The caller holds the incident's lock. */
export async function insert(tx: Sql, answer: StoredAnswer): Promise<void> {
  await tx`
    insert into obligation_answer (incident_id, question, version, value, reason, answered_by,
                                   answered_at)
    values (${answer.incidentId}, ${answer.question}, ${answer.version},
            ${tx.json(z.encode(Answered, answer.value))}, ${answer.reason}, ${answer.answeredBy},
            ${answer.answeredAt})`;
}

/** The decisions on the risk to people, the newest first. */
export function decisions(sql: Sql, incidentId: string, asOf?: Date): Promise<RiskDecision[]> {
  return many(
    RiskDecision,
    sql`
      select * from risk_decision
       where incident_id = ${incidentId} and decided_at <= ${asOf ?? "infinity"}
       order by version desc`,
  );
}

/** Keep a decision. The caller holds the incident's lock. */
export async function decide(tx: Sql, incidentId: string, decision: RiskDecision): Promise<void> {
  await tx`
    insert into risk_decision (incident_id, version, level, reasons, rules, decided_by, decided_at)
    values (${incidentId}, ${decision.version}, ${decision.level}, ${decision.reasons},
            ${tx.json(decision.rules)}, ${decision.decidedBy}, ${decision.decidedAt})`;
}

import type { Context } from "../../context.ts";
import type { Sql } from "../../store/db.ts";
import { assessed } from "./assess.ts";
import type { Tracked } from "./assess.ts";

/** A clock by which the people affected must be told. */
export interface LegalClock {
  readonly obligation: string;
  readonly dueAt: Date;
  /** The zone in which it is told. */
  readonly zone: string;
}

/**
 * The clocks for telling the people affected by an incident, those that ran out unmet among them,
 * the earliest first. Which of the people of an audience live where may not be known, so all count.
 */
export async function legalClocks(
  ctx: Context,
  sql: Sql,
  incidentId: string,
): Promise<LegalClock[]> {
  const { tracked } = await assessed(ctx, sql, incidentId);
  return tracked.flatMap(clockToPeople).toSorted((a, b) => a.dueAt.getTime() - b.dueAt.getTime());
}

function clockToPeople({ obligation, clock: { state, dueAt } }: Tracked): LegalClock[] {
  const open = state === "running" || state === "missed";
  if (obligation.to !== "individuals" || !open || !dueAt) return [];
  return [{ obligation: obligation.id, dueAt, zone: obligation.due.zone }];
}

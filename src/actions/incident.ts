import type { Context } from "../context.ts";
import * as incidents from "../domain/incident.ts";
import type { Incident, IncidentChange, Owners } from "../domain/incident.ts";
import { refuse } from "../domain/refusal.ts";
import type { Actor } from "../domain/staff.ts";
import { canonicalHash } from "../domain/timeline.ts";
import type { Sql } from "../store/db.ts";
import * as store from "../store/incident.ts";
import * as timeline from "../store/timeline.ts";

/**
 * Change an incident: title, determination, state, owners, judged sensitivity. Refuses
 * `not-found`, `stale-version`, impossible steps, and owners who do not hold their role.
 */
export function update(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  given: IncidentChange,
): Promise<Incident> {
  return ctx.sql.begin(async (tx) => {
    const before = await store.lock(tx, incidentId);
    const after = incidents.change(before, given);
    await expectRolesHeld(tx, given.owners ?? {}, ctx.now());
    await store.update(tx, after);
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "incident.update",
        subject: `incident:${incidentId}`,
        before: traceOf(before),
        after: traceOf(after),
        ...(given.reason !== undefined && { reason: given.reason }),
        requestId: actor.requestId,
      },
      ctx.now(),
    );
    return after;
  });
}

/** Refuse owners who do not hold the role they are to lead for, or who have left. */
export async function expectRolesHeld(tx: Sql, owners: Owners, now: Date): Promise<void> {
  const missing = await store.rolesNotHeld(tx, owners, now);
  if (missing.length === 0) return;
  const message = "Name somebody who holds this role.";
  refuse(
    "invalid-input",
    "An owner must hold the role.",
    missing.map((role) => ({ field: `owners.${role}`, code: "role-not-held", message })),
  );
}

/** What the timeline keeps of an incident: states and ids; of free text only the hash. */
function traceOf(incident: Incident) {
  const { version, determination, state, sensitivityOverride, owners, title } = incident;
  return {
    version,
    determination,
    state,
    sensitivityOverride,
    owners: Object.fromEntries(Object.entries(owners)),
    titleHash: canonicalHash(title),
  };
}

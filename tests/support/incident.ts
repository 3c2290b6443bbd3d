import { declare, revise } from "../../src/actions/scope.ts";
import type { Declaration, Incident } from "../../src/domain/incident.ts";
import type { Revision, Scope } from "../../src/domain/scope.ts";
import type { World } from "./world.ts";

/** A declaration that is valid by default; say only what the test is about. */
export function aDeclaration(over: Partial<Declaration> = {}): Declaration {
  return {
    title: "Laptop stolen from a car",
    whatHappened: "A laptop with a list of customers was stolen from a parked car.",
    awareAt: new Date("2026-03-02T08:15:00Z"),
    awareZone: "Europe/Berlin",
    dataElements: ["name", "email-address"],
    ...over,
  };
}

/** An incident that the responder declared, with the first version of its scope. */
export async function givenIncident(w: World, over: Partial<Declaration> = {}): Promise<Incident> {
  return (await declare(w.ctx, w.staff.responder, aDeclaration(over))).incident;
}

/** The next version of an incident's scope, with these facts laid over the current ones. */
export async function givenScope(
  w: World,
  incidentId: string,
  facts: Revision["facts"],
): Promise<Scope> {
  const [row] = await w.sql<{ version: number }[]>`
    select max(version) as version from scope where incident_id = ${incidentId}`;
  const baseVersion = row?.version ?? 0;
  return revise(w.ctx, w.staff.responder, incidentId, {
    baseVersion,
    facts,
    reason: "The forensic report came in.",
  });
}

import type { Context } from "../../context.ts";
import { Id } from "../../domain/id.ts";
import { refuseField } from "../../domain/incident.ts";
import type { Unread } from "../../domain/interchange/unread.ts";
import { verisOf } from "../../domain/interchange/veris-export.ts";
import type { Veris } from "../../domain/interchange/veris-export.ts";
import type { VerisImport } from "../../domain/interchange/veris-form.ts";
import { readVeris } from "../../domain/interchange/veris-import.ts";
import type { ReadIncident } from "../../domain/interchange/veris-import.ts";
import { awareTooEarly } from "../../domain/obligation/ground.ts";
import { Refusal, refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import * as incidents from "../../store/incident.ts";
import * as imported from "../../store/interchange/imported.ts";
import * as scopes from "../../store/scope.ts";
import { keepAll, ready } from "./keep.ts";
import type { Kept, Ready } from "./keep.ts";

/** An incident as VERIS JSON. Refuses `not-found`. */
export async function exportVeris(ctx: Context, incidentId: string): Promise<Veris> {
  const found = await incidents.find(ctx.sql, incidentId);
  const { facts } = await scopes.current(ctx.sql, incidentId);
  return verisOf(found, facts);
}

/** What was made of a file, and of what in it nothing was made. */
export interface Taken extends Kept {
  readonly assumed: readonly string[];
  readonly notUnderstood: readonly Unread[];
}

/**
 * Make an incident and its scope from VERIS JSON, in the state *open*. The same `incident_id` again
 * makes no second one, and neither does an export of an incident of this installation. Refuses,
 * each by its field, facts that contradict each other.
 */
export async function importVeris(ctx: Context, actor: Actor, given: VerisImport): Promise<Taken> {
  const read = readVeris(given);
  const said = { assumed: read.assumed, notUnderstood: read.unread };
  const id = given.veris.incident_id;
  const own = Id.safeParse(id);
  if (own.success && (await imported.isOurs(ctx.sql, own.data)))
    return { ...said, incidentId: own.data, created: false, changed: false };
  const [kept] = await keepAll(ctx, actor, [checked(actor, read, id, ctx.now())]);
  if (!kept) throw new Error("An incident that was kept has an outcome.");
  return { ...said, ...kept };
}

/** What is wrong is told by the fields of the file, not by ours. */
function checked(actor: Actor, read: ReadIncident, id: string, now: Date): Ready {
  const { declaration, facts, determination } = read;
  const early = awareTooEarly(declaration, facts);
  if (early) refuseField("awareAt", "before-discovery", early.message);
  try {
    const key = canonicalHash(["veris", id]);
    const given = { source: "veris", key, declaration, facts, determination } as const;
    return ready(actor, { ...given, state: "open" }, now);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const fields = error.fields.map((each) => ({
      ...each,
      field: FIELDS[each.field] ?? each.field,
    }));
    return refuse(error.code, error.message, fields);
  }
}

const FIELDS: Readonly<Record<string, string>> = {
  occurredFrom: "veris.timeline.incident",
  occurredTo: "veris.plus.candor.facts.occurredTo",
  discoveredAt: "veris.timeline.discovery",
  containedAt: "veris.timeline.containment",
  keyState: "veris.plus.candor.facts.keyState",
};

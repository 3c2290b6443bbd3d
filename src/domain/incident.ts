import { z } from "zod";

import { ExposedElement, Sensitivity } from "./element.ts";
import { Id } from "./id.ts";
import { Instant, Zone } from "./instant.ts";
import { expectVersion, refuse } from "./refusal.ts";
import { Role } from "./staff.ts";
import type { Actor } from "./staff.ts";
import { line, text } from "./text.ts";

/*
 * The words of Candor. One noun per thing, the same in address, table, file and screen.
 *
 * incident       a breach of personal data, or the suspicion of one. Its *determination* (is it
 *                one?) is apart from its *state* (how far is the response?)
 * scope          what is known of it, versioned: data elements, people per jurisdiction, dates,
 *                place, encryption, sector, our role
 * data element   a kind of personal data, each suspected, confirmed or ruled out
 * sensitivity    the worst class among its data elements; sets tone and channels
 * task           something a person does about it; a runbook is a list of tasks written before
 * audience       the people to tell: a set of recipients, frozen before anybody approves
 * exposure       which data elements were exposed of one recipient
 * notice         what they are told, in immutable notice versions
 * approval       a second person's consent to exactly these words for exactly these people
 * wave           one approved version on its way to one audience
 * delivery       one recipient, one channel, one wave; an attempt is one call to a provider
 * timeline       who did what and when: the audit chain
 * not yet known  a value, everywhere; never a null and never an empty text
 */

/** Whether it is a breach of personal data at all. */
export const Determination = z.enum(["suspected", "confirmed", "false-positive"]);
export type Determination = z.output<typeof Determination>;

/** How far the response is (NIST SP 800-61r3, Respond and Recover). */
export const IncidentState = z.enum([
  "open",
  "containment",
  "eradication",
  "recovery",
  "post-incident",
  "closed",
]);
export type IncidentState = z.output<typeof IncidentState>;

/** Who leads for each role: role → staff id. */
export const Owners = z.partialRecord(Role, Id);
export type Owners = z.output<typeof Owners>;

export const Incident = z.object({
  id: z.uuid(),
  version: z.int().positive(),
  title: z.string(),
  determination: Determination,
  state: IncidentState,
  /** When we became aware: most legal clocks start here. */
  awareAt: Instant,
  awareZone: Zone,
  /** A person's judgement instead of the class that the data elements give. */
  sensitivityOverride: Sensitivity.nullable(),
  sensitivityReason: z.string().nullable(),
  owners: Owners,
  /** The runbook it was declared with. */
  runbook: z.string().nullable(),
  declaredBy: z.uuid(),
  declaredAt: Instant,
});
export type Incident = z.output<typeof Incident>;

/** The four things that declare an incident, and optionally the runbook to load. */
export const Declaration = z.strictObject({
  title: line(200),
  whatHappened: text(10_000),
  awareAt: Instant,
  awareZone: Zone,
  /** Kinds of data, each by its code alone (then *suspected*) or with its state. */
  dataElements: z
    .array(z.union([ExposedElement.shape.element, ExposedElement]))
    .min(1)
    .max(50),
  runbook: line(60).optional(),
});
export type Declaration = z.output<typeof Declaration>;

/** What may be changed of an incident, against the version that the caller saw. */
export const IncidentChange = z.strictObject({
  version: z.int().positive(),
  title: line(200).optional(),
  determination: Determination.optional(),
  state: IncidentState.optional(),
  /** Replaces the owners of the roles it names; others stay. */
  owners: Owners.optional(),
  /** `derived` takes a person's judgement back. Needs a reason. */
  sensitivity: z.union([z.literal("derived"), Sensitivity]).optional(),
  /** Why; kept in the timeline, so without personal data. */
  reason: line(500).optional(),
});
export type IncidentChange = z.output<typeof IncidentChange>;

/** A new incident. Refuses an awareness in the future (5 minutes of skew pass) or before 1990. */
export function declare(given: Declaration, actor: Actor, id: string, now: Date): Incident {
  const { title, awareAt, awareZone } = given;
  if (awareAt.getTime() > now.getTime() + SKEW_MS)
    refuseField("awareAt", "future", "You cannot become aware in the future. Check date and zone.");
  if (awareAt.getTime() < EARLIEST_MS)
    refuseField("awareAt", "too-early", "Dates before 1990 are not accepted. Check the year.");
  return {
    id,
    version: 1,
    title,
    determination: "suspected",
    state: "open",
    awareAt,
    awareZone,
    sensitivityOverride: null,
    sensitivityReason: null,
    owners: actor.roles.includes("responder") ? { responder: actor.staffId } : {},
    runbook: given.runbook ?? null,
    declaredBy: actor.staffId,
    declaredAt: now,
  };
}

/** The kinds of data of a declaration, each with its state: suspected unless said. */
export function declaredElements({ dataElements }: Declaration): ExposedElement[] {
  return dataElements.map((given) =>
    typeof given === "string" ? { element: given, state: "suspected" } : given,
  );
}

/**
 * Apply a change. Refuses `stale-version`, a step that is not in the tables below
 * (`wrong-state`), and going back, a false positive or a judged sensitivity without a reason.
 */
export function change(incident: Incident, given: IncidentChange): Incident {
  expectVersion(incident.version, given.version);
  const { title, determination, state, owners, sensitivity, reason } = given;
  const needs = [
    step("determination", DETERMINATION_STEPS, incident.determination, determination),
    step("state", STATE_STEPS, incident.state, state),
    sensitivity === undefined ? "freely" : "with-reason",
  ];
  if (needs.includes("with-reason") && reason === undefined)
    refuseField("reason", "required", "Say why: this step needs a reason.");
  return {
    ...incident,
    version: incident.version + 1,
    title: title ?? incident.title,
    determination: determination ?? incident.determination,
    state: state ?? incident.state,
    owners: { ...incident.owners, ...owners },
    ...(sensitivity !== undefined && {
      sensitivityOverride: sensitivity === "derived" ? null : sensitivity,
      sensitivityReason: sensitivity === "derived" ? null : (reason ?? null),
    }),
  };
}

/** Refuse work on an incident that is closed: it is opened again first, with a reason. */
export function expectNotClosed({ state }: Pick<Incident, "state">): void {
  if (state === "closed")
    refuse("wrong-state", "This incident is closed. Open it again before changing it.");
}

/** Say no about one field. */
export function refuseField(field: string, code: string, message: string): never {
  refuse("invalid-input", "Some fields need attention.", [{ field, code, message }]);
}

function step<S extends string>(field: string, steps: Steps<S>, from: S, to = from): Need {
  const need = to === from ? "freely" : steps[from][to];
  if (need !== undefined) return need;
  const message = `From ${from} it can go to ${Object.keys(steps[from]).join(" or ")}.`;
  return refuse("wrong-state", "That step is not possible.", [{ field, code: "step", message }]);
}

type Need = "freely" | "with-reason";
type Steps<S extends string> = Readonly<Record<S, Readonly<Partial<Record<S, Need>>>>>;

/** One step at a time forward; back, with a reason, to wherever new findings lead. */
export const STATE_STEPS: Steps<IncidentState> = {
  open: { containment: "freely", "post-incident": "with-reason" },
  containment: { eradication: "freely", recovery: "freely" },
  eradication: { recovery: "freely", containment: "with-reason" },
  recovery: {
    "post-incident": "freely",
    containment: "with-reason",
    eradication: "with-reason",
  },
  "post-incident": { closed: "freely", containment: "with-reason", recovery: "with-reason" },
  closed: { "post-incident": "with-reason", containment: "with-reason" },
};

/** A confirmed breach is never merely suspected again: people may have been told. */
export const DETERMINATION_STEPS: Steps<Determination> = {
  suspected: { confirmed: "freely", "false-positive": "with-reason" },
  confirmed: { "false-positive": "with-reason" },
  "false-positive": { suspected: "with-reason", confirmed: "with-reason" },
};

/** Clocks of those who report and ours may differ by this much. */
const SKEW_MS = 5 * 60_000;
const EARLIEST_MS = Date.UTC(1990, 0, 1);

import { randomBytes, randomUUID } from "node:crypto";

import { setPlan } from "../../src/actions/followup.ts";
import { NewPlan } from "../../src/domain/followup.ts";
import type { Followup, FollowupPlan } from "../../src/domain/followup.ts";
import type { World } from "./world.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** A plan by the drafter, owned by drafter and counsel: dates this long from now, in UTC. */
export function givenPlan(
  w: World,
  incidentId: string,
  { inMs = [HOUR_MS], ...over }: { readonly inMs?: readonly number[] } & Partial<NewPlan> = {},
): Promise<FollowupPlan> {
  const dates = inMs.map((ms) => localAt(w, ms));
  return setPlan(w.ctx, w.staff.drafter, incidentId, {
    version: 0,
    zone: "UTC",
    rule: { kind: "dates", dates },
    owners: [w.staff.drafter.staffId, w.staff.counsel.staffId],
    ...over,
  });
}

/** A plan of every day from tomorrow, at this time of day. */
export function givenDaily(w: World, incidentId: string, over: Partial<NewPlan> = {}) {
  const { date, time } = localAt(w, DAY_MS);
  const rule = { kind: "cadence", every: { unit: "day" }, time, from: date, until: "closed" };
  return givenPlan(w, incidentId, {
    ...over,
    rule: NewPlan.shape.rule.parse(rule),
  });
}

/** Day and minute in UTC, this long from now. */
export function localAt(w: World, ms: number): { date: string; time: string } {
  const text = new Date(w.clock.now().getTime() + ms).toISOString();
  return { date: text.slice(0, 10), time: text.slice(11, 16) };
}

/** An update on the public page, put there as published. */
export async function givenPublished(
  w: World,
  incidentId: string,
  languages: Readonly<Record<string, { title: string; body: string }>>,
  at = w.clock.now(),
): Promise<void> {
  const by = w.staff.drafter.staffId;
  await w.sql`
    insert into publication (incident_id, slug, created_by, created_at)
    values (${incidentId}, ${`page-${randomUUID()}`}, ${by}, ${at}) on conflict do nothing`;
  await w.sql`
    insert into publication_update (id, incident_id, kind, state, number, languages, authors, facts,
                                    link_hosts, binding, published_at, created_by, created_at)
    select ${randomUUID()}, ${incidentId}, 'update', 'published', count(*) + 1,
           ${w.sql.json(languages)}, ${[by]}, '{}', '{}', ${randomBytes(32)}, ${at}, ${by}, ${at}
      from publication_update where incident_id = ${incidentId}`;
}

/** The follow-ups of an incident as they are stored, the earliest first. */
export function stored(w: World, incidentId: string): Promise<Followup[]> {
  return w.sql<Followup[]>`
    select * from followup where incident_id = ${incidentId} order by due_at, occurrence`;
}

/** Who was told of a follow-up: one row for each telling. */
export async function tellings(w: World): Promise<string[]> {
  const rows = await w.sql<{ key: string }[]>`
    select key from message where kind = 'followup' order by key`;
  return rows.map(({ key }) => key);
}

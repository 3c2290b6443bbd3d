import { z } from "zod";

import { PlaceCount, ResidentsDiffer, residentsDiffer } from "../domain/audience/residents.ts";
import { Instant } from "../domain/instant.ts";
import { ScopeFacts } from "../domain/scope.ts";
import { many, one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";

/** An audience on one screen: who can be reached how, in counts only. */
export const AudienceOverview = z.object({
  id: z.uuid(),
  incidentId: z.uuid(),
  name: z.string(),
  state: z.enum(["open", "frozen"]),
  mergeRule: z.number().int(),
  /** People in it now; a frozen one may have lost some to erasure since. */
  people: z.number().int(),
  /** People and digest at the freeze. */
  count: z.number().int().nullable(),
  digest: z.string().nullable(),
  createdAt: Instant,
  frozenAt: Instant.nullable(),
  /** By the first of these that a person has: e-mail, phone, postal address, none. */
  reachable: z.object({
    email: z.number().int(),
    phone: z.number().int(),
    post: z.number().int(),
    none: z.number().int(),
  }),
  agreed: z.object({ yes: z.number().int(), no: z.number().int(), unknown: z.number().int() }),
  sharedMailboxes: z.number().int(),
  languages: z.array(z.object({ language: z.string(), people: z.number().int() })),
  /** Where they live, as ISO 3166; null where their rows did not say. */
  places: z.array(PlaceCount),
  /** Places of which the scope says another number of people. */
  residents: z.array(ResidentsDiffer),
  uploads: z.array(
    z.object({
      id: z.uuid(),
      state: z.string(),
      rowsRead: z.number().int(),
      rowsGood: z.number().int(),
      rowsBad: z.number().int(),
      peopleAdded: z.number().int(),
      merged: z.number().int(),
      uploadedAt: Instant,
    }),
  ),
});
export type AudienceOverview = z.output<typeof AudienceOverview>;

/** An audience of this incident in numbers; refuses with `not-found`. */
export async function overview(sql: Sql, incidentId: string, id: string) {
  const head = await one(
    Head,
    sql`
      select id, incident_id, name, state, merge_rule, count, encode(digest, 'hex') as digest,
             created_at, frozen_at
        from audience where id = ${id} and incident_id = ${incidentId}`,
  );
  const counts = await one(
    Counts,
    sql`
      select count(*)::int                                                        as people,
             count(*) filter (where has_email)::int                               as email,
             count(*) filter (where has_phone and not has_email)::int             as phone,
             count(*) filter (where has_post and not has_phone and not has_email)::int as post,
             count(*) filter (where not (has_email or has_phone or has_post))::int as none,
             count(*) filter (where agreed = 'yes')::int                          as yes,
             count(*) filter (where agreed = 'no')::int                           as no,
             count(*) filter (where agreed = 'unknown')::int                      as unknown,
             count(*) filter (where shared_mailbox)::int                          as shared
        from recipient where audience_id = ${id}`,
  );
  const languages = await many(
    AudienceOverview.shape.languages.element,
    sql`
      select language, count(*)::int as people from recipient
       where audience_id = ${id} group by language order by count(*) desc, language limit 100`,
  );
  const places = await many(
    PlaceCount,
    sql`
      select place, count(*)::int as people from recipient
       where audience_id = ${id} group by place order by count(*) desc, place`,
  );
  const stated = await one(
    z.object({ people: ScopeFacts.shape.people }),
    sql`
      select facts -> 'people' as people from scope
       where incident_id = ${incidentId} order by version desc limit 1`,
  );
  const uploads = await many(
    AudienceOverview.shape.uploads.element,
    sql`select * from upload where audience_id = ${id} order by uploaded_at, id`,
  );
  const { people, email, phone, post, none, yes, no, unknown, shared } = counts;
  return {
    ...head,
    people,
    reachable: { email, phone, post, none },
    agreed: { yes, no, unknown },
    sharedMailboxes: shared,
    languages,
    places: places.slice(0, PLACES_MAX),
    residents: residentsDiffer(stated.people, places).slice(0, PLACES_MAX),
    uploads,
  };
}

/** The audiences of an incident, oldest first. Refuses `not-found`. */
export async function list(sql: Sql, incidentId: string) {
  await one(z.object({ id: z.uuid() }), sql`select id from incident where id = ${incidentId}`);
  return many(
    AudienceLine,
    sql`
      select id, name, state, count, created_at, frozen_at from audience
       where incident_id = ${incidentId} order by created_at, id`,
  );
}

/** One audience in a list. */
export const AudienceLine = AudienceOverview.pick({
  id: true,
  name: true,
  state: true,
  count: true,
  createdAt: true,
  frozenAt: true,
});

const Head = AudienceOverview.pick({
  id: true,
  incidentId: true,
  name: true,
  state: true,
  mergeRule: true,
  count: true,
  digest: true,
  createdAt: true,
  frozenAt: true,
});
const PLACES_MAX = 500;
const number = z.number().int();
const Counts = z.object({
  people: number,
  email: number,
  phone: number,
  post: number,
  none: number,
  yes: number,
  no: number,
  unknown: number,
  shared: number,
});

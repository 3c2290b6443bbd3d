import { z } from "zod";

import { Instant, Zone } from "../../domain/instant.ts";
import { many, maybeOne } from "../db.ts";
import type { Sql } from "../db.ts";

/** A page that can be read: it has an address and something was published on it. */
const Page = z.object({
  incidentId: z.uuid(),
  slug: z.string(),
  /** The incident's zone. */
  zone: Zone,
  closed: z.boolean(),
  /** The promise of the next update. */
  dueAt: Instant.nullable(),
  dueZone: Zone.nullable(),
});
export type Page = z.output<typeof Page>;

/** The page at an address, if there is one. */
export function pageAt(sql: Sql, slug: string): Promise<Page | undefined> {
  return maybeOne(Page, sql`${pages(sql)} and p.slug = ${slug}`);
}

/** Every page, the newest incident first. */
export function allPages(sql: Sql): Promise<Page[]> {
  return many(Page, sql`${pages(sql)} order by i.declared_at desc, p.slug limit ${PAGES_MAX}`);
}

function pages(sql: Sql) {
  return sql`
    select p.incident_id, p.slug, i.aware_zone as zone, i.state = 'closed' as closed,
           n.due_at, n.zone as due_zone
      from publication p
      join incident i on i.id = p.incident_id
      left join next_update n on n.incident_id = p.incident_id
     where exists (select from publication_update u
                    where u.incident_id = p.incident_id and u.state = 'published')`;
}

const PAGES_MAX = 500;

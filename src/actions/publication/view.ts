import { z } from "zod";

import type { Context } from "../../context.ts";
import { Approval } from "../../domain/approval.ts";
import { Publication, Update, changedFacts, publicFacts } from "../../domain/publication.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as store from "../../store/publication.ts";
import * as scopes from "../../store/scope.ts";
import type { UpdatePath } from "./draft.ts";

/** An update as staff see it: what an approval must repeat, who gave one, and any waiver. */
export const UpdateView = Update.omit({ binding: true, facts: true }).extend({
  /** Hex; null until it is submitted. */
  binding: z.string().nullable(),
  /** Facts of the page that are no longer as they were submitted. */
  changed: z.array(z.string()),
  approvals: z.array(Approval.omit({ binding: true })),
});
export type UpdateView = z.output<typeof UpdateView>;

/** The page of an incident with all its updates, drafts too, the newest first. */
export const PublicationView = z.object({
  publication: Publication.nullable(),
  updates: z.array(UpdateView),
});

export async function viewOf(sql: Sql, given: Update): Promise<UpdateView> {
  const { binding, facts, ...plain } = given;
  const { facts: now } = await scopes.current(sql, given.incidentId);
  const approvals = binding
    ? (await store.approvals(sql, given.id)).filter((each) => each.binding.equals(binding))
    : [];
  return {
    ...plain,
    binding: binding?.toString("hex") ?? null,
    changed: facts ? changedFacts(facts, publicFacts(now)) : [],
    approvals: approvals.map(({ binding: _binding, ...approval }) => approval),
  };
}

/** One update. Refuses `not-found`. */
export async function get(ctx: Context, { incidentId, updateId }: UpdatePath): Promise<UpdateView> {
  return viewOf(ctx.sql, await store.findUpdate(ctx.sql, incidentId, updateId));
}

/** Everything of an incident's page. Refuses `not-found` for an incident that is not there. */
export async function overview(ctx: Context, incidentId: string) {
  await incidents.find(ctx.sql, incidentId);
  const publication = (await store.find(ctx.sql, incidentId)) ?? null;
  const updates: UpdateView[] = [];
  for (const each of await store.updates(ctx.sql, incidentId))
    updates.push(await viewOf(ctx.sql, each));
  return { publication, updates };
}

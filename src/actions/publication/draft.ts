import { randomUUID } from "node:crypto";

import type { Context } from "../../context.ts";
import { checkShape, edited, moved } from "../../domain/publication.ts";
import type { NewUpdate, Publication, Update, UpdateEdit } from "../../domain/publication.ts";
import { checkMarkdown } from "../../domain/publication/markdown.ts";
import { expectVersion, refuse } from "../../domain/refusal.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as store from "../../store/publication.ts";
import * as timeline from "../../store/timeline.ts";

/** Where an update is. */
export interface UpdatePath {
  readonly incidentId: string;
  readonly updateId: string;
}

/**
 * Give an incident's page its address, or another one. Refuses an address that another incident
 * has, and any change once something is published: people wrote the address down.
 */
export function setAddress(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { slug, version }: { readonly slug: string; readonly version?: number | undefined },
): Promise<Publication> {
  return ctx.sql.begin(async (tx) => {
    await incidents.lock(tx, incidentId);
    const before = await store.find(tx, incidentId);
    if (before?.slug === slug) return before;
    if (before) expectVersion(before.version, version ?? 0);
    if ((await store.publishedCount(tx, incidentId)) > 0)
      refuse("wrong-state", "The page is published: its address stays as it is.");
    if (await store.isTaken(tx, slug, incidentId))
      refuse("conflict", "Another incident has this address.", [
        { field: "slug", code: "taken", message: "Choose another one." },
      ]);
    const page: Publication = {
      incidentId,
      slug,
      version: (before?.version ?? 0) + 1,
      createdBy: before?.createdBy ?? actor.staffId,
      createdAt: before?.createdAt ?? ctx.now(),
    };
    await store.save(tx, page);
    const fact = {
      incidentId,
      actor: actor.staffId,
      action: "publication.address",
      subject: `publication:${incidentId}`,
      before: before ? { slug: before.slug } : null,
      after: { slug },
      requestId: actor.requestId,
    };
    await timeline.append(tx, fact, ctx.now());
    return page;
  });
}

/** Start an update of the page. Refuses `not-found` where the page has no address yet. */
export function draft(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { kind, languages, questionHour, corrects }: NewUpdate,
): Promise<Update> {
  return ctx.sql.begin(async (tx) => {
    await incidents.lock(tx, incidentId);
    if (!(await store.find(tx, incidentId)))
      refuse("not-found", "This incident has no public page yet. Choose its address first.");
    const update: Update = {
      ...FRESH,
      id: randomUUID(),
      incidentId,
      kind,
      languages,
      linkHosts: linkHosts(ctx),
      questionHour: questionHour ?? null,
      corrects: corrects ?? null,
      authors: [actor.staffId],
      createdBy: actor.staffId,
      createdAt: ctx.now(),
    };
    await check(tx, update);
    await store.insert(tx, update);
    await note(ctx, tx, actor, { update, action: "publication.draft", after: summary(update) });
    return update;
  });
}

/** Change an update. One under review is a draft again, and what was approved of it counts no more. */
export function edit(
  ctx: Context,
  actor: Actor,
  { incidentId, updateId }: UpdatePath,
  { version, languages, questionHour, corrects }: UpdateEdit,
): Promise<Update> {
  return ctx.sql.begin(async (tx) => {
    await incidents.lock(tx, incidentId);
    const before = await store.lockUpdate(tx, incidentId, updateId);
    const update: Update = {
      ...edited(before, version, actor.staffId),
      languages: languages ?? before.languages,
      linkHosts: linkHosts(ctx),
      questionHour: questionHour ?? before.questionHour,
      corrects: corrects ?? before.corrects,
    };
    await check(tx, update);
    await store.change(tx, update);
    await note(ctx, tx, actor, {
      update,
      action: "publication.edit",
      before: summary(before),
      after: summary(update),
    });
    return update;
  });
}

/** Give an update up that nobody has seen. What is published stays: correct it instead. */
export function withdraw(
  ctx: Context,
  actor: Actor,
  { incidentId, updateId }: UpdatePath,
  version: number,
): Promise<Update> {
  return ctx.sql.begin(async (tx) => {
    await incidents.lock(tx, incidentId);
    const before = await store.lockUpdate(tx, incidentId, updateId);
    expectVersion(before.version, version);
    const update = moved(before, "withdrawn");
    await store.change(tx, update);
    await note(ctx, tx, actor, {
      update,
      action: "publication.withdraw",
      before: { state: before.state },
      after: { state: update.state },
    });
    return update;
  });
}

interface Note {
  readonly update: Update;
  readonly action: `publication.${string}`;
  readonly before?: ReturnType<typeof summary> | { readonly state: string };
  readonly after: ReturnType<typeof summary> | { readonly state: string } | Approved;
}

interface Approved {
  readonly [key: string]: string | number | boolean | null;
}

/** What happened to an update, in the timeline; of its text only the hash. */
export function note(
  ctx: Context,
  tx: Sql,
  { staffId, requestId }: Actor,
  { update, ...fact }: Note,
): Promise<void> {
  const { incidentId, id } = update;
  const subject = `publication-update:${id}`;
  const whose = { incidentId, actor: staffId, subject, requestId };
  return timeline.append(tx, { ...whose, ...fact }, ctx.now());
}

function summary({ kind, state, languages }: Update) {
  return {
    kind,
    state,
    languages: Object.keys(languages),
    contentHash: canonicalHash(languages),
  };
}

async function check(tx: Sql, update: Update): Promise<void> {
  checkShape(update);
  checkMarkdown(update.languages, update.linkHosts);
  if (update.corrects === null) return;
  const corrected = await store.findUpdate(tx, update.incidentId, update.corrects);
  if (corrected.state !== "published")
    refuse("wrong-state", "Only what is published can be corrected. Edit the draft instead.");
}

function linkHosts({ config }: Context): string[] {
  return [...new Set([new URL(config.PUBLIC_URL).host, ...(config.LINK_HOSTS ?? [])])];
}

const FRESH = {
  version: 1,
  state: "draft",
  number: null,
  facts: null,
  binding: null,
  approvalsNeeded: 1,
  reviewComment: null,
  submittedBy: null,
  submittedAt: null,
  publishedAt: null,
} as const;

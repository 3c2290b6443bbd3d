import { randomUUID } from "node:crypto";

import type { Context } from "../context.ts";
import {
  edited,
  expectFilable,
  expectRead,
  expectSecondPerson,
  filled,
  formOf,
  stepped,
} from "../domain/filing.ts";
import type {
  FiledReport,
  Filing,
  FilingApproval,
  FilingEdit,
  FilingPath,
  FilingView,
  NewFiling,
} from "../domain/filing.ts";
import { expectNotClosed } from "../domain/incident.ts";
import type { Obligation } from "../domain/obligation.ts";
import { checkMetAt } from "../domain/obligation/record.ts";
import { refuse } from "../domain/refusal.ts";
import type { Actor } from "../domain/staff.ts";
import { canonicalHash } from "../domain/timeline.ts";
import type { Sql } from "../store/db.ts";
import * as store from "../store/filing.ts";
import * as incidents from "../store/incident.ts";
import { expectStill, opened, owing, sceneOf, sealed, viewOf } from "./filing/scene.ts";
import type { Known } from "./filing/scene.ts";
import { assessed, expectOwed } from "./obligation/assess.ts";
import type { Assessed } from "./obligation/assess.ts";
import { note } from "./obligation/note.ts";
import { keep } from "./obligation/record.ts";
import type { NewRecord } from "./obligation/record.ts";

/** Begin a filing for an obligation. Refuses one that the facts do not ask for, and one met by telling people. */
export async function draft(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { obligation: id, kind }: NewFiling,
): Promise<FilingView> {
  const keys = await ctx.vault.keys(incidentId);
  return ctx.sql.begin(async (tx) => {
    expectNotClosed(await incidents.lock(tx, incidentId));
    const known = await assessed(ctx, tx, incidentId);
    const [owed] = expectOwed(known, [id]);
    if (!owed) return refuse("not-found", "The facts ask for no such obligation.");
    const { obligation } = owed;
    expectFilable(obligation);
    const filing: Filing = {
      id: randomUUID(),
      incidentId,
      obligation: id,
      ruleVersion: obligation.rule.version,
      form: formOf(obligation),
      kind,
      state: "draft",
      version: 1,
      scopeVersion: null,
      reference: null,
      filedAt: null,
      createdBy: actor.staffId,
      createdAt: ctx.now(),
      editedBy: actor.staffId,
      approvedBy: null,
      approvedAt: null,
    };
    const words = { given: {}, approved: null, receipt: null, authors: [actor.staffId] };
    await store.insert(tx, filing, sealed(keys, filing.id, words));
    await trace(ctx, tx, actor, filing);
    return viewOf(ctx, { filing, words, known, obligation });
  });
}

/** One filing as it stands: a draft on today's facts, an approved one as it was approved. */
export async function read(
  ctx: Context,
  { incidentId, filingId }: FilingPath,
): Promise<FilingView> {
  const keys = await ctx.vault.keys(incidentId);
  const { sealed: blob, ...filing } = await store.find(ctx.sql, incidentId, filingId);
  const known = await assessed(ctx, ctx.sql, incidentId);
  const words = opened(keys, filing.id, blob);
  return viewOf(ctx, { filing, words, known, obligation: owing(known, filing) });
}

/** Write in a draft. Refuses lines the form does not have, and values that are none of its choices. */
export function edit(
  ctx: Context,
  actor: Actor,
  path: FilingPath,
  given: FilingEdit,
): Promise<FilingView> {
  return change(ctx, actor, path, ({ filing, words, known, obligation }) => {
    const next = stepped(filing, "draft", { version: given.version, actor });
    const fields = filled(filing, words.given, sceneOf(ctx, known, expectStill(obligation)));
    return { filing: next, words: edited(words, given, { fields, by: actor.staffId }) };
  });
}

/** Approve a draft as it was read. Refuses everybody who wrote in it, and lines that changed since. */
export function approve(
  ctx: Context,
  actor: Actor,
  path: FilingPath,
  read: FilingApproval,
): Promise<FilingView> {
  return change(ctx, actor, path, ({ filing, words, known, obligation }) => {
    expectSecondPerson(filing, words, actor);
    const next = stepped(filing, "draft", { version: read.version, actor });
    const fields = filled(filing, words.given, sceneOf(ctx, known, expectStill(obligation)));
    expectRead(fields, read);
    const { staffId: approvedBy } = actor;
    const scopeVersion = known.scope.version;
    const by = { approvedBy, approvedAt: ctx.now(), scopeVersion, editedBy: filing.editedBy };
    return {
      filing: { ...next, ...by, state: "approved" },
      words: { ...words, approved: fields },
    };
  });
}

/**
 * Say that an approved filing was filed: its obligation is met by the first of its filings, and
 * what is added to that one later does not make it late. Where the facts no longer ask for the
 * obligation it is kept all the same, and meets nothing.
 */
export function report(
  ctx: Context,
  actor: Actor,
  path: FilingPath,
  { version, reference, at, receipt }: FiledReport,
): Promise<FilingView> {
  checkMetAt(at, ctx.now());
  return change(ctx, actor, path, ({ filing, words, known, obligation }) => ({
    filing: {
      ...stepped(filing, "approved", { version, actor }),
      state: "filed",
      reference,
      filedAt: at,
    },
    words: { ...words, receipt: receipt ?? null },
    met: isFirst(known, obligation, at)
      ? [{ ...EVIDENCE, obligation: filing.obligation, at, reference }]
      : [],
  }));
}

/** Whether nothing met the obligation before this time. */
function isFirst({ tracked }: Assessed, owed: Obligation | undefined, at: Date): boolean {
  const own = tracked.find(({ obligation }) => obligation.id === owed?.id);
  return own !== undefined && (!own.met?.at || at < own.met.at);
}

async function change(
  ctx: Context,
  actor: Actor,
  { incidentId, filingId }: FilingPath,
  next: (known: Known) => Pick<Known, "filing" | "words"> & { readonly met?: NewRecord[] },
): Promise<FilingView> {
  const keys = await ctx.vault.keys(incidentId);
  return ctx.sql.begin(async (tx) => {
    expectNotClosed(await incidents.lock(tx, incidentId));
    const { sealed: blob, ...before } = await store.lock(tx, incidentId, filingId);
    const known = await assessed(ctx, tx, incidentId);
    const words = opened(keys, before.id, blob);
    const now: Known = { filing: before, words, known, obligation: owing(known, before) };
    const { met = [], ...after } = next(now);
    await store.update(tx, after.filing, sealed(keys, before.id, after.words));
    await trace(ctx, tx, actor, after.filing);
    if (met.length > 0)
      await keep(ctx, tx, actor, { incidentId, made: met, action: "obligation.meet" });
    return viewOf(ctx, { ...now, ...after });
  });
}

/** What the timeline keeps: how a filing stands, never its words. */
function trace(ctx: Context, tx: Sql, actor: Actor, filing: Filing): Promise<void> {
  const { id, incidentId, obligation, form, kind, state, version, reference } = filing;
  return note(ctx, tx, actor, {
    incidentId,
    action: `filing.${state === "draft" ? "write" : state === "approved" ? "approve" : "report"}`,
    subject: `filing:${id}`,
    after: {
      obligation,
      form,
      kind,
      state,
      version,
      referenceHash: reference === null ? null : canonicalHash(reference),
    },
  });
}

const EVIDENCE = {
  kind: "met",
  takenBack: false,
  waveId: null,
  counts: null,
  reason: null,
} as const;

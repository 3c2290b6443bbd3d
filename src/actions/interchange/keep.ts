import { randomUUID } from "node:crypto";

import type { Context } from "../../context.ts";
import * as incident from "../../domain/incident.ts";
import type { Declaration, Incident } from "../../domain/incident.ts";
import { fieldHashes } from "../../domain/scope.ts";
import type { Scope, ScopeFacts } from "../../domain/scope.ts";
import { checkFacts } from "../../domain/scope/revise.ts";
import type { Actor } from "../../domain/staff.ts";
import { canonicalHash } from "../../domain/timeline.ts";
import type { Sql } from "../../store/db.ts";
import * as incidents from "../../store/incident.ts";
import * as imported from "../../store/interchange/imported.ts";
import type { Source } from "../../store/interchange/imported.ts";
import * as scopes from "../../store/scope.ts";
import * as timeline from "../../store/timeline.ts";

/** An incident read from a file, checked and ready to be kept. */
export interface Ready {
  readonly source: Source;
  /** What tells it apart in its kind of file; only a hash of it. */
  readonly key: string;
  readonly contentHash: string;
  readonly incident: Incident;
  readonly scope: Scope;
}

export interface Given extends Pick<Incident, "determination" | "state"> {
  readonly source: Source;
  readonly key: string;
  readonly declaration: Declaration;
  readonly facts: ScopeFacts;
}

/** What became of one. `changed`: the file says something else than when it was imported. */
export interface Kept {
  readonly incidentId: string;
  readonly created: boolean;
  readonly changed: boolean;
}

/**
 * Check an incident that was read from a file. Refuses what declaring one and revising its scope
 * refuse: contradictions, and times before 1990 or in the future.
 */
export function ready(actor: Actor, given: Given, now: Date): Ready {
  const { source, key, declaration, facts, determination, state } = given;
  const declared = incident.declare(declaration, actor, randomUUID(), now);
  checkFacts(facts, now);
  return {
    source,
    key,
    contentHash: canonicalHash({
      facts: fieldHashes(facts),
      determination,
      awareAt: declared.awareAt.toISOString(),
    }),
    incident: { ...declared, determination, state },
    scope: {
      incidentId: declared.id,
      version: 1,
      facts,
      fieldHashes: fieldHashes(facts),
      reason: null,
      createdBy: actor.staffId,
      createdAt: now,
    },
  };
}

/**
 * Keep incidents that were read from one file, all of them or none. One that was imported before
 * is left as it is: a file never overwrites what people found out since.
 */
export async function keepAll(
  ctx: Context,
  actor: Actor,
  given: readonly Ready[],
): Promise<Kept[]> {
  const [source] = given.map((each) => each.source);
  if (source === undefined) return [];
  const keys = given.map(({ key }) => key);
  const before = new Set((await imported.found(ctx.sql, source, keys)).map(({ key }) => key));
  // Outside the transaction: keys are kept on another server. One that seals nothing harms nobody.
  const fresh = given.filter(({ key }) => !before.has(key));
  await Promise.all(fresh.map((each) => ctx.vault.keys(each.incident.id)));
  return ctx.sql.begin(async (tx) => {
    await imported.lock(tx, source);
    const known = new Map((await imported.found(tx, source, keys)).map((row) => [row.key, row]));
    const kept: Kept[] = [];
    for (const each of given) {
      const row = known.get(each.key);
      if (row === undefined) await insert(tx, actor, each, ctx.now());
      kept.push({
        incidentId: row?.incidentId ?? each.incident.id,
        created: row === undefined,
        changed: row !== undefined && row.contentHash !== each.contentHash,
      });
    }
    return kept;
  });
}

async function insert(tx: Sql, actor: Actor, given: Ready, now: Date): Promise<void> {
  const { source, key, contentHash, incident: made, scope } = given;
  const { staffId, requestId } = actor;
  await incidents.insert(tx, made);
  await scopes.insert(tx, scope);
  await imported.keep(tx, { source, key, contentHash, incidentId: made.id, staffId, now });
  const after = {
    source,
    key,
    determination: made.determination,
    state: made.state,
    awareAt: made.awareAt.toISOString(),
    titleHash: canonicalHash(made.title),
    factsHashes: scope.fieldHashes,
  };
  const fact = { incidentId: made.id, actor: staffId, requestId, after };
  await timeline.append(
    tx,
    { ...fact, action: "incident.import", subject: `incident:${made.id}` },
    now,
  );
}

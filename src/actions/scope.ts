import { randomUUID } from "node:crypto";

import type { Context } from "../context.ts";
import * as incident from "../domain/incident.ts";
import type { Declaration } from "../domain/incident.ts";
import { fieldHashes, firstFacts } from "../domain/scope.ts";
import type { Revision, Scope } from "../domain/scope.ts";
import { difference } from "../domain/scope/difference.ts";
import { checkFacts, revisedFacts } from "../domain/scope/revise.ts";
import type { Actor } from "../domain/staff.ts";
import { tasksOf } from "../domain/task.ts";
import { canonicalHash } from "../domain/timeline.ts";
import type { Sql } from "../store/db.ts";
import * as incidents from "../store/incident.ts";
import * as outbox from "../store/outbox.ts";
import * as store from "../store/scope.ts";
import * as tasks from "../store/task.ts";
import * as timeline from "../store/timeline.ts";
import { findRunbook } from "./task.ts";

/**
 * Declare an incident: its key, the first version of its scope, and the tasks of a runbook if
 * one is named. It lives here because it needs all three stages. Refuses an awareness in the
 * future, a kind of data named twice and an unknown runbook.
 */
export async function declare(ctx: Context, actor: Actor, given: Declaration) {
  const now = ctx.now();
  const declared = incident.declare(given, actor, randomUUID(), now);
  const facts = firstFacts({
    whatHappened: given.whatHappened,
    dataElements: incident.declaredElements(given),
  });
  checkFacts(facts, now);
  const runbook = given.runbook === undefined ? [] : [findRunbook(ctx.runbooks, given.runbook)];
  const scope = version(declared.id, 1, { facts, reason: null, actor, now });

  // The key first, and outside the transaction: it is kept on another server. If the rest fails,
  // a key that seals nothing is left, which harms nobody.
  await ctx.vault.keys(declared.id);
  await ctx.sql.begin(async (tx) => {
    await incidents.insert(tx, declared);
    await store.insert(tx, scope);
    const loaded = runbook.flatMap((each) => tasksOf(each, declared, randomUUID));
    await tasks.insert(tx, loaded);
    await timeline.append(
      tx,
      {
        incidentId: declared.id,
        actor: actor.staffId,
        action: "incident.declare",
        subject: `incident:${declared.id}`,
        after: {
          awareAt: declared.awareAt.toISOString(),
          dataElements: facts.dataElements.map(({ element, state }) => `${element}:${state}`),
          runbook: declared.runbook,
          tasks: loaded.length,
          titleHash: canonicalHash(declared.title),
          factsHashes: scope.fieldHashes,
        },
        requestId: actor.requestId,
      },
      now,
    );
  });
  return { incident: declared, scope };
}

/**
 * Lay new facts over the current ones as the next version, and tell later stages. Refuses
 * `stale-version` when somebody was first, a closed incident, facts that contradict each other,
 * and a revision that changes nothing.
 */
export function revise(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  revision: Revision,
): Promise<Scope> {
  return ctx.sql.begin((tx) => reviseIn(tx, actor, { incidentId, revision, now: ctx.now() }));
}

/** The same within the caller's transaction. */
export async function reviseIn(
  tx: Sql,
  actor: Actor,
  given: { readonly incidentId: string; readonly revision: Revision; readonly now: Date },
): Promise<Scope> {
  const { incidentId, revision, now } = given;
  incident.expectNotClosed(await incidents.lock(tx, incidentId));
  const before = await store.current(tx, incidentId);
  const facts = revisedFacts(before, revision, now);
  const fields = difference(before.facts, facts).map(({ field }) => field);
  const { reason } = revision;
  const after = version(incidentId, before.version + 1, { facts, reason, actor, now });
  await store.insert(tx, after);
  await outbox.post(tx, "scope.revised", { incidentId, version: String(after.version) });
  await timeline.append(
    tx,
    {
      incidentId,
      actor: actor.staffId,
      action: "scope.revise",
      subject: `scope:${incidentId}/${after.version}`,
      before: trace(before, fields),
      after: { ...trace(after, fields), reasonHash: canonicalHash(reason) },
      requestId: actor.requestId,
    },
    now,
  );
  return after;
}

type Authored = Pick<Scope, "facts" | "reason"> & { readonly actor: Actor; readonly now: Date };

function version(incidentId: string, number: number, authored: Authored): Scope {
  const { facts, reason, actor, now } = authored;
  return {
    incidentId,
    version: number,
    facts,
    fieldHashes: fieldHashes(facts),
    reason,
    createdBy: actor.staffId,
    createdAt: now,
  };
}

/** What the timeline keeps of a version: which facts changed and their hashes, never their text. */
function trace({ version: number, fieldHashes: hashes }: Scope, fields: (keyof typeof hashes)[]) {
  return {
    version: number,
    facts: Object.fromEntries(fields.map((field) => [field, hashes[field] ?? null])),
  };
}

import type { Context } from "../context.ts";
import { expectNotClosed } from "../domain/incident.ts";
import { expectVersion } from "../domain/refusal.ts";
import { checkSeverity, severityOf } from "../domain/severity.ts";
import type { SeverityInput, SeverityView } from "../domain/severity.ts";
import type { Actor } from "../domain/staff.ts";
import { canonicalHash } from "../domain/timeline.ts";
import * as incidents from "../store/incident.ts";
import * as scopes from "../store/scope.ts";
import * as store from "../store/severity.ts";
import * as timeline from "../store/timeline.ts";

/** The severity of an incident on its current facts, and all that people said of it. Refuses `not-found`. */
export async function read(ctx: Context, incidentId: string): Promise<SeverityView> {
  const scope = await scopes.current(ctx.sql, incidentId);
  const history = await store.history(ctx.sql, incidentId);
  const [newest] = history;
  return {
    version: newest?.version ?? 0,
    scopeVersion: scope.version,
    severity: severityOf(scope.facts, newest?.input),
    outdated: newest !== undefined && newest.scopeVersion < scope.version,
    history,
  };
}

/**
 * Judge the severity: the inputs of the figure, and a level above it. Refuses a closed incident,
 * `stale-version`, and a judgement that differs from the facts without a reason.
 */
export async function judge(
  ctx: Context,
  actor: Actor,
  incidentId: string,
  { version, ...input }: SeverityInput & { readonly version: number },
): Promise<SeverityView> {
  await ctx.sql.begin(async (tx) => {
    const now = ctx.now();
    expectNotClosed(await incidents.lock(tx, incidentId));
    const scope = await scopes.current(tx, incidentId);
    const [newest] = await store.history(tx, incidentId);
    expectVersion(newest?.version ?? 0, version);
    checkSeverity(scope.facts, input);
    const record = {
      incidentId,
      version: version + 1,
      scopeVersion: scope.version,
      input,
      by: actor.staffId,
      at: now,
    };
    await store.insert(tx, record);
    const { reason, ...inputs } = input;
    await timeline.append(
      tx,
      {
        incidentId,
        actor: actor.staffId,
        action: "severity.judge",
        subject: `severity:${incidentId}/${record.version}`,
        after: {
          ...inputs,
          scopeVersion: scope.version,
          level: severityOf(scope.facts, input).level,
          reasonHash: reason === undefined ? null : canonicalHash(reason),
        },
        requestId: actor.requestId,
      },
      now,
    );
  });
  return read(ctx, incidentId);
}

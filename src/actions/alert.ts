import { randomUUID } from "node:crypto";

import { ORGANISATION } from "../context.ts";
import type { Context } from "../context.ts";
import { alertKind, nextAlertAt } from "../domain/alert.ts";
import { MARK_WORDS, leftUntil, timeIn } from "../domain/obligation/telling.ts";
import type { Sql } from "../store/db.ts";
import * as store from "../store/alert.ts";
import type { Alert } from "../store/alert.ts";
import * as timeline from "../store/timeline.ts";
import { say } from "./message.ts";
import { assessed, readLaw } from "./obligation/assess.ts";
import type { Assessed, Tracked } from "./obligation/assess.ts";
import { addressOf } from "./staff/address.ts";

/**
 * A sweep that tells owners of clocks that run out, and of those that have: of each obligation at 48,
 * 24 and 4 hours and when it is overdue, each once, whichever worker gets there first. After an
 * outage only the last of these words is said, and how late it is by then. A clock that got another
 * due date is told of anew. What it has looked at it leaves alone until facts or the hour change.
 */
export function createWatch(): (ctx: Context) => Promise<void> {
  const seen = new Map<string, Seen>();
  return async function watchClocks(ctx) {
    const open = await store.watched(ctx.sql);
    const ids = new Set(open.map(({ id }) => id));
    for (const id of seen.keys()) if (!ids.has(id)) seen.delete(id);
    for (const { id, state } of open) {
      const before = seen.get(id);
      if (before?.state === state && ctx.now() < before.until) continue;
      // One that cannot be assessed now must not hold up the others.
      try {
        const until = await watch(ctx, id);
        if (until) seen.set(id, { state, until });
      } catch (err) {
        seen.delete(id);
        ctx.log.error({ err, incidentId: id }, "the clocks of an incident could not be read");
      }
    }
  };
}

/** What an incident was like when it was last looked at, and when to look again. */
interface Seen {
  readonly state: string;
  readonly until: Date;
}

/** Tell what there is to tell of one incident. Answers when to look again; nothing where another worker is at it. */
async function watch(ctx: Context, incidentId: string): Promise<Date | undefined> {
  // For the owners' addresses: the transaction shall wait for no other server.
  await ctx.vault.keys(ORGANISATION);
  readLaw(ctx);
  return ctx.sql.begin(async (tx) => {
    const incident = await store.lockWatched(tx, incidentId);
    if (!incident) return undefined;
    const found = await assessed(ctx, tx, incidentId);
    const now = ctx.now();
    const due = found.tracked.flatMap((each) => alertOf(each, now) ?? []);
    const given = await store.give(tx, incidentId, due, now);
    if (given.length > 0) await tellOwners(ctx, tx, found, given);
    return lookAgainAt(found, now);
  });
}

function alertOf({ obligation, clock }: Tracked, now: Date): Alert | undefined {
  // One that ran out is told of until somebody says why.
  const tells = clock.state === "running" || clock.needsReason;
  if (!tells || !clock.dueAt) return undefined;
  const kind = alertKind(clock.dueAt, now);
  return kind && { obligation: obligation.id, kind, dueAt: clock.dueAt };
}

/** The next moment at which a clock asks for a word, a hold ends, or an hour is over. */
function lookAgainAt({ tracked, reliefs }: Assessed, now: Date): Date {
  const moments = [
    ...tracked.map(({ clock }) => clock.dueAt && nextAlertAt(clock.dueAt, now)),
    ...reliefs.map(({ until }) => until),
  ].flatMap((each) => (each && each > now ? [each.getTime()] : []));
  return new Date(Math.min(now.getTime() + AN_HOUR_MS, ...moments));
}

async function tellOwners(
  ctx: Context,
  tx: Sql,
  { incident, tracked }: Assessed,
  given: readonly Alert[],
): Promise<void> {
  const now = ctx.now();
  const about = new Map(tracked.map((each) => [each.obligation.id, each]));
  // What hangs on open questions comes after what is owed for sure.
  const open = ({ obligation }: Alert) =>
    Math.min(1, about.get(obligation)?.obligation.questions.length ?? 0);
  const alerts = given.toSorted(
    (a, b) => open(a) - open(b) || a.dueAt.getTime() - b.dueAt.getTime(),
  );
  const count = alerts.length - LINES_MAX;
  const values = { incidentId: incident.id, console: ctx.config.CONSOLE_URL, count };
  const words = ctx.templates.words("clock", LANGUAGE, values);
  const { soon = "", late = "", intro = "", more = "", where = "" } = words;
  const lines = alerts.slice(0, LINES_MAX).flatMap(({ obligation }) => {
    const found = about.get(obligation);
    return found ? [lineOf(found, now)] : [];
  });
  const paragraphs = [intro, ...lines, ...(count > 0 ? [more] : []), where];
  const subject = alerts.some(({ kind }) => kind === "overdue") ? late : soon;
  const batch = randomUUID();
  for (const staffId of await store.keepers(tx, Object.values(incident.owners))) {
    const to = await addressOf(ctx, tx, staffId);
    if (to === undefined) continue;
    const message = { kind: "clock", channel: "email", to, language: LANGUAGE } as const;
    await say(ctx, tx, { ...message, key: `${batch}/${staffId}`, subject, paragraphs });
  }
  await timeline.append(
    tx,
    {
      incidentId: incident.id,
      actor: "system:clock",
      action: "obligation.alert",
      subject: `incident:${incident.id}`,
      after: { alerts: alerts.map((a) => ({ ...a, dueAt: a.dueAt.toISOString() })) },
    },
    now,
  );
}

/** One obligation as a person reads it at night. */
function lineOf({ obligation, clock }: Tracked, now: Date): string {
  const { who, rule, due, marks } = obligation;
  const dueAt = clock.dueAt ?? now;
  const left = leftUntil(dueAt, now);
  const said = marks.map((mark) => MARK_WORDS[mark]);
  const notes = said.length > 0 ? ` [${said.join("; ")}]` : "";
  return `${who}, ${rule.name} (${rule.citation}): due ${timeIn(dueAt, due.zone)}, ${left}.${notes}`;
}

const AN_HOUR_MS = 3_600_000;
const LINES_MAX = 30;
/** Staff have no language of their own yet. */
const LANGUAGE = "en";

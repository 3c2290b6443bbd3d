import { randomUUID } from "node:crypto";

import type { Context } from "../../context.ts";
import { calendarOf } from "../../domain/interchange/calendar.ts";
import { refuse } from "../../domain/refusal.ts";
import { may, secretHash } from "../../domain/staff.ts";
import type { Actor } from "../../domain/staff.ts";
import * as incidents from "../../store/incident.ts";
import * as feeds from "../../store/interchange/feed.ts";
import type { Feed } from "../../store/interchange/feed.ts";
import * as timeline from "../../store/timeline.ts";
import { assessed } from "../obligation/assess.ts";
import { newSecret } from "../staff/secret.ts";

/** An address just made. It is shown here and never again. */
export interface MadeFeed extends Feed {
  readonly url: string;
}

/**
 * Make the address at which one's calendar reads the deadlines of all open incidents: calendars
 * cannot sign in, so whoever has the address reads. It works for a year, shows only what `calendarOf`
 * lets out, and stops with the person's right to read incidents. One made before stops at once.
 */
export function makeFeed(ctx: Context, actor: Actor): Promise<MadeFeed> {
  const now = ctx.now();
  const secret = newSecret("cnc");
  const feed = {
    id: randomUUID(),
    createdAt: now,
    expiresAt: new Date(now.getTime() + FEED_MS),
  };
  return ctx.sql.begin(async (tx) => {
    await feeds.revoke(tx, actor.staffId, now);
    await feeds.add(tx, { ...feed, staffId: actor.staffId, tokenHash: secretHash(secret) });
    const { staffId, requestId } = actor;
    const fact = { actor: staffId, action: "calendar.create", subject: `calendar:${feed.id}` };
    await timeline.append(tx, { ...fact, requestId }, now);
    const path = `/v1/calendars/${secret}/deadlines.ics`;
    return { ...feed, url: new URL(path, ctx.config.CONSOLE_URL).href };
  });
}

/** One's own address without its secret. Refuses `not-found` where there is none that works. */
export async function ownFeed(ctx: Context, actor: Actor): Promise<Feed> {
  const feed = await feeds.ofStaff(ctx.sql, actor.staffId, ctx.now());
  return feed ?? refuse("not-found", "You have no calendar address that works.");
}

/** End one's own address, at once. Refuses `not-found` where there is none. */
export async function revokeFeed(ctx: Context, actor: Actor): Promise<void> {
  await ctx.sql.begin(async (tx) => {
    const { staffId, requestId } = actor;
    if (!(await feeds.revoke(tx, staffId, ctx.now())))
      refuse("not-found", "You have no calendar address that works.");
    const fact = { actor: staffId, action: "calendar.revoke", subject: `staff:${staffId}` };
    await timeline.append(tx, { ...fact, requestId }, ctx.now());
  });
}

/** The deadlines behind an address. Refuses `not-found` alike for one that never was and one that ended. */
export async function readFeed(ctx: Context, secret: string): Promise<string> {
  const now = ctx.now();
  const reader = await feeds.reader(ctx.sql, secretHash(secret), now);
  if (!reader || !may(reader.roles, "incident:read"))
    return refuse("not-found", "There is no such calendar.");
  const deadlines = [];
  for (const { id } of await incidents.live(ctx.sql)) {
    const { tracked } = await assessed(ctx, ctx.sql, id);
    deadlines.push(...tracked.map((each) => ({ ...each, incidentId: id })));
  }
  return calendarOf(deadlines, now);
}

const FEED_MS = 365 * 24 * 3_600_000;

import { z } from "zod";

import { PreferredChannel } from "../domain/audience/person.ts";
import { DeliveryState, OPEN_STATES } from "../domain/delivery.ts";
import { Instant } from "../domain/instant.ts";
import { refuse } from "../domain/refusal.ts";
import { Wave, secondsLeft } from "../domain/wave.ts";
import { many, maybeOne, one } from "../store/db.ts";
import type { Sql } from "../store/db.ts";
import { faultsOf } from "./fault.ts";

/** What is shown of a wave itself. */
const Head = Wave.pick({
  id: true,
  incidentId: true,
  submissionId: true,
  audienceId: true,
  noticeVersionId: true,
  state: true,
  pausedReason: true,
  startedAt: true,
  endedAt: true,
}).extend({
  /** False while the facts differ from what was approved; the wave cannot go on then. */
  factsHold: z.boolean(),
  /** True while nothing at all may be sent, of any wave; `GET /v1/status` says why. */
  sendingLocked: z.boolean(),
});

/** How a wave stands. No personal data. */
export const Progress = Head.extend({
  total: z.int(),
  /** How many deliveries are in each state; states with none are absent. */
  counts: z.partialRecord(DeliveryState, z.int()),
  /** The same by channel. */
  channels: z.partialRecord(PreferredChannel, z.partialRecord(DeliveryState, z.int())),
  /** How many people are where: each counts once, in the state of the delivery that got furthest. */
  people: z.partialRecord(DeliveryState, z.int()),
  canary: z.object({
    passed: z.boolean(),
    total: z.int(),
    accepted: z.int(),
    rejected: z.int(),
    /** Messages that could not be made as they should. */
    held: z.int(),
    /** Readers who called it abuse. */
    complained: z.int(),
  }),
  /** The same of the whole wave. */
  complained: z.int(),
  /** Waiting for a person's decision. */
  unknown: z.int(),
  /** Accepted copies that may have gone out twice. */
  possibleDuplicates: z.int(),
  /** People whom no channel reached: for substitute notice. */
  notReached: z.int(),
  /** Deliveries that ended in the last minute, a second. */
  ratePerSecond: z.number(),
  /** Null while nothing moves. */
  secondsLeft: z.int().nullable(),
});
export type Progress = z.output<typeof Progress>;

/** Every wave of an incident, the newest first. Refuses `not-found`. */
export async function progressOfAll(sql: Sql, incidentId: string): Promise<Progress[]> {
  await one(z.object({ id: z.uuid() }), sql`select id from incident where id = ${incidentId}`);
  const rows = await many(
    WaveRow,
    sql`
      select *, facts_hold(incident_id, facts) as facts_hold,
             not sending_open() as sending_locked
        from wave
       where incident_id = ${incidentId} order by started_at desc, id`,
  );
  return Promise.all(rows.map((row) => progress(sql, row)));
}

/** One wave. Refuses `not-found`. */
export async function progressOf(sql: Sql, incidentId: string, waveId: string): Promise<Progress> {
  const row = await maybeOne(
    WaveRow,
    sql`
      select *, facts_hold(incident_id, facts) as facts_hold,
             not sending_open() as sending_locked
        from wave
       where incident_id = ${incidentId} and id = ${waveId}`,
  );
  return row ? progress(sql, row) : refuse("not-found", "There is no such wave.");
}

/** Deliveries of a wave in the order they were made: ids, states and reasons, no personal data. */
export const Listed = z.object({
  id: z.string(),
  channel: z.string(),
  state: DeliveryState,
  reason: z.string().nullable(),
  canary: z.boolean(),
  attempt: z.int(),
  /** The newest attempt's outcome and the provider's reply code. */
  outcome: z.string().nullable(),
  code: z.string().nullable(),
  startedAt: Instant.nullable(),
  settledAt: Instant.nullable(),
});
export type Listed = z.output<typeof Listed>;

export interface Filter {
  readonly state?: DeliveryState | undefined;
  /** Only ids above this one. */
  readonly after?: string | undefined;
  readonly limit: number;
}

/** A page of a wave's deliveries. */
export function deliveries(sql: Sql, waveId: string, { state, after, limit }: Filter) {
  return many(
    Listed,
    sql`
      select d.id, d.channel, d.state, d.reason, d.canary, d.attempt, a.outcome, a.code,
             a.started_at, d.settled_at
        from delivery d left join attempt a on a.delivery_id = d.id and a.n = d.attempt
       where d.wave_id = ${waveId} and d.id > ${after ?? "0"}
         and (${state ?? null}::text is null or d.state = ${state ?? null})
       order by d.id limit ${limit}`,
  );
}

async function progress(sql: Sql, row: z.output<typeof WaveRow>): Promise<Progress> {
  const { canaryPassed, ...wave } = row;
  const groups = await many(
    Group,
    sql`
      select state, channel, canary, onward is true as left_behind,
             state = 'rejected' and onward is null as undecided, count(*)::int as count,
             count(*) filter (where attempt > 0
                                and settled_at > now() - interval '1 minute')::int as recent
        from delivery where wave_id = ${row.id} group by 1, 2, 3, 4, 5`,
  );
  const faults = await faultsOf(sql, row.id);
  const { mode } = await one(
    Mode,
    sql`select plan ->> 'mode' as mode from submission where id = ${row.submissionId}`,
  );
  const people =
    mode === "all"
      ? await furthest(sql, row.id)
      : byState(groups.filter(({ leftBehind }) => !leftBehind));
  const sum = (some: (group: z.output<typeof Group>) => boolean) =>
    groups.filter(some).reduce((total, { count }) => total + count, 0);
  const inState = (...states: DeliveryState[]) => sum(({ state }) => states.includes(state));
  const channels = PreferredChannel.options.flatMap((channel) => {
    const counts = byState(groups.filter((group) => group.channel === channel));
    return Object.keys(counts).length > 0 ? [[channel, counts]] : [];
  });
  const perSecond = groups.reduce((total, { recent }) => total + recent, 0) / 60;
  const left = inState(...OPEN_STATES);
  return {
    ...wave,
    total: sum(() => true),
    counts: byState(groups),
    channels: Object.fromEntries(channels),
    people,
    canary: {
      passed: canaryPassed,
      total: sum(({ canary }) => canary),
      accepted: sum((g) => g.canary && ["accepted", "delivered"].includes(g.state)),
      rejected: sum((g) => g.canary && g.state === "rejected"),
      held: sum((g) => g.canary && g.state === "held"),
      complained: faults.canaryComplained,
    },
    complained: faults.complained,
    unknown: inState("unknown"),
    possibleDuplicates: faults.duplicates,
    notReached: Math.max(
      0,
      (people["not-reached"] ?? 0) + (people.rejected ?? 0) - sum(({ undecided }) => undecided),
    ),
    ratePerSecond: perSecond,
    secondsLeft: secondsLeft(left, perSecond),
  };
}

/**
 * Where people stand whom several channels told at once: each in the state of the delivery that
 * got furthest. Where one channel follows the other this is the newest delivery, and no sorting
 * is needed to find it.
 */
async function furthest(sql: Sql, waveId: string): Promise<Partial<Record<DeliveryState, number>>> {
  const rows = await many(
    Counted,
    sql`
      with person as (
        select distinct on (recipient_id) state from delivery where wave_id = ${waveId}
         order by recipient_id, array_position(${FURTHEST_FIRST}, state), id desc
      )
      select state, count(*)::int as count from person group by state`,
  );
  return byState(rows);
}

function byState(
  groups: readonly z.output<typeof Counted>[],
): Partial<Record<DeliveryState, number>> {
  const sums = new Map<DeliveryState, number>();
  for (const { state, count } of groups) sums.set(state, (sums.get(state) ?? 0) + count);
  const present = DeliveryState.options.filter((state) => sums.has(state));
  return Object.fromEntries(present.map((state) => [state, sums.get(state) ?? 0]));
}

const WaveRow = Head.extend({ canaryPassed: z.boolean() });
const Mode = z.object({ mode: z.string().nullable() });
const Counted = z.object({ state: DeliveryState, count: z.int() });

const Group = Counted.extend({
  channel: PreferredChannel,
  canary: z.boolean(),
  /** Rejected, and another channel followed. */
  leftBehind: z.boolean(),
  /** Rejected, and nobody knows yet whether another follows. */
  undecided: z.boolean(),
  recent: z.int(),
});

const FURTHEST_FIRST = [
  "delivered",
  "accepted",
  "unknown",
  "sending",
  "leased",
  "planned",
  "held",
  "needs-letter",
  "rejected",
  "not-reached",
  "excluded",
  "cancelled",
] satisfies DeliveryState[];

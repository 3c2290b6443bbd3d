import type { Context } from "../../context.ts";
import type { Person } from "../../domain/audience/person.ts";
import type { SentChannel } from "../../domain/delivery.ts";
import { nextWithin, zonesOf } from "../../domain/instant/hours.ts";
import * as timeline from "../../store/timeline.ts";
import * as waves from "../../store/wave.ts";
import * as hours from "../../store/wave/hours.ts";

/** A message that may go later the same day, or the next, where its reader is. */
export class OutOfHours extends Error {
  override readonly name = "OutOfHours";
  readonly opensAt: Date;

  constructor(opensAt: Date) {
    super("It is not the hour to write to this person.");
    this.opensAt = opensAt;
  }
}

/**
 * Whether a person is written to outside of the approved hours because the deadline, or the end
 * of the sending window, comes before they begin again. Throws `OutOfHours` where the message
 * can wait for them.
 */
export type HoursOf = (person: Pick<Person, "zone" | "country" | "postal">, now: Date) => boolean;

/**
 * The approved hours of a wave by one channel, at each person's own clock: in their zone, else in
 * every zone of their country, else in the zone of the incident. Zones are read where a message
 * is composed and are kept nowhere.
 */
export async function hoursOf(
  ctx: Context,
  waveId: string,
  channel: SentChannel,
): Promise<HoursOf> {
  const { localHours, zone, endsAt } = await hours.ofWave(ctx.sql, waveId);
  const within = localHours?.[channel];
  if (!within) return () => false;
  const openings = new Map<string, Date>();
  let minute = 0;

  function openingAt(zones: readonly string[], place: string, now: Date): Date {
    const thisMinute = Math.floor(now.getTime() / MINUTE_MS);
    if (thisMinute !== minute) openings.clear();
    minute = thisMinute;
    const found = openings.get(place) ?? nextWithin(within ?? ALWAYS, zones, now);
    const opening = found ?? nextWithin(within ?? ALWAYS, [zone], now) ?? now;
    openings.set(place, opening);
    return opening;
  }

  return ({ zone: own, country = "", postal }, now) => {
    const place = own ?? (country === "" ? (postal?.country ?? "") : country);
    const zones = own === undefined ? zonesOf(place) : [own];
    const opensAt = openingAt(zones.length === 0 ? [zone] : zones, place, now);
    if (opensAt <= now) return false;
    if (endsAt !== null && opensAt >= endsAt) return true;
    throw new OutOfHours(opensAt);
  };
}

/** Say in the timeline, once a wave, that its deadline lets messages out at any hour. */
export function noteOverride(
  ctx: Context,
  { incidentId, waveId }: { readonly incidentId: string; readonly waveId: string },
): Promise<void> {
  return ctx.sql.begin(async (tx) => {
    const wave = await waves.lock(tx, incidentId, waveId);
    if (!(await hours.noteOverride(tx, waveId))) return;
    await timeline.append(
      tx,
      {
        incidentId,
        actor: "system:sender",
        action: "wave.override-hours",
        subject: `wave:${waveId}`,
        before: { state: wave.state },
        after: { state: wave.state, deadline: wave.deadline?.toISOString() ?? null },
      },
      ctx.now(),
    );
  });
}

const MINUTE_MS = 60_000;
const ALWAYS = { from: "00:00", to: "23:59" };

import { Temporal } from "temporal-polyfill";

/**
 * The instant of a local time in a zone, by Temporal alone: no line is shared with
 * `src/domain/followup`. Twice → the earlier; never → the instant at which clocks jump over it.
 */
export function byTemporal(local: string, zone: string): { at: string; skipped: boolean } {
  const wanted = Temporal.PlainDateTime.from(local);
  const found = wanted.toZonedDateTime(zone, { disambiguation: "earlier" });
  if (found.toPlainDateTime().equals(wanted)) return { at: utc(found), skipped: false };
  const jump = found.getTimeZoneTransition("next");
  if (!jump) throw new Error(`No transition after ${found.toString()}.`);
  return { at: utc(jump), skipped: true };
}

/** The first `count` days of a cadence by Temporal's calendar, as local times. */
export function daysByTemporal(
  from: string,
  every: { readonly days?: number; readonly month?: number | "last" },
  count: number,
): string[] {
  const first = Temporal.PlainDate.from(from);
  if (every.days !== undefined) {
    const step = every.days;
    return Array.from({ length: count }, (_, n) => first.add({ days: n * step }).toString());
  }
  const { month = "last" } = every;
  const found: string[] = [];
  for (let m = first.toPlainYearMonth(); found.length < count; m = m.add({ months: 1 })) {
    // Temporal itself brings a day that a month lacks down to its last.
    const day = m.toPlainDate({ day: month === "last" ? 31 : month });
    if (Temporal.PlainDate.compare(day, first) >= 0) found.push(day.toString());
  }
  return found;
}

function utc(at: Temporal.ZonedDateTime): string {
  return new Date(at.epochMilliseconds).toISOString();
}

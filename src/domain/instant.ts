import { z } from "zod";

/**
 * A moment in time: ISO 8601 text with an offset outside the program, a `Date`
 * inside it. Seconds are optional; a missing offset or an impossible date such
 * as 30 February is refused rather than guessed, and so is one that its offset carries out of
 * the years 1 to 9999, which neither ISO 8601 in four digits nor PostgreSQL could write.
 */
export const Instant = z.codec(
  z
    .string()
    .refine((text) => STRICT.safeParse(withSeconds(text)).success && isStorable(text), {
      message: "Write a real date and time with its offset, such as 2026-03-02T14:05+01:00.",
    })
    .meta({ format: "date-time" }),
  z.date(),
  {
    decode: (text) => new Date(text),
    encode: (date) => date.toISOString(),
  },
);

/** An IANA time zone name, such as `Europe/Berlin`. */
export const Zone = z
  .string()
  .max(64)
  .refine(isZone, { message: "Use an IANA time zone name such as Europe/Berlin." });

/** A calendar day without a time, `YYYY-MM-DD`. */
export const Day = z.iso.date();

/** What nobody has found out yet. It is a value: absent and unknown are different things. */
export const NOT_YET_KNOWN = "not-yet-known";

/** A field that may honestly be *not yet known*. */
export function knowable<T extends z.ZodType>(schema: T) {
  return z.union([z.literal(NOT_YET_KNOWN), schema]);
}

/** A known moment, how precisely it is known, and the zone it was observed in. */
export const Moment = z.strictObject({
  at: Instant,
  zone: Zone,
  precision: z.enum(["minute", "hour", "day", "week", "month", "year"]),
});
export type Moment = z.output<typeof Moment>;

const STRICT = z.iso.datetime({ offset: true });

function withSeconds(text: string): string {
  return text.replace(/^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(?=[Z+-])/, "$1:00");
}

function isStorable(text: string): boolean {
  const time = Date.parse(text);
  return time >= EARLIEST_MS && time <= LATEST_MS;
}

function isZone(name: string): boolean {
  if (KNOWN_ZONES.has(name)) return true;
  if (!/^[A-Za-z0-9_+\-/]+$/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // Capitals do not matter to it, so that there are names without end.
    if (KNOWN_ZONES.size < ZONES_KEPT_MAX) KNOWN_ZONES.add(name);
    return true;
  } catch {
    return false;
  }
}

/** Asking costs 0.05 ms, and every incident that is read has a zone or more. */
const KNOWN_ZONES = new Set<string>();
const ZONES_KEPT_MAX = 1_000;
const EARLIEST_MS = Date.parse("0001-01-01T00:00:00.000Z");
const LATEST_MS = Date.parse("9999-12-31T23:59:59.999Z");

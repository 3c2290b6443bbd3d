import { DateTime } from "luxon";
import { z } from "zod";

import { Instant, Zone } from "../instant.ts";
import { line, text } from "../text.ts";
import { Detail } from "./veris-export.ts";
import { SECONDS_IN, UNITS, VARIETIES } from "./veris-words.ts";

/*
 * The part of VERIS 1.3 and 1.4 that an incident of ours can be read from, each field checked as
 * VERIS documents it. Fields beside these pass here, and are named to the person who imports.
 */

/** A thousand years. */
const SECONDS_MAX = 1_000 * 31_557_600;

const Span = z
  .looseObject({ unit: z.enum(UNITS), value: z.number().min(0).optional() })
  .refine(({ unit, value = 0 }) => value * (SECONDS_IN[unit] ?? 0) <= SECONDS_MAX, {
    path: ["value"],
    message: "Nothing takes as long as that.",
  });

const Start = z
  .looseObject({
    year: z.int().min(1950).max(2050),
    month: z.int().min(1).max(12).optional(),
    day: z.int().min(1).max(31).optional(),
    time: z
      .string()
      .regex(/^(0[1-9]|1[0-2]):[0-5]\d:[0-5]\d [AP]M$/, "VERIS writes a time as 05:45:00 PM.")
      .optional(),
  })
  .refine(({ month, day }) => day === undefined || month !== undefined, {
    path: ["month"],
    message: "A day needs its month.",
  })
  .refine(({ day, time }) => time === undefined || day !== undefined, {
    path: ["day"],
    message: "A time needs its day.",
  })
  .refine(
    ({ year, month, day }) =>
      month === undefined || day === undefined || DateTime.utc(year, month, day).isValid,
    { path: ["day"], message: "There is no such day in this month." },
  );

const Confidentiality = z.looseObject({
  data_disclosure: z.enum(["Yes", "Potentially", "No", "Unknown"]).optional(),
  data_total: z.int().min(0).optional(),
  data: z
    .array(z.looseObject({ variety: z.enum(VARIETIES), amount: z.int().min(0).optional() }))
    .max(100)
    .optional(),
  state: z
    .array(
      z.enum([
        "Processed",
        "Stored",
        "Stored encrypted",
        "Stored unencrypted",
        "Transmitted",
        "Transmitted encrypted",
        "Transmitted unencrypted",
        "Printed",
        "Other",
        "Unknown",
      ]),
    )
    .max(20)
    .optional(),
});

/** An incident in VERIS JSON, as far as it is read. */
export const VerisGiven = z.looseObject({
  schema_version: z
    .string()
    .regex(/^1\.[34](\.\d{1,2})?$/, "Candor reads VERIS 1.3 and 1.4; convert older files first."),
  incident_id: z.string().trim().min(1).max(200),
  security_incident: z.enum(["Confirmed", "Suspected", "Near miss", "False positive"]),
  /** Held to the form of what people here write, or it could not be read back. */
  summary: z.union([z.string().max(10_000).regex(/^\s*$/), text(10_000)]).optional(),
  timeline: z.looseObject({
    incident: Start,
    discovery: Span.optional(),
    containment: Span.optional(),
  }),
  victim: z
    .looseObject({
      industry: z
        .string()
        .regex(/^\d{2,6}$|^\d{2}-\d{1,4}$/, "Write a NAICS code, 000 where it is not known.")
        .optional(),
    })
    .optional(),
  attribute: z.looseObject({ confidentiality: Confidentiality.optional() }).optional(),
  plus: z.looseObject({ candor: Detail.optional() }).optional(),
});
export type VerisGiven = z.output<typeof VerisGiven>;

/** An incident to import, and what VERIS does not say: in which zone it tells times, and when we became aware. */
export const VerisImport = z.strictObject({
  veris: VerisGiven,
  zone: Zone,
  awareAt: Instant.optional(),
  title: line(200).optional(),
});
export type VerisImport = z.output<typeof VerisImport>;
